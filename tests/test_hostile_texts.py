"""Hostile pages that are no articles, from the server to the versions, none of which may come from them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from archive.crawl.discover import MOST_FOUND, discover
from archive.crawl.fetch import Fetcher
from archive.pipeline.gather import gather, page_of
from archive.urls import url_key
from db.queries import captures as capture_queries
from db.queries import versions as version_queries
from db.records import Cause, SeedKind, Verdict
from newsroom import derive
from newsroom import page as article
from tests.fetching import HOST, NOON, fetch, policy_for, visit
from tests.misbehaviour import gzip_bomb
from tests.replies import page, redirect
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from db.records import Version
    from db.store import Store
    from tests.replies import Behaviour

STORY = "/2026/border-talks"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


def archive(site: Site, store: Store, *replies: Behaviour, path: str = STORY) -> tuple[list[Version], list[str]]:
    """Visit ``path`` once an hour, answered by ``replies`` in turn. Returns its versions and its captures' states."""
    url = f"{HOST}{path}"
    source_id = store.add_source(url, url_key(url), NOON)

    async def visit_both(instant: datetime) -> None:
        async with Fetcher(policy_for(site), now=lambda: instant) as fetcher:
            run = store.begin_run("refresh", "{}", "test", instant)
            there = replace(visit(url), source_id=source_id)
            await gather(store, fetcher, [there], run_id=run, now=instant)

    for hour, reply in enumerate(replies):
        site.pages[path] = reply
        asyncio.run(visit_both(NOON + timedelta(hours=hour)))
    derive(store, NOON + timedelta(days=1))
    states = [str(sighting.state) for sighting in capture_queries.sightings(store.ask, source_id)]
    return version_queries.of_source(store.ask, source_id), states


def html(body: str, title: str = "Daily") -> bytes:
    return f"<!doctype html><html lang=en><title>{title}</title><body>{body}</body></html>".encode()


IN_PLACE: dict[str, tuple[Verdict, bytes]] = {
    "an error page with status 200": (
        Verdict.SOFT_404,
        html("<h1>Page not found</h1><p>Try the search or the front page instead.</p>", "Page not found"),
    ),
    "a consent wall": (
        Verdict.CONSENT,
        html("<div>We use cookies. <button>Accept all</button><button>Reject all</button> Our partners</div>"),
    ),
    "a bot check": (
        Verdict.CHALLENGE,
        html("<h1>daily.example</h1><p>Verify you are human by completing the action below.</p>", "Just a moment..."),
    ),
    "a login page": (
        Verdict.LOGIN,
        html("<h1>Sign in</h1><form><input type=text><input type=password></form><p>Use your account.</p>", "Sign in"),
    ),
}


def test_a_page_in_place_of_the_article_is_named_and_never_a_version(site: Site, store: Store) -> None:
    site.pages["/"] = page(article(title="Daily: all the news"))
    instead = [page(body) for _, body in IN_PLACE.values()]
    versions, states = archive(site, store, page(article()), *instead, redirect("/"))
    assert states == ["ok", *(verdict for verdict, _ in IN_PLACE.values()), Verdict.SOFT_404]
    (version,) = versions
    assert version.captures == 1


NO_ARTICLE = {  # page of tests/misbehaviour.py: state of its capture
    "/pdf-as-html": "not_html",
    "/image-as-html": "not_html",
    "/json-as-html": "not_html",
    "/image": "not_html",
    "/gzip-thrice-undeclared": "not_html",
    "/gzip-undeclared-cut": "not_html",
    "/gzip-empty": "empty",
    "/no-content": "empty",
    "/reset-content": "empty",
    "/gzip-cut": "truncated",
    "/brotli-cut": "truncated",
    "/zstd-cut": "truncated",
    "/chunk-missing-last": "truncated",
    "/length-too-long": "truncated",
    "/gzip-crc": "decode",
    "/bomb-brotli": "too_large",
    "/status-999": "forbidden",
    "/partial": "unexpected_status",
}


def test_what_is_not_whole_or_not_html_never_looks_like_an_edit(site: Site, store: Store) -> None:
    between = [site.pages[path] for path in NO_ARTICLE]
    versions, states = archive(site, store, page(article()), *between, page(article()))
    assert states == ["ok", *NO_ARTICLE.values(), "ok"]
    (version,) = versions
    assert version.captures == 2


def test_only_what_is_html_becomes_a_version(site: Site, store: Store) -> None:
    versions, states = archive(site, store, page(article(), Content_Type="application/octet-stream"))
    assert states == ["ok"]
    assert [version.cause for version in versions] == [Cause.FIRST]


def test_the_text_does_not_depend_on_a_charset_that_is_a_lie(site: Site, store: Store) -> None:
    body = article("The bridge in Z\u00fcrich is closed, said the office in K\u00f6ln on Friday. " * 9)
    lies = ("zlib", "undefined", "unicode_escape", "koi8-r")
    versions, _ = archive(
        site, store, page(body), *(page(body, Content_Type=f"text/html; charset={lie}") for lie in lies)
    )
    (version,) = versions
    assert version.captures == 1 + len(lies)


def test_a_text_that_comes_and_goes_is_two_texts_however_often_it_turns(site: Site, store: Store) -> None:
    first, second = page(article()), page(article(title="Ministers consider reopening the strait"))
    versions, _ = archive(site, store, first, second, first, second, first)
    assert len({version.text_sha256 for version in versions}) == 2
    assert [version.cause for version in versions[:3]] == [Cause.FIRST, Cause.CHANGED, Cause.REVERTED]
    assert all(before.last_seen_at < after.first_seen_at for before, after in pairwise(versions))


def test_another_advertisement_every_time_is_one_text(site: Site, store: Store) -> None:
    versions, _ = archive(site, store, *(page(article(ad=f"Ad {n}"), Set_Cookie=f"id={n}") for n in range(4)))
    (version,) = versions
    assert version.captures == 4
    assert all("cookie" not in request.headers for request in site.asked)


# --- lists -----------------------------------------------------------------------------------------------------------


def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(6))
    items = "<item><title>&l6;</title><link>/a-long-story</link></item>"
    return f'<!DOCTYPE rss [<!ENTITY l0 "lol">{entities}]><rss version="2.0"><channel>{items}</channel></rss>'.encode()


def _index_of_itself() -> bytes:
    return f"<sitemapindex><sitemap><loc>{HOST}/list</loc></sitemap></sitemapindex>".encode()


def _many(times: int) -> bytes:
    entries = "".join(f"<url><loc>{HOST}/{n}</loc></url>" for n in range(times))
    return f"<urlset>{entries}</urlset>".encode()


LISTS: dict[str, tuple[SeedKind, Callable[[], bytes], int]] = {  # kind, payload, addresses taken
    "a feed whose entities expand to millions": (SeedKind.FEED, _laughs, 0),
    "a sitemap that unpacks to 400 MB": (SeedKind.SITEMAP, gzip_bomb, 0),
    "an index that lists itself": (SeedKind.SITEMAP, _index_of_itself, 0),
    "more addresses than are taken": (SeedKind.SITEMAP, lambda: _many(2 * MOST_FOUND), MOST_FOUND),
}


@pytest.mark.parametrize("case", LISTS)
def test_a_hostile_list_names_no_more_than_it_may(site: Site, case: str) -> None:
    kind, payload, taken = LISTS[case]
    site.pages["/list"] = page(payload(), Content_Type="application/xml")
    outcome = fetch(site, "/list")
    assert outcome.reason is None
    assert len(discover(page_of(outcome), kind).found) == taken
