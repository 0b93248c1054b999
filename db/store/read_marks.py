"""Write read marks: up to when a reader has looked at articles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros
from db.schema import caught_up, seen

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


def mark_read(connection: Connection, source_id: int | None, until: datetime, now: datetime, reader: str = "") -> None:
    """Mark what was first seen of an article up to ``until`` as read by a reader. ``source_id`` None: every article."""
    row = {"until_at": micros(until), "marked_at": micros(now), "reader": reader}
    if source_id is not None:
        new = insert(seen).values(source_id=source_id, **row)
        connection.execute(new.on_conflict_do_update(index_elements=["source_id", "reader"], set_=row))
        return
    connection.execute(plain_insert(caught_up).values(**row))
    connection.execute(delete(seen).where(seen.c.until_at <= row["until_at"], seen.c.reader == reader))
