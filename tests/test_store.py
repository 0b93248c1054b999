"""Tests of db.store on real files: facts are stored once, the ledger is right, histories are settled."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archive.urls import url_key
from db import maintenance
from db.errors import Corrupt, StoreError, Unstorable
from db.queries import captures as capture_queries
from db.queries import derivations as derivation_queries
from db.queries import search as search_queries
from db.queries import sources as source_queries
from db.queries import statistics
from db.queries import versions as version_queries
from db.reader import Reader
from db.records import Cause, DiscoveredUrl, Hop, Reason, SeedKind, Verdict
from db.store import Store
from tests.builders import (
    DAY,
    HOUR,
    OTHER_RECIPE,
    PAGE,
    RECIPE,
    T0,
    URL,
    a_capture,
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
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


@pytest.fixture
def source(store: Store) -> int:
    return add_source(store)


def pragma(store: Store, name: str) -> object:
    return next(iter(store.ask(f"PRAGMA {name}")[0].values()))


def ledger(store: Store) -> list[int]:
    return capture_queries.underived(store.ask, 1000)


# --- opening ---------------------------------------------------------------------------------------------------------


def test_opening_makes_the_archive_and_its_folder(tmp_path: Path) -> None:
    with Store(tmp_path / "new" / "folder" / "archive.db") as store:
        assert statistics.counts(store.ask)["captures"] == 0


def test_opening_again_keeps_what_is_there(path: Path) -> None:
    with Store(path) as store:
        add_source(store)
    with Store(path) as store:
        assert [source.url for source in source_queries.all_sources(store.ask)] == [URL]


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    odd = tmp_path / "what? 100%20 #1" / "archive.db"
    with Store(odd) as store:
        add_source(store)
    with Reader(odd) as reader:
        assert len(source_queries.all_sources(reader.ask)) == 1


def test_the_file_keeps_a_write_ahead_log(store: Store) -> None:
    assert pragma(store, "journal_mode") == "wal"


def test_every_commit_reaches_the_disk(store: Store) -> None:
    assert pragma(store, "synchronous") == 2


def test_foreign_keys_are_enforced(store: Store) -> None:
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.record([(a_capture(source_id=99), PAGE)])


def test_a_failed_batch_leaves_nothing(store: Store, source: int) -> None:
    with pytest.raises(StoreError):
        store.record([(a_capture(source), PAGE), (a_capture(source_id=99), b"other")])
    assert statistics.counts(store.ask) == {
        "sources": 1,
        "captures": 0,
        "payloads": 0,
        "versions": 0,
        "links": 0,
        "underived": 0,
    }


# --- one writer at a time --------------------------------------------------------------------------------------------


def test_two_threads_write_at_once_without_an_error(store: Store, source: int) -> None:
    def write(lane: int) -> None:
        try:
            for turn in range(20):
                store.record(
                    [(a_capture(source, at=T0 + timedelta(hours=turn, minutes=lane)), f"{lane}{turn}".encode())]
                )
        except Exception as error:  # noqa: BLE001 (a thread's error would otherwise be lost)
            errors.append(error)

    errors: list[Exception] = []
    threads = [threading.Thread(target=write, args=(lane,)) for lane in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert statistics.counts(store.ask)["captures"] == 60


WRITER = """
import sys
from datetime import timedelta
from pathlib import Path
from db.store import Store
from tests.builders import T0, a_capture, add_source
path, lane, turns = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
with Store(path) as store:
    source = add_source(store)
    for turn in range(turns):
        at = T0 + timedelta(seconds=turn, microseconds=lane)
        store.record([(a_capture(source, at=at), f"{lane} {turn} ".encode() * 500)])
        print(turn, flush=True)
