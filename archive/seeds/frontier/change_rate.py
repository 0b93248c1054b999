"""Change rate: estimate when an article is likely to have changed. Pure arithmetic on ages and waits, in hours.

::

    hazard      edits per hour of an article, by its age: 16 bins, each twice as long as the one before
    eagerness   the ratio of its edits to those of a usual article: (0.3 + edits) / (0.3 + edits expected)
    wait        until `TAU` unseen edits are expected, but at most `PATIENCE` times as long as it stayed unchanged
    stretch     the factor by which a budget lengthens all waits
    learning    from observed histories to a hazard per seed

News is edited soon or never, so the rule has to include the age of a page. The literature on crawling (Cho and
Garcia-Molina 2003; Azar et al. 2018; Kolobov et al. 2019) assumes a constant rate of change for each page. Here the
hazard is piecewise constant by age. Eagerness is the posterior mean of a gamma-distributed factor (shape and rate 0.3)
on that hazard, given the observed edits.
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
"""Starts of the 16 age bins, in hours: a quarter of an hour, doubled, up to half a year. The last has no end."""

TAU: Final = 0.2
"""The number of unseen edits to expect before a page is visited again.

With ``PATIENCE`` 2 it costs 11 to 12 visits per article in 30 days. docs/quality.md has the edits they see.
"""

PATIENCE: Final = 2.0
"""The longest wait, as a multiple of the time the page stayed unchanged.

Without this bound the same visits see as many edits, but the newest text is archived 95 % of the time, not 98 %.
"""

SHORTEST: Final = 0.25
"""The shortest wait in hours: the gap between two runs of the default schedule."""

LONGEST: Final = 30 * 24.0
"""The longest wait in hours, unless a budget stretches it."""

LISTED_WAITS: Final = ((24.0, 1.0), (30 * 24.0, 24.0))
"""The longest waits of an article that a person listed, in hours: hourly in its first day, daily in its first month.

A person who lists a page expects news of it soon, however old the page is. That costs 53 visits in the month.
"""

YEAR: Final = 365 * 24.0
"""Hours without a change after which an article is no longer visited by itself."""

MIN_ARTICLES: Final = 200
"""Observed articles needed before a seed's own hazard is used. Each of the 16 bins needs a few edits."""

_LONGEST_REASONS: Final = {
    1.0: "a page that you listed is checked at least hourly on its first day",
    24.0: "a page that you listed is checked at least daily in its first month",
}
_QUIET: Final = SHORTEST / PATIENCE  # the least time a page counts as unchanged; zero could not be stretched
# The variance between articles: with 0.3 a 35 % share is edited, as observed, where a Poisson process gives 50 %.
_SPREAD: Final = 0.3
_JITTER: Final = 0.1  # articles discovered together must not stay due together for ever
_QUIET_PART: Final = 8  # a list is due after an eighth of its quiet time, so it is 6 % of that late on average
_SHORTEST_LIST: Final = 0.25
_LONGEST_LIST: Final = 24.0
_MAX_STRETCH: Final = 1_000.0
_DAY: Final = 24.0
_HOUR: Final = timedelta(hours=1)
_TRUSTED: Final = timedelta(days=1)  # dates without an hour or a time zone are wrong by up to that much


# --- hazards ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hazard:
    """The edits expected of an article by its age.

    ``rates`` are the edits per hour in each bin, ``sums`` the edits expected before the start of each bin.
    """

    rates: tuple[float, ...]
    sums: tuple[float, ...]

    def edits_by(self, age: float) -> float:
        """Return the number of edits expected up to ``age`` in hours."""
        index = bisect_right(EDGES, age) - 1
        return self.sums[index] + self.rates[index] * (age - EDGES[index])

    def age_of(self, edits: float) -> float:
        """Return the age in hours at which so many edits are expected: the inverse of ``edits_by``."""
        index = max(bisect_left(self.sums, edits) - 1, 0)
        return EDGES[index] + (edits - self.sums[index]) / self.rates[index]


def hazard_of(rates: Sequence[float]) -> Hazard:
    """Return the hazard with these 16 positive rates (edits per hour)."""
    widths = (end - start for start, end in pairwise(EDGES))
    edits = (rate * width for rate, width in zip(rates, widths, strict=False))
    return Hazard(tuple(rates), tuple(accumulate(edits, initial=0.0)))


