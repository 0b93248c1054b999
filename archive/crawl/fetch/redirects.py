"""The chain of redirects of a visit, and the outcome at its end."""

from __future__ import annotations

import asyncio
import hashlib
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.crawl.fetch.fetch_error import FetchError
from archive.crawl.fetch.retry_after import retry_at
from archive.formats.charset import charset_of
from archive.formats.content_coding import decode_entity
from archive.formats.media_type import declared_type
from archive.urls import fetchable_url
from db.records import Hop, Outcome, Reason, Visit, reason_of_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from archive.crawl.fetch.exchange import Response

_NOT_MODIFIED = 304
_MAX_HEADERS = 64 * 1024  # bytes recorded of a header block
_WITH_VALIDATORS = frozenset({None, Reason.NOT_MODIFIED})


class RedirectChain:
    """The state of a visit on its way: ``url`` is requested next, ``hops`` are the redirects followed.

    ``seconds_left`` is the remaining time on the network. Only the time inside ``timed`` counts, not the wait for a
    turn. ``started_at`` is the time of the first request, and before that the time the chain was created.
    ``bypass_caches`` is set after a useless 304, so the next request asks all caches to revalidate.
    """

    def __init__(self, visit: Visit, started_at: datetime, *, seconds_left: float) -> None:
        self.visit = visit
        self.started_at = started_at
        self.seconds_left = seconds_left
        self.url = visit.url
        self.hops: tuple[Hop, ...] = ()
        self.flags: tuple[str, ...] = ()
        self.is_retry = False
        self.bypass_caches = False
        self._has_started = False

    def restart(self) -> RedirectChain:
        """Return a new chain for a retry of the same visit, with the time that is left."""
        chain = RedirectChain(self.visit, self.started_at, seconds_left=self.seconds_left)
        chain.flags, chain.is_retry = ("retried",), True
        return chain

    @contextmanager
    def timed(self, now: datetime) -> Iterator[None]:
        """Subtract the time inside, which starts at ``now``, from ``seconds_left``."""
        if not self._has_started:
            self.started_at, self._has_started = now, True
        clock = asyncio.get_running_loop().time
        start = clock()
        try:
            yield
        finally:
            self.seconds_left -= clock() - start

    def follow(self, response: Response, max_hops: int) -> None:
        """Follow a redirect.

        Raises ``FetchError`` for a loop or more than ``max_hops`` redirects, ``RefusedUrl`` for an invalid target.
        Because we send no cookies, a URL that was requested before would redirect in the same way again, so it is a
        loop.
        """
        location = response.location or ""
        self.flags += response.flags
        self.hops += (_hop(response, location),)
        if len(self.hops) > max_hops:
            raise FetchError(Reason.REDIRECT_LOOP, f"more than {max_hops} redirects")
        target = fetchable_url(location, response.url)
        if target in {hop.url for hop in self.hops}:
            raise FetchError(Reason.REDIRECT_LOOP, f"redirected back to {target}")
        self.url = target

    def retries_useless_304(self, response: Response) -> bool:
        """True for the first useless 304. The whole page is then requested again, past all caches.

        A 304 is useless if the request was unconditional, or if its ETag is not that of the page we have.
        """
        if response.status != _NOT_MODIFIED or self.bypass_caches:
            return False
        if response.is_conditional and not _differs(response.header("etag"), self.visit.etag):
            return False
        self.bypass_caches = True
        self.flags += ("other-304" if response.is_conditional else "unasked-304",)
        return True


# Apache appends the name of the coding to the tag, inside or outside of the quotes.
_ETAG = re.compile(r'(?:W/)?"?(.*?)(?:(?<![-;])[-;]++(?:gzip|deflate|br|zstd|df))?"?')


def _differs(etag: str | None, stored_etag: str | None) -> bool:
    """True if both are set and name different pages, by weak comparison (RFC 9110, section 8.8.3.2)."""
    if etag is None or stored_etag is None:
        return False
    match, stored_match = _ETAG.fullmatch(etag), _ETAG.fullmatch(stored_etag)
    return (match and match[1]) != (stored_match and stored_match[1])


