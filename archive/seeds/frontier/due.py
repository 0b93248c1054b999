"""The next visit of a source by its own change rate, with the reason. Pure. The table of rules is in `plan`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zlib import crc32

from archive.seeds.frontier import change_rate
from archive.seeds.frontier.change_rate import PRIOR, ArticleState, Hazard
from archive.timestamps import in_words, iso
from db.records import Reason, SeedKind

if TYPE_CHECKING:
    from db.records import SourceState

_USUAL_GAP: Final = timedelta(minutes=30)  # the default gap that failures double: two runs of the schedule
_ARCHIVE_GAP: Final = timedelta(days=1)  # web archives and files grow slowly and cost much to read
_LONGEST_BACKOFF: Final = timedelta(days=1)
_MISSING_AGAIN: Final = timedelta(days=1)  # a 404 counts as confirmed when two checks a day apart agree
_MISSING_LATER: Final = timedelta(weeks=1)
_MISSING_DAILY: Final = 7  # daily checks; a page taken down by mistake is back within days
_HOUR: Final = timedelta(hours=1)
_LISTS: Final = frozenset({SeedKind.FEED, SeedKind.SITEMAP, SeedKind.SECTION})

# Runs start on the quarter hour and visits a little later, so a gap of 30 minutes would always just miss its run and
# become 45. So a regular check may be this much early.
_TOLERANCE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NextVisit:
    """The next visit of a source by its own change rate: its time (None: never by itself) and the reason.

    ``gap`` is set if the gap between two visits is fixed, whatever the visits bring.
    """

    due_at: datetime | None
    because: str = ""
    gap: timedelta | None = None


def due_at(state: SourceState, *, hazard: Hazard = PRIOR, stretch: float = 1.0) -> datetime | None:
    """Return the time of the next visit of a source by its own change rate, or None if it has none.

    A source never visited is due since its discovery. Retirement and a server's Retry-After are not considered.
    ``hazard`` and ``stretch`` apply to articles checked `auto`: the hazard of the seed, and the factor of a budget.
    """
    return next_visit(state, hazard, stretch).due_at


def next_visit(state: SourceState, hazard: Hazard = PRIOR, stretch: float = 1.0) -> NextVisit:
    """Return the time of ``due_at`` together with the reason."""
    if state.every == "paused":
        return NextVisit(None, "paused in the seed index")
    last = state.last_visit_at
    if last is None:
        return NextVisit(state.source.found_at)
    if is_failing(state):
        return _after(last, _backoff(state))
    match state.every:
        case "once":
            return NextVisit(None, f"set to be checked once, done on {last:%Y-%m-%d}")
        case timedelta() as gap:
            return _after(last, gap)
    return _with_hint(state, last, _next_by_kind(state, last, hazard, stretch))


def tolerance(state: SourceState) -> timedelta:
    """Return how early a visit may be. It is zero after failures, and so for a confirmation of a 404."""
    if state.last_visit_at is None or is_failing(state):
        return timedelta()
    gap = state.every if isinstance(state.every, timedelta) else _USUAL_GAP
    return min(_TOLERANCE, gap / 10)


def is_failing(state: SourceState) -> bool:
    """True if the last visit brought no page. For `once` only until there was one."""
    return state.last_reason not in {None, Reason.NOT_MODIFIED} and not (state.every == "once" and state.last_change_at)


def is_stretchable(state: SourceState) -> bool:
    """True for articles with computed waits, which a budget can stretch."""
    return state.every == "auto" and state.source.kind is SeedKind.ARTICLE and not is_failing(state)


def article_state(state: SourceState, visited_at: datetime, hazard: Hazard = PRIOR) -> ArticleState:
    """Return the `change_rate` state of an article that was visited at ``visited_at`` and found unchanged."""
    source = state.source
    origin = change_rate.age_origin(source.found_at, state.published_at)
    # A person lists an old page because it may change now, so only quiet that was observed counts. A list names all its
    # old pages at once, and the quiet since their dates spares most of those visits.
    quiet_since = source.found_at if state.is_listed else origin
    changed_at = max(quiet_since, state.last_change_at or quiet_since)
    return ArticleState(
        hazard=hazard,
        found_age=(source.found_at - origin) / _HOUR,
        age=max((visited_at - origin) / _HOUR, 0.0),
        quiet=max((visited_at - changed_at) / _HOUR, 0.0),
        changes=state.changes,
        jitter=change_rate.jitter(crc32(source.url_key.encode()) / 2**32),
        is_listed=state.is_listed,
    )


def _next_by_kind(state: SourceState, last: datetime, hazard: Hazard, stretch: float) -> NextVisit:
    """Return the next visit by the rule that `auto` has for the kind of the source."""
    found_at = state.source.found_at
    quiet = max(last - max(found_at, state.last_change_at or found_at), timedelta())
    if state.source.kind in _LISTS:
        return _after(last, change_rate.list_wait(quiet / _HOUR) * _HOUR, f"nothing new in it for {in_words(quiet)}")
    if state.source.kind is not SeedKind.ARTICLE:
        return _after(last, _ARCHIVE_GAP)
    if quiet / _HOUR >= change_rate.YEAR:
        return NextVisit(
            None,
            "unchanged for a year, so no longer checked unless a list says it was updated or the index sets `every`",
        )
    wait = change_rate.wait(article_state(state, last, hazard), stretch)
    return NextVisit(last + wait.hours * _HOUR, wait.because)


def _with_hint(state: SourceState, last: datetime, usual: NextVisit) -> NextVisit:
    """Return an earlier visit than usual if a list gives an update time after the last visit.

    It applies once, because after that visit the hint lies before the last visit.
    """
    hint = state.source.hinted_at
    if hint is None or hint <= last:
        return usual
    due = max(hint, last + change_rate.SHORTEST * _HOUR)
    if usual.due_at is not None and usual.due_at <= due:
        return usual
    return NextVisit(due, f"a list says it was updated at {iso(hint.replace(microsecond=0))}")


def _after(last: datetime, gap: timedelta, because: str = "") -> NextVisit:
    return NextVisit(last + gap, because, gap)


def _backoff(state: SourceState) -> timedelta:
    if state.last_reason is Reason.GONE_410:
        return _MISSING_LATER
    if state.last_reason is Reason.MISSING_404:
        return _MISSING_AGAIN if state.failures <= _MISSING_DAILY else _MISSING_LATER
    usual = state.every if isinstance(state.every, timedelta) else _USUAL_GAP
    doublings = min(max(state.failures, 1), 20)  # 30 minutes reach a day after six; more could overflow
    return min(usual * (1 << doublings), _LONGEST_BACKOFF)
