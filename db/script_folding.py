"""Folded forms of texts for search: what SQLite's tokenizer unicode61 does not do for the scripts of the world.

unicode61 splits at everything that is no letter or digit, and folds the case and the marks of Latin letters. So a
sentence of Chinese is one word, a Thai word falls apart at its vowel signs, and an Arabic word with marks differs from
the one without. The index therefore has two more columns, ``title_parts`` and ``body_parts``, that hold tokens made
here, and only for what needs them:

- a line with a script that is written without spaces, or with Hangul, whose words grow by particles: its letters in
  overlapping pairs (n-grams; Manning, Raghavan and Schuetze 2008, 2.2.1), and the last letter alone. A pair of letters
  is found as a token, a longer part as a phrase of pairs, a single letter as the beginning of a pair;
- a line with Arabic letters in several forms or its article, Hebrew points, the nukta of Indic scripts, Greek accents,
  the Cyrillic letter yo, digits of other scripts, or marks that join or divide words without a sign: its folded words;
- a word with Latin letters outside of unicode61's folding, full-width forms, or letters of two alphabets: that word;
- a word with an umlaut, an a with a ring or a crossed o: that word as it is spelled without such letters (Mueller).

A vowel sign becomes a private-use letter, because unicode61 would split there; so each line of an Indic script has its
words there. Chinese letters are simplified. Arabic
words lose the article and what is written together with it (light stemming; Larkey, Ballesteros and Connell 2002), but
no single letter: too many words begin with one of their own, in Hebrew too.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from db.han_forms import SIMPLIFIED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_SEGMENTED: Final = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecf\u0edc-\u0edf"  # Thai, Lao
    "\u1000-\u103f\u1050-\u108f\u109a-\u109d\uaa60-\uaa7f"  # Myanmar
    "\u1780-\u17d3\u17d7\u17dc\u17dd"  # Khmer
    "\u1100-\u11ff\uac00-\ud7a3"  # Hangul
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31f0-\u31ff"  # kana, Bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"  # Han
)
_INDIC: Final = "\u0900-\u0963\u0966-\u096f\u0971-\u0df3"  # letters, digits and signs from Devanagari to Sinhala
_RUN = re.compile(f"[{_SEGMENTED}]+")
_IN_PARTS = re.compile(f"[{_SEGMENTED}{_INDIC}]")
_PIECE = re.compile(f"(?P<run>[{_SEGMENTED}]+)|(?P<word>(?:(?![{_SEGMENTED}])(?:[^\\W_]|[{_INDIC}]))+)")
_LINE_SIGNS = re.compile(
    f"[{_SEGMENTED}{_INDIC}\uff66-\uff9f\uffa0-\uffdc"
    "\u0622-\u0626\u0629\u0640\u0649\u064b-\u065f\u0660-\u0669\u0670\u0671\u06a9\u06cc\u06f0-\u06f9\ufb50-\ufdff"
    "\u06aa\u06be\u06c0-\u06c3\u06cd\u06d0\u06d2\u06d3\u06d5\u093c\u0929\u0931\u0934\u0958-\u095f\u09bc\u09dc-\u09df\u0a33\u0a36"
    "\u0a3c\u0a59-\u0a5e\u0abc\u0b3c\u0b5c\u0b5d\u00ad\u200b-\u200f\u2060\ufeff\u05f3\u05f4"
    "\ufe70-\ufefc\u0591-\u05c7\ufb1d-\ufb4f\u0386\u0388-\u0390\u03aa-\u03b0\u03c2\u03ca-\u03ce\u1f00-\u1fff\u0401"
    "\u0451]|(?<![\u0621-\u064a])[\u0648\u0641]?(?:[\u0628\u0643]?\u0627\u0644|\u0644\u0644)[\u0621-\u064a]"
    "|[\u0400-\u04ff\u0370-\u03ff][\u0300\u0301]|(?![0-9])\\d|[\u05d0-\u05ea][\"'][\u05d0-\u05ea]"
)
_WORD_SIGNS = re.compile(
    "[\u02bb\u02bc\u00b2\u00b3\u00b9\u2070-\u209c\u00fe\u00de\u00f0\u00d0\u00df\u1e9e\u0131\u0130\u00f8\u00d8\u0142\u0141\u0111\u0110\u00e6\u00c6\u0153\u0152\ufb00-\ufb06\uff10-\uff5a]"
)
_TWO_ALPHABETS = re.compile("[A-Za-z][\u0400-\u04ff]|[\u0400-\u04ff][A-Za-z]")
_MARKS = re.compile(
    "(?<![\u0400-\u04ff])[\u0300-\u036f]|[\u0300\u0301]|[\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u08d3-\u08ff]"
    "|[\u00ad\u200b-\u200f\u2060\ufeff]|[\u093c\u09bc\u0a3c\u0abc\u0b3c\u05f3\u05f4]|(?<=[\u05d0-\u05ea])[\"'](?=[\u05d0-\u05ea])"
)
_LETTERS = str.maketrans(
    {
        "\u0451": "\u0435",  # yo
        "\u0131": "i",
        "\u00f8": "o",
        "\u0142": "l",
        "\u0111": "d",
        "\u00e6": "ae",
        "\u0153": "oe",
        "\u0671": "\u0627",  # alef wasla
        "\u0649": "\u064a",  # alef maksura
        "\u06cc": "\u064a",  # Persian yeh
        "\u06a9": "\u0643",  # Persian kaf
        "\u0629": "\u0647",  # teh marbuta
        **dict.fromkeys("\u06be\u06c1\u06c3\u06d5", "\u0647"),  # the forms of heh in Urdu and Kurdish
        **dict.fromkeys("\u06cd\u06d0\u06d2", "\u064a"),  # those of yeh
        "\u06aa": "\u0643",  # Sindhi kaf
        **dict.fromkeys("\u02bb\u02bc", "'"),  # letters that look like an apostrophe, and are typed as one
        "\u00fe": "th",
        "\u00f0": "d",
        **{chr(kana): chr(kana - 0x60) for kana in range(0x30A1, 0x30F7)},  # katakana as hiragana
        **SIMPLIFIED,
    }
)
_SPELLED_OUT = str.maketrans(
    {"\u00e4": "ae", "\u00f6": "oe", "\u00fc": "ue", "\u00c4": "Ae", "\u00d6": "Oe", "\u00dc": "Ue"}
    | {"\u00e5": "aa", "\u00c5": "Aa", "\u00f8": "oe", "\u00d8": "Oe"}
)
_UMLAUT = re.compile("[\u00e4\u00f6\u00fc\u00c4\u00d6\u00dc\u00e5\u00c5\u00f8\u00d8]")
_ARTICLE = re.compile("[\u0648\u0641]?(?:[\u0628\u0643]?\u0627\u0644|\u0644\u0644)(?=[\u0621-\u064a]{3})")
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u043a\u043c\u0442\u0432\u043d",
    "aeopcyxijshdkmtbh",
)
_NON_JOINER = re.compile("(?<=[\u0600-\u06ff])\u200c")
_DIGIT = re.compile(r"(?![0-9])\d")
_WORD = re.compile(r"[^\W_]+")
_SIGN_BLOCKS = (
    (0x0E00, 0xE000),
    (0x1000, 0xE100),
    (0x1780, 0xE200),
    (0xAA60, 0xE300),
    *((block, 0xE400 + block - 0x0900) for block in range(0x0900, 0x0E00, 0x100)),
)
_BLOCK_SIZE = 0x100


def fold(text: str) -> str:
    """Return ``text`` as it is compared: compatibility forms and case folded, marks and joiners removed.

    One form of a letter stands for all: yo for ye, the alefs, yehs and kafs of Arabic, hiragana for katakana,
    simplified for traditional Chinese, decimal digits. In a word of Latin and Cyrillic letters the Cyrillic ones become
    the Latin ones that look alike.
    """
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    folded = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", folded))).translate(_LETTERS)
    if _TWO_ALPHABETS.search(folded):
        folded = _WORD.sub(lambda word: _one_alphabet(word[0]), folded)
    return folded if folded.isascii() else _DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), folded)


def _one_alphabet(word: str) -> str:
    return word.translate(_LOOK_ALIKES) if _TWO_ALPHABETS.search(word) else word


def is_segmented(text: str) -> bool:
    """True if ``text`` has letters that are searched in pairs."""
    return _RUN.search(unicodedata.normalize("NFKC", text)) is not None


def is_in_parts(text: str) -> bool:
    """True if ``text`` has letters whose words unicode61 does not cut right: it is searched in the parts alone."""
    return _IN_PARTS.search(unicodedata.normalize("NFKC", text)) is not None


def needs_folding(text: str) -> bool:
    """True if unicode61 may see other words in ``text`` than its folded form has."""
    return any(pattern.search(text) for pattern in (_LINE_SIGNS, _WORD_SIGNS, _TWO_ALPHABETS))


def has_umlaut(text: str) -> bool:
    """True if ``text`` has a letter that is also written as two: an umlaut, an a with a ring, a crossed o."""
    return _UMLAUT.search(unicodedata.normalize("NFC", text)) is not None


def spelled_out(text: str) -> str:
    """Return ``text`` as it is written without umlauts and the letters of Nordic languages, folded. Mostly the same."""
    return fold(unicodedata.normalize("NFC", text).translate(_SPELLED_OUT))


def folded_words(text: str) -> list[str]:
    """Return the words of ``text`` as the index has them, if ``needs_folding``."""
    return list(map(_stem, _WORD.findall(fold(text))))


def _stem(word: str) -> str:
    """Return a folded word without the Arabic article and a particle before it, if three letters are left."""
    return _ARTICLE.sub("", word, count=1) if _ARTICLE.match(word) else word


def search_parts(text: str) -> str:
    """Return the tokens of ``text`` that the index needs beside its words, separated by spaces. Mostly none."""
    if text.isascii():
        return ""
    tokens: list[str] = []
    for line in unicodedata.normalize("NFC", text).split("\n"):
        if line.isascii():
            continue
        if _UMLAUT.search(line):
            tokens += (spelled_out(word) for word in _WORD.findall(line) if _UMLAUT.search(word))
        if _LINE_SIGNS.search(line):
            tokens += _tokens(fold(line))
            if _NON_JOINER.search(line):  # between the parts of one Persian word, which many write as two
                tokens += _tokens(fold(_NON_JOINER.sub(" ", line)))
        elif _WORD_SIGNS.search(line) or _TWO_ALPHABETS.search(line):
            words = (word for word in _WORD.findall(line) if needs_folding(word))
            tokens += (token for word in words for token in _tokens(fold(word)))
    return " ".join(tokens)


def _tokens(folded: str) -> Iterator[str]:
    for piece in _PIECE.finditer(folded):
        if piece["word"]:
            yield encode_signs(_stem(piece["word"]))
        else:
            run = encode_signs(piece["run"])
            yield from map("".join, pairwise(run))
            yield run[-1]


def phrase_tokens(text: str) -> tuple[list[str], bool]:
    """Return the tokens that ``text`` has in the index, as a part of a text, and whether the last is a beginning.

    The run of letters at its end may go on in the text, so its last letter is no token of its own.
    """
    folded = fold(text)
    tokens = list(_tokens(folded))
    pieces = list(_PIECE.finditer(folded))
    if not pieces or not pieces[-1]["run"]:
        return tokens, False
    if len(pieces[-1]["run"]) == 1:
        return tokens, True
    return tokens[:-1], False


def encode_signs(text: str) -> str:
    """Replace the vowel signs and marks of Indic scripts and of those without spaces by private-use letters."""
    return text if text.isalpha() else "".join(map(_encoded, text))


@lru_cache(maxsize=4_096)
def _encoded(char: str) -> str:
    if unicodedata.category(char)[0] != "M":
        return char
    code = ord(char)
    return next(
        (chr(private + code - block) for block, private in _SIGN_BLOCKS if 0 <= code - block < _BLOCK_SIZE), char
    )


# --- the entry of a text in the index --------------------------------------------------------------------------------

INDEX_ENTRY: Final = (
    "INSERT INTO text_fts (rowid, title, body, title_parts, body_parts) "
    "VALUES (:id, :title, :body, :title_parts, :body_parts)"
)
"""The statement that adds a text to the index; the parameters are those of ``index_entry``."""


def index_entry(text_id: int, title: str, body: str) -> dict[str, int | str]:
    """Return the row of a text in the full-text index. To delete it, FTS5 needs the same values again."""
    parts = {"title_parts": search_parts(title), "body_parts": search_parts(body)}
    return {"id": text_id, "title": title, "body": body, **parts}


# --- excerpts --------------------------------------------------------------------------------------------------------

_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_LONGEST_EXCERPTED = 20_000
_BEFORE, _BEHIND = 60, 100
_fold_letter = lru_cache(maxsize=65_536)(fold)


def excerpt(text: str, query: str, marks: tuple[str, str, str]) -> str | None:
    """Return the place in ``text`` that the folded phrases of an FTS5 query match, None if there is none.

    ``marks`` are put before and behind the match, and where text is left out. The first 20,000 characters are read.
    """
    patterns = [pattern for phrase in _QUOTED.findall(query) if (pattern := _phrase_pattern(phrase))]
    place = _place(text, patterns, _fold_letter) or _place(text, patterns, spelled_out)
    if place is None:
        return None
    first, last = place
    while unicodedata.category(text[last : last + 1] or " ")[0] == "M":  # marks of the last letter
        last += 1
    begin, end = max(first - _BEFORE, 0), min(last + _BEHIND, len(text))
    opening, closing, gap = marks
    return (
        f"{gap * (begin > 0)}{text[begin:first]}{opening}{text[first:last]}{closing}{text[last:end]}"
        f"{gap * (end < len(text))}"
    )


def _place(text: str, patterns: Iterable[str], fold_letter: Callable[[str], str]) -> tuple[int, int] | None:
    """Return the first and the end of the letters that the first of these patterns matches in the folded text."""
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text[:_LONGEST_EXCERPTED]):
        folded = encode_signs(fold_letter(char))
        letters.append(folded)
        places += [place] * len(folded)
    searched = "".join(letters)
    match = next(filter(None, (re.search(pattern, searched) for pattern in patterns)), None)
    return None if match is None or not match[0] else (places[match.start()], places[match.end() - 1] + 1)


def _phrase_pattern(phrase: str) -> str:
    """Return a pattern of the text that a phrase of tokens comes from: pairs of letters overlap."""
    tokens = phrase.replace('""', '"').split() if " " in phrase else [phrase]
    tokens = [token for word in tokens for token in _WORD.findall(encode_signs(fold(word)))]
    pieces: list[str] = []
    for token in tokens:
        overlaps = pieces and len(token) == 2 and pieces[-1][-1:] == token[0] and _is_run(token)  # noqa: PLR2004 (a pair)
        if overlaps:
            pieces[-1] += token[1]
        elif not (pieces and token == pieces[-1][-1:] and _is_run(token)):
            pieces.append(token)
    return r"[\W_]{0,4}".join(map(re.escape, pieces))


def _is_run(token: str) -> bool:
    return all(_RUN.match(char) or 0xE000 <= ord(char) < 0xE400 for char in token)  # noqa: PLR2004 (the encoded signs)
