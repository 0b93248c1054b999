"""A capture as an HTTP response: its bytes unaltered, under headers that take all its powers away.

A page from elsewhere is shown under our own origin, so it must not act there. ``sandbox`` takes away its scripts,
forms, pop-ups and origin, and ``default-src 'none'`` everything it would load. Its own headers come back under other
names only: no cookie is set, no redirect leads out of the archive, nothing is refreshed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from starlette.responses import Response

from archive.formats.http_status import REDIRECTS
from archive.serve.fetch_metadata import may_have_raw_bytes
from archive.serve.memento.cdx_index import bare_media_type
from archive.serve.memento.datetime14 import format_datetime14, format_http_date
from archive.serve.memento.rewrite import escape_url
from archive.serve.security_headers import HEADERS
from archive.urls import RefusedUrl, fetchable_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive.api.mementos import CdxEntry
    from archive.serve.memento.rewrite import Links
    from db.records import Capture

POLICY: Final = HEADERS | {
    "content-security-policy": (
        "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'self'"
    ),
    "referrer-policy": "no-referrer",
}
"""Headers of every response with a stranger's bytes. Pictures load only from within the page: its own are not archived,
and those of this server are not for it."""

INLINE: Final = frozenset(
    {
        *("text/html", "application/xhtml+xml", "text/plain"),
        *("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"),
    }
)
"""Media types a browser may show. SVG, XML with style sheets, PDF and MHTML are programs or contain pages."""

_RAW_REFUSED: Final = (
    "Raw bytes of captures are for programs, and this request came from a page that would run or show them. "
    "Leave id_ out of the address to see the page, or type this address to save its bytes.\n"
)

_PLAIN_STATUS: Final = frozenset({*range(200, 204), *range(400, 600)}) - {407, 426}
"""Statuses that describe the page and ask nothing of the client. 407 would ask for a password, 426 for a protocol."""

_ORIGINAL_PREFIX: Final = "x-archive-orig-"
_WIRE_PREFIX: Final = "x-archive-wire-"
_WIRE_HEADERS: Final = frozenset({"content-encoding", "transfer-encoding", "content-length"})
"""Headers that describe the encoded body. The archive keeps and serves the decoded entity, so these get a prefix of
their own: cdx-toolkit writes every ``x-archive-orig-`` header into its WARC, and a reader would then try to decode a
body that is not encoded."""

_MAX_HEADERS: Final = 60  # Python's own HTTP client gives up at 100 in all
_MAX_NAME: Final = 100
_MAX_VALUE: Final = 4096
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]+")
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(\s*;[ -~]*)?", re.ASCII)
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_EXTENSIONS: Final = {
    "text/html": "html",
    "application/xhtml+xml": "xhtml",
    "text/plain": "txt",
    "application/pdf": "pdf",
    "image/svg+xml": "svg.txt",
    "application/json": "json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A memento to be served: the capture as the index lists it, and the capture that has its payload.

    ``source`` is the capture itself, or for a 304 the page it refers to. ``raw``: exactly as captured, otherwise the
    safe view for people. ``link_header`` is the value of the ``Link`` header.
    """

    memento: CdxEntry
    source: Capture
    payload: bytes
    raw: bool
    link_header: str


def respond(replay: Replay, links: Links, request_headers: Mapping[str, str]) -> Response:
    """Return the response for a memento. Raw bytes are refused to a page that would run or show them."""
    if replay.raw and not may_have_raw_bytes(request_headers):
        return Response(_RAW_REFUSED, 403, POLICY | {"cache-control": "no-store"}, "text/plain")
    memento, source = replay.memento, replay.source
    headers = POLICY | {
        "memento-datetime": format_http_date(memento.at),
        "link": replay.link_header,
        "etag": f'"{source.payload_sha256 or memento.id}"',
        "cache-control": "no-cache",  # no cache may serve a page after it was forgotten on request
        "accept-ranges": "bytes",
    }
    headers |= original_headers(source, memento)
    if memento.final_url != memento.url:
        headers["x-archive-redirected-to"] = escape_url(memento.final_url)
    status = source.status or 200
    target = _redirect_target(replay) if status in REDIRECTS else None
    if target is not None:
        headers["location"] = links.memento(memento.at, target, "id_" if replay.raw else "")
        return Response(b"", status, headers)
    if status not in _PLAIN_STATUS:
        headers["x-archive-orig-status"] = str(status)
        status = 200
    headers |= _body_headers(replay, request_headers)
    return _conditional_response(replay.payload, status, headers, request_headers)


