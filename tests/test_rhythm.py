from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.crawl.frontier.change_rate import (
    EDGES,
    ENOUGH,
    LONGEST,
    PRIOR,
    SHORTEST,
    TAU,
    YEAR,
    ArticleState,
    believed,
    born,
    hazard_of,
    jitter,
    learn,
    list_wait,
    urgency,
    visits_ahead,
    wait,
    within_budget,
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
    lambda hazard, found, more, share, changes, spread: ArticleState(
        hazard=hazard, found=found, age=found + more, quiet=share * more, changes=changes, jitter=jitter(spread)
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


def test_of_a_news_article_seven_tenths_of_an_edit_are_to_be_expected_most_of_them_on_the_first_day():
    month = PRIOR.edits_by(66 * 24)
    assert month == pytest.approx(0.7, abs=0.01)
    assert 0.8 < PRIOR.edits_by(24) / PRIOR.edits_by(7 * 24) < 0.9


@given(HAZARDS, AGES)
def test_the_age_of_so_many_edits_undoes_the_edits_by_an_age(hazard, age):
    assert hazard.age_of(hazard.edits_by(age)) == pytest.approx(age, rel=1e-6, abs=1e-6)


def test_an_article_edited_more_often_than_expected_is_livelier_and_one_that_stands_still_duller():
    assert ArticleState().eagerness == 1
    assert ArticleState(age=24, changes=4).eagerness > 4
    assert ArticleState(age=24, changes=0).eagerness < 0.4
    assert ArticleState(found=900, age=910).eagerness == pytest.approx(1, abs=0.01), (
        "it was not watched while it was young"
    )


# --- waits -----------------------------------------------------------------------------------------------------------


def test_a_new_article_is_looked_at_after_a_quarter_of_an_hour_and_then_ever_more_rarely():
    one, waits = ArticleState(), []
    for _ in range(8):
        hours = wait(one).hours
        waits.append(hours)
        one = replace(one, age=one.age + hours, quiet=one.quiet + hours)
    assert waits == [0.25, 0.5, 1.5, 4.5, 13.5, 40.5, 121.5, 364.5]


def test_the_reason_for_a_wait_is_told():
    assert wait(ArticleState()).because == "the shortest wait"
    assert wait(ArticleState(age=2, quiet=1)).because == "2 times as long as it stood unchanged"
    assert wait(ArticleState(age=2, quiet=2, changes=5)).because == "when 0.2 unseen edits are to be expected"
    assert wait(ArticleState(found=9_000, age=9_000, quiet=9_000)).because == "the longest wait"


@given(ARTICLES)
def test_a_wait_keeps_its_bounds(one):
    hours = wait(one).hours
    assert SHORTEST <= hours <= 1.1 * LONGEST
    assert hours <= max(SHORTEST, 2.2 * one.quiet)
    due = one.eagerness * (one.hazard.edits_by(one.age + hours / one.jitter) - one.hazard.edits_by(one.age))
    assert hours == SHORTEST or due <= TAU * 1.001


@given(ARTICLES, st.floats(1, 100), st.floats(1, 100))
def test_a_longer_stretch_never_shortens_a_wait(one, small, large):
    small, large = sorted((small, large))
    assert wait(one, small).hours <= wait(one, large).hours
    assert wait(one, large).hours <= 1.1 * YEAR


@given(ARTICLES, st.floats(1, 100), st.floats(0.3, 2_000))
def test_an_article_is_due_when_its_urgency_reaches_the_stretch(one, stretch, waited):
    distance = urgency(one, waited) / stretch
    if wait(one, stretch).hours == SHORTEST:
        return
    if distance > 1.001:
        assert wait(one, stretch).hours <= waited * 1.001
    elif distance < 0.999:
        assert wait(one, stretch).hours >= waited * 0.999


def test_waits_differ_by_up_to_a_tenth():
    assert (jitter(0), jitter(0.5), jitter(1)) == (0.9, 1, 1.1)


@pytest.mark.parametrize(
    ("published", "counts_from"),
    [
        (None, T0),
        (T0 - 3 * DAY, T0 - 3 * DAY),
        (T0 - 5 * HOUR, T0),
        (T0 + 5 * HOUR, T0),
    ],
)
def test_a_date_is_believed_when_it_is_at_least_a_day_old(published, counts_from):
    assert born(T0, published) == counts_from


@pytest.mark.parametrize(("quiet", "hours"), [(0, 0.25), (2, 0.25), (8, 1), (48, 6), (192, 24), (9_000, 24)])
def test_a_list_is_read_after_an_eighth_of_the_time_it_brought_nothing(quiet, hours):
    assert list_wait(quiet) == hours


# --- budgets ---------------------------------------------------------------------------------------------------------

YOUNG = [(ArticleState(age=n / 10, quiet=n / 10, jitter=jitter(n / 100)), 0.0) for n in range(100)]


def test_without_need_a_budget_changes_nothing():
    stretch, expected = within_budget(1_000, 3, YOUNG)
    assert stretch == 1
    assert expected == 3 + sum(visits_ahead(one, waited) for one, waited in YOUNG)


@given(st.integers(10, 400))
@settings(max_examples=25)
def test_a_budget_stretches_no_further_than_it_must(budget):
    stretch, expected = within_budget(budget, 5, YOUNG)
    assert expected <= budget
    if stretch > 1:
        assert 5 + sum(visits_ahead(one, waited, stretch / 1.02) for one, waited in YOUNG) > budget


def test_a_budget_that_nothing_can_keep_is_told_by_what_is_expected():
    assert within_budget(10, 50, YOUNG)[1] == 50


def test_articles_still_to_be_found_are_counted():
    assert within_budget(1_000, 0, [], fresh=10)[1] > 20
    assert within_budget(20, 0, [], fresh=10)[0] > 1


@given(ARTICLES, st.floats(0, 100), st.floats(1, 50), st.floats(1, 50))
@settings(max_examples=40)
def test_visits_ahead_grow_fewer_with_the_stretch(one, waited, small, large):
    small, large = sorted((small, large))
    assert visits_ahead(one, waited, large) <= visits_ahead(one, waited, small)


# --- learning --------------------------------------------------------------------------------------------------------


def spans(*hours: tuple[float, float]) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((T0 + a * HOUR, T0 + b * HOUR) for a, b in hours)


def test_nothing_followed_is_the_prior():
    assert learn("g/s", [], T0).hazard == pytest.approx(PRIOR.rates)


def test_an_edit_is_shared_out_over_the_ages_between_which_it_must_have_been():
    # Seen at 0 and 1 h, then changed at 4 h: a third of the edit between 1 and 2 h, two thirds between 2 and 4 h.
    articles = [ObservedHistory(found_at=T0, seen=spans((0, 1), (4, 4)))] * 10_000
    rates = learn("g/s", articles, T0).hazard
    assert rates[:3] == pytest.approx([0, 0, 0], abs=1e-3)
    assert rates[3:5] == pytest.approx([1 / 3, 1 / 3], rel=1e-3)
    assert rates[5:] == pytest.approx(PRIOR.rates[5:])


def test_watching_without_an_edit_lowers_the_hazard():
    quiet = [ObservedHistory(found_at=T0, seen=spans((0, 24)))] * 300
    learned = hazard_of(learn("g/s", quiet, T0).hazard)
    assert learned.edits_by(24) < 0.05 * PRIOR.edits_by(24)


def test_the_age_of_what_was_found_late_counts_from_its_date():
    late = ObservedHistory(found_at=T0, published_at=T0 - 4 * DAY, seen=spans((0, 1), (2, 2)))
    rates = learn("g/s", [late] * 10_000, T0).hazard
    assert rates[EDGES.index(64.0)] == pytest.approx(0.5, rel=0.1)


def test_a_hazard_is_believed_once_it_rests_on_enough_articles():
    few, enough = (
        ChangeRate(seed_key=f"g/{n}", articles=n, hazard=PRIOR.rates, learned_at=T0) for n in (ENOUGH - 1, ENOUGH)
    )
    assert set(believed([few, enough])) == {f"g/{ENOUGH}"}


# --- what the archive keeps ------------------------------------------------------------------------------------------

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
    (found,) = [each for each in source_queries.states(store.ask) if each.source.url == url]
    return found


def listed(store: Store, *found: tuple[str, datetime | None], at: datetime = T0 + 9 * DAY) -> None:
    entries = [(DiscoveredUrl(url=url, updated_at=said), url_key(url)) for url, said in found]
    store.add_found(entries, state(store, a_seed("feed").url).source.id, at)


def test_histories_are_told_with_the_first_and_last_sight_of_each_text(store: Store):
    seen = [(OLD, T0), (OLD, T0 + HOUR), (NEW, T0 + 3 * HOUR), (NEW, T0 + DAY)]
    make_history(store, 1, seen)
    (only,) = change_rate_queries.histories(store.ask)["daily/harbour"]
    assert only.seen == ((T0, T0 + HOUR), (T0 + 3 * HOUR, T0 + DAY))
    assert only.found_at == T0


def test_an_article_seen_once_tells_nothing(store: Store):
    make_history(store, 1, [(OLD, T0)])
    assert change_rate_queries.histories(store.ask) == {}


def test_what_was_learned_is_kept_in_place_of_what_was_known_before(store: Store):
    for articles in (10, 20):
        learned = ChangeRate(
            seed_key="daily/harbour", articles=articles, hazard=PRIOR.rates, learned_at=T0 + articles * DAY
        )
        store.keep_rhythms([learned])
    assert change_rate_queries.learned(store.ask) == [learned]


def test_edits_are_counted_from_the_day_an_article_was_found(store: Store):
    make_history(store, 1, [(OLD, T0 - 2 * DAY), (NEW, T0 - DAY), (f"{OLD} x", T0 + HOUR), (f"{NEW} y", T0 + DAY)])
    assert state(store).changes == 2


def test_a_list_changed_when_it_last_brought_something_new(store: Store):
    feed = a_seed("feed").url
    assert state(store, feed).last_change_at is None
    listed(store, ("https://daily.example/a", None), at=T0 + HOUR)
    listed(store, ("https://daily.example/a", None), at=T0 + DAY)
    assert state(store, feed).last_change_at == T0 + HOUR
    assert state(store, feed).budget == 90


def test_the_newest_time_a_list_names_is_the_hint(store: Store):
    for said in (T0 + DAY, T0 + 2 * DAY, T0 + DAY, None):
        listed(store, (URL, said))
    assert state(store).source.hinted_at == T0 + 2 * DAY


def test_a_time_to_come_is_no_hint(store: Store):
    listed(store, (URL, T0 + 900 * DAY))
    assert state(store).source.hinted_at is None


def test_one_time_for_all_of_many_pages_is_no_hint(store: Store):
    others = [(f"https://daily.example/{n}", T0 + DAY) for n in range(9)]
    listed(store, (URL, T0 + DAY), *others)
    assert state(store).source.hinted_at is None
    listed(store, (URL, T0 + DAY + HOUR), *others)
    assert state(store).source.hinted_at == T0 + DAY + HOUR


def test_a_hint_about_a_page_that_moved_goes_to_its_history(store: Store):
    moved = "https://daily.example/moved"
    joined = store.add_source(moved, url_key(moved), T0)
    with store._write() as connection:
        connection.exec_driver_sql("UPDATE source SET same_as = 1 WHERE id = ?", (joined,))
    listed(store, (moved, T0 + DAY))
    assert state(store).source.hinted_at == T0 + DAY


def test_the_visits_of_the_last_day_are_counted_where_there_is_a_budget(store: Store):
    feed = state(store, a_seed("feed").url).source.id
    for hours in (0, 20, 30):
        at = T0 + hours * HOUR
        store.record([(a_capture(feed, at=at, reason=Reason.TIMEOUT), None), (a_capture(1, at=at), b"page")])
    assert change_rate_queries.spent(store.ask, T0 + 30 * HOUR) == {"daily": 2}


def test_ages_are_counted_in_utc():
    assert born(datetime(2026, 1, 5, 8, tzinfo=UTC), None).utcoffset() == timedelta()
    assert math.isinf(urgency(ArticleState(), 2 * YEAR))
