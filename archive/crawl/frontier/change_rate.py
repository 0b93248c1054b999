"""How soon a page is worth another look. Pure arithmetic on ages and waits, in hours; nothing here knows of a database.

::

    hazard      edits an hour of an article, by its age: 16 bins, each twice as long as the one before
    eagerness   how much livelier than its seed's usual article this one is: (0.3 + edits) / (0.3 + edits expected)
    wait        until `TAU` unseen edits are to be expected, but at most `PATIENCE` times as long as it stood unchanged
    stretch     what a budget makes of it: all waits that much longer
    learning    from followed histories to a hazard of a seed's own

News is edited soon or never, so the age of a page has to be part of the rule. The theory of crawling (Cho and
Garcia-Molina 2003; Azar et al. 2018; Kolobov et al. 2019) takes each page's rate of change as constant; the piecewise
constant hazard by age is what is added here. Eagerness is the posterior mean of a gamma-distributed factor (shape and
rate 0.3) on that hazard, given the edits seen.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

from db.records import ChangeRate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from db.records import ObservedHistory

EDGES: Final = (0.0, *(0.25 * 2.0**n for n in range(15)))
"""Where the 16 bins of age begin, in hours: a quarter of an hour, doubled, up to half a year; the last has no end."""

TAU: Final = 0.2
"""Unseen edits to be expected when a page is looked at again.

With ``PATIENCE`` 2 it costs 11 to 12 visits an article in 30 days; docs/quality.md has what they see.
"""

PATIENCE: Final = 2.0
"""A page is never left alone longer than this many times as long as it stood unchanged.

Without this bound the same visits see as many edits, but the newest text is held 95 % of the time instead of 98 %.
"""

SHORTEST: Final = 0.25
"""Hours between two visits at least: the gap between two runs of the shipped schedule."""

LONGEST: Final = 30 * 24.0
"""Hours between two visits at most, unless a budget asks for longer."""

YEAR: Final = 365 * 24.0
"""Hours: after so long without a change an article is no longer looked at by itself."""

ENOUGH: Final = 200
"""Articles that must have been followed before a seed's own hazard is believed: the 16 bins need a few edits each."""

_QUIET: Final = SHORTEST / PATIENCE  # what just changed counts as unchanged for so long, or nothing could stretch it
_SPREAD: Final = (
    0.3  # articles differ this much: with 0.3 a 35 % share is edited, as observed, where Poisson gives 50 %
)
_JITTER: Final = 0.1  # articles found together should not be due together for ever
_QUIET_PART: Final = 8  # a list is read after an eighth of the time it brought nothing: 6 % of it late on average
_SHORTEST_LIST: Final = 0.25
_LONGEST_LIST: Final = 24.0
_MOST_STRETCH: Final = 1_000.0
_DAY: Final = 24.0
_HOUR: Final = timedelta(hours=1)
_TRUSTED: Final = timedelta(days=1)  # dates without an hour, or in an unnamed zone, are wrong by up to that much


# --- hazards ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hazard:
    """Edits to be expected of an article. ``rates`` are edits an hour in each bin, ``sums`` the edits before each."""

    rates: tuple[float, ...]
    sums: tuple[float, ...]

    def edits_by(self, age: float) -> float:
        """Edits to be expected up to that age."""
        n = bisect_right(EDGES, age) - 1
        return self.sums[n] + self.rates[n] * (age - EDGES[n])

    def age_of(self, edits: float) -> float:
        """The age by which so many edits are to be expected: the inverse of ``edits_by``."""
        n = max(bisect_left(self.sums, edits) - 1, 0)
        return EDGES[n] + (edits - self.sums[n]) / self.rates[n]


def hazard_of(rates: Sequence[float]) -> Hazard:
    """A hazard with these 16 positive rates (edits an hour)."""
    widths = (later - earlier for earlier, later in pairwise(EDGES))
    grown = (rate * width for rate, width in zip(rates, widths, strict=False))
    return Hazard(tuple(rates), tuple(accumulate(grown, initial=0.0)))


