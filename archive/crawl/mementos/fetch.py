"""One memento, asked for as the archive recorded it, and the capture of the page that it stands for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from archive.crawl.capture import make_capture
from archive.formats.digests import matches_digest, parse_digest
from archive.formats.http_date import parse_http_date
from archive.formats.http_status import REDIRECTS
from archive.formats.timemap import absolute_url, raw_url, split_stamp
from archive.urls import RefusedUrl, host_of, url_key
from db.records import Capture, Hop, Reason, SeedKind, Visit

if TYPE_CHECKING:
    from datetime import datetime

    from archive.crawl.mementos.listing import Fetch
    from archive.formats.timemap import Memento
    from db.records import Outcome

_NOT_MODIFIED = 304
_MOST_HOPS = 10

_SAME = timedelta(seconds=1)
"""How far the date of what an archive serves may lie from the date listed: both are cut to seconds. A memento whose
bytes are lost is answered with the nearest other one, minutes or years away."""

_ONE_CRAWL = timedelta(hours=1)
"""The same for where an archived redirect leads: a crawler came there a little later."""

_ARCHIVED = frozenset(
    {
        Reason.MISSING_404,
        Reason.GONE_410,
        Reason.LEGAL_451,
        Reason.UNAUTHORIZED,
        Reason.FORBIDDEN,
        Reason.CLIENT_ERROR,
        Reason.SERVER_ERROR,
        Reason.RATE_LIMITED,
        Reason.UNEXPECTED_STATUS,
    }
)
"""Reasons that come from a status, which an archive may replay; all others are its own weather."""

_ORIGINAL = "x-archive-orig-"
_OF_THE_ARCHIVE = frozenset(
    {
        *("memento-datetime", "content-location", "link", "location"),
        *("date", "connection", "keep-alive", "transfer-encoding"),
    }
)
"""Headers of the answer itself; with ``x-archive-...`` what is not of then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Where a replay goes on: an address of the archive, the page's own address there, and the redirect of then."""

    address: str
    original: str
    hop: Hop | None


async def replay(fetch: Fetch, source_id: int, url: str, memento: Memento) -> tuple[Capture, bytes | None] | None:
    """The capture, with its payload, of the page at ``url`` that a memento stands for; None if the archive fails.

    Redirects of then are followed inside the archive, and kept as the way to the page; one that leads to what the
    archive does not hold of then is kept by itself. The live web is never asked.
    """
    address, original, hops = raw_url(memento.url), memento.original or url, list[Hop]()
    asked = set()
    while True:
        asked.add(address)
        because = f"a memento of {memento.captured_at:%Y-%m-%d}"
        visit = Visit(source_id=source_id, url=address, kind=SeedKind.TIMEMAP, because=because, replays=True)
        answer = await fetch(visit)
        step = _next_step(answer, address, original, memento, late=bool(hops))
        if step is None or step.address in asked or len(asked) > _MOST_HOPS:
            break
        address, original = step.address, step.original
        hops += [] if step.hop is None else [step.hop]
    if not _speaks_of(memento, answer, late=bool(hops)):
        lost = hops and _is_lost(answer)
        return (_led_away(source_id, url, memento, hops, original), None) if lost else None
    capture = memento_capture(source_id, url, memento, answer)
    capture = replace(capture, final_url=original if hops else url, hops=tuple(hops))
    flags = _digest_flags(memento, answer) if not hops and capture.reason is not Reason.NOT_MODIFIED else ()
    return replace(capture, flags=(*capture.flags, *flags)), _payload(capture, answer)


def memento_capture(source_id: int, url: str, memento: Memento, outcome: Outcome) -> Capture:
    """The capture of the page at ``url`` that an archive's answer stands for.

    Its time is the memento's, its address the page's, its headers those the page had, as far as the archive tells them
    from its own. Validators, times of waiting and the exchange are the archive's own and are left out. Where the bytes
    were taken from stands in ``detail``.
    """
    unmodified = outcome.status == _NOT_MODIFIED
    return replace(
        make_capture(source_id, outcome, provenance=f"archive:{host_of(memento.url)}"),
        captured_at=memento.captured_at,
        finished_at=None,
        url=url,
        final_url=url,
        reason=Reason.NOT_MODIFIED if unmodified else outcome.reason,
        detail=f"taken from {outcome.final_url}",
        headers=_headers_of_then(outcome),
        hops=(),
        etag=None,
        last_modified=None,
        retry_at=None,
        ip=None,
        exchange=None,
    )


# --- what an answer says ---------------------------------------------------------------------------------------------


