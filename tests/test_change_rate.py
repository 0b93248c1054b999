from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.seeds.frontier.change_rate import (
    EDGES,
    LONGEST,
    MIN_ARTICLES,
    PRIOR,
    SHORTEST,
    TAU,
    YEAR,
    ArticleState,
    age_origin,
    estimate_change_rate,
    fit_to_budget,
    hazard_of,
    jitter,
    list_wait,
    trusted_hazards,
    urgency,
    visits_ahead,
    wait,
)
from archive.urls import url_key
from builders import DAY, HOUR, T0, URL, a_capture, a_seed, make_history, new_archive
from db.queries import change_rate as change_rate_queries
from db.queries import sources as source_queries
from db.records import ChangeRate, DiscoveredUrl, ObservedHistory, Reason, SeedKind, SourceState
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AGES = st.floats(0, 2 * YEAR)
HAZARDS = st.lists(st.floats(1e-6, 2), min_size=16, max_size=16).map(hazard_of)
ARTICLES = st.builds(
    lambda hazard, found_age, span, share, changes, spread: ArticleState(
        hazard=hazard,
        found_age=found_age,
        age=found_age + span,
        quiet=share * span,
        changes=changes,
        jitter=jitter(spread),
    ),
    HAZARDS,
    AGES,
    AGES,
    st.floats(0, 1),
    st.integers(0, 50),
    st.floats(0, 1),
)


# --- hazards ---------------------------------------------------------------------------------------------------------


def test_there_are_sixteen_bins_each_twice_as_long_as_the_one_before():
    assert len(EDGES) == len(PRIOR.rates) == 16
    assert EDGES[:4] == (0.0, 0.25, 0.5, 1.0)


def test_a_news_article_has_0_7_expected_edits_most_of_them_on_the_first_day():
    month = PRIOR.edits_by(66 * 24)
    assert month == pytest.approx(0.7, abs=0.01)
    assert 0.8 < PRIOR.edits_by(24) / PRIOR.edits_by(7 * 24) < 0.9


@given(HAZARDS, AGES)
def test_age_of_is_the_inverse_of_edits_by(hazard, age):
    assert hazard.age_of(hazard.edits_by(age)) == pytest.approx(age, rel=1e-6, abs=1e-6)


def test_eagerness_grows_with_edits_and_falls_without():
    assert ArticleState().eagerness == 1
    assert ArticleState(age=24, changes=4).eagerness > 4
    assert ArticleState(age=24, changes=0).eagerness < 0.4
    assert ArticleState(found_age=900, age=910).eagerness == pytest.approx(1, abs=0.01), (
        "it was not observed while it was young"
    )


# --- waits -----------------------------------------------------------------------------------------------------------


def test_a_new_article_is_visited_after_a_quarter_of_an_hour_and_then_ever_more_rarely():
    article, waits = ArticleState(), []
    for _ in range(8):
        hours = wait(article).hours
        waits.append(hours)
        article = replace(article, age=article.age + hours, quiet=article.quiet + hours)
    assert waits == [0.25, 0.5, 1.5, 4.5, 13.5, 40.5, 121.5, 364.5]


def test_the_reason_for_a_wait_is_told():
    assert wait(ArticleState()).because == "new and busy pages are checked most often"
    assert wait(ArticleState(age=2, quiet=1)).because == "quiet pages are checked less often"
    assert wait(ArticleState(age=2, quiet=2, changes=5)).because == "0.2 unseen edits are expected by then"
    assert wait(ArticleState(found_age=9_000, age=9_000, quiet=9_000)).because == "no page waits longer than this"


@given(ARTICLES)
def test_a_wait_keeps_its_bounds(article):
    hours = wait(article).hours
    assert SHORTEST <= hours <= 1.1 * LONGEST
    assert hours <= max(SHORTEST, 2.2 * article.quiet)
    due = article.eagerness * (
        article.hazard.edits_by(article.age + hours / article.jitter) - article.hazard.edits_by(article.age)
    )
    assert hours == SHORTEST or due <= TAU * 1.001


@given(ARTICLES, st.floats(1, 100), st.floats(1, 100))
def test_a_longer_stretch_never_shortens_a_wait(article, small, large):
    small, large = sorted((small, large))
    assert wait(article, small).hours <= wait(article, large).hours
    assert wait(article, large).hours <= 1.1 * YEAR


@given(ARTICLES, st.floats(1, 100), st.floats(0.3, 2_000))
def test_an_article_is_due_when_its_urgency_reaches_the_stretch(article, stretch, waited):
    distance = urgency(article, waited) / stretch
    if wait(article, stretch).hours == SHORTEST:
        return
    if distance > 1.001:
        assert wait(article, stretch).hours <= waited * 1.001
    elif distance < 0.999:
        assert wait(article, stretch).hours >= waited * 0.999


def test_waits_differ_by_up_to_a_tenth():
    assert (jitter(0), jitter(0.5), jitter(1)) == (0.9, 1, 1.1)