def _prior_rates() -> tuple[float, ...]:
    """What is known of news before anything was followed.

    0.7 edits an article: 80 % of them exponential around 5 h, 15 % around 60 h, 5 % log-uniform between 4 and 66 days.
    So 82 % of a week's edits fall into the first day, as 1.3 billion change records of GDELT have it, and 35 % of
    articles are edited at all, as in a study of 291,666 Flemish ones.
    """

    def by(age: float) -> float:
        late = min(max(math.log(max(age, 1.0) / 96) / math.log(66 / 4), 0.0), 1.0)
        return 0.7 * (0.8 * -math.expm1(-age / 5) + 0.15 * -math.expm1(-age / 60) + 0.05 * late)

    ends = (*EDGES[1:], 2 * EDGES[-1])
    # Never quite zero: something is always edited late, and a rate of nought would mean a wait without end.
    return tuple(max((by(b) - by(a)) / (b - a), 1e-6) for a, b in zip(EDGES, ends, strict=True))


PRIOR: Final = hazard_of(_prior_rates())
"""The hazard of an article of which nothing but its kind is known."""


# --- one article -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleState:
    """An article as it stood at its last visit, in hours of its age.

    ``found`` is its age when it was found, ``age`` at the last visit; ``quiet`` is how long it had stood unchanged by
    then, ``changes`` how many edits were seen. ``jitter`` is a factor on its waits, its own and always the same.
    """

    hazard: Hazard = PRIOR
    found: float = 0.0
    age: float = 0.0
    quiet: float = 0.0
    changes: int = 0
    jitter: float = 1.0

    @property
    def eagerness(self) -> float:
        """How many times as often as usual for its seed it is edited, as far as its own history tells."""
        expected = self.hazard.edits_by(self.age) - self.hazard.edits_by(self.found)
        return (_SPREAD + self.changes) / (_SPREAD + expected)


@dataclass(frozen=True, slots=True)
class Wait:
    """So many hours from the last visit to the next, and what ends them."""

    hours: float
    because: str


def wait(one: ArticleState, stretch: float = 1.0) -> Wait:
    """How long to leave an article alone. Grows with ``stretch``, which is 1 without a budget."""
    tau = TAU * stretch
    by_edits = one.hazard.age_of(one.hazard.edits_by(one.age) + tau / one.eagerness) - one.age
    by_quiet = PATIENCE * stretch * max(one.quiet, _QUIET)
    longest = min(LONGEST * stretch, YEAR)
    plain = min(by_edits, by_quiet, longest)
    hours = one.jitter * plain
    if min(plain, hours) <= SHORTEST:
        return Wait(
            SHORTEST, "new and busy pages are checked most often"
        )  # to the minute, or it would miss the run it is meant for
    if longest <= min(by_edits, by_quiet):
        return Wait(hours, "no page waits longer than this")
    if by_quiet <= by_edits:
        return Wait(hours, "quiet pages are checked less often")
    return Wait(hours, f"{tau:.2g} unseen edits are expected by then")


def urgency(one: ArticleState, waited: float) -> float:
    """The stretch at which an article would be due just now, so many hours after its last visit: 2 is twice overdue."""
    plain = waited / one.jitter
    by_edits = one.eagerness * (one.hazard.edits_by(one.age + plain) - one.hazard.edits_by(one.age)) / TAU
    by_quiet = plain / (PATIENCE * max(one.quiet, _QUIET))
    return math.inf if plain >= YEAR else max(by_edits, by_quiet, plain / LONGEST)


def born(found_at: datetime, published_at: datetime | None) -> datetime:
    """What the age of an article counts from: its date if it is a day or more older than our finding it, else that.

    A later date is not believed, since many pages give a day without an hour, or an hour without a zone, and an article
    that looks half a day older than it is would be left alone in the very hours in which it is edited.
    """
    trusted = published_at is not None and published_at <= found_at - _TRUSTED
    return published_at if trusted and published_at is not None else found_at


def jitter(share: float) -> float:
    """The factor on the waits of one article, from 0.9 to 1.1, for a ``share`` between 0 and 1 of its own."""
    return 1 - _JITTER + 2 * _JITTER * share


def list_wait(quiet: float) -> float:
    """Hours until a list (feed, sitemap, section) is read again that brought nothing new for ``quiet`` hours.

    An eighth of it, from a quarter of an hour to a day: a newspaper's feed is read in each run by day and hourly by
    morning, that of a weekly magazine once a day.
    """
    return min(max(quiet / _QUIET_PART, _SHORTEST_LIST), _LONGEST_LIST)