def original_headers(source: Capture, memento: CdxEntry) -> dict[str, str]:
    """Return the captured headers, each under a name of its own: ``x-archive-orig-date`` and so on.

    They are bounded in number and size, and contain no character that could end a line. There is always a date, because
    clients date what they save by it: that of the capture if the server sent none, and for a 304.
    """
    headers: dict[str, str] = {}
    for name, value in source.headers:
        lower = name.lower()
        if _TOKEN.fullmatch(name) is None or len(name) > _MAX_NAME or len(headers) >= _MAX_HEADERS:
            continue
        prefixed = f"{_WIRE_PREFIX if lower in _WIRE_HEADERS else _ORIGINAL_PREFIX}{lower}"
        text = _UNPRINTABLE.sub(" ", value)[:_MAX_VALUE].encode("latin-1", "replace").decode("latin-1").strip()
        headers[prefixed] = f"{headers[prefixed]}, {text}"[:_MAX_VALUE] if prefixed in headers else text
    if memento.unmodified:
        headers.pop("x-archive-orig-date", None)
    return {"x-archive-orig-date": format_http_date(memento.at)} | headers


def _redirect_target(replay: Replay) -> str | None:
    """Return the URL a captured redirect led to, or None if it named none."""
    location = next((value for name, value in replay.source.headers if name.lower() == "location"), None)
    if location is None and replay.source.hops:
        location = replay.source.hops[-1].location
    try:
        return fetchable_url(urljoin(replay.memento.url, location)) if location else None
    except (RefusedUrl, ValueError):
        return None


# --- the body --------------------------------------------------------------------------------------------------------


def _body_headers(replay: Replay, request_headers: Mapping[str, str]) -> dict[str, str]:
    declared = _declared_type(replay.source)
    is_inline = bare_media_type(declared) in INLINE
    navigates = request_headers.get("sec-fetch-dest", "empty").lower() == "document"
    headers = {"content-type": declared if replay.raw or is_inline else "application/octet-stream"}
    if (replay.raw and navigates) or not (replay.raw or is_inline):
        headers["content-disposition"] = f'attachment; filename="{_file_name(replay, declared)}"'
    return headers


def _declared_type(capture: Capture) -> str:
    """Return the media type the page's server sent; ``application/octet-stream`` if it sent none or nonsense."""
    header = next((value for name, value in capture.headers if name.lower() == "content-type"), capture.content_type)
    return header.strip() if _MEDIA_TYPE.fullmatch(header.strip()) else "application/octet-stream"


def _file_name(replay: Replay, media_type: str) -> str:
    host = re.sub(r"[^a-z0-9.-]", "-", urlsplit(replay.memento.url).netloc.lower())[:80]
    extension = _EXTENSIONS.get(bare_media_type(media_type), "bin")
    return f"{format_datetime14(replay.memento.at)}-{host}.{extension}"


def _conditional_response(
    payload: bytes, status: int, headers: dict[str, str], request_headers: Mapping[str, str]
) -> Response:
    """Return the whole payload, the requested range (RFC 9110, section 14), or a 304 if the client has it."""
    if request_headers.get("if-none-match", "") == headers["etag"]:
        return Response(b"", 304, headers)
    span = _parse_range(request_headers.get("range", ""), len(payload)) if status == 200 else None  # noqa: PLR2004
    if span is None or request_headers.get("if-range", headers["etag"]) != headers["etag"]:
        return Response(payload, status, headers)
    start, end = span
    if start >= min(end, len(payload)):
        return Response(b"", 416, headers | {"content-range": f"bytes */{len(payload)}"})
    headers["content-range"] = f"bytes {start}-{end - 1}/{len(payload)}"
    return Response(payload[start:end], 206, headers)


def _parse_range(header: str, length: int) -> tuple[int, int] | None:
    """Return start and exclusive end of a single byte range, or None for the whole payload.

    An empty range cannot be satisfied.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        return max(0, length - int(match[2])), length
    end = min(int(match[2]) + 1, length) if match[2] else length
    return int(match[1]), end
