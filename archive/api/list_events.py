"""Events of lists and runs: a list that broke, shrank or fell silent, and a run that failed.

Pure functions of recorded checks, finds and runs. So the same record gives the same events whenever it is read.
"""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Final

from db.records import WEIGHTS, Event, EventKind, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from db.queries.events import ListCheck, Place, RunRow

LOOK_BACK: Final = timedelta(days=60)
"""Period in which the usual size of a list and the usual gaps between its articles are measured."""

SHRUNK: Final = 0.4
"""A list has shrunk if its page has less than this share of its usual bytes at two checks in a row."""

FEWEST_FINDS, LEAST_SILENCE, TIMES_LONGEST = 6, timedelta(days=2), 2
"""A list is silent if it named no new article for two days and twice its longest gap, measured on six finds or more."""

_USUAL_OF: Final = 12  # whole pages whose median is the usual size
_FEWEST_PAGES: Final = 3
_FAULTS: Final = frozenset({"list-damaged", "list-refused", "list-empty"})
_MOST_FAILED: Final = 3  # a run of two visits that both fail says nothing of the network


def broken_lists(place: Place, checks: Sequence[ListCheck]) -> Iterator[Event]:
    """Yield the times when a list could not be read twice in a row. ``checks`` are in order of time."""
    since: datetime | None = None
    is_confirmed = False
    for check in checks:
        fault = _fault(check)
        if fault is None:
            since, is_confirmed = None, False
        elif since is None:
            since = check.at
        elif not is_confirmed:
            is_confirmed = True
            yield place_event(EventKind.LIST_BROKEN, place, check.at, since, after=fault, detail=check.detail)


def _fault(check: ListCheck) -> str | None:
    """Return the state of a check that found no usable list, None for a usable one."""
    if check.reason is not None:
        return None if check.reason == Reason.NOT_MODIFIED else check.reason
    return next((flag for flag in check.flags if flag in _FAULTS), None)


def shrunk_lists(place: Place, checks: Sequence[ListCheck]) -> Iterator[Event]:
    """Yield the times when a list had far fewer bytes than usual at two checks in a row."""
    sizes: list[int] = []
    small: list[ListCheck] = []
    for check in checks:
        if check.reason is not None or check.length is None or _fault(check) is not None:
            continue
        usual = median(sizes[-_USUAL_OF:]) if len(sizes) >= _FEWEST_PAGES else None
        if usual is None or check.length >= SHRUNK * usual:
            sizes.append(check.length)
            small.clear()
            continue
        small.append(check)
        if len(small) == 2:  # noqa: PLR2004 (a second check confirms the first)
            sentence = f"the list has {check.length:,} bytes, usually {usual:,.0f}"
            before, after = f"{usual:,.0f} bytes", f"{check.length:,} bytes"
            yield place_event(
                EventKind.LIST_SHRUNK, place, check.at, small[0].at, before=before, after=after, detail=sentence
            )


def silences(place: Place, finds: Sequence[datetime], checks: Sequence[ListCheck]) -> Iterator[Event]:
    """Yield the times when a list named nothing new for longer than usual, although it was read.

    ``finds`` are the instants at which it named new articles. The event is at the check that met the limit.
    """
    read = [check.at for check in checks if _fault(check) is None]
    for index, longest, (start, end) in _quiet(finds):
        reached_at = next((day for day in read if day >= start and (end is None or day < end)), None)
        if reached_at is not None:
            days = (reached_at - finds[index]).total_seconds() / 86_400
            detail = (
                f"nothing new for {days:.1f} days; the longest gap before was {longest.total_seconds() / 86_400:.1f}"
            )
            yield place_event(EventKind.SILENT, place, reached_at, finds[index], detail=detail)


def _quiet(finds: Sequence[datetime]) -> Iterator[tuple[int, timedelta, tuple[datetime, datetime | None]]]:
    """Yield each find that is followed by more than the usual gap, the longest gap before, and the time beyond it."""
    longest = timedelta(0)
    for index, found_at in enumerate(finds):
        longest = max(longest, found_at - finds[index - 1]) if index else longest
        start = found_at + max(LEAST_SILENCE, TIMES_LONGEST * longest)
        end = finds[index + 1] if index + 1 < len(finds) else None
        if index >= FEWEST_FINDS - 1 and (end is None or start < end):
            yield index, longest, (start, end)


def may_be_silent(finds: Sequence[datetime], window: tuple[datetime, datetime]) -> bool:
    """True if a list that was read may have fallen silent at an instant of the window (``silences``)."""
    return any(start < window[1] and (end is None or end > window[0]) for _, _, (start, end) in _quiet(finds))


def failed_runs(runs: Sequence[RunRow]) -> Iterator[Event]:
    """Yield the runs that were refused, cut off, or in which every visit failed."""
    for run in runs:
        failed, visits = run.counts.get("failed", 0), run.counts.get("visits", 0)
        if run.finished_at is None:
            failed_at = None if run.next_at is None else max(run.next_at, run.started_at)
            why = "it was cut off; the next run went on with its work"
        elif run.counts.get("refused"):
            failed_at, why = run.finished_at, "it was refused: see wirecopy status and wirecopy check"
        elif visits >= _MOST_FAILED and failed >= visits:
            failed_at, why = run.finished_at, f"all {visits} visits failed: is the network there?"
        else:
            continue
        if failed_at is not None:
            yield Event(
                kind=EventKind.RUN_FAILED,
                at=failed_at,
                since=run.started_at,
                url="",
                title=f"Run {run.id} ({run.kind}) failed",
                subject=f"run {run.id}",
                weight=WEIGHTS[EventKind.RUN_FAILED],
                detail=why,
            )


def place_event(
    kind: EventKind,
    place: Place,
    event_at: datetime,
    since: datetime,
    *,
    before: str = "",
    after: str = "",
    detail: str = "",
) -> Event:
    """Return an event of an article or a list, with the weight of its kind. A place without a title has its address."""
    return Event(
        kind=kind,
        at=event_at,
        since=since,
        url=place.url,
        source_id=place.source_id,
        group=place.group,
        seed_key=place.seed_key,
        title=place.title or place.url,
        before=before,
        after=after,
        weight=WEIGHTS[kind],
        detail=detail,
    )
