from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.plan import ARTICLE_POINTS, due_at, plan_visits
from archive.urls import host_of, url_key
from db.records import Reason, SeedKind, Source, SourceState, Visit, Waiting

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


@pytest.mark.parametrize("kind", [SeedKind.FEED, SeedKind.SECTION, SeedKind.SITEMAP])
def test_lists_are_checked_every_half_hour(kind: SeedKind):
    one = state(source(kind=kind), last_visit_at=T0)
    assert wait(one, T0 + 20 * MINUTE).because == "checked 20 min ago, next in 10 min"
    assert visit(one, T0 + 30 * MINUTE).because == "due since 2026-01-05T08:30:00Z, every: auto"


@pytest.mark.parametrize("kind", [SeedKind.TIMEMAP, SeedKind.FILE])
def test_what_others_archived_is_checked_daily(kind: SeedKind):
    assert due_at(state(source(kind=kind), last_visit_at=T0)) == T0 + DAY


def test_an_article_that_never_changes_is_checked_at_each_point_then_monthly():
    one, seen = checked(), []
    for _ in range(14):
        at = due_at(one)
        assert at
        seen.append(at - T0)
        one = checked(at - T0)
    assert seen == [*ARTICLE_POINTS, 60 * DAY, 90 * DAY]


def test_points_that_passed_unvisited_are_not_made_up_for():
    assert due_at(checked(30 * HOUR)) == T0 + 48 * HOUR


def test_a_change_starts_the_points_anew():
    assert due_at(checked(24 * HOUR, last_change_at=T0 + 24 * HOUR)) == T0 + 24 * HOUR + 30 * MINUTE


def test_a_change_dated_before_the_source_was_found_does_not_make_it_old():
    assert due_at(checked(last_change_at=T0 - 900 * DAY)) == T0 + 30 * MINUTE


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
    assert due_at(checked(last_reason=Reason.NOT_MODIFIED)) == T0 + 30 * MINUTE


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
