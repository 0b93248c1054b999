"""Which sources are visited now, and why the others wait. Pure: states, rhythms and the present in, a `Plan` out.

::

    never again    retired from the index; joined to another source; `once` and done (but see ``force``)
    not before     the server asked to wait (Retry-After)
    failing        the usual gap doubled for each failure in a row, up to a day
    missing        a 404 daily for a week, then weekly; a 410 weekly
    every: 4h      so long after the last visit
    every: auto    lists by whether they bring anything new; articles when edits are to be expected, at once when a list
                   says one was updated, and no longer after a year without a change
    budget: 90/day a group's articles wait longer, the least urgent ones longest

When a source is due by its own rhythm is told by `archive.crawl.frontier.due`, the arithmetic of `auto` by
`archive.crawl.frontier.change_rate`; here it
is decided. Visits come in polite order: the hosts take turns, so that no site gets all its visits at once.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Final

from archive.crawl.frontier import change_rate as rhythm
from archive.crawl.frontier.change_rate import PRIOR
from archive.crawl.frontier.due import NextVisit, failing, is_stretchable, next_visit, tolerance, watched
from archive.timestamps import format_duration, in_words, iso
from archive.urls import host_of
from db.errors import BadInput
from db.records import Budget, Plan, Reason, SourceState, Visit, Waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from archive.crawl.frontier.change_rate import ArticleState, Hazard
    from db.records import ChangeRate

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)

_BELIEVED: Final = 9  # 304s in a row; then one visit asks for the whole page, for some servers say so whatever changed


@dataclass(frozen=True, slots=True)
class _Due:
    """A source that may be visited: since when, and why. ``urgency`` says what a budget leaves for later first."""

    at: datetime
    state: SourceState
    because: str
    urgency: float = math.inf


@dataclass(frozen=True, slots=True)
class _Purse:
    """What a group's budget comes to: how much longer its articles wait, and how many may be visited now."""

    budget: Budget
    stretch: float
    left: int
    again_at: datetime


def plan_visits(
    states: Iterable[SourceState],
    *,
    now: datetime,
    force: bool = False,
    rhythms: Iterable[ChangeRate] = (),
    spent: Mapping[str, int] | None = None,
) -> Plan:
    """Which of ``states`` are visited at ``now``, in polite order, and why the rest wait.

    ``force`` visits what is not due yet, even what was to be visited once, whatever the budget. It does not wake what
    is retired or joined to another source, and does not break a wait that a server asked for. ``rhythms`` are what was
    learned of seeds, ``spent`` the visits that groups with a budget had in the last day; a budget holds for the states
    given. The order of ``states`` does not matter.
    """
    ordered = sorted(states, key=lambda state: (state.source.url_key, state.source.id))
    hazards = rhythm.believed(rhythms)
    purses = {} if force else _purses(ordered, hazards, spent or {}, now)
    addresses = {state.source.id: state.source.url for state in ordered}
    due: list[_Due] = []
    waiting: list[Waiting] = []
    for state in ordered:
        purse = purses.get(_group(state))
        hazard = _hazard(state, hazards)
        to_come = next_visit(state, hazard, purse.stretch if purse else 1.0)
        decided = _decide(state, to_come, now, addresses, force=force)
        if isinstance(decided, Waiting):
            waiting.append(decided)
        else:
            due.append(replace(decided, urgency=_urgency(state, hazard, now)) if purse else decided)
    due, held = _afford(due, purses)
    waiting = sorted([*waiting, *held], key=lambda one: (one.due_at is None, one.due_at or now))
    return Plan(
        visits=tuple(_visit(one) for one in _take_turns(due)),
        waiting=tuple(waiting),
        budgets=tuple(purses[group].budget for group in sorted(purses)),
    )


# --- deciding --------------------------------------------------------------------------------------------------------


def _decide(
    state: SourceState, to_come: NextVisit, now: datetime, addresses: Mapping[int, str], *, force: bool
) -> _Due | Waiting:
    ended = _ended(state, addresses)
    if ended:
        return _waiting(state, ended, None)
    due, asked = to_come.at, state.not_before_at
    if asked is not None and asked > now:
        return _waiting(state, f"asked to wait until {_moment(asked)}", max(asked, due or asked))
    if due is not None and due - tolerance(state) <= now:
        return _Due(due, state, _why_now(state, to_come, due))
    if force:
        return _Due(due or now, state, "forced")
    return _waiting(state, _why_wait(state, to_come, now), due)


