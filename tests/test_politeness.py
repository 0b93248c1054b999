"""Politeness: pauses, gaps that adapt to the server, retries, the limit per server, conditional requests."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.crawl.fetch import Fetcher, RememberedHost, politeness
from db.records import HostState, Outcome, Reason
from tests.fetching import HOST, NOON, Clock, policy_for, visit
from tests.replies import Asked, Behaviour, Say, page, redirect
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

ORIGIN = f"{HOST}:80"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def in_turn(*responses: Say) -> Behaviour:
    """Return each response once, then the last one for ever."""
    remaining = list(responses)
    return lambda _: remaining.pop(0) if len(remaining) > 1 else remaining[0]


def run(
    site: Site, *paths: str, state: HostState | None = None, **policy: object
) -> tuple[list[Outcome], Clock, HostState]:
    """Visit one after the other. Return the outcomes, the clock, and the new state of the origin."""
    clock = Clock()

    def recall(origin: str) -> RememberedHost:
        return RememberedHost(state=state if origin == ORIGIN else None)

    async def work() -> tuple[list[Outcome], HostState]:
        async with Fetcher(policy_for(site, **policy), now=clock.now, sleep=clock.sleep, recall=recall) as fetcher:
            outcomes = [await fetcher.fetch(visit(path)) for path in paths]
            state_after = {host_state.origin: host_state for host_state in fetcher.side_captures().host_states}
            return outcomes, state_after.get(ORIGIN, HostState(origin=ORIGIN))

    outcomes, state_after = asyncio.run(work())
    return outcomes, clock, state_after


# --- pauses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"),
    [
        ("429 Slow down", "120", 120),
        ("503 Busy", "120", 120),
        ("503 Busy", "Sun, 22 Nov 2026 12:30:00 GMT", 1800),
        ("429 Slow down", "315360000", 86_400),
        ("429 Slow down", "soon", 60),
    ],
)
def test_a_pause_is_returned_in_the_host_state(site: Site, status: str, retry_after: str, seconds: int) -> None:
    site.pages["/page"] = page(status=status, Retry_After=retry_after)
    _, _, state = run(site, "/page")
    assert state.paused_until_at == NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize("retry_after", ["0", "-5"])
def test_a_pause_of_zero_lasts_a_second_and_is_waited_for(site: Site, retry_after: str) -> None:
    site.pages["/page"] = in_turn(page(status="429 Slow down", Retry_After=retry_after), page())
    (outcome,), clock, _ = run(site, "/page")
    assert (outcome.reason, clock.sleeps) == (None, [1.0])


def test_a_remembered_pause_holds_after_a_restart_even_for_robots_txt(site: Site) -> None:
    until = NOON + timedelta(hours=3)
    (outcome,), _, _ = run(site, "/page", state=HostState(origin=ORIGIN, paused_until_at=until))
    assert (outcome.reason, outcome.retry_at) == (Reason.RATE_LIMITED, until)
    assert site.asked == []


def test_a_pause_that_is_over_does_not_delay(site: Site) -> None:
    (outcome,), _, _ = run(site, "/page", state=HostState(origin=ORIGIN, paused_until_at=NOON))
    assert outcome.reason is None


def test_a_redirect_into_a_paused_origin_waits_as_well(site: Site) -> None:
    site.pages["/away"] = redirect(f"{HOST}/page")
    until = NOON + timedelta(hours=3)
    (outcome,), _, _ = run(site, "http://b.example/away", state=HostState(origin=ORIGIN, paused_until_at=until))
    assert (outcome.reason, outcome.retry_at, len(outcome.hops)) == (Reason.RATE_LIMITED, until, 1)


def test_a_visit_waiting_for_its_turn_fails_at_the_pause_without_waiting_for_the_gap(site: Site) -> None:
    site.pages["/page"] = page(status="429 Slow down", Retry_After="3600")
    outcomes, clock, _ = run(site, "/page", "/page", "/page", min_gap=30)
    assert [outcome.reason for outcome in outcomes] == [Reason.RATE_LIMITED] * 3
    assert clock.sleeps == [30.0]  # between robots.txt and the page


# --- the gap follows the server --------------------------------------------------------------------------------------


def after_responses(state: HostState, *statuses: int, seconds: float = 0.1, min_gap: float = 1.0) -> HostState:
    for status in statuses:
        gap = politeness.request_gap(state, min_gap=min_gap, crawl_delay=0.0)
        state = politeness.state_after_response(state, status, seconds, gap=gap, paused_until=None)
    return state


def test_the_delay_doubles_with_every_refusal_up_to_two_minutes() -> None:
    state, delays = HostState(origin=ORIGIN), []
    for _ in range(8):
        state = after_responses(state, 503)
        delays.append(state.delay)
    assert delays == [2, 4, 8, 16, 32, 64, 120, 120]


def test_the_delay_is_halved_by_twenty_clean_replies_and_no_fewer() -> None:
    slow = after_responses(HostState(origin=ORIGIN), 429, 429)
    assert after_responses(slow, *[200] * 19).delay == 4
    assert after_responses(slow, *[200] * 20).delay == 2
    assert after_responses(slow, *[200] * 19, 503, *[200] * 19).delay == 8
    assert after_responses(slow, *[200] * 400).delay == 0


def test_an_error_of_the_server_is_neither_clean_nor_a_refusal() -> None:
    slow = after_responses(HostState(origin=ORIGIN), 429)
    assert after_responses(slow, *[500] * 40).delay == slow.delay == 2


def test_the_latency_is_a_moving_mean_that_begins_with_the_first_reply() -> None:
    state = after_responses(HostState(origin=ORIGIN), 200, seconds=2.0)
    assert state.latency == 2.0
    assert after_responses(state, 200, seconds=10.0).latency == 3.0


def test_the_gap_of_a_slow_server_is_its_latency() -> None:
    slow = replace(HostState(origin=ORIGIN), latency=7.5)
    assert politeness.request_gap(slow, min_gap=1.0, crawl_delay=3.0) == 7.5
    assert politeness.request_gap(slow, min_gap=0.0, crawl_delay=3.0) == 3.0  # min_gap is zero: one's own server


@settings(max_examples=40)
@given(
    statuses=st.lists(st.sampled_from([200, 304, 404, 429, 500, 502, 503]), max_size=60),
    seconds=st.floats(0, 3600),
    min_gap=st.floats(0, 120),
    crawl_delay=st.floats(0, 120),
)
def test_no_gap_is_shorter_than_set_or_longer_than_two_minutes(
    statuses: list[int], seconds: float, min_gap: float, crawl_delay: float
) -> None:
    state = after_responses(HostState(origin=ORIGIN), *statuses, seconds=seconds, min_gap=min_gap)
    assert max(min_gap, crawl_delay) <= politeness.request_gap(state, min_gap=min_gap, crawl_delay=crawl_delay) <= 120


def test_a_remembered_delay_holds_from_the_first_two_requests_on(site: Site) -> None:
    _, clock, _ = run(site, "/page", state=HostState(origin=ORIGIN, delay=16.0), min_gap=1)
    assert clock.sleeps == [16.0]


@pytest.mark.parametrize(("seconds_ago", "waits"), [(1, [4.0]), (5, []), (86_400, []), (-7_200, [5.0])])
def test_the_gap_is_kept_over_a_restart_and_no_longer_than_that_when_the_clock_was_put_back(
    site: Site, seconds_ago: int, waits: list[float]
) -> None:
    state = HostState(origin=ORIGIN, answered_at=NOON - timedelta(seconds=seconds_ago))
    _, clock, state_after = run(site, "/page", state=state, min_gap=5)
    assert clock.sleeps == [*waits, 5.0]  # before robots.txt, and before the page
    assert state_after.answered_at == clock.now()


def test_nothing_slows_down_on_a_healthy_server_where_no_gap_is_wanted(site: Site) -> None:
    _, clock, state = run(site, *["/page"] * 30)
    assert clock.sleeps == []
    assert (state.delay, state.clean) == (0.0, 31)
    assert state.latency > 0


# --- retries --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Busy", "504 Timeout"])
def test_a_passing_failure_is_asked_again_twice_with_a_growing_gap(site: Site, status: str) -> None:
    site.pages["/page"] = in_turn(page(status=status), page(status=status), page())
    (outcome,), clock, _ = run(site, "/page", min_gap=1, deadline=60)
    assert (outcome.reason, site.targets(), "retried" in outcome.flags) == (None, ["/page"] * 3, True)
    waits = clock.sleeps[1:]  # the first wait is between robots.txt and the page
    assert len(waits) == 2
    assert waits == sorted(waits)
    assert waits[0] >= 2


def test_a_failure_that_does_not_pass_is_the_outcome_after_three_requests(site: Site) -> None:
    site.pages["/page"] = page(status="502 Bad Gateway")
    (outcome,), _, _ = run(site, "/page")
    assert (outcome.reason, site.targets()) == (Reason.SERVER_ERROR, ["/page"] * 3)


NEVER = [f"{status} No" for status in (400, 401, 403, 404, 405, 406, 410, 418, 429, 451, 500, 501)]


@pytest.mark.parametrize("status", NEVER)
def test_a_deliberate_error_is_not_retried(site: Site, status: str) -> None:
    site.pages["/page"] = page(status=status)
    run(site, "/page")
    assert site.targets() == ["/page"]


@pytest.mark.parametrize("status", ["408 Request Timeout", "425 Too Early"])
def test_408_and_425_are_retried_once(site: Site, status: str) -> None:
    site.pages["/page"] = page(status=status)
    (outcome,), _, _ = run(site, "/page")
    assert (outcome.reason, site.targets()) == (Reason.CLIENT_ERROR, ["/page"] * 2)
    assert not Reason.CLIENT_ERROR.is_retryable


def test_a_server_that_names_a_time_is_not_asked_before_it(site: Site) -> None:
    site.pages["/page"] = page(status="503 Busy", Retry_After="3")
    (outcome,), clock, _ = run(site, "/page")
    assert (outcome.reason, site.targets(), clock.sleeps) == (Reason.SERVER_ERROR, ["/page"], [])


def test_too_many_requests_is_asked_again_after_a_short_wait_and_only_once(site: Site) -> None:
    site.pages["/page"] = page(status="429 Slow down", Retry_After="4")
    (outcome,), clock, _ = run(site, "/page", deadline=60)
    assert (outcome.reason, site.targets()) == (Reason.RATE_LIMITED, ["/page"] * 2)
    assert clock.sleeps == [4.0]


def test_a_wait_that_the_deadline_does_not_allow_is_not_begun(site: Site) -> None:
    site.pages["/page"] = page(status="429 Slow down", Retry_After="4")
    (outcome,), clock, _ = run(site, "/page", deadline=3)
    assert (outcome.reason, site.targets(), clock.sleeps) == (Reason.RATE_LIMITED, ["/page"], [])


def test_a_server_that_is_not_there_is_tried_three_times() -> None:
    with Site() as stopped_site:
        pass
    (outcome,), clock, _ = run(stopped_site, "/page", min_gap=1, deadline=60)
    assert outcome.reason is Reason.CONNECT
    assert clock.sleeps == [2.0, 4.0]


# --- one server under many names -------------------------------------------------------------------------------------


def crowd(site: Site, hosts: int, visits_per_host: int, **policy: object) -> tuple[list[Outcome], int]:
    """Make many visits at once to many hosts at one address. Return the outcomes and the peak of open requests."""
    current, peak = 0, 0

    async def slow(_request: Asked) -> AsyncIterator[bytes]:
        nonlocal current, peak
        current += 1
        peak = max(peak, current)
        await asyncio.sleep(0.002)
        current -= 1
        yield page().raw

    site.pages["/slow"] = slow

    async def work() -> list[Outcome]:
        async with Fetcher(policy_for(site, deadline=20, **policy), now=lambda: NOON) as fetcher:
            visits = [visit(f"http://h{host}.example/slow") for _ in range(visits_per_host) for host in range(hosts)]
            return await asyncio.gather(*map(fetcher.fetch, visits))

    return asyncio.run(work()), peak


def test_one_server_has_few_requests_at_a_time_under_however_many_names(site: Site) -> None:
    outcomes, peak = crowd(site, 20, 2, per_address=3, lanes=10)
    assert {outcome.reason for outcome in outcomes} == {None}
    assert peak == 3


@pytest.mark.slow
def test_a_thousand_visits_to_200_names_of_one_server_all_succeed(site: Site) -> None:
    outcomes, peak = crowd(site, 200, 5)
    assert {outcome.reason for outcome in outcomes} == {None}
    assert peak <= 4


def test_a_crowd_at_one_server_leaves_the_slots_to_others() -> None:
    with Site() as slow, Site() as quick:
        slow.pages["/page"] = Say(b"", then="hang")
        resolve = (("*.slow.example", f"127.0.0.1:{slow.port}"), ("*.quick.example", f"127.0.0.2:{quick.port}"))

        async def work() -> bool:
            policy = replace(policy_for(quick, deadline=300, lanes=3, per_address=2), resolve=resolve)
            async with Fetcher(policy, now=lambda: NOON) as fetcher:
                waiting = [
                    asyncio.ensure_future(fetcher.fetch(visit(f"http://{n}.slow.example/page"))) for n in range(9)
                ]
                await asyncio.sleep(0.1)
                outcome = await asyncio.wait_for(fetcher.fetch(visit("http://a.quick.example/page")), 2)
                for task in waiting:
                    task.cancel()
                await asyncio.gather(*waiting, return_exceptions=True)
                return outcome.reason in {None, Reason.CONNECT}  # 127.0.0.2 is this machine on Linux only

        assert asyncio.run(work())


def test_a_name_is_looked_up_once_for_many_visits(site: Site) -> None:
    hosts: list[str] = []

    async def lookup(host: str, _port: int) -> tuple[str, ...]:
        hosts.append(host)
        return ("127.0.0.1",)

    visits = [visit(f"http://news.test:{site.port}/page", allow_private=True) for _ in range(5)]
    policy = policy_for(site, resolve=())

    async def work() -> list[Outcome]:
        async with Fetcher(policy, now=lambda: NOON, lookup=lookup) as fetcher:
            return [await fetcher.fetch(planned_visit) for planned_visit in visits]

    assert {outcome.reason for outcome in asyncio.run(work())} == {None}
    assert hosts == ["news.test"]


# --- validators ------------------------------------------------------------------------------------------------------


def is_conditional(request: Asked) -> bool:
    return bool({"if-none-match", "if-modified-since"} & set(request.headers))


def fetch_conditionally(site: Site, path: str, **facts: object) -> Outcome:
    """Visit with validators."""
    facts = {"etag": '"v1"', "last_modified": "Mon, 02 Nov 2026 10:00:00 GMT"} | facts

    async def work() -> Outcome:
        async with Fetcher(policy_for(site), now=lambda: NOON) as fetcher:
            return await fetcher.fetch(visit(path, **facts))

    return asyncio.run(work())


def conditional_flags(site: Site, path: str) -> list[bool]:
    """Return for each request of ``path`` whether it was conditional."""
    return [is_conditional(request) for request in site.asked if request.target == path]


def test_validators_are_sent_only_to_the_address_that_gave_them_out(site: Site) -> None:
    assert fetch_conditionally(site, "/moved", validators_url=f"{HOST}/page").reason is None
    assert (conditional_flags(site, "/moved"), conditional_flags(site, "/page")) == ([False], [True])
    site.asked.clear()
    fetch_conditionally(site, "/moved", validators_url=f"{HOST}/elsewhere")
    assert (conditional_flags(site, "/moved"), conditional_flags(site, "/page")) == ([False], [False])


def test_validators_hold_only_for_the_codings_they_were_given_out_under(site: Site) -> None:
    assert fetch_conditionally(site, "/validated", validators_coding="gzip").reason is None
    assert (
        fetch_conditionally(site, "/validated", validators_coding="gzip, deflate, br, zstd").reason
        is Reason.NOT_MODIFIED
    )
    assert fetch_conditionally(site, "/validated").reason is Reason.NOT_MODIFIED  # the coding is unknown
    assert conditional_flags(site, "/validated") == [False, True, True]


def answering_304(tag: str) -> Callable[[Asked], Say]:
    """Return a behaviour: a 304 with this ETag for a conditional request, else a page with it."""

    def respond(request: Asked) -> Say:
        return page(b"", status="304 Not Modified", ETag=tag) if is_conditional(request) else page(ETag=tag)

    return respond


def test_a_304_with_another_etag_is_not_trusted(site: Site) -> None:
    site.pages["/page"] = answering_304('"v2"')
    outcome = fetch_conditionally(site, "/page")
    assert (outcome.reason, outcome.etag, outcome.payload is not None) == (None, '"v2"', True)
    assert conditional_flags(site, "/page") == [True, False]
    assert "other-304" in outcome.flags


@pytest.mark.parametrize("tag", ['W/"v1"', '"v1-gzip"', '"v1;br"', ""])
def test_a_304_with_another_spelling_of_the_etag_is_trusted(site: Site, tag: str) -> None:
    site.pages["/page"] = answering_304(tag)
    assert fetch_conditionally(site, "/page").reason is Reason.NOT_MODIFIED
    assert conditional_flags(site, "/page") == [True]


def test_an_unsolicited_304_is_retried_past_the_caches_once(site: Site) -> None:
    outcome = fetch_conditionally(site, "/not-modified-unasked", etag=None, last_modified=None)
    assert outcome.reason is Reason.PROTOCOL
    assert [request.headers.get("cache-control") for request in site.asked[1:]] == [None, "no-cache"]
