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
_LEAD = re.compile(r"(?:\s+|<!--.*?-->|<\?xml[^>]*>|<!DOCTYPE\s+(?!html)[^>]*>)*", re.DOTALL | re.IGNORECASE)
_HTML = re.compile(
    r"<(?:!DOCTYPE\s+html|html|head|body|meta|title|script|style|link|base|article|main|section|header|div|table|p|h[1-6]|a|"
    r"span|center|font|br|noscript|iframe|ul|ol|img|form|nav)\b",
    re.IGNORECASE,
)
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
    if re.match(r"\s*<\?xml|\s*<(?:rss|feed|urlset|sitemapindex|svg|rdf:RDF)\b", head):
        return "XML"
    return None if declared in _HTML_TYPES else declared


def decode(payload: bytes, charset: str | None = None) -> tuple[str, str]:
    """The markup and the charset it was read with. ``charset`` is what the HTTP header said. Never fails."""
    mark, bom = read_bom(payload)
    if mark is not None and bom is not None:
        return to_unicode(payload[len(bom) :], mark), mark
    if _is_utf8(payload):
        return payload.decode("utf-8", "replace"), "utf-8"
    labels = [resolve_encoding(charset) if charset else None, html_body_declared_encoding(payload)]
    for label in labels:
        if label is not None and (text := _under(payload, label)) is not None:
            return text, label
    guess = _guess(payload)
    return to_unicode(payload, guess), guess


def _is_utf8(payload: bytes) -> bool:
    """Valid, though perhaps cut in the middle of its last character."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(payload, final=False)
    except UnicodeDecodeError:
        return False
    return b"\x1b$" not in payload  # ISO-2022-JP is pure ASCII to the eye of UTF-8


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
