"""The content of an archive, the same for both engines: every stored row, in the order of keys, and its digest.

Leases are left out, because they belong to running processes, and so are indexes, which follow from the rows. Packs are
left out too: a payload is the same, whether its bytes are in the database or in an object store.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import Boolean, Float

from db.queries.packs import packed_data
from db.schema import lease, metadata, pack, pack_entry, payload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Column, Table

    from db.reader import Ask, Row

_BATCH = 200
"""Rows in memory at once: payloads are the largest, some kilobytes each."""


def tables() -> list[Table]:
    """Return the tables with content, those first that others refer to."""
    return [table for table in metadata.sorted_tables if table not in {lease, pack, pack_entry}]


def stored_columns(table: Table) -> list[Column[Any]]:
    """Return the columns of a table that hold something."""
    return [column for column in table.columns if column.computed is None]


def stored_rows(ask: Ask, table: Table) -> Iterator[Row]:
    """Yield the rows of a table by primary key, with the types that the schema declares."""
    columns, keys = stored_columns(table), [column.name for column in table.primary_key]
    names = ", ".join(f'"{column.name}"' for column in columns)
    order = ", ".join(f'"{key}"' for key in keys)
    after = ", ".join(f":last_{key}" for key in keys)
    start = f'SELECT {names} FROM "{table.name}" {{where}} ORDER BY {order} LIMIT {_BATCH}'  # noqa: S608 - names of our schema
    rows = ask(start.format(where=""))
    while rows:
        if table is payload and (outside := [row for row in rows if row["length"] and not row["data"]]):
            data = packed_data(ask, (row["id"] for row in outside))
            for row in outside:
                row["data"] = data[row["id"]]
        yield from (_typed(row, columns) for row in rows)
        last = {f"last_{key}": rows[-1][key] for key in keys}
        rows = ask(start.format(where=f"WHERE ({order}) > ({after})"), **last)


def _typed(row: Row, columns: list[Column[Any]]) -> Row:
    """Return a row whose numbers have the types of their columns: SQLite stores TRUE as 1, and 1.0 as it is given."""
    for column in columns:
        value = row[column.name]
        if value is not None and isinstance(column.type, Boolean):
            row[column.name] = bool(value)
        elif value is not None and isinstance(column.type, Float):
            row[column.name] = float(value)
    return row


def digests(ask: Ask) -> dict[str, tuple[int, str]]:
    """Return the number of rows of each table and the digest of their content."""
    return {table.name: _digest(stored_rows(ask, table)) for table in tables()}


def _digest(rows: Iterator[Row]) -> tuple[int, str]:
    digest, count = hashlib.sha256(), 0
    for row in rows:
        digest.update(line(row).encode() + b"\n")
        count += 1
    return count, digest.hexdigest()


def line(row: Row) -> str:
    """Return a row as one line of JSON, its bytes in hex."""
    values = {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
    return json.dumps(values, sort_keys=True, separators=(",", ":"))
