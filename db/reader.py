"""The read-only way into the archive: a plain sqlite3 connection, and ``Ask``, the signature of every query.

Readers do without SQLAlchemy, because importing it costs 0.3 s of CPU, most of what a read verb may take.

``ask`` is the store's word for a callable that runs SQL. ``Reader.ask`` and ``Store.ask`` are two; ``db.writer.ask_on``
makes one inside a transaction. Every function of ``db.queries`` takes one, so the same query serves all three.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from time import monotonic, thread_time
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import quote

from db.dialect.server_address import ServerAddress
from db.errors import Corrupt, SchemaMismatch, StoreBusy, StoreError, TooSlow, Unstorable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

HEAD = "0022"
"""The migration this code needs. It is here and not in ``db.schema`` so that readers need no SQLAlchemy."""

UNFINISHED_MOVE = f"{HEAD}-moving"
"""In the place of the migration in an archive that is still being copied here (``db.move``). Nothing else opens it."""

BUSY_SECONDS = 30.0
"""Seconds a writer waits for the lock. Waiting is not fair: 3.1 s was the worst of four writers we measured."""

_PATIENCE_OF_CLOSING = 1.0
"""Seconds that closing waits for a query of another thread before it interrupts it. Nearly all take milliseconds."""

_STEPS = 500
"""Steps of SQLite's virtual machine between two looks at the clock: 20 us, and at most 50 rows of any length."""

_WAITING = 8
"""A reader may wait eight times as long for a busy machine or a slow disk as it may use the processor."""

_PRIMARY = 0xFF
"""The bits of SQLite's extended result codes that hold the primary code."""

Row = dict[str, Any]


class StoredText(bytes):
    """The bytes of a text as ``Reader.ask_bytes`` returns them: they may not be UTF-8. Other bytes are ``bytes``."""


class Ask(Protocol):
    """A callable that runs SQL with ``:named`` parameters and returns the rows as dicts."""

    def __call__(self, sql: str, /, **values: Any) -> list[Row]:
        """Return all rows of the result."""


class Stream(Protocol):
    """A callable like ``Ask`` that may yield the rows instead."""

    def __call__(self, sql: str, /, **values: Any) -> Iterable[Row]:
        """Return all rows of the result, in order."""


_ERRORS: dict[int, tuple[type[StoreError], str]] = {
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
        "this request to {path} takes too long. Ask for less: a shorter period, rarer words",
    ),
    sqlite3.SQLITE_READONLY: (
        StoreError,
        "{path} cannot be written (read-only file or folder); name another with --db",
    ),
    sqlite3.SQLITE_CONSTRAINT: (Unstorable, "{path} does not take a value ({error})"),
    sqlite3.SQLITE_MISMATCH: (Unstorable, "{path} does not take a value ({error})"),
    sqlite3.SQLITE_TOOBIG: (Unstorable, "a value is too large for {path} ({error})"),
    sqlite3.SQLITE_CANTOPEN: (
        StoreError,
        "{path} cannot be opened: check that it exists and that you may use its folder",
    ),
}
"""Our error and its message for SQLite's primary result codes."""

_UNREADABLE = Corrupt, "{path} has a value that cannot be read ({error}). To find it: wirecopy verify"
"""The error without a code (text that is not UTF-8, for one), and of a damaged value of JSON."""

_BAD_NAME = Corrupt, "{path} is not a readable archive (a name in it is no text); run: wirecopy restore BACKUP"
"""The driver cannot decode its own message, which quotes a damaged name of the schema."""

_DRIVER_ERRORS = (sqlite3.Error, UnicodeDecodeError)

_BAD_JSON = "malformed JSON"

_OTHER = StoreError, "{path} cannot be used ({error}). Run: wirecopy verify"


