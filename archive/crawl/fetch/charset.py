"""Character encoding of a body: detection from the declaration and from the bytes.

The order is that of browsers: byte-order mark, HTTP header, declaration in the body (read by w3lib, which knows the
web's aliases), then the bytes themselves. A declaration that the bytes contradict is overruled and flagged. Text that
is valid UTF-8 and has non-ASCII characters is UTF-8, because text in another encoding almost never is valid UTF-8.
"""

from __future__ import annotations

import re

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

_TEXT_TYPE = re.compile(
    r"text/|application/(?:[\w.-]+\+)?(?:xml|json)\b|application/(?:javascript|ecmascript)\b", re.IGNORECASE
)
_LOOKS_LIKE_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[!?a-zA-Z]")
_GENERIC_TYPES = frozenset({"", "*/*", "application/octet-stream", "application/unknown", "unknown/unknown"})
_UTF8, _WESTERN = "utf-8", "cp1252"

# Python's names for the encodings of the WHATWG Encoding Standard. Python also knows codecs that are no encodings of
# text (zlib, rot13, unicode_escape, idna ...), and a header may name any of them.
_ENCODING_NAMES = """
    utf-8 utf-16-le utf-16-be cp866 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-10
    iso8859-13 iso8859-14 iso8859-15 iso8859-16 koi8-r koi8-u mac-roman cp874 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255
    cp1256 cp1257 cp1258 mac-cyrillic gbk gb18030 big5 big5hkscs euc_jp iso2022_jp shift_jis cp932 euc_kr cp949
"""
_ENCODINGS = frozenset(_ENCODING_NAMES.split())
_MULTIBYTE = frozenset({"gbk", "gb18030", "big5", "big5hkscs", "euc_jp", "shift_jis", "cp932", "euc_kr", "cp949"})


def is_text(content_type: str, body: bytes) -> bool:
    """True if a body is text by its declared type or, if that type is generic, because it begins like markup."""
    return bool(_LOOKS_LIKE_MARKUP.match(body) if is_generic_type(content_type) else _TEXT_TYPE.match(content_type))


def is_generic_type(content_type: str) -> bool:
    """True for a missing content type, or one that means only "some bytes"."""
    return content_type.partition(";")[0].strip().lower() in _GENERIC_TYPES


def detect_charset(content_type: str, body: bytes) -> tuple[str, tuple[str, ...]]:
    """Return Python's name of the encoding of ``body``, and flags.

    ``charset-unknown``: the declared name is no encoding. ``charset-lie``: the bytes contradict the declaration.
    ``charset-broken``: some bytes are invalid even in the returned encoding, and will be replaced.
    """
    bom_encoding = read_bom(body)[0]
    if bom_encoding is not None and _supported(bom_encoding):
        return bom_encoding, ()
    header, meta = http_content_type_encoding(content_type), html_body_declared_encoding(body)
    declared = _supported(header) or _supported(meta, in_body=True)
    flags = ("charset-unknown",) if not declared and (meta or "charset=" in content_type.lower()) else ()
    charset = _best_fit(declared, _supported(meta, in_body=True), body)
    lie = ("charset-lie",) if declared and charset != declared else ()
    broken = ("charset-broken",) if not _is_valid(charset, body) else ()
    return charset, (*flags, *lie, *broken)


def _supported(name: str | None, *, in_body: bool = False) -> str | None:
    if name is not None and name.startswith("utf-16") and in_body:
        return _UTF8  # a declaration we could read as ASCII is not UTF-16 (Encoding Standard, prescan)
    name = "utf-16-le" if name == "utf-16" else name
    return name if name in _ENCODINGS else None


def _best_fit(declared: str | None, meta: str | None, body: bytes) -> str:
    if body.isascii() or declared in {"utf-16-le", "utf-16-be", "iso2022_jp"}:
        return declared or _UTF8
    if _is_valid(_UTF8, body) and (declared not in _MULTIBYTE or not _is_valid(str(declared), body)):
        return _UTF8
    if declared not in {None, _UTF8}:
        return str(declared)
    if meta not in {None, _UTF8}:
        return str(meta)
    return _UTF8 if _is_mostly_utf8(body) else _WESTERN


def _is_valid(encoding: str, body: bytes) -> bool:
    try:
        body.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_mostly_utf8(body: bytes) -> bool:
    """True if valid UTF-8 sequences far outnumber invalid ones. A page in a western encoding has hardly any."""
    text = body.decode(_UTF8, "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return beyond_ascii > 2 * text.count("\ufffd")
