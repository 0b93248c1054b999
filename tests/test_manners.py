"""Manners learned and kept: pauses, gaps that follow the server, second chances, one server under many names."""

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


def in_turn(*said: Say) -> Behaviour:
    """Each reply once, the last one for ever."""
    left = list(said)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def run(
    site: Site, *paths: str, known: HostState | None = None, **policy: object
) -> tuple[list[Outcome], Clock, HostState]:
    """Visit one after the other; the outcomes, the clock, and the manners the origin is remembered with."""
    clock = Clock()

    def recall(origin: str) -> RememberedHost:
        return RememberedHost(manners=known if origin == ORIGIN else None)

    async def work() -> tuple[list[Outcome], HostState]:
        async with Fetcher(policy_for(site, **policy), now=clock.now, sleep=clock.sleep, recall=recall) as fetcher:
            outcomes = [await fetcher.fetch(visit(path)) for path in paths]
            learned = {each.origin: each for each in fetcher.asides().manners}
            return outcomes, learned.get(ORIGIN, HostState(origin=ORIGIN))

    outcomes, learned = asyncio.run(work())
    return outcomes, clock, learned


# --- pauses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "asked", "seconds"),
    [
        ("429 Slow down", "120", 120),
        ("503 Busy", "120", 120),
        ("503 Busy", "Sun, 22 Nov 2026 12:30:00 GMT", 1800),
        ("429 Slow down", "315360000", 86_400),
        ("429 Slow down", "soon", 60),
    ],
)
def test_a_pause_is_handed_over_to_be_remembered(site: Site, status: str, asked: str, seconds: int) -> None:
    site.pages["/page"] = page(status=status, Retry_After=asked)
    _, _, learned = run(site, "/page")
    assert learned.paused_until_at == NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize("asked", ["0", "-5"])
def test_a_pause_of_nothing_lasts_a_second_and_is_waited_out(site: Site, asked: str) -> None:
    site.pages["/page"] = in_turn(page(status="429 Slow down", Retry_After=asked), page())
    (outcome,), clock, _ = run(site, "/page")
    assert (outcome.reason, clock.slept) == (None, [1.0])


def test_a_pause_remembered_is_kept_after_a_restart_and_nothing_is_asked_not_even_robots_txt(site: Site) -> None:
    until = NOON + timedelta(hours=3)
    (outcome,), _, _ = run(site, "/page", known=HostState(origin=ORIGIN, paused_until_at=until))
    assert (outcome.reason, outcome.retry_at) == (Reason.RATE_LIMITED, until)
    assert site.asked == []


def test_a_pause_that_is_over_keeps_nobody(site: Site) -> None:
    (outcome,), _, _ = run(site, "/page", known=HostState(origin=ORIGIN, paused_until_at=NOON))
    assert outcome.reason is None


def test_a_redirect_into_a_paused_origin_waits_as_well(site: Site) -> None:
    site.pages["/away"] = redirect(f"{HOST}/page")
    until = NOON + timedelta(hours=3)
    (outcome,), _, _ = run(site, "http://b.example/away", known=HostState(origin=ORIGIN, paused_until_at=until))
    assert (outcome.reason, outcome.retry_at, len(outcome.hops)) == (Reason.RATE_LIMITED, until, 1)


def test_who_waits_for_a_turn_learns_of_the_pause_without_waiting_out_the_gap(site: Site) -> None:
    site.pages["/page"] = page(status="429 Slow down", Retry_After="3600")
    outcomes, clock, _ = run(site, "/page", "/page", "/page", min_gap=30)
    assert [outcome.reason for outcome in outcomes] == [Reason.RATE_LIMITED] * 3
    assert clock.slept == [30.0]  # between robots.txt and the page


# --- the gap follows the server --------------------------------------------------------------------------------------


def after(told: HostState, *statuses: int, seconds: float = 0.1, min_gap: float = 1.0) -> HostState:
    for status in statuses:
        gap = politeness.gap(told, min_gap=min_gap, crawl_delay=0.0)
        told = politeness.after_reply(told, status, seconds, gap=gap, until=None)
    return told


def test_the_delay_doubles_with_every_refusal_up_to_two_minutes() -> None:
    told, delays = HostState(origin=ORIGIN), []
    for _ in range(8):
        told = after(told, 503)
        delays.append(told.delay)
    assert delays == [2, 4, 8, 16, 32, 64, 120, 120]


