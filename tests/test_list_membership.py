"""Which lists name a source: where it was found, under which seed it is watched, and how far lists lead to lists."""

from __future__ import annotations

from itertools import pairwise, permutations
from typing import TYPE_CHECKING

import pytest

from archive.urls import url_key
from db.queries import captures as capture_queries
from db.queries import list_membership as list_queries
from db.queries import source_health as health_queries
from db.queries import sources as source_queries
from db.records import DiscoveredUrl, SeedKind
from newsroom import answer, gather
from tests.builders import DAY, T0, a_seed

if TYPE_CHECKING:
    from db.records import Seed, Source
    from db.store import Store

HOST = "https://daily.example"
STORY = f"{HOST}/story"


def a_list(name: str, *, kind: SeedKind = SeedKind.FEED) -> Seed:
    return a_seed(name, kind=kind)


def sync(store: Store, *seeds: Seed) -> None:
    store.sync_seeds(seeds, {seed.url: url_key(seed.url) for seed in seeds}, T0)


def source(store: Store, url: str) -> Source:
    record = source_queries.by_url_key(store.ask, url_key(url))
    assert record is not None
    return record


def names(store: Store, via: str, *urls: str, kind: SeedKind = SeedKind.ARTICLE) -> None:
    """The list at ``via`` names these."""
    store.add_discovered([(DiscoveredUrl(url=url, kind=kind), url_key(url)) for url in urls], source(store, via).id, T0)


def watched(store: Store) -> set[str]:
    return {state.source.url for state in source_queries.states(store.ask) if state.source.retired_at is None}


# --- one article in several lists ------------------------------------------------------------------------------------


def found_by(store: Store, url: str) -> tuple[str, str | None]:
    """The list that counts for a source, and its seed."""
    record = source(store, url)
    assert record.found_in is not None
    return source_queries.by_id(store.ask, record.found_in).url, record.seed_key


@pytest.mark.parametrize("order", list(permutations(["alpha", "beta", "gamma"])))
def test_which_list_answered_first_makes_no_difference(store: Store, order: tuple[str, ...]) -> None:
    sync(store, *map(a_list, ["alpha", "beta", "gamma"]))
    for name in order:
        names(store, f"{HOST}/{name}", STORY)
    assert found_by(store, STORY) == (f"{HOST}/alpha", "daily/alpha")
    lists = list_queries.lists_naming(store.ask, source(store, STORY).id)
    assert [url for url, _ in lists] == [f"{HOST}/{name}" for name in ("alpha", "beta", "gamma")]


def test_an_article_of_two_lists_stays_watched_when_one_leaves_the_index(store: Store) -> None:
    sync(store, a_list("alpha"), a_list("beta"))
    names(store, f"{HOST}/alpha", STORY)
    names(store, f"{HOST}/beta", STORY)
    sync(store, a_list("beta"))
    assert found_by(store, STORY) == (f"{HOST}/beta", "daily/beta")
    assert watched(store) == {f"{HOST}/beta", STORY}
    sync(store, a_list("alpha"), a_list("beta"))
    assert found_by(store, STORY) == (f"{HOST}/alpha", "daily/alpha")
    sync(store)
    assert watched(store) == set()


def test_a_seed_of_the_index_is_nobodys_find(store: Store) -> None:
    sync(store, a_list("alpha"), a_seed("story"))
    names(store, f"{HOST}/alpha", STORY)
    assert (source(store, STORY).found_in, source(store, STORY).seed_key) == (None, "daily/story")
    sync(store, a_list("alpha"))
    assert found_by(store, STORY) == (f"{HOST}/alpha", "daily/alpha")
    sync(store, a_list("alpha"), a_seed("story"))
    assert (source(store, STORY).found_in, source(store, STORY).seed_key) == (None, "daily/story")


def test_the_nearer_list_counts_before_the_one_further_away(store: Store) -> None:
    sync(store, a_list("index", kind=SeedKind.SITEMAP), a_list("zeta"))
    names(store, f"{HOST}/index", f"{HOST}/a-map.xml", kind=SeedKind.SITEMAP)
    names(store, f"{HOST}/a-map.xml", STORY)
    names(store, f"{HOST}/zeta", STORY)
    assert found_by(store, STORY) == (f"{HOST}/zeta", "daily/zeta")


# --- lists that name lists -------------------------------------------------------------------------------------------


def expand(store: Store, url: str, *children: str, element: str = "sitemap", kind: SeedKind = SeedKind.SITEMAP) -> None:
    """Visit a list that names these."""
    entries = "".join(f"<{element}><loc>{child}</loc></{element}>" for child in children)
    gather(store, [answer(T0, f"<x>{entries}</x>".encode(), url=url)], source(store, url).id, kind=kind)


def flags(store: Store, url: str) -> tuple[tuple[str, ...], str]:
    (only,) = capture_queries.of_source(store.ask, source(store, url).id)
    return only.flags, only.detail


def test_indexes_that_name_each_other_end(store: Store) -> None:
    sync(store, a_list("one.xml", kind=SeedKind.SITEMAP))
    expand(store, f"{HOST}/one.xml", f"{HOST}/two.xml", f"{HOST}/one.xml")
    expand(store, f"{HOST}/two.xml", f"{HOST}/one.xml", f"{HOST}/two.xml")
    assert watched(store) == {f"{HOST}/one.xml", f"{HOST}/two.xml"}
    assert list_queries.depth(store.ask, source(store, f"{HOST}/two.xml").id) == 2
    assert source(store, f"{HOST}/one.xml").found_in is None


