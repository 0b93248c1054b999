"""The plan: the sources to visit now, and the reasons why the others wait. Pure: states and the time in, a `Plan` out.

::

    never again    retired from the index; joined to another source; `once` and done (but see ``force``)
    not before     the server asked to wait (Retry-After)
    failing        the usual gap doubled for each failure in a row, up to a day
    missing        a 404 daily for a week, then weekly; a 410 weekly
    every: paused  not before a person ends the pause (but see ``force``)
    every: 4h      that long after the last visit
    every: auto    lists by how often they have new entries; articles when edits are expected, at once if a list says
                   one was updated, and no longer after a year without a change
    budget: 90/day a group's articles wait longer, the least urgent ones longest

`archive.seeds.frontier.due` computes the due time of a source, `archive.seeds.frontier.change_rate` has the arithmetic
of `auto`. The decision is made here. Hosts take turns in the order of visits, so no site gets all its visits at once.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Final

from archive.seeds.frontier import change_rate
from archive.seeds.frontier.change_rate import PRIOR
from archive.seeds.frontier.due import NextVisit, article_state, is_failing, is_stretchable, next_visit, tolerance
from archive.timestamps import format_duration, in_words, iso
from archive.urls import host_of
from db.errors import BadInput
from db.records import Budget, Plan, Reason, SourceState, Visit, WaitingSource
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from archive.seeds.frontier.change_rate import ArticleState, Hazard
    from db.records import ChangeRate, Every

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)

# 304s in a row, after which one visit is unconditional, because some servers answer 304 whatever changed.
_MAX_UNMODIFIED: Final = 9


@dataclass(frozen=True, slots=True)
class _Due:
    """A source that may be visited, with its due time and the reason. A budget postpones the lowest ``urgency``."""

    due_at: datetime
    state: SourceState
    because: str
    urgency: float = math.inf


@dataclass(frozen=True, slots=True)
class _GroupBudget:
    """The budget of a group: the stretch of its articles' waits, and the visits left now."""

    budget: Budget
    stretch: float
    visits_left: int
    renewed_at: datetime


def plan_visits(
    states: Iterable[SourceState],
    *,
    now: datetime,
    force: bool = False,
    change_rates: Iterable[ChangeRate] = (),
    spent: Mapping[str, int] | None = None,
) -> Plan:
    """Return the visits of ``states`` to make at ``now``, in polite order, and the reasons why the rest wait.

    ``force`` includes sources that are not due yet, even those to be visited once, whatever the budget. It does not
    include retired or joined sources, and does not override a server's Retry-After. ``change_rates`` are the learned
    rates of seeds. ``spent`` is the number of visits in the last day of each group with a budget. A budget holds for
    the given states. The order of ``states`` does not matter.
    """
    ordered = sorted(states, key=lambda state: (state.source.url_key, state.source.id))
    hazards = change_rate.trusted_hazards(change_rates)
    budgets = {} if force else _group_budgets(ordered, hazards, spent or {}, now)
    urls = {state.source.id: state.source.url for state in ordered}
    due: list[_Due] = []
    waiting: list[WaitingSource] = []
    for state in ordered:
        budget = budgets.get(_group(state))
        hazard = _hazard(state, hazards)
        try:
            upcoming = next_visit(state, hazard, budget.stretch if budget else 1.0)
            decision = _decide(state, upcoming, now, urls, force=force)
        except Exception as error:
            if not is_own_fault(error):
                raise
            decision = _waiting(state, f"its next visit could not be computed: {cause_of(error)}", None)
        if isinstance(decision, WaitingSource):
            waiting.append(decision)
        else:
            due.append(replace(decision, urgency=_urgency(state, hazard, now)) if budget else decision)
    due, postponed = _apply_budgets(due, budgets)
    waiting = sorted([*waiting, *postponed], key=lambda wait: (wait.due_at is None, wait.due_at or now))
    return Plan(
        visits=tuple(_visit(candidate) for candidate in _take_turns(due)),
        waiting=tuple(waiting),
        budgets=tuple(budgets[group].budget for group in sorted(budgets)),
    )


# --- the decision ----------------------------------------------------------------------------------------------------


def _decide(
    state: SourceState, upcoming: NextVisit, now: datetime, urls: Mapping[int, str], *, force: bool
) -> _Due | WaitingSource:
    end_reason = _end_reason(state, urls)
    if end_reason:
        return _waiting(state, end_reason, None)
    due, not_before = upcoming.due_at, state.not_before_at
    if not_before is not None and not_before > now:
        return _waiting(state, f"asked to wait until {_to_seconds(not_before)}", max(not_before, due or not_before))
    if due is not None and due - tolerance(state) <= now:
        return _Due(due, state, _due_reason(state, upcoming, due))
    if force:
        return _Due(due or now, state, "forced")
    return _waiting(state, _wait_reason(state, upcoming, now), due)