def _speaks_of(memento: Memento, answer: Outcome, *, late: bool) -> bool:
    """True if the answer is what the archive saw then, and not word of the archive itself or of another day."""
    if answer.status in REDIRECTS or not (answer.reason is None or _may_be_archived(answer)):
        return False
    dated = _dated(answer)
    if dated is not None:
        return abs(dated - memento.captured_at) <= (_ONE_CRAWL if late else _SAME)
    # Not every archive dates what it serves; then it must be whole and from the archive itself, or what was listed.
    whole = answer.reason is None and host_of(answer.final_url) == host_of(memento.url)
    return whole or matches_digest(memento.digest, answer.payload or b"") is True


def _may_be_archived(answer: Outcome) -> bool:
    return answer.reason in _ARCHIVED or answer.status == _NOT_MODIFIED


def _is_lost(answer: Outcome) -> bool:
    """True if the archive has no such memento: it says so, or offers one of another day."""
    offers_another = _dated(answer) is not None or answer.status in REDIRECTS
    return answer.reason is Reason.MISSING_404 or offers_another


def _dated(answer: Outcome) -> datetime | None:
    dates = [value for name, value in answer.headers if name.lower() == "memento-datetime"]
    return parse_http_date(dates[0]) if dates else None


def _next_step(answer: Outcome, address: str, original: str, memento: Memento, *, late: bool) -> _Step | None:
    """Where a redirect leads, of then or of the archive; None if this is none, or leads out of the archive.

    Some archives rewrite the Location of then to a memento's address, others replay it as it was.
    """
    named = next((value for name, value in answer.headers if name.lower() == "location"), None)
    if answer.status not in REDIRECTS or named is None:
        return None
    dated = _dated(answer)
    if dated is not None and abs(dated - memento.captured_at) > (_ONE_CRAWL if late else _SAME):
        return None
    location = _as_text(named)
    target = absolute_url(location, address) or ""
    parts = split_stamp(target)
    inside = parts is not None and host_of(target) == host_of(address)
    if inside and parts is not None:
        if dated is None and _same_page(parts[1], original):
            return _Step(address=raw_url(target), original=original, hop=None)  # the nearest one it has
        return _Step(address=raw_url(target), original=parts[1], hop=_hop(answer, original, parts[1], memento))
    here, there = split_stamp(address), absolute_url(location, original)
    if dated is None or here is None or there is None:
        return None
    return _Step(address=f"{here[0]}id_/{there}", original=there, hop=_hop(answer, original, there, memento))


def _as_text(location: str) -> str:
    """Raw bytes of a header, read as UTF-8 if they are that."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return location


def _same_page(one: str, other: str) -> bool:
    try:
        return url_key(one) == url_key(other)
    except RefusedUrl:
        return False


def _hop(answer: Outcome, original: str, target: str, memento: Memento) -> Hop:
    return Hop(
        url=original,
        status=answer.status or 0,
        location=target,
        reason_phrase=answer.reason_phrase,
        headers=(*_headers_of_then(answer), ("Location", target)),
        at=memento.captured_at,
    )


def _led_away(source_id: int, url: str, memento: Memento, hops: list[Hop], target: str) -> Capture:
    """A redirect of then to a page that the archive does not hold of then: all there is to keep is the way."""
    return Capture(
        source_id=source_id,
        url=url,
        final_url=target,
        captured_at=memento.captured_at,
        reason=Reason.UNEXPECTED_STATUS,
        detail=f"redirected to {target}, of which {host_of(memento.url)} holds nothing of then",
        status=hops[-1].status,
        reason_phrase=hops[-1].reason_phrase,
        headers=hops[-1].headers,
        hops=tuple(hops),
        provenance=f"archive:{host_of(memento.url)}",
    )


def _headers_of_then(answer: Outcome) -> tuple[tuple[str, str], ...]:
    """The headers the page had: those the archive marks as such, and, unless it marks all, those it does not claim."""
    marked = [name.lower() for name, _ in answer.headers if name.lower().startswith(_ORIGINAL)]
    marks_all = f"{_ORIGINAL}content-type" in marked
    kept = []
    for name, value in answer.headers:
        if name.lower().startswith(_ORIGINAL):
            kept.append((name[len(_ORIGINAL) :], value))
        elif not (marks_all or name.lower() in _OF_THE_ARCHIVE or name.lower().startswith("x-archive-")):
            kept.append((name, value))
    return tuple(kept)


def _digest_flags(memento: Memento, answer: Outcome) -> tuple[str, ...]:
    """A flag where the index names another digest than that of what came.

    An index takes it of the body as recorded, which was perhaps compressed; then only sha256 of the wire can tell.
    """
    told = parse_digest(memento.digest)
    if told is None or answer.payload is None or matches_digest(memento.digest, answer.payload):
        return ()
    coded = any(name.lower().removeprefix(_ORIGINAL) == "content-encoding" for name, _ in answer.headers)
    return () if coded or answer.wire_sha256 == told[1].hex() else ("digest-mismatch",)


def _payload(capture: Capture, answer: Outcome) -> bytes | None:
    return None if capture.reason is Reason.NOT_MODIFIED else answer.payload
