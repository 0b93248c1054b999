"""The engine that writes: SQLAlchemy over SQLite, with transactions that begin IMMEDIATE.

A deferred transaction that reads and then writes fails under concurrency whatever the timeout (96 % of them in our
measurements). Taking the write lock at the start queues instead. The transaction handling of Python's sqlite3 is
switched off, because it commits on its own before DDL and loses repeatable reads.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

from db.dialect.server_address import ServerAddress
from db.reader import BUSY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.pool import ConnectionPoolEntry

    from db.reader import Ask, Row


def open_engine(path: Path, *, begin: str = "BEGIN IMMEDIATE", foreign_keys: bool = True) -> Engine:
    """Make an engine for the SQLite file at ``path``, or for the archive on a server. Dispose of it after use.

    Every transaction starts with ``begin``; on a server with a lock of its own (``db.dialect.server_engine``).
    A commit waits for the disk, except with the execution option ``durable=False``.
    """
    if isinstance(path, ServerAddress):
        from db.dialect.server_engine import open_server_engine

        return open_server_engine(path)
    # Connections are pooled: closing the last one moves the log into the file and deletes it. Without a pool, settling
    # 200 sources took 42 to 57 ms a source (17 to 19 ms of CPU); with it, 6 to 7 (6).
    url = URL.create("sqlite", database=str(path))  # never formatted as text: a folder's name may contain ? or %
    engine = create_engine(url, poolclass=QueuePool, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["process"] = os.getpid()
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA secure_delete = ON")  # deleted bytes are overwritten: forgetting must not leave them
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine, "checkout")
    def _check_process(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if record.info["process"] != os.getpid():
            raise DisconnectionError("a forked child has to open the file itself")  # SQLAlchemy does so on this error
        connection.isolation_level = None  # we say BEGIN ourselves

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # SQLAlchemy sends this event in autocommit mode too, where a query must not take the write lock.
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            _wait_for_disk(connection, "FULL" if options.get("durable", True) else "NORMAL")
            connection.exec_driver_sql(begin)

    return engine


def _wait_for_disk(connection: Connection, level: str) -> None:
    """Set ``synchronous`` if it differs. It has to be set here: within a transaction it cannot be changed."""
    if connection.info.get("synchronous") != level:
        connection.exec_driver_sql(f"PRAGMA synchronous = {level}")
        connection.info["synchronous"] = level


def ask_on(connection: Connection) -> Ask:
    """Return an ``Ask`` that runs its queries on a SQLAlchemy connection, inside its transaction if there is one."""
    if connection.dialect.name == "postgresql":
        from db.dialect.server_engine import server_ask_on

        return server_ask_on(connection)

    def ask(sql: str, /, **values: Any) -> list[Row]:
        # Passed to the driver unchanged: it knows the same parameter syntax, and SQLAlchemy's parsing of the text costs
        # as much again as the query.
        cursor = connection.exec_driver_sql(sql, values)
        names = tuple(cursor.keys())
        return [dict(zip(names, row, strict=True)) for row in cursor]

    return ask


def execute_on(connection: Connection, sql: str, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
    """Run a statement that returns no rows with ``:named`` parameters: once, or for each of a list of values.

    The text goes to the driver as in ``ask_on``. It is for what is written often and by many rows.
    """
    if connection.dialect.name == "postgresql":
        from db.dialect.sql_rules import for_driver

        sql = for_driver(sql)
    connection.exec_driver_sql(sql, values)
