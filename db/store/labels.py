"""Write labels: what people say of two texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, select
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros
from db.schema import label, source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    Side = tuple[int, str, datetime]  # a source, the digest of a text it showed, and when that was first seen

_KEY = ("a_source_id", "a_sha256", "b_source_id", "b_sha256")


def add_original_label(connection: Connection, side: Side, *, original: bool, note: str, now: datetime) -> bool:
    """Store whether a text is the original of its copies, in place of what was said of the same text.

    False if the same was said. It is a label of a text and itself, which no two texts can have.
    """
    return add_label(connection, side, side, copy=original, note=note, now=now)


def drop_original_labels(connection: Connection, source_ids: Sequence[int]) -> int:
    """Delete what was said of any text of these sources being the original. Return the number of labels."""
    of_one = and_(label.c.a_source_id == label.c.b_source_id, label.c.a_sha256 == label.c.b_sha256)
    return connection.execute(delete(label).where(of_one, label.c.a_source_id.in_(source_ids))).rowcount


def add_label(connection: Connection, first: Side, second: Side, *, copy: bool, note: str, now: datetime) -> bool:
    """Store a label in place of an earlier one of the same two texts. False if the earlier one is equal.

    A label given again without a note keeps the note it has.
    """
    keys = select(source.c.id, source.c.url_key).where(source.c.id.in_([first[0], second[0]]))
    order = {row.id: row.url_key for row in connection.execute(keys)}
    a, b = sorted((first, second), key=lambda side: order[side[0]])
    key = dict(zip(_KEY, (a[0], bytes.fromhex(a[1]), b[0], bytes.fromhex(b[1])), strict=True))
    stored = select(label.c.copy, label.c.note).where(and_(*(label.c[name] == value for name, value in key.items())))
    before = connection.execute(stored).mappings().one_or_none()
    note_before = before["note"] if before is not None and before["copy"] == copy else ""
    values = {"copy": copy, "note": note or note_before}
    if before is not None and dict(before) == values:
        return False
    row = values | {"a_seen_at": micros(a[2]), "b_seen_at": micros(b[2]), "labelled_at": micros(now)}
    new = insert(label).values(**key, **row)
    connection.execute(new.on_conflict_do_update(index_elements=_KEY, set_=row))
    return True
