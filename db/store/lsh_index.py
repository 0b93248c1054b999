"""Keeping look-up keys where their texts stand, and finding out whom that concerns.

Which texts are compared follows from all texts there are (``db.queries.links.candidates``). So when a key becomes
crowded or ceases to be rare, pairs that were linked may fall away; when it becomes live again, pairs may be added. Both
are noticed in the transaction that makes it so, and the texts concerned wait to be looked at again, whatever happens
next. A key crosses each of its bounds once, as archives grow, so this costs little.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.sqlite import insert

from db.queries.links import FORTNIGHT, KEY_CAP, RARE_CAP, block_of, first_days, key_cap
from db.schema import link, near_key, text, unlinked
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from db.reader import Ask

# How many texts have each key in a block and in all, one more than matters.
_COUNTS = """
    SELECT k.value AS key,
           (SELECT count(*) FROM (SELECT 1 FROM near_key WHERE key = k.value AND day BETWEEN :since AND :until
                                  LIMIT :cap + 2)) AS here,
           (SELECT count(*) FROM (SELECT 1 FROM near_key WHERE key = k.value LIMIT :rare + 2)) AS ever
    FROM json_each(:keys) k"""

_HOLD = "SELECT text_id FROM near_key WHERE key = :key AND day BETWEEN :since AND :until"

# Side a of every linked pair of which both have the key: one side is enough, its other links are looked at with it.
_LINKED_NEAR = sql(f"""
    INSERT INTO unlinked (text_id)
    SELECT DISTINCT l.a_text_id FROM near_key n JOIN link l ON l.a_text_id = n.text_id
    WHERE n.key = :key AND n.day BETWEEN :since AND :until AND l.b_text_id IN ({_HOLD})
    ON CONFLICT DO NOTHING""")  # noqa: S608 - our own words
_LINKED_FAR = sql("""
    INSERT INTO unlinked (text_id)
    SELECT DISTINCT l.a_text_id
    FROM near_key n JOIN near_key m ON m.key = n.key AND abs(m.day - n.day) > :apart
    JOIN link l ON l.a_text_id = n.text_id AND l.b_text_id = m.text_id
    WHERE n.key = :key
    ON CONFLICT DO NOTHING""")
_HOLDERS = sql(_HOLD)

_ALWAYS = (-(1 << 40), 1 << 40)


def add_lsh_keys(connection: Connection, keys_by_text: Mapping[int, Sequence[int]]) -> set[int]:
    """Store the keys of texts, so that others find them; return the ids of those that some history shows."""
    ask = ask_on(connection)
    return {text_id for text_id, keys in keys_by_text.items() if _place(connection, ask, text_id, keys)}


def _place(connection: Connection, ask: Ask, text_id: int, keys: Sequence[int]) -> bool:
    """Keep a text's keys under the day on which it was first seen; False if it stands in no history any more.

    Such a text loses its keys and its links, and waits no longer.
    """
    day = first_days(ask, [text_id]).get(text_id)
    before = _day_of(ask, text_id, keys)
    if before != day:
        if before is not None:
            _take_up(connection, ask, text_id, keys, before)
        if day is not None:
            _lay_down(connection, ask, text_id, keys, day)
    if day is None:
        connection.execute(delete(link).where(or_(link.c.a_text_id == text_id, link.c.b_text_id == text_id)))
        connection.execute(update(text).where(text.c.id == text_id).values(linked_by=None))
        connection.execute(delete(unlinked).where(unlinked.c.text_id == text_id))
    return day is not None


def queue_moved_texts(connection: Connection, before: Mapping[int, int], after: Mapping[int, int]) -> None:
    """Ask for texts to be compared anew that are first seen on another day than ``before``, or in no history now."""
    gone = [each for each in {*before, *after} if before.get(each) != after.get(each)]
    _compare_anew(connection, gone)


def _day_of(ask: Ask, text_id: int, keys: Sequence[int]) -> int | None:
    """Under which day a text's keys are kept. Its smallest, of a band, is its own or nearly so, and quickly found."""
    if not keys:
        return None
    found = ask("SELECT day FROM near_key WHERE key = :key AND text_id = :id", key=min(keys), id=text_id)
    return found[0]["day"] if found else None


def _lay_down(connection: Connection, ask: Ask, text_id: int, keys: Sequence[int], day: int) -> None:
    if not keys:
        return
    found = [{"key": key, "day": day, "text_id": text_id} for key in sorted(set(keys))]
    connection.execute(insert(near_key).on_conflict_do_nothing(), found)
    for key, here, ever in _counts(ask, keys, day):
        if here == key_cap(key) + 1:
            connection.execute(_LINKED_NEAR, {"key": key} | _around(day))
        if ever == RARE_CAP + 1:
            connection.execute(_LINKED_FAR, {"key": key, "apart": FORTNIGHT})


def _take_up(connection: Connection, ask: Ask, text_id: int, keys: Sequence[int], day: int) -> None:
    here_were = (near_key.c.day == day) & (near_key.c.text_id == text_id)
    connection.execute(delete(near_key).where(near_key.c.key.in_(set(keys)) & here_were))
    for key, here, ever in _counts(ask, keys, day):
        if here == key_cap(key):
            _compare_anew(connection, _having(connection, key, _around(day)))
        if ever == RARE_CAP:
            _compare_anew(connection, _having(connection, key, dict(zip(("since", "until"), _ALWAYS, strict=True))))


def _counts(ask: Ask, keys: Sequence[int], day: int) -> list[tuple[int, int, int]]:
    since, until = block_of(day)
    asked = {"since": since, "until": until, "cap": KEY_CAP, "rare": RARE_CAP}
    return [(row["key"], row["here"], row["ever"]) for row in ask(_COUNTS, keys=json.dumps(sorted(set(keys))), **asked)]


def _around(day: int) -> dict[str, int]:
    """The days of a block and of those beside it: no key reaches farther, unless it is rare."""
    first, last = block_of(day)
    return {"since": first - FORTNIGHT, "until": last + FORTNIGHT}


def _having(connection: Connection, key: int, days: Mapping[str, int]) -> list[int]:
    return list(connection.execute(_HOLDERS, {"key": key, **days}).scalars())


def _compare_anew(connection: Connection, ids: Collection[int]) -> None:
    """Have texts compared with all others once more; those that were not yet will be anyway."""
    for each in sorted(ids):
        if connection.execute(update(text).where(text.c.id == each).values(linked_by=None)).rowcount:
            connection.execute(insert(unlinked).values(text_id=each).on_conflict_do_nothing())
