"""Queries of payloads: their bytes, and those a new one may be packed against."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING

from db import delta_codec
from db.errors import Corrupt
from db.microseconds import micros
from db.queries.packs import JOINED, PLACE, fill_from_packs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from db.reader import Ask, Row
    from db.records import Capture

# By itself SQLite reads all payloads, for a Bloom filter of ids and to have them in order: 5 ms a page at 10,000
# payloads instead of 0.1. The inner SELECT and the cross join leave it no choice.
_LINEAGE = f"""
    UNION SELECT (SELECT b.base_id FROM payload b WHERE b.id = line.id) FROM line WHERE line.id IS NOT NULL)
    SELECT p.id, p.sha256, p.codec, p.length, p.base_id, p.depth, p.anchor, p.packing, {PLACE}, p.data
    FROM line CROSS JOIN payload p ON p.id = line.id {JOINED} ORDER BY p.id"""
_OF_ONE = f"WITH RECURSIVE line (id) AS (SELECT id FROM payload WHERE sha256 = :digest {_LINEAGE}"
_OF_SOME = f"WITH RECURSIVE line (id) AS (SELECT value FROM json_each(:ids) {_LINEAGE}"


def payload_bytes(ask: Ask, digest: bytes) -> bytes:
    """Return the payload with this digest, checked against it. Raises Corrupt if it is damaged or missing."""
    rows = fill_from_packs(ask(_OF_ONE, digest=digest))
    own = next((row for row in rows if row["sha256"] == digest), None)
    if own is None:
        raise Corrupt(f"payload {digest.hex()} is not in the archive")
    data = unpack_lineage(rows)[own["id"]]
    if delta_codec.digest(data) != digest:
        raise Corrupt(f"payload {digest.hex()} is damaged: its bytes have another digest; run: wirecopy verify --deep")
    return data


def lineage(ask: Ask, ids: Iterable[int]) -> list[Row]:
    """Return the rows of these payloads and of all bases behind them, bases first, for ``unpack_lineage``."""
    return fill_from_packs(ask(_OF_SOME, ids=json.dumps(list(ids))))


def unpack_lineage(rows: Iterable[Row]) -> dict[int, bytes]:
    """Return the bytes of the payloads of a lineage, by id. Raises Corrupt."""
    data: dict[int, bytes] = {}
    for row in rows:
        base = data.get(row["base_id"])
        data[row["id"]] = delta_codec.unpack(row["codec"], row["data"], base, length=row["length"])
    return data


def stored_payloads(ask: Ask, digests: Iterable[bytes]) -> dict[bytes, Row]:
    """Return id and depth of those of these payloads that are stored, by digest."""
    remaining = iter(set(digests))
    stored: dict[bytes, Row] = {}
    while batch := list(islice(remaining, 100)):
        names = {f"d{number}": digest for number, digest in enumerate(batch)}
        sql = f"SELECT id, sha256, depth FROM payload WHERE sha256 IN ({', '.join(':' + name for name in names)})"
        stored |= {row["sha256"]: row for row in ask(sql, **names)}
    return stored


def newest_id(ask: Ask) -> int:
    """Return the highest id of a payload, or 0 if there is none."""
    return int(ask("SELECT coalesce(max(id), 0) AS n FROM payload")[0]["n"])


_SAME_KIND = "source_id = :source AND payload_id IS NOT NULL AND coalesce(reason, '') = :reason AND part = :part"
_NEIGHBOURS = f"""
    SELECT * FROM (SELECT payload_id AS id, captured_at FROM capture
                   WHERE {_SAME_KIND} AND captured_at <= :at ORDER BY captured_at DESC LIMIT :before) earlier
    UNION ALL
    SELECT * FROM (SELECT payload_id, captured_at FROM capture
                   WHERE {_SAME_KIND} AND captured_at > :at ORDER BY captured_at LIMIT 1) later"""


def neighbours(ask: Ask, capture: Capture, before: int) -> list[tuple[int, int]]:
    """Return (microseconds, payload id) of the captures of the same source and kind that are nearest in time.

    The kind is a page, a 404, a part 2 and so on. At most ``before`` captures are up to its own instant. One is after
    it, for a backfill.
    """
    reason, instant = str(capture.reason or ""), micros(capture.captured_at)
    rows = ask(_NEIGHBOURS, before=before, source=capture.source_id, reason=reason, part=capture.part, at=instant)
    return [(row["captured_at"], row["id"]) for row in rows]


def with_payload(ask: Ask, source_ids: Collection[int]) -> set[int]:
    """Return those of these sources of which a capture has a payload."""
    sql = """SELECT i.value AS id FROM json_each(:ids) i WHERE EXISTS (
                 SELECT 1 FROM capture c WHERE c.source_id = i.value AND c.payload_id IS NOT NULL)"""
    return {row["id"] for row in ask(sql, ids=json.dumps([*source_ids]))} if source_ids else set()


_ANCHORS = """
    SELECT k.value AS site, (SELECT group_concat(id) FROM (
        SELECT id FROM payload WHERE anchor = k.value ORDER BY id DESC LIMIT :limit) newest) AS ids
    FROM json_each(:sites) k"""


def anchors(ask: Ask, sites: Collection[str], limit: int) -> dict[str, list[int]]:
    """Return the newest payloads of each site that are stored whole, newest first, to pack its new pages against."""
    rows = ask(_ANCHORS, sites=json.dumps([*sites]), limit=limit) if sites else ()
    return {
        row["site"]: sorted(map(int, (row["ids"] or "").split(",") if row["ids"] else ()), reverse=True) for row in rows
    }


_BELOW = """
    WITH RECURSIVE below (id) AS (SELECT id FROM payload WHERE base_id = :id
                                  UNION SELECT p.id FROM payload p JOIN below ON p.base_id = below.id)
    SELECT p.id, p.depth FROM below JOIN payload p ON p.id = below.id"""


def descendants(ask: Ask, payload_id: int) -> dict[int, int]:
    """Return the depth of every payload that depends on this one, at any distance, by id."""
    return {row["id"]: row["depth"] for row in ask(_BELOW, id=payload_id)}


def packed_against(ask: Ask, ids: Collection[int]) -> list[int]:
    """Return other payloads that are packed against these, by id."""
    rows = ask("SELECT id FROM payload WHERE base_id IN (SELECT value FROM json_each(:ids))", ids=json.dumps([*ids]))
    return sorted({row["id"] for row in rows}.difference(ids))


def to_repack(ask: Ask, after: int, packing: int, limit: int) -> list[int]:
    """Return payloads with an id above ``after`` and a ``packing`` below the one given, by id.

    Those in packs outside the database are left out: packs never change.
    """
    sql = """
        SELECT id FROM payload p WHERE id > :after AND packing < :packing
          AND NOT EXISTS (SELECT 1 FROM pack_entry e WHERE e.payload_id = p.id)
        ORDER BY id LIMIT :n"""
    return [row["id"] for row in ask(sql, after=after, packing=packing, n=limit)]


def unused(ask: Ask) -> list[int]:
    """Return payloads that no capture shows, by id."""
    sql = "SELECT id FROM payload p WHERE NOT EXISTS (SELECT 1 FROM capture c WHERE c.payload_id = p.id) ORDER BY id"
    return [row["id"] for row in ask(sql)]


def packed_bytes(ask: Ask, ids: Iterable[int]) -> int:
    """Return the bytes these payloads take, packed."""
    sql = """
        SELECT coalesce(sum(coalesce(e.length, length(p.data))), 0) AS n
        FROM payload p LEFT JOIN pack_entry e ON e.payload_id = p.id
        WHERE p.id IN (SELECT value FROM json_each(:ids))"""
    return int(ask(sql, ids=json.dumps([*ids]))[0]["n"])


def first_capture_of(ask: Ask, payload_id: int) -> int | None:
    """Return the first capture that shows a payload, or None if there is none."""
    rows = ask("SELECT id FROM capture WHERE payload_id = :id ORDER BY id LIMIT 1", id=payload_id)
    return rows[0]["id"] if rows else None