def store_error_from(error: Exception, path: Path) -> StoreError:
    """Return our error for an error of the SQLite driver on the file at ``path``, or of the driver of its server."""
    if isinstance(path, ServerAddress):
        from db.dialect.server_connection import server_error_from

        return server_error_from(error, path)
    # By code, not by message text: a message may quote what a person searched for.
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    is_value = not code or str(error) == _BAD_JSON
    error_type, message = _UNREADABLE if is_value else _ERRORS.get(code, _OTHER)
    if isinstance(error, UnicodeDecodeError):
        error_type, message = _BAD_NAME
    cause = str(error).partition(" with text ")[0]  # the driver quotes bytes that are no text
    return error_type(message.format(path=path, error=cause, wait=BUSY_SECONDS))


def open_read_only(path: Path) -> sqlite3.Connection:
    """Return a read-only connection. Raises ``sqlite3.Error``.

    On a read-only disk SQLite cannot create its log beside the archive. Without a log nobody is writing, so the file is
    opened as immutable there.
    """
    connection = _connect(path, "mode=ro")
    try:
        connection.execute("PRAGMA schema_version").close()  # opening is lazy: this reads the file
    except sqlite3.Error as error:
        connection.close()
        no_log = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}  # a read-only disk or folder
        if error.sqlite_errorcode & _PRIMARY not in no_log or path.with_name(f"{path.name}-wal").exists():
            raise
        return _connect(path, "immutable=1")
    return connection


