"""The clocks of stored runs, by the time that their servers told, and by the order in which the runs were made."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Final

from archive.crawl.server_dates import TOLERANCE, ServerDates, stated_time
from db.queries import future_captures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from db.reader import Ask

SAMPLE: Final = 60
"""Checks of a run that are read to judge its clock: of three servers that agree, more would say the same."""

_NEWEST: Final = 10
_ALL: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClock:
    """The clock of a run: its ``offset``, by which the servers' time was ahead, None if they do not contradict it.

    ``doubt`` is the offset by a server that alone told the time. ``is_confirmed``: the servers told the same time.
    ``was_set``: a part of the checks has the servers' time and a part contradicts it.
    """

    run_id: int
    kind: str
    checks: int
    last_at: datetime
    offset: timedelta | None = None
    doubt: timedelta | None = None
    is_confirmed: bool = False
    was_set: bool = False


def run_clock(ask: Ask, run_id: int, *, sample: int = _ALL) -> RunClock | None:
    """Return what is known of the clock of a run, None if it checked nothing. ``sample``: checks to read at most."""
    checks = future_captures.checks_of_run(ask, run_id, limit=sample)
    if not checks:
        return None
    dates, spans = ServerDates(), []
    for check in checks:
        headers = json.loads(check.headers)
        dates.add(check.url, headers, check.received_at)
        server_time = stated_time(headers)
        spans += [] if server_time is None else [server_time - check.received_at]
    agreeing = sum(abs(span) <= TOLERANCE for span in spans)
    rough = dates.offset()
    near = [] if rough is None else [span for span in spans if abs(span - rough) <= TOLERANCE]
    return RunClock(
        run_id=run_id,
        kind=checks[0].kind,
        checks=len(checks),
        last_at=checks[-1].received_at,
        offset=timedelta(seconds=round(median(span.total_seconds() for span in near))) if near else None,
        doubt=dates.doubt(),
        is_confirmed=2 * agreeing > len(spans) and rough is None,
        was_set=bool(near) and 2 * agreeing > len(near),
    )


def wrong_clocks(ask: Ask, now: datetime) -> list[RunClock]:
    """Return the runs of the past whose clock was wrong or is in doubt. Runs of the future are ``Archive.future_runs``.

    Read are the last runs, and those that break the order of the others. One of these is in doubt unless its servers
    confirm it.
    """
    starts = future_captures.run_starts(ask)
    strays = out_of_order([instant for _, instant in starts])
    near = {place for stray in strays for place in (stray - 1, stray, stray + 1) if 0 <= place < len(starts)}
    strange = {starts[place][0] for place in strays}
    chosen = {starts[place][0] for place in near} | set(future_captures.newest_visiting_runs(ask, _NEWEST))
    latest = now + future_captures.SLACK
    clocks = [clock for run_id in sorted(chosen) if (clock := run_clock(ask, run_id, sample=SAMPLE))]
    return [
        clock
        for clock in clocks
        if clock.last_at <= latest and (clock.offset or (clock.run_id in strange and not clock.is_confirmed))
    ]


def out_of_order(instants: Sequence[int]) -> list[int]:
    """Return the places that are not in the longest series of instants that never goes back (patience sorting)."""
    ends: list[int] = []
    last_places: list[int] = []
    before: list[int] = []
    for place, instant in enumerate(instants):
        length = bisect_right(ends, instant)
        before.append(last_places[length - 1] if length else -1)
        ends[length : length + 1] = [instant]
        last_places[length : length + 1] = [place]
    series = set()
    place = last_places[-1] if last_places else -1
    while place >= 0:
        series.add(place)
        place = before[place]
    return [place for place in range(len(instants)) if place not in series]
