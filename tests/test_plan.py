from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.crawl.frontier.change_rate import ENOUGH, PRIOR
from archive.crawl.frontier.due import due_at
from archive.crawl.frontier.plan import plan_visits
from archive.urls import host_of, url_key
from db.records import ChangeRate, Reason, SeedKind, Source, SourceState, Visit, Waiting

if TYPE_CHECKING:
    import random

T0 = datetime(2026, 1, 5, 8, tzinfo=UTC)
MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


def source(url: str = "https://a.example/x", **facts: object) -> Source:
    fields: dict[str, object] = {"id": 1, "url": url, "url_key": url, "found_at": T0, **facts}
    if url.startswith("http"):
        fields["url_key"] = url_key(url)
    return Source(**fields)  # type: ignore[arg-type]


def state(of: Source | None = None, **facts: object) -> SourceState:
    return SourceState(source=of or source(), **facts)  # type: ignore[arg-type]


def checked(after: timedelta = timedelta(), **facts: object) -> SourceState:
    """A source that was last visited that long after it was found."""
    return state(last_visit_at=T0 + after, **facts)


def visit(one: SourceState, now: datetime, *, force: bool = False) -> Visit:
    (found,) = plan_visits([one], now=now, force=force).visits
    return found


def wait(one: SourceState, now: datetime, *, force: bool = False) -> Waiting:
    (found,) = plan_visits([one], now=now, force=force).waiting
    return found


def test_a_new_source_is_visited_at_once():
    assert visit(state(), T0).because == "first visit"


def test_a_visit_carries_what_the_fetch_needs():
    feed = source(id=7, kind=SeedKind.FEED)
    found = visit(state(feed, etag='"e"', last_modified="then", language="es", allow_private=True), T0)
    assert found == Visit(
        source_id=7,
        url="https://a.example/x",
        kind=SeedKind.FEED,
        because="first visit",
        etag='"e"',
        last_modified="then",
        language="es",
        allow_private=True,
        due_at=T0,
    )


# --- rhythm ----------------------------------------------------------------------------------------------------------


def test_a_fixed_gap_counts_from_the_last_visit():
    one = checked(every=4 * HOUR)
    assert wait(one, T0 + HOUR).because == "checked 60 min ago, next in 3 h"
    assert wait(one, T0 + HOUR).due_at == T0 + 4 * HOUR
    assert visit(one, T0 + 5 * HOUR).because == "due since 2026-01-05T12:00:00Z, every: 4h"


def test_a_source_to_be_visited_once_is_never_due_again_after_a_success():
    found = wait(checked(every="once"), T0 + 900 * DAY)
    assert found.because == "to be visited once, done on 2026-01-05"
    assert found.due_at is None


def test_a_source_to_be_visited_once_is_tried_until_it_succeeds():
    failed = checked(every="once", last_reason=Reason.TIMEOUT, failures=1)
    assert due_at(failed) == T0 + HOUR
    later = checked(every="once", last_reason=Reason.TIMEOUT, failures=1, last_change_at=T0)
    assert due_at(later) is None


LISTS = pytest.mark.parametrize("kind", [SeedKind.FEED, SeedKind.SECTION, SeedKind.SITEMAP])


@LISTS
def test_a_list_that_brings_something_new_is_read_in_each_run(kind: SeedKind):
    one = state(source(kind=kind), last_visit_at=T0 + DAY, last_change_at=T0 + DAY)
    assert due_at(one) == T0 + DAY + 15 * MINUTE


@LISTS
def test_a_list_is_read_after_an_eighth_of_the_time_it_brought_nothing(kind: SeedKind):
    one = state(source(kind=kind), last_visit_at=T0 + 10 * HOUR, last_change_at=T0 + 2 * HOUR)
    waiting = wait(one, T0 + 10 * HOUR + 20 * MINUTE)
    assert waiting.because == "checked 20 min ago, next in 40 min: it brought nothing new for 8 h"
    assert visit(one, T0 + 11 * HOUR)
    assert due_at(replace(one, last_visit_at=T0 + 90 * DAY)) == T0 + 91 * DAY


@pytest.mark.parametrize("kind", [SeedKind.TIMEMAP, SeedKind.FILE])
def test_what_others_archived_is_checked_daily(kind: SeedKind):
    assert due_at(state(source(kind=kind), last_visit_at=T0)) == T0 + DAY


