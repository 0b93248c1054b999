"""Fetch one memento as the archive recorded it, and make a capture of the original page from it."""

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
_MAX_HOPS = 10

_DATE_TOLERANCE = timedelta(seconds=1)
"""The allowed distance between the listed date and the date of the response. Both are cut to seconds. If the bytes of a
memento are lost, an archive answers with the nearest other one, minutes or years away."""

_REDIRECT_TOLERANCE = timedelta(hours=1)
"""The allowed distance for the target of an archived redirect, which the crawler reached a little later."""

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
"""Reasons that follow from a status, which an archive may replay. All others are failures of the archive itself."""

_ORIGINAL_PREFIX = "x-archive-orig-"
_ARCHIVE_HEADERS = frozenset(
    {
        *("memento-datetime", "content-location", "link", "location"),
        *("date", "connection", "keep-alive", "transfer-encoding"),
    }
)
"""Headers of the archive's own response. Like ``x-archive-...``, they are not headers of the original page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """The next request of a replay: its URL in the archive, the original URL, and the archived redirect if any."""

    url: str
    original: str
    hop: Hop | None


async def fetch_memento(
    fetch: Fetch, source_id: int, url: str, memento: Memento
) -> tuple[Capture, bytes | None] | None:
    """Return the capture of the page at ``url`` that ``memento`` records, and its payload. None if the archive fails.

    Archived redirects are followed inside the archive and recorded as hops. If one leads to a page the archive does not
    hold, the redirect itself is the capture. The live web is never requested.
    """
    memento_url, original, hops = raw_url(memento.url), memento.original or url, list[Hop]()
    requested_urls = set()
    while True:
        requested_urls.add(memento_url)
        because = f"a memento of {memento.captured_at:%Y-%m-%d}"
        visit = Visit(source_id=source_id, url=memento_url, kind=SeedKind.TIMEMAP, because=because, replays=True)
        outcome = await fetch(visit)
        step = _next_step(outcome, memento_url, original, memento, redirected=bool(hops))
        if step is None or step.url in requested_urls or len(requested_urls) > _MAX_HOPS:
            break
        memento_url, original = step.url, step.original
        hops += [] if step.hop is None else [step.hop]
    if not _is_of_memento(memento, outcome, redirected=bool(hops)):
        is_lost = hops and _is_lost(outcome)
        return (_redirect_capture(source_id, url, memento, hops, original), None) if is_lost else None
    capture = memento_capture(source_id, url, memento, outcome)
    capture = replace(capture, final_url=original if hops else url, hops=tuple(hops))
    flags = _digest_flags(memento, outcome) if not hops and capture.reason is not Reason.NOT_MODIFIED else ()
    return replace(capture, flags=(*capture.flags, *flags)), _payload(capture, outcome)


def memento_capture(source_id: int, url: str, memento: Memento, outcome: Outcome) -> Capture:
    """Return the capture of the page at ``url`` from an archive's response.

    It has the time of the memento, the URL of the page and the original headers, as far as the archive marks them.
    Validators, Retry-After and the exchange belong to the archive and are left out. ``detail`` has the URL the bytes
    came from.
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
        headers=_original_headers(outcome),
        hops=(),
        etag=None,
        last_modified=None,
        retry_at=None,
        ip=None,
        exchange=None,
    )


# --- responses of archives -------------------------------------------------------------------------------------------


def _is_of_memento(memento: Memento, outcome: Outcome, *, redirected: bool) -> bool:
    """True if the outcome is the archived response, not a message of the archive itself or a memento of another day."""
    if outcome.status in REDIRECTS or not (outcome.reason is None or _may_be_archived(outcome)):
        return False
    memento_date = _memento_date(outcome)
    if memento_date is not None:
        return abs(memento_date - memento.captured_at) <= (_REDIRECT_TOLERANCE if redirected else _DATE_TOLERANCE)
    # Not every archive dates its responses. Without a date, accept a whole page from the archive, or the listed digest.
    is_whole = outcome.reason is None and host_of(outcome.final_url) == host_of(memento.url)
    return is_whole or matches_digest(memento.digest, outcome.payload or b"") is True


def _may_be_archived(outcome: Outcome) -> bool:
    return outcome.reason in _ARCHIVED or outcome.status == _NOT_MODIFIED


def _is_lost(outcome: Outcome) -> bool:
    """True if the archive has no such memento: it answers 404, or offers one of another day."""
    offers_another = _memento_date(outcome) is not None or outcome.status in REDIRECTS
    return outcome.reason is Reason.MISSING_404 or offers_another


