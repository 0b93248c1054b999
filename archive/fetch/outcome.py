"""A trip through redirects, and how it ends: the outcome a visit is recorded as."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.fetch.charset import charset_of, is_text
from archive.fetch.decode import Decoded, decode_body, unzip
from archive.fetch.weather import Weather, retry_at
from archive.urls import fetchable_url
from db.records import Hop, Outcome, Reason, Visit, reason_of_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from archive.fetch.exchange import Reply

_NOT_MODIFIED = 304
_WITH_VALIDATORS = frozenset({None, Reason.NOT_MODIFIED})


class Trip:
    """Where a visit is by now: ``url`` to ask next, ``hops`` behind it, ``seconds_left`` of its time on the network.

    Waiting for an origin's turn costs nothing of ``seconds_left``; only ``running`` does.
    """

    def __init__(self, visit: Visit, started_at: datetime, *, seconds_left: float) -> None:
        self.visit = visit
        self.started_at = started_at
        self.seconds_left = seconds_left
        self.url = visit.url
        self.hops: tuple[Hop, ...] = ()
        self.flags: tuple[str, ...] = ()
        self.retried = False

    def again(self) -> Trip:
        """Give the same trip from its start, with the time that is left."""
        trip = Trip(self.visit, self.started_at, seconds_left=self.seconds_left)
        trip.flags, trip.retried = ("retried",), True
        return trip

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time inside against ``seconds_left``."""
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            yield
        finally:
            self.seconds_left -= clock() - began

    def hop(self, reply: Reply, most: int) -> None:
        """Follow a redirect. Raises ``Weather`` for a loop or more than ``most`` hops, ``RefusedUrl`` for a bad target.

        Without cookies an address that redirects to one already asked will do so for ever.
        """
        location = reply.location or ""
        self.flags += reply.flags
        self.hops += (Hop(url=reply.url, status=reply.status, location=location),)
        if len(self.hops) > most:
            raise Weather(Reason.REDIRECT_LOOP, f"more than {most} redirects")
        target = fetchable_url(location, reply.url)
        if target in {hop.url for hop in self.hops}:
            raise Weather(Reason.REDIRECT_LOOP, f"redirected back to {target}")
        self.url = target


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    payload: bytes | None
    reason: Reason | None
    detail: str
    flags: tuple[str, ...]


def failed(trip: Trip, weather: Weather, now: datetime) -> Outcome:
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


def arrived(trip: Trip, reply: Reply, now: datetime, *, max_payload: int) -> Outcome:
    """End a trip with a reply, whatever its status: decoded, measured, and named.

    A body that is not whole never counts as a page; below an error status, which says more, it is only a flag.
    """
    told = reason_of_status(reply.status, conditional=reply.conditional)
    body = _no_body(reply) if told is Reason.NOT_MODIFIED else _body_of(reply, max_payload)
    content_type = reply.header("content-type") or ""
    charset, charset_flags = _charset(content_type, body)
    unwhole = (f"body-{body.reason}",) if told and body.reason else ()
    holds = (told or body.reason) in _WITH_VALIDATORS
    return Outcome(
        requested_url=trip.visit.url,
        final_url=reply.url,
        started_at=trip.started_at,
        finished_at=now,
        reason=told or body.reason,
        detail=f"HTTP {reply.status} {reply.reason_phrase}".rstrip() if told else body.detail,
        status=reply.status,
        reason_phrase=reply.reason_phrase,
        headers=reply.headers,
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
        flags=(*trip.flags, *reply.flags, *body.flags, *charset_flags, *unwhole),
    )


def _kept(reply: Reply, validator: str | None) -> str | None:
    """A 304 that does not repeat a validator leaves it in force (RFC 9111, section 4.3.4)."""
    return validator if reply.conditional and reply.status == _NOT_MODIFIED else None


def _no_body(reply: Reply) -> _Body:
    return _Body(payload=None, reason=None, detail="", flags=("body-dropped",) if reply.body else ())


def _body_of(reply: Reply, max_payload: int) -> _Body:
    if reply.broken is not None:
        kept = None if reply.broken.reason is Reason.TOO_LARGE else reply.body
        return _Body(payload=kept, reason=reply.broken.reason, detail=reply.broken.detail, flags=())
    decoded = decode_body(reply.body, reply.values("content-encoding"), max_payload=max_payload)
    decoded = _unzip_undeclared(decoded, reply.header("content-type") or "", max_payload)
    return _Body(payload=decoded.payload, reason=decoded.reason, detail=decoded.detail, flags=decoded.flags)


def _unzip_undeclared(decoded: Decoded, content_type: str, max_payload: int) -> Decoded:
    """Text that begins like gzip was compressed once more than anybody said."""
    if decoded.reason is not None or not is_text(content_type, decoded.payload):
        return decoded
    inner = unzip(decoded.payload, limit=max_payload)
    return decoded if inner is None else Decoded(payload=inner, flags=(*decoded.flags, "sniffed-gzip"))


def _charset(content_type: str, body: _Body) -> tuple[str | None, tuple[str, ...]]:
    if body.payload is None or body.reason is not None or not is_text(content_type, body.payload):
        return None, ()
    return charset_of(content_type, body.payload)
