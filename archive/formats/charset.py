"""The character encoding of a body, decided in one place for visits, imports and extraction.

The order is that of browsers: byte-order mark, HTTP header, declaration in the body (read by w3lib, which knows the
web's aliases), then the bytes themselves, judged by Firefox's detector (chardetng). Two things differ, because labels
are often wrong. Text that is valid UTF-8 and has non-ASCII characters is UTF-8: text in another encoding almost never
is. And a label is overruled if the bytes contradict it: they are no text in that encoding, or of another script.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from typing import Final

from chardetng_py import EncodingDetector
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, resolve_encoding

from archive.formats.content_coding import looks_gzipped
from archive.formats.media_type import is_text

_UTF8, _WESTERN, _MAC_ROMAN, _JAPANESE_MAIL = "utf-8", "cp1252", "mac-roman", "iso2022_jp"

# Python's names for the encodings of the WHATWG Encoding Standard, by script. Python also knows codecs that are no
# encodings of text (zlib, rot13, unicode_escape, idna ...), and a header may name any of them.
_SCRIPTS: Final = {
    "latin": """iso8859-2 iso8859-3 iso8859-4 iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16 mac-roman cp1250
        cp1252 cp1254 cp1257 cp1258""",
    "cyrillic": "cp866 iso8859-5 koi8-r koi8-u cp1251 mac-cyrillic",
    "greek": "iso8859-7 cp1253",
    "hebrew": "iso8859-8 cp1255",
    "arabic": "iso8859-6 cp1256",
    "thai": "cp874",
    "chinese": "gbk gb18030",
    "taiwanese": "big5 big5hkscs",
    "japanese": "shift_jis cp932",
    "japanese unix": "euc_jp euc_jis_2004",
    "korean": "euc_kr cp949",
}
_SCRIPT_OF: Final = {name: script for script, names in _SCRIPTS.items() for name in names.split()}
_MULTIBYTE: Final = frozenset({"chinese", "taiwanese", "japanese", "japanese unix", "korean"})
_ENCODINGS: Final = frozenset({_UTF8, "utf-16-le", "utf-16-be", _JAPANESE_MAIL, *_SCRIPT_OF})
_RELATIVES: Final = tuple(
    frozenset(names.split())
    for names in (
        "iso8859-2 cp1250", "iso8859-4 iso8859-13 cp1257", "iso8859-15 cp1252", "koi8-r koi8-u", "iso8859-7 cp1253",
        "iso8859-8 cp1255", "iso8859-6 cp1256", "gbk gb18030", "big5 big5hkscs", "shift_jis cp932", "euc_kr cp949",
    )
)  # fmt: skip

_UTF16_LE: Final = re.compile(rb"(?:[\t\n\r ]\0)*<\0[!?a-zA-Z]\0")
_UTF16_BE: Final = re.compile(rb"(?:\0[\t\n\r ])*\0<\0[!?a-zA-Z]")
_LANGUAGE: Final = re.compile(rb"""<html\b[^>]{0,1000}?\slang\s*=\s*["']?([a-z]{2}(?:-[a-z]{2,4})?)""", re.IGNORECASE)
_DOMAINS: Final = {
    "ja": "jp", "zh": "", "zh-cn": "cn", "zh-hans": "cn", "zh-tw": "tw", "zh-hant": "tw", "zh-hk": "hk",
    "ko": "kr", "el": "gr", "he": "il", "cs": "cz", "sv": "se", "da": "dk", "uk": "ua",
    "vi": "vn", "ar": "sa", "fa": "ir", "nb": "no", "sl": "si", "et": "ee", "sr": "rs", "en": "com", "ca": "es",
}  # fmt: skip
_DEFAULT: Final = "cp1252"  # what servers declare as ISO-8859-1 without knowing the page
_LATIN_DOMAINS: Final = {
    "cp1250": "pl cz sk hu si hr ro rs ba", "iso8859-2": "pl cz sk hu si hr ro rs ba", "cp1254": "tr az",
    "cp1257": "lt lv ee", "iso8859-4": "lt lv ee", "iso8859-13": "lt lv ee", "cp1258": "vn",
}  # fmt: skip
_NOT_ASCII: Final = re.compile(rb"[\x80-\xff]")
_RUN: Final = re.compile(rb"[\x80-\xff]+")
_NO_LETTERS: Final = re.compile("[\x80-\x9f\u2500-\u257f]")  # controls and box drawing: letters in a related encoding
_WORD: Final = re.compile(r"[^\W\d_]+")
_LONE_LETTER: Final = re.compile(r"(?<![^\W\d_])(?![\x00-\x7f])[^\W\d_](?![^\W\d_])")
_JOINED_LETTER: Final = re.compile(r"(?<=[^\W\d_])(?![\x00-\x7f])[^\W\d_]|(?![\x00-\x7f])[^\W\d_](?=[^\W\d_])")
_CJK_DOMAINS: Final = frozenset({"", "jp", "cn", "tw", "hk", "kr"})
_WINDOWS_SIGN: Final = re.compile(rb"[\x80-\x9f]")
_BYTE_WORD: Final = re.compile(rb"[A-Za-z\x80-\xff]+")
_MAC_LETTER: Final = re.compile(rb"(?<=[a-z])[\x87\x88\x8a\x8d-\x91\x9a\x9f\xa7](?=[a-z])")
_WESTERN_LETTER: Final = re.compile(rb"(?<=[a-z])[\xc0-\xff](?=[a-z])")
_MAC_YA: Final = re.compile(rb"[\xe0-\xff]\xdf")
_EASTERN: Final = (  # encoding, domain, letters that Windows-1252 has not in this language, frequent words
    ("cp1250", "hu", re.compile(rb"[\xf5\xfb\xd5\xdb]"), frozenset(b"az hogy egy nem \xe9s ezt meg mint vagy".split())),
    (
        "cp1257",
        "ee",
        re.compile(rb"[\xfe\xf0\xde\xd0]"),
        frozenset(b"ei oli mis ka kui selle ning v\xf5i see oma".split()),
    ),
)
_COMMON_SHARE: Final = 0.03  # of the words: a Hungarian page has twice that, 720 pages in other languages a tenth
_HEAD: Final = 4096
_WINDOW: Final = 256 * 1024  # bytes from the first non-ASCII one on in which text for the detector is looked for
_SAMPLE: Final = 16 * 1024  # bytes of text for the detector, which reads about 8 MB a second
_ENOUGH: Final = 40  # non-ASCII bytes of text below which no label is overruled
_FEW_PAIRS: Final = 2  # two-byte characters of UTF-8 that may be one Chinese word by chance
_FEW_WORDS: Final = 4
_LONG_RUN: Final = 4  # non-ASCII bytes in a row; a language in Latin letters hardly has them
_MAX_BROKEN: Final = 0.1  # of the non-ASCII characters, at which a label is still believed
_MAJORITY: Final = 0.5


