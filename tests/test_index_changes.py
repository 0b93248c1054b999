"""A change of the seed index and its entry in the audit: neither without the other, wherever a process dies."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from archive.api import Archive
from archive.api.index_changes import cut_off_change, settle_index_change
from archive.resources import code_environ
from db.errors import SeedError
from db.records import Actor
from db.store import Store
from tests.builders import T0

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INDEX = """\
# Seeds

## daily

| url | kind |
| --- | --- |
| https://daily.example/feed | feed |
"""
RETIRE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from archive.api.seed_index import RowChange, change_one, read_page
from db.records import Actor
db, index = map(Path, sys.argv[1:])
(row,) = read_page(index).rows
change = RowChange(key=row.key, action="retire")
now = datetime(2026, 1, 5, 8, tzinfo=UTC)
change_one(db, index, change, digest=read_page(index).digest, actor=Actor("ana", "web"), now=now)
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """An archive and the index beside it."""
    db, index = tmp_path / "archive.db", tmp_path / "INDEX.md"
    Store(db).close()
    index.write_text(INDEX)
    return db, index


@contextmanager
def killed_before_the_audit(db: Path, index: Path) -> Iterator[None]:
    """Kill a process that retires a row, when it has replaced the file and waits to write into the audit."""
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        child = subprocess.Popen([sys.executable, "-c", RETIRE, str(db), str(index)], env=code_environ({}))
        deadline = time.monotonic() + 300
        while index.read_text() == INDEX and time.monotonic() < deadline:
            assert child.poll() is None
            time.sleep(0.01)
        assert child.poll() is None, "it waits for the lock"
        child.send_signal(signal.SIGKILL)
        child.wait()
        connection.execute("ROLLBACK")
    assert "daily.example" not in index.read_text()
    yield


def audited(db: Path) -> list[tuple[str, str, str]]:
    with Archive(db) as archive:
        return [(entry.actor.name, entry.action, entry.detail) for entry in archive.audit().rows]


def test_a_change_that_was_cut_off_is_seen_and_gets_its_entry_once(files: tuple[Path, Path]) -> None:
    db, index = files
    with killed_before_the_audit(db, index):
        assert audited(db) == []
        assert cut_off_change(index) == "retired a row: daily/daily-example-feed"
        note = next(index.parent.glob(".INDEX.md.change"))
        words = note.read_text()
        settle_index_change(db, index)
        assert audited(db) == [("ana", "retired a row", "")]
        assert cut_off_change(index) is None
        note.write_text(words)  # as if it had died when the audit was written, and the note not yet deleted
        settle_index_change(db, index)
        assert audited(db) == [("ana", "retired a row", "")]
        with Archive(db) as archive:
            assert archive.audit().rows[0].changed_at == T0
            assert archive.audit().rows[0].actor == Actor("ana", "web")


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        (INDEX, []),  # as if it had died before it replaced the file
        ("# Seeds\n\nNothing.\n", [("ana", "retired a row", "perhaps: the process died meanwhile, and the index ")]),
    ],
)
def test_the_file_says_if_it_was_changed(
    files: tuple[Path, Path], text: str, entries: list[tuple[str, str, str]]
) -> None:
    db, index = files
    with killed_before_the_audit(db, index):
        index.write_text(text)
        settle_index_change(db, index)
        assert [(name, action, detail[:51]) for name, action, detail in audited(db)] == entries
        assert cut_off_change(index) is None


def test_a_change_that_is_refused_leaves_no_note(files: tuple[Path, Path]) -> None:
    db, index = files
    index.chmod(0o444)
    child = subprocess.run(
        [sys.executable, "-c", RETIRE, str(db), str(index)], env=code_environ({}), capture_output=True, check=False
    )
    assert SeedError.__name__.encode() in child.stderr
    assert (audited(db), cut_off_change(index), index.read_text()) == ([], None, INDEX)