def waits(one: SourceState, times: int) -> list[float]:
    """The hours between the visits of an article that stays as it is."""
    found = []
    for _ in range(times):
        at, last = due_at(one), one.last_visit_at
        assert at
        assert last
        found.append((at - last) / HOUR)
        one = replace(one, last_visit_at=at)
    return found


def test_an_article_that_stays_as_it_is_is_checked_ever_more_rarely_and_after_a_month_monthly():
    found = waits(checked(), 14)
    assert found[0] == 0.25
    assert all(before < after for before, after in pairwise(found[:8]))
    assert 6 <= sum(sum(found[:n]) < 30 * 24 for n in range(1, 15)) <= 9
    assert found[-4:] == pytest.approx([30 * 24] * 4, rel=0.11)
    assert len(set(found[-4:])) == 1, "an article's jitter is its own and always the same"


def test_a_visit_that_came_late_is_not_made_up_for():
    late = due_at(checked(30 * HOUR))
    assert late
    assert late > T0 + 60 * HOUR


def test_a_change_brings_the_next_check_near():
    assert due_at(checked(24 * HOUR, last_change_at=T0 + 24 * HOUR, changes=1)) == T0 + 24 * HOUR + 15 * MINUTE


def test_an_article_that_was_often_edited_is_checked_more_often():
    gaps = [waits(checked(48 * HOUR, last_change_at=T0 + 20 * HOUR, changes=n), 1)[0] for n in (1, 3, 9)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] > 1.5 * gaps[-1]


def test_an_article_that_was_old_when_it_was_found_is_not_taken_for_news():
    old = checked(published_at=T0 - 900 * DAY)
    assert waits(old, 1)[0] > 20 * 24


@pytest.mark.parametrize("published", [T0 - 20 * HOUR, T0 + 3 * HOUR])
def test_a_date_less_than_a_day_old_may_be_wrong_by_that_much_and_is_not_used(published: datetime):
    assert due_at(checked(published_at=published)) == due_at(checked())


def test_a_change_dated_before_the_source_was_found_does_not_make_it_old():
    assert due_at(checked(last_change_at=T0 - 900 * DAY)) == T0 + 15 * MINUTE


def test_the_wait_of_an_article_is_told_with_what_ends_it():
    one = checked(2 * HOUR)
    at = due_at(one)
    assert at
    assert wait(one, T0 + 3 * HOUR).because == "checked 60 min ago, next in 3 h: 2 times as long as it stood unchanged"
    lively = checked(9 * HOUR, changes=8, last_change_at=T0 + 5 * HOUR)
    assert wait(lively, T0 + 9 * HOUR).because.endswith(": when 0.2 unseen edits are to be expected")
    assert visit(one, at).because.endswith("every: auto, 2 times as long as it stood unchanged")


def test_after_a_year_without_a_change_an_article_is_no_longer_checked_and_says_so():
    found = wait(checked(366 * DAY), T0 + 900 * DAY)
    assert found.due_at is None
    assert found.because.startswith("unchanged for a year: until a list says it was updated")
    assert due_at(checked(366 * DAY, last_change_at=T0 + 300 * DAY, changes=1))
    assert due_at(checked(366 * DAY, every=30 * DAY)) == T0 + 396 * DAY


LATE = (*PRIOR.rates[:8], *[0.05] * 8)  # edits go on for weeks


def test_a_seed_whose_articles_were_followed_has_a_rhythm_of_its_own():
    seeded = replace(source(), seed_key="g/feed")
    one = state(seeded, last_visit_at=T0 + 2 * DAY, last_change_at=T0 + HOUR, changes=1)
    late = ChangeRate(seed_key="g/feed", articles=ENOUGH, hazard=LATE, learned_at=T0)
    now = T0 + 2 * DAY + HOUR
    usual = plan_visits([one], now=now).waiting[0].due_at
    learned = plan_visits([one], now=now, rhythms=[late]).waiting[0].due_at
    assert usual
    assert learned
    assert learned < usual - DAY
    assert plan_visits([one], now=now, rhythms=[replace(late, articles=ENOUGH - 1)]).waiting[0].due_at == usual
    assert plan_visits([one], now=now, rhythms=[replace(late, seed_key="g/other")]).waiting[0].due_at == usual