def test_the_delay_is_halved_by_twenty_clean_replies_and_no_fewer() -> None:
    slow = after(HostState(origin=ORIGIN), 429, 429)
    assert after(slow, *[200] * 19).delay == 4
    assert after(slow, *[200] * 20).delay == 2
    assert after(slow, *[200] * 19, 503, *[200] * 19).delay == 8
    assert after(slow, *[200] * 400).delay == 0


def test_an_error_of_the_server_is_neither_clean_nor_a_refusal() -> None:
    slow = after(HostState(origin=ORIGIN), 429)
    assert after(slow, *[500] * 40).delay == slow.delay == 2


def test_the_latency_is_a_moving_mean_that_begins_with_the_first_reply() -> None:
    told = after(HostState(origin=ORIGIN), 200, seconds=2.0)
    assert told.latency == 2.0
    assert after(told, 200, seconds=10.0).latency == 3.0


def test_a_slow_server_is_given_as_long_as_it_takes() -> None:
    slow = replace(HostState(origin=ORIGIN), latency=7.5)
    assert politeness.gap(slow, min_gap=1.0, crawl_delay=3.0) == 7.5
    assert politeness.gap(slow, min_gap=0.0, crawl_delay=3.0) == 3.0  # no gap wanted: a server of one's own


@settings(max_examples=40)
@given(
    statuses=st.lists(st.sampled_from([200, 304, 404, 429, 500, 502, 503]), max_size=60),
    seconds=st.floats(0, 3600),
    min_gap=st.floats(0, 120),
    crawl_delay=st.floats(0, 120),
)
def test_no_gap_is_shorter_than_wanted_or_longer_than_two_minutes(
    statuses: list[int], seconds: float, min_gap: float, crawl_delay: float
) -> None:
    told = after(HostState(origin=ORIGIN), *statuses, seconds=seconds, min_gap=min_gap)
    assert max(min_gap, crawl_delay) <= politeness.gap(told, min_gap=min_gap, crawl_delay=crawl_delay) <= 120


def test_a_delay_remembered_is_kept_from_the_first_two_requests_on(site: Site) -> None:
    _, clock, _ = run(site, "/page", known=HostState(origin=ORIGIN, delay=16.0), min_gap=1)
    assert clock.slept == [16.0]


@pytest.mark.parametrize(("ago", "waited"), [(1, [4.0]), (5, []), (86_400, []), (-7_200, [5.0])])
def test_the_gap_is_kept_over_a_restart_and_no_longer_than_that_when_the_clock_was_put_back(
    site: Site, ago: int, waited: list[float]
) -> None:
    known = HostState(origin=ORIGIN, answered_at=NOON - timedelta(seconds=ago))
    _, clock, learned = run(site, "/page", known=known, min_gap=5)
    assert clock.slept == [*waited, 5.0]  # before robots.txt, and before the page
    assert learned.answered_at == clock.now()


def test_nothing_slows_down_on_a_healthy_server_where_no_gap_is_wanted(site: Site) -> None:
    _, clock, learned = run(site, *["/page"] * 30)
    assert clock.slept == []
    assert (learned.delay, learned.clean) == (0.0, 31)
    assert learned.latency > 0


# --- second chances --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Busy", "504 Timeout"])
def test_a_passing_failure_is_asked_again_twice_with_a_growing_gap(site: Site, status: str) -> None:
    site.pages["/page"] = in_turn(page(status=status), page(status=status), page())
    (outcome,), clock, _ = run(site, "/page", min_gap=1, deadline=60)
    assert (outcome.reason, site.targets(), "retried" in outcome.flags) == (None, ["/page"] * 3, True)
    waits = clock.slept[1:]  # the first is between robots.txt and the page
    assert len(waits) == 2
    assert waits == sorted(waits)
    assert waits[0] >= 2


def test_a_failure_that_does_not_pass_is_the_outcome_after_three_requests(site: Site) -> None:
    site.pages["/page"] = page(status="502 Bad Gateway")
    (outcome,), _, _ = run(site, "/page")
    assert (outcome.reason, site.targets()) == (Reason.SERVER_ERROR, ["/page"] * 3)