def _end_reason(state: SourceState, urls: Mapping[int, str]) -> str:
    """Return the reason why a source is never visited again, or an empty string if there is none."""
    source = state.source
    if source.same_as is not None:
        url = urls.get(source.same_as, "another address")
        return f"moved permanently, its history continues at {url}"
    if source.retired_at is not None:
        return f"no longer in the seed index since {source.retired_at:%Y-%m-%d}"
    return ""


def _hazard(state: SourceState, hazards: Mapping[str, Hazard]) -> Hazard:
    return hazards.get(state.source.seed_key or "", PRIOR)


# --- budgets ---------------------------------------------------------------------------------------------------------


def _group_budgets(
    states: Iterable[SourceState], hazards: Mapping[str, Hazard], spent: Mapping[str, int], now: datetime
) -> dict[str, _GroupBudget]:
    """Return the budget of each group that has one."""
    groups: dict[str, list[SourceState]] = defaultdict(list)
    for state in states:
        if state.budget is not None and not _end_reason(state, {}) and _has_next_visit(state):
            groups[_group(state)].append(state)
    return {
        group: _group_budget(group, members, hazards, spent.get(group, 0), now) for group, members in groups.items()
    }


def _has_next_visit(state: SourceState) -> bool:
    """True unless the next visit of a source cannot be computed: then it must not keep its group from being planned."""
    try:
        next_visit(state)
    except Exception as error:
        if not is_own_fault(error):
            raise
        return False
    return True


def _group_budget(
    group: str, states: Sequence[SourceState], hazards: Mapping[str, Hazard], spent: int, now: datetime
) -> _GroupBudget:
    """Return the budget of a group, with the stretch that keeps the visits of the next day within it.

    Lists, sources with a fixed gap and failing pages are visited as always, and count. Lists are expected to bring as
    many new articles as in the last day. Visits of the last day count against those of now, so a backlog does not spend
    the budgets of several days at once.
    """
    visits = min(state.budget for state in states if state.budget is not None)
    articles = [state for state in states if is_stretchable(state)]
    fixed = sum(_fixed_visits_ahead(state, now) for state in states)
    outlook = [(_last_article_state(state, _hazard(state, hazards), now), _waited(state, now)) for state in articles]
    fresh = sum(state.source.found_in is not None and state.source.found_at > now - _DAY for state in articles)
    stretch, expected = change_rate.fit_to_budget(visits, fixed, outlook, fresh=fresh)
    recent = [visit for state in states if (visit := state.last_visit_at) is not None and visit > now - _DAY]
    return _GroupBudget(
        Budget(group=group, visits=visits, tau=change_rate.TAU * stretch, expected=expected, spent=spent),
        stretch=stretch,
        visits_left=max(visits - spent, 0),
        renewed_at=min(recent, default=now) + _DAY,
    )


