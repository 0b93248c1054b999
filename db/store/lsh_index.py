"""Write the LSH keys of texts, and queue the texts whose candidates change by it.

Which texts are compared follows from all texts there are (``db.queries.links.candidates``). When a key becomes common
or crowded, or ceases to be rare, linked pairs may fall away. When it counts more again, pairs may be added. Both are
noticed in the transaction that causes them, and the texts concerned wait to be compared again, whatever happens next. A
key crosses each bound once, as archives grow, so this costs little.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, update
from sqlalchemy import text as sql

from db.queries.links import COMMON_FROM, FORTNIGHT, KEY_CAP, RARE_CAP, block_of, first_days, key_cap, key_value
from db.schema import link, near_key, text, unlinked
from db.store.work_leases import revoke_texts
from db.writer import ask_on, execute_on

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from db.reader import Ask

# The number of texts with each key in a block and in all, counted to one more than matters. Most keys have so few that
# nothing follows, and get no row.
_COUNTS = """
    WITH held AS MATERIALIZED (
        SELECT k.value AS key,
               (SELECT count(*) FROM (SELECT 1 FROM near_key WHERE key = k.value LIMIT :rare + 2) holders) AS in_all
        FROM json_each(:keys) k)
    SELECT key, in_all,
           (SELECT count(*) FROM (SELECT 1 FROM near_key n WHERE n.key = held.key AND day BETWEEN :since AND :until
                                  LIMIT :cap + 2) holders) AS in_block
    FROM held WHERE in_all >= :rare"""

_HOLDERS_SQL = "SELECT text_id FROM near_key WHERE key = :key AND day BETWEEN :since AND :until"

# Side a of every linked pair that shares the key. One side is enough: its other links are looked at with it.
_LINKED_NEAR = sql(f"""
    INSERT INTO unlinked (text_id)
    SELECT DISTINCT l.a_text_id FROM near_key n JOIN link l ON l.a_text_id = n.text_id
    WHERE n.key = :key AND n.day BETWEEN :since AND :until AND l.b_text_id IN ({_HOLDERS_SQL})
    ON CONFLICT DO NOTHING""")  # noqa: S608 - our own words
_LINKED_FAR = sql("""
    INSERT INTO unlinked (text_id)
    SELECT DISTINCT l.a_text_id
    FROM near_key n JOIN near_key m ON m.key = n.key AND abs(m.day - n.day) > :distance
    JOIN link l ON l.a_text_id = n.text_id AND l.b_text_id = m.text_id
    WHERE n.key = :key
    ON CONFLICT DO NOTHING""")
_HOLDERS = sql(_HOLDERS_SQL)

_INSERT = "INSERT INTO near_key (key, day, text_id) VALUES (:key, :day, :text_id) ON CONFLICT DO NOTHING"

_FORGET_METHOD = "UPDATE text SET linked_by = NULL WHERE id IN (SELECT value FROM json_each(:ids))"
_QUEUE = """
    INSERT INTO unlinked (text_id) SELECT id FROM text WHERE id IN (SELECT value FROM json_each(:ids))
    ON CONFLICT DO NOTHING"""

_ANY_DISTANCE = -1
_ALL_DAYS = {"since": -(1 << 40), "until": 1 << 40}


def add_lsh_keys(connection: Connection, keys_by_text: Mapping[int, Sequence[int]]) -> set[int]:
    """Store the keys of texts, so that others find them, and return the ids of the texts in a current history.

    Keys are stored under the day on which the text was first seen. A text in no history loses its keys and its links,
    and leaves the queue.
    """
    ask = ask_on(connection)
    days, stored = first_days(ask, keys_by_text), _stored_days(ask, keys_by_text)
    for text_id, keys in keys_by_text.items():
        _store_keys(connection, ask, text_id, keys, stored.get(text_id), days.get(text_id))
    return {*days}


def _store_keys(
    connection: Connection, ask: Ask, text_id: int, keys: Sequence[int], day_before: int | None, day: int | None
) -> None:
    if day_before != day:
        if day_before is not None:
            _delete_keys(connection, ask, text_id, keys, day_before)
        if day is not None:
            _insert_keys(connection, ask, text_id, keys, day)
    if day is None:
        connection.execute(delete(link).where(or_(link.c.a_text_id == text_id, link.c.b_text_id == text_id)))
        connection.execute(update(text).where(text.c.id == text_id).values(linked_by=None))
        connection.execute(delete(unlinked).where(unlinked.c.text_id == text_id))


def queue_moved_texts(connection: Connection, before: Mapping[int, int], after: Mapping[int, int]) -> None:
    """Queue the texts whose first day differs between ``before`` and ``after``, or which have none now."""
    moved = [text_id for text_id in {*before, *after} if before.get(text_id) != after.get(text_id)]
    _compare_again(connection, moved)


_DAYS = """
    SELECT n.text_id, n.day FROM json_each(:pairs) p
    CROSS JOIN near_key n ON n.key = CAST(json_extract(p.value, '$[0]') AS BIGINT)
                         AND n.text_id = CAST(json_extract(p.value, '$[1]') AS BIGINT)"""


def _stored_days(ask: Ask, keys_by_text: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Map texts to the day of their stored keys. The smallest key is that of a band, which few other texts have."""
    pairs = [[min(keys), text_id] for text_id, keys in keys_by_text.items() if keys]
    return {row["text_id"]: row["day"] for row in ask(_DAYS, pairs=json.dumps(pairs))}


