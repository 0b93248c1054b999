"""The engine that writes to a PostgreSQL server: SQLAlchemy, one writer at a time, statements in PostgreSQL's words."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.dialects.sqlite.dml import OnConflictClause, OnConflictDoNothing, OnConflictDoUpdate
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import QueuePool

from db.dialect.server_connection import adapt, parameters
from db.dialect.server_reader import ServerAsk
from db.dialect.sql_rules import for_driver, to_postgresql

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.dialects.postgresql.base import PGCompiler
    from sqlalchemy.pool import ConnectionPoolEntry

    from db.dialect.server_address import ServerAddress
    from db.reader import Ask, Row

# The place of BEGIN IMMEDIATE: one writer of an archive at a time, the others wait. The lock ends with the transaction.
_LOCK = """
    SELECT set_config('synchronous_commit', %(commit)s, TRUE),
           pg_advisory_xact_lock(hashtextextended('wirecopy ' || current_schema(), 0))"""


def open_server_engine(path: ServerAddress) -> Engine:
    """Make an engine for the archive on a server. Dispose of it after use.

    A commit waits for the disk, except with the execution option ``durable=False``.
    """
    engine = create_engine("postgresql+psycopg://", poolclass=QueuePool, connect_args=parameters(path))

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["process"] = os.getpid()
        adapt(connection)

    @event.listens_for(engine, "checkout")
    def _check_process(_: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if record.info["process"] != os.getpid():
            raise DisconnectionError("a forked child has to connect itself")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql(_LOCK, {"commit": "on" if options.get("durable", True) else "off"})

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def _translate(*call: Any) -> tuple[str, Any]:
        _connection, _cursor, statement, values, _context, _many = call
        return to_postgresql(statement), values

    return engine


def server_ask_on(connection: Connection) -> Ask:
    """Return an ``Ask`` that runs its queries on a SQLAlchemy connection, inside its transaction if there is one."""

    def run(sql: str, values: dict[str, Any]) -> list[Row]:
        cursor = connection.exec_driver_sql(for_driver(sql), values)
        return [dict(row) for row in cursor.mappings()] if cursor.returns_rows else []

    return ServerAsk(run)


# The store writes SQLite's INSERT .. ON CONFLICT. PostgreSQL spells it the same, but SQLAlchemy has a class for each.
@compiles(OnConflictDoNothing, "postgresql")
def _do_nothing(clause: OnConflictDoNothing, compiler: PGCompiler, **more: Any) -> str:
    compile_clause: Any = compiler.visit_on_conflict_do_nothing
    return str(compile_clause(_with_target(clause), **more))


@compiles(OnConflictDoUpdate, "postgresql")
def _do_update(clause: OnConflictDoUpdate, compiler: PGCompiler, **more: Any) -> str:
    compile_clause: Any = compiler.visit_on_conflict_do_update
    return str(compile_clause(_with_target(clause), **more))


def _with_target(clause: OnConflictClause) -> Any:
    """Return the clause with the one attribute that PostgreSQL's has and SQLite's lacks: the name of a constraint."""
    clause.constraint_target = None  # type: ignore[attr-defined]
    return clause
