"""The writing way in: a SQLAlchemy engine whose transactions begin IMMEDIATE.

A deferred transaction that reads and then writes fails under concurrency whatever the timeout (96 % of them in the
research); taking the write lock at once queues instead. pysqlite's own transaction handling is switched off, because it
commits behind our back before DDL and loses repeatable reads.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

from db.reader import BUSY_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.pool import ConnectionPoolEntry

    from db.reader import Ask, Row


def open_engine(path: Path, *, begin: str = "BEGIN IMMEDIATE", foreign_keys: bool = True) -> Engine:
    """An engine for the SQLite file at ``path``; every transaction starts with ``begin``. Dispose of it when done.

    A commit waits until the disk has it, but for one with the execution option ``durable=False``.
    """
    # Connections are kept: closing the last one folds the log into the file and deletes it, so that a pool of none took
    # 42 to 57 ms a source to settle 200 sources, where this takes 6 to 7 (17 to 19 ms of CPU, and 6).
    url = URL.create("sqlite", database=str(path))  # never spelled as text: a folder's name may hold ? or %
    engine = create_engine(url, poolclass=QueuePool, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["process"] = os.getpid()
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten: to forget has to mean it
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine, "checkout")
    def _take(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if record.info["process"] != os.getpid():
            raise DisconnectionError("a forked child has to open the file itself")  # which SQLAlchemy does upon this
        connection.isolation_level = None  # we say BEGIN ourselves

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # SQLAlchemy announces a beginning even where each statement is for itself: asking must not take the write lock.
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            _wait_for_disk(connection, "FULL" if options.get("durable", True) else "NORMAL")
            connection.exec_driver_sql(begin)

    return engine


def _wait_for_disk(connection: Connection, level: str) -> None:
    """Set what a commit waits for, where it is not so already; within a transaction it could not be changed."""
    if connection.info.get("synchronous") != level:
        connection.exec_driver_sql(f"PRAGMA synchronous = {level}")
        connection.info["synchronous"] = level


def ask_on(connection: Connection) -> Ask:
    """Return an ``Ask`` that runs its queries on a SQLAlchemy connection, inside its transaction if there is one."""

    def ask(sql: str, /, **values: Any) -> list[Row]:
        # Handed to the driver as it is: its parameters are spelled the same, and SQLAlchemy's own reading of the text
        # costs as much again as the answer.
        found = connection.exec_driver_sql(sql, values)
        names = tuple(found.keys())
        return [dict(zip(names, row, strict=True)) for row in found]

    return ask
