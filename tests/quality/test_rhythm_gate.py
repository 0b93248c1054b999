"""The change-rate rule, simulated on invented histories with the statistics published about news.

Runs start on the quarter hour, as scheduled. ``make gate ARGS="-k rhythm -rP"`` prints the figures of docs/quality.md.
"""

from __future__ import annotations

import math
import random
import sys
from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import pytest

from archive.seeds.frontier.change_rate import PRIOR, estimate_change_rate, hazard_of
from archive.seeds.frontier.due import due_at
from archive.seeds.frontier.plan import plan_visits
from db.records import ObservedHistory, Source, SourceState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from archive.seeds.frontier.change_rate import Hazard

    Edits = tuple[float, ...]
    Due = Callable[[SourceState], float]

pytestmark = pytest.mark.gate

T0 = datetime(2026, 1, 5, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONTH = 30 * 24.0
RUN = 0.25  # hours between runs
SEED = 1
POINTS = (0.5, 1, 2, 4, 8, 16, 24, 48, 96, 168, 336)  # hours: the fixed list; with the first visit 12


# --- the world -------------------------------------------------------------------------------------------------------


def draw_edit_count(dice: random.Random) -> int:
    """Return a number of edits: for most articles none, for most others one, for a few many in a day."""
    if dice.random() < 0.57:
        return 0
    kind = dice.random()
    if kind < 0.63:
        return 1
    if kind < 0.83:
        return 2
    return 3 + int(dice.expovariate(1 / 1.2)) if kind < 0.95 else 11 + int(dice.expovariate(1 / 2))


def draw_edit_age(dice: random.Random, *, slow: bool) -> float:
    """Return the age of an edit in hours: for news mostly within a day, for a ``slow`` magazine in weeks."""
    kind = dice.random()
    if slow:
        return dice.expovariate(1 / 150)
    if kind < 0.70:
        return dice.expovariate(1 / 5)
    return dice.expovariate(1 / 60) if kind < 0.92 else 96 * math.exp(dice.random() * math.log(66 / 4))


@cache
def world(seed: int, articles: int = 3_000, *, slow: bool = False) -> tuple[Edits, ...]:
    """Return for each article the ages of its edits."""
    dice = random.Random(seed)
    return tuple(
        tuple(sorted(draw_edit_age(dice, slow=slow) for _ in range(draw_edit_count(dice)))) for _ in range(articles)
    )


# --- simulation -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """Visits per article in a month, share of edits caught, and share of time with the newest text archived."""

    visits: float
    caught: float
    fresh: float

    def __str__(self) -> str:
        return f"{self.visits:.1f} visits, {self.caught:.3f} caught, {self.fresh:.3f} fresh"


def unvisited(number: int = 0) -> SourceState:
    key = f"example,daily,)/{number}"
    return SourceState(source=Source(id=number, url=f"https://daily.example/{number}", url_key=key, found_at=T0))


def follow(edits: Edits, state: SourceState, due: Due) -> list[tuple[float, int]]:
    """Return the visits of a month: the age, and the number of edits by then. The first visit is at age 0."""
    visits, age = [(0.0, 0)], 0.0
    state = replace(state, last_visit_at=T0)
    while True:
        # The next run after the due time, or a minute before it, as the plan allows.
        age = max(math.ceil((due(state) - 1 / 60) / RUN), round(age / RUN) + 1) * RUN
        if age >= MONTH:
            return visits
        happened = bisect_right(edits, age)
        visited_at = T0 + age * HOUR
        if happened > visits[-1][1]:
            state = replace(state, last_change_at=visited_at, changes=state.changes + 1)
        state = replace(state, last_visit_at=visited_at)
        visits.append((age, happened))


def play(articles: Sequence[Edits], due: Due) -> Result:
    """Simulate a policy on a world for a month."""
    visits = caught = edited = 0
    stale = 0.0
    for number, edits in enumerate(articles):
        visited = follow(edits, unvisited(number), due)
        month = [age for age in edits if age < MONTH]
        visits += len(visited)
        edited += len(month)
        for (_, before), (after, happened) in zip(visited, [*visited[1:], (MONTH, len(month))], strict=True):
            caught += happened > before and after < MONTH
            stale += after - edits[before] if happened > before else 0.0
    return Result(visits / len(articles), caught / edited, 1 - stale / (len(articles) * MONTH))


def hours(moment: datetime) -> float:
    return (moment - T0) / HOUR


def the_rule(stretch: float = 1.0, hazard: Hazard = PRIOR) -> Due:
    return lambda state: hours(due_at(state, hazard=hazard, stretch=stretch) or T0 + 365 * DAY)


def uniform(visits: float) -> Due:
    return lambda state: last_visit(state) + MONTH / visits


def fixed_list() -> Due:
    return lambda state: next((age for age in POINTS if age > last_visit(state) + RUN / 2), MONTH)


def backoff(first: float) -> Due:
    """Return a policy with gaps that double, and restart after a change."""

    def due(state: SourceState) -> float:
        quiet = last_visit(state) - hours(state.last_change_at or T0)
        return last_visit(state) + quiet + first

    return due


def last_visit(state: SourceState) -> float:
    return hours(state.last_visit_at or T0)


@pytest.fixture(scope="module")
def rule() -> Result:
    return play(world(SEED), the_rule())


# --- the gates -------------------------------------------------------------------------------------------------------


def test_the_invented_histories_have_the_published_statistics():
    """A study of 291,666 Flemish articles over a day, and GDELT's records of what changes within a week."""
    day = [bisect_right(edits, 24.0) for edits in world(SEED)]
    week = sum(bisect_right(edits, 7 * 24.0) for edits in world(SEED))
    edited = [n for n in day if n]
    assert len(edited) / len(day) == pytest.approx(0.35, abs=0.02)
    assert sum(edited) / len(edited) == pytest.approx(1.94, abs=0.15)
    assert sum(n <= 2 for n in edited) / len(edited) > 0.80
    assert sum(n > 9 for n in edited) / len(edited) == pytest.approx(0.05, abs=0.02)
    assert sum(day) / week == pytest.approx(0.82, abs=0.03)


def test_twelve_visits_an_article_catch_four_fifths_of_the_edits(rule):
    assert rule.visits <= 12
    assert rule.caught >= 0.83
    assert rule.fresh >= 0.97


def test_the_rule_catches_half_as_many_again_as_even_gaps(rule):
    even = play(world(SEED), uniform(rule.visits))
    assert even.visits >= rule.visits - 0.5
    assert rule.caught >= 1.5 * even.caught
    assert rule.fresh > even.fresh


def test_the_rule_beats_fixed_times_and_doubling(rule):
    fixed_times, doubling = play(world(SEED), fixed_list()), play(world(SEED), backoff(1.2))
    assert fixed_times.visits == pytest.approx(12, abs=0.1)
    assert doubling.visits == pytest.approx(rule.visits, abs=0.5)
    assert rule.caught > fixed_times.caught + 0.04
    assert rule.caught > doubling.caught + 0.01


@pytest.mark.parametrize("seed", [2, 3])
def test_other_seeds_give_similar_results(seed):
    result = play(world(seed), the_rule())
    assert result.visits <= 12
    assert result.caught >= 0.82


def test_a_slow_magazine_is_learned():
    """The edits have a hazard unlike the prior. Once learned, more of them are caught with no more visits."""
    train = world(11, 1_000, slow=True)
    histories = [followed(follow(edits, unvisited(n), the_rule())) for n, edits in enumerate(train)]
    learned = hazard_of(estimate_change_rate("magazine", histories, T0).hazard)
    before = play(world(12, 2_000, slow=True), the_rule(0.91))
    after = play(world(12, 2_000, slow=True), the_rule(hazard=learned))
    sys.stdout.write(f"magazine: {before}; with as many visits, learned: {after}\n")
    assert after.visits <= before.visits + 0.05
    assert after.caught >= before.caught + 0.02


def followed(visits: Sequence[tuple[float, int]]) -> ObservedHistory:
    """Return the history the archive would have of these visits."""
    spans: list[tuple[float, float]] = []
    last = -1
    for age, happened in visits:
        spans = [*spans[:-1], (spans[-1][0], age)] if happened == last else [*spans, (age, age)]
        last = happened
    return ObservedHistory(
        found_at=T0, seen=tuple((T0 + first * HOUR, T0 + last_seen * HOUR) for first, last_seen in spans)
    )


def test_a_growing_group_keeps_its_budget():
    """Simulate a feed with 30 articles a day for eight days, visited every hour, with and without a budget."""
    plenty, scarce = spend(10_000), spend(120)
    sys.stdout.write(f"visits a day: {plenty[0]}; with a budget of 120: {scarce[0]}; caught {plenty[1]}, {scarce[1]}\n")
    assert min(plenty[0][2:]) > 150
    assert max(scarce[0]) <= 120
    assert min(scarce[0][2:]) >= 90, "the budget is used"
    assert scarce[1] >= 0.75 * plenty[1], "on edited articles"


def spend(budget: int) -> tuple[list[int], int]:
    """Return the visits of each of eight days, and the number of edits they caught."""
    edits = world(7, 240)
    dice = random.Random(7)
    arrivals = sorted(dice.uniform(0, 8 * 24) for _ in edits)
    states: list[SourceState] = []
    known = [0] * len(edits)
    log: list[int] = []
    caught = 0
    for hour in range(8 * 24):
        now = T0 + hour * HOUR
        while len(states) < bisect_right(arrivals, hour):
            fresh = unvisited(len(states))
            source = replace(fresh.source, seed_key="news/feed", found_at=now, found_in=1_000)
            states.append(replace(fresh, source=source, budget=budget))
        spent = sum(visit_hour > hour - 24 for visit_hour in log)
        for visit in plan_visits(states, now=now, spent={"news": spent}).visits:
            log.append(hour)
            n, state = visit.source_id, states[visit.source_id]
            happened = bisect_right(edits[n], (now - state.source.found_at) / HOUR)
            if happened > known[n]:
                caught += state.last_visit_at is not None
                state = replace(state, last_change_at=now, changes=state.changes + 1)
            known[n] = happened
            states[n] = replace(state, last_visit_at=now)
    return [sum(visit_hour // 24 == day for visit_hour in log) for day in range(8)], caught


def test_the_figures(rule):
    rows = {
        "even gaps": play(world(SEED), uniform(rule.visits)),
        "fixed list": play(world(SEED), fixed_list()),
        "doubling": play(world(SEED), backoff(1.2)),
        "the rule": rule,
        "stretched 2": play(world(SEED), the_rule(2)),
        "halved": play(world(SEED), the_rule(0.5)),
    }
    sys.stdout.writelines(f"{name:12}{result}\n" for name, result in rows.items())
