"""Look for payloads whose pack is gone, in the other packs of the same place.

A backup may name a pack that the archive has written again since, without a forgotten page. Every pack has an index of
its own, so the payloads are there under their digests.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import insert, update

from db.errors import Corrupt
from db.microseconds import micros
from db.object_store import open_place
from db.pack_format import read_index
from db.queries import packs as pack_queries
from db.records import PacksResult
from db.schema import pack, pack_entry
from db.store.delete_rows import delete_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from db.object_store import ObjectPlace
    from db.pack_format import PackedEntry
    from db.store.transactions import Transactions

_Key = tuple[bytes, str, bytes | None]
"""What a payload's packed bytes are known by: its digest, its codec, and the digest of its base."""


def find_lost_payloads(store: Transactions, now: datetime) -> Iterator[PacksResult]:
    """Let payloads whose pack is missing have the same bytes in another pack of that place. Yields each pack's result.

    Raises StoreError if the place cannot be read.
    """
    known = {row["location"]: row for row in pack_queries.all_packs(store.ask)}
    for address in sorted({location.rpartition("/")[0] for location in known}):
        place = open_place(address)
        missing = [row["id"] for row in known.values() if _is_missing(place, address, row)]
        lost = _lost_payloads(store, missing)
        for name in place.names() if lost else ():
            try:
                entries = read_index(place, name)
            except Corrupt:  # another file in the folder
                continue
            found = {lost[key]: entry for entry in entries if (key := _key(entry)) in lost}
            if found:
                yield _adopt(store, place, f"{address}/{name}", found, now)
                lost = {key: payload_id for key, payload_id in lost.items() if payload_id not in found}
        if missing and not lost:
            with store.begin() as connection:
                delete_rows(connection, pack, missing)


def _is_missing(place: ObjectPlace, address: str, row: dict[str, object]) -> bool:
    folder, _, name = str(row["location"]).rpartition("/")
    return folder == address and row["stored_at"] is not None and place.size(name) is None


def _lost_payloads(store: Transactions, pack_ids: list[int]) -> dict[_Key, int]:
    """Return the ids of the payloads of these packs."""
    rows = [row for pack_id in pack_ids for row in pack_queries.entries_of(store.ask, pack_id)]
    return {(row["sha256"], row["codec"], row["base"]): row["id"] for row in rows}


def _key(entry: PackedEntry) -> _Key:
    return entry.sha256, entry.codec, entry.base


def _adopt(
    store: Transactions, place: ObjectPlace, location: str, found: dict[int, PackedEntry], now: datetime
) -> PacksResult:
    """Let these payloads have their places in the pack at ``location``."""
    name = location.rpartition("/")[2]
    size = place.size(name) or 0
    (data,) = place.ranges(name, [(0, size)])
    with store.begin() as connection:
        pack_id = _pack_id(connection, location, data, now)
        for payload_id, entry in found.items():
            values = {"pack_id": pack_id, "start": entry.start, "length": entry.size}
            connection.execute(update(pack_entry).where(pack_entry.c.payload_id == payload_id).values(**values))
    return PacksResult(payloads=len(found), bytes=sum(entry.size for entry in found.values()))


def _pack_id(connection: Connection, location: str, data: bytes, now: datetime) -> int:
    """Return the id of a pack, whose row may be missing."""
    stored = {"stored_at": micros(now), "retired_at": None}
    known = connection.execute(update(pack).where(pack.c.location == location).values(**stored).returning(pack.c.id))
    if (pack_id := known.scalar()) is not None:
        return int(pack_id)
    fields = {"location": location, "sha256": hashlib.sha256(data).digest(), "length": len(data)}
    row = fields | {"made_at": micros(now), "stored_at": micros(now)}
    return int(connection.execute(insert(pack).values(**row).returning(pack.c.id)).scalar_one())
