"""What is remembered of an origin, and what follows from it: pure functions over ``HostState``.

::

    gap       the largest of min_gap, Crawl-delay, the mean latency, and the delay learned
    delay     doubled by every 429 and 503, halved after 20 replies without one, at most 120 s
    pause     Retry-After of a 429 or 503; a minute for a 429 without
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from archive.crawl.fetch.retry_after import retry_at
from db.records import HostState, Reason

if TYPE_CHECKING:
    from db.records import Capture, Outcome

LONGEST_DELAY: Final = 120.0
"""Seconds. A Crawl-delay of years is a mistake or a wall; 120 s is what news crawlers obey (Common Crawl's CC-NEWS)."""

SHORT_PAUSE: Final = 5.0
"""Seconds. A pause this short is waited out by everybody in the lane; for a longer one visits are put off."""

_PAUSE = timedelta(seconds=60)  # for a 429 that names no time
_SMOOTHING = 1 / 8  # the weight of a new latency in the moving mean, as of a round trip in RFC 6298
_CLEAN = 20  # replies; a site that was asked too often has by then forgotten
_NO_DELAY = 0.01  # seconds; halving would never end
_TOO_MANY_REQUESTS = 429
_UNAVAILABLE = 503
_BROKEN = range(500, 600)


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedHost:
    """What is known of one origin from earlier runs.

    ``robots`` is the capture of its robots.txt that is in force, the bytes, and when it was last confirmed.
    """

    manners: HostState | None = None
    robots: tuple[Capture, bytes, datetime] | None = None


def recall_nothing(origin: str) -> RememberedHost:
    """What is known of any origin at the very first run."""
    del origin
    return RememberedHost()


def gap(manners: HostState, *, min_gap: float, crawl_delay: float) -> float:
    """Seconds to leave between two requests.

    A slow reply asks for as much time again, but not where no gap is wanted at all: a ``min_gap`` of nothing is set
    for servers of one's own.
    """
    latency = manners.latency if min_gap else 0.0
    return min(max(min_gap, crawl_delay, manners.delay, latency), max(min_gap, LONGEST_DELAY))


def pause_after(status: int, retry_after: str | None, now: datetime) -> datetime | None:
    """Until when nothing may be asked after a reply with this ``status`` and Retry-After; None: go on."""
    asked = retry_at(status, retry_after, now)
    return now + _PAUSE if asked is None and status == _TOO_MANY_REQUESTS else asked


def after_reply(manners: HostState, status: int, seconds: float, *, gap: float, until: datetime | None) -> HostState:
    """The manners after a reply that took ``seconds``, asked for ``gap`` after the last, and paused ``until`` then."""
    latency = manners.latency + _SMOOTHING * (seconds - manners.latency) if manners.latency else seconds
    if until is not None or status in {_TOO_MANY_REQUESTS, _UNAVAILABLE}:
        slower = min(2 * max(gap, latency), LONGEST_DELAY)
        return replace(manners, latency=latency, delay=slower, clean=0, paused_until_at=until)
    if status in _BROKEN:
        return replace(manners, latency=latency)
    clean = manners.clean + 1
    delay = manners.delay
    if delay and clean % _CLEAN == 0:
        delay = delay / 2 if delay > _NO_DELAY else 0.0
    return replace(manners, latency=latency, delay=delay, clean=clean)


# --- asking once more ------------------------------------------------------------------------------------------------

_PASSING = frozenset({502, 503, 504})  # a server behind the server did not answer, this time
_AT_ONCE = frozenset({Reason.RESET, Reason.TRUNCATED})  # a connection may die idle, or in the middle; once is chance
_ASK_AGAIN = frozenset({408, 425})  # the only 4xx that mean it


def second_chance(outcome: Outcome, tries: int, gap: float) -> float | None:
    """Seconds to wait before asking again within the same visit; None: this is its outcome.

    ``tries`` counts the attempts that came before this one. What waits longer is the schedule's business.
    """
    if outcome.status == _TOO_MANY_REQUESTS or outcome.retry_at is not None:
        return _short_wait(outcome) if tries == 0 else None
    if outcome.reason is Reason.CONNECT or outcome.status in _PASSING:
        return gap * 2 ** (tries + 1) if tries <= 1 else None
    if outcome.reason in _AT_ONCE or outcome.status in _ASK_AGAIN:
        return 0.0 if tries == 0 else None
    return None


def _short_wait(outcome: Outcome) -> float | None:
    if outcome.status != _TOO_MANY_REQUESTS or outcome.retry_at is None:
        return None
    wait = (outcome.retry_at - outcome.finished_at).total_seconds()
    return wait if wait <= SHORT_PAUSE else None
