"""The transactions of an archive file, and ``transaction``, which turns a function over a connection into one."""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext, suppress
from functools import wraps
from time import sleep
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy.exc import DBAPIError

from db import maintenance
from db.dialect.server_address import ServerAddress
from db.errors import ConnectionLost
from db.reader import ThreadReaders, store_error_from
from db.store.leases import check_fence
from db.writer import ask_on, open_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from db.reader import Ask, Row
    from db.store.leases import Fence

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0, 15.0, 15.0)
"""Seconds before each new try after the connection to a server was lost: in all one lease (90 s)."""

_READERS_WAIT = 1000  # milliseconds to wait for readers of the log: an answer takes a tenth of that


class Transactions:
    """The archive file, open for transactions. Opening it makes it, or upgrades it after a backup. Close it when done.

    Raises StoreError or one of its subclasses.
    """

    def __init__(self, path: Path, *, salts: Callable[[], bytes] | None = None) -> None:
        """Open the archive at ``path``, or create it if there is none. ``salts`` makes the salt of each new capture."""
        self.path = path
        maintenance.upgrade(path)
        self._engine = open_engine(path)
        self._autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._durable = {
            durable: self._engine.execution_options(durable=durable, salts=salts) for durable in (True, False)
        }
        self._readers: ThreadReaders | None = None
        self._fence: Fence | None = None
        self._open = threading.local()  # the connection of the transaction that this thread is in, as ``connection``
        if isinstance(path, ServerAddress):
            from db.dialect.server_reader import ServerAsk

            def ask(sql: str, values: dict[str, Any]) -> list[Row]:
                return self.retried(lambda: self._ask_once(sql, values), repeatable=True)

            self.ask = ServerAsk(ask)  # type: ignore[method-assign]  # an Ask, as the method is
        else:
            self._readers = ThreadReaders(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, after SQLite has refreshed its statistics if it can. A server does that by itself."""
        if self._readers is None:
            self._engine.dispose()
            return
        self._readers.close()
        # A full disk must not hide the first error.
        with suppress(DBAPIError), self._autocommit.connect() as connection:
            connection.exec_driver_sql("PRAGMA optimize")
        self._engine.dispose()

    def fence_in(self, fence: Fence | None) -> None:
        """Let every transaction from now on check that this lease is in force, or none with None."""
        self._fence = fence

    @contextmanager
    def begin(self, *, durable: bool = True) -> Iterator[Connection]:
        """Yield the connection of one IMMEDIATE transaction, committed at the end of the block, rolled back on error.

        If not ``durable``, a power cut may take the commit back. That is for what can be derived again (decision 0023).
        In a block of ``together`` it is a part of that transaction, which is rolled back alone. Raises StoreBusy if the
        lease of ``fence_in`` was lost.
        """
        outer, is_done = self._outer(), False
        try:
            with self._translated_errors():
                if outer is None:
                    with self._durable[durable].begin() as connection:
                        if self._fence is not None:
                            check_fence(connection, self._fence)
                        yield connection
                        is_done = True  # and the commit follows
                else:
                    with _savepoint(outer):
                        yield outer
        except ConnectionLost as lost:
            lost.is_undone &= not is_done
            raise

    def retried(self, work: Callable[[], _Result], *, repeatable: bool = False) -> _Result:
        """Return what ``work`` returns. It is called again if the connection was lost and nothing of it was committed.

        ``repeatable``: also if it may have been committed, because doing it twice changes nothing. In a block of
        ``together`` the whole block has to be repeated, so the error leaves it. Blocks for a minute and a half at most.
        """
        for pause in () if self._outer() is not None else _PAUSES:
            try:
                return work()
            except ConnectionLost as lost:
                if not (lost.is_undone or repeatable):
                    raise
            sleep(pause)
        return work()

    @contextmanager
    def together(self, *, durable: bool = True) -> Iterator[None]:
        """Make one transaction of all that this thread stores in the block. Queries in it see what it stored.

        An entry that fails leaves nothing, as ever, and the block may go on. The write lock is held to its end, so
        nothing slow belongs in it.
        """
        if self._outer() is not None:
            yield
            return
        with self.begin(durable=durable) as connection:
            self._open.connection = connection
            try:
                yield
            finally:
                self._open.connection = None

    def _outer(self) -> Connection | None:
        return getattr(self._open, "connection", None)

    @contextmanager
    def reading(self) -> Iterator[Ask]:
        """Yield an ``Ask`` over one connection without a transaction: each statement sees the newest commit."""
        outer = self._outer()
        if outer is None and self._readers is not None:
            yield self._readers.ask
            return
        with self._translated_errors(), nullcontext(outer) if outer else self._autocommit.connect() as connection:
            yield ask_on(connection)

    def ask(self, sql: str, /, **values: Any) -> list[Row]:
        """Return all rows of one query (``db.reader.Ask``)."""
        return self._ask_once(sql, values)

    def _ask_once(self, sql: str, values: dict[str, Any]) -> list[Row]:
        with self.reading() as ask:
            return ask(sql, **values)

    def truncate_wal(self) -> bool:
        """Move the write-ahead log into the file and empty it. False if readers still need what is in the log.

        A server keeps its log for itself: True.
        """
        if self._readers is None:
            return True
        with self._translated_errors(), self._autocommit.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_READERS_WAIT}")
            busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        return not busy

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise store_error_from(error.orig if isinstance(error.orig, Exception) else error, self.path) from error


@contextmanager
def _savepoint(connection: Connection) -> Iterator[None]:
    connection.exec_driver_sql("SAVEPOINT entry")
    try:
        yield
    except BaseException:
        with suppress(DBAPIError):  # on a full disk all of the transaction may be rolled back already
            connection.exec_driver_sql("ROLLBACK TO entry")
            connection.exec_driver_sql("RELEASE entry")
        raise
    connection.exec_driver_sql("RELEASE entry")


def transaction(
    verb: Callable[Concatenate[Connection, _Arguments], _Result], *, durable: bool = True, repeatable: bool = False
) -> Callable[Concatenate[Transactions, _Arguments], _Result]:
    """Return ``verb`` as a method that runs it in one transaction of its own: all of it is stored, or nothing.

    It is repeated if the connection to a server was lost before the commit. At the commit it may be stored or not: then
    it is repeated if it is ``repeatable``, or can be derived again (not ``durable``).
    """

    @wraps(verb)
    def run(store: Transactions, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        def once() -> _Result:
            with store.begin(durable=durable) as connection:
                return verb(connection, *args, **kwargs)

        return store.retried(once, repeatable=repeatable or not durable)

    return run