@pytest.mark.parametrize(
    ("published", "origin"),
    [
        (None, T0),
        (T0 - 3 * DAY, T0 - 3 * DAY),
        (T0 - 5 * HOUR, T0),
        (T0 + 5 * HOUR, T0),
    ],
)
def test_a_date_is_used_if_it_is_at_least_a_day_old(published, origin):
    assert age_origin(T0, published) == origin


@pytest.mark.parametrize(("quiet", "hours"), [(0, 0.25), (2, 0.25), (8, 1), (48, 6), (192, 24), (9_000, 24)])
def test_a_list_is_due_after_an_eighth_of_its_quiet_time(quiet, hours):
    assert list_wait(quiet) == hours


# --- budgets ---------------------------------------------------------------------------------------------------------

YOUNG = [(ArticleState(age=n / 10, quiet=n / 10, jitter=jitter(n / 100)), 0.0) for n in range(100)]


def test_without_need_a_budget_changes_nothing():
    stretch, expected = fit_to_budget(1_000, 3, YOUNG)
    assert stretch == 1
    assert expected == 3 + sum(visits_ahead(article, waited) for article, waited in YOUNG)


@given(st.integers(10, 400))
@settings(max_examples=25)
def test_a_budget_stretches_no_further_than_it_must(budget):
    stretch, expected = fit_to_budget(budget, 5, YOUNG)
    assert expected <= budget
    if stretch > 1:
        assert 5 + sum(visits_ahead(article, waited, stretch / 1.02) for article, waited in YOUNG) > budget


def test_an_impossible_budget_returns_the_expected_visits():
    assert fit_to_budget(10, 50, YOUNG)[1] == 50


def test_articles_still_to_be_found_are_counted():
    assert fit_to_budget(1_000, 0, [], fresh=10)[1] > 20
    assert fit_to_budget(20, 0, [], fresh=10)[0] > 1


@given(ARTICLES, st.floats(0, 100), st.floats(1, 50), st.floats(1, 50))
@settings(max_examples=40)
def test_visits_ahead_grow_fewer_with_the_stretch(article, waited, small, large):
    small, large = sorted((small, large))
    assert visits_ahead(article, waited, large) <= visits_ahead(article, waited, small)


# --- learning --------------------------------------------------------------------------------------------------------


def spans(*hours: tuple[float, float]) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((T0 + start * HOUR, T0 + end * HOUR) for start, end in hours)


def test_without_histories_the_estimate_is_the_prior():
    assert estimate_change_rate("g/s", [], T0).hazard == pytest.approx(PRIOR.rates)


def test_an_edit_is_shared_out_over_the_ages_between_two_sights():
    # Seen at 0 and 1 h, then changed at 4 h: a third of the edit between 1 and 2 h, two thirds between 2 and 4 h.
    articles = [ObservedHistory(found_at=T0, seen=spans((0, 1), (4, 4)))] * 10_000
    rates = estimate_change_rate("g/s", articles, T0).hazard
    assert rates[:3] == pytest.approx([0, 0, 0], abs=1e-3)
    assert rates[3:5] == pytest.approx([1 / 3, 1 / 3], rel=1e-3)
    assert rates[5:] == pytest.approx(PRIOR.rates[5:])


def test_watching_without_an_edit_lowers_the_hazard():
    quiet = [ObservedHistory(found_at=T0, seen=spans((0, 24)))] * 300
    learned = hazard_of(estimate_change_rate("g/s", quiet, T0).hazard)
    assert learned.edits_by(24) < 0.05 * PRIOR.edits_by(24)


def test_the_age_of_a_late_discovery_counts_from_its_date():
    late = ObservedHistory(found_at=T0, published_at=T0 - 4 * DAY, seen=spans((0, 1), (2, 2)))
    rates = estimate_change_rate("g/s", [late] * 10_000, T0).hazard
    assert rates[EDGES.index(64.0)] == pytest.approx(0.5, rel=0.1)


def test_a_hazard_is_used_once_it_has_enough_articles():
    few, enough = (
        ChangeRate(seed_key=f"g/{n}", articles=n, hazard=PRIOR.rates, learned_at=T0)
        for n in (MIN_ARTICLES - 1, MIN_ARTICLES)
    )
    assert set(trusted_hazards([few, enough])) == {f"g/{MIN_ARTICLES}"}


# --- histories in the store ------------------------------------------------------------------------------------------

OLD, NEW = "The harbour of Velmora opens on Monday.", "The harbour of Velmora stays closed for a month."


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(new_archive(tmp_path / "archive.db")) as opened:
        opened.sync_seeds(
            [a_seed(), a_seed("feed", kind=SeedKind.FEED, budget=90)],
            {a_seed(name).url: url_key(a_seed(name).url) for name in ("harbour", "feed")},
            T0,
        )
        yield opened


