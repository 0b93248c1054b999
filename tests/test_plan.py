from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.seeds.frontier.change_rate import MIN_ARTICLES, PRIOR
from archive.seeds.frontier.due import due_at
from archive.seeds.frontier.plan import plan_visits
from archive.urls import host_of, url_key
from db.records import ChangeRate, Reason, SeedKind, Source, SourceState, Visit, WaitingSource

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


def visited(after: timedelta = timedelta(), **facts: object) -> SourceState:
    """Return a source last visited ``after`` its discovery."""
    return state(last_visit_at=T0 + after, **facts)


def visit(watched: SourceState, now: datetime, *, force: bool = False) -> Visit:
    (planned,) = plan_visits([watched], now=now, force=force).visits
    return planned


def wait(watched: SourceState, now: datetime, *, force: bool = False) -> WaitingSource:
    (waiting,) = plan_visits([watched], now=now, force=force).waiting
    return waiting


def test_a_new_source_is_visited_at_once():
    assert visit(state(), T0).because == "first visit"


def test_a_visit_carries_what_the_fetch_needs():
    feed = source(id=7, kind=SeedKind.FEED)
    planned = visit(state(feed, etag='"e"', last_modified="then", language="es", allow_private=True), T0)
    assert planned == Visit(
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


# --- change rate -----------------------------------------------------------------------------------------------------


def test_a_fixed_gap_counts_from_the_last_visit():
    watched = visited(every=4 * HOUR)
    assert wait(watched, T0 + HOUR).because == "checked 60 min ago, next check in 3 h"
    assert wait(watched, T0 + HOUR).due_at == T0 + 4 * HOUR
    assert visit(watched, T0 + 5 * HOUR).because == "due since 2026-01-05T12:00:00Z, every: 4h"


def test_a_source_to_be_visited_once_is_never_due_again_after_a_success():
    waiting = wait(visited(every="once"), T0 + 900 * DAY)
    assert waiting.because == "set to be checked once, done on 2026-01-05"
    assert waiting.due_at is None


def test_a_source_to_be_visited_once_is_tried_until_it_succeeds():
    failed = visited(every="once", last_reason=Reason.TIMEOUT, failures=1)
    assert due_at(failed) == T0 + HOUR
    later = visited(every="once", last_reason=Reason.TIMEOUT, failures=1, last_change_at=T0)
    assert due_at(later) is None


LISTS = pytest.mark.parametrize("kind", [SeedKind.FEED, SeedKind.SECTION, SeedKind.SITEMAP])


@LISTS
def test_a_list_with_new_entries_is_read_in_each_run(kind: SeedKind):
    watched_list = state(source(kind=kind), last_visit_at=T0 + DAY, last_change_at=T0 + DAY)
    assert due_at(watched_list) == T0 + DAY + 15 * MINUTE


@LISTS
def test_a_list_is_due_after_an_eighth_of_its_quiet_time(kind: SeedKind):
    watched_list = state(source(kind=kind), last_visit_at=T0 + 10 * HOUR, last_change_at=T0 + 2 * HOUR)
    waiting = wait(watched_list, T0 + 10 * HOUR + 20 * MINUTE)
    assert waiting.because == "checked 20 min ago, next check in 40 min; nothing new in it for 8 h"
    assert visit(watched_list, T0 + 11 * HOUR)
    assert due_at(replace(watched_list, last_visit_at=T0 + 90 * DAY)) == T0 + 91 * DAY


@pytest.mark.parametrize("kind", [SeedKind.TIMEMAP, SeedKind.FILE])
def test_web_archives_and_files_are_checked_daily(kind: SeedKind):
    assert due_at(state(source(kind=kind), last_visit_at=T0)) == T0 + DAY


def waits(article: SourceState, times: int) -> list[float]:
    """Return the hours between the visits of an article that does not change."""
    hours = []
    for _ in range(times):
        due, last_visit = due_at(article), article.last_visit_at
        assert due
        assert last_visit
        hours.append((due - last_visit) / HOUR)
        article = replace(article, last_visit_at=due)
    return hours


def test_an_unchanged_article_is_checked_ever_more_rarely_and_then_monthly():
    hours = waits(visited(), 14)
    assert hours[0] == 0.25
    assert all(before < after for before, after in pairwise(hours[:8]))
    assert 6 <= sum(sum(hours[:n]) < 30 * 24 for n in range(1, 15)) <= 9
    assert hours[-4:] == pytest.approx([30 * 24] * 4, rel=0.11)
    assert len(set(hours[-4:])) == 1, "the jitter of an article is constant"


def test_a_late_visit_is_not_compensated():
    late = due_at(visited(30 * HOUR))
    assert late
    assert late > T0 + 60 * HOUR


def test_the_next_check_after_a_change_is_soon():
    assert due_at(visited(24 * HOUR, last_change_at=T0 + 24 * HOUR, changes=1)) == T0 + 24 * HOUR + 15 * MINUTE


def test_an_article_that_was_often_edited_is_checked_more_often():
    gaps = [waits(visited(48 * HOUR, last_change_at=T0 + 20 * HOUR, changes=n), 1)[0] for n in (1, 3, 9)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] > 1.5 * gaps[-1]


def test_an_article_that_was_old_at_discovery_is_checked_rarely():
    old = visited(published_at=T0 - 900 * DAY)
    assert waits(old, 1)[0] > 20 * 24


@pytest.mark.parametrize("published", [T0 - 20 * HOUR, T0 + 3 * HOUR])
def test_a_date_less_than_a_day_old_is_not_used(published: datetime):
    assert due_at(visited(published_at=published)) == due_at(visited())


def test_a_change_dated_before_the_source_was_found_does_not_make_it_old():
    assert due_at(visited(last_change_at=T0 - 900 * DAY)) == T0 + 15 * MINUTE


def test_the_reason_for_a_wait_includes_the_rule_that_ends_it():
    article = visited(2 * HOUR)
    due = due_at(article)
    assert due
    because = wait(article, T0 + 3 * HOUR).because
    assert because == "checked 60 min ago, next check in 3 h; quiet pages are checked less often"
    lively = visited(9 * HOUR, changes=8, last_change_at=T0 + 5 * HOUR)
    assert wait(lively, T0 + 9 * HOUR).because.endswith("; 0.2 unseen edits are expected by then")
    assert visit(article, due).because.endswith("every: auto, quiet pages are checked less often")


def test_after_a_year_without_a_change_an_article_is_no_longer_checked():
    waiting = wait(visited(366 * DAY), T0 + 900 * DAY)
    assert waiting.due_at is None
    assert waiting.because.startswith("unchanged for a year, so no longer checked unless a list says it was updated")
    assert due_at(visited(366 * DAY, last_change_at=T0 + 300 * DAY, changes=1))
    assert due_at(visited(366 * DAY, every=30 * DAY)) == T0 + 396 * DAY


LATE = (*PRIOR.rates[:8], *[0.05] * 8)  # edits for weeks


def test_a_seed_with_enough_histories_has_its_own_change_rate():
    seeded = replace(source(), seed_key="g/feed")
    article = state(seeded, last_visit_at=T0 + 2 * DAY, last_change_at=T0 + HOUR, changes=1)
    late_edits = ChangeRate(seed_key="g/feed", articles=MIN_ARTICLES, hazard=LATE, learned_at=T0)
    now = T0 + 2 * DAY + HOUR
    usual = plan_visits([article], now=now).waiting[0].due_at
    with_rate = plan_visits([article], now=now, change_rates=[late_edits]).waiting[0].due_at
    assert usual
    assert with_rate
    assert with_rate < usual - DAY
    for ignored in (replace(late_edits, articles=MIN_ARTICLES - 1), replace(late_edits, seed_key="g/other")):
        assert plan_visits([article], now=now, change_rates=[ignored]).waiting[0].due_at == usual


def test_a_run_that_starts_a_little_early_visits_what_is_almost_due():
    watched = visited(every=30 * MINUTE)
    assert visit(watched, T0 + 29 * MINUTE)
    assert wait(watched, T0 + 28 * MINUTE)
    assert wait(visited(every=MINUTE), T0 + 50 * timedelta(seconds=1))


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("every", "gaps"),
    [
        ("auto", [HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR, DAY, DAY]),
        (4 * HOUR, [8 * HOUR, 16 * HOUR, DAY, DAY]),
        (WEEK, [DAY, DAY]),
    ],
)
def test_a_failing_source_is_visited_half_as_often_each_time_down_to_daily(every: object, gaps: list[timedelta]):
    due_times = [
        due_at(visited(every=every, last_reason=Reason.SERVER_ERROR, failures=n)) for n in range(1, len(gaps) + 1)
    ]
    assert due_times == [T0 + gap for gap in gaps]
    assert due_at(visited(every=every, last_reason=Reason.DNS, failures=10**6)) == T0 + DAY


