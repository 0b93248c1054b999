"""Write holds: addresses whose articles must be kept, for a court for example."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from db.errors import BadInput
from db.microseconds import micros
from db.queries import holds as hold_queries
from db.records import PROGRAM
from db.schema import hold, source
from db.store import access
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.records import Actor


def add_hold(connection: Connection, source_id: int, note: str, now: datetime, actor: Actor = PROGRAM) -> bool:
    """Hold the address of a source. False if it is held already; a new note then replaces the old one."""
    address = connection.execute(select(source.c.url, source.c.url_key).where(source.c.id == source_id)).one()
    held = (hold.c.url_key == address.url_key) & hold.c.released_at.is_(None)
    if connection.execute(select(hold.c.id).where(held)).first() is not None:
        if note:
            connection.execute(update(hold).where(held).values(note=note))
        return False
    row = {"url": address.url, "url_key": address.url_key, "note": note, "held_at": micros(now)}
    connection.execute(insert(hold).values(**row))
    access.record_change(connection, actor, "put on hold", address.url, now)
    return True


def release_holds(connection: Connection, source_ids: Sequence[int], now: datetime, actor: Actor = PROGRAM) -> int:
    """Release the holds on the addresses of these sources. Return their number."""
    keys = select(source.c.url_key).where(source.c.id.in_(source_ids))
    held = hold.c.url_key.in_(keys) & hold.c.released_at.is_(None)
    released = update(hold).where(held).values(released_at=micros(now)).returning(hold.c.url)
    urls = connection.execute(released).scalars().all()
    for url in urls:
        access.record_change(connection, actor, "released", url, now)
    return len(urls)


def refuse(connection: Connection, source_ids: Sequence[int]) -> None:
    """Raise BadInput, with the command that releases it, if one of these sources is held."""
    for record in hold_queries.on_sources(ask_on(connection), source_ids):
        why = f" ({record.note})" if record.note else ""
        raise BadInput(
            f"{record.url} is on hold since {record.held_at:%Y-%m-%d}{why}, and nothing of it is deleted. "
            f"To release it: wirecopy hold {record.url} --release"
        )