NEVER = [f"{status} No" for status in (400, 401, 403, 404, 405, 406, 410, 418, 429, 451, 500, 501)]


@pytest.mark.parametrize("status", NEVER)
def test_what_was_meant_is_not_asked_again(site: Site, status: str) -> None:
    site.pages["/page"] = page(status=status)
    run(site, "/page")
    assert site.targets() == ["/page"]


@pytest.mark.parametrize("status", ["408 Request Timeout", "425 Too Early"])
def test_the_two_refusals_that_mean_again_are_asked_once_more(site: Site, status: str) -> None:
    site.pages["/page"] = page(status=status)
    (outcome,), _, _ = run(site, "/page")
    assert (outcome.reason, site.targets()) == (Reason.CLIENT_ERROR, ["/page"] * 2)
    assert not Reason.CLIENT_ERROR.retryable


def test_a_server_that_names_a_time_is_not_asked_before_it(site: Site) -> None:
    site.pages["/page"] = page(status="503 Busy", Retry_After="3")
    (outcome,), clock, _ = run(site, "/page")
    assert (outcome.reason, site.targets(), clock.slept) == (Reason.SERVER_ERROR, ["/page"], [])


def test_too_many_requests_is_asked_again_after_a_short_wait_and_only_once(site: Site) -> None:
    site.pages["/page"] = page(status="429 Slow down", Retry_After="4")
    (outcome,), clock, _ = run(site, "/page", deadline=60)
    assert (outcome.reason, site.targets()) == (Reason.RATE_LIMITED, ["/page"] * 2)
    assert clock.slept == [4.0]


def test_a_wait_that_the_deadline_does_not_allow_is_not_begun(site: Site) -> None:
    site.pages["/page"] = page(status="429 Slow down", Retry_After="4")
    (outcome,), clock, _ = run(site, "/page", deadline=3)
    assert (outcome.reason, site.targets(), clock.slept) == (Reason.RATE_LIMITED, ["/page"], [])


def test_a_server_that_is_not_there_is_tried_three_times() -> None:
    with Site() as gone:
        pass
    (outcome,), clock, _ = run(gone, "/page", min_gap=1, deadline=60)
    assert outcome.reason is Reason.CONNECT
    assert clock.slept == [2.0, 4.0]


# --- one server under many names -------------------------------------------------------------------------------------


def crowd(site: Site, hosts: int, each: int, **policy: object) -> tuple[list[Outcome], int]:
    """Many visits at once to many hosts, all at one address; their outcomes, and the most that were there at a time."""
    now, most = 0, 0

    async def slow(_asked: Asked) -> AsyncIterator[bytes]:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.002)
        now -= 1
        yield page().raw

    site.pages["/slow"] = slow

    async def work() -> list[Outcome]:
        async with Fetcher(policy_for(site, deadline=300, **policy), now=lambda: NOON) as fetcher:
            visits = [visit(f"http://h{host}.example/slow") for _ in range(each) for host in range(hosts)]
            return await asyncio.gather(*map(fetcher.fetch, visits))

    return asyncio.run(work()), most


def test_one_server_has_few_requests_at_a_time_under_however_many_names(site: Site) -> None:
    outcomes, most = crowd(site, 20, 2, per_address=3, lanes=10)
    assert {outcome.reason for outcome in outcomes} == {None}
    assert most == 3


@pytest.mark.slow
def test_a_thousand_visits_to_200_names_of_one_server_all_come_home(site: Site) -> None:
    outcomes, most = crowd(site, 200, 5)
    assert {outcome.reason for outcome in outcomes} == {None}
    assert most <= 4


def test_a_crowd_at_one_server_leaves_the_slots_to_others() -> None:
    with Site() as slow, Site() as quick:
        slow.pages["/page"] = Say(b"", then="hang")
        resolve = (("*.slow.example", f"127.0.0.1:{slow.port}"), ("*.quick.example", f"127.0.0.2:{quick.port}"))

        async def work() -> bool:
            policy = replace(policy_for(quick, deadline=300, lanes=3, per_address=2), resolve=resolve)
            async with Fetcher(policy, now=lambda: NOON) as fetcher:
                stuck = [asyncio.ensure_future(fetcher.fetch(visit(f"http://{n}.slow.example/page"))) for n in range(9)]
                while slow.targets().count("/page") < 2:  # noqa: ASYNC110 (the site is in another thread)
                    await asyncio.sleep(0.01)
                outcome = await asyncio.wait_for(fetcher.fetch(visit("http://a.quick.example/page")), 60)
                for each in stuck:
                    each.cancel()
                await asyncio.gather(*stuck, return_exceptions=True)
                return outcome.reason in {None, Reason.CONNECT}  # 127.0.0.2 is this machine on Linux only

        assert asyncio.run(work())