def test_a_failing_source_has_its_failure_as_the_reason():
    watched = visited(last_reason=Reason.TIMEOUT, failures=3)
    failure = "failed 3 times in a row (timeout)"
    assert wait(watched, T0 + 20 * MINUTE).because == f"{failure}, checked 20 min ago, next check in 4 h"
    assert visit(watched, T0 + DAY).because == f"due since 2026-01-05T12:00:00Z, last check: {failure}"


def test_a_missing_page_is_checked_a_full_day_later_and_after_a_week_of_that_weekly():
    first = visited(every=HOUR, last_reason=Reason.MISSING_404, failures=1)
    waiting = wait(first, T0 + DAY - timedelta(seconds=1))
    assert waiting.because == "page not found (404), checked 24 h ago, next check in 1 s"
    assert visit(first, T0 + DAY).because == "due since 2026-01-06T08:00:00Z, last check: page not found (404)"
    assert due_at(visited(every=HOUR, last_reason=Reason.MISSING_404, failures=7)) == T0 + DAY
    assert due_at(visited(every=HOUR, last_reason=Reason.MISSING_404, failures=8)) == T0 + WEEK


def test_a_page_that_is_gone_is_checked_weekly():
    assert due_at(visited(last_reason=Reason.GONE_410, failures=1)) == T0 + WEEK


