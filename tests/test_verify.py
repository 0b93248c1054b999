"""Whatever is broken behind the store's back is found, named, and comes with something to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from db.connect import Reader
from db.store import Store
from db.verify import verify
from tests.builders import DAY, T0, URL, add_source, make_history, record_text

if TYPE_CHECKING:
    from pathlib import Path

    from db.records import Problem


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive with two articles, three versions, and a capture still to derive."""
    where = tmp_path / "archive.db"
    with Store(where) as store:
        make_history(store, add_source(store), [("the harbour opens", T0), ("the harbour closes " * 99, T0 + DAY)])
        make_history(store, add_source(store, "https://copy.example/a"), [("a harbour opens", T0 + DAY)])
        record_text(store, 1, "waiting", T0 + 2 * DAY)
    return where


def spoil(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for each in statements:
            connection.execute(each)


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
    "a text that was edited": ("UPDATE text SET title = 'other' WHERE id = 1", "have the digest", "text 1, 'other'"),
    "a text search does not know": (
        "INSERT INTO text (sha256, title, body) VALUES (x'aa', 'New', 'body')",
        "search cannot find it",
        "text 4, 'New'",
    ),
    "an index entry without a text": (
        "INSERT INTO text_fts (rowid, title, body) VALUES (77, 'a', 'b')",
        "not there",
        "entry 77",
    ),
    "a capture that was forgotten": ("DELETE FROM underived", "never derived", f"capture 4 of {URL}"),
    "a gap in a history": ("UPDATE version SET number = 3 WHERE number = 2", "numbered 1, 3", URL),
    "a version without a text": ("UPDATE version SET text_id = 99 WHERE id = 2", "version 2 has no text", URL),
    "a capture of nowhere": (
        "UPDATE capture SET source_id = 99 WHERE id = 3",
        "names a source",
        "row 3 of table capture",
    ),
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
    named = [problem for problem in problems if what in problem.what and where in problem.where]
    assert named, problems
    assert all("wirecopy " in problem.todo for problem in problems)


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
        "UPDATE payload SET codec = 'raw', data = x'00' WHERE id = 2",
        "UPDATE payload SET codec = 'new' WHERE id = 1",
    )
    assert found(path) == []
    problems = found(path, deep=True)
    assert [problem.where for problem in problems] == [f"payload 1 of {URL}", f"payload 2 of {URL}"]
    assert "newer wirecopy" in problems[0].what
    assert "another digest" in problems[1].what


def test_an_index_of_other_words_is_found_by_looking_deep(path: Path) -> None:
    spoil(
        path,
        "INSERT INTO text_fts (text_fts, rowid, title, body) VALUES ('delete', 1, '', 'the harbour opens')",
        "INSERT INTO text_fts (rowid, title, body) VALUES (1, '', 'the harbour shuts')",
    )
    assert found(path) == []
    (problem,) = found(path, deep=True)
    assert problem.what == "search counts the word 'opens' otherwise than the texts"


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
