"""Politeness of one run: robots.txt, gaps, pauses, one request at a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from archive.crawl.fetch import Fetcher
from archive.crawl.fetch.retry_after import retry_at
from db.records import Outcome, Reason
from tests.fetching import NOON, Clock, fetch, fetch_all, policy_for, visit
from tests.replies import HTML, Asked, Say, page, raw, redirect
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


# --- Retry-After -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/too-many", "/busy"])
def test_an_origin_that_asks_for_a_pause_gets_no_request(site: Site, path: str) -> None:
    first, second = fetch_all(site, visit(path), visit("/page"))
    assert first.retry_at == second.retry_at == NOON + timedelta(seconds=120)
    assert second.reason is Reason.RATE_LIMITED
    assert site.targets() == [path]


def test_a_pause_of_one_origin_is_not_kept_with_another(site: Site) -> None:
    _, other = fetch_all(site, visit("/too-many"), visit("http://b.example/page"))
    assert other.reason is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30),
        ("0", 1),
        ("-5", 1),
        ("315360000", 86_400),
        ("9" * 400, 86_400),
        ("Sun, 22 Nov 2026 12:05:00 GMT", 300),
        ("Sun, 22 Nov 2026 12:05:00 -0000", 300),
        ("Sat, 21 Nov 2026 12:00:00 GMT", 1),
        ("Mon, 22 Nov 2038 12:00:00 GMT", 86_400),
        ("soon", None),
        ("", None),
        ("Sun, 99 Nov 2026 12:05:00 GMT", None),
    ],
)
def test_a_pause_lasts_a_second_at_least_and_a_day_at_most(value: str, seconds: int | None) -> None:
    expected = None if seconds is None else NOON + timedelta(seconds=seconds)
    assert retry_at(503, value, NOON) == expected


# --- robots.txt ------------------------------------------------------------------------------------------------------


def test_a_forbidden_page_is_not_asked_for(site: Site) -> None:
    site.pages["/robots.txt"] = page(b"User-agent: *\nDisallow: /page", Content_Type="text/plain")
    denied, allowed = fetch_all(site, visit("/page"), visit("/gzip"))
    assert denied.reason is Reason.ROBOTS_DENIED
    assert allowed.reason is None
    assert [request.target for request in site.asked] == ["/robots.txt", "/gzip"]


def test_a_redirect_to_a_forbidden_page_is_not_followed(site: Site) -> None:
    site.pages["/robots.txt"] = page(b"User-agent: wirecopy\nDisallow: /page")
    outcome = fetch(site, "/moved")
    assert outcome.reason is Reason.ROBOTS_DENIED
    assert len(outcome.hops) == 1
    assert site.targets() == ["/moved"]


def _oversized() -> Say:
    return page(b"User-agent: *\nDisallow: /page\n" + b"# filler\n" * 1_300_000)


ROBOTS: dict[str, tuple[Say, bool]] = {  # reply, page allowed
    "missing": (page(status="404 Not Found"), True),
    "forbidden": (page(status="403 Forbidden"), True),
    "not for us": (page(b"User-agent: otherbot\nDisallow: /"), True),
    "an HTML page": (page(HTML), True),
    "an empty file": (page(b""), True),
    "a redirect loop": (redirect("/robots.txt"), True),
    "a redirect to nowhere": (redirect("file:///robots.txt"), True),
    "marked UTF-8": (page(b"\xef\xbb\xbfUser-agent: *\nDisallow: /page"), False),
    "moved": (redirect("/rules"), False),
    "over 10 MiB": (_oversized(), False),
    "broken": (page(status="500 Oops"), False),
    "busy": (page(status="503 Busy"), False),
    "cut": (raw("HTTP/1.1 200 OK\nContent-Length: 999", b"User-agent: *\nAllow: /"), False),
    "a hang-up": (Say(b"", then="reset"), False),
    "silent": (Say(b"", then="hang"), False),
}


@pytest.mark.parametrize("case", ROBOTS)
def test_robots_txt_is_read_by_the_standard(site: Site, case: str) -> None:
    site.pages["/rules"] = page(b"User-agent: *\nDisallow: /page")
    site.pages["/robots.txt"], allowed = ROBOTS[case]
    (outcome,) = fetch_all(site, visit("/page"), deadline=0.5)
    assert outcome.reason is (None if allowed else Reason.ROBOTS_DENIED)
    assert ("/page" in site.targets()) is allowed


def test_robots_txt_is_asked_for_once_an_origin(site: Site) -> None:
    urls = ["http://a.example/page", "http://a.example/gzip", "http://b.example/page"]
    fetch_all(site, *map(visit, urls))
    hosts = [request.headers["host"] for request in site.asked if request.target == "/robots.txt"]
    assert hosts == ["a.example", "b.example"]


def test_an_unreachable_host_has_the_reason_connect_not_robots() -> None:
    with Site() as stopped_site:
        pass
    assert fetch(stopped_site, "/page").reason is Reason.CONNECT


# --- gaps and turns --------------------------------------------------------------------------------------------------


def fetch_politely(site: Site, *paths: str, min_gap: float) -> Clock:
    clock = Clock()

    async def run() -> None:
        async with Fetcher(policy_for(site, min_gap=min_gap), now=clock.now, sleep=clock.sleep) as fetcher:
            for path in paths:
                await fetcher.fetch(visit(path))

    asyncio.run(run())
    return clock


def test_one_origin_is_asked_with_a_gap(site: Site) -> None:
    assert fetch_politely(site, "/page", "/page", min_gap=1.5).sleeps == [1.5, 1.5]  # robots.txt, page, page


def test_another_origin_does_not_wait(site: Site) -> None:
    assert fetch_politely(site, "http://a.example/page", "http://b.example/page", min_gap=1.5).sleeps == [1.5, 1.5]


def test_a_crawl_delay_is_kept_up_to_two_minutes(site: Site) -> None:
    site.pages["/robots.txt"] = page(b"User-agent: *\nCrawl-delay: 7")
    assert fetch_politely(site, "/page", "/page", min_gap=1).sleeps == [7.0, 7.0]
    site.pages["/robots.txt"] = page(b"User-agent: *\nCrawl-delay: 1000000000")
    assert fetch_politely(site, "/page", min_gap=1).sleeps == [120.0]


def test_one_origin_has_one_request_at_a_time_and_origins_share_the_slots(site: Site) -> None:
    active: dict[str, int] = {}
    totals: list[int] = []

    async def slow(request: Asked) -> AsyncIterator[bytes]:
        host = request.headers["host"]
        active[host] = active.get(host, 0) + 1
        totals.append(sum(active.values()))
        assert active[host] == 1
        await asyncio.sleep(0.02)
        active[host] -= 1
        yield page().raw

    site.pages["/slow"] = slow
    visits = [visit(f"http://{host}.example/slow") for host in "abcdef" for _ in range(3)]

    async def run() -> list[Outcome]:
        async with Fetcher(policy_for(site, lanes=4, deadline=5), now=lambda: NOON) as fetcher:
            return await asyncio.gather(*map(fetcher.fetch, visits))

    outcomes = asyncio.run(run())
    assert {outcome.reason for outcome in outcomes} == {None}
    assert 1 < max(totals) <= 4


def test_waiting_for_a_turn_does_not_count_against_the_deadline(site: Site) -> None:
    async def slow(_request: Asked) -> AsyncIterator[bytes]:
        await asyncio.sleep(0.1)
        yield page().raw

    site.pages["/slow"] = slow

    async def run() -> list[Outcome]:
        async with Fetcher(policy_for(site, deadline=0.25), now=lambda: NOON) as fetcher:
            return await asyncio.gather(*(fetcher.fetch(visit("/slow")) for _ in range(5)))

    assert {outcome.reason for outcome in asyncio.run(run())} == {None}


def test_cancelling_passes_through(site: Site) -> None:
    async def run() -> None:
        async with Fetcher(policy_for(site), now=lambda: NOON) as fetcher:
            fetching = asyncio.ensure_future(fetcher.fetch(visit("/silent")))
            while "/silent" not in site.targets():  # noqa: ASYNC110 (the site is in another thread)
                await asyncio.sleep(0.005)
            fetching.cancel()
            await fetching

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())
