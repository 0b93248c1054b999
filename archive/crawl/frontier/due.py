"""When a source is due by its own change rate, and why. Pure; the table of rules is in `plan`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zlib import crc32

from archive.crawl.frontier import change_rate
from archive.crawl.frontier.change_rate import PRIOR, ArticleState, Hazard
from archive.timestamps import in_words, iso
from db.records import Reason, SeedKind

if TYPE_CHECKING:
    from db.records import SourceState

_USUAL_GAP: Final = timedelta(minutes=30)  # what failures double where no gap is given: two runs of the schedule
_ARCHIVE_GAP: Final = timedelta(days=1)  # what others archived, and files, grow slowly and cost much to read
_LONGEST_BACKOFF: Final = timedelta(days=1)
_MISSING_AGAIN: Final = timedelta(days=1)  # a 404 counts as confirmed when two checks a day apart agree
_MISSING_LATER: Final = timedelta(weeks=1)
_MISSING_DAILY: Final = 7  # checks: a page that was taken down by mistake is back within days
_HOUR: Final = timedelta(hours=1)
_LISTS: Final = frozenset({SeedKind.FEED, SeedKind.SITEMAP, SeedKind.SECTION})

# Runs start on the quarter hour and visits a little later, so a gap of 30 minutes would always just miss its run and
# become 45. A regular check may therefore come this much early.
_SLACK: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NextVisit:
    """The next visit of a source by its own rhythm: when (None: never by itself), and what ends the wait.

    ``gap`` is the plain gap there is from one visit to the next where it does not depend on what the visits bring.
    """

    at: datetime | None
    because: str = ""
    gap: timedelta | None = None


def due_at(state: SourceState, *, hazard: Hazard = PRIOR, stretch: float = 1.0) -> datetime | None:
    """When the next visit of a source is due by its own rhythm; None if never by itself.

    A source never visited is due since it was found. Retirement and waits a server asked for are not looked at.
    ``hazard`` and ``stretch`` are for articles checked `auto`: how its seed is edited, and what a budget asks for.
    """
    return next_visit(state, hazard, stretch).at


def next_visit(state: SourceState, hazard: Hazard = PRIOR, stretch: float = 1.0) -> NextVisit:
    """As ``due_at``, with the reason."""
    last = state.last_visit_at
    if last is None:
        return NextVisit(state.source.found_at)
    if failing(state):
        return _after(last, _backoff(state))
    match state.every:
        case "once":
            return NextVisit(None, f"set to be checked once, done on {last:%Y-%m-%d}")
        case timedelta() as gap:
            return _after(last, gap)
    return _hinted(state, last, _by_kind(state, last, hazard, stretch))


def tolerance(state: SourceState) -> timedelta:
    """How early a visit may come: not at all where a full gap is the point, after failures and to confirm a 404."""
    if state.last_visit_at is None or failing(state):
        return timedelta()
    gap = state.every if isinstance(state.every, timedelta) else _USUAL_GAP
    return min(_SLACK, gap / 10)


def failing(state: SourceState) -> bool:
    """True if the last visit brought no page; for `once` only until there was one."""
    return state.last_reason not in {None, Reason.NOT_MODIFIED} and not (state.every == "once" and state.last_change_at)


def is_stretchable(state: SourceState) -> bool:
    """True for articles whose waits the rule sets, so that a budget can stretch them."""
    return state.every == "auto" and state.source.kind is SeedKind.ARTICLE and not failing(state)


def watched(state: SourceState, at: datetime, hazard: Hazard = PRIOR) -> ArticleState:
    """An article as it stands if it was visited ``at`` that time and was found unchanged, in the terms of `rhythm`."""
    source = state.source
    start = change_rate.born(source.found_at, state.published_at)
    changed = max(start, state.last_change_at or start)
    return ArticleState(
        hazard=hazard,
        found=(source.found_at - start) / _HOUR,
        age=max((at - start) / _HOUR, 0.0),
        quiet=max((at - changed) / _HOUR, 0.0),
        changes=state.changes,
        jitter=change_rate.jitter(crc32(source.url_key.encode()) / 2**32),
    )


def _by_kind(state: SourceState, last: datetime, hazard: Hazard, stretch: float) -> NextVisit:
    """What `auto` means for each kind."""
    found = state.source.found_at
    quiet = max(last - max(found, state.last_change_at or found), timedelta())
    if state.source.kind in _LISTS:
        return _after(last, change_rate.list_wait(quiet / _HOUR) * _HOUR, f"nothing new in it for {in_words(quiet)}")
    if state.source.kind is not SeedKind.ARTICLE:
        return _after(last, _ARCHIVE_GAP)
    if quiet / _HOUR >= change_rate.YEAR:
        return NextVisit(
            None,
            "unchanged for a year, so no longer checked unless a list says it was updated or the index sets `every`",
        )
    wait = change_rate.wait(watched(state, last, hazard), stretch)
    return NextVisit(last + wait.hours * _HOUR, wait.because)


def _hinted(state: SourceState, last: datetime, usual: NextVisit) -> NextVisit:
    """Sooner than usual if a list named a time after the last visit: once, since then that lies before a visit."""
    hint = state.source.hinted_at
    if hint is None or hint <= last:
        return usual
    at = max(hint, last + change_rate.SHORTEST * _HOUR)
    if usual.at is not None and usual.at <= at:
        return usual
    return NextVisit(at, f"a list says it was updated at {iso(hint.replace(microsecond=0))}")


def _after(last: datetime, gap: timedelta, because: str = "") -> NextVisit:
    return NextVisit(last + gap, because, gap)


def _backoff(state: SourceState) -> timedelta:
    if state.last_reason is Reason.GONE_410:
        return _MISSING_LATER
    if state.last_reason is Reason.MISSING_404:
        return _MISSING_AGAIN if state.failures <= _MISSING_DAILY else _MISSING_LATER
    usual = state.every if isinstance(state.every, timedelta) else _USUAL_GAP
    doublings = min(max(state.failures, 1), 20)  # 30 minutes reach a day after six; more would only overflow
    return min(usual * (1 << doublings), _LONGEST_BACKOFF)
