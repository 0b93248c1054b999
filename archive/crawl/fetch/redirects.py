"""A trip through redirects, and how it ends: the outcome a visit is recorded as."""

from __future__ import annotations

import asyncio
import hashlib
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.crawl.fetch.charset import charset_of, is_text, says_nothing
from archive.crawl.fetch.fetch_error import FetchError
from archive.crawl.fetch.retry_after import retry_at
from archive.formats.content_coding import DecodedBody, decode_body, looks_gzipped
from archive.urls import fetchable_url
from db.records import Hop, Outcome, Reason, Visit, reason_of_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from archive.crawl.fetch.exchange import Response

_NOT_MODIFIED = 304
_MOST_HEADERS = 64 * 1024  # bytes kept of a header block
_WITH_VALIDATORS = frozenset({None, Reason.NOT_MODIFIED})


class RedirectChain:
    """Where a visit is by now: ``url`` to ask next, ``hops`` behind it, ``seconds_left`` of its time on the network.

    Waiting for an origin's turn costs nothing of ``seconds_left``; only ``running`` does. ``started_at`` is when the
    first request was made (before that, when the trip was planned). ``past_caches``: a server sent the empty reply "you
    have it already" to who never said so, and is asked again past every cache.
    """

    def __init__(self, visit: Visit, started_at: datetime, *, seconds_left: float) -> None:
        self.visit = visit
        self.started_at = started_at
        self.seconds_left = seconds_left
        self.url = visit.url
        self.hops: tuple[Hop, ...] = ()
        self.flags: tuple[str, ...] = ()
        self.retried = False
        self.past_caches = False
        self._begun = False

    def again(self) -> RedirectChain:
        """Give the same trip from its start, with the time that is left."""
        trip = RedirectChain(self.visit, self.started_at, seconds_left=self.seconds_left)
        trip.flags, trip.retried = ("retried",), True
        return trip

    @contextmanager
    def running(self, now: datetime) -> Iterator[None]:
        """Count the time inside, which begins ``now``, against ``seconds_left``."""
        if not self._begun:
            self.started_at, self._begun = now, True
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            yield
        finally:
            self.seconds_left -= clock() - began

    def hop(self, reply: Response, most: int) -> None:
        """Follow a redirect. Raises ``FetchError`` for a loop or over ``most`` hops, ``RefusedUrl`` for a bad target.

        Without cookies an address that redirects to one already asked will do so for ever.
        """
        location = reply.location or ""
        self.flags += reply.flags
        self.hops += (_hop(reply, location),)
        if len(self.hops) > most:
            raise FetchError(Reason.REDIRECT_LOOP, f"more than {most} redirects")
        target = fetchable_url(location, reply.url)
        if target in {hop.url for hop in self.hops}:
            raise FetchError(Reason.REDIRECT_LOOP, f"redirected back to {target}")
        self.url = target

    def ask_past_caches(self, reply: Response) -> bool:
        """Tell whether ``reply`` is a 304 of no use, and for the first time: then the page is asked for anew, whole.

        Of no use is one that nobody asked for, and one about a page that is not the one held.
        """
        if reply.status != _NOT_MODIFIED or self.past_caches:
            return False
        if reply.conditional and not _of_another(reply.header("etag"), self.visit.etag):
            return False
        self.past_caches = True
        self.flags += ("other-304" if reply.conditional else "unasked-304",)
        return True


_TAG = re.compile(r'(?:W/)?"?(.*?)(?:[-;]+(?:gzip|deflate|br|zstd|df))?"?')  # Apache names the coding in one of the two


def _of_another(tag: str | None, held: str | None) -> bool:
    """True when both name a page and not the same one, compared weakly (RFC 9110, section 8.8.3.2)."""
    if tag is None or held is None:
        return False
    one, two = _TAG.fullmatch(tag), _TAG.fullmatch(held)
    return (one and one[1]) != (two and two[1])


def _hop(reply: Response, location: str) -> Hop:
    return Hop(
        url=reply.url,
        status=reply.status,
        location=location,
        reason_phrase=reply.reason_phrase,
        headers=_kept_headers(reply),
        at=reply.at,
        ip=reply.ip,
    )


def _kept_headers(reply: Response) -> tuple[tuple[str, str], ...]:
    """The header pairs a record keeps, in order: the first 64 KiB of them."""
    room, kept = _MOST_HEADERS, 0
    for name, value in reply.headers:
        room -= len(name) + len(value) + len(": \r\n")
        if room < 0:
            break
        kept += 1
    return reply.headers[:kept]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    payload: bytes | None
    reason: Reason | None
    detail: str
    flags: tuple[str, ...]