def test_a_run_that_starts_a_little_early_does_not_miss_a_whole_turn():
    one = checked(every=30 * MINUTE)
    assert visit(one, T0 + 29 * MINUTE)
    assert wait(one, T0 + 28 * MINUTE)
    assert wait(checked(every=MINUTE), T0 + 50 * timedelta(seconds=1))


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "gaps"),
    [
        ("auto", [HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR, DAY, DAY]),
        (4 * HOUR, [8 * HOUR, 16 * HOUR, DAY, DAY]),
        (WEEK, [DAY, DAY]),
    ],
)
def test_a_failing_source_is_asked_half_as_often_each_time_down_to_daily(every: object, gaps: list[timedelta]):
    found = [due_at(checked(every=every, last_reason=Reason.SERVER_ERROR, failures=n)) for n in range(1, len(gaps) + 1)]
    assert found == [T0 + gap for gap in gaps]
    assert due_at(checked(every=every, last_reason=Reason.DNS, failures=10**6)) == T0 + DAY


def test_a_failing_source_says_how_it_fails():
    one = checked(last_reason=Reason.TIMEOUT, failures=3)
    assert wait(one, T0 + 20 * MINUTE).because == "failing 3 times in a row (timeout), checked 20 min ago, next in 4 h"
    assert visit(one, T0 + DAY).because == "due since 2026-01-05T12:00:00Z, after failing 3 times in a row (timeout)"


def test_a_missing_page_is_checked_a_full_day_later_and_after_a_week_of_that_weekly():
    first = checked(every=HOUR, last_reason=Reason.MISSING_404, failures=1)
    assert wait(first, T0 + DAY - timedelta(seconds=1)).because == "missing (404), checked 24 h ago, next in 1 s"
    assert visit(first, T0 + DAY).because == "due since 2026-01-06T08:00:00Z, after missing (404)"
    assert due_at(checked(every=HOUR, last_reason=Reason.MISSING_404, failures=7)) == T0 + DAY
    assert due_at(checked(every=HOUR, last_reason=Reason.MISSING_404, failures=8)) == T0 + WEEK


def test_a_page_that_is_gone_is_checked_weekly():
    assert due_at(checked(last_reason=Reason.GONE_410, failures=1)) == T0 + WEEK


def test_an_unchanged_page_is_not_a_failure():
    assert due_at(checked(last_reason=Reason.NOT_MODIFIED)) == T0 + 15 * MINUTE


# --- hints -----------------------------------------------------------------------------------------------------------


def hinted(at: datetime, **facts: object) -> SourceState:
    """A page that was checked when it was ten days old, and of which a list names that time."""
    return state(source(hinted_at=at), last_visit_at=T0 + 10 * DAY, **facts)


def test_a_page_that_a_list_says_was_updated_since_is_due_now():
    found = visit(hinted(T0 + 10 * DAY + HOUR), T0 + 10 * DAY + 2 * HOUR)
    assert found.because.endswith("every: auto, a list says it was updated at 2026-01-15T09:00:00Z")


def test_a_hint_counts_once():
    one = hinted(T0 + 10 * DAY + HOUR)
    assert wait(replace(one, last_visit_at=T0 + 10 * DAY + 2 * HOUR), T0 + 11 * DAY)
    assert due_at(hinted(T0 + 10 * DAY)) == due_at(checked(10 * DAY))


def test_a_list_that_always_says_now_cannot_hurry_more_than_every_quarter_of_an_hour():
    one = hinted(T0 + 10 * DAY + MINUTE)
    assert wait(one, T0 + 10 * DAY + 2 * MINUTE).due_at == T0 + 10 * DAY + 15 * MINUTE


def test_a_hint_of_times_to_come_waits_for_them():
    one = hinted(T0 + 12 * DAY)
    assert wait(one, T0 + 11 * DAY).due_at == T0 + 12 * DAY
    assert due_at(hinted(T0 + 900 * DAY)) == due_at(checked(10 * DAY))


def test_a_hint_wakes_what_was_given_up():
    one = replace(hinted(T0 + 400 * DAY), last_visit_at=T0 + 390 * DAY)
    assert due_at(one) == T0 + 400 * DAY
    assert visit(one, T0 + 400 * DAY)


