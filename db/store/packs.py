"""Move the bytes of payloads into packs outside the database, and back.

The object comes first, then the rows. A pack is written, read back and compared before the bytes leave the database, so
a run may be cut off anywhere: each payload is in the database, in its pack, or in both. Packs never change. One with
bytes of deleted payloads is written again without them, and its object is deleted.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from db.errors import Corrupt
from db.microseconds import micros
from db.object_store import place_of
from db.pack_format import build_pack
from db.queries import packs as pack_queries
from db.records import PacksResult
from db.schema import pack, pack_entry, payload
from db.store.delete_rows import in_batches
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.pack_format import PackedEntry
    from db.reader import Row
    from db.store.transactions import Transactions

PACK_BYTES = 32 * 2**20
"""A pack is closed when it is that long: few enough objects, and each small enough to be written again."""

LEAST_PACK = 16 * 2**20
"""What is less stays in the database until more has come."""

_CUT_OFF = timedelta(days=1)
_RETIRED = timedelta(days=35)
"""How long objects stay that the archive no longer needs: longer than the backups that upkeep keeps."""

_BATCH = 200
_NEVER = 2**62  # microseconds


def move_to_packs(
    store: Transactions,
    address: str,
    now: datetime,
    *,
    before: datetime | None,
    least: int = LEAST_PACK,
    most: int = PACK_BYTES,
) -> Iterator[PacksResult]:
    """Move payloads into packs at ``address``, those that no capture since ``before`` shows (None: all).

    A pack is closed when it has ``most`` bytes. What is less than ``least`` stays. Yields what each step did. First,
    packs with deleted payloads are written again, and objects deleted that are of no use any more. Raises StoreError if
    the place cannot be used. The archive is whole then, and the next call goes on.
    """
    yield from purge_packs(store, now)
    yield from _sweep(store, now)
    for rows in _full_packs(store, _NEVER if before is None else micros(before), least, most):
        yield _store_pack(store, address, rows, now)
    yield from purge_packs(store, now)  # of what was deleted while it was moved


def move_back(store: Transactions, now: datetime) -> Iterator[PacksResult]:
    """Move the bytes of all packs into the database again. Yields what each step did. Raises StoreError."""
    for row in pack_queries.all_packs(store.ask):
        after = 0
        while rows := pack_queries.payloads_in(store.ask, row["id"], after, _BATCH):
            with store.begin() as connection:
                in_place = _entries_in_force(connection, row["id"], rows)
                for moved in in_place:
                    connection.execute(update(payload).where(payload.c.id == moved["id"]).values(data=moved["data"]))
                _delete_entries(connection, (moved["id"] for moved in in_place))
            yield PacksResult(payloads=len(in_place), bytes=sum(len(moved["data"]) for moved in in_place))
            after = rows[-1]["id"]
        if row["retired_at"] is None and row["stored_at"] is not None:
            with store.begin() as connection:
                connection.execute(update(pack).where(pack.c.id == row["id"]).values(retired_at=micros(now)))


def purge_packs(store: Transactions, now: datetime) -> Iterator[PacksResult]:
    """Write packs with bytes of deleted payloads again without them, and delete their objects."""
    for row in pack_queries.all_packs(store.ask):
        if not row["has_deleted"]:
            continue
        rows = _payloads_of(store, row["id"])
        if rows:
            address = row["location"].rpartition("/")[0]
            yield _store_pack(store, address, rows, now, replaced=row["id"])
        yield _delete_object(store, row)


def release_entries(connection: Connection, payload_ids: Iterable[int]) -> None:
    """Take payloads out of their packs, whose objects still have their bytes: ``purge_packs`` mends that.

    Retired packs have no entries and may have the same bytes, so they are marked too.
    """
    ids = list(payload_ids)
    for batch in in_batches(ids):
        of_batch = select(pack_entry.c.pack_id).where(pack_entry.c.payload_id.in_(batch))
        stale = pack.c.id.in_(of_batch) | pack.c.retired_at.is_not(None)
        connection.execute(update(pack).where(stale).values(has_deleted=True))
    _delete_entries(connection, ids)


# --- a pack ----------------------------------------------------------------------------------------------------------


def _full_packs(store: Transactions, before: int, least: int, most: int) -> Iterator[list[Row]]:
    """Yield payloads of the database, as many at a time as fill a pack."""
    rows: list[Row] = []
    after = size = 0
    while batch := pack_queries.movable_payloads(store.ask, after, before, _BATCH):
        for row in batch:
            rows.append(row)
            size += len(row["data"])
            if size >= most:
                yield rows
                size, rows = 0, []
        after = batch[-1]["id"]
    if rows and size >= least:
        yield rows


def _payloads_of(store: Transactions, pack_id: int) -> list[Row]:
    rows: list[Row] = []
    while batch := pack_queries.payloads_in(store.ask, pack_id, rows[-1]["id"] if rows else 0, _BATCH):
        rows += batch
    return rows


def _store_pack(
    store: Transactions, address: str, rows: Sequence[Row], now: datetime, *, replaced: int | None = None
) -> PacksResult:
    """Write a pack with these payloads, and let it have them instead of the database, or of the pack ``replaced``."""
    bases = pack_queries.digests_of(store.ask, {row["base_id"] for row in rows if row["base_id"] is not None})
    data, entries = build_pack(
        (row["sha256"], row["codec"], row["length"], bases.get(row["base_id"]), row["data"]) for row in rows
    )
    digest = hashlib.sha256(data).digest()
    location = f"{address}/{micros(now):x}-{digest.hex()}.pack"
    fields = {"location": location, "sha256": digest, "length": len(data), "made_at": micros(now)}
    with store.begin() as connection:
        cut_off = connection.execute(select(pack.c.id).where(pack.c.location == location)).scalar()
        pack_id = cut_off or connection.execute(insert(pack).values(**fields).returning(pack.c.id)).scalar_one()
    _put_and_compare(location, data)
    with store.begin() as connection:
        if replaced is None:
            moved = _move_in(connection, pack_id, rows, entries)
        else:
            moved = _move_over(connection, pack_id, replaced, rows, entries)
        # What was deleted in the meantime is in the object all the same.
        is_stale = len(moved) < len(rows)
        connection.execute(update(pack).where(pack.c.id == pack_id).values(stored_at=micros(now), has_deleted=is_stale))
    return PacksResult(payloads=len(moved), bytes=sum(entry.size for entry in moved), written=1)


def _put_and_compare(location: str, data: bytes) -> None:
    place, name = place_of(location)
    place.put(name, data)
    if place.ranges(name, [(0, len(data))]) != [data]:
        raise Corrupt(f"{location} did not come back as it was written; nothing was moved there")


def _move_in(
    connection: Connection, pack_id: int, rows: Sequence[Row], entries: Sequence[PackedEntry]
) -> list[PackedEntry]:
    """Let a pack have the payloads whose bytes are still in the database, packed the same way. Return their entries."""
    stored = pack_queries.still_movable(ask_on(connection), [row["id"] for row in rows])
    moved = {
        row["id"]: entry
        for row, entry in zip(rows, entries, strict=True)
        if stored.get(row["id"]) == (row["codec"], row["base_id"])
    }
    for batch in in_batches(moved):
        connection.execute(update(payload).where(payload.c.id.in_(batch)).values(data=b""))
    if moved:
        connection.execute(insert(pack_entry), [_entry_row(pack_id, *pair) for pair in moved.items()])
    return list(moved.values())


def _move_over(
    connection: Connection, pack_id: int, replaced: int, rows: Sequence[Row], entries: Sequence[PackedEntry]
) -> list[PackedEntry]:
    """Let a pack have the payloads that the pack ``replaced`` still has. Return their entries."""
    ids = {row["id"] for row in _entries_in_force(connection, replaced, rows)}
    moved = {row["id"]: entry for row, entry in zip(rows, entries, strict=True) if row["id"] in ids}
    _delete_entries(connection, moved)
    if moved:
        connection.execute(insert(pack_entry), [_entry_row(pack_id, *pair) for pair in moved.items()])
    return list(moved.values())


def _entry_row(pack_id: int, payload_id: int, entry: PackedEntry) -> dict[str, int]:
    return {"payload_id": payload_id, "pack_id": pack_id, "start": entry.start, "length": entry.size}


def _entries_in_force(connection: Connection, pack_id: int, rows: Sequence[Row]) -> list[Row]:
    """Return those of these payloads that are still in this pack."""
    ids: set[int] = set()
    for batch in in_batches(row["id"] for row in rows):
        of_pack = (pack_entry.c.pack_id == pack_id) & pack_entry.c.payload_id.in_(batch)
        ids.update(connection.execute(select(pack_entry.c.payload_id).where(of_pack)).scalars())
    return [row for row in rows if row["id"] in ids]


def _delete_entries(connection: Connection, payload_ids: Iterable[int]) -> None:
    for batch in in_batches(payload_ids):
        connection.execute(delete(pack_entry).where(pack_entry.c.payload_id.in_(batch)))


# --- objects without use ---------------------------------------------------------------------------------------------


def _sweep(store: Transactions, now: datetime) -> Iterator[PacksResult]:
    """Delete the objects of packs that were cut off a day ago, or retired for longer than a backup is kept."""
    for row in pack_queries.all_packs(store.ask):
        is_cut_off = row["stored_at"] is None and row["made_at"] < micros(now - _CUT_OFF)
        is_retired = row["retired_at"] is not None and row["retired_at"] < micros(now - _RETIRED)
        if is_cut_off or is_retired:
            yield _delete_object(store, row)


def _delete_object(store: Transactions, row: Row) -> PacksResult:
    """Delete the object of a pack without entries, then its row: a run that is cut off in between tries again."""
    with store.begin() as connection:
        if connection.execute(
            select(pack_entry.c.payload_id).where(pack_entry.c.pack_id == row["id"]).limit(1)
        ).first():
            return PacksResult()
    place, name = place_of(row["location"])
    place.delete(name)
    with store.begin() as connection:
        connection.execute(delete(pack).where(pack.c.id == row["id"]))
    return PacksResult(deleted=1)