def test_an_unchanged_page_is_not_a_failure():
    assert due_at(visited(last_reason=Reason.NOT_MODIFIED)) == T0 + 15 * MINUTE


# --- hints -----------------------------------------------------------------------------------------------------------


def hinted(hinted_at: datetime, **facts: object) -> SourceState:
    """Return an article visited at an age of ten days, with this update time in a list."""
    return state(source(hinted_at=hinted_at), last_visit_at=T0 + 10 * DAY, **facts)


def test_a_page_that_a_list_says_was_updated_since_is_due_now():
    planned = visit(hinted(T0 + 10 * DAY + HOUR), T0 + 10 * DAY + 2 * HOUR)
    assert planned.because.endswith("every: auto, a list says it was updated at 2026-01-15T09:00:00Z")


def test_a_hint_counts_once():
    watched = hinted(T0 + 10 * DAY + HOUR)
    assert wait(replace(watched, last_visit_at=T0 + 10 * DAY + 2 * HOUR), T0 + 11 * DAY)
    assert due_at(hinted(T0 + 10 * DAY)) == due_at(visited(10 * DAY))


def test_a_hint_is_due_after_a_quarter_of_an_hour_at_the_earliest():
    watched = hinted(T0 + 10 * DAY + MINUTE)
    assert wait(watched, T0 + 10 * DAY + 2 * MINUTE).due_at == T0 + 10 * DAY + 15 * MINUTE


