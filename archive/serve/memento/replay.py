"""A capture as an answer: the bytes as they were, under headers that let them do nothing.

A page from elsewhere is shown under our own address, so it must not act there. ``sandbox`` takes its scripts, forms,
pop-ups and its origin away, ``default-src 'none'`` everything it would load. What it said about itself in headers is
told under other names and never lives again: no cookie is set, no place is gone to, nothing is refreshed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from starlette.responses import Response

from archive.formats.http_status import REDIRECTS
from archive.serve.memento.cdx_index import bare_type
from archive.serve.memento.datetime14 import http_date, stamp
from archive.serve.memento.rewrite import safe
from archive.serve.security_headers import HEADERS
from archive.urls import RefusedUrl, fetchable_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from archive.serve.memento.rewrite import Links
    from db.queries.cdx import CdxEntry
    from db.records import Capture

POLICY: Final = HEADERS | {
    "content-security-policy": (
        "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'self'"
    ),
    "referrer-policy": "no-referrer",
}
"""What goes with every byte of a stranger. Pictures only from within the page: its own are not here, and those of this
server are none of its business."""

INLINE: Final = frozenset(
    {
        *("text/html", "application/xhtml+xml", "text/plain"),
        *("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"),
    }
)
"""What a browser may show. Not SVG, XML with style sheets, PDF and MHTML, which are programs or hold pages."""

_PLAIN_STATUS: Final = frozenset({*range(200, 204), *range(400, 600)}) - {407, 426}
"""Statuses that say nothing but how the page was; 407 would ask for a password, 426 for another protocol."""

_ORIGINAL: Final = "x-archive-orig-"
_OF_THE_WIRE: Final = frozenset({"content-encoding", "transfer-encoding", "content-length"})
_WIRE: Final = "x-archive-wire-"
"""Where the headers go that speak of the coded body: what is kept and served is the entity. cdx-toolkit writes every
``x-archive-orig-`` header into its WARC, and a reader would try to unpack what is not packed."""

_MOST_HEADERS: Final = 60  # Python's own HTTP client gives up at 100 in all
_LONGEST_NAME: Final = 100
_LONGEST_VALUE: Final = 4096
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]+")
_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(\s*;[ -~]*)?", re.ASCII)
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_ENDINGS: Final = {
    "text/html": "html",
    "application/xhtml+xml": "xhtml",
    "text/plain": "txt",
    "application/pdf": "pdf",
    "image/svg+xml": "svg.txt",
    "application/json": "json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One capture to be shown: ``one`` as it is listed, ``shown`` the one whose payload it has.

    That is the capture itself, or the page that a 304 stands for. ``raw``: exactly as captured, else for people.
    ``links``: the ``Link`` header.
    """

    one: CdxEntry
    shown: Capture
    payload: bytes
    raw: bool
    links: str


def respond(replay: Replay, links: Links, asked: Mapping[str, str]) -> Response:
    """The answer to a request with the headers ``asked``."""
    headers = POLICY | {
        "memento-datetime": http_date(replay.one.at),
        "link": replay.links,
        "etag": f'"{replay.shown.payload_sha256 or replay.one.id}"',
        "cache-control": "no-cache",  # what was forgotten on request is not to come out of a cache
        "accept-ranges": "bytes",
    }
    headers |= original_headers(replay.shown, replay.one)
    if replay.one.final_url != replay.one.url:
        headers["x-archive-redirected-to"] = safe(replay.one.final_url)
    status = replay.shown.status or 200
    target = _target(replay) if status in REDIRECTS else None
    if target is not None:
        headers["location"] = links.memento(replay.one.at, target, "id_" if replay.raw else "")
        return Response(b"", status, headers)
    if status not in _PLAIN_STATUS:
        headers["x-archive-orig-status"] = str(status)
        status = 200
    headers |= _body_headers(replay, asked)
    return _in_part(replay.payload, status, headers, asked)