def _ended(state: SourceState, addresses: Mapping[int, str]) -> str:
    """Why a source is never visited again whatever the time, or nothing."""
    source = state.source
    if source.same_as is not None:
        where = addresses.get(source.same_as, "another address")
        return f"moved for good, its history goes on at {where}"
    if source.retired_at is not None:
        return f"retired from the index on {source.retired_at:%Y-%m-%d}"
    return ""


def _hazard(state: SourceState, hazards: Mapping[str, Hazard]) -> Hazard:
    return hazards.get(state.source.seed_key or "", PRIOR)


# --- budgets ---------------------------------------------------------------------------------------------------------


def _purses(
    states: Iterable[SourceState], hazards: Mapping[str, Hazard], spent: Mapping[str, int], now: datetime
) -> dict[str, _Purse]:
    """What the budget of each group that has one comes to."""
    groups: dict[str, list[SourceState]] = defaultdict(list)
    for state in states:
        if state.budget is not None and not _ended(state, {}):
            groups[_group(state)].append(state)
    return {group: _purse(group, members, hazards, spent.get(group, 0), now) for group, members in groups.items()}


def _purse(
    group: str, states: Sequence[SourceState], hazards: Mapping[str, Hazard], spent: int, now: datetime
) -> _Purse:
    """How far the waits of the articles are stretched so that the visits of the next day keep the budget.

    Lists, fixed gaps and failing pages are visited as ever, and count; lists are expected to bring as many new articles
    as in the last day. Visits of the last day count against those of now: a backlog must not spend all days' budgets.
    """
    budget = min(state.budget for state in states if state.budget is not None)
    articles = [state for state in states if is_stretchable(state)]
    fixed = sum(_visits_ahead(state, now) for state in states)
    outlook = [(_now_or_last(state, _hazard(state, hazards), now), _waited(state, now)) for state in articles]
    fresh = sum(state.source.found_in is not None and state.source.found_at > now - _DAY for state in articles)
    stretch, expected = rhythm.within_budget(budget, fixed, outlook, fresh=fresh)
    recent = [at for state in states if (at := state.last_visit_at) is not None and at > now - _DAY]
    return _Purse(
        Budget(group=group, visits=budget, tau=rhythm.TAU * stretch, expected=expected, spent=spent),
        stretch=stretch,
        left=max(budget - spent, 0),
        again_at=min(recent, default=now) + _DAY,
    )


