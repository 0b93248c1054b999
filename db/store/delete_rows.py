"""Delete rows together with everything that refers to them, as the schema's foreign keys say.

A row that cannot be without the deleted one is deleted with it, one that can loses the reference. Because this is read
off the schema, it covers tables added later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from db.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Column, Connection, Table

# Host parameters of one statement; SQLite's own default limit is 32,766.
_AT_ONCE = 10_000


def delete_rows(connection: Connection, table: Table, ids: Iterable[int]) -> None:
    """Delete rows by id, and before them every row of other tables that cannot be without one of them."""
    for some in in_batches(ids):
        for child, column in references_to(table):
            hangs = column.in_(some)
            if column.nullable:
                connection.execute(update(child).where(hangs).values({column.name: None}))
            elif "id" in child.c:
                delete_rows(connection, child, connection.execute(select(child.c.id).where(hangs)).scalars().all())
            else:
                connection.execute(delete(child).where(hangs))
        connection.execute(delete(table).where(table.c.id.in_(some)))


def references_to(table: Table) -> Iterator[tuple[Table, Column[int]]]:
    """Every column of the schema that names rows of this table, and whose it is."""
    for child in metadata.sorted_tables:
        for column in child.columns:
            if any(key.column.table is table for key in column.foreign_keys):
                yield child, column


def in_batches(ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield the ids in batches, each small enough for one statement."""
    remaining = list(ids)
    return (remaining[start : start + _AT_ONCE] for start in range(0, len(remaining), _AT_ONCE))
