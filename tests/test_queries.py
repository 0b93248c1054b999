"""Tests of db.queries: a reader and the store get the same rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from archive.urls import url_key
from db.errors import Corrupt
from db.queries import captures as capture_queries
from db.queries import links as link_queries
from db.queries import source_health, statistics
from db.queries import sources as source_queries
from db.queries import versions as version_queries
from db.reader import Reader
from db.records import DiscoveredUrl, Passage, Reason, Relation, RemovedSpan, SeedKind
from db.store import Store
from tests.builders import (
    DAY,
    HOUR,
    LATER,
    OTHER_RECIPE,
    RECIPE,
    T0,
    URL,
    a_capture,
    a_judgement,
    a_seed,
    add_source,
    an_extraction,
    derive_all,
    digest_of,
    failed,
    judged,
    make_history,
    move,
    record_text,
    settle,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from db.records import Recipe, Seed, SourceState


@pytest.fixture
def source(store: Store) -> int:
    return add_source(store)


# --- versions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "number"),
    [(-HOUR, None), (timedelta(0), 1), (DAY - timedelta(microseconds=1), 1), (DAY, 2), (9 * DAY, 2)],
)
def test_the_version_of_a_moment_is_the_last_one_seen_by_then(
    store: Store, source: int, after: timedelta, number: int | None
) -> None:
    make_history(store, source, [("one", T0), ("two", T0 + DAY)])
    version = version_queries.version_at(store.ask, source, T0 + after)
    assert (version.number if version else None) == number


def test_a_reader_and_the_store_give_the_same_answers(store: Store, source: int) -> None:
    make_history(store, source, [("one", T0), ("two", T0 + DAY)])
    with Reader(store.path) as reader:
        for ask in (store.ask, reader.ask):
            assert [version.text_sha256 for version in version_queries.all_versions(ask)] == [
                digest_of("", "one"),
                digest_of("", "two"),
            ]
        assert version_queries.all_versions(reader.ask) == version_queries.all_versions(store.ask)
        assert capture_queries.of_source(reader.ask, source) == capture_queries.of_source(store.ask, source)
        assert source_queries.all_sources(reader.ask) == source_queries.all_sources(store.ask)
        assert statistics.counts(reader.ask) == statistics.counts(store.ask)


def test_recent_changes_are_weightiest_first_and_never_first_versions(store: Store, source: int) -> None:
    make_history(store, source, [("one", T0), ("two", T0 + DAY)])
    assert [version.number for version in version_queries.recent_changes(store.ask, since=T0, limit=9)] == [2]
    assert version_queries.recent_changes(store.ask, since=LATER + HOUR, limit=9) == []


def derive_with(store: Store, capture_id: int, *, recipe: Recipe = RECIPE, **facts: object) -> None:
    """Derive one capture whose page says ``facts``."""
    capture = capture_queries.by_id(store.ask, capture_id)
    extraction = an_extraction("The harbour opens.", **facts)
    store.use_recipe(recipe, T0)
    store.record_extraction(capture, extraction, digest_of(extraction.title, extraction.text), recipe)
    store.record_derivation(capture, recipe.id, judged, T0)
    settle(store, capture.source_id, done=[capture_id])


def test_a_text_knows_what_its_page_declares(store: Store, source: int) -> None:
    record_text(store, source, "page", T0)
    removed = (
        RemovedSpan(at=0, text="[ad_1]", because="shortcode"),
        RemovedSpan(at=0, text="Share this", because="furniture"),
    )
    derive_with(store, 1, byline="A. Writer", published_at=T0 - DAY, removed=removed, origin=("(AGENCY)",))
    text = version_queries.text(store.ask, digest_of("Harbour", "The harbour opens."))
    assert (text.title, text.body, text.language) == ("Harbour", "The harbour opens.", "en")
    assert (text.byline, text.published_at) == ("A. Writer", T0 - DAY)
    assert (text.origin, text.residue) == (("(AGENCY)",), ("[ad_1]",))  # furniture says nothing of where it is from
    (version,) = version_queries.all_versions(store.ask)
    assert version_queries.removed_spans(store.ask, version) == [
        (0, "[ad_1]", "shortcode"),
        (0, "Share this", "furniture"),
    ]


def test_what_an_older_recipe_said_of_a_text_is_forgotten(store: Store, source: int) -> None:
    record_text(store, source, "page", T0)
    derive_with(store, 1, byline="Advertisement", published_at=T0 - 9 * DAY)
    derive_with(store, 1, byline="A. Writer", recipe=OTHER_RECIPE)
    text = version_queries.text(store.ask, digest_of("Harbour", "The harbour opens."))
    assert (text.byline, text.published_at) == ("A. Writer", None)


def test_what_a_text_knows_does_not_depend_on_which_page_came_first(tmp_path: Path) -> None:
    """Two pages with one text have the earlier declared date, whichever arrived first."""
    matches = []
    for order in ((1, 2), (2, 1)):
        with Store(tmp_path / f"{order[0]}.db") as store:
            for number in order:
                source = add_source(store, f"https://n{number}.example/")
                capture_id = record_text(store, source, f"page {number}", T0)
                derive_with(store, capture_id or 0, published_at=T0 - number * DAY, byline=f"writer {number}")
            text = version_queries.text(store.ask, digest_of("Harbour", "The harbour opens."))
            matches.append((text.published_at, text.byline))
    assert matches == [(T0 - 2 * DAY, "writer 2")] * 2


# --- captures --------------------------------------------------------------------------------------------------------


def test_captures_come_in_the_order_of_their_time(store: Store, source: int) -> None:
    for days in (2, 0, 1):
        record_text(store, source, str(days), T0 + days * DAY)
    assert [capture.captured_at for capture in capture_queries.of_source(store.ask, source)] == [
        T0 + n * DAY for n in range(3)
    ]
    assert capture_queries.instants(store.ask, source) == {T0 + n * DAY for n in range(3)}


def test_the_captures_of_a_history_include_those_under_its_other_addresses(store: Store, source: int) -> None:
    other = add_source(store, f"{URL}-moved")
    record_text(store, source, "one", T0)
    record_text(store, other, "two", T0 + DAY)
    move(store, source, f"{URL}-moved")
    assert [capture.source_id for capture in capture_queries.of_source(store.ask, source)] == [source, other]
    assert [sighting.url for sighting in capture_queries.sightings(store.ask, source)] == [URL, f"{URL}-moved"]
    assert [alias.id for alias in source_queries.aliases(store.ask, source)] == [source, other]


def test_the_ledger_can_be_asked_for_some_captures_only(store: Store, source: int) -> None:
    ids = [record_text(store, source, str(days), T0 + days * DAY) or 0 for days in range(4)]
    assert capture_queries.underived(store.ask, 2) == ids[:2]
    assert capture_queries.underived(store.ask, 9, ids=[ids[3], ids[1], 99]) == [ids[1], ids[3]]


def test_a_payload_that_is_not_there_is_corrupt(store: Store) -> None:
    with pytest.raises(Corrupt, match="is not in the archive"):
        capture_queries.payload(store.ask, digest_of("", "never seen"))


def test_sightings_of_one_instant_have_an_order_of_their_own(store: Store, source: int) -> None:
    for text in ("b", "a", "c"):
        record_text(store, source, text, T0)
    derive_all(store)
    digests = [sighting.text_sha256 or "" for sighting in capture_queries.sightings(store.ask, source)]
    assert digests == sorted(digests)


# --- links -----------------------------------------------------------------------------------------------------------

A, B = "https://a.example/", "https://b.example/"


def linked(store: Store, **more: object) -> None:
    """Texts 1 (of A) and 2 (of B), A seen first, and a link between them as if 2 had been compared with 1."""
    make_history(store, add_source(store, A), [("one", T0)])
    make_history(store, add_source(store, B), [("two", T0 + DAY)])
    store.record_links(2, [(1, a_judgement(**more))], "of the tests", T0)


def test_a_link_goes_from_the_earlier_version_whatever_was_compared_with_what(store: Store) -> None:
    passage = Passage(a=(0, 3), b=(10, 13), similarity=0.5, anchors=("300",))
    linked(store, coverage=(0.9, 0.3), passages=(passage,), residue=("a: Source link",), longest_run=7)
    (link,) = link_queries.of_sources(store.ask, [])
    assert (link.a.url, link.b.url) == (A, B)
    assert link.coverage == (0.3, 0.9)
    assert link.passages == (replace(passage, a=(10, 13), b=(0, 3)),)
    assert (link.residue, link.longest_run, link.method) == (("b: Source link",), 7, "of the tests")


def test_a_link_is_told_once_however_many_of_its_sides_are_asked_for(store: Store) -> None:
    linked(store)
    assert len(link_queries.of_sources(store.ask, [1, 2])) == 1
    assert link_queries.of_sources(store.ask, [1]) == link_queries.of_sources(store.ask, [2])


def test_texts_that_are_not_related_leave_no_link(store: Store) -> None:
    linked(store, relation=None)
    assert link_queries.of_sources(store.ask, []) == []
    assert link_queries.unlinked(store.ask, 9) == [1]


def test_a_link_judged_again_is_replaced(store: Store) -> None:
    linked(store)
    store.record_links(1, [(2, a_judgement(Relation.PARTIAL))], "a better one", T0)
    assert [(link.relation, link.method) for link in link_queries.of_sources(store.ask, [])] == [
        (Relation.PARTIAL, "a better one")
    ]


KEYS = ([1, 2, 3, 4, 5], [1, 2, 3], [1, 2, 3, 4], [9, *range(1, 6)], [7, 8])


def test_candidates_share_four_keys_at_least_and_those_that_share_most_come_first(store: Store, source: int) -> None:
    make_history(store, source, [(str(number), T0 + number * DAY) for number in range(5)])
    store.add_lsh_keys(dict(enumerate(KEYS, 1)))
    assert link_queries.candidates(store.ask, 1, KEYS[0]) == [4, 3]
    assert link_queries.candidates(store.ask, 5, KEYS[4]) == []
    assert link_queries.candidates(store.ask, 5, []) == []


FOUR = [1, 2, 3, 4]


def crowd(store: Store, texts: Iterable[int], day: int, keys: Iterable[int] = FOUR) -> None:
    """Insert keys for texts, which need not exist."""
    rows = [(key, day, text_id) for key in keys for text_id in texts]
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.executemany("INSERT INTO near_key (key, day, text_id) VALUES (?, ?, ?)", rows)


TODAY = (T0 - datetime(1970, 1, 1, tzinfo=UTC)).days
TERMS = [link_queries.TERMS_FROM + key for key in FOUR]


EIGHT = list(range(1, 9))
EIGHT_TERMS = [link_queries.TERMS_FROM + key for key in EIGHT]


@pytest.mark.parametrize("keys", [EIGHT, EIGHT_TERMS])
def test_a_key_of_many_texts_of_a_fortnight_counts_half_and_of_very_many_nothing(
    store: Store, source: int, keys: list[int]
) -> None:
    make_history(store, source, [("one", T0), ("two", T0 + DAY)])
    store.add_lsh_keys({1: keys, 2: keys})
    common, cap = link_queries.COMMON_FROM, link_queries.key_cap(keys[0])
    for holders, needed in ((common, 4), (common + 1, 8), (cap, 8)):
        present = len(store.ask("SELECT DISTINCT text_id FROM near_key"))
        crowd(store, range(100 + present, 100 + holders), TODAY, keys)
        assert 2 in link_queries.candidates(store.ask, 1, keys[:needed])
        assert 2 not in link_queries.candidates(store.ask, 1, keys[: needed - 1])
    crowd(store, [9999], TODAY, keys)
    assert link_queries.candidates(store.ask, 1, keys) == []


def test_a_key_of_few_texts_is_found_in_any_year_and_of_many_in_its_fortnight(store: Store, source: int) -> None:
    make_history(store, source, [("one", T0), ("years later", T0 + 700 * DAY)])
    store.add_lsh_keys({1: FOUR, 2: FOUR})
    assert link_queries.candidates(store.ask, 2, FOUR) == [1]
    crowd(store, range(100, 100 + link_queries.RARE_CAP), 5)
    assert link_queries.candidates(store.ask, 2, FOUR) == []


@pytest.mark.parametrize(
    ("keys", "enough"),
    [
        ([link_queries.PARAGRAPHS_FROM], True),
        ([link_queries.RUNS_FROM], True),
        ([1, 2], False),
        (TERMS[:3], False),
    ],
)
def test_one_rare_paragraph_or_run_is_enough(store: Store, source: int, keys: list[int], enough: bool) -> None:
    make_history(store, source, [("one", T0), ("two", T0 + DAY)])
    store.add_lsh_keys({1: keys, 2: keys})
    assert (link_queries.candidates(store.ask, 1, keys) == [2]) == enough
    crowd(store, range(100, 100 + link_queries.RARE_CAP), TODAY, keys)
    assert link_queries.candidates(store.ask, 1, keys) == []


def test_copies_are_counted_by_article_and_an_article_is_none_of_its_own(store: Store, source: int) -> None:
    newest = make_history(store, source, [("one", T0), ("two", T0 + DAY), ("three", T0 + 2 * DAY)])[-1]
    make_history(store, add_source(store, "https://copy.example/"), [("four", T0), ("five", T0 + DAY)])
    make_history(store, add_source(store, "https://else.example/"), [("six", T0)])
    copies = [(text, a_judgement()) for text in (1, 2, 4, 5)]
    store.record_links(3, [*copies, (6, a_judgement(Relation.SAME_EVENT))], "of the tests", T0)
    assert source_health.count_copies(store.ask, newest.text_sha256, source_id=source) == 1


def test_forgotten_links_are_to_be_found_again(store: Store) -> None:
    linked(store)
    store.add_lsh_keys({1: [1, 2]})
    store.drop_links()
    assert link_queries.of_sources(store.ask, []) == []
    assert link_queries.unlinked(store.ask, 9) == [1, 2]
    assert store.ask("SELECT * FROM near_key") == []


# --- input of the plan -----------------------------------------------------------------------------------------------


def watch(store: Store, *seeds: Seed) -> None:
    store.sync_seeds(seeds, {seed.url: url_key(seed.url) for seed in seeds}, T0)


def state(store: Store) -> SourceState:
    (only,) = source_queries.states(store.ask)
    return only


def test_a_new_source_was_never_visited(store: Store) -> None:
    watch(store, a_seed(every="once"))
    fresh = state(store)
    assert (fresh.last_visit_at, fresh.last_reason, fresh.failures, fresh.every) == (None, None, 0, "once")


def test_failures_are_counted_since_the_last_whole_page(store: Store) -> None:
    watch(store, a_seed())
    store.record([(failed(Reason.TIMEOUT, T0), None)])
    store.record([(a_capture(at=T0 + HOUR, etag='"1"', last_modified="then"), b"page")])
    for hours in (2, 3):
        store.record([(failed(Reason.SERVER_ERROR, T0 + hours * HOUR, retry_at=LATER), None)])
    known = state(store)
    assert (known.failures, known.last_reason, known.last_visit_at) == (2, Reason.SERVER_ERROR, T0 + 3 * HOUR)
    assert (known.etag, known.last_modified, known.not_before_at) == ('"1"', "then", LATER)


def test_a_304_ends_a_row_of_failures(store: Store) -> None:
    watch(store, a_seed())
    store.record([(a_capture(), b"page")])
    store.record([(failed(Reason.TIMEOUT, T0 + HOUR), None)])
    store.record([(failed(Reason.NOT_MODIFIED, T0 + 2 * HOUR, etag='"2"'), None)])
    known = state(store)
    assert (known.failures, known.etag) == (0, '"2"')


def test_what_came_from_elsewhere_is_no_visit_and_no_failure(store: Store) -> None:
    watch(store, a_seed())
    store.record([(a_capture(at=T0 + HOUR, provenance="import:page.html", etag='"9"'), b"page")])
    store.record([(failed(Reason.MISSING_404, T0 + 2 * HOUR, provenance="archive:old.example"), None)])
    known = state(store)
    assert (known.last_visit_at, known.failures, known.etag) == (None, 0, None)


def test_a_change_is_the_latest_version_after_the_first(store: Store) -> None:
    watch(store, a_seed())
    make_history(store, 1, [("one", T0)])
    assert state(store).last_change_at is None
    make_history(store, 1, [("two", T0 + DAY)])
    assert state(store).last_change_at == T0 + DAY


def test_an_address_that_was_joined_is_not_visited_for_itself(store: Store) -> None:
    watch(store, a_seed("old"), a_seed("new"))
    move(store, 1, a_seed("new").url)
    assert [state.source.url for state in source_queries.states(store.ask)] == [a_seed("old").url]


@pytest.mark.parametrize("name", ["daily/feed", "feed", "daily", "https://daily.example/feed"])
def test_sources_are_found_by_seed_group_or_address(store: Store, name: str) -> None:
    watch(store, a_seed("feed", kind=SeedKind.FEED))
    store.add_discovered([(DiscoveredUrl(url=URL), url_key(URL))], 1, T0)
    expected = [1] if name.startswith("https") else [1, 2]
    assert source_queries.ids_matching(store.ask, [name]) == expected
    assert source_queries.ids_matching(store.ask, []) == []


@pytest.mark.parametrize(("needle", "urls"), [("HARBOUR", [URL]), ("100%_", ["https://x.example/100%_a"]), ("zzz", [])])
def test_similar_addresses_are_offered_whatever_stands_in_them(store: Store, needle: str, urls: list[str]) -> None:
    for url in (URL, "https://x.example/100%_a", "https://x.example/100-b"):
        add_source(store, url)
    assert source_queries.similar_urls(store.ask, needle) == urls


def test_an_unknown_address_has_no_source(store: Store) -> None:
    assert source_queries.by_url_key(store.ask, "example,nowhere,)/") is None


# --- totals ----------------------------------------------------------------------------------------------------------


def test_sizes_add_up_to_the_file(store: Store, source: int) -> None:
    make_history(store, source, [("the harbour opens " * 500, T0)])
    sizes = statistics.sizes(store.ask, statistics.table_sizes(store.ask))
    pages = store.ask("SELECT page_count * page_size AS n FROM pragma_page_count, pragma_page_size")[0]["n"]
    free = store.ask("SELECT freelist_count * page_size AS n FROM pragma_freelist_count, pragma_page_size")[0]["n"]
    assert sizes["total"] == pages - free
    assert all(sizes[name] > 0 for name in ("payloads", "text", "index"))
    assert sizes["payloads"] + sizes["text"] + sizes["index"] < sizes["total"]


def test_states_count_the_watched_sources(store: Store) -> None:
    watch(store, a_seed("one"), a_seed("two"), a_seed("three"))
    store.record([(failed(Reason.TIMEOUT, T0), None)])
    assert statistics.states(store.ask) == {"unvisited": 2, "timeout": 1}
