"""From bytes to markup: whether this is HTML at all, and in which charset.

The order is the one a browser follows (byte order mark, the header's charset, the page's own ``meta``), with one
change that matters to an archive: bytes that are valid UTF-8 and not plain ASCII are UTF-8 whatever a label says,
and a UTF-8 label on bytes that are not is not believed. Other charsets almost never form valid UTF-8 by chance,
while labels are often wrong.
"""

from __future__ import annotations

import codecs
import json
import re
from html import unescape

from charset_normalizer import from_bytes
from w3lib.encoding import html_body_declared_encoding, read_bom, resolve_encoding, to_unicode

_MAGIC = (
    (b"%PDF-", "a PDF"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"GIF8", "a GIF image"),
    (b"RIFF", "a RIFF file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"OggS", "an Ogg file"),
    (b"ID3", "an MP3 file"),
    (b"\x00\x00\x00\x1cftyp", "an MP4 file"),
    (b"\x00\x00\x00\x20ftyp", "an MP4 file"),
    (b"wOF", "a font"),
)
_HTML_TYPES = frozenset({"", "text/html", "application/xhtml+xml"})
_BINARY = re.compile("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")  # as in WHATWG MIME Sniffing, "binary data byte"
_LEAD = re.compile(r"(?:[\s\x00-\x1f]+|<!--.*?-->|<\?xml[^>]*>|<!DOCTYPE\s+(?!html)[^>]*>)*", re.DOTALL | re.IGNORECASE)
_HTML = re.compile(
    r"<(?:!DOCTYPE\s+html|html|head|body|meta|title|script|style|link|base|article|main|section|header|div|table|p|h[1-6]|a|"
    r"span|center|font|br|noscript|iframe|ul|ol|img|form|nav)\b",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"&#(\d{1,9}|[xX][0-9a-fA-F]{1,8});?")
_C1 = (0x80, 0x9F)
_WHITE = frozenset({0x09, 0x0A, 0x0D})
_XML = ((0x20, 0x7E), (0xA0, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))
_HEAD = 4096
_SAMPLE = 64 * 1024
_NOT_ASCII = bytes(range(0x80, 0x100))
_STRAY = 0.1  # a UTF-8 label survives this share of broken characters among those that are not ASCII


def foreign_bytes(payload: bytes) -> str | None:
    """What the payload is when its first bytes prove that it is no text (``"a PDF"``), else None."""
    return next((name for magic, name in _MAGIC if payload.startswith(magic)), None)


def foreign_text(markup: str, content_type: str) -> str | None:
    """What the text is when it is not HTML (``"JSON"``, ``"XML"``, the content type), else None."""
    declared = content_type.partition(";")[0].strip().lower()
    head = markup[:_HEAD].lstrip("\ufeff")
    if _HTML.match(head, _LEAD.match(head).end()):  # type: ignore[union-attr]  # matches the empty string too
        return None
    if head.lstrip()[:1] in {"{", "["} and _is_json(markup):
        return "JSON"
    if _BINARY.search(head):
        return "binary data"
    if re.match(r"\s*<\?xml|\s*<(?:rss|feed|urlset|sitemapindex|svg|rdf:RDF)\b", head):
        return "XML"
    return None if declared in _HTML_TYPES else declared


def decode(payload: bytes, charset: str | None = None) -> tuple[str, str]:
    """The markup and the charset it was read with. ``charset`` is what the HTTP header said. Never fails."""
    mark, bom = read_bom(payload)
    if mark is not None and bom is not None:
        return to_unicode(payload[len(bom) :], mark), mark
    if (text := _utf8(payload)) is not None:
        return text, "utf-8"
    labels = [resolve_encoding(charset) if charset else None, html_body_declared_encoding(payload)]
    for label in labels:
        if label is not None and (believed := _under(payload, label)) is not None:
            return believed, label
    guess = _guess(payload)
    return to_unicode(payload, guess), guess


def mend_references(markup: str) -> str:
    """Numeric references as a browser reads them: ``&#146;`` is a quote of Windows-1252, ``&#1;`` is nothing at all.

    libxml2 puts the control character into the tree, and trafilatura then gives up on the whole page.
    """
    return _REFERENCE.sub(_mended, markup)


def _mended(found: re.Match[str]) -> str:
    digits = found[1]
    point = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    if _C1[0] <= point <= _C1[1]:
        return unescape(f"&#{point};")
    return found[0] if _is_xml(point) else ""


def _is_xml(point: int) -> bool:
    """Whether XML 1.0 admits the character."""
    return point in _WHITE or any(low <= point <= high for low, high in _XML)


def _utf8(payload: bytes) -> str | None:
    """The text when it is valid UTF-8, though perhaps cut in the middle of its last character."""
    if b"\x1b" in payload and b"\x1b$" in payload:  # ISO-2022-JP is pure ASCII to the eye of UTF-8
        return None
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(payload, final=False)
    except UnicodeDecodeError:
        return None


def _under(payload: bytes, label: str) -> str | None:
    """The text if the label is believable."""
    text = to_unicode(payload, label)
    if label != "utf-8":
        return text
    broken, foreign = text.count("\ufffd"), len(payload) - len(payload.translate(None, _NOT_ASCII))
    return text if broken <= _STRAY * max(foreign, 1) else None


def _guess(payload: bytes) -> str:
    best = from_bytes(payload[:_SAMPLE]).best()
    return (best and resolve_encoding(best.encoding)) or "cp1252"


def _is_json(markup: str) -> bool:
    try:
        json.loads(markup)
    except (ValueError, RecursionError):
        return False
    return True