def test_a_hint_in_the_future_is_due_then():
    watched = hinted(T0 + 12 * DAY)
    assert wait(watched, T0 + 11 * DAY).due_at == T0 + 12 * DAY
    assert due_at(hinted(T0 + 900 * DAY)) == due_at(visited(10 * DAY))


def test_a_hint_makes_an_abandoned_article_due():
    watched = replace(hinted(T0 + 400 * DAY), last_visit_at=T0 + 390 * DAY)
    assert due_at(watched) == T0 + 400 * DAY
    assert visit(watched, T0 + 400 * DAY)


@pytest.mark.parametrize("facts", [{"every": WEEK}, {"every": "once"}, {"last_reason": Reason.DNS, "failures": 9}])
def test_a_hint_changes_nothing_for_fixed_gaps_and_failing_pages(facts: dict[str, object]):
    assert due_at(hinted(T0 + 10 * DAY + HOUR, **facts)) == due_at(visited(10 * DAY, **facts))


# --- budgets ---------------------------------------------------------------------------------------------------------


def crowd(articles: int, *, budget: int | None, ago: timedelta = 3 * HOUR, **facts: object) -> list[SourceState]:
    """Return a group of articles, discovered and visited about ``ago`` before T0, a minute apart."""
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


def test_a_budget_applies_to_one_group_only():
    others = [
        replace(entry, source=replace(entry.source, id=entry.source.id + 100, seed_key="other/feed"), budget=None)
        for entry in crowd(30, budget=None)
    ]
    plan = plan_visits([*crowd(30, budget=2), *others], now=T0)
    assert {entry.source_id for entry in plan.visits} >= {entry.source.id for entry in others}


def test_a_backlog_does_not_spend_the_budget_of_many_days_at_once():
    plan = plan_visits(crowd(100, budget=60, ago=40 * DAY), now=T0, spent={"news": 55})
    assert len(plan.visits) <= 5
    postponed = [
        waiting for waiting in plan.waiting if "but 55 of the 60 visits a day of news are used" in waiting.because
    ]
    assert postponed
    assert all(waiting.due_at and waiting.due_at > T0 for waiting in postponed)


def test_the_most_overdue_come_first_and_first_visits_before_them():
    new = state(source(id=999, url="https://a.example/new", seed_key="news/feed"), budget=3)
    lively = replace(crowd(1, budget=3)[0], changes=20, source=replace(source(id=998, seed_key="news/feed"), id=998))
    plan = plan_visits([*crowd(50, budget=3, ago=40 * DAY), lively, new], now=T0, spent={"news": 2})
    assert [entry.source_id for entry in plan.visits] == [999]


def test_lists_and_fixed_gaps_exceed_the_budget_and_count_in_it():
    feed = state(source(id=1, kind=SeedKind.FEED, seed_key="news/feed"), last_visit_at=T0 - DAY, budget=5)
    fixed = state(
        source(id=2, url="https://a.example/2", seed_key="news/x"), every=HOUR, last_visit_at=T0 - DAY, budget=5
    )
    plan = plan_visits([feed, fixed], now=T0, spent={"news": 99})
    assert {entry.source_id for entry in plan.visits} == {1, 2}
    assert plan.budgets[0].expected > 5


def test_force_ignores_the_budget():
    plan = plan_visits(crowd(10, budget=1), now=T0, force=True, spent={"news": 9})
    assert len(plan.visits) == 10
    assert plan.budgets == ()


# --- never, not yet, and force ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("force", [False, True])
def test_a_retired_source_is_never_visited(force: bool):
    watched = state(source(retired_at=T0))
    assert wait(watched, T0 + DAY, force=force).because == "no longer in the seed index since 2026-01-05"


@pytest.mark.parametrize("force", [False, True])
def test_a_source_that_moved_for_good_is_visited_under_its_new_address_only(force: bool):
    old = state(source(id=2, url="https://old.example/x", same_as=1))
    plan = plan_visits([old, state()], now=T0, force=force)
    assert [entry.source_id for entry in plan.visits] == [1]
    assert plan.waiting[0].because == "moved permanently, its history continues at https://a.example/x"