def _memento_date(outcome: Outcome) -> datetime | None:
    dates = [value for name, value in outcome.headers if name.lower() == "memento-datetime"]
    return parse_http_date(dates[0]) if dates else None


def _next_step(
    outcome: Outcome, memento_url: str, original: str, memento: Memento, *, redirected: bool
) -> _Step | None:
    """Return the next request after a redirect, archived or the archive's own.

    None if the outcome is no redirect, or if it leads out of the archive. Some archives rewrite an archived Location to
    the URL of a memento, others replay it unchanged.
    """
    location_header = next((value for name, value in outcome.headers if name.lower() == "location"), None)
    if outcome.status not in REDIRECTS or location_header is None:
        return None
    memento_date = _memento_date(outcome)
    tolerance = _REDIRECT_TOLERANCE if redirected else _DATE_TOLERANCE
    if memento_date is not None and abs(memento_date - memento.captured_at) > tolerance:
        return None
    location = _as_text(location_header)
    target = absolute_url(location, memento_url) or ""
    parts = split_stamp(target)
    is_inside = parts is not None and host_of(target) == host_of(memento_url)
    if is_inside and parts is not None:
        if memento_date is None and _is_same_page(parts[1], original):
            return _Step(url=raw_url(target), original=original, hop=None)  # the nearest memento it has
        return _Step(url=raw_url(target), original=parts[1], hop=_hop(outcome, original, parts[1], memento))
    own_parts, original_target = split_stamp(memento_url), absolute_url(location, original)
    if memento_date is None or own_parts is None or original_target is None:
        return None
    return _Step(
        url=f"{own_parts[0]}id_/{original_target}",
        original=original_target,
        hop=_hop(outcome, original, original_target, memento),
    )


def _as_text(location: str) -> str:
    """Return the raw bytes of a header as UTF-8 if valid, else unchanged."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return location


def _is_same_page(url: str, other: str) -> bool:
    try:
        return url_key(url) == url_key(other)
    except RefusedUrl:
        return False


def _hop(outcome: Outcome, original: str, target: str, memento: Memento) -> Hop:
    return Hop(
        url=original,
        status=outcome.status or 0,
        location=target,
        reason_phrase=outcome.reason_phrase,
        headers=(*_original_headers(outcome), ("Location", target)),
        at=memento.captured_at,
    )


def _redirect_capture(source_id: int, url: str, memento: Memento, hops: list[Hop], target: str) -> Capture:
    """Return the capture of an archived redirect to a page that the archive does not hold. It has only the hops."""
    return Capture(
        source_id=source_id,
        url=url,
        final_url=target,
        captured_at=memento.captured_at,
        reason=Reason.UNEXPECTED_STATUS,
        detail=f"redirected to {target}, of which {host_of(memento.url)} has no memento of that time",
        status=hops[-1].status,
        reason_phrase=hops[-1].reason_phrase,
        headers=hops[-1].headers,
        hops=tuple(hops),
        provenance=f"archive:{host_of(memento.url)}",
    )


def _original_headers(outcome: Outcome) -> tuple[tuple[str, str], ...]:
    """Return the headers of the original page: those the archive marks, and unmarked ones that are not its own.

    If the archive marks the Content-Type it marks all of them, and unmarked headers are left out.
    """
    marked = [name.lower() for name, _ in outcome.headers if name.lower().startswith(_ORIGINAL_PREFIX)]
    marks_all = f"{_ORIGINAL_PREFIX}content-type" in marked
    headers = []
    for name, value in outcome.headers:
        if name.lower().startswith(_ORIGINAL_PREFIX):
            headers.append((name[len(_ORIGINAL_PREFIX) :], value))
        elif not (marks_all or name.lower() in _ARCHIVE_HEADERS or name.lower().startswith("x-archive-")):
            headers.append((name, value))
    return tuple(headers)


def _digest_flags(memento: Memento, outcome: Outcome) -> tuple[str, ...]:
    """Return a flag if the digest in the index is not that of the response.

    The index has the digest of the body as recorded, which may have been compressed. Then only a sha256 of the wire
    bytes can be compared.
    """
    digest = parse_digest(memento.digest)
    if digest is None or outcome.payload is None or matches_digest(memento.digest, outcome.payload):
        return ()
    is_coded = any(name.lower().removeprefix(_ORIGINAL_PREFIX) == "content-encoding" for name, _ in outcome.headers)
    return () if is_coded or outcome.wire_sha256 == digest[1].hex() else ("digest-mismatch",)


def _payload(capture: Capture, outcome: Outcome) -> bytes | None:
    return None if capture.reason is Reason.NOT_MODIFIED else outcome.payload
