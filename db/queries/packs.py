"""Queries of packs: the places of payloads outside the database, and the bytes that are there."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from db.errors import StoreError
from db.object_store import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.reader import Ask, Row

PLACE = "k.location, e.start, e.length AS size"
JOINED = "LEFT JOIN pack_entry e ON e.payload_id = p.id LEFT JOIN pack k ON k.id = e.pack_id"
"""What a query of payloads ``p`` selects and joins for ``fill_from_packs``: one statement sees one state."""


def fill_from_packs(rows: list[Row]) -> list[Row]:
    """Return rows of payloads with the ``data`` that is in packs, and without their places there.

    One request a pack, whatever the number of rows. Raises StoreError if a pack cannot be read, Corrupt if it is
    missing or too short.
    """
    by_location: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        location, start, size = row.pop("location"), row.pop("start"), row.pop("size")
        if location is not None:
            row["range"] = start, start + size
            by_location[location].append(row)
    for location, of_pack in by_location.items():
        place, name = place_of(location)
        for row, data in zip(of_pack, place.ranges(name, [row.pop("range") for row in of_pack]), strict=True):
            row["data"] = data
    return rows


_STORED = f"SELECT p.id, {PLACE}, p.data FROM payload p {JOINED} WHERE p.id IN (SELECT value FROM json_each(:ids))"


def packed_data(ask: Ask, ids: Iterable[int]) -> dict[int, bytes]:
    """Return the packed bytes of payloads by id, wherever they are."""
    return {row["id"]: row["data"] for row in fill_from_packs(ask(_STORED, ids=json.dumps([*ids])))}


_CANDIDATES = """
    SELECT p.id, p.sha256, p.codec, p.length, p.base_id, p.data FROM payload p
    WHERE p.id > :after AND p.length > 0 AND length(p.data) > 0
      AND NOT EXISTS (SELECT 1 FROM capture c WHERE c.payload_id = p.id AND c.captured_at >= :before)
    ORDER BY p.id LIMIT :n"""


def movable_payloads(ask: Ask, after: int, before: int, limit: int) -> list[Row]:
    """Return payloads in the database that no capture since ``before`` (microseconds) shows, with ids above ``after``.

    Those that are shown now are likely to be read again soon, as the bases of the next ones.
    """
    return ask(_CANDIDATES, after=after, before=before, n=limit)


def payloads_in(ask: Ask, pack_id: int, after: int, limit: int) -> list[Row]:
    """Return payloads of a pack with ids above ``after`` and their packed bytes, by id."""
    sql = f"""
        SELECT p.id, p.sha256, p.codec, p.length, p.base_id, {PLACE}, p.data
        FROM pack_entry e JOIN payload p ON p.id = e.payload_id JOIN pack k ON k.id = e.pack_id
        WHERE e.pack_id = :pack AND e.payload_id > :after ORDER BY e.payload_id LIMIT :n"""
    return fill_from_packs(ask(sql, pack=pack_id, after=after, n=limit))


def entries_of(ask: Ask, pack_id: int) -> list[Row]:
    """Return the payloads of a pack, with codec and the digest of the base, without their bytes."""
    sql = """
        SELECT p.id, p.sha256, p.codec, b.sha256 AS base
        FROM pack_entry e JOIN payload p ON p.id = e.payload_id LEFT JOIN payload b ON b.id = p.base_id
        WHERE e.pack_id = :pack ORDER BY p.id"""
    return ask(sql, pack=pack_id)


def all_packs(ask: Ask) -> list[Row]:
    """Return every pack."""
    return ask("SELECT id, location, length, made_at, stored_at, retired_at, has_deleted FROM pack ORDER BY id")


def pack_problem(row: Row) -> str:
    """Return what is wrong with the object of a pack that has payloads, or an empty text. Its bytes are not read."""
    if row["stored_at"] is None or row["retired_at"] is not None:
        return ""
    place, name = place_of(row["location"])
    try:
        size = place.size(name)
    except StoreError as error:
        return str(error)
    if size is None:
        return f"{row['location']} is missing"
    return "" if size == row["length"] else f"{row['location']} has {size:,} bytes instead of {row['length']:,}"


def digests_of(ask: Ask, ids: Iterable[int]) -> dict[int, bytes]:
    """Return the digests of payloads, by id."""
    sql = "SELECT id, sha256 FROM payload WHERE id IN (SELECT value FROM json_each(:ids))"
    return {row["id"]: row["sha256"] for row in ask(sql, ids=json.dumps([*ids]))}


def still_movable(ask: Ask, ids: Iterable[int]) -> dict[int, tuple[str, int | None]]:
    """Return codec and base of those of these payloads whose bytes are in the database, by id."""
    sql = """
        SELECT id, codec, base_id FROM payload
        WHERE id IN (SELECT value FROM json_each(:ids)) AND length(data) > 0"""
    return {row["id"]: (row["codec"], row["base_id"]) for row in ask(sql, ids=json.dumps([*ids]))}
