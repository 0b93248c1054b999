"""Tests of forgetting: every byte is gone, what other sources show stays, and the chain still verifies."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from archive.api import Archive
from archive.api.version_ref import Ref
from archive.cli import wirecopy
from archive.pipeline.gather import record_visits
from archive.urls import url_key
from db.errors import BadInput, NotArchived
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.queries import tombstones
from db.reader import Reader
from db.records import DiscoveredUrl, SeedKind
from db.schema import metadata
from db.store import Store
from db.store.delete_rows import references_to
from db.verify import verify
from tests.builders import (
    DAY,
    HOUR,
    LATER,
    T0,
    URL,
    a_judgement,
    a_seed,
    add_source,
    an_outcome,
    make_history,
    move,
    record_text,
)
from tests.contents import sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
OTHER = "https://daily.example/other"
SECRET = "zanzibarquill"  # noqa: S105 (a word that no other text has)


def page(*words: str, length: int = 300) -> str:
    return " ".join([*(f"harbour{number}" for number in range(length)), *words])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An article with a secret, in three versions, and another whose pages are packed against the first one's."""
    where = tmp_path / "archive.db"
    with Store(where) as store:
        make_history(store, add_source(store), [(page(f"{SECRET}{n}"), T0 + n * DAY) for n in range(3)])
        make_history(store, add_source(store, OTHER), [(page("calm"), T0 + HOUR), (page("calmer"), T0 + DAY)])
        store.record_links(1, [(4, a_judgement())], "of the tests", T0)
    return where


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store(path) as opened:
        yield opened