@pytest.mark.parametrize("facts", [{"every": WEEK}, {"every": "once"}, {"last_reason": Reason.DNS, "failures": 9}])
def test_a_hint_changes_nothing_for_fixed_gaps_and_failing_pages(facts: dict[str, object]):
    assert due_at(hinted(T0 + 10 * DAY + HOUR, **facts)) == due_at(checked(10 * DAY, **facts))


# --- budgets ---------------------------------------------------------------------------------------------------------


def crowd(articles: int, *, budget: int | None, ago: timedelta = 3 * HOUR, **facts: object) -> list[SourceState]:
    """A group of articles found at ``T0 - ago`` and visited then, a minute apart."""
    return [
        state(
            source(id=n, url=f"https://a.example/{n}", seed_key="news/feed", found_at=T0 - ago - n * MINUTE),
            last_visit_at=T0 - ago - n * MINUTE,
            budget=budget,
            **facts,
        )
        for n in range(1, articles + 1)
    ]


def test_a_budget_that_is_not_needed_changes_nothing():
    free, bounded = (plan_visits(crowd(20, budget=budget), now=T0) for budget in (None, 1_000))
    assert (bounded.visits, bounded.waiting) == (free.visits, free.waiting)
    (budget,) = bounded.budgets
    assert (budget.group, budget.visits, budget.tau) == ("news", 1_000, pytest.approx(0.2))
    assert free.budgets == ()


def test_a_budget_stretches_the_waits_of_its_group_until_a_day_keeps_it():
    plan = plan_visits(crowd(100, budget=60), now=T0)
    (budget,) = plan.budgets
    assert budget.tau > 0.2
    assert budget.expected <= 60
    assert len(plan.visits) <= 60
    looser = plan_visits(crowd(100, budget=120), now=T0).budgets[0]
    assert 0.2 < looser.tau < budget.tau


def test_a_budget_is_of_one_group_alone():
    others = [
        replace(one, source=replace(one.source, id=one.source.id + 100, seed_key="other/feed"), budget=None)
        for one in crowd(30, budget=None)
    ]
    plan = plan_visits([*crowd(30, budget=2), *others], now=T0)
    assert {one.source_id for one in plan.visits} >= {one.source.id for one in others}


def test_a_backlog_does_not_spend_the_budget_of_many_days_at_once():
    plan = plan_visits(crowd(100, budget=60, ago=40 * DAY), now=T0, spent={"news": 55})
    assert len(plan.visits) <= 5
    held = [one for one in plan.waiting if "but 55 of the 60 visits a day of news were made" in one.because]
    assert held
    assert all(one.due_at and one.due_at > T0 for one in held)


def test_the_most_overdue_come_first_and_first_visits_before_them():
    new = state(source(id=999, url="https://a.example/new", seed_key="news/feed"), budget=3)
    lively = replace(crowd(1, budget=3)[0], changes=20, source=replace(source(id=998, seed_key="news/feed"), id=998))
    plan = plan_visits([*crowd(50, budget=3, ago=40 * DAY), lively, new], now=T0, spent={"news": 2})
    assert [one.source_id for one in plan.visits] == [999]


def test_lists_and_fixed_gaps_are_visited_whatever_the_budget_and_that_is_told():
    feed = state(source(id=1, kind=SeedKind.FEED, seed_key="news/feed"), last_visit_at=T0 - DAY, budget=5)
    fixed = state(
        source(id=2, url="https://a.example/2", seed_key="news/x"), every=HOUR, last_visit_at=T0 - DAY, budget=5
    )
    plan = plan_visits([feed, fixed], now=T0, spent={"news": 99})
    assert {one.source_id for one in plan.visits} == {1, 2}
    assert plan.budgets[0].expected > 5


def test_force_does_not_ask_what_it_costs():
    plan = plan_visits(crowd(10, budget=1), now=T0, force=True, spent={"news": 9})
    assert len(plan.visits) == 10
    assert plan.budgets == ()


# --- never, not yet, and force ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("force", [False, True])
def test_a_retired_source_is_never_visited(force: bool):
    one = state(source(retired_at=T0))
    assert wait(one, T0 + DAY, force=force).because == "retired from the index on 2026-01-05"


