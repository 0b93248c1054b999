"""Forgetting on request: a source goes with all that hangs on it, and a tombstone says that it was there.

Three things outlast it: payloads and texts that others show too, the links of the chain, and the tombstone. What hangs
on a row is read off the schema, so that a table added later is forgotten too: a row that cannot be without it goes with
it, one that can lets go of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, insert, select, update
from sqlalchemy import text as sql

from db.errors import BadInput, StoreBusy
from db.microseconds import micros
from db.queries import payloads as payload_queries
from db.queries import tombstones
from db.schema import capture, cleaning, derivation, extraction, payload, source, text, tombstone, version
from db.store import chain
from db.store.delete_rows import delete_rows, in_batches, references_to
from db.store.repack import rebase
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from db.records import Tombstone
    from db.store.transactions import Transactions

_SHOW_TEXT = (extraction, cleaning, derivation, version)
"""The tables that keep a text alive; others only speak of it."""


# Others may pack new pages against what is to be forgotten while that is prepared; with one active run one round does.
_ROUNDS = 20


def forget_source(store: Transactions, source_id: int, now: datetime) -> bool:
    """Delete a source, every address joined to its history, and payloads nobody else shows; leave tombstones.

    If it is cut off, either all of that is gone or a second call finishes it. Returns False if other readers kept the
    write-ahead log from being emptied: the log may hold what was forgotten until they close the archive.
    """
    for _ in range(_ROUNDS):
        with store.reading() as ask:
            payload_ids = tombstones.payloads_shown_only_by(ask, tombstones.history_source_ids(ask, source_id))
        rebase(store, payload_ids)
        with store.begin() as connection:
            ask = ask_on(connection)
            source_ids = tombstones.history_source_ids(ask, source_id)
            payload_ids = tombstones.payloads_shown_only_by(ask, source_ids)
            if not payload_queries.packed_against(ask, payload_ids):
                _forget(connection, source_ids, payload_ids, now)
                break
    else:
        raise StoreBusy("others kept adding pages that stand on what is to be forgotten; stop the run, try again")
    return store.truncate_wal()


def _forget(connection: Connection, sources: Iterable[int], payloads: Iterable[int], now: datetime) -> None:
    """Take out these sources, their captures, and ``payloads``, which nobody else shows and nothing is packed against.

    Leaves a tombstone for each address, and the links of the captures in the chain.
    """
    gone = sorted(sources)
    for each in gone:
        _bury(connection, each, now)
    delete_rows(connection, source, gone)
    delete_rows(connection, payload, sorted(payloads))
    _delete_texts(connection, _unshown(connection))


def refuse(found: Mapping[str, Tombstone]) -> None:
    """Raises BadInput, naming the way out, if an address was forgotten on request."""
    for each in found.values():
        raise BadInput(
            f"{each.url} was forgotten on request on {each.forgotten_at:%Y-%m-%d} and is not kept again. "
            f"To allow it: wirecopy forget {each.url} --lift"
        )


def lift_tombstone(connection: Connection, url_key: str, now: datetime) -> bool:
    """Allow an address to be kept again; False if it was not forgotten."""
    stands = (tombstone.c.url_key == url_key) & tombstone.c.lifted_at.is_(None)
    return connection.execute(update(tombstone).where(stands).values(lifted_at=micros(now))).rowcount > 0


def _bury(connection: Connection, source_id: int, now: datetime) -> None:
    named = connection.execute(select(source.c.url, source.c.url_key).where(source.c.id == source_id)).one()
    ids = connection.execute(select(capture.c.id).where(capture.c.source_id == source_id)).scalars().all()
    row = {"url": named.url, "url_key": named.url_key, "forgotten_at": micros(now), "captures": len(ids)}
    number = connection.execute(insert(tombstone).values(**row).returning(tombstone.c.id)).scalar_one()
    chain.keep_facts_digest(connection, ids, number)


# --- texts and their index -------------------------------------------------------------------------------------------


def _unshown(connection: Connection) -> list[int]:
    """Ids of the texts that nothing shows any more. A table that names nothing but texts only speaks of them."""
    unshown = select(text.c.id)
    for table, column in references_to(text):
        if any(key.column.table is not text for key in table.foreign_keys):
            unshown = unshown.where(~exists().where(column == text.c.id))
    return list(connection.execute(unshown).scalars())


def _delete_texts(connection: Connection, ids: list[int]) -> None:
    """Delete texts with their entries in the full-text index, whose older parts are written anew without them."""
    entry = sql("INSERT INTO text_fts (text_fts, rowid, title, body) VALUES ('delete', :id, :title, :body)")
    for some in in_batches(ids):
        rows = connection.execute(select(text.c.id, text.c.title, text.c.body).where(text.c.id.in_(some))).mappings()
        for row in rows.all():
            connection.execute(entry, dict(row))
    delete_rows(connection, text, ids)
    if ids:
        connection.execute(sql("INSERT INTO text_fts (text_fts) VALUES ('optimize')"))
