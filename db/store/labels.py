"""Write labels: what people say of two texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, select
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros
from db.records import PROGRAM
from db.schema import label, source
from db.store import access

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.records import Actor

    Side = tuple[int, str, datetime]  # a source, the digest of a text it showed, and when that was first seen

_KEY = ("a_source_id", "a_sha256", "b_source_id", "b_sha256")


def add_original_label(
    connection: Connection, side: Side, *, original: bool, note: str, now: datetime, actor: Actor = PROGRAM
) -> bool:
    """Store whether a text is the original of its copies, in place of what was said of the same text.

    False if the same was said. It is a label of a text and itself, which no two texts can have.
    """
    return add_label(connection, side, side, copy=original, note=note, now=now, actor=actor)


def drop_original_labels(
    connection: Connection, source_ids: Sequence[int], now: datetime, actor: Actor = PROGRAM
) -> int:
    """Delete what was said of any text of these sources being the original. Return the number of labels."""
    of_one = and_(label.c.a_source_id == label.c.b_source_id, label.c.a_sha256 == label.c.b_sha256)
    dropped = connection.execute(delete(label).where(of_one, label.c.a_source_id.in_(source_ids))).rowcount
    if dropped:
        urls = connection.execute(select(source.c.url).where(source.c.id.in_(source_ids)).order_by(source.c.id))
        access.record_change(connection, actor, "took a label back", next(urls.scalars()), now, "original")
    return dropped


def add_label(
    connection: Connection,
    first: Side,
    second: Side,
    *,
    copy: bool,
    note: str,
    now: datetime,
    actor: Actor = PROGRAM,
) -> bool:
    """Store a label in place of an earlier one of the same two texts. False if the earlier one is equal.

    A label given again without a note keeps the note it has.
    """
    keys = select(source.c.id, source.c.url_key, source.c.url).where(source.c.id.in_([first[0], second[0]]))
    sources = {row.id: row for row in connection.execute(keys)}
    a, b = sorted((first, second), key=lambda side: str(sources[side[0]].url_key))
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
    words = "original" if a == b else f"copy {sources[b[0]].url}"
    access.record_change(connection, actor, "labelled", sources[a[0]].url, now, words if copy else f"not-{words}")
    return True
