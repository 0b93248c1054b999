"""Forget a source on request: delete it with everything that refers to it, and leave a tombstone.

Three things outlast it: payloads and texts that other sources show too, the links of the chain, and the tombstone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, insert, select, update

from db.errors import BadInput, StoreBusy
from db.microseconds import micros
from db.queries import payloads as payload_queries
from db.queries import tombstones
from db.records import PROGRAM
from db.schema import capture, payload, source, text, tombstone
from db.store import access, chain, holds, notices, search_entries
from db.store.delete_rows import delete_rows, in_batches, references_to
from db.store.packs import release_entries
from db.store.repack import rebase
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.records import Actor, Tombstone
    from db.store.transactions import Transactions

# Another run may pack new pages against what is to be forgotten meanwhile. Without one, one round is enough.
_ROUNDS = 20


def forget_source(store: Transactions, source_id: int, now: datetime, actor: Actor = PROGRAM) -> bool:
    """Delete a source, every address joined to its history, and payloads nobody else shows, and leave tombstones.

    If it is cut off, either all of that is gone or a second call finishes it. Returns False if other readers kept the
    write-ahead log from being emptied: the log may have what was forgotten until they close the archive.

    Raises BadInput if one of the addresses is on hold.
    """
    for _ in range(_ROUNDS):
        with store.begin() as connection:  # before anything is packed again
            holds.refuse(connection, tombstones.history_source_ids(ask_on(connection), source_id))
        with store.reading() as ask:
            payload_ids = tombstones.payloads_shown_only_by(ask, tombstones.history_source_ids(ask, source_id))
        rebase(store, payload_ids)
        with store.begin() as connection:
            ask = ask_on(connection)
            source_ids = tombstones.history_source_ids(ask, source_id)
            payload_ids = tombstones.payloads_shown_only_by(ask, source_ids)
            holds.refuse(connection, source_ids)
            if not payload_queries.packed_against(ask, payload_ids):
                _forget(connection, source_ids, payload_ids, now, actor)
                break
    else:
        raise StoreBusy(
            "another run kept adding pages that need what is to be forgotten; stop that run, then try again"
        )
    return store.truncate_wal()


def _forget(
    connection: Connection, source_ids: Sequence[int], payload_ids: Iterable[int], now: datetime, actor: Actor
) -> None:
    """Delete sources, their captures, and payloads that nobody else shows and nothing is packed against.

    A tombstone stays for each address, and the links of the captures in the chain. An entry of the log names their
    numbers.
    """
    numbers = [
        number for source_id in sorted(source_ids) for number in _add_tombstone(connection, source_id, now, actor)
    ]
    if numbers:
        chain.append_entry(connection, "forget", {"captures": sorted(numbers), "at": micros(now)})
    notices.forget_events(connection, source_ids)
    delete_rows(connection, source, sorted(source_ids))
    release_entries(connection, sorted(payload_ids))
    delete_rows(connection, payload, sorted(payload_ids))
    _delete_texts(connection, _unshown(connection))


def refuse(forgotten: Mapping[str, Tombstone]) -> None:
    """Raise BadInput, with the command that allows the address again, if there is any tombstone."""
    for record in forgotten.values():
        raise BadInput(
            f"{record.url} was forgotten on request on {record.forgotten_at:%Y-%m-%d} and is not kept again. "
            f"To allow it: wirecopy forget {record.url} --lift"
        )


def lift_tombstone(connection: Connection, url_key: str, now: datetime, actor: Actor = PROGRAM) -> bool:
    """Allow a forgotten address to be archived again. False if it was not forgotten."""
    in_force = (tombstone.c.url_key == url_key) & tombstone.c.lifted_at.is_(None)
    lifted = update(tombstone).where(in_force).values(lifted_at=micros(now)).returning(tombstone.c.url)
    urls = connection.execute(lifted).scalars().all()
    for url in urls:
        access.record_change(connection, actor, "allowed again", url, now)
    return bool(urls)


def _add_tombstone(connection: Connection, source_id: int, now: datetime, actor: Actor) -> Sequence[int]:
    """Add the tombstone of a source, and return the numbers of its captures."""
    address = connection.execute(select(source.c.url, source.c.url_key).where(source.c.id == source_id)).one()
    ids = connection.execute(select(capture.c.id).where(capture.c.source_id == source_id)).scalars().all()
    row = {"url": address.url, "url_key": address.url_key, "forgotten_at": micros(now), "captures": len(ids)}
    number = connection.execute(insert(tombstone).values(**row).returning(tombstone.c.id)).scalar_one()
    chain.keep_facts_digest(connection, ids, number)
    access.record_change(connection, actor, "forgot", address.url, now, f"{len(ids)} captures")
    return ids


# --- texts and their index -------------------------------------------------------------------------------------------


def _unshown(connection: Connection) -> list[int]:
    """Return the texts that nothing shows any more. A table that refers to texts alone does not show them."""
    unshown = select(text.c.id)
    for table, column in references_to(text):
        if any(key.column.table is not text for key in table.foreign_keys):
            unshown = unshown.where(~exists().where(column == text.c.id))
    return list(connection.execute(unshown).scalars())


def _delete_texts(connection: Connection, ids: list[int]) -> None:
    """Delete texts and their full-text entries, and rewrite the older parts of the index without them."""
    for batch in in_batches(ids):
        rows = connection.execute(select(text.c.id, text.c.title, text.c.body).where(text.c.id.in_(batch))).mappings()
        for row in rows.all():
            search_entries.delete_entry(connection, row["id"], row["title"], row["body"])
    delete_rows(connection, text, ids)
    if ids:
        search_entries.rewrite_index(connection)