def failed(trip: RedirectChain, weather: FetchError, now: datetime) -> Outcome:
    """End a trip that brought no reply of its own."""
    return Outcome(
        requested_url=trip.visit.url,
        final_url=trip.url,
        started_at=trip.started_at,
        finished_at=now,
        reason=weather.reason,
        detail=weather.detail,
        hops=trip.hops,
        retry_at=weather.retry_at,
        flags=trip.flags,
    )


def arrived(trip: RedirectChain, reply: Response, now: datetime, *, max_payload: int) -> Outcome:
    """End a trip with a reply, whatever its status: decoded, measured, and named.

    A body that is not whole never counts as a page; below an error status, which says more, it is only a flag.
    """
    told = reason_of_status(reply.status, conditional=reply.conditional)
    body = _no_body(reply) if told is Reason.NOT_MODIFIED else _body_of(reply, max_payload)
    content_type = reply.header("content-type") or ""
    charset, charset_flags = _charset(content_type, body)
    unwhole = (f"body-{body.reason}",) if told and body.reason else ()
    holds = (told or body.reason) in _WITH_VALIDATORS
    headers = _kept_headers(reply)
    cut = ("headers-cut",) if len(headers) < len(reply.headers) else ()
    return Outcome(
        requested_url=trip.visit.url,
        final_url=reply.url,
        started_at=trip.started_at,
        finished_at=now,
        reason=told or body.reason,
        detail=f"HTTP {reply.status} {reply.reason_phrase}".rstrip() if told else body.detail,
        status=reply.status,
        reason_phrase=reply.reason_phrase,
        headers=headers,
        hops=trip.hops,
        payload=body.payload,
        wire_sha256=None if body.payload is None else hashlib.sha256(reply.body).hexdigest(),
        wire_length=len(reply.body),
        content_type=content_type,
        charset=charset,
        etag=(reply.header("etag") or _kept(reply, trip.visit.etag)) if holds else None,
        last_modified=(reply.header("last-modified") or _kept(reply, trip.visit.last_modified)) if holds else None,
        retry_at=retry_at(reply.status, reply.header("retry-after"), now),
        ip=reply.ip,
        flags=(*trip.flags, *reply.flags, *cut, *body.flags, *charset_flags, *unwhole),
        exchange=reply.exchange,
    )


def _kept(reply: Response, validator: str | None) -> str | None:
    """A 304 that does not repeat a validator leaves it in force (RFC 9111, section 4.3.4)."""
    return validator if reply.conditional and reply.status == _NOT_MODIFIED else None


def _no_body(reply: Response) -> _Body:
    return _Body(payload=None, reason=None, detail="", flags=("body-dropped",) if reply.body else ())


def _body_of(reply: Response, max_payload: int) -> _Body:
    if reply.broken is not None:
        kept = None if reply.broken.reason is Reason.TOO_LARGE else reply.body
        return _Body(payload=kept, reason=reply.broken.reason, detail=reply.broken.detail, flags=())
    decoded = decode_body(reply.body, reply.values("content-encoding"), max_payload=max_payload)
    decoded = _unzip_undeclared(decoded, reply, max_payload)
    return _Body(payload=decoded.payload, reason=decoded.reason, detail=decoded.detail, flags=decoded.flags)


def _unzip_undeclared(decoded: DecodedBody, reply: Response, max_payload: int) -> DecodedBody:
    """Text that begins like gzip was compressed once more than anybody said."""
    content_type = reply.header("content-type") or ""
    may_be_text = says_nothing(content_type) or is_text(content_type, decoded.payload)
    if decoded.reason is not None or not looks_gzipped(decoded.payload) or not may_be_text:
        return decoded
    inner = decode_body(decoded.payload, ("gzip",), max_payload=max_payload)
    if inner.reason is not None:
        return decoded  # then it is no text, and lists look into their gzip themselves
    return replace(inner, flags=(*decoded.flags, "sniffed-gzip", *inner.flags))


def _charset(content_type: str, body: _Body) -> tuple[str | None, tuple[str, ...]]:
    if body.payload is None or body.reason is not None or looks_gzipped(body.payload):
        return None, ()
    return charset_of(content_type, body.payload) if is_text(content_type, body.payload) else (None, ())