@pytest.mark.parametrize("force", [False, True])
def test_a_retry_after_is_obeyed(force: bool):
    paused = visited(not_before_at=T0 + 9 * HOUR)
    waiting = wait(paused, T0 + 8 * HOUR, force=force)
    assert waiting.because == "asked to wait until 2026-01-05T17:00:00Z"
    assert waiting.due_at == T0 + 9 * HOUR
    assert visit(paused, T0 + 9 * HOUR)


@pytest.mark.parametrize("every", ["auto", "once", 4 * HOUR])
def test_force_visits_what_is_not_due(every: object):
    assert visit(visited(every=every), T0 + MINUTE, force=True).because == "forced"


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
    assert [entry.source_id for entry in plan_visits(states, now=T0).visits] == [5, 2, 6, 4, 3, 1]


def test_waiting_sources_are_sorted_by_due_time():
    states = [
        state(source(id=1, retired_at=T0)),
        state(source(id=2), every=2 * HOUR, last_visit_at=T0),
        state(source(id=3), every=HOUR, last_visit_at=T0),
    ]
    assert [entry.source_id for entry in plan_visits(states, now=T0).waiting] == [3, 2, 1]


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
    states: list[SourceState], force: bool, rng: random.Random
):
    numbered = [replace(entry, source=replace(entry.source, id=index)) for index, entry in enumerate(states)]
    plan = plan_visits(numbered, now=T0, force=force)
    assert sorted(entry.source_id for entry in (*plan.visits, *plan.waiting)) == list(range(len(states)))
    assert all(entry.because for entry in (*plan.visits, *plan.waiting))
    assert all(entry.due_at is None or entry.due_at > T0 for entry in plan.waiting)
    rng.shuffle(numbered)
    assert plan_visits(numbered, now=T0, force=force) == plan
    hosts = [host_of(entry.url) for entry in plan.visits]
    for index, (host, next_host) in enumerate(pairwise(hosts)):
        assert host != next_host or set(hosts[index:]) == {host}, "the same host twice although another one was due"


# --- pages that a person listed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("published", [None, T0 - 900 * DAY])
def test_a_listed_page_is_checked_hourly_for_a_day_and_daily_for_a_month_however_old_it_is(published: datetime | None):
    page, visits = visited(published_at=published, is_listed=True), [T0]
    while visits[-1] < T0 + 60 * DAY:
        due = due_at(replace(page, last_visit_at=visits[-1]))
        assert due is not None
        visits.append(due)
    gaps = list(pairwise(visits))
    assert all(after - before <= HOUR for before, after in gaps if before < T0 + DAY)
    assert all(after - before <= DAY for before, after in gaps if before < T0 + 30 * DAY)
    assert max(after - before for before, after in gaps) > DAY
    assert sum(moment < T0 + 30 * DAY for moment in visits) < 75


def test_the_plan_says_in_plain_words_why_a_listed_page_is_checked_so_often():
    page = visited(after=5 * HOUR, is_listed=True)
    assert "a page that you listed is checked at least hourly on its first day" in wait(page, T0 + 5 * HOUR).because
    later = visited(after=20 * DAY, is_listed=True)
    assert "at least daily in its first month" in wait(later, T0 + 20 * DAY).because


def test_an_interval_or_a_budget_of_the_group_rules_over_the_rhythm_of_listed_pages():
    assert due_at(visited(is_listed=True, every=6 * HOUR)) == T0 + 6 * HOUR
    pages = [
        visited(5 * HOUR, of=source(f"https://a.example/{n}", id=n, seed_key="g/a"), is_listed=True, budget=10)
        for n in range(1, 6)
    ]
    (budget,) = plan_visits(pages, now=T0 + 5 * HOUR).budgets
    assert budget.expected <= 10
