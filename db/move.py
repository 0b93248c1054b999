"""Move an archive between the two engines: copy every row in the order of keys, then compare both by logical dump.

A move commits as it goes, and one that was cut off goes on where it stopped. Until all is compared, the target's
revision is ``UNFINISHED_MOVE``, so nothing reads or writes a part of an archive.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.exc import DBAPIError

from db import logical_dump, maintenance
from db.dialect.server_address import ServerAddress
from db.errors import BadInput, Corrupt
from db.reader import HEAD, UNFINISHED_MOVE, Reader, store_error_from
from db.schema import metadata, text
from db.store import search_entries
from db.writer import ask_on, open_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine, Table

    from db.reader import Ask, Row

_TOGETHER = 200
"""Rows written by one statement."""

_COMMITTED = 25
"""Statements of one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The number of rows moved, by table."""

    rows: dict[str, int]


def move(source: Path, target: Path, *, progress: Callable[[str], None] = lambda _: None) -> Moved:
    """Copy the archive at ``source`` into a new one at ``target``, on either engine, and compare them.

    It is the archive as of one moment. A move that was cut off is continued: rows that are in the target and equal are
    not copied again. ``progress`` is called with the name of each table. Raises BadInput if the target is not empty,
    StoreError or a subclass if it is newer, cannot be used, or differs in the end.
    """
    if source == target or (not isinstance(target, ServerAddress) and source.resolve() == target.resolve()):
        raise BadInput(f"{target} is the archive itself; name another place to move it to")
    with Reader(source) as reader:
        reader.hold_snapshot()
        stored = maintenance.revision(target)
        if stored not in {None, UNFINISHED_MOVE}:
            _refuse_content(target)
        if stored != UNFINISHED_MOVE:
            maintenance.upgrade(target)
        with _writing(target) as engine:
            with engine.begin() as connection:
                if stored != UNFINISHED_MOVE:
                    _refuse_rows(_counts_on(connection), target)
                _set_revision(connection, UNFINISHED_MOVE)
            table, copied = _resume(reader.ask, engine)
            tables = logical_dump.tables()
            for following in tables[tables.index(table) :] if table is not None else ():
                progress(following.name)
                _copy(islice(logical_dump.stored_rows(reader.ask, following), copied, None), engine, following)
                copied = 0
            progress("comparison")
            with engine.begin() as connection:
                rows = _compare(reader.ask, ask_on(connection), target)
                _set_sequences(connection)
                _set_revision(connection, HEAD)
    return Moved(rows=rows)


@contextmanager
def _writing(target: Path) -> Iterator[Engine]:
    """Yield an engine for the target. Its errors become ours."""
    engine = open_engine(target)
    try:
        yield engine
    except DBAPIError as error:
        raise store_error_from(error.orig if isinstance(error.orig, Exception) else error, target) from error
    finally:
        engine.dispose()


def _set_revision(connection: Connection, revision: str) -> None:
    connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608 - our own names


# --- going on --------------------------------------------------------------------------------------------------------


def _resume(source: Ask, engine: Engine) -> tuple[Table | None, int]:
    """Return the first table that is not complete in the target, None if all are, and the number of its rows there.

    All later tables are empty then. If the archive has changed since the move began, the first changed table and those
    after it are emptied.
    """
    tables = logical_dump.tables()
    with engine.begin() as connection:
        stored = ask_on(connection)
        for index, table in enumerate(tables):
            rows, is_equal = _equal_rows(source, stored, table)
            if is_equal and rows is None:
                continue
            later = tables[index + 1 :] if is_equal else tables[index:]
            _empty(connection, later)
            return table, rows if is_equal and rows is not None else 0
    return None, 0


def _equal_rows(source: Ask, stored: Ask, table: Table) -> tuple[int | None, bool]:
    """Compare the rows of a table in the target with those of the source.

    Returns their number, None if it has all of them, and whether each is equal to the row of the source in its place.
    """
    pairs = zip_longest(logical_dump.stored_rows(source, table), logical_dump.stored_rows(stored, table))
    for count, (expected, row) in enumerate(pairs):
        if row != expected:
            return count, row is None
    return None, True


def _empty(connection: Connection, tables: Sequence[Table]) -> None:
    """Delete all rows of these tables, those first that refer to others."""
    if text in tables:
        search_entries.empty_index(connection)
    for table in reversed(tables):
        connection.execute(delete(table))


# --- rows ------------------------------------------------------------------------------------------------------------


def _refuse_content(target: Path) -> None:
    """Raise BadInput for an archive that has rows, and SchemaMismatch for one of another schema."""
    with Reader(target) as reader:
        _refuse_rows(_counts(reader.ask), target)


def _refuse_rows(counts: Iterator[tuple[str, bool]], target: Path) -> None:
    name = next((name for name, has_rows in counts if has_rows), None)
    if name is not None:
        raise BadInput(f"{target} is not empty (table {name} has rows); name an empty database, or a new file")


def _counts(ask: Ask) -> Iterator[tuple[str, bool]]:
    return ((table.name, bool(ask(f'SELECT 1 FROM "{table.name}" LIMIT 1'))) for table in metadata.sorted_tables)  # noqa: S608 - our own names


def _counts_on(connection: Connection) -> Iterator[tuple[str, bool]]:
    """Yield each table of an archive and whether it has rows, as its writer sees it."""
    for table in metadata.sorted_tables:
        yield table.name, connection.execute(table.select().limit(1)).first() is not None


def _copy(rows: Iterator[Row], engine: Engine, table: Table) -> None:
    """Copy rows into a table. A row that refers to a later one of its own table gets that reference in the end."""
    own = [column.name for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]
    later: list[dict[str, Any]] = []
    batches = _batches(rows)
    for first in batches:
        with engine.begin() as connection:
            for batch in chain([first], islice(batches, _COMMITTED - 1)):
                later += _without_later_references(batch, own)
                connection.execute(insert(table), batch)
                if table is text:
                    search_entries.add_entries(connection, [(row["id"], row["title"], row["body"]) for row in batch])
    with engine.begin() as connection:
        for entry in later:
            changed = update(table).where(table.c.id == bindparam("row_id")).values({entry["name"]: bindparam("value")})
            connection.execute(changed, {"row_id": entry["row_id"], "value": entry["value"]})


def _without_later_references(batch: list[Row], own: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Remove references to later rows from a batch, and yield them."""
    for row in batch:
        for name in own:
            if row[name] is not None and row[name] > row["id"]:
                yield {"row_id": row["id"], "value": row[name], "name": name}
                row[name] = None


def _set_sequences(connection: Connection) -> None:
    """Let a server number the next row of each table after those that were copied."""
    if connection.dialect.name != "postgresql":
        return
    for table in logical_dump.tables():
        if "id" in table.c and table.c.id.autoincrement is True:
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM \"{table.name}\"))"  # noqa: S608 - our own names
            )


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, _TOGETHER)):
        yield batch


def _compare(source: Ask, target: Ask, path: Path) -> dict[str, int]:
    """Return the number of rows by table. Raises Corrupt if the archives differ."""
    expected, stored = logical_dump.digests(source), logical_dump.digests(target)
    differing = [name for name in expected if expected[name] != stored[name]]
    if differing:
        raise Corrupt(f"{path} differs from the archive it was moved from, in the tables {', '.join(differing)}")
    return {name: count for name, (count, _) in expected.items()}