def _fixed_visits_ahead(state: SourceState, now: datetime) -> int:
    """Return the visits of the next day that no budget moves: all of a list's, the first of an article."""
    if is_stretchable(state):
        return int(state.last_visit_at is None)
    upcoming = next_visit(state)
    if upcoming.due_at is None or upcoming.due_at > now + _DAY:
        return 0
    rest = now + _DAY - max(upcoming.due_at, now)
    return 1 + (rest // upcoming.gap if upcoming.gap else 0)


def _last_article_state(state: SourceState, hazard: Hazard, now: datetime) -> ArticleState:
    """Return the state of an article at its last visit, or now if it had none."""
    return article_state(state, state.last_visit_at or now, hazard)


def _waited(state: SourceState, now: datetime) -> float:
    """Return the hours since the last visit, zero if there was none."""
    return max((now - state.last_visit_at) / _HOUR, 0.0) if state.last_visit_at else 0.0


def _urgency(state: SourceState, hazard: Hazard, now: datetime) -> float:
    """Return how overdue a source is. A budget postpones the lowest first, so first visits and hints are infinite."""
    last, hint = state.last_visit_at, state.source.hinted_at
    if last is None or not is_stretchable(state) or (hint is not None and hint > last):
        return math.inf
    return change_rate.urgency(article_state(state, last, hazard), _waited(state, now))


def _apply_budgets(due: Sequence[_Due], budgets: Mapping[str, _GroupBudget]) -> tuple[list[_Due], list[WaitingSource]]:
    """Split ``due`` into the visits to make and the articles that wait because their group's budget is spent."""
    visits_left = {group: budget.visits_left for group, budget in budgets.items()}
    affordable: list[_Due] = []
    postponed: list[WaitingSource] = []
    for candidate in sorted(due, key=lambda entry: (is_stretchable(entry.state), -entry.urgency, entry.due_at)):
        group = _group(candidate.state)
        budget = budgets.get(group)
        if budget and visits_left[group] <= 0 and is_stretchable(candidate.state):
            because = _postponed_reason(budget.budget, candidate.because)
            postponed.append(_waiting(candidate.state, because, budget.renewed_at))
            continue
        affordable.append(candidate)
        if budget:
            visits_left[group] -= 1
    return affordable, postponed


def _group(state: SourceState) -> str:
    return (state.source.seed_key or "").partition("/")[0]


# --- reasons ---------------------------------------------------------------------------------------------------------


def _due_reason(state: SourceState, upcoming: NextVisit, due: datetime) -> str:
    if state.last_visit_at is None:
        return "first visit"
    rule = f"last check: {_failure(state)}" if is_failing(state) else f"every: {_every(state.every)}"
    because = f", {upcoming.because}" if upcoming.because else ""
    return f"due since {_to_seconds(due)}, {rule}{because}"


def _wait_reason(state: SourceState, upcoming: NextVisit, now: datetime) -> str:
    if upcoming.due_at is None:
        return upcoming.because
    if state.last_visit_at is None:  # discovered in the future: a clock was set back
        return f"not visited yet, due in {in_words(upcoming.due_at - now)}"
    last = state.last_visit_at
    failure = f"{_failure(state)}, " if is_failing(state) else ""
    because = f"; {upcoming.because}" if upcoming.because else ""
    return f"{failure}checked {in_words(now - last)} ago, next check in {in_words(upcoming.due_at - now)}{because}"


def _postponed_reason(budget: Budget, because: str) -> str:
    used = f"{budget.spent} of the {budget.visits} visits a day of {budget.group} are used"
    return f"{because}, but {used}, and more urgent pages go first"


def _failure(state: SourceState) -> str:
    times = "" if state.failures <= 1 else f" {state.failures} times in a row"
    match state.last_reason:
        case Reason.MISSING_404:
            return "page not found (404)"
        case Reason.GONE_410:
            return "page gone (410)"
        case reason:
            return f"failed{times} ({reason})"


@lru_cache(maxsize=512)
def _every(every: Every) -> str:
    return every if isinstance(every, str) else format_duration(every)


def _to_seconds(moment: datetime) -> str:
    return iso(moment.replace(microsecond=0))


# --- visits ----------------------------------------------------------------------------------------------------------


def _waiting(state: SourceState, because: str, due: datetime | None) -> WaitingSource:
    return WaitingSource(source_id=state.source.id, url=state.source.url, because=because, due_at=due)


def _visit(due: _Due) -> Visit:
    state = due.state
    unconditional = Visit(
        source_id=state.source.id,
        url=state.source.url,
        kind=state.source.kind,
        because=due.because,
        language=state.language,
        allow_private=state.allow_private,
        due_at=due.due_at,
    )
    if state.etag is None and state.last_modified is None:
        return unconditional
    doubt = _validator_doubt(state)
    if doubt:
        return replace(unconditional, because=f"{due.because}; {doubt}")
    return replace(
        unconditional,
        etag=state.etag,
        last_modified=state.last_modified,
        validators_url=state.validators_url,
        validators_coding=state.validators_coding,
    )


def _validator_doubt(state: SourceState) -> str:
    """Return why the visit is unconditional although there are validators, or an empty string if they are trusted."""
    if state.misled:
        return "fetched in full: it once changed although the site said it had not"
    if state.half_read:
        return "fetched in full: the list could not be read in full the last time"
    if state.parts > 1:
        return f"fetched in full: a 304 says nothing about its other {state.parts - 1} pages"
    if state.unmodified >= _MAX_UNMODIFIED:
        return f"fetched in full: the site said {state.unmodified} times in a row that nothing changed"
    return ""


def _take_turns(due: list[_Due]) -> list[_Due]:
    """Return the visits with the hosts in turn, the longest due first, both among hosts and within one."""
    hosts: dict[str, list[_Due]] = {}
    for candidate in sorted(due, key=lambda entry: entry.due_at):
        hosts.setdefault(_host(candidate.state.source.url), []).append(candidate)
    rounds = zip_longest(*hosts.values())
    return [candidate for candidate in chain.from_iterable(rounds) if candidate is not None]


def _host(url: str) -> str:
    return _host_of_site("/".join(url.split("/", 3)[:3]))


@lru_cache(maxsize=4096)  # parsing the address of each source took a fifth of a plan
def _host_of_site(root: str) -> str:
    try:
        return host_of(root)
    except BadInput:  # a path: seeds of kind file have no host
        return ""
