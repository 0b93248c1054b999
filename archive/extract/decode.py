"""From bytes to markup: detects whether a payload is HTML, and its charset.

The order is the one a browser follows (byte order mark, the header's charset, the page's own ``meta``), with one change
that matters to an archive. Bytes that are valid UTF-8 and not plain ASCII are read as UTF-8 whatever a label says, and
a UTF-8 label on bytes that are not valid UTF-8 is ignored. Other charsets almost never form valid UTF-8 by chance,
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
_JOINED = re.compile(r"<[!?/\w-]*\Z|[-&]\Z")  # ends where the next character would become part of a tag or a reference
_NAME = 12  # characters, more than the longest name that matters has
_C1_CONTROLS = (0x80, 0x9F)
_XML_WHITE_SPACE = frozenset({0x09, 0x0A, 0x0D})
_XML_RANGES = ((0x20, 0x7E), (0xA0, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))
_HEAD = 4096
_SAMPLE = 64 * 1024
_NOT_ASCII = bytes(range(0x80, 0x100))
_MAX_BROKEN_SHARE = 0.1  # of the non-ASCII characters, at which a UTF-8 label is still believed


def non_text_type(payload: bytes) -> str | None:
    """Return the kind of file if the first bytes prove that it is not text (``"a PDF"``), else None."""
    return next((name for magic, name in _MAGIC if payload.startswith(magic)), None)


def non_html_type(markup: str, content_type: str) -> str | None:
    """Return the kind of text if it is not HTML (``"JSON"``, ``"XML"``, or the content type), else None."""
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
    """Return the markup and the charset it was decoded with. ``charset`` is the HTTP header's. Never fails."""
    mark, bom = read_bom(payload)
    if mark is not None and bom is not None:
        return to_unicode(payload[len(bom) :], mark), mark
    if (text := _decode_utf8(payload)) is not None:
        return text, "utf-8"
    labels = [resolve_encoding(charset) if charset else None, html_body_declared_encoding(payload)]
    for label in labels:
        if label is not None and (text := _decode_as(payload, label)) is not None:
            return text, label
    guess = _guess(payload)
    return to_unicode(payload, guess), guess


def fix_references(markup: str) -> str:
    """Return markup with numeric references as a browser reads them.

    ``&#146;`` becomes a quote of Windows-1252, ``&#1;`` becomes nothing. libxml2 would put the control character into
    the tree, and trafilatura would then give up on the whole page.
    """
    return _REFERENCE.sub(_fix_reference, markup)


def _fix_reference(match: re.Match[str]) -> str:
    digits = match[1]
    point = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    if _C1_CONTROLS[0] <= point <= _C1_CONTROLS[1]:
        return unescape(f"&#{point};")
    if _is_xml(point):
        return match[0]
    return "&#8203;" if _JOINED.search(match.string, max(match.start() - _NAME, 0), match.start()) else ""


def _is_xml(point: int) -> bool:
    """True if XML 1.0 allows the character."""
    return point in _XML_WHITE_SPACE or any(low <= point <= high for low, high in _XML_RANGES)


def _decode_utf8(payload: bytes) -> str | None:
    """Return the text if it is valid UTF-8. It may be cut in the middle of its last character."""
    if b"\x1b" in payload and b"\x1b$" in payload:  # ISO-2022-JP, which is also valid ASCII
        return None
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(payload, final=False)
    except UnicodeDecodeError:
        return None


def _decode_as(payload: bytes, label: str) -> str | None:
    """Return the text decoded with the label's charset, or None if the label is not credible."""
    text = to_unicode(payload, label)
    if label != "utf-8":
        return text
    broken, foreign = text.count("\ufffd"), len(payload) - len(payload.translate(None, _NOT_ASCII))
    return text if broken <= _MAX_BROKEN_SHARE * max(foreign, 1) else None


def _guess(payload: bytes) -> str:
    best = from_bytes(payload[:_SAMPLE]).best()
    return (best and resolve_encoding(best.encoding)) or "cp1252"


def _is_json(markup: str) -> bool:
    try:
        json.loads(markup)
    except (ValueError, RecursionError):
        return False
    return True
