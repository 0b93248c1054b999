"""Questions about payloads: their bytes, and which of them a new one may be packed against."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING

from db import delta_codec
from db.errors import Corrupt
from db.microseconds import micros

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from db.reader import Ask, Row
    from db.records import Capture

# Left to itself SQLite goes through all payloads, for a Bloom filter of ids and to have them in order: 5 ms a page at
# 10,000 payloads instead of 0.1. The inner question and the cross join leave it no choice.
_LINE = """
    UNION SELECT (SELECT b.base_id FROM payload b WHERE b.id = line.id) FROM line WHERE line.id IS NOT NULL)
    SELECT p.id, p.sha256, p.codec, p.length, p.base_id, p.depth, p.anchor, p.packing, p.data
    FROM line CROSS JOIN payload p ON p.id = line.id ORDER BY p.id"""
_OF_ONE = f"WITH RECURSIVE line (id) AS (SELECT id FROM payload WHERE sha256 = :digest {_LINE}"
_OF_SOME = f"WITH RECURSIVE line (id) AS (SELECT value FROM json_each(:ids) {_LINE}"


def payload_bytes(ask: Ask, digest: bytes) -> bytes:
    """The bytes known by this digest; checked against it. Raises Corrupt if they do not hold or are not there."""
    found = ask(_OF_ONE, digest=digest)
    mine = next((row for row in found if row["sha256"] == digest), None)
    if mine is None:
        raise Corrupt(f"payload {digest.hex()} is not in the archive")
    data = unpack_lineage(found)[mine["id"]]
    if delta_codec.digest(data) != digest:
        raise Corrupt(
            f"payload {digest.hex()} does not hold: its bytes have another digest; run: wirecopy verify --deep"
        )
    return data


def lineage(ask: Ask, ids: Iterable[int]) -> list[Row]:
    """The rows of these payloads and of all bases behind them, bases first: what ``unpack_lineage`` needs."""
    return ask(_OF_SOME, ids=json.dumps(list(ids)))


def unpack_lineage(found: Iterable[Row]) -> dict[int, bytes]:
    """The bytes of the payloads of a lineage, by id. Raises Corrupt."""
    data: dict[int, bytes] = {}
    for row in found:
        base = data.get(row["base_id"])
        data[row["id"]] = delta_codec.unpack(row["codec"], row["data"], base, length=row["length"])
    return data


def stored_payloads(ask: Ask, digests: Iterable[bytes]) -> dict[bytes, Row]:
    """Id and depth of those of these payloads that are there, by digest."""
    left = iter(set(digests))
    found: dict[bytes, Row] = {}
    while some := list(islice(left, 100)):
        names = {f"d{number}": digest for number, digest in enumerate(some)}
        sql = f"SELECT id, sha256, depth FROM payload WHERE sha256 IN ({', '.join(':' + name for name in names)})"
        found |= {row["sha256"]: row for row in ask(sql, **names)}
    return found


def newest_id(ask: Ask) -> int:
    """The highest id of a payload; 0 if there is none."""
    return int(ask("SELECT coalesce(max(id), 0) AS n FROM payload")[0]["n"])


_LIKE_IT = "source_id = :source AND payload_id IS NOT NULL AND coalesce(reason, '') = :reason AND part = :part"
_NEAR = f"""
    SELECT * FROM (SELECT payload_id AS id, captured_at AS at FROM capture
                   WHERE {_LIKE_IT} AND captured_at <= :at ORDER BY captured_at DESC LIMIT :before)
    UNION ALL
    SELECT * FROM (SELECT payload_id, captured_at FROM capture
                   WHERE {_LIKE_IT} AND captured_at > :at ORDER BY captured_at LIMIT 1)"""


def neighbours(ask: Ask, capture: Capture, before: int) -> list[tuple[int, int]]:
    """(instant, payload id) of what the same source answered nearest in time, in the same way: page, 404, second part.

    At most ``before`` captures up to its own instant and one after it, for a backfill.
    """
    reason = str(capture.reason or "")
    asked = {"source": capture.source_id, "reason": reason, "part": capture.part, "at": micros(capture.captured_at)}
    return [(row["at"], row["id"]) for row in ask(_NEAR, before=before, **asked)]


def anchors(ask: Ask, site: str, limit: int) -> list[int]:
    """The newest whole pages of a site, for its new pages to be packed against; their payload ids."""
    found = ask("SELECT id FROM payload WHERE anchor = :site ORDER BY id DESC LIMIT :n", site=site, n=limit)
    return [row["id"] for row in found]


_BELOW = """
    WITH RECURSIVE below (id) AS (SELECT id FROM payload WHERE base_id = :id
                                  UNION SELECT p.id FROM payload p JOIN below ON p.base_id = below.id)
    SELECT p.id, p.depth FROM below JOIN payload p ON p.id = below.id"""


def descendants(ask: Ask, payload_id: int) -> dict[int, int]:
    """The depth of every payload that stands on this one, at any distance, by id."""
    return {row["id"]: row["depth"] for row in ask(_BELOW, id=payload_id)}


def packed_against(ask: Ask, ids: Collection[int]) -> list[int]:
    """Ids of other payloads that are packed against these, in order."""
    found = ask("SELECT id FROM payload WHERE base_id IN (SELECT value FROM json_each(:ids))", ids=json.dumps([*ids]))
    return sorted({row["id"] for row in found}.difference(ids))


def to_repack(ask: Ask, after: int, done: int, limit: int) -> list[int]:
    """Ids of payloads, from behind ``after`` on, whose ``packing`` is below ``done``."""
    sql = "SELECT id FROM payload WHERE id > :after AND packing < :done ORDER BY id LIMIT :n"
    return [row["id"] for row in ask(sql, after=after, done=done, n=limit)]


def unused(ask: Ask) -> list[int]:
    """Ids of payloads that no capture shows."""
    sql = "SELECT id FROM payload p WHERE NOT EXISTS (SELECT 1 FROM capture c WHERE c.payload_id = p.id) ORDER BY id"
    return [row["id"] for row in ask(sql)]


def packed_bytes(ask: Ask, ids: Iterable[int]) -> int:
    """The bytes these payloads take, packed."""
    sql = "SELECT coalesce(sum(length(data)), 0) AS n FROM payload WHERE id IN (SELECT value FROM json_each(:ids))"
    return int(ask(sql, ids=json.dumps([*ids]))[0]["n"])


def first_capture_of(ask: Ask, payload_id: int) -> int | None:
    """The id of the first capture that shows a payload."""
    found = ask("SELECT id FROM capture WHERE payload_id = :id ORDER BY id LIMIT 1", id=payload_id)
    return found[0]["id"] if found else None
