"""The transactions of an archive file, and ``transaction``, which turns a function over a connection into one."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy.exc import DBAPIError

from db import maintenance
from db.dialect.server_address import ServerAddress
from db.reader import store_error_from
from db.writer import ask_on, open_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from db.reader import Ask, Row

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_READERS_WAIT = 1000  # milliseconds to wait for readers of the log: an answer takes a tenth of that


class Transactions:
    """The archive file, open for transactions. Opening it makes it, or upgrades it after a backup. Close it when done.

    Raises StoreError or one of its subclasses.
    """

    def __init__(self, path: Path) -> None:
        """Open the archive at ``path``, or create it if there is none."""
        self.path = path
        maintenance.upgrade(path)
        self._engine = open_engine(path)
        if isinstance(path, ServerAddress):
            from db.dialect.server_engine import server_ask_in

            self.ask = server_ask_in(self.reading)  # type: ignore[method-assign]  # an Ask, as the method is

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, after SQLite has refreshed its statistics if it can. A server does that by itself."""
        if isinstance(self.path, ServerAddress):
            self._engine.dispose()
            return
        autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with suppress(DBAPIError), autocommit.connect() as connection:  # a full disk must not hide the first error
            connection.exec_driver_sql("PRAGMA optimize")
        self._engine.dispose()

    @contextmanager
    def begin(self, *, durable: bool = True) -> Iterator[Connection]:
        """Yield the connection of one IMMEDIATE transaction, committed at the end of the block, rolled back on error.

        If not ``durable``, a power cut may take the commit back. That is for what can be derived again (decision 0023).
        """
        with self._translated_errors(), self._engine.execution_options(durable=durable).begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Ask]:
        """Yield an ``Ask`` over one connection without a transaction: each statement sees the newest commit."""
        autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with self._translated_errors(), autocommit.connect() as connection:
            yield ask_on(connection)

    def ask(self, sql: str, /, **values: Any) -> list[Row]:
        """Return all rows of one query (``db.reader.Ask``)."""
        with self.reading() as ask:
            return ask(sql, **values)

    def truncate_wal(self) -> bool:
        """Move the write-ahead log into the file and empty it. False if readers still need what is in the log.

        A server keeps its log for itself: True.
        """
        if isinstance(self.path, ServerAddress):
            return True
        autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with self._translated_errors(), autocommit.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_READERS_WAIT}")
            busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        return not busy

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise store_error_from(error.orig if isinstance(error.orig, Exception) else error, self.path) from error


def transaction(
    verb: Callable[Concatenate[Connection, _Arguments], _Result], *, durable: bool = True
) -> Callable[Concatenate[Transactions, _Arguments], _Result]:
    """Return ``verb`` as a method that runs it in one transaction of its own: all of it is stored, or nothing."""

    @wraps(verb)
    def run(store: Transactions, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        with store.begin(durable=durable) as connection:
            return verb(connection, *args, **kwargs)

    return run