# --- a budget --------------------------------------------------------------------------------------------------------


def within_budget(
    budget: int, fixed: int, articles: Iterable[tuple[ArticleState, float]], *, fresh: int = 0
) -> tuple[float, int]:
    """The smallest stretch from 1 on that keeps a day's visits within ``budget``, and how many visits that leaves.

    ``fixed`` visits come in any case; of each of the ``articles`` it is told how many hours ago it was visited last;
    ``fresh`` more are to be found in the course of the day. Found by bisection, to a hundredth, for visits only grow
    fewer with the stretch. Where nothing keeps the budget, the largest stretch there is.
    """
    pressing = sorted(
        ((urgency(one, waited + _DAY), one, waited) for one, waited in articles), key=lambda each: -each[0]
    )

    def visits(stretch: float, enough: float = math.inf) -> int:
        # Articles come at all hours of the day, so half of it is what is left to them on average.
        count = fixed + fresh * (1 + visits_ahead(ArticleState(), 0.0, stretch, _DAY / 2))
        for pressed, one, waited in pressing:
            if pressed < stretch or count > enough:
                break  # nobody from here on is due within the day; or it is clear that this is too many
            count += visits_ahead(one, waited, stretch)
        return count

    low, high = 1.0, _MOST_STRETCH
    if (plain := visits(low, budget)) <= budget:
        return low, plain
    while high > 1.01 * low:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if visits(middle, budget) <= budget else (middle, high)
    return high, visits(high)


def visits_ahead(one: ArticleState, waited: float, stretch: float = 1.0, hours: float = 24.0) -> int:
    """How often an article visited ``waited`` hours ago is due within the next ``hours`` if it stays unchanged."""
    visits, now = 0, -waited
    while True:
        gap = max(wait(one, stretch).hours, -now)  # overdue means due now
        now += gap
        if now > hours:
            return visits
        visits += 1
        one = replace(one, age=one.age + gap, quiet=one.quiet + gap)


# --- learning --------------------------------------------------------------------------------------------------------


def learn(seed_key: str, articles: Sequence[ObservedHistory], now: datetime) -> ChangeRate:
    """What the histories of a seed's articles tell of their hazard; where they tell nothing it is the prior's.

    The time from the first sight of an article to the last is exposure. An edit is known only to lie between the last
    sight of the old text and the first of the new, so it is shared out over the bins in between, by exposure. (Sharing
    it by the hazard itself, over and over until that no longer moves, planned no better.) To each bin half an edit is
    added, with the exposure in which the prior would expect it.
    """
    edits, exposure = [0.0] * len(EDGES), [0.0] * len(EDGES)
    for one in articles:
        ages = _ages(one)
        for n, hours in _overlaps(ages[0][0], ages[-1][1]):
            exposure[n] += hours
        for (_, before), (after, _) in pairwise(ages):
            for n, hours in _overlaps(before, after):
                edits[n] += hours / (after - before)
    bins = zip(edits, exposure, PRIOR.rates, strict=True)
    rates = tuple((seen + 0.5) / (hours + 0.5 / usual) for seen, hours, usual in bins)
    return ChangeRate(seed_key=seed_key, articles=len(articles), hazard=rates, learned_at=now)


def believed(rhythms: Iterable[ChangeRate]) -> dict[str, Hazard]:
    """By the key of the seed, the learned hazards that rest on enough articles."""
    return {one.seed_key: hazard_of(one.hazard) for one in rhythms if one.articles >= ENOUGH}


def _ages(one: ObservedHistory) -> list[tuple[float, float]]:
    """When each text of an article was first and last seen, in hours of its age."""
    start = born(one.found_at, one.published_at)
    return [(max((first - start) / _HOUR, 0.0), max((last - start) / _HOUR, 0.0)) for first, last in one.seen]


def _overlaps(start: float, end: float) -> Iterator[tuple[int, float]]:
    """The bins between two ages, and the hours of each."""
    for n in range(bisect_right(EDGES, start) - 1, len(EDGES)):
        if EDGES[n] >= end:
            return
        upper = EDGES[n + 1] if n + 1 < len(EDGES) else math.inf
        yield n, min(end, upper) - max(start, EDGES[n])