def _prior_rates() -> tuple[float, ...]:
    """Return the rates that hold for news in general.

    0.7 edits per article: 80 % of them exponential around 5 h, 15 % around 60 h, 5 % log-uniform between 4 and 66 days.
    So 82 % of the edits of a week are in the first day, as in 1.3 billion change records of GDELT, and 35 % of articles
    are edited at all, as in a study of 291,666 Flemish ones.
    """

    def edits_by(age: float) -> float:
        late = min(max(math.log(max(age, 1.0) / 96) / math.log(66 / 4), 0.0), 1.0)
        return 0.7 * (0.8 * -math.expm1(-age / 5) + 0.15 * -math.expm1(-age / 60) + 0.05 * late)

    ends = (*EDGES[1:], 2 * EDGES[-1])
    # Never quite zero: something is always edited late, and a rate of zero would mean a wait without end.
    return tuple(
        max((edits_by(end) - edits_by(start)) / (end - start), 1e-6) for start, end in zip(EDGES, ends, strict=True)
    )


PRIOR: Final = hazard_of(_prior_rates())
"""The hazard of an article without any observed history of its seed."""


# --- one article -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleState:
    """The state of an article at its last visit, in hours of its age.

    ``found_age`` is its age at discovery, ``age`` its age at the last visit, ``quiet`` the time it had stayed unchanged
    by then, ``changes`` the number of observed edits. ``jitter`` is a constant factor of this article on its waits.
    ``is_listed``: a person listed it in the seed index, no list brought it.
    """

    hazard: Hazard = PRIOR
    found_age: float = 0.0
    age: float = 0.0
    quiet: float = 0.0
    changes: int = 0
    jitter: float = 1.0
    is_listed: bool = False

    @property
    def longest_wait(self) -> float:
        """The longest wait in hours without a budget."""
        watched = self.age - self.found_age
        listed_waits = (wait for until, wait in LISTED_WAITS if watched < until)
        return next(listed_waits, LONGEST) if self.is_listed else LONGEST

    @property
    def eagerness(self) -> float:
        """The estimated ratio of its edits to those of a usual article of its seed, from its own history."""
        expected = self.hazard.edits_by(self.age) - self.hazard.edits_by(self.found_age)
        return (_SPREAD + self.changes) / (_SPREAD + expected)


@dataclass(frozen=True, slots=True)
class Wait:
    """The hours from the last visit to the next, and the rule that ends the wait."""

    hours: float
    because: str


def wait(article: ArticleState, stretch: float = 1.0) -> Wait:
    """Return the wait until the next visit of an article. It grows with ``stretch``, which is 1 without a budget."""
    tau = TAU * stretch
    by_edits = article.hazard.age_of(article.hazard.edits_by(article.age) + tau / article.eagerness) - article.age
    by_quiet = PATIENCE * stretch * max(article.quiet, _QUIET)
    longest = min(article.longest_wait * stretch, YEAR)
    unjittered = min(by_edits, by_quiet, longest)
    hours = article.jitter * unjittered
    if article.longest_wait < LONGEST:
        hours = min(hours, longest)  # at least hourly means no jitter beyond the hour
    if min(unjittered, hours) <= SHORTEST:
        return Wait(SHORTEST, "new and busy pages are checked most often")  # without jitter: it would miss the next run
    if longest <= min(by_edits, by_quiet):
        return Wait(hours, _LONGEST_REASONS.get(article.longest_wait, "no page waits longer than this"))
    if by_quiet <= by_edits:
        return Wait(hours, "quiet pages are checked less often")
    return Wait(hours, f"{tau:.2g} unseen edits are expected by then")


def urgency(article: ArticleState, waited: float) -> float:
    """Return the stretch at which an article is due now, ``waited`` hours after its last visit. 2 is twice overdue."""
    hours = waited / article.jitter
    expected = article.hazard.edits_by(article.age + hours) - article.hazard.edits_by(article.age)
    by_edits = article.eagerness * expected / TAU
    by_quiet = hours / (PATIENCE * max(article.quiet, _QUIET))
    return math.inf if hours >= YEAR else max(by_edits, by_quiet, hours / article.longest_wait)


def age_origin(found_at: datetime, published_at: datetime | None) -> datetime:
    """Return the time an article's age counts from: its date if a day or more before discovery, else the discovery.

    A later date is not used. Many pages give a day without an hour, or an hour without a zone. An article that looks
    half a day older than it is would not be visited in the very hours in which it is edited.
    """
    is_trusted = published_at is not None and published_at <= found_at - _TRUSTED
    return published_at if is_trusted and published_at is not None else found_at


def jitter(share: float) -> float:
    """Return a factor from 0.9 to 1.1 for a ``share`` between 0 and 1 that is constant for one article."""
    return 1 - _JITTER + 2 * _JITTER * share


