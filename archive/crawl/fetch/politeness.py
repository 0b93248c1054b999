"""Politeness: gaps, delays, pauses and retries of one origin, as pure functions over ``HostState``.

::

    gap       the largest of min_gap, Crawl-delay, the mean latency, and the learned delay
    delay     doubled by every 429 and 503, halved after 20 responses without one, at most 120 s
    pause     Retry-After of a 429 or 503; a minute for a 429 without Retry-After
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from archive.crawl.fetch.retry_after import retry_at
from db.records import HostState, Reason

if TYPE_CHECKING:
    from db.records import Capture, Outcome

Permit = Callable[[str], AbstractAsyncContextManager[bool]]
"""A context in which requests may be made to the site of a URL, if it yields True."""

LONGEST_DELAY: Final = 120.0
"""Seconds. A Crawl-delay of years is a mistake or a ban. News crawlers obey up to 120 s (Common Crawl's CC-NEWS)."""

SHORT_PAUSE: Final = 5.0
"""Seconds. Visits of the origin wait during a pause up to this length. During a longer one they are postponed."""

_PAUSE = timedelta(seconds=60)  # for a 429 without Retry-After
_SMOOTHING = 1 / 8  # the weight of a new latency in the moving mean, as for round trips in RFC 6298
_CLEAN = 20  # responses without an error; after so many the delay is halved
_NO_DELAY = 0.01  # seconds; a smaller delay becomes zero, or halving would never end
_TOO_MANY_REQUESTS = 429
_UNAVAILABLE = 503
_SERVER_ERRORS = range(500, 600)


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedHost:
    """The facts remembered about one origin from earlier runs.

    ``robots`` is the capture of the robots.txt in force, its bytes, and the time of its last confirmation.
    """

    state: HostState | None = None
    robots: tuple[Capture, bytes, datetime] | None = None


def recall_nothing(origin: str) -> RememberedHost:
    """Return an empty memory of ``origin``, as in the very first run."""
    del origin
    return RememberedHost()


def permit_all(url: str) -> AbstractAsyncContextManager[bool]:
    """Permit the requests, as where only one run fetches."""
    del url
    return nullcontext(enter_result=True)


def request_gap(state: HostState, *, min_gap: float, crawl_delay: float) -> float:
    """Return the seconds between two requests.

    The mean latency is one lower bound, unless ``min_gap`` is zero, which is set only for one's own servers.
    """
    latency = state.latency if min_gap else 0.0
    return min(max(min_gap, crawl_delay, state.delay, latency), max(min_gap, LONGEST_DELAY))


def pause_until(status: int, retry_after: str | None, now: datetime) -> datetime | None:
    """Return the end of the pause after a response with this ``status`` and Retry-After, or None if there is none."""
    requested = retry_at(status, retry_after, now)
    return now + _PAUSE if requested is None and status == _TOO_MANY_REQUESTS else requested


def state_after_response(
    state: HostState, status: int, seconds: float, *, gap: float, paused_until: datetime | None
) -> HostState:
    """Return the state after a response that took ``seconds``.

    ``gap`` is the gap in force, ``paused_until`` the result of ``pause_until``.
    """
    latency = state.latency + _SMOOTHING * (seconds - state.latency) if state.latency else seconds
    if paused_until is not None or status in {_TOO_MANY_REQUESTS, _UNAVAILABLE}:
        slower = min(2 * max(gap, latency), LONGEST_DELAY)
        return replace(state, latency=latency, delay=slower, clean=0, paused_until_at=paused_until)
    if status in _SERVER_ERRORS:
        return replace(state, latency=latency)
    clean = state.clean + 1
    delay = state.delay
    if delay and clean % _CLEAN == 0:
        delay = delay / 2 if delay > _NO_DELAY else 0.0
    return replace(state, latency=latency, delay=delay, clean=clean)


# --- retries ---------------------------------------------------------------------------------------------------------

_GATEWAY_ERRORS = frozenset({502, 503, 504})  # a server behind the server did not answer, this time
_RETRY_AT_ONCE = frozenset({Reason.RESET, Reason.TRUNCATED})  # a connection may break while idle or halfway, by chance
_RETRY_REQUESTED = frozenset({408, 425})  # the only 4xx that ask for a retry


def retry_wait(outcome: Outcome, retries: int, gap: float) -> float | None:
    """Return the seconds to wait before a retry within the same visit, or None if ``outcome`` is final.

    ``retries`` is the number of retries already made. Longer waits are left to the schedule.
    """
    if outcome.status == _TOO_MANY_REQUESTS or outcome.retry_at is not None:
        return _short_wait(outcome) if retries == 0 else None
    if outcome.reason is Reason.CONNECT or outcome.status in _GATEWAY_ERRORS:
        return gap * 2 ** (retries + 1) if retries <= 1 else None
    if outcome.reason in _RETRY_AT_ONCE or outcome.status in _RETRY_REQUESTED:
        return 0.0 if retries == 0 else None
    return None


def _short_wait(outcome: Outcome) -> float | None:
    if outcome.status != _TOO_MANY_REQUESTS or outcome.retry_at is None:
        return None
    wait = (outcome.retry_at - outcome.finished_at).total_seconds()
    return wait if wait <= SHORT_PAUSE else None