def everything(path: Path) -> str:
    """Every value of every row, as text."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for name in names for row in connection.execute(f'SELECT * FROM "{name}"')]
    return "".join(part.decode("latin-1") if isinstance(part, bytes) else str(part) for row in rows for part in row)


def problems(path: Path) -> list[object]:
    with Reader(path) as reader:
        return list(verify(reader, deep=True, key_of=url_key))


def bases(store: Store) -> dict[int, int | None]:
    return {row["id"]: row["base_id"] for row in store.ask("SELECT id, base_id FROM payload")}


# --- what goes -------------------------------------------------------------------------------------------------------


def test_nothing_of_it_is_left_in_any_table(path: Path) -> None:
    assert SECRET in everything(path)
    with Store(path) as store:
        assert store.forget_source(1, LATER)
    assert SECRET not in everything(path)
    assert [name for name, rows in sizes(path).items() if rows and name in {"link", "near_key"}] == []


def test_its_bytes_are_gone_from_the_file_and_its_log(path: Path) -> None:
    with Store(path) as store:
        raw = f"{SECRET} in plain sight".encode()  # too short to be packed: the file contains it as it is
        record_text(store, 1, raw.decode(), T0 + 9 * DAY)
        store.truncate_wal()
        assert raw in path.read_bytes()
        store.forget_source(1, LATER)
        left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert SECRET.encode() not in left
    assert SECRET[1:].encode() not in left  # the index of words leaves out beginnings they share


def test_a_log_that_others_read_is_told_of(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM capture").fetchone()
        assert not store.forget_source(1, LATER)


def test_pages_packed_against_it_are_packed_anew(store: Store, path: Path) -> None:
    before = [capture_queries.payload(store.ask, digest) for digest in digests(store, 2)]
    payload_ids = {row["payload_id"] for row in store.ask("SELECT payload_id FROM capture WHERE source_id = 1")}
    assert payload_ids.intersection(base for base in bases(store).values() if base)
    store.forget_source(1, LATER)
    assert payload_ids.isdisjoint(bases(store))
    assert [capture_queries.payload(store.ask, digest) for digest in digests(store, 2)] == before
    assert problems(path) == []


def digests(store: Store, source_id: int) -> list[str]:
    return [capture.payload_sha256 or "" for capture in capture_queries.of_source(store.ask, source_id)]


def test_every_address_of_its_history_goes(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE version SET superseded_at = 1 WHERE source_id = 2")
        connection.execute("UPDATE source SET same_as = 1 WHERE id = 2")
    store.forget_source(1, LATER)
    assert source_queries.all_sources(store.ask) == []
    assert sizes(path)["payload"] == sizes(path)["text"] == 0
    assert sizes(path)["tombstone"] == 2


def test_what_others_show_too_is_kept(store: Store, path: Path) -> None:
    make_history(store, 2, [(page(f"{SECRET}0"), T0 + 5 * DAY)])
    store.forget_source(1, LATER)
    with Archive(path) as archive:
        assert f"{SECRET}0" in archive.text(archive.version(Ref(url=OTHER))).body
        assert [hit.version.url for hit in archive.search(f"{SECRET}0")[1]] == [OTHER]
        assert archive.search(f"{SECRET}1")[1] == []
    assert problems(path) == []


def test_a_list_is_forgotten_without_what_it_named(store: Store) -> None:
    store.sync_seeds([a_seed("feed", kind="feed")], {"https://daily.example/feed": "example,daily,)/feed"}, T0)
    feed = source_queries.by_url_key(store.ask, "example,daily,)/feed")
    assert feed is not None
    ids = store.add_discovered([(DiscoveredUrl(url=f"{OTHER}/named"), url_key(f"{OTHER}/named"))], feed.id, T0)
    store.forget_source(feed.id, LATER)
    assert source_queries.by_id(store.ask, ids[0]).found_in is None


def test_every_table_that_hangs_on_a_source_is_known() -> None:
    """A table added later must be forgotten too, without a change of the code."""
    hanging = {child.name for child, _ in references_to(metadata.tables["source"])}
    assert {"capture", "version", "claim", "source"} <= hanging


def test_texts_live_as_long_as_something_shows_them_and_not_because_something_speaks_of_them() -> None:
    text = metadata.tables["text"]
    naming = {child for child, _ in references_to(text)}
    speaking = {child.name for child in naming if all(key.column.table is text for key in child.foreign_keys)}
    assert speaking == {"link", "near_key", "text_error", "unlinked"}


# --- what stays ------------------------------------------------------------------------------------------------------


def test_a_tombstone_says_that_it_was_there(store: Store, path: Path) -> None:
    captures = capture_queries.of_source(store.ask, 1)
    links = [tombstones.chain_link(store.ask, capture.id or 0).link for capture in captures]
    store.forget_source(1, LATER)
    grave = tombstones.tombstone(store.ask, url_key(URL))
    assert grave is not None
    assert (grave.url, grave.forgotten_at, grave.captures, grave.lifted_at) == (URL, LATER, 3, None)
    assert list(grave.links) == links
    with Archive(path) as archive, pytest.raises(NotArchived, match=r"forgotten on request on 2026-02-04.*3 captures"):
        archive.history(URL)


def test_the_chain_goes_on(store: Store, path: Path) -> None:
    before = store.ask("SELECT link FROM chain ORDER BY capture_id")
    store.forget_source(2, LATER)
    assert (
        store.ask("SELECT link FROM chain ORDER BY capture_id")[:-1] == before
    )  # the last one says what was forgotten
    record_text(store, 1, page("after"), T0 + 9 * DAY)
    number, _ = tombstones.chain_head(store.ask) or (0, "")
    assert number == 7  # the ids of what was forgotten are not given again
    assert problems(path) == []


def test_the_schema_file_and_the_others_hold_after_any_of_them_was_forgotten(path: Path) -> None:
    with Store(path) as store:
        for source in (2, 1):
            store.forget_source(source, LATER)
            assert problems(path) == []
    assert sizes(path)["capture"] == sizes(path)["text_fts_docsize"] == 0


# --- not again -------------------------------------------------------------------------------------------------------


def test_it_is_not_kept_again_by_any_way(store: Store) -> None:
    store.forget_source(1, LATER)
    key = url_key(URL)
    with pytest.raises(BadInput, match="--lift"):
        store.add_source(URL, key, LATER)
    assert store.add_discovered([(DiscoveredUrl(url=URL), key)], 2, LATER) == []
    store.sync_seeds([a_seed("harbour")], {URL: key}, LATER)
    visits = [(SeedKind.ARTICLE, (outcome,)) for outcome in (an_outcome(), an_outcome(OTHER))]
    assert record_visits(store, visits, provenance="import:a.warc", now=LATER) != []
    assert source_queries.by_url_key(store.ask, key) is None


def test_it_is_kept_again_once_that_is_allowed(store: Store, path: Path) -> None:
    store.forget_source(1, LATER)
    assert store.lift_tombstone(url_key(URL), LATER + DAY)
    assert not store.lift_tombstone(url_key(URL), LATER + DAY)
    make_history(store, add_source(store), [(page("again"), LATER + DAY)])
    with Archive(path) as archive:
        assert archive.history(URL)[1].captures == 1
    assert problems(path) == []


# --- cut off ---------------------------------------------------------------------------------------------------------

FORGET = """
import sys
from pathlib import Path
from db.store import Store
from tests.builders import LATER
with Store(Path(sys.argv[1])) as store:
    print("open", flush=True)
    store.forget_source(1, LATER)