def _visits_ahead(state: SourceState, now: datetime) -> int:
    """Visits of the next day that no budget moves: all of a list's, the first of an article."""
    if is_stretchable(state):
        return int(state.last_visit_at is None)
    to_come = next_visit(state)
    if to_come.at is None or to_come.at > now + _DAY:
        return 0
    rest = now + _DAY - max(to_come.at, now)
    return 1 + (rest // to_come.gap if to_come.gap else 0)


def _now_or_last(state: SourceState, hazard: Hazard, now: datetime) -> ArticleState:
    """An article as it was at its last visit; one that waits for its first as it is now."""
    return watched(state, state.last_visit_at or now, hazard)


def _waited(state: SourceState, now: datetime) -> float:
    """Hours since the last visit, none if there was none."""
    return max((now - state.last_visit_at) / _HOUR, 0.0) if state.last_visit_at else 0.0


def _urgency(state: SourceState, hazard: Hazard, now: datetime) -> float:
    """How overdue an article is: a budget leaves the least overdue for later, and first visits and hints for last."""
    last, hint = state.last_visit_at, state.source.hinted_at
    if last is None or not is_stretchable(state) or (hint is not None and hint > last):
        return math.inf
    return rhythm.urgency(watched(state, last, hazard), _waited(state, now))


def _afford(due: Sequence[_Due], purses: Mapping[str, _Purse]) -> tuple[list[_Due], list[Waiting]]:
    """What is visited after all, and the articles that wait because the budget of their group is spent."""
    left = {group: purse.left for group, purse in purses.items()}
    kept: list[_Due] = []
    held: list[Waiting] = []
    for one in sorted(due, key=lambda one: (is_stretchable(one.state), -one.urgency, one.at)):
        group = _group(one.state)
        purse = purses.get(group)
        if purse and left[group] <= 0 and is_stretchable(one.state):
            held.append(_waiting(one.state, _why_held(purse.budget, one.because), purse.again_at))
            continue
        kept.append(one)
        if purse:
            left[group] -= 1
    return kept, held


def _group(state: SourceState) -> str:
    return (state.source.seed_key or "").partition("/")[0]


# --- saying why ------------------------------------------------------------------------------------------------------


def _why_now(state: SourceState, to_come: NextVisit, due: datetime) -> str:
    if state.last_visit_at is None:
        return "first visit"
    rhythm = f"after {_trouble(state)}" if failing(state) else f"every: {_every(state)}"
    why = f", {to_come.because}" if to_come.because else ""
    return f"due since {_moment(due)}, {rhythm}{why}"


def _why_wait(state: SourceState, to_come: NextVisit, now: datetime) -> str:
    if to_come.at is None:
        return to_come.because
    if state.last_visit_at is None:  # found at a time that has yet to come: a clock was set back
        return f"not visited yet, due in {in_words(to_come.at - now)}"
    last = state.last_visit_at
    trouble = f"{_trouble(state)}, " if failing(state) else ""
    why = f": {to_come.because}" if to_come.because else ""
    return f"{trouble}checked {in_words(now - last)} ago, next in {in_words(to_come.at - now)}{why}"


def _why_held(budget: Budget, because: str) -> str:
    had = f"{budget.spent} of the {budget.visits} visits a day of {budget.group} were made"
    return f"{because}, but {had}, and the rest goes to what is more urgent"


def _trouble(state: SourceState) -> str:
    times = "" if state.failures <= 1 else f" {state.failures} times in a row"
    match state.last_reason:
        case Reason.MISSING_404:
            return "missing (404)"
        case Reason.GONE_410:
            return "gone (410)"
        case reason:
            return f"failing{times} ({reason})"


def _every(state: SourceState) -> str:
    return state.every if isinstance(state.every, str) else format_duration(state.every)


def _moment(at: datetime) -> str:
    return iso(at.replace(microsecond=0))


# --- putting together ------------------------------------------------------------------------------------------------


def _waiting(state: SourceState, because: str, due: datetime | None) -> Waiting:
    return Waiting(source_id=state.source.id, url=state.source.url, because=because, due_at=due)


def _visit(due: _Due) -> Visit:
    state = due.state
    plain = Visit(
        source_id=state.source.id,
        url=state.source.url,
        kind=state.source.kind,
        because=due.because,
        language=state.language,
        allow_private=state.allow_private,
        due_at=due.at,
    )
    if state.etag is None and state.last_modified is None:
        return plain
    doubt = _doubt(state)
    if doubt:
        return replace(plain, because=f"{due.because}; {doubt}")
    return replace(
        plain,
        etag=state.etag,
        last_modified=state.last_modified,
        validators_url=state.validators_url,
        validators_coding=state.validators_coding,
    )


def _doubt(state: SourceState) -> str:
    """Why the whole page is asked for although there are validators; empty when they are believed."""
    if state.misled:
        return "unconditional: its page once changed under an unchanged validator"
    if state.parts > 1:
        return f"unconditional: a 304 says nothing of the other {state.parts - 1} of its parts"
    if state.unmodified >= _BELIEVED:
        return f"unconditional: {state.unmodified} times in a row it said that nothing changed"
    return ""


def _take_turns(due: list[_Due]) -> list[_Due]:
    """One of each host in turn; the longest due first, among hosts and within one."""
    hosts: dict[str, list[_Due]] = {}
    for one in sorted(due, key=lambda one: one.at):
        hosts.setdefault(_host(one.state.source.url), []).append(one)
    rounds = zip_longest(*hosts.values())
    return [one for one in chain.from_iterable(rounds) if one is not None]


def _host(url: str) -> str:
    try:
        return host_of(url)
    except BadInput:  # a path: seeds of kind file have no host
        return ""
