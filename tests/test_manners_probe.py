"""The page that cannot exist: asked for once a week, and what says the same as it is no article."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.crawl import soft404
from archive.crawl.fetch import Fetcher, RememberedHost, SideCaptures
from archive.pipeline import side_captures
from archive.urls import url_key
from db.queries import captures as capture_queries
from db.queries import search as search_queries
from db.queries import sources as source_queries
from db.queries import versions as version_queries
from db.records import HostState, Reason, SeedKind, Verdict, Visit
from tests.builders import DAY, HOUR, T0
from tests.fetching import HOST, NOON, Clock, policy_for, turns, visit
from tests.newsroom import PARAGRAPHS, TALKS, answer, derive, gather
from tests.newsroom import page as article
from tests.replies import Say, page
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from db.records import Outcome
    from db.store import Store

ROOT = f"{HOST}/"
ORIGIN = f"{HOST}:80"
SORRY = (
    "We have looked in every drawer of this newsroom and could not find what you asked for, which may be our fault.",
    "Perhaps it was never printed, perhaps it was moved to the cellar, where the volumes before 1971 are kept dry.",
    "Readers who know the date may write to the librarian, who answers on Tuesdays and brings her own sandwiches.",
)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


# --- asking ----------------------------------------------------------------------------------------------------------


def run(
    site: Site, *visits: Visit, known: HostState | None = None, **policy: object
) -> tuple[list[Outcome], SideCaptures]:
    """Make the visits at once and wait for what follows; their outcomes, and what came along the way."""
    clock = Clock()

    async def work() -> tuple[list[Outcome], SideCaptures]:
        asked = policy_for(site, **{"probe": True} | policy)
        recall = lambda _: RememberedHost(manners=known)  # noqa: E731 (a name would say no more)
        async with Fetcher(asked, now=clock.now, sleep=clock.sleep, recall=recall) as fetcher:
            outcomes = await asyncio.gather(*map(fetcher.fetch, visits))
            await fetcher.rest()
            return outcomes, fetcher.asides()

    return asyncio.run(work())


def probes(site: Site) -> list[str]:
    return [asked.target for asked in site.asked if soft404.is_probe(asked.target)]


def test_an_origin_is_asked_once_for_a_page_that_cannot_exist_after_its_visits(site: Site) -> None:
    outcomes, along = run(site, *(visit("/page") for _ in range(5)))
    assert {outcome.reason for outcome in outcomes} == {None}
    assert [asked.target for asked in site.asked] == ["/robots.txt", *["/page"] * 5, *probes(site)]
    assert [made.kind for made, _ in along.pages] == [SeedKind.ROBOTS, SeedKind.PROBE]
    assert [outcome.reason for _, outcome in along.pages] == [Reason.MISSING_404] * 2
    assert [each.probed_at for each in along.manners] == [NOON]


def test_the_address_follows_from_site_and_week() -> None:
    monday = soft404.probe_url(ROOT, NOON)
    assert monday == soft404.probe_url(ROOT, NOON + DAY)
    assert monday != soft404.probe_url(ROOT, NOON + 7 * DAY)
    assert monday.rpartition("-")[2] != soft404.probe_url("http://b.example/", NOON).rpartition("-")[2]
    assert monday.startswith(ROOT)
    assert soft404.is_probe(monday)


@pytest.mark.parametrize(("ago", "asked"), [(6 * DAY, 0), (7 * DAY, 1)])
def test_a_site_is_asked_once_a_week_whoever_asked_before(site: Site, ago: timedelta, asked: int) -> None:
    run(site, visit("/page"), known=HostState(origin=ORIGIN, probed_at=NOON - ago))
    assert len(probes(site)) == asked


@pytest.mark.parametrize("kind", [kind for kind in SeedKind if kind is not SeedKind.ARTICLE])
def test_only_articles_lead_to_a_probe(site: Site, kind: SeedKind) -> None:
    run(site, visit("/page", kind=kind))
    assert probes(site) == []


def test_a_probe_can_be_switched_off(site: Site) -> None:
    run(site, visit("/page"), probe=False)
    assert probes(site) == []


def test_a_page_that_did_not_come_leads_to_no_probe(site: Site) -> None:
    run(site, visit("/nowhere"))
    assert probes(site) == []


def test_a_path_that_robots_txt_forbids_is_not_probed_and_not_tried_again(site: Site) -> None:
    site.pages["/robots.txt"] = page(b"User-agent: *\nDisallow: /no-such", Content_Type="text/plain")
    _, along = run(site, visit("/page"))
    assert probes(site) == []
    assert [made.kind for made, _ in along.pages] == [SeedKind.ROBOTS]
    assert [each.probed_at for each in along.manners] == [NOON]


def test_a_probe_keeps_the_gap(site: Site) -> None:
    clock = Clock()

    async def work() -> None:
        async with Fetcher(policy_for(site, probe=True, min_gap=3), now=clock.now, sleep=clock.sleep) as fetcher:
            await fetcher.fetch(visit("/page"))
            await fetcher.rest()

    asyncio.run(work())
    assert clock.slept == [3.0, 3.0]
    assert len(probes(site)) == 1


def test_a_probe_that_hangs_neither_delays_nor_fails_the_visit(site: Site) -> None:
    site.pages[soft404.probe_url(ROOT, NOON).removeprefix(HOST)] = Say(b"", then="hang")

    async def work() -> Outcome:
        async with Fetcher(policy_for(site, probe=True, deadline=300), now=lambda: NOON) as fetcher:
            return await asyncio.wait_for(fetcher.fetch(visit("/page")), 60)

    assert asyncio.run(work()).reason is None


def test_a_probe_makes_way_for_a_visit_while_it_waits_for_its_gap(site: Site) -> None:
    waiting, may_go_on = asyncio.Event(), asyncio.Semaphore(0)

    async def sleep(_seconds: float) -> None:
        waiting.set()
        await may_go_on.acquire()

    async def work() -> None:
        async with Fetcher(policy_for(site, probe=True, min_gap=1), now=lambda: NOON, sleep=sleep) as fetcher:
            first = asyncio.ensure_future(fetcher.fetch(visit("/page")))
            await waiting.wait()  # between robots.txt and the page
            waiting.clear()
            may_go_on.release()
            await first
            await waiting.wait()  # the probe, before it is made
            second = asyncio.ensure_future(fetcher.fetch(visit("/gzip")))
            await turns(100)  # it comes as far as it can
            for _ in range(9):
                may_go_on.release()
            await second
            await fetcher.rest()

    asyncio.run(work())
    assert [asked.target for asked in site.asked] == ["/robots.txt", "/page", "/gzip", *probes(site)]


# --- comparing -------------------------------------------------------------------------------------------------------


def test_an_apology_that_repeats_the_address_is_still_the_same() -> None:
    one, two = (f"{' '.join(SORRY)} You asked for {path}." for path in ("/no-such-page-1f", "/news/harvest"))
    assert soft404.agree(one, two)


def test_a_text_that_merely_contains_the_other_is_another() -> None:
    assert not soft404.agree(SORRY[0], " ".join(SORRY))
    assert not soft404.agree(" ".join(SORRY), " ".join(PARAGRAPHS))


@pytest.mark.parametrize("empty", ["", " ", "...", "\n\n"])
def test_nothing_agrees_with_no_text(empty: str) -> None:
    assert not soft404.agree(empty, empty)
    assert not soft404.agree(empty, "Sorry")


def test_scripts_without_spaces_are_compared_too() -> None:
    sorry = (
        "\u304a\u63a2\u3057\u306e\u30da\u30fc\u30b8\u306f\u898b\u3064\u304b\u308a\u307e\u305b\u3093\u3067\u3057\u305f"
    )
    assert soft404.agree(sorry, f"{sorry}\u3002")
    assert not soft404.agree(sorry, sorry[::-1])


@settings(max_examples=40)
@given(st.text(max_size=100), st.text(max_size=100))
def test_agreeing_is_mutual_and_everything_agrees_with_itself(a: str, b: str) -> None:
    assert soft404.agree(a, b) == soft404.agree(b, a)
    assert soft404.agree(a, a) == soft404.agree(a, f"{a} 404") == soft404.agree(f"on/the/way {a}", a)


# --- judging ---------------------------------------------------------------------------------------------------------


def apologise(store: Store, at: object, *paragraphs: str, url: str | None = None, **more: object) -> None:
    """Keep what the site said at that moment of a page that cannot exist."""
    asked = url or soft404.probe_url("https://daily.example/", at)
    said = answer(at, article(*(paragraphs or SORRY), title="The Daily"), url=asked, **more)
    side_captures.record_side_captures(
        store, SideCaptures(pages=((Visit(source_id=0, url=asked, kind=SeedKind.PROBE), said),)), run_id=None, now=at
    )


def lose(store: Store, at: object, *, url: str = TALKS) -> int:
    """Keep what the site said at that moment of an article it lost."""
    source_id = store.add_source(url, url_key(url), at)
    gather(store, [answer(at, article(*SORRY, f"You asked for {url}.", title="The Daily"), url=url)], source_id)
    return source_id


def states(store: Store, source_id: int) -> list[str]:
    return [one.state for one in capture_queries.sightings(store.ask, source_id)]


def settle(store: Store) -> None:
    """Derive until nothing is left, as a run does."""
    while capture_queries.underived(store.ask, 1):
        derive(store, T0 + 30 * DAY)


def test_a_page_that_says_what_a_page_that_cannot_exist_says_is_a_soft_404(store: Store) -> None:
    source_id = store.add_source(TALKS, url_key(TALKS), T0)
    gather(store, [answer(T0, article())], source_id)
    lose(store, T0 + DAY)
    apologise(store, T0 + DAY + HOUR)
    settle(store)
    assert states(store, source_id) == ["ok", "soft_404"]
    (version,) = version_queries.of_source(store.ask, source_id)
    assert version.captures == 1
    (row,) = store.ask("SELECT detail FROM derivation WHERE verdict = 'soft_404'")
    assert soft404.probe_url("https://daily.example/", T0 + DAY + HOUR) in row["detail"]
    assert "2026-01-06T09:00:00Z" in row["detail"]


@pytest.mark.parametrize("probe_first", [True, False])
@pytest.mark.parametrize("together", [True, False])
def test_the_verdict_is_the_same_whichever_came_first(store: Store, *, probe_first: bool, together: bool) -> None:
    steps = [lambda: apologise(store, T0 + HOUR), lambda: lose(store, T0)]
    for step in steps if probe_first else steps[::-1]:
        step()
        if not together:
            settle(store)
    settle(store)
    source = source_queries.by_url_key(store.ask, url_key(TALKS))
    assert source is not None
    assert states(store, source.id) == [Verdict.SOFT_404]
    assert version_queries.of_source(store.ask, source.id) == []


@pytest.mark.parametrize(
    ("after", "state"), [(-8 * DAY, "soft_404"), (8 * DAY, "soft_404"), (-9 * DAY, "ok"), (9 * DAY, "ok")]
)
def test_a_probe_speaks_of_eight_days_on_either_side(store: Store, after: timedelta, state: str) -> None:
    source_id = lose(store, T0)
    apologise(store, T0 + after)
    settle(store)
    assert states(store, source_id) == [state]


def test_a_probe_speaks_of_its_own_origin_alone(store: Store) -> None:
    there = [lose(store, T0, url=url) for url in ("http://daily.example/a/b", "https://news.daily.example/a/b")]
    apologise(store, T0)
    settle(store)
    assert [states(store, each) for each in there] == [["ok"], ["ok"]]


def test_a_probe_answered_404_proves_the_site_honest(store: Store) -> None:
    source_id = lose(store, T0)
    apologise(store, T0, reason=Reason.MISSING_404, status=404)
    settle(store)
    assert states(store, source_id) == ["ok"]


def test_an_article_is_not_held_against_an_apology_it_does_not_repeat(store: Store) -> None:
    source_id = store.add_source(TALKS, url_key(TALKS), T0)
    gather(store, [answer(T0, article())], source_id)
    apologise(store, T0)
    settle(store)
    assert states(store, source_id) == ["ok"]


def test_a_probe_is_neither_a_version_nor_found_by_search_nor_watched(store: Store) -> None:
    apologise(store, T0)
    settle(store)
    assert store.ask("SELECT count(*) AS n FROM capture") == [{"n": 1}]
    assert version_queries.everything(store.ask) == []
    assert search_queries.search(store.ask, "sandwiches", limit=5) == []
    assert store.ask("SELECT * FROM v_articles") == store.ask("SELECT * FROM v_sources") == []
    assert source_queries.states(store.ask) == source_queries.everything(store.ask) == []


def test_a_probe_sent_to_the_front_page_for_good_does_not_take_it_over(store: Store) -> None:
    from db.records import Hop

    front = "https://daily.example/"
    source_id = store.add_source(front, url_key(front), T0)
    asked = soft404.probe_url(front, T0)
    apologise(store, T0, *PARAGRAPHS, final_url=front, hops=(Hop(url=asked, status=301, location="/"),))
    settle(store)
    found = source_queries.by_url_key(store.ask, url_key(front))
    assert found is not None
    assert (found.id, found.same_as) == (source_id, None)
