"""Soft-404 probes: one a week per origin, and the verdict on pages with the same text."""

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


# --- probing ---------------------------------------------------------------------------------------------------------


def run(
    site: Site, *visits: Visit, state: HostState | None = None, **policy: object
) -> tuple[list[Outcome], SideCaptures]:
    """Make the visits at once and wait for the probes. Return the outcomes and the side captures."""
    clock = Clock()

    async def work() -> tuple[list[Outcome], SideCaptures]:
        fetch_policy = policy_for(site, **{"probe": True} | policy)
        recall = lambda _: RememberedHost(state=state)  # noqa: E731 (a def would be longer)
        async with Fetcher(fetch_policy, now=clock.now, sleep=clock.sleep, recall=recall) as fetcher:
            outcomes = await asyncio.gather(*map(fetcher.fetch, visits))
            await fetcher.finish_probes()
            return outcomes, fetcher.side_captures()

    return asyncio.run(work())


def probes(site: Site) -> list[str]:
    return [request.target for request in site.asked if soft404.is_probe(request.target)]


def test_an_origin_is_probed_once_after_its_visits(site: Site) -> None:
    outcomes, side = run(site, *(visit("/page") for _ in range(5)))
    assert {outcome.reason for outcome in outcomes} == {None}
    assert [request.target for request in site.asked] == ["/robots.txt", *["/page"] * 5, *probes(site)]
    assert [side_visit.kind for side_visit, _ in side.pages] == [SeedKind.ROBOTS, SeedKind.PROBE]
    assert [outcome.reason for _, outcome in side.pages] == [Reason.MISSING_404] * 2
    assert [host_state.probed_at for host_state in side.host_states] == [NOON]


def test_the_probe_url_depends_on_site_and_week() -> None:
    monday = soft404.probe_url(ROOT, NOON)
    assert monday == soft404.probe_url(ROOT, NOON + DAY)
    assert monday != soft404.probe_url(ROOT, NOON + 7 * DAY)
    assert monday.rpartition("-")[2] != soft404.probe_url("http://b.example/", NOON).rpartition("-")[2]
    assert monday.startswith(ROOT)
    assert soft404.is_probe(monday)


@pytest.mark.parametrize(("age", "count"), [(6 * DAY, 0), (7 * DAY, 1)])
def test_a_site_is_probed_once_a_week(site: Site, age: timedelta, count: int) -> None:
    run(site, visit("/page"), state=HostState(origin=ORIGIN, probed_at=NOON - age))
    assert len(probes(site)) == count


@pytest.mark.parametrize("kind", [kind for kind in SeedKind if kind is not SeedKind.ARTICLE])
def test_only_articles_lead_to_a_probe(site: Site, kind: SeedKind) -> None:
    run(site, visit("/page", kind=kind))
    assert probes(site) == []


def test_a_probe_can_be_switched_off(site: Site) -> None:
    run(site, visit("/page"), probe=False)
    assert probes(site) == []


def test_a_failed_visit_leads_to_no_probe(site: Site) -> None:
    run(site, visit("/nowhere"))
    assert probes(site) == []


def test_an_origin_whose_last_visit_fails_is_probed_at_the_end(site: Site) -> None:
    run(site, visit("/page"), visit("/nowhere"))
    assert [request.target for request in site.asked] == ["/robots.txt", "/page", "/nowhere", *probes(site)]
    assert len(probes(site)) == 1


def test_a_path_that_robots_txt_forbids_is_not_probed_and_not_tried_again(site: Site) -> None:
    site.pages["/robots.txt"] = page(b"User-agent: *\nDisallow: /no-such", Content_Type="text/plain")
    _, side = run(site, visit("/page"))
    assert probes(site) == []
    assert [side_visit.kind for side_visit, _ in side.pages] == [SeedKind.ROBOTS]
    assert [host_state.probed_at for host_state in side.host_states] == [NOON]


def test_a_probe_keeps_the_gap(site: Site) -> None:
    clock = Clock()

    async def work() -> None:
        async with Fetcher(policy_for(site, probe=True, min_gap=3), now=clock.now, sleep=clock.sleep) as fetcher:
            await fetcher.fetch(visit("/page"))
            await fetcher.finish_probes()

    asyncio.run(work())
    assert clock.sleeps == [3.0, 3.0]
    assert len(probes(site)) == 1


def test_a_probe_that_hangs_neither_delays_nor_fails_the_visit(site: Site) -> None:
    site.pages[soft404.probe_url(ROOT, NOON).removeprefix(HOST)] = Say(b"", then="hang")

    async def work() -> Outcome:
        async with Fetcher(policy_for(site, probe=True, deadline=300), now=lambda: NOON) as fetcher:
            return await asyncio.wait_for(fetcher.fetch(visit("/page")), 60)

    assert asyncio.run(work()).reason is None


def test_a_visit_goes_before_a_probe_that_waits_for_the_gap(site: Site) -> None:
    waiting, permits = asyncio.Event(), asyncio.Semaphore(0)

    async def sleep(_seconds: float) -> None:
        waiting.set()
        await permits.acquire()

    async def work() -> None:
        async with Fetcher(policy_for(site, probe=True, min_gap=1), now=lambda: NOON, sleep=sleep) as fetcher:
            first = asyncio.ensure_future(fetcher.fetch(visit("/page")))
            await waiting.wait()  # between robots.txt and the page
            waiting.clear()
            permits.release()
            await first
            await waiting.wait()  # before the probe
            second = asyncio.ensure_future(fetcher.fetch(visit("/gzip")))
            await turns(100)  # it comes as far as it can
            for _ in range(9):
                permits.release()
            await second
            await fetcher.finish_probes()

    asyncio.run(work())
    assert [request.target for request in site.asked] == ["/robots.txt", "/page", "/gzip", *probes(site)]


