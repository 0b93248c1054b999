"""The writing way in: a SQLAlchemy engine whose transactions begin IMMEDIATE.

A deferred transaction that reads and then writes fails under concurrency whatever the timeout (96 % of them in the
research); taking the write lock at once queues instead. pysqlite's own transaction handling is switched off, because it
commits behind our back before DDL and loses repeatable reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from db.connect import BUSY_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection


def open_engine(path: Path, *, begin: str = "BEGIN IMMEDIATE", foreign_keys: bool = True) -> Engine:
    """An engine for the SQLite file at ``path``; every transaction starts with ``begin``. Dispose of it when done."""
    # NullPool: a store may be shared by threads and forked children, and opening costs 0.1 ms.
    url = URL.create("sqlite", database=str(path))  # never spelled as text: a folder's name may hold ? or %
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")  # an acknowledged capture survives a power cut
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # SQLAlchemy announces a beginning even where each statement is for itself: asking must not take the write lock.
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql(begin)

    return engine