@pytest.mark.parametrize("force", [False, True])
def test_a_source_that_moved_for_good_is_visited_under_its_new_address_only(force: bool):
    old = state(source(id=2, url="https://old.example/x", same_as=1))
    plan = plan_visits([old, state()], now=T0, force=force)
    assert [one.source_id for one in plan.visits] == [1]
    assert plan.waiting[0].because == "moved for good, its history goes on at https://a.example/x"


@pytest.mark.parametrize("force", [False, True])
def test_a_wait_that_the_server_asked_for_is_kept(force: bool):
    one = checked(not_before_at=T0 + 9 * HOUR)
    found = wait(one, T0 + 8 * HOUR, force=force)
    assert found.because == "asked to wait until 2026-01-05T17:00:00Z"
    assert found.due_at == T0 + 9 * HOUR
    assert visit(one, T0 + 9 * HOUR)


@pytest.mark.parametrize("every", ["auto", "once", 4 * HOUR])
def test_force_visits_what_is_not_due(every: object):
    assert visit(checked(every=every), T0 + MINUTE, force=True).because == "forced"


def test_force_changes_nothing_about_what_is_due_anyway():
    assert visit(state(), T0, force=True) == visit(state(), T0)


# --- order -----------------------------------------------------------------------------------------------------------


def test_hosts_take_turns_and_the_longest_due_comes_first():
    states = [
        state(source(id=1, url="https://a.example/1")),
        state(source(id=2, url="https://a.example/2", found_at=T0 - HOUR)),
        state(source(id=3, url="https://a.example/3", found_at=T0 - MINUTE)),
        state(source(id=4, url="https://b.example/4")),
        state(source(id=5, url="https://b.example/5", found_at=T0 - DAY)),
        state(source(id=6, url="imports/x.warc", kind=SeedKind.FILE)),
    ]
    assert [one.source_id for one in plan_visits(states, now=T0).visits] == [5, 2, 6, 4, 3, 1]


def test_waiting_sources_stand_in_the_order_they_become_due():
    states = [
        state(source(id=1, retired_at=T0)),
        state(source(id=2), every=2 * HOUR, last_visit_at=T0),
        state(source(id=3), every=HOUR, last_visit_at=T0),
    ]
    assert [one.source_id for one in plan_visits(states, now=T0).waiting] == [3, 2, 1]


STATES = st.lists(
    st.builds(
        SourceState,
        source=st.builds(
            lambda host, kind, ago, retired: source(
                f"https://{host}.example/", kind=kind, found_at=T0 - ago, retired_at=T0 if retired else None
            ),
            st.sampled_from("abc"),
            st.sampled_from(SeedKind),
            st.timedeltas(timedelta(), 400 * DAY),
            st.booleans(),
        ),
        every=st.one_of(st.sampled_from(["auto", "once"]), st.timedeltas(MINUTE, 60 * DAY)),
        last_visit_at=st.none() | st.datetimes(datetime(2025, 1, 1), datetime(2026, 1, 5), timezones=st.just(UTC)),  # noqa: DTZ001
        last_reason=st.none() | st.sampled_from(Reason),
        failures=st.integers(0, 2000),
        not_before_at=st.none() | st.just(T0 + HOUR),
        changes=st.integers(0, 20),
        published_at=st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 5), timezones=st.just(UTC)),  # noqa: DTZ001
        budget=st.none() | st.integers(1, 20),
    ),
    max_size=12,
)


@given(STATES, st.booleans(), st.randoms(use_true_random=False))
def test_each_source_is_visited_or_waits_with_a_reason_whatever_the_order(
    states: list[SourceState], force: bool, dice: random.Random
):
    numbered = [replace(one, source=replace(one.source, id=n)) for n, one in enumerate(states)]
    plan = plan_visits(numbered, now=T0, force=force)
    assert sorted(one.source_id for one in (*plan.visits, *plan.waiting)) == list(range(len(states)))
    assert all(one.because for one in (*plan.visits, *plan.waiting))
    assert all(one.due_at is None or one.due_at > T0 for one in plan.waiting)
    dice.shuffle(numbered)
    assert plan_visits(numbered, now=T0, force=force) == plan
    hosts = [host_of(one.url) for one in plan.visits]
    for n, (here, there) in enumerate(pairwise(hosts)):
        assert here != there or set(hosts[n:]) == {here}, "the same host twice although another waited"