# --- comparing -------------------------------------------------------------------------------------------------------


def test_an_apology_that_repeats_the_url_still_matches() -> None:
    first, second = (f"{' '.join(SORRY)} You asked for {path}." for path in ("/no-such-page-1f", "/news/harvest"))
    assert soft404.texts_match(first, second)


def test_a_text_that_contains_the_other_does_not_match() -> None:
    assert not soft404.texts_match(SORRY[0], " ".join(SORRY))
    assert not soft404.texts_match(" ".join(SORRY), " ".join(PARAGRAPHS))


@pytest.mark.parametrize("empty", ["", " ", "...", "\n\n"])
def test_an_empty_text_matches_nothing(empty: str) -> None:
    assert not soft404.texts_match(empty, empty)
    assert not soft404.texts_match(empty, "Sorry")


def test_scripts_without_spaces_are_compared_too() -> None:
    sorry = (
        "\u304a\u63a2\u3057\u306e\u30da\u30fc\u30b8\u306f\u898b\u3064\u304b\u308a\u307e\u305b\u3093\u3067\u3057\u305f"
    )
    assert soft404.texts_match(sorry, f"{sorry}\u3002")
    assert not soft404.texts_match(sorry, sorry[::-1])


@settings(max_examples=40)
@given(st.text(max_size=100), st.text(max_size=100))
def test_matching_is_symmetric_and_reflexive(text: str, other: str) -> None:
    assert soft404.texts_match(text, other) == soft404.texts_match(other, text)
    assert (
        soft404.texts_match(text, text)
        == soft404.texts_match(text, f"{text} 404")
        == soft404.texts_match(f"on/the/way {text}", text)
    )


# --- verdicts --------------------------------------------------------------------------------------------------------


def record_probe(store: Store, moment: object, *paragraphs: str, url: str | None = None, **more: object) -> None:
    """Record the answer of a site to a probe."""
    probe_url = url or soft404.probe_url("https://daily.example/", moment)
    outcome = answer(moment, article(*(paragraphs or SORRY), title="The Daily"), url=probe_url, **more)
    side_captures.record_side_captures(
        store,
        SideCaptures(pages=((Visit(source_id=0, url=probe_url, kind=SeedKind.PROBE), outcome),)),
        run_id=None,
        now=moment,
    )


def record_soft_404(store: Store, moment: object, *, url: str = TALKS) -> int:
    """Record the answer of a site to an article it no longer has, and return the source id."""
    source_id = store.add_source(url, url_key(url), moment)
    gather(store, [answer(moment, article(*SORRY, f"You asked for {url}.", title="The Daily"), url=url)], source_id)
    return source_id


def states(store: Store, source_id: int) -> list[str]:
    return [sighting.state for sighting in capture_queries.sightings(store.ask, source_id)]


def settle(store: Store) -> None:
    """Derive until the ledger is empty, as a run does."""
    while capture_queries.underived(store.ask, 1):
        derive(store, T0 + 30 * DAY)


def test_a_page_with_the_text_of_a_probe_is_a_soft_404(store: Store) -> None:
    source_id = store.add_source(TALKS, url_key(TALKS), T0)
    gather(store, [answer(T0, article())], source_id)
    record_soft_404(store, T0 + DAY)
    record_probe(store, T0 + DAY + HOUR)
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
    steps = [lambda: record_probe(store, T0 + HOUR), lambda: record_soft_404(store, T0)]
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
def test_a_probe_applies_to_eight_days_before_and_after(store: Store, after: timedelta, state: str) -> None:
    source_id = record_soft_404(store, T0)
    record_probe(store, T0 + after)
    settle(store)
    assert states(store, source_id) == [state]


def test_a_probe_applies_only_to_its_own_origin(store: Store) -> None:
    source_ids = [
        record_soft_404(store, T0, url=url) for url in ("http://daily.example/a/b", "https://news.daily.example/a/b")
    ]
    record_probe(store, T0)
    settle(store)
    assert [states(store, source_id) for source_id in source_ids] == [["ok"], ["ok"]]


def test_a_probe_answered_with_404_changes_no_verdict(store: Store) -> None:
    source_id = record_soft_404(store, T0)
    record_probe(store, T0, reason=Reason.MISSING_404, status=404)
    settle(store)
    assert states(store, source_id) == ["ok"]


def test_an_article_with_another_text_than_the_probe_is_ok(store: Store) -> None:
    source_id = store.add_source(TALKS, url_key(TALKS), T0)
    gather(store, [answer(T0, article())], source_id)
    record_probe(store, T0)
    settle(store)
    assert states(store, source_id) == ["ok"]


def test_a_probe_is_neither_a_version_nor_found_by_search_nor_watched(store: Store) -> None:
    record_probe(store, T0)
    settle(store)
    assert store.ask("SELECT count(*) AS n FROM capture") == [{"n": 1}]
    assert version_queries.all_versions(store.ask) == []
    assert search_queries.search(store.ask, "sandwiches", limit=5) == []
    assert store.ask("SELECT * FROM v_articles") == store.ask("SELECT * FROM v_sources") == []
    assert source_queries.states(store.ask) == source_queries.all_sources(store.ask) == []


def test_a_permanent_redirect_of_a_probe_does_not_join_the_front_page(store: Store) -> None:
    from db.records import Hop

    front = "https://daily.example/"
    source_id = store.add_source(front, url_key(front), T0)
    probe_url = soft404.probe_url(front, T0)
    record_probe(store, T0, *PARAGRAPHS, final_url=front, hops=(Hop(url=probe_url, status=301, location="/"),))
    settle(store)
    source = source_queries.by_url_key(store.ask, url_key(front))
    assert source is not None
    assert (source.id, source.same_as) == (source_id, None)
