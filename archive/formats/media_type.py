"""The kind of a body: by its declared type where a browser believes that, else by its first bytes.

Follows the WHATWG standards: Fetch for the type that several headers declare, MIME Sniffing for the bytes. One thing
differs: a page that begins with an HTML tag is HTML under ``text/plain`` and ``application/octet-stream`` too, because
servers that do not know a file's type send these.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAGIC: Final = (
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
_HTML_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
_GENERIC_TYPES: Final = frozenset({"", "*/*", "application/octet-stream", "application/unknown", "unknown/unknown"})
_UNTYPED: Final = _GENERIC_TYPES - {"application/octet-stream"}
_TYPE: Final = re.compile(r"[\w!#$%&'*+.^`|~-]+/[\w!#$%&'*+.^`|~-]+", re.ASCII)
_LISTED: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^",])+')  # the values of a list; a comma in quotes divides nothing
_CHARSET: Final = re.compile(r"charset\s*=", re.IGNORECASE)
_NEVER_HTML: Final = re.compile(
    r"(?:image|audio|video|font|model|multipart)/|text/(?:css|csv|calendar|vtt|javascript)\b|application/(?:[\w.-]+\+)?"
    r"(?:json|pdf|zip|gzip|javascript|ecmascript|x-javascript|wasm|msword|vnd\.[\w.-]+|rss|atom|protobuf)\b(?!\+xml)",
    re.IGNORECASE,
)
_TEXT_TYPE: Final = re.compile(
    r"text/|application/(?:[\w.-]+\+)?(?:xml|json)\b|application/(?:javascript|ecmascript)\b", re.IGNORECASE
)
_LOOKS_LIKE_MARKUP: Final = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*<\0?[!?a-zA-Z]")
_BINARY: Final = re.compile("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")  # as in WHATWG MIME Sniffing, "binary data byte"
_LEAD: Final = re.compile(
    r"(?:[\s\x00-\x1f]+|<!--.*?-->|<\?xml[^>]*>|<!DOCTYPE\s+(?!html)[^>]*>)*", re.DOTALL | re.IGNORECASE
)
_HTML: Final = re.compile(
    r"<(?:!DOCTYPE\s+html|html|head|body|meta|title|script|style|link|base|article|main|section|header|div|table|p|h[1-6]|a|"
    r"span|center|font|br|noscript|iframe|ul|ol|img|form|nav|b)\b",
    re.IGNORECASE,
)
_XML: Final = re.compile(r"\s*<\?xml|\s*<(?:rss|feed|urlset|sitemapindex|svg|rdf:RDF)\b")
_HEAD: Final = 4096
_PDF_TYPES: Final = frozenset({"application/pdf", "application/x-pdf"})
_PDF_MARK: Final = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]{0,1024}(%PDF-)")
_PDF_OBJECT: Final = re.compile(rb"[\r\n]\d{1,10} \d{1,5} obj\b")
_PDF_HEAD: Final = 1024 + 5  # bytes in which Acrobat and PDFium look for the mark
_MAX_TYPES: Final = 20


def declared_type(values: Iterable[str]) -> str:
    """Return the content type that all values of the header declare together, or an empty string.

    The last valid type counts, and it keeps the charset of an earlier value of the same type (Fetch, "extract a MIME
    type"). A single value is returned as it is.
    """
    parts = [value.strip() for value in values if value.strip()]
    if not any("," in part for part in parts) and len(parts) <= 1:
        return "".join(parts)
    chosen = ""
    for value in [listed.strip() for part in parts for listed in _LISTED.findall(part[:1000])][:_MAX_TYPES]:
        essence = media_type(value)
        if essence == "*/*" or not _TYPE.fullmatch(essence):
            continue
        keeps_charset = essence == media_type(chosen) and not _CHARSET.search(value)
        chosen = chosen if keeps_charset and _CHARSET.search(chosen) else value
    return chosen or parts[0]


def media_type(content_type: str) -> str:
    """Return a content type in lower case without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def is_generic_type(content_type: str) -> bool:
    """True for a missing content type, or one that means only "some bytes"."""
    return media_type(content_type) in _GENERIC_TYPES


def is_text(content_type: str, body: bytes) -> bool:
    """True if a body is text by its declared type, or begins like markup under a type that says nothing."""
    if _TEXT_TYPE.match(content_type):
        return True
    return not is_never_html(content_type) and bool(_LOOKS_LIKE_MARKUP.match(body))


def is_never_html(content_type: str) -> bool:
    """True for a type that a browser never reads as HTML, whatever the bytes are."""
    return bool(_NEVER_HTML.match(content_type.strip()))


def is_html_type(content_type: str) -> bool:
    """True if the declared type is that of an HTML page."""
    return media_type(content_type) in _HTML_TYPES


def is_pdf_type(content_type: str) -> bool:
    """True if the declared type is that of a PDF."""
    return media_type(content_type) in _PDF_TYPES


def pdf_start(payload: bytes, content_type: str) -> int | None:
    """Return the position at which a PDF begins in a body, or None if it is none.

    As readers of PDF do, bytes before its mark are passed over: white space and a byte-order mark under any type, and
    anything else, such as a warning of a script, if the type or an object behind the mark proves it.
    """
    if match := _PDF_MARK.match(payload):
        return match.start(1)
    at = payload.find(b"%PDF-", 0, _PDF_HEAD)
    if at < 0 or not (is_pdf_type(content_type) or _PDF_OBJECT.search(payload, at, at + _HEAD)):
        return None
    return at


def file_type(payload: bytes) -> str | None:
    """Return the kind of file if the first bytes prove that it is not text (``"a PDF"``), else None."""
    if _PDF_MARK.match(payload):
        return "a PDF"
    return next((name for magic, name in _MAGIC if payload.startswith(magic)), None)


def non_html_type(markup: str, content_type: str) -> str | None:
    """Return the kind of text if it is not HTML (``"JSON"``, ``"XML"``, or the content type), else None."""
    declared = media_type(content_type)
    if is_never_html(content_type):
        return "JSON" if "json" in declared else declared
    head = markup[:_HEAD].lstrip("\ufeff")
    if _HTML.match(head, _LEAD.match(head).end()):  # type: ignore[union-attr]  # matches the empty string too
        return None
    if head.lstrip()[:1] in {"{", "["} and _is_json(markup):
        return "JSON"
    if _BINARY.search(head):
        return "binary data"
    if _XML.match(head):
        return "XML"
    is_html = declared in _HTML_TYPES or declared in _UNTYPED or not _TYPE.fullmatch(declared)
    return None if is_html else declared


def _is_json(markup: str) -> bool:
    try:
        json.loads(markup)
    except (ValueError, RecursionError):
        return False
    return True
