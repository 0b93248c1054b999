"""Move an archive between the two engines: copy every row in one transaction, then compare both by logical dump."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, update

from db import logical_dump, maintenance
from db.dialect.server_address import ServerAddress
from db.errors import BadInput, Corrupt
from db.reader import Reader
from db.schema import metadata, text
from db.store import Store, search_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Table

    from db.reader import Ask, Row

_TOGETHER = 200
"""Rows written at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The number of rows moved, by table."""

    rows: dict[str, int]


def move(source: Path, target: Path, *, progress: Callable[[str], None] = lambda _: None) -> Moved:
    """Copy the archive at ``source`` into a new one at ``target``, on either engine, and compare them.

    It is the archive as of one moment. All of it is stored in one transaction, so a move that is cut off leaves an
    empty archive, and can be repeated. ``progress`` is called with the name of each table. Raises BadInput if the
    target is not empty, StoreError or a subclass if it is newer, cannot be used, or differs in the end.
    """
    if source == target or (not isinstance(target, ServerAddress) and source.resolve() == target.resolve()):
        raise BadInput(f"{target} is the archive itself; name another place to move it to")
    with Reader(source) as reader:
        if maintenance.revision(target) is not None:
            _refuse_content(target)
        reader.hold_snapshot()
        with Store(target) as store:
            with store.begin() as connection:
                _refuse_rows(_counts_on(connection), target)
                for table in logical_dump.tables():
                    progress(table.name)
                    _copy(reader.ask, connection, table)
            progress("comparison")
            return Moved(rows=_compare(reader.ask, store.ask, target))


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


def _copy(ask: Ask, connection: Connection, table: Table) -> None:
    """Copy a table. A row that refers to a later one of its own table gets that reference in the end."""
    own = [column.name for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]
    later: list[dict[str, Any]] = []
    for batch in _batches(logical_dump.stored_rows(ask, table)):
        for row in batch:
            for name in own:
                if row[name] is not None and row[name] > row["id"]:
                    later.append({"row_id": row["id"], "value": row[name], "name": name})
                    row[name] = None
        connection.execute(insert(table), batch)
        if table is text:
            search_entries.add_entries(connection, [(row["id"], row["title"], row["body"]) for row in batch])
    for entry in later:
        changed = update(table).where(table.c.id == bindparam("row_id")).values({entry["name"]: bindparam("value")})
        connection.execute(changed, {"row_id": entry["row_id"], "value": entry["value"]})
    if connection.dialect.name == "postgresql" and "id" in table.c and table.c.id.autoincrement is True:
        # The next row that gets its number from the server must not get one that is taken.
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM \"{table.name}\"))"  # noqa: S608 - our own names
        )


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _TOGETHER:
            yield batch
            batch = []
    if batch:
        yield batch


def _compare(source: Ask, target: Ask, path: Path) -> dict[str, int]:
    """Return the number of rows by table. Raises Corrupt if the archives differ."""
    expected, stored = logical_dump.digests(source), logical_dump.digests(target)
    differing = [name for name in expected if expected[name] != stored[name]]
    if differing:
        raise Corrupt(f"{path} differs from the archive it was moved from, in the tables {', '.join(differing)}")
    return {name: count for name, (count, _) in expected.items()}