def original_headers(capture: Capture, one: CdxEntry) -> dict[str, str]:
    """The headers of then, each under a name of its own: ``x-archive-orig-date`` and so on; always with a date.

    Bounded in number and size, and without any character that could end a line. The date is that of the capture if the
    server named none: clients date what they save by it.
    """
    found: dict[str, str] = {}
    for name, value in capture.headers:
        low = name.lower()
        if _TOKEN.fullmatch(name) is None or len(name) > _LONGEST_NAME or len(found) >= _MOST_HEADERS:
            continue
        renamed = f"{_WIRE if low in _OF_THE_WIRE else _ORIGINAL}{low}"
        text = _UNPRINTABLE.sub(" ", value)[:_LONGEST_VALUE].encode("latin-1", "replace").decode("latin-1").strip()
        found[renamed] = f"{found[renamed]}, {text}"[:_LONGEST_VALUE] if renamed in found else text
    if one.unmodified:
        found.pop("x-archive-orig-date", None)
    return {"x-archive-orig-date": http_date(one.at)} | found


def _target(replay: Replay) -> str | None:
    """Where a redirect of then led, as an address; None if it named none."""
    named = next((value for name, value in replay.shown.headers if name.lower() == "location"), None)
    if named is None and replay.shown.hops:
        named = replay.shown.hops[-1].location
    try:
        return fetchable_url(urljoin(replay.one.url, named)) if named else None
    except (RefusedUrl, ValueError):
        return None


# --- the body --------------------------------------------------------------------------------------------------------


def _body_headers(replay: Replay, asked: Mapping[str, str]) -> dict[str, str]:
    declared = _declared_type(replay.shown)
    shows = bare_type(declared) in INLINE
    # A downloader says nothing of where the bytes will go; a browser that would show them says so.
    navigates = asked.get("sec-fetch-dest", "empty") in {"document", "iframe", "frame", "embed", "object"}
    headers = {"content-type": declared if replay.raw or shows else "application/octet-stream"}
    if (replay.raw and navigates) or not (replay.raw or shows):
        headers["content-disposition"] = f'attachment; filename="{_file_name(replay, declared)}"'
    return headers


def _declared_type(capture: Capture) -> str:
    """The media type as the page's server gave it; bytes of no type where it gave none, or nonsense."""
    named = next((value for name, value in capture.headers if name.lower() == "content-type"), capture.content_type)
    return named.strip() if _TYPE.fullmatch(named.strip()) else "application/octet-stream"


def _file_name(replay: Replay, declared: str) -> str:
    host = re.sub(r"[^a-z0-9.-]", "-", urlsplit(replay.one.url).netloc.lower())[:80]
    return f"{stamp(replay.one.at)}-{host}.{_ENDINGS.get(bare_type(declared), 'bin')}"


def _in_part(payload: bytes, status: int, headers: dict[str, str], asked: Mapping[str, str]) -> Response:
    """The whole, the part that was asked for (RFC 9110, section 14), or nothing new to who has it."""
    if asked.get("if-none-match", "") == headers["etag"]:
        return Response(b"", 304, headers)
    span = _span(asked.get("range", ""), len(payload)) if status == 200 else None  # noqa: PLR2004
    if span is None or asked.get("if-range", headers["etag"]) != headers["etag"]:
        return Response(payload, status, headers)
    start, end = span
    if start >= min(end, len(payload)):
        return Response(b"", 416, headers | {"content-range": f"bytes */{len(payload)}"})
    headers["content-range"] = f"bytes {start}-{end - 1}/{len(payload)}"
    return Response(payload[start:end], 206, headers)


def _span(asked: str, length: int) -> tuple[int, int] | None:
    """Start and end (left out) of the one part asked for; None: the whole. An empty one cannot be given."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return max(0, length - int(found[2])), length
    end = min(int(found[2]) + 1, length) if found[2] else length
    return int(found[1]), end