def list_wait(quiet: float) -> float:
    """Return the hours until a list (feed, sitemap, section) without new entries for ``quiet`` hours is read again.

    An eighth of ``quiet``, from a quarter of an hour to a day. The feed of a newspaper is read in each run by day and
    hourly by morning, that of a weekly magazine once a day.
    """
    return min(max(quiet / _QUIET_PART, _SHORTEST_LIST), _LONGEST_LIST)


# --- a budget --------------------------------------------------------------------------------------------------------


def fit_to_budget(
    budget: int, fixed: int, articles: Iterable[tuple[ArticleState, float]], *, fresh: int = 0
) -> tuple[float, int]:
    """Return the smallest stretch, from 1 on, that keeps the visits of a day within ``budget``, and their number.

    ``fixed`` visits are made in any case. ``articles`` are pairs of a state and the hours since its last visit.
    ``fresh`` is the number of new articles expected in the day. Visits only decrease with the stretch, so it is found
    by bisection, to a hundredth. If no stretch keeps the budget, the largest one is returned.
    """
    by_urgency = sorted(
        ((urgency(article, waited + _DAY), article, waited) for article, waited in articles), key=lambda row: -row[0]
    )

    def visits(stretch: float, enough: float = math.inf) -> int:
        # New articles are found at all hours of the day, so on average half of it is left to them.
        count = fixed + fresh * (1 + visits_ahead(ArticleState(), 0.0, stretch, _DAY / 2))
        for article_urgency, article, waited in by_urgency:
            if article_urgency < stretch or count > enough:
                break  # no further article is due within the day, or the count is already too high
            count += visits_ahead(article, waited, stretch)
        return count

    low, high = 1.0, _MAX_STRETCH
    if (unstretched := visits(low, budget)) <= budget:
        return low, unstretched
    while high > 1.01 * low:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if visits(middle, budget) <= budget else (middle, high)
    return high, visits(high)


def visits_ahead(article: ArticleState, waited: float, stretch: float = 1.0, hours: float = 24.0) -> int:
    """Return the number of visits due within ``hours`` if an article visited ``waited`` hours ago stays unchanged."""
    visits, now = 0, -waited
    while True:
        gap = max(wait(article, stretch).hours, -now)  # an overdue visit is due now
        now += gap
        if now > hours:
            return visits
        visits += 1
        article = replace(article, age=article.age + gap, quiet=article.quiet + gap)


# --- learning --------------------------------------------------------------------------------------------------------


def estimate_change_rate(seed_key: str, articles: Sequence[ObservedHistory], now: datetime) -> ChangeRate:
    """Estimate the hazard of a seed from the histories of its articles. Without any data it is the prior's.

    The time from the first to the last sight of an article is exposure. An edit is only known to lie between the last
    sight of the old text and the first sight of the new one, so it is shared out over the bins in between, by exposure.
    (Sharing it by the hazard itself, iterated to convergence, planned no better.) Half an edit is added to each bin,
    with the exposure in which the prior would expect it.
    """
    edits, exposure = [0.0] * len(EDGES), [0.0] * len(EDGES)
    for article in articles:
        ages = _ages(article)
        for index, hours in _overlaps(ages[0][0], ages[-1][1]):
            exposure[index] += hours
        for (_, before), (after, _) in pairwise(ages):
            for index, hours in _overlaps(before, after):
                edits[index] += hours / (after - before)
    bins = zip(edits, exposure, PRIOR.rates, strict=True)
    rates = tuple((count + 0.5) / (hours + 0.5 / prior_rate) for count, hours, prior_rate in bins)
    return ChangeRate(seed_key=seed_key, articles=len(articles), hazard=rates, learned_at=now)


def trusted_hazards(change_rates: Iterable[ChangeRate]) -> dict[str, Hazard]:
    """Return the learned hazards with enough articles behind them, by seed key."""
    return {rate.seed_key: hazard_of(rate.hazard) for rate in change_rates if rate.articles >= MIN_ARTICLES}


def _ages(article: ObservedHistory) -> list[tuple[float, float]]:
    """Return the ages in hours at the first and the last sight of each text of an article."""
    start = age_origin(article.found_at, article.published_at)
    return [(max((first - start) / _HOUR, 0.0), max((last - start) / _HOUR, 0.0)) for first, last in article.seen]


def _overlaps(start: float, end: float) -> Iterator[tuple[int, float]]:
    """Yield the bins between two ages, each with its hours in between."""
    for index in range(bisect_right(EDGES, start) - 1, len(EDGES)):
        if EDGES[index] >= end:
            return
        upper = EDGES[index + 1] if index + 1 < len(EDGES) else math.inf
        yield index, min(end, upper) - max(start, EDGES[index])