def state(store: Store, url: str = URL) -> SourceState:
    (match,) = [watched for watched in source_queries.states(store.ask) if watched.source.url == url]
    return match


def add_entries(store: Store, *entries: tuple[str, datetime | None], now: datetime = T0 + 9 * DAY) -> None:
    pairs = [(DiscoveredUrl(url=url, updated_at=updated_at), url_key(url)) for url, updated_at in entries]
    store.add_discovered(pairs, state(store, a_seed("feed").url).source.id, now)


def test_histories_have_the_first_and_last_sight_of_each_text(store: Store):
    sights = [(OLD, T0), (OLD, T0 + HOUR), (NEW, T0 + 3 * HOUR), (NEW, T0 + DAY)]
    make_history(store, 1, sights)
    (history,) = change_rate_queries.observed_histories(store.ask)["daily/harbour"]
    assert history.seen == ((T0, T0 + HOUR), (T0 + 3 * HOUR, T0 + DAY))
    assert history.found_at == T0


def test_an_article_seen_once_has_no_history(store: Store):
    make_history(store, 1, [(OLD, T0)])
    assert change_rate_queries.observed_histories(store.ask) == {}


def test_a_new_change_rate_replaces_the_previous_one(store: Store):
    for articles in (10, 20):
        learned = ChangeRate(
            seed_key="daily/harbour", articles=articles, hazard=PRIOR.rates, learned_at=T0 + articles * DAY
        )
        store.record_change_rates([learned])
    assert change_rate_queries.change_rates(store.ask) == [learned]


def test_edits_are_counted_from_the_day_an_article_was_found(store: Store):
    make_history(store, 1, [(OLD, T0 - 2 * DAY), (NEW, T0 - DAY), (f"{OLD} x", T0 + HOUR), (f"{NEW} y", T0 + DAY)])
    assert state(store).changes == 2


def test_the_last_change_of_a_list_is_its_last_new_entry(store: Store):
    feed = a_seed("feed").url
    assert state(store, feed).last_change_at is None
    add_entries(store, ("https://daily.example/a", None), now=T0 + HOUR)
    add_entries(store, ("https://daily.example/a", None), now=T0 + DAY)
    assert state(store, feed).last_change_at == T0 + HOUR
    assert state(store, feed).budget == 90


def test_the_newest_time_a_list_names_is_the_hint(store: Store):
    for updated_at in (T0 + DAY, T0 + 2 * DAY, T0 + DAY, None):
        add_entries(store, (URL, updated_at))
    assert state(store).source.hinted_at == T0 + 2 * DAY


def test_a_time_in_the_future_is_no_hint(store: Store):
    add_entries(store, (URL, T0 + 900 * DAY))
    assert state(store).source.hinted_at is None


def test_one_time_for_all_of_many_pages_is_no_hint(store: Store):
    others = [(f"https://daily.example/{n}", T0 + DAY) for n in range(9)]
    add_entries(store, (URL, T0 + DAY), *others)
    assert state(store).source.hinted_at is None
    add_entries(store, (URL, T0 + DAY + HOUR), *others)
    assert state(store).source.hinted_at == T0 + DAY + HOUR


def test_a_hint_about_a_page_that_moved_goes_to_its_history(store: Store):
    moved = "https://daily.example/moved"
    joined_id = store.add_source(moved, url_key(moved), T0)
    with store.begin() as connection:
        connection.exec_driver_sql("UPDATE source SET same_as = 1 WHERE id = ?", (joined_id,))
    add_entries(store, (moved, T0 + DAY))
    assert state(store).source.hinted_at == T0 + DAY


def test_the_visits_of_the_last_day_are_counted_where_there_is_a_budget(store: Store):
    feed = state(store, a_seed("feed").url).source.id
    for hours in (0, 20, 30):
        visited_at = T0 + hours * HOUR
        store.record(
            [(a_capture(feed, at=visited_at, reason=Reason.TIMEOUT), None), (a_capture(1, at=visited_at), b"page")]
        )
    assert change_rate_queries.visits_spent(store.ask, T0 + 30 * HOUR) == {"daily": 2}


def test_the_visits_of_all_seeds_of_a_group_count_together(store: Store):
    seeds = [a_seed("one", budget=9), a_seed("two", url="https://daily.example/two", budget=9)]
    store.sync_seeds(seeds, {seed.url: url_key(seed.url) for seed in seeds}, T0)
    sources = [state(store, seed.url).source for seed in seeds]
    store.record([(a_capture(source.id, at=T0 + n * HOUR), b"page") for source in sources for n in range(3)])
    assert change_rate_queries.visits_spent(store.ask, T0 + 4 * HOUR) == {"daily": 6}


def test_ages_are_counted_in_utc():
    assert age_origin(datetime(2026, 1, 5, 8, tzinfo=UTC), None).utcoffset() == timedelta()
    assert math.isinf(urgency(ArticleState(), 2 * YEAR))