"""


@pytest.mark.slow
@pytest.mark.parametrize("milliseconds", [0, 2, 5, 8, 12, 20])
def test_killed_at_any_moment_all_of_it_is_there_or_forgetting_again_ends_it(path: Path, milliseconds: int) -> None:
    command = [sys.executable, "-c", FORGET, str(path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(milliseconds / 1000)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert problems(path) == []
    with Store(path) as store:
        if store.ask("SELECT 1 FROM source WHERE id = 1"):
            assert len(capture_queries.of_source(store.ask, 1)) == 3
            store.forget_source(1, LATER)
    assert SECRET not in everything(path)
    assert problems(path) == []


# --- the verb --------------------------------------------------------------------------------------------------------


def run(path: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(wirecopy, ["--db", str(path), *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.exit_code, result.output


def test_the_verb_asks_first_and_then_does_it(path: Path) -> None:
    _, output = run(path, "forget", URL)
    assert f"{URL}\n" in output
    assert "To delete 3 captures permanently" in output
    assert SECRET in everything(path)
    _, output = run(path, "forget", URL, "--yes")
    assert "Deleted https://daily.example/harbour with 3 captures" in output
    assert SECRET not in everything(path)
    with pytest.raises(NotArchived, match="forgotten on request"):
        run(path, "history", URL)
    _, output = run(path, "forget", URL, "--lift")
    assert "may be archived again" in output


def test_backups_made_before_are_named(path: Path) -> None:
    run(path, "backup")
    (spare,) = (path.parent / "backups").iterdir()
    assert str(spare) in run(path, "forget", URL, "--yes")[1]


def test_every_file_that_may_still_have_it_is_named_and_no_other(path: Path) -> None:
    run(path, "backup")
    (backup,) = (path.parent / "backups").iterdir()
    run(path, "restore", str(backup))
    shutil.copy(path, path.with_name("before-the-move.db"))
    Store(path.with_name("another.db")).close()
    path.with_name("notes.txt").write_text(f"{URL} {SECRET}")
    with closing(sqlite3.connect(path.with_name("prefect.db"))) as connection:
        connection.execute("CREATE TABLE flow (id)")
    damaged = path.with_name("archive.db.replaced-2")
    damaged.write_bytes(path.read_bytes()[:5000])
    expected = {backup, path.with_name("archive.db.replaced"), path.with_name("before-the-move.db"), damaged}
    for arguments in ((URL,), (URL, "--yes")):
        code, output = run(path, "forget", *arguments)
        assert code == 0
        named = {line.strip() for line in output.splitlines()}
        assert {Path(line) for line in named if line.startswith(str(path.parent))} == expected


# --- holds -----------------------------------------------------------------------------------------------------------


def test_an_article_on_hold_cannot_be_forgotten_before_it_is_released(path: Path) -> None:
    assert run(path, "hold", URL, "--note", "case 17/26")[0] == 0
    before = everything(path)
    with pytest.raises(BadInput, match=r"case 17/26.*wirecopy hold .* --release"):
        run(path, "forget", URL, "--yes")
    assert everything(path) == before
    assert "case 17/26" in run(path, "hold")[1]
    assert problems(path) == []
    run(path, "hold", URL, "--release")
    assert run(path, "hold")[1] == "Nothing is on hold.\n"
    assert run(path, "forget", URL, "--yes")[0] == 0
    assert SECRET not in everything(path)


def test_a_hold_on_one_address_keeps_the_whole_history(store: Store, path: Path) -> None:
    moved = "https://daily.example/harbour-moved"
    store.add_hold(1, "", LATER)
    move(store, 1, moved)
    (alias,) = store.ask("SELECT coalesce(same_as, id) AS id FROM source WHERE url = :url", url=moved)
    with pytest.raises(BadInput, match="on hold"):
        store.forget_source(alias["id"], LATER)
    assert SECRET in everything(path)


def test_what_is_not_archived_cannot_be_held(path: Path) -> None:
    with pytest.raises(NotArchived):
        run(path, "hold", "https://daily.example/never")
