"""Whatever is broken behind the store's back is found, named, and comes with something to do."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archive.urls import url_key
from db import maintenance
from db.errors import Corrupt
from db.queries import captures as capture_queries
from db.reader import Reader
from db.records import Passage, Reason
from db.store import Store
from db.verify import verify
from tests.builders import DAY, T0, URL, a_judgement, add_source, build_once, failed, make_history, record_text

if TYPE_CHECKING:
    from pathlib import Path

    from db.records import Problem


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive with two articles, three versions, and a capture still to derive."""
    return make_archive(tmp_path / "archive.db")


@build_once
def make_archive(path: Path) -> None:
    with Store(path) as store:
        make_history(store, add_source(store), [("the harbour opens", T0), ("the harbour closes " * 99, T0 + DAY)])
        make_history(store, add_source(store, "https://copy.example/a"), [("a harbour opens", T0 + DAY)])
        record_text(store, 1, "waiting", T0 + 2 * DAY)


def spoil(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def found(path: Path, *, deep: bool = False) -> list[Problem]:
    with Reader(path) as reader:
        return list(verify(reader, deep=deep))


@pytest.mark.parametrize("deep", [False, True])
def test_a_sound_archive_has_no_problems(path: Path, deep: bool) -> None:
    assert found(path, deep=deep) == []


@pytest.mark.parametrize("deep", [False, True])
def test_an_empty_archive_has_no_problems(tmp_path: Path, deep: bool) -> None:
    Store(tmp_path / "new.db").close()
    assert found(tmp_path / "new.db", deep=deep) == []


def test_verifying_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    found(path, deep=True)
    assert path.read_bytes() == before


CASES = {
    "a text that was edited": ("UPDATE text SET title = 'other' WHERE id = 1", "has the digest", "text 1, 'other'"),
    "a text search does not know": (
        "INSERT INTO text (sha256, title, body) VALUES (x'aa', 'New', 'body')",
        "search cannot find it",
        "text 4, 'New'",
    ),
    "an index entry without a text": (
        "INSERT INTO text_fts (rowid, title, body) VALUES (77, 'a', 'b')",
        "does not exist",
        "entry 77",
    ),
    "a capture that was forgotten": ("DELETE FROM underived", "never derived", f"capture 4 of {URL}"),
    "a gap in a history": ("UPDATE version SET number = 3 WHERE number = 2", "numbered 1, 3", URL),
    "a version without a text": ("UPDATE version SET text_id = 99 WHERE id = 2", "version 2 has no text", URL),
    "a capture of nowhere": (
        "UPDATE capture SET source_id = 99 WHERE id = 3",
        "a row of source",
        "row 3 of table capture",
    ),
    "a payload deeper than it is": (
        "UPDATE payload SET depth = 2 WHERE id = 1",
        "but it has no base",
        f"payload 1 of {URL}",
    ),
    "a payload packed against a later one": (
        "UPDATE payload SET codec = 'delta', base_id = 2, depth = 1 WHERE id = 1",
        "against a later one",
        f"payload 1 of {URL}",
    ),
    "a capture that was edited": (
        "UPDATE capture SET status = 404 WHERE id = 2",
        "changed after it was recorded",
        f"capture 2 of {URL}",
    ),
    "a capture slipped in": (
        "INSERT INTO capture (id, source_id, captured_at, revisit) VALUES (99, 1, 0, 0)",
        "not in the chain",
        "capture 99",
    ),
    "a capture taken out": ("DELETE FROM capture WHERE id = 4", "not by wirecopy forget", "capture 4"),
    "a chain cut short": ("DELETE FROM chain WHERE capture_id = 4", "not in the chain", f"capture 4 of {URL}"),
    "a joined address with versions": (
        "UPDATE source SET same_as = 1 WHERE id = 2",
        "versions of its own",
        "copy.example",
    ),
}


@pytest.mark.parametrize(("statement", "what", "where"), CASES.values(), ids=CASES.keys())
def test_what_is_broken_is_named(path: Path, statement: str, what: str, where: str) -> None:
    spoil(path, statement)
    problems = found(path)
    matching = [problem for problem in problems if what in problem.what and where in problem.where]
    assert matching, problems
    assert all("wirecopy " in problem.todo for problem in problems)


def test_a_changed_view_is_named_and_written_again_by_an_upgrade(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        (definition,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'v_links'").fetchone()
    spoil(path, "DROP VIEW v_links", definition.replace("'exact'", "'dxact'"))
    (problem,) = found(path)
    assert (problem.where, problem.todo) == ("view v_links", "wirecopy upgrade")
    maintenance.upgrade(path)
    assert found(path) == []


def test_every_check_runs_whatever_the_others_found(path: Path) -> None:
    spoil(
        path,
        "UPDATE text SET body = 'x' WHERE id = 1",
        "DELETE FROM underived",
        "UPDATE version SET number = number + 1",
    )
    assert len(found(path)) == 4


def test_a_payload_that_does_not_hold_is_found_by_looking_deep(path: Path) -> None:
    spoil(
        path,
        "UPDATE payload SET codec = 'raw', data = zeroblob(length) WHERE id = 2",
        "UPDATE payload SET codec = 'new' WHERE id = 1",
        "UPDATE payload SET codec = 'raw', data = x'00' WHERE id = 3",
    )
    assert found(path) == []
    problems = found(path, deep=True)
    copy = "https://copy.example/a"
    assert [problem.where for problem in problems] == [
        f"payload {n} of {url}" for n, url in enumerate((URL, URL, copy), 1)
    ]
    assert "newer wirecopy" in problems[0].what
    assert "another digest" in problems[1].what
    assert "decodes to 1" in problems[2].what


def test_an_index_of_other_words_is_found_by_looking_deep(path: Path) -> None:
    spoil(
        path,
        "INSERT INTO text_fts (text_fts, rowid, title, body) VALUES ('delete', 1, '', 'the harbour opens')",
        "INSERT INTO text_fts (rowid, title, body) VALUES (1, '', 'the harbour shuts')",
    )
    assert found(path) == []
    (problem,) = found(path, deep=True)
    assert problem.what == "search counts the word 'opens' differently from the texts"


def test_a_damaged_page_is_reported_and_the_other_checks_go_on(path: Path) -> None:
    data = bytearray(path.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        ((root,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'payload'").fetchall()
    data[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
    path.write_bytes(bytes(data))
    spoil(path, "UPDATE version SET number = 3 WHERE number = 2")
    problems = found(path)
    assert any("numbered 1, 3" in problem.what for problem in problems)
    assert any(problem.where == str(path) for problem in problems)


# --- any byte of any fact --------------------------------------------------------------------------------------------

FACTS = {
    "capture": ("id", ()),
    "payload": ("id", ("packing", "anchor")),  # how it came to be packed so, and what it may be good for: no facts
    "text": ("id", ("linked_by",)),
    "chain": ("capture_id", ()),
}
"""Tables of facts, their keys, and the columns that say nothing of what was seen."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An archive with headers, failures, a delta and a revisit, as bytes."""
    where = tmp_path_factory.mktemp("sound") / "archive.db"
    page = " ".join(f"word{number}" for number in range(400))
    more = {"etag": '"1"', "headers": (("Server", "nginx"),), "detail": "kept", "wire_sha256": "ab" * 32}
    with Store(where) as store:
        source = add_source(store)
        make_history(store, source, [(page, T0), (page.replace("word7", "other"), T0 + DAY), (page, T0 + 2 * DAY)])
        record_text(store, source, page.replace("word9", "next"), T0 + 3 * DAY, **more)
        store.record([(failed(Reason.TIMEOUT, T0 + 4 * DAY, source, detail="after 30 s"), None)])
    return where.read_bytes()


def cells(path: Path) -> list[tuple[str, str, int, object]]:
    """Every value of every fact: table, column, key, value."""
    rows = []
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        for table, (key, others) in FACTS.items():
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY {key}"):
                values = {name: row[name] for name in row.keys() if name not in others}  # noqa: SIM118 (a Row is values)
                rows += [
                    (table, name, row[key], value) for name, value in values.items() if value not in {None, "", b""}
                ]
    return rows


def changed(value: object, dice: random.Random) -> object:
    """The value with one bit of one byte turned over."""
    match value:
        case int():
            return value ^ (1 << dice.randrange(max(value.bit_length(), 1)))
        case str():
            offset = dice.randrange(len(value))
            return value[:offset] + chr(ord(value[offset]) ^ 1) + value[offset + 1 :]
        case bytes():
            offset = dice.randrange(len(value))
            return value[:offset] + bytes([value[offset] ^ (1 << dice.randrange(8))]) + value[offset + 1 :]
    raise TypeError(value)


@given(seed=st.integers(0, 2**32))
@example(seed=735278742)  # an unused bit of a zstd frame
@settings(max_examples=50)
def test_a_byte_changed_in_any_fact_is_found(sound: bytes, tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    dice = random.Random(seed)
    path = tmp_path_factory.mktemp("spoilt") / "archive.db"
    path.write_bytes(sound)
    table, column, key, value = dice.choice(cells(path))
    with closing(sqlite3.connect(path)) as connection, connection:
        name = FACTS[table][0]
        try:
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {name} = ?", [changed(value, dice), key])
        except sqlite3.IntegrityError:  # SQLite itself refuses this one
            return
    assert found(path, deep=True) or (column == "data" and is_intact(path, key)), (table, column, key)
    shutil.rmtree(path.parent)


def is_intact(path: Path, payload_id: object) -> bool:
    """True if a payload still unpacks to the bytes of its digest: a zstd frame has bits that nothing reads."""
    with Reader(path) as reader:
        (row,) = reader.ask("SELECT sha256 FROM payload WHERE id = :id", id=payload_id)
        try:
            return bool(capture_queries.payload(reader.ask, row["sha256"].hex()))
        except Corrupt:
            return False


def test_an_address_under_another_key_is_found(path: Path) -> None:
    spoil(path, "UPDATE source SET url_key = 'example,other,)/' WHERE id = 1")
    with Reader(path) as reader:
        assert [problem.where for problem in verify(reader, deep=False, key_of=url_key)] == [f"source 1, {URL}"]


def test_a_passage_outside_of_its_text_is_found(path: Path) -> None:
    with Store(path) as store:
        store.record_links(
            1, [(3, a_judgement(passages=(Passage(a=(0, 9), b=(0, 9), similarity=1.0),)))], "of the tests", T0
        )
    assert found(path) == []
    spoil(path, "UPDATE link SET passages = '[[0, 9, 0, 99999, 1.0, []]]'")
    (problem,) = found(path)
    assert (problem.what, problem.todo) == ("its passages are outside of its texts", "wirecopy rematch")
