"""Ways into the file: a SQLAlchemy engine that writes, and a plain sqlite3 connection that only reads.

Readers do without SQLAlchemy, because importing it costs 0.3 s of CPU, most of what a read verb may take. Both ask with
the same SQL text and named parameters, through the ``Ask`` shape.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import quote

from db.errors import Corrupt, SchemaMismatch, StoreBusy, StoreError, TooSlow

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "0009"
"""The migration this code is written for. Stands here, not in ``db.schema``, so that readers need no SQLAlchemy."""

BUSY_SECONDS = 30.0
"""How long a writer waits for its turn: waiting is not fair, 3.1 s was the worst of four writers in the research."""

_STEPS = 500
"""Steps of SQLite's machine between two looks at the clock: 20 us, and no more than 50 rows of whatever length."""

_PRIMARY = 0xFF
"""The part of SQLite's extended result codes that names the kind of error."""

Row = dict[str, Any]


class Ask(Protocol):
    """A question to the store: SQL with ``:named`` parameters in, rows as dicts out."""

    def __call__(self, sql: str, /, **values: Any) -> list[Row]:
        """All rows of the answer."""


_MEANS: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_BUSY: (
        StoreBusy,
        "{path} stayed locked for {wait:.0f} s; another process writes to it. Try again soon",
    ),
    sqlite3.SQLITE_FULL: (
        StoreError,
        "the disk is full: {path} could not grow. Nothing was lost; make room and run it again",
    ),
    sqlite3.SQLITE_IOERR: (StoreError, "the disk of {path} is full or fails ({error}). Make room, or look at the disk"),
    sqlite3.SQLITE_CORRUPT: (Corrupt, "{path} is not a readable archive ({error}); run: wirecopy restore BACKUP"),
    sqlite3.SQLITE_NOTADB: (Corrupt, "{path} is not a readable archive ({error}); run: wirecopy restore BACKUP"),
    sqlite3.SQLITE_INTERRUPT: (
        TooSlow,
        "this question of {path} takes too long. Ask for less: a shorter time, rarer words",
    ),
    sqlite3.SQLITE_READONLY: (
        StoreError,
        "{path} cannot be written (read-only file or folder); name another with --db",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        StoreError,
        "{path} cannot be opened: check that it exists and that you may use its folder",
    ),
}
"""What SQLite's primary result codes mean for a person."""


def store_error_from(error: Exception, path: Path) -> StoreError:
    """The error of ours that says what a driver's error means for ``path``."""
    # By code, not by words: a message may quote what a person searched for.
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    kind, says = _MEANS.get(code, (StoreError, "{path}: {error}"))
    return kind(says.format(path=path, error=error, wait=BUSY_SECONDS))


def open_read_only(path: Path) -> sqlite3.Connection:
    """A connection that only reads, as every way into the file that does not write uses it. Raises ``sqlite3.Error``.

    A read-only disk has no room for SQLite's log beside the archive, and without a log nobody is writing: there the
    file is read as it stands.
    """
    connection = _connect(path, "mode=ro")
    try:
        connection.execute("PRAGMA schema_version").close()  # opening is lazy: only now is the file looked at
    except sqlite3.Error as error:
        connection.close()
        no_room = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}  # a read-only disk; a folder one may not write to
        if error.sqlite_errorcode & _PRIMARY not in no_room or path.with_name(f"{path.name}-wal").exists():
            raise
        return _connect(path, "immutable=1")
    return connection


def _connect(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True, timeout=BUSY_SECONDS)


class Reader:
    """A read-only connection. It never creates, migrates or writes; close it, or use it as a context manager."""

    def __init__(self, path: Path, *, patience: float | None = None) -> None:
        """Raises StoreError (no such archive), SchemaMismatch, or Corrupt.

        ``patience``: seconds from now after which every question is cut off with TooSlow; None: they may take any time.
        """
        self.path = path
        if not path.is_file():
            raise StoreError(f"there is no archive at {path}. Make one: wirecopy init, or wirecopy import FILE")
        try:
            self._connection = open_read_only(path)
        except sqlite3.Error as error:
            raise store_error_from(error, path) from error
        if patience is not None:
            ends = monotonic() + patience
            self._connection.set_progress_handler(lambda: monotonic() > ends, _STEPS)
        try:
            check_revision(self._revision(), path)
        except StoreError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def ask(self, sql: str, /, **values: Any) -> list[Row]:
        """All rows of the answer. Raises StoreError."""
        try:
            with closing(self._connection.execute(sql, values)) as cursor:
                names = [column[0] for column in cursor.description or ()]
                return [dict(zip(names, row, strict=True)) for row in cursor]
        except sqlite3.Error as error:
            raise store_error_from(error, self.path) from error

    def _revision(self) -> str | None:
        if not self.ask("SELECT name FROM sqlite_master WHERE name = 'alembic_version'"):
            return None
        rows = self.ask("SELECT version_num FROM alembic_version")
        return str(rows[0]["version_num"]) if rows else None


def check_revision(found: str | None, path: Path) -> None:
    """Raises SchemaMismatch, naming the command to run, unless ``found`` is the revision this code is written for."""
    if found == HEAD:
        return
    if found is None or not is_wirecopy_revision(found):
        raise SchemaMismatch(f"{path} is a database, but not a wirecopy archive; name another with --db")
    if found < HEAD:
        raise SchemaMismatch(f"{path} has the older schema {found}, this wirecopy reads {HEAD}. Run: wirecopy upgrade")
    raise SchemaMismatch(
        f"{path} has the newer schema {found}, this wirecopy knows only {HEAD}. Install a newer wirecopy to open it"
    )


def is_wirecopy_revision(revision: str) -> bool:
    """True if a revision looks like ours, ``0001``; other programs use Alembic too, and name theirs otherwise."""
    return len(revision) == len(HEAD) and revision.isdecimal()
