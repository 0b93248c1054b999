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
_BATCH = 10_000


def delete_rows(connection: Connection, table: Table, ids: Iterable[int]) -> None:
    """Delete rows by id, and before them every row of other tables that cannot be without one of them."""
    for batch in in_batches(ids):
        for child, column in references_to(table):
            refers = column.in_(batch)
            if column.nullable:
                connection.execute(update(child).where(refers).values({column.name: None}))
            elif "id" in child.c:
                delete_rows(connection, child, connection.execute(select(child.c.id).where(refers)).scalars().all())
            else:
                connection.execute(delete(child).where(refers))
        connection.execute(delete(table).where(table.c.id.in_(batch)))


def references_to(table: Table) -> Iterator[tuple[Table, Column[int]]]:
    """Yield every column of the schema that refers to this table, after the table it belongs to."""
    for child in metadata.sorted_tables:
        for column in child.columns:
            if any(key.column.table is table for key in column.foreign_keys):
                yield child, column


def in_batches(ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield the ids in batches, each small enough for one statement."""
    remaining = list(ids)
    return (remaining[start : start + _BATCH] for start in range(0, len(remaining), _BATCH))