def _connect(path: Path, options: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?{options}", uri=True, timeout=BUSY_SECONDS)


class _Patience:
    """A limit of the processor time of a reader's thread, so that a busy machine does not make a query too slow.

    The work of the thread between two queries counts, too. `_WAITING` times ``seconds`` of real time are the limit in
    any case.
    """

    def __init__(self, seconds: float) -> None:
        self._most, self._end = thread_time() + seconds, monotonic() + seconds * _WAITING
        self._next_look = monotonic() + seconds

    def is_over(self) -> bool:
        """True if the time is used up. SQLite asks every `_STEPS` steps of a query.

        A thread cannot use more time than has passed, so the processor time is read (3 us) only when it may be used up.
        """
        now = monotonic()
        if now < self._next_look:
            return False
        left = self._most - thread_time()
        self._next_look = now + left
        return left <= 0 or now > self._end


class Reader:
    """A read-only connection. It never creates, migrates or writes. Close it, or use it as a context manager.

    For the address of a server it is a ``db.dialect.server_reader.ServerReader``.
    """

    def __new__(cls, path: Path, *, patience: float | None = None) -> Self:  # noqa: ARG004 (for __init__)
        """Return a reader of a file, or of a server."""
        if cls is Reader and isinstance(path, ServerAddress):
            from db.dialect.server_reader import ServerReader

            return object.__new__(ServerReader)  # type: ignore[return-value]  # a subclass, which Self is not
        return super().__new__(cls)

    def __init__(self, path: Path, *, patience: float | None = None) -> None:
        """Open the archive at ``path``. Raises StoreError (no such archive), SchemaMismatch, or Corrupt.

        ``patience``: seconds of processor time after which queries are interrupted with TooSlow. None: no limit.
        """
        self.path = path
        if not path.is_file():
            raise StoreError(f"there is no archive at {path}. Make one: wirecopy init, or wirecopy import FILE")
        try:
            self._connection = open_read_only(path)
        except _DRIVER_ERRORS as error:
            raise store_error_from(error, path) from error
        if patience is not None:
            self._connection.set_progress_handler(_Patience(patience).is_over, _STEPS)
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
        """Close the file."""
        self._connection.close()

    def hold_snapshot(self) -> None:
        """From now on, see the archive as it is now, whatever is written meanwhile."""
        self.ask("BEGIN")

    def ask(self, sql: str, /, **values: Any) -> list[Row]:
        """Return all rows of one query. Raises StoreError."""
        try:
            return _rows(self._connection, sql, values)
        except _DRIVER_ERRORS as error:
            raise store_error_from(error, self.path) from error

    def stream(self, sql: str, /, **values: Any) -> Iterator[Row]:
        """Yield the rows of ``ask`` one by one, so that a long result is never in memory. Raises StoreError."""
        try:
            with closing(self._connection.execute(sql, values)) as cursor:
                names = [column[0] for column in cursor.description]
                for row in cursor:
                    yield dict(zip(names, row, strict=True))
        except _DRIVER_ERRORS as error:
            raise store_error_from(error, self.path) from error

    def ask_bytes(self, sql: str, /, **values: Any) -> list[Row]:
        """Return all rows of one query like ``ask``, with the bytes of each text. For values that may be damaged."""
        self._connection.text_factory = StoredText
        try:
            return self.ask(sql, **values)
        finally:
            self._connection.text_factory = str

    def _revision(self) -> str | None:
        if not self.ask("SELECT name FROM sqlite_master WHERE name = 'alembic_version'"):
            return None
        rows = self.ask("SELECT version_num FROM alembic_version")
        return str(rows[0]["version_num"]) if rows else None


class ThreadReaders:
    """The queries of a store outside of its transactions: one plain connection for each thread that asks.

    They cost a fifth of those over SQLAlchemy, whose pool checks a connection out and in for each.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = threading.local()
        self._process = os.getpid()
        self._opened: list[tuple[sqlite3.Connection, threading.Lock]] = []

    def ask(self, sql: str, /, **values: Any) -> list[Row]:
        """Return all rows of one query. Raises StoreError."""
        try:
            connection, in_use = self._connection()
            with in_use:
                return _rows(connection, sql, values)
        except _DRIVER_ERRORS as error:
            raise store_error_from(error, self._path) from error

    def close(self) -> None:
        """Close the connections of all threads: the log is moved into the file when the last one is closed.

        A query that another thread still runs is interrupted and waited for. Closing would free what it uses. Who asks
        later opens a new connection.
        """
        self._own = threading.local()
        while self._opened and self._process == os.getpid():
            connection, in_use = self._opened.pop()
            if not in_use.acquire(timeout=_PATIENCE_OF_CLOSING):
                connection.interrupt()
                in_use.acquire()
            connection.close()
            in_use.release()

    def _connection(self) -> tuple[sqlite3.Connection, threading.Lock]:
        if self._process != os.getpid():  # a forked child has to open the file itself, and to leave ours alone
            self._process, self._own, self._opened = os.getpid(), threading.local(), []
        if not hasattr(self._own, "opened"):
            self._own.opened = (
                sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False),
                threading.Lock(),
            )
            self._opened.append(self._own.opened)
        opened: tuple[sqlite3.Connection, threading.Lock] = self._own.opened
        return opened


def _rows(connection: sqlite3.Connection, sql: str, values: dict[str, Any]) -> list[Row]:
    with closing(connection.execute(sql, values)) as cursor:
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def check_revision(revision: str | None, path: Path) -> None:
    """Raise SchemaMismatch, naming the command to run, unless ``revision`` is the one this code is written for."""
    if revision == HEAD:
        return
    if revision == UNFINISHED_MOVE:
        raise SchemaMismatch(f"{path} is a copy of an archive that is not complete. Go on: wirecopy move FROM {path}")
    if revision is None or not is_wirecopy_revision(revision):
        raise SchemaMismatch(f"{path} is a database, but not a wirecopy archive; name another with --db")
    if revision < HEAD:
        raise SchemaMismatch(
            f"{path} has the older schema {revision}, this wirecopy reads {HEAD}. Run: wirecopy upgrade"
        )
    raise SchemaMismatch(
        f"{path} has the newer schema {revision}, this wirecopy knows only {HEAD}. Install a newer wirecopy to open it"
    )


def is_wirecopy_revision(revision: str) -> bool:
    """True if a revision looks like wirecopy's, ``0001``. Other programs use Alembic too, with other names."""
    return revision == UNFINISHED_MOVE or (len(revision) == len(HEAD) and revision.isdecimal())
