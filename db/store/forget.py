"""Forgetting on request: a source goes with all that hangs on it, and a tombstone says that it was there.

Three things outlast it: payloads and texts that others show too, the links of the chain, and the tombstone. What hangs
on a row is read off the schema, so that a table added later is forgotten too: a row that cannot be without it goes with
it, one that can lets go of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy import text as sql

from db.errors import BadInput
from db.microseconds import micros
from db.schema import capture, cleaning, derivation, extraction, metadata, payload, source, text, tombstone, version
from db.store import chain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Column, Connection, Table

    from db.records import Tombstone

# Host parameters of one statement; SQLite's own default limit is 32,766.
_AT_ONCE = 10_000

_SHOW_TEXT = (extraction, cleaning, derivation, version)
"""The tables that keep a text alive; others only speak of it."""


def forget(connection: Connection, sources: Iterable[int], payloads: Iterable[int], now: datetime) -> None:
    """Take out these sources, their captures, and ``payloads``, which nobody else shows and nothing is packed against.

    Leaves a tombstone for each address, and the links of the captures in the chain.
    """
    gone = sorted(sources)
    for each in gone:
        _bury(connection, each, now)
    take_out(connection, source, gone)
    take_out(connection, payload, sorted(payloads))
    _take_out_texts(connection, _unshown(connection))


def refuse(found: Mapping[str, Tombstone]) -> None:
    """Raises BadInput, naming the way out, if an address was forgotten on request."""
    for each in found.values():
        raise BadInput(
            f"{each.url} was forgotten on request on {each.forgotten_at:%Y-%m-%d} and is not kept again. "
            f"To allow it: wirecopy forget {each.url} --lift"
        )


def lift(connection: Connection, url_key: str, now: datetime) -> bool:
    """Allow an address to be kept again; False if it was not forgotten."""
    stands = (tombstone.c.url_key == url_key) & tombstone.c.lifted_at.is_(None)
    return connection.execute(update(tombstone).where(stands).values(lifted_at=micros(now))).rowcount > 0


def _bury(connection: Connection, source_id: int, now: datetime) -> None:
    named = connection.execute(select(source.c.url, source.c.url_key).where(source.c.id == source_id)).one()
    ids = connection.execute(select(capture.c.id).where(capture.c.source_id == source_id)).scalars().all()
    row = {"url": named.url, "url_key": named.url_key, "forgotten_at": micros(now), "captures": len(ids)}
    number = connection.execute(insert(tombstone).values(**row).returning(tombstone.c.id)).scalar_one()
    chain.leave(connection, ids, number)


# --- whatever hangs on a row -----------------------------------------------------------------------------------------


def take_out(connection: Connection, table: Table, ids: Iterable[int]) -> None:
    """Delete rows by id, and before them every row of other tables that cannot be without one of them."""
    for some in _in_lots(ids):
        for child, column in _pointing_at(table):
            hangs = column.in_(some)
            if column.nullable:
                connection.execute(update(child).where(hangs).values({column.name: None}))
            elif "id" in child.c:
                take_out(connection, child, connection.execute(select(child.c.id).where(hangs)).scalars().all())
            else:
                connection.execute(delete(child).where(hangs))
        connection.execute(delete(table).where(table.c.id.in_(some)))


def _pointing_at(table: Table) -> Iterator[tuple[Table, Column[int]]]:
    """Every column of the schema that names rows of this table, and whose it is."""
    for child in metadata.sorted_tables:
        for column in child.columns:
            if any(key.column.table is table for key in column.foreign_keys):
                yield child, column


def _in_lots(ids: Iterable[int]) -> Iterator[list[int]]:
    left = list(ids)
    return (left[start : start + _AT_ONCE] for start in range(0, len(left), _AT_ONCE))


# --- texts and their index -------------------------------------------------------------------------------------------


def _unshown(connection: Connection) -> list[int]:
    """Ids of the texts that nothing shows any more. A table that names nothing but texts only speaks of them."""
    unshown = select(text.c.id)
    for table, column in _pointing_at(text):
        if any(key.column.table is not text for key in table.foreign_keys):
            unshown = unshown.where(~exists().where(column == text.c.id))
    return list(connection.execute(unshown).scalars())


def _take_out_texts(connection: Connection, ids: list[int]) -> None:
    """Delete texts with their entries in the full-text index, whose older parts are written anew without them."""
    entry = sql("INSERT INTO text_fts (text_fts, rowid, title, body) VALUES ('delete', :id, :title, :body)")
    for some in _in_lots(ids):
        rows = connection.execute(select(text.c.id, text.c.title, text.c.body).where(text.c.id.in_(some))).mappings()
        for row in rows.all():
            connection.execute(entry, dict(row))
    take_out(connection, text, ids)
    if ids:
        connection.execute(sql("INSERT INTO text_fts (text_fts) VALUES ('optimize')"))