def test_a_name_is_looked_up_once_for_many_visits(site: Site) -> None:
    asked: list[str] = []

    async def lookup(host: str, _port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",)

    visits = [visit(f"http://news.test:{site.port}/page", allow_private=True) for _ in range(5)]
    policy = policy_for(site, resolve=())

    async def work() -> list[Outcome]:
        async with Fetcher(policy, now=lambda: NOON, lookup=lookup) as fetcher:
            return [await fetcher.fetch(each) for each in visits]

    assert {outcome.reason for outcome in asyncio.run(work())} == {None}
    assert asked == ["news.test"]


# --- validators ------------------------------------------------------------------------------------------------------


def conditional(asked: Asked) -> bool:
    return bool({"if-none-match", "if-modified-since"} & set(asked.headers))


def held(site: Site, path: str, **facts: object) -> Outcome:
    """Visit with validators in hand."""
    facts = {"etag": '"v1"', "last_modified": "Mon, 02 Nov 2026 10:00:00 GMT"} | facts

    async def work() -> Outcome:
        async with Fetcher(policy_for(site), now=lambda: NOON) as fetcher:
            return await fetcher.fetch(visit(path, **facts))

    return asyncio.run(work())


def about(site: Site, path: str) -> list[bool]:
    """Whether each request for ``path`` was conditional."""
    return [conditional(asked) for asked in site.asked if asked.target == path]


def test_validators_are_sent_only_to_the_address_that_gave_them_out(site: Site) -> None:
    assert held(site, "/moved", validators_url=f"{HOST}/page").reason is None
    assert (about(site, "/moved"), about(site, "/page")) == ([False], [True])
    site.asked.clear()
    held(site, "/moved", validators_url=f"{HOST}/elsewhere")
    assert (about(site, "/moved"), about(site, "/page")) == ([False], [False])


def test_validators_hold_only_for_the_codings_they_were_given_out_under(site: Site) -> None:
    assert held(site, "/validated", validators_coding="gzip").reason is None
    assert held(site, "/validated", validators_coding="gzip, deflate, br, zstd").reason is Reason.NOT_MODIFIED
    assert held(site, "/validated").reason is Reason.NOT_MODIFIED  # nobody noted it
    assert about(site, "/validated") == [False, True, True]


def no_news(tag: str) -> Callable[[Asked], Say]:
    """Says that nothing changed to whoever sends a validator, and that the page it means is ``tag``."""

    def say(asked: Asked) -> Say:
        return page(b"", status="304 Not Modified", ETag=tag) if conditional(asked) else page(ETag=tag)

    return say


def test_a_304_about_another_page_than_the_one_held_is_not_believed(site: Site) -> None:
    site.pages["/page"] = no_news('"v2"')
    outcome = held(site, "/page")
    assert (outcome.reason, outcome.etag, outcome.payload is not None) == (None, '"v2"', True)
    assert about(site, "/page") == [True, False]
    assert "other-304" in outcome.flags


@pytest.mark.parametrize("tag", ['W/"v1"', '"v1-gzip"', '"v1;br"', ""])
def test_a_304_that_spells_the_tag_otherwise_is_believed(site: Site, tag: str) -> None:
    site.pages["/page"] = no_news(tag)
    assert held(site, "/page").reason is Reason.NOT_MODIFIED
    assert about(site, "/page") == [True]


def test_a_304_that_nobody_asked_for_is_asked_past_the_caches_once(site: Site) -> None:
    outcome = held(site, "/not-modified-unasked", etag=None, last_modified=None)
    assert outcome.reason is Reason.PROTOCOL
    assert [asked.headers.get("cache-control") for asked in site.asked[1:]] == [None, "no-cache"]