def _hop(response: Response, location: str) -> Hop:
    return Hop(
        url=response.url,
        status=response.status,
        location=location,
        reason_phrase=response.reason_phrase,
        headers=_recorded_headers(response),
        at=response.requested_at,
        ip=response.ip,
    )


def _recorded_headers(response: Response) -> tuple[tuple[str, str], ...]:
    """Return the first 64 KiB of the header pairs, in order."""
    room, count = _MAX_HEADERS, 0
    for name, value in response.headers:
        room -= len(name) + len(value) + len(": \r\n")
        if room < 0:
            break
        count += 1
    return response.headers[:count]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    payload: bytes | None
    reason: Reason | None
    detail: str
    flags: tuple[str, ...]


def outcome_from_error(chain: RedirectChain, error: FetchError, now: datetime) -> Outcome:
    """Return the outcome of a visit that ended in an error."""
    return Outcome(
        requested_url=chain.visit.url,
        final_url=chain.url,
        started_at=chain.started_at,
        finished_at=now,
        reason=error.reason,
        detail=error.detail,
        hops=chain.hops,
        retry_at=error.retry_at,
        flags=chain.flags,
    )


def outcome_from_response(chain: RedirectChain, response: Response, now: datetime, *, max_payload: int) -> Outcome:
    """Return the outcome of a visit that ended in a response of any status, with the body decoded.

    An incomplete body is a failure and never a page. If the status itself is an error, that is the reason, and the
    incomplete body is only a flag.
    """
    status_reason = reason_of_status(response.status, conditional=response.is_conditional)
    body = _no_body(response) if status_reason is Reason.NOT_MODIFIED else _decoded_body(response, max_payload)
    content_type = declared_type(response.values("content-type"))
    charset, charset_flags = (None, ()) if body.reason else charset_of(content_type, body.payload)
    incomplete = (f"body-{body.reason}",) if status_reason and body.reason else ()
    has_validators = (status_reason or body.reason) in _WITH_VALIDATORS
    headers = _recorded_headers(response)
    cut = ("headers-cut",) if len(headers) < len(response.headers) else ()
    etag = response.header("etag") or _validator_in_force(response, chain.visit.etag)
    last_modified = response.header("last-modified") or _validator_in_force(response, chain.visit.last_modified)
    return Outcome(
        requested_url=chain.visit.url,
        final_url=response.url,
        started_at=chain.started_at,
        finished_at=now,
        reason=status_reason or body.reason,
        detail=f"HTTP {response.status} {response.reason_phrase}".rstrip() if status_reason else body.detail,
        status=response.status,
        reason_phrase=response.reason_phrase,
        headers=headers,
        hops=chain.hops,
        payload=body.payload,
        wire_sha256=None if body.payload is None else hashlib.sha256(response.body).hexdigest(),
        wire_length=len(response.body),
        content_type=content_type,
        charset=charset,
        etag=etag if has_validators else None,
        last_modified=last_modified if has_validators else None,
        retry_at=retry_at(response.status, response.header("retry-after"), now),
        ip=response.ip,
        flags=(*chain.flags, *response.flags, *cut, *body.flags, *charset_flags, *incomplete),
        exchange=response.exchange,
    )


def _validator_in_force(response: Response, validator: str | None) -> str | None:
    """Return the validator of the request if a 304 confirms it without repeating it (RFC 9111, section 4.3.4)."""
    return validator if response.is_conditional and response.status == _NOT_MODIFIED else None


def _no_body(response: Response) -> _Body:
    return _Body(payload=None, reason=None, detail="", flags=("body-dropped",) if response.body else ())


def _decoded_body(response: Response, max_payload: int) -> _Body:
    error = response.body_error
    if error is not None:
        payload = None if error.reason is Reason.TOO_LARGE else response.body
        return _Body(payload=payload, reason=error.reason, detail=error.detail, flags=())
    content_type = declared_type(response.values("content-type"))
    codings = response.values("content-encoding")
    decoded = decode_entity(response.body, codings, content_type, max_payload=max_payload)
    return _Body(payload=decoded.payload, reason=decoded.reason, detail=decoded.detail, flags=decoded.flags)