"""


def writer(path: Path, lane: int, turns: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(lane), str(turns)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_closing_leaves_one_file_although_other_threads_asked(path: Path) -> None:
    asked, closed = threading.Event(), threading.Event()
    store = Store(path)
    add_source(store)

    def ask() -> None:
        store.ask("SELECT 1 AS one")
        asked.set()
        closed.wait()

    thread = threading.Thread(target=ask)
    thread.start()
    asked.wait()
    store.close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    closed.set()
    thread.join()


def test_processes_that_make_and_fill_one_archive_do_not_collide(path: Path) -> None:
    writers = [writer(path, lane, 15) for lane in range(3)]
    errors = [process.communicate(timeout=500)[1] for process in writers]
    assert errors == ["", "", ""]
    with Reader(path) as reader:
        assert statistics.counts(reader.ask)["captures"] == 45


@pytest.mark.slow
def test_kill_nine_in_the_middle_loses_no_acknowledged_capture(path: Path) -> None:
    process = writer(path, 0, 100_000)
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(25)]
    os.kill(process.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in process.communicate()[0].split()]
    maintenance.check_file(path, deep=True)
    with Store(path) as store:
        captures = capture_queries.of_source(store.ask, 1)
        assert len(captures) >= len(acknowledged)
        assert len(ledger(store)) == len(captures)
        for turn in acknowledged:
            assert (
                capture_queries.payload(store.ask, captures[turn].payload_sha256 or "") == f"0 {turn} ".encode() * 500
            )


# --- captures --------------------------------------------------------------------------------------------------------


def test_a_capture_comes_back_as_it_was_kept(store: Store, source: int) -> None:
    sent = a_capture(
        source,
        headers=(("Content-Type", "text/html"), ("X-Name", "Müller")),
        hops=(Hop(url="http://daily.example/harbour", status=301, location=URL),),
        wire_sha256=digest_of("", "wire"),
        wire_length=77,
        reason_phrase="OK",
        etag='"1"',
        last_modified="Mon, 05 Jan 2026 07:00:00 GMT",
        ip="192.0.2.7",
        flags=("retried",),
        retry_at=T0 + HOUR,
    )
    (capture_id,) = store.record([(sent, PAGE)])
    stored = capture_queries.by_id(store.ask, capture_id)
    assert stored.payload_length == len(PAGE)
    assert capture_queries.payload(store.ask, stored.payload_sha256 or "") == PAGE
    values = {name: getattr(stored, name) for name in sent.__slots__ if not name.startswith("payload") and name != "id"}
    assert values == {name: getattr(sent, name) for name in values}


def test_recording_twice_changes_nothing(store: Store, source: int) -> None:
    first = store.record([(a_capture(source), PAGE)])
    again = store.record([(a_capture(source, detail="told differently"), PAGE)])
    assert (len(first), again) == (1, [])
    assert statistics.counts(store.ask)["captures"] == 1


def test_recording_a_failure_twice_changes_nothing(store: Store, source: int) -> None:
    timeout = failed(Reason.TIMEOUT, T0, source)
    assert len(store.record([(timeout, None)])) == 1
    assert store.record([(timeout, None)]) == []


def test_two_payloads_of_one_instant_are_two_captures(store: Store, source: int) -> None:
    assert len(store.record([(a_capture(source), PAGE), (a_capture(source), b"another")])) == 2


def test_a_payload_is_stored_once_and_its_return_is_a_revisit(store: Store, source: int) -> None:
    for hours, page in enumerate((PAGE, b"other", PAGE)):
        store.record([(a_capture(source, at=T0 + hours * HOUR), page)])
    assert [capture.revisit for capture in capture_queries.of_source(store.ask, source)] == [False, False, True]
    assert statistics.counts(store.ask)["payloads"] == 2


def test_a_304_is_a_revisit_without_a_payload_of_its_own(store: Store, source: int) -> None:
    """Its natural key must not depend on what arrived before it."""
    store.record([(a_capture(source), PAGE)])
    unmodified = failed(Reason.NOT_MODIFIED, T0 + HOUR, source, status=304)
    assert len(store.record([(unmodified, None)])) == 1
    assert store.record([(unmodified, None)]) == []
    last = capture_queries.of_source(store.ask, source)[-1]
    assert (last.payload_sha256, last.revisit) == (None, True)


def test_a_304_is_a_sighting_of_the_last_whole_page(store: Store, source: int) -> None:
    store.record([(a_capture(source), PAGE)])
    store.record([(failed(Reason.SERVER_ERROR, T0 + HOUR, source), b"sorry")])
    store.record([(failed(Reason.NOT_MODIFIED, T0 + 2 * HOUR, source, status=304), None)])
    derive_all(store)
    page, _, unmodified = capture_queries.sightings(store.ask, source)
    assert unmodified.text_sha256 == page.text_sha256 == digest_of("", PAGE.decode())
    assert (unmodified.capture_id, unmodified.at) == (page.capture_id, T0 + 2 * HOUR)


def test_a_304_never_speaks_of_a_page_from_another_archive(store: Store, source: int) -> None:
    """The server compared with our own capture, not with one of a web archive in between."""
    store.record([(a_capture(source), PAGE)])
    store.record([(a_capture(source, at=T0 + HOUR, provenance="archive:old.example"), b"from elsewhere")])
    store.record([(failed(Reason.NOT_MODIFIED, T0 + 2 * HOUR, source, status=304), None)])
    derive_all(store)
    assert capture_queries.sightings(store.ask, source)[-1].text_sha256 == digest_of("", PAGE.decode())


def test_a_304_before_any_page_shows_nothing(store: Store, source: int) -> None:
    store.record([(failed(Reason.NOT_MODIFIED, T0, source, status=304), None)])
    derive_all(store)
    (only,) = capture_queries.sightings(store.ask, source)
    assert not only.shows_text
    assert ledger(store) == []


# --- the ledger ------------------------------------------------------------------------------------------------------


def test_whole_pages_and_304s_are_put_on_the_ledger_and_failures_are_not(store: Store, source: int) -> None:
    (page,) = store.record([(a_capture(source), PAGE)])
    store.record([(failed(Reason.FORBIDDEN, T0 + HOUR, source), b"no")])
    (same,) = store.record([(failed(Reason.NOT_MODIFIED, T0 + 2 * HOUR, source, status=304), None)])
    assert ledger(store) == [page, same]


def test_a_capture_leaves_the_ledger_only_when_its_source_is_settled(store: Store, source: int) -> None:
    (capture_id,) = store.record([(a_capture(source), PAGE)])
    capture = capture_queries.by_id(store.ask, capture_id)
    store.use_recipe(RECIPE, T0)
    store.record_extraction(capture, an_extraction("text", title=""), digest_of("", "text"), RECIPE)
    store.record_derivation(capture, RECIPE.id, judged, T0)
    assert ledger(store) == [capture_id]
    settle(store, source, done=[capture_id])
    assert ledger(store) == []


def test_a_settling_that_fails_leaves_the_ledger_and_the_history_alone(store: Store, source: int) -> None:
    (capture_id,) = store.record([(a_capture(source), PAGE)])

    def broken(*_: object) -> list[object]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.settle(source, broken, T0, [capture_id])
    assert ledger(store) == [capture_id]


def test_a_failure_that_arrives_late_has_its_source_settled_again(store: Store, source: int) -> None:
    make_history(store, source, [("one", T0), ("one", T0 + 9 * DAY)])
    store.record([(failed(Reason.MISSING_404, T0 + days * DAY, source), None) for days in (3, 5)])
    (new,) = derive_all(store)
    assert (new.number, new.cause) == (2, Cause.RETURNED)


def test_another_recipe_puts_every_derived_capture_back(store: Store, source: int) -> None:
    make_history(store, source, [("one", T0), ("two", T0 + DAY)])
    assert not store.use_recipe(RECIPE, T0)
    assert store.use_recipe(OTHER_RECIPE, T0)
    assert len(ledger(store)) == 2


def test_going_back_to_an_old_recipe_half_way_finds_what_the_other_derived(store: Store, source: int) -> None:
    make_history(store, source, [("one", T0), ("two", T0 + DAY), ("three", T0 + 2 * DAY)])
    store.use_recipe(OTHER_RECIPE, T0)
    oldest = capture_queries.by_id(store.ask, ledger(store)[0])
    store.record_extraction(oldest, an_extraction("one"), digest_of("Harbour", "one"), OTHER_RECIPE)
    store.record_derivation(oldest, OTHER_RECIPE.id, judged, T0)
    settle(store, source, done=[1])
    assert store.use_recipe(RECIPE, T0)
    assert ledger(store) == [1, 2, 3]


def test_a_payload_is_extracted_once_per_recipe_and_charset(store: Store, source: int) -> None:
    make_history(store, source, [("one", T0)])
    again, otherwise = (
        store.record([(a_capture(source, at=T0 + days * DAY, charset=charset), b"one")])[0]
        for days, charset in enumerate(("utf-8", "latin-1"), 1)
    )
    assert derivation_queries.with_extraction(store.ask, [1, again, otherwise], RECIPE.id) == {1, again}
    assert derivation_queries.with_extraction(store.ask, [1, again], OTHER_RECIPE.id) == set()


def test_captures_of_a_window_can_be_derived_again(store: Store, source: int) -> None:
    make_history(store, source, [("one", T0), ("two", T0 + DAY), ("three", T0 + 2 * DAY)])
    assert store.requeue_sources([source], T0 + DAY, T0 + 2 * DAY) == 1
    assert ledger(store) == [2]
    assert store.requeue_sources([source], None, None) == 2


# --- one transaction of many entries ---------------------------------------------------------------------------------


def urls_of(store: Store) -> set[str]:
    return {source.url for source in source_queries.all_sources(store.ask)}


def test_entries_of_one_block_are_stored_together(store: Store) -> None:
    with Store(store.path) as other, store.together():
        add_source(store, URL)
        assert urls_of(store) == {URL}
        assert urls_of(other) == set()
    assert urls_of(store) == {URL}


def test_a_block_that_raises_stores_nothing(store: Store) -> None:
    def interrupted() -> None:
        with store.together():
            add_source(store, URL)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert urls_of(store) == set()
    add_source(store, URL)
    assert urls_of(store) == {URL}


def test_an_entry_that_fails_leaves_nothing_and_its_block_goes_on(store: Store) -> None:
    with store.together():
        first = add_source(store, URL)
        with pytest.raises(Unstorable):
            store.record([(a_capture(first), b"one"), (a_capture(first + 1), b"two")])  # there is no second source
        store.record([(a_capture(first, at=T0 + DAY), b"one")])
    (capture,) = capture_queries.of_source(store.ask, first)
    assert capture.captured_at == T0 + DAY


# --- histories -------------------------------------------------------------------------------------------------------


def history(store: Store, source: int) -> list[tuple[int, str]]:
    return [(version.number, version.text_sha256) for version in version_queries.of_source(store.ask, source)]


def test_settling_keeps_the_ids_of_versions_that_still_hold(store: Store, source: int) -> None:
    make_history(store, source, [("one", T0), ("three", T0 + 2 * DAY)])
    before = {version.text_sha256: version.id for version in version_queries.of_source(store.ask, source)}
    make_history(store, source, [("two", T0 + DAY)])
    after = {version.text_sha256: version.id for version in version_queries.of_source(store.ask, source)}
    assert {digest: after[digest] for digest in before} == before
    assert history(store, source) == [(1, digest_of("", "one")), (2, digest_of("", "two")), (3, digest_of("", "three"))]


def test_what_no_longer_holds_is_superseded_and_never_deleted(store: Store, source: int) -> None:
    make_history(store, source, [("one", T0), ("two", T0 + DAY)])
    make_history(store, source, [("two", T0 - DAY), ("two", T0 + 2 * DAY)])  # two stood there before one
    rows = store.ask("SELECT superseded_at FROM version")
    assert len(version_queries.of_source(store.ask, source)) == 3
    assert len(rows) == 3
    store.use_recipe(OTHER_RECIPE, T0)
    derive_all(store, recipe=OTHER_RECIPE, title="A headline")
    assert len(store.ask("SELECT id FROM version WHERE superseded_at IS NOT NULL")) == 3
    assert {version.title for version in version_queries.of_source(store.ask, source)} == {"A headline"}


def test_settling_twice_changes_nothing(store: Store, source: int) -> None:
    make_history(store, source, [("one", T0), ("two", T0 + DAY)])
    before = store.ask("SELECT * FROM version")
    assert settle(store, source, now=T0 + 99 * DAY) == []
    assert store.ask("SELECT * FROM version") == before


def test_a_page_behind_a_wall_opens_no_version(store: Store, source: int) -> None:
    record_text(store, source, "Subscribe to read on", T0)
    capture = capture_queries.by_id(store.ask, 1)
    store.use_recipe(RECIPE, T0)
    wall = an_extraction("Subscribe to read on", verdict=Verdict.PAYWALL)
    store.record_extraction(capture, wall, digest_of("Harbour", "Subscribe to read on"), RECIPE)
    store.record_derivation(capture, RECIPE.id, judged, T0)
    assert settle(store, source, done=[1]) == []


# --- full text -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["zurich", "Zürich", "ZURICH", "hafen*"])
def test_new_texts_are_found_with_diacritics_and_case_folded(store: Store, source: int, query: str) -> None:
    make_history(store, source, [("Der Hafenmeister kam aus Zürich.", T0)])
    (match,) = search_queries.search(store.ask, query, limit=5)
    assert (match.version.number, match.newest, match.absent_since) == (1, True, None)
    assert "\ue000" in match.snippet


def test_a_text_seen_again_is_indexed_once(store: Store, source: int) -> None:
    make_history(store, source, [("harbour", T0), ("other", T0 + DAY), *(("harbour", T0 + n * DAY) for n in (2, 3))])
    assert len(store.ask("SELECT id FROM text_fts_docsize")) == 2
    assert len(search_queries.search(store.ask, "harbour", limit=9)) == 2


# --- what is watched -------------------------------------------------------------------------------------------------


def sync(store: Store, *seeds: object, days: int = 0) -> None:
    store.sync_seeds(seeds, {seed.url: url_key(seed.url) for seed in seeds}, T0 + days * DAY)  # type: ignore[arg-type,attr-defined]


def watched(store: Store) -> dict[str, bool]:
    """Each watched address, and whether it is still in the index."""
    return {state.source.url: state.source.retired_at is None for state in source_queries.states(store.ask)}


def test_a_seed_taken_out_is_retired_and_one_put_back_revived(store: Store) -> None:
    first, second = a_seed("one"), a_seed("two")
    sync(store, first, second)
    sync(store, first, days=1)
    assert watched(store) == {first.url: True, second.url: False}
    assert store.ask("SELECT count(*) AS n FROM seed") == [{"n": 2}]
    sync(store, first, second, days=2)
    assert watched(store) == {first.url: True, second.url: True}


def test_an_empty_index_retires_everything(store: Store) -> None:
    sync(store, a_seed("one"))
    sync(store)
    assert watched(store) == {a_seed("one").url: False}


def test_an_edited_row_changes_its_seed(store: Store) -> None:
    sync(store, a_seed("one"))
    sync(store, a_seed("one", every=4 * HOUR, language="es", allow_private=True))
    (state,) = source_queries.states(store.ask)
    assert (state.every, state.language, state.allow_private) == (4 * HOUR, "es", True)


def test_a_seed_whose_address_was_edited_no_longer_watches_the_old_one(store: Store) -> None:
    sync(store, a_seed("one"))
    moved = a_seed("one", url="https://daily.example/elsewhere")
    sync(store, moved)
    assert watched(store) == {a_seed("one").url: False, moved.url: True}
    sync(store, a_seed("one"))
    assert watched(store) == {a_seed("one").url: True, moved.url: False}


def find(store: Store, feed: str, *names: str) -> list[int]:
    via = source_queries.by_url_key(store.ask, url_key(feed))
    assert via is not None
    urls = [f"https://daily.example/{name}" for name in names]
    return store.add_discovered([(DiscoveredUrl(url=url), url_key(url)) for url in urls], via.id, T0)


def test_found_articles_are_new_once_and_belong_to_the_seed_of_their_list(store: Store) -> None:
    feed = a_seed("feed", kind=SeedKind.FEED)
    sync(store, feed)
    assert len(find(store, feed.url, "a", "b")) == 2
    assert find(store, feed.url, "b", "a") == []
    assert {state.source.seed_key for state in source_queries.states(store.ask)} == {"daily/feed"}


def test_an_imported_article_is_not_watched_until_a_list_names_it(store: Store) -> None:
    feed = a_seed("feed", kind=SeedKind.FEED)
    sync(store, feed)
    add_source(store, "https://daily.example/a")
    assert watched(store) == {feed.url: True}
    find(store, feed.url, "a")
    assert watched(store) == {feed.url: True, "https://daily.example/a": True}


def test_a_renamed_feed_keeps_the_articles_it_found(store: Store) -> None:
    feed = a_seed("feed", kind=SeedKind.FEED)
    sync(store, feed)
    find(store, feed.url, "a")
    sync(store, a_seed("front", kind=SeedKind.FEED, url=feed.url))
    assert watched(store) == {feed.url: True, "https://daily.example/a": True}


def test_an_article_taken_out_of_the_index_is_watched_if_a_feed_still_lists_it(store: Store) -> None:
    feed, article = a_seed("feed", kind=SeedKind.FEED), a_seed("a")
    sync(store, feed, article)
    sync(store, feed)
    assert not watched(store)[article.url]
    find(store, feed.url, "a")
    assert watched(store)[article.url]


# --- one history under several addresses -----------------------------------------------------------------------------

A, B, C = "https://daily.example/a", "https://daily.example/b", "https://daily.example/c"


def join(store: Store, old: str, new: str) -> list[int]:
    return move(store, add_source(store, old), new)


def owner(store: Store, url: str) -> str:
    """The address whose history answers for ``url``."""
    record = source_queries.by_url_key(store.ask, url_key(url))
    assert record is not None
    return record.url


def test_a_moved_page_goes_on_in_the_history_of_its_old_address(store: Store) -> None:
    join(store, A, B)
    assert (owner(store, A), owner(store, B)) == (A, A)


def test_a_move_back_changes_nothing_more(store: Store) -> None:
    join(store, A, B)
    assert join(store, B, A) == []
    assert (owner(store, A), owner(store, B)) == (A, A)


def test_a_second_move_goes_on_in_the_same_history(store: Store) -> None:
    join(store, A, B)
    join(store, B, C)
    assert {owner(store, url) for url in (A, B, C)} == {A}


@pytest.mark.parametrize("moves", [((A, C), (B, C)), ((B, C), (A, C))])
def test_an_address_two_pages_move_to_belongs_to_one_whoever_came_first(
    store: Store, moves: tuple[tuple[str, str], ...]
) -> None:
    for old, new in moves:
        join(store, old, new)
    assert [owner(store, url) for url in (A, B, C)] == [A, B, A]


def test_the_history_that_loses_an_address_is_named_to_be_settled(store: Store) -> None:
    join(store, B, C)
    changed = join(store, A, C)
    assert sorted(changed) == sorted([add_source(store, A), add_source(store, B)])


def test_a_joined_source_gives_its_versions_to_the_history(store: Store) -> None:
    old, new = add_source(store, A), add_source(store, B)
    make_history(store, old, [("one", T0)])
    make_history(store, new, [("two", T0 + DAY)])
    join(store, A, B)
    settle(store, old)
    assert [version.text_sha256 for version in version_queries.of_source(store.ask, old)] == [
        digest_of("", "one"),
        digest_of("", "two"),
    ]
    assert version_queries.of_source(store.ask, new) == []


# --- when the disk says no -------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one mebibyte."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
    mounted = subprocess.run(mount, check=False, capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no small disk here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def noise(turn: int) -> bytes:
    """Bytes that do not pack: 2 KiB of digests."""
    return b"".join(bytes.fromhex(digest_of(str(turn), str(part))) for part in range(64))


def fill(path: Path, capture_ids: list[int]) -> None:
    """Record until the archive refuses. ``capture_ids`` grows with every capture it accepts."""
    with Store(path) as store:
        source = add_source(store)
        for turn in range(2000):
            capture_ids += store.record([(a_capture(source, at=T0 + turn * HOUR), noise(turn))])


def test_a_full_disk_is_said_and_loses_nothing(small_disk: Path) -> None:
    path, capture_ids = small_disk / "archive.db", list[int]()
    with pytest.raises(StoreError, match="the disk is full") as raised:
        fill(path, capture_ids)
    assert not isinstance(raised.value, Corrupt)
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    maintenance.check_file(path, deep=True)
    with Store(path) as store:
        assert [capture.id for capture in capture_queries.of_source(store.ask, 1)] == capture_ids
        assert len(store.record([(a_capture(1, at=T0 - HOUR), noise(-1))])) == 1


def test_a_disk_too_small_for_an_archive_leaves_none(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(1000 * 1024))
    with pytest.raises(StoreError, match="full"):
        Store(small_disk / "archive.db")
    (small_disk / "ballast").unlink()
    with Store(small_disk / "archive.db") as store:
        assert statistics.counts(store.ask)["sources"] == 0


def test_a_read_only_disk_can_be_read_and_says_why_it_cannot_be_written(small_disk: Path) -> None:
    path = small_disk / "archive.db"
    with Store(path) as store:
        make_history(store, add_source(store), [("one", T0)])
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with Reader(path) as reader:
        assert statistics.counts(reader.ask)["versions"] == 1
    with pytest.raises(StoreError, match="cannot be"):
        Store(path).record([])


def test_asking_does_not_wait_for_another_writer(path: Path, store: Store, source: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asking = threading.Thread(target=source_queries.by_id, args=(store.ask, source))
        asking.start()
        asking.join(timeout=60)
        waited = asking.is_alive()
        other.execute("ROLLBACK")
    asking.join()
    assert not waited


def test_a_lock_held_by_another_program_is_waited_for(path: Path, store: Store) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.3, other.execute, ["ROLLBACK"])
        timer.start()
        add_source(store)
        timer.join()