def charset_of(content_type: str, payload: bytes | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the charset of a decoded body and flags, as `detect_charset`, or None if it is no text."""
    if payload is None or looks_gzipped(payload) or not is_text(content_type, payload):
        return None, ()
    return detect_charset(content_type, payload)


def decode_text(payload: bytes, content_type: str) -> str:
    """Return the text of a body, without a byte-order mark. Bytes that are invalid become U+FFFD. Never fails."""
    charset, _ = detect_charset(content_type, payload)
    mark, bom = read_bom(payload)
    return payload[len(bom or b"") if mark == charset else 0 :].decode(charset, "replace")


def detect_charset(content_type: str, body: bytes) -> tuple[str, tuple[str, ...]]:
    """Return Python's name of the encoding of ``body``, and flags.

    ``charset-unknown``: the declared name is no encoding. ``charset-lie``: the bytes contradict the declaration.
    ``charset-broken``: some bytes are invalid even in the returned encoding, and will be replaced.
    """
    bom_encoding = read_bom(body)[0]
    if bom_encoding is not None and _supported(bom_encoding):
        return bom_encoding, ()
    header, meta = http_content_type_encoding(content_type), html_body_declared_encoding(body)
    labels = [label for label in (_supported(header), _supported(meta, in_body=True)) if label]
    flags = ("charset-unknown",) if not labels and (meta or "charset=" in content_type.lower()) else ()
    charset = _extended(_best_fit(labels, body), body)
    lie = ("charset-lie",) if labels and charset not in _equivalents(labels[0]) else ()
    broken = ("charset-broken",) if not _is_valid(charset, body) else ()
    return charset, (*flags, *lie, *broken)


def _supported(name: str | None, *, in_body: bool = False) -> str | None:
    if name is not None and name.startswith("utf-16") and in_body:
        return _UTF8  # a declaration we could read as ASCII is not UTF-16 (Encoding Standard, prescan)
    name = "utf-16-le" if name == "utf-16" else name
    return name if name in _ENCODINGS else None


def _equivalents(label: str) -> frozenset[str]:
    return frozenset({label, "utf-16-be", "utf-16-le"} if label.startswith("utf-16") else {label, _japanese(label)})


def _japanese(label: str) -> str:
    return "euc_jis_2004" if label == "euc_jp" else label


def _extended(charset: str, body: bytes) -> str:
    """Return the charset, or for EUC-JP the larger set of characters that browsers read under its name."""
    larger = _japanese(charset)
    return larger if larger != charset and not _is_valid(charset, body) and _is_valid(larger, body) else charset


def _best_fit(labels: list[str], body: bytes) -> str:
    if wide := _utf16(labels, body):
        return wide
    labels = [label for label in labels if not label.startswith("utf-16")]
    if body.isascii():
        is_mail = b"\x1b$" in body and _is_valid(_JAPANESE_MAIL, body)
        return _JAPANESE_MAIL if is_mail else next((label for label in labels if label != _JAPANESE_MAIL), _UTF8)
    if _is_utf8(body):
        is_by_chance = bool(labels) and _SCRIPT_OF.get(labels[0]) in _MULTIBYTE and _is_weak_utf8(body)
        return labels[0] if is_by_chance and _is_valid(labels[0], body) else _UTF8
    if _is_mostly_utf8(body):
        return _UTF8
    return _legacy([label for label in labels if label not in {_UTF8, _JAPANESE_MAIL}], body)


def _utf16(labels: list[str], body: bytes) -> str | None:
    """Return UTF-16 and its byte order if the body begins like markup in it, or is declared and has zero bytes."""
    if _UTF16_LE.match(body):
        return "utf-16-le"
    if _UTF16_BE.match(body):
        return "utf-16-be"
    declared = labels[0] if labels and labels[0].startswith("utf-16") else None
    return declared if declared and b"\0" in body else None


# --- UTF-8 -----------------------------------------------------------------------------------------------------------


def _is_utf8(body: bytes) -> bool:
    """True if the body is valid UTF-8. It may be cut in the middle of its last character."""
    try:
        codecs.getincrementaldecoder(_UTF8)().decode(body, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _is_weak_utf8(body: bytes) -> bool:
    """True if the only non-ASCII characters of valid UTF-8 are one or two of two bytes."""
    characters = body[:_WINDOW].decode(_UTF8, "ignore").encode("ascii", "ignore")
    beyond_ascii = len(body[:_WINDOW]) - len(characters)
    return beyond_ascii <= 2 * _FEW_PAIRS and not re.search(rb"[\xe0-\xf4]", body)


def _is_mostly_utf8(body: bytes) -> bool:
    """True if valid UTF-8 sequences far outnumber invalid ones. A page in another encoding has hardly any."""
    text = body.decode(_UTF8, "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return beyond_ascii > 2 * text.count("\ufffd")


# --- other encodings -------------------------------------------------------------------------------------------------


def _legacy(labels: list[str], body: bytes) -> str:
    """Return the encoding of a body that is not UTF-8: the first label, unless the bytes contradict it."""
    sample, domain = _text_sample(body), _domain(body)
    guess = _windows_relative(_guess(sample, domain), body)
    credible = [label for label in labels if _fits(label, sample)]
    if not credible or guess in credible:
        return guess
    is_default = credible[0] == _DEFAULT != guess  # then the page's own declaration says more
    label = next((label for label in credible if _related(label, guess)), credible[-1 if is_default else 0])
    return guess if _is_contradicted(label, guess, sample, domain) else label


def _windows_relative(guess: str, body: bytes) -> str:
    """Return the Windows encoding with the letters of an ISO one, if the body has signs that only Windows has."""
    if not guess.startswith("iso8859") or not _WINDOWS_SIGN.search(body):
        return guess
    relatives = next((relatives for relatives in _RELATIVES if guess in relatives), frozenset())
    return next((name for name in sorted(relatives) if name.startswith("cp")), guess)


def _related(label: str, guess: str) -> bool:
    return any({label, guess} <= relatives for relatives in _RELATIVES)


def _is_contradicted(label: str, guess: str, sample: bytes, domain: str) -> bool:
    """True if the text of a body is not in the encoding that it declares, and rather in the guessed one."""
    if _related(label, guess):
        return bool(_NO_LETTERS.search(sample.decode(label, "replace")))
    declared_script, script = _SCRIPT_OF.get(label), _SCRIPT_OF.get(guess)
    if declared_script == script == "latin":
        return label == _DEFAULT and (guess == _MAC_ROMAN or domain in _LATIN_DOMAINS.get(guess, "").split())
    if script == "latin":
        return _mixes_letters(label, sample)
    if sum(map(len, _RUN.findall(sample))) < _ENOUGH:
        return False
    if declared_script == script:
        return script == "cyrillic" and label != "mac-cyrillic"
    return (
        declared_script != "latin"
        or _is_mostly_long_runs(sample)
        or (script in _MULTIBYTE and _is_valid(guess, sample))
    )


def _text_sample(body: bytes) -> bytes:
    """Return the texts between tags that have a non-ASCII byte, up to a limit. The whole body if there are none."""
    first = _NOT_ASCII.search(body)
    start = max(0, first.start() - 1000) if first else 0
    pieces, room = [], _SAMPLE
    for segment in body[start : start + _WINDOW].split(b"<"):
        if segment.isascii():
            continue
        text = segment.rpartition(b">")[2][:room]
        if not text.isascii():
            pieces.append(text)
            room -= len(text)
        if room <= 0:
            break
    return b" ".join(pieces) or body[start : start + _SAMPLE]


def _domain(body: bytes) -> str:
    """Return the top-level domain that goes with the language a page declares, or an empty string."""
    language = _LANGUAGE.search(body[:_HEAD])
    code = language[1].lower().decode() if language else ""
    return _DOMAINS.get(code, _DOMAINS.get(code[:2], code[:2]))


def _guess(sample: bytes, domain: str) -> str:
    """Return the encoding that Firefox's detector finds, with a domain as its hint at the language."""
    detector = EncodingDetector()
    detector.feed(sample, last=False)
    name = resolve_encoding(detector.guess(tld=domain.encode() if domain else None, allow_utf8=False))
    if name == "iso8859-2" and _is_polish_windows(sample):
        name = "cp1250"
    if name == "cp1251" and _is_macintosh(sample):
        return "mac-cyrillic"
    if name is None or name not in _SCRIPT_OF or _is_unlikely(name, sample, domain):
        return _WESTERN
    if name == _WESTERN:
        return _eastern(sample, domain) or (_MAC_ROMAN if _is_mac_roman(sample) else name)
    return name


def _is_unlikely(guess: str, sample: bytes, domain: str) -> bool:
    """True if the non-ASCII bytes are rather the signs of a Western page: a pound sign reads as a Polish letter.

    Then the letters of the guess stand alone, or they are Chinese, Japanese or Korean in a page of another language.
    """
    script = _SCRIPT_OF[guess]
    if script in _MULTIBYTE:
        return domain not in _CJK_DOMAINS and not _is_mostly_long_runs(sample)
    if script != "latin" or guess == _WESTERN:
        return False
    alone, joined = (
        len(pattern.findall(sample.decode(guess, "replace"))) for pattern in (_LONE_LETTER, _JOINED_LETTER)
    )
    return alone > joined


def _eastern(sample: bytes, domain: str) -> str | None:
    """Return the encoding of Hungarian or Estonian, whose own letters the detector takes for French or Icelandic ones.

    It is certain if the page has such letters and declares the language, or many of its words are of that language.
    """
    words = [word.lower() for word in _BYTE_WORD.findall(sample)]
    for encoding, own_domain, own_bytes, common in _EASTERN:
        count = sum(word in common for word in words)
        is_language = domain == own_domain or (not domain and count >= max(_FEW_WORDS, _COMMON_SHARE * len(words)))
        if is_language and own_bytes.search(sample):
            return encoding
    return None


def _is_mac_roman(sample: bytes) -> bool:
    """True if the letters within words are those of an old Macintosh, which are signs and capitals in Windows-1252."""
    count = len(_MAC_LETTER.findall(sample))
    return count > _FEW_PAIRS and count > len(_WESTERN_LETTER.findall(sample))


def _is_macintosh(sample: bytes) -> bool:
    """True for Russian of an old Macintosh, in which Windows-1251 sees a capital YA within words and no small one."""
    return len(_MAC_YA.findall(sample)) > _FEW_PAIRS and b"\xff" not in sample


def _is_polish_windows(sample: bytes) -> bool:
    """True for Polish in Windows-1250. Without Z or S with an accent only a-ogonek differs from ISO-8859-2."""
    return b"\xb9" in sample and b"\xb1" not in sample and (b"\xb3" in sample or b"\xbf" in sample)


def _fits(label: str, sample: bytes) -> bool:
    """True if hardly any bytes are invalid in the encoding, and its Japanese is not all half-width."""
    text = sample.decode(label, "replace")
    counts = Counter(
        "broken" if character == "\ufffd" else "half-width" if "\uff61" <= character <= "\uff9f" else "other"
        for character in text
        if character > "\x7f"
    )
    doubtful = counts["broken"], counts["half-width"] if _SCRIPT_OF.get(label) == "japanese" else 0
    return doubtful[0] <= _MAX_BROKEN * counts.total() and doubtful[1] <= _MAJORITY * counts.total()


def _mixes_letters(label: str, sample: bytes) -> bool:
    """True if most words with non-ASCII letters have ASCII letters too: the language is written in Latin letters."""
    words = [word for word in _WORD.findall(sample.decode(label, "replace")) if not word.isascii()]
    mixed = sum(any(letter <= "\x7f" for letter in word) for word in words)
    return mixed > max(_FEW_WORDS, _MAJORITY * len(words))


def _is_mostly_long_runs(sample: bytes) -> bool:
    """True if most non-ASCII bytes stand in runs that no language in Latin letters has."""
    lengths = [len(run) for run in _RUN.findall(sample)]
    return sum(length for length in lengths if length >= _LONG_RUN) > _MAJORITY * sum(lengths)


def _is_valid(charset: str, body: bytes) -> bool:
    try:
        body.decode(charset)
    except UnicodeDecodeError:
        return False
    return True