def _insert_keys(connection: Connection, ask: Ask, text_id: int, keys: Sequence[int], day: int) -> None:
    if not keys:
        return
    rows = [{"key": key, "day": day, "text_id": text_id} for key in sorted(set(keys))]
    execute_on(connection, _INSERT, rows)
    for key, in_block, in_all in _counts(ask, keys, day):
        if in_block in {COMMON_FROM + 1, key_cap(key) + 1}:
            connection.execute(_LINKED_NEAR, {"key": key} | _days_in_reach(day))
        if in_all == RARE_CAP + 1:
            loses_value = key_value(key, rare=True) > key_value(key, rare=False)
            connection.execute(_LINKED_FAR, {"key": key, "distance": _ANY_DISTANCE if loses_value else FORTNIGHT})


def _delete_keys(connection: Connection, ask: Ask, text_id: int, keys: Sequence[int], day: int) -> None:
    stored = (near_key.c.day == day) & (near_key.c.text_id == text_id)
    connection.execute(delete(near_key).where(near_key.c.key.in_(set(keys)) & stored))
    for key, in_block, in_all in _counts(ask, keys, day):
        if in_block in {COMMON_FROM, key_cap(key)}:
            _compare_again(connection, _holders(connection, key, _days_in_reach(day)))
        if in_all == RARE_CAP:
            _compare_again(connection, _holders(connection, key, _ALL_DAYS))


def _counts(ask: Ask, keys: Sequence[int], day: int) -> list[tuple[int, int, int]]:
    """Return each key that at least ``RARE_CAP`` texts have, and the texts with it in the block of a day and in all."""
    since, until = block_of(day)
    bounds = {"since": since, "until": until, "cap": KEY_CAP, "rare": RARE_CAP}
    rows = ask(_COUNTS, keys=json.dumps(sorted(set(keys))), **bounds)
    return [(row["key"], row["in_block"], row["in_all"]) for row in rows]


def _days_in_reach(day: int) -> dict[str, int]:
    """Return the days of a block and of its two neighbours: no key reaches farther, unless it is rare."""
    first, last = block_of(day)
    return {"since": first - FORTNIGHT, "until": last + FORTNIGHT}


def _holders(connection: Connection, key: int, days: Mapping[str, int]) -> list[int]:
    return list(connection.execute(_HOLDERS, {"key": key, **days}).scalars())


def _compare_again(connection: Connection, text_ids: Collection[int]) -> None:
    """Queue compared texts for comparison with all others. Those never compared are queued already.

    One that is being compared at this moment stays in the queue after it.
    """
    revoke_texts(connection, text_ids)
    if text_ids:
        ids = {"ids": json.dumps(sorted(text_ids))}
        execute_on(connection, _FORGET_METHOD, ids)
        execute_on(connection, _QUEUE, ids)