def test_a_chain_of_indexes_is_followed_only_so_far_and_says_so(store: Store) -> None:
    urls = [f"{HOST}/{n}.xml" for n in range(6)]
    sync(store, a_seed("0.xml", kind=SeedKind.SITEMAP))
    for url, following in pairwise(urls):
        if url in watched(store):
            expand(store, url, following)
    assert watched(store) == set(urls[:3])
    assert flags(store, urls[2]) == (("list-cut",), "0 of 1 lists kept")


def test_what_was_left_out_stands_with_the_capture_of_the_list(store: Store) -> None:
    sync(store, a_list("index.xml", kind=SeedKind.SITEMAP))
    expand(store, f"{HOST}/index.xml", *(f"{HOST}/{n}.xml" for n in range(60)))
    assert flags(store, f"{HOST}/index.xml") == (("list-cut",), "50 of 60 lists kept")


def test_a_sitemap_that_fell_out_of_its_index_is_let_go_and_its_articles_stay(store: Store) -> None:
    january, february = f"{HOST}/january.xml", f"{HOST}/february.xml"
    sync(store, a_list("index.xml", kind=SeedKind.SITEMAP))
    names(store, f"{HOST}/index.xml", january, kind=SeedKind.SITEMAP)
    names(store, january, STORY)
    names(store, f"{HOST}/index.xml", february, kind=SeedKind.SITEMAP)
    assert watched(store) == {f"{HOST}/index.xml", february, STORY}
    names(store, f"{HOST}/index.xml", january, february, kind=SeedKind.SITEMAP)
    assert watched(store) == {f"{HOST}/index.xml", january, february, STORY}


def test_an_index_that_names_nothing_lets_nothing_go(store: Store) -> None:
    sync(store, a_list("index.xml", kind=SeedKind.SITEMAP))
    names(store, f"{HOST}/index.xml", f"{HOST}/january.xml", kind=SeedKind.SITEMAP)
    expand(store, f"{HOST}/index.xml")
    assert f"{HOST}/january.xml" in watched(store)


def test_a_feed_that_a_section_names_is_watched_with_it(store: Store) -> None:
    sync(store, a_list("news", kind=SeedKind.SECTION))
    page = f'<link rel="alternate" type="application/rss+xml" href="{HOST}/rss"><a href="/story-of-a-bridge">Bridge</a>'
    gather(store, [answer(T0, page.encode(), url=f"{HOST}/news")], 1, kind=SeedKind.SECTION)
    kinds = {state.source.url: (state.source.kind, state.source.seed_key) for state in source_queries.states(store.ask)}
    assert kinds[f"{HOST}/rss"] == (SeedKind.FEED, "daily/news")
    assert kinds[f"{HOST}/story-of-a-bridge"] == (SeedKind.ARTICLE, "daily/news")


def test_when_a_source_was_found_is_when_the_first_list_named_it(store: Store) -> None:
    sync(store, a_list("alpha"), a_list("beta"))
    for days, name in ((0, "beta"), (1, "alpha")):
        via = source(store, f"{HOST}/{name}").id
        store.add_discovered([(DiscoveredUrl(url=STORY), url_key(STORY))], via, T0 + days * DAY)
    assert source(store, STORY).found_at == T0
    assert list_queries.lists_naming(store.ask, source(store, STORY).id) == [
        (f"{HOST}/beta", T0),
        (f"{HOST}/alpha", T0 + DAY),
    ]


# --- lists with faults -----------------------------------------------------------------------------------------------


def a_map(*names: str, end: str = "</sitemapindex>") -> bytes:
    return f"<sitemapindex>{''.join(f'<sitemap><loc>{HOST}/{name}</loc></sitemap>' for name in names)}{end}".encode()


@pytest.mark.parametrize(
    ("payload", "note"),
    [
        (a_map("b.xml", end=""), "the sitemap breaks off after 1 entry"),
        (a_map("b.xml", end="<sitemap><loc>soon</loc>"), "the sitemap breaks off"),
        (b"<html><body>Back soon</body></html>", "it is not a sitemap, but an HTML page"),
    ],
)
def test_a_bad_read_of_an_index_retires_nothing_and_is_reported(store: Store, payload: bytes, note: str) -> None:
    sync(store, a_list("index", kind=SeedKind.SITEMAP))
    index = source(store, f"{HOST}/index")
    gather(store, [answer(T0, a_map("a.xml", "b.xml"), url=index.url)], index.id, kind=SeedKind.SITEMAP)
    gather(store, [answer(T0 + DAY, payload, url=index.url)], index.id, kind=SeedKind.SITEMAP)
    assert watched(store) == {index.url, f"{HOST}/a.xml", f"{HOST}/b.xml"}
    (fault,) = health_queries.lists_with_notes(store.ask, limit=9)
    assert (fault.url, fault.at, "list-damaged" in fault.flags) == (index.url, T0 + DAY, True)
    assert note in fault.note
    assert health_queries.of_source(store.ask, index.id).list_note == fault.note
    assert health_queries.of_source(store.ask, index.id).checks[-1].state == "list_damaged"
    gather(store, [answer(T0 + 2 * DAY, a_map("b.xml"), url=index.url)], index.id, kind=SeedKind.SITEMAP)
    assert watched(store) == {index.url, f"{HOST}/b.xml"}
    assert health_queries.lists_with_notes(store.ask, limit=9) == []
