"""Writing which lists name a source, and what follows: under which seed it is watched, and where it was found.

All lists that name a source are kept, and which of them counts is a function of all that is known
(``db.queries.list_membership.way``), never of which answered first. So an article that two feeds name stays watched
when one of them leaves the index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros
from db.queries.list_membership import is_in_index, shortest_path
from db.records import SeedKind
from db.schema import listing, source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.reader import Ask


def record_listing(connection: Connection, ask: Ask, source_ids: Sequence[int], list_id: int, now: datetime) -> None:
    """Note that a list names these sources. Lists that an index names no more, and nobody else does, are retired."""
    known = {list_id, *_named_by(connection, list_id)}
    fresh = [each for each in dict.fromkeys(source_ids) if each not in known]
    if fresh:
        rows = [{"source_id": each, "list_id": list_id, "found_at": micros(now)} for each in fresh]
        connection.execute(insert(listing), rows)
        update_watching(connection, ask, fresh)
    lists = select(source.c.id).where(source.c.kind != SeedKind.ARTICLE)
    if set(connection.execute(lists.where(source.c.id.in_(source_ids))).scalars()):  # else it may just be cut short
        named = listing.c.list_id == list_id, listing.c.source_id.in_(lists), listing.c.source_id.not_in(source_ids)
        dropped = list(connection.execute(select(listing.c.source_id).where(*named)).scalars())
        connection.execute(delete(listing).where(listing.c.list_id == list_id, listing.c.source_id.in_(dropped)))
        _let_go(connection, ask, dropped, now)


def update_watching(connection: Connection, ask: Ask, source_ids: Iterable[int]) -> None:
    """Watch these sources under the seed that the lists naming them lead to, and with them what they name in turn."""
    waiting = list(source_ids)
    for each in waiting:  # grows while it is walked; what does not change adds nothing, so that a loop ends
        led = None if is_in_index(ask, each) else shortest_path(ask, each)
        if led is None:
            continue
        row = {"seed_id": led["seed_id"], "found_in": led["first"], "retired_at": None}
        before = connection.execute(select(*(source.c[name] for name in row)).where(source.c.id == each)).one()
        if dict(before._mapping) != row:  # noqa: SLF001 (SQLAlchemy's own name for a row as a mapping)
            connection.execute(update(source).where(source.c.id == each).values(**row))
            waiting.extend(_named_by(connection, each))


def update_all_watching(connection: Connection, ask: Ask) -> None:
    """See anew under which seed everything is watched: for when the seeds of the index are others than before."""
    for column in (listing.c.source_id, source.c.same_as):
        known = select(column).where(column.is_not(None)).distinct().order_by(column)
        update_watching(connection, ask, list(connection.execute(known).scalars()))


def _let_go(connection: Connection, ask: Ask, source_ids: Iterable[int], now: datetime) -> None:
    """Retire the lists to which no seed leads any more; articles stay what they are."""
    waiting = list(source_ids)
    for each in waiting:
        led = is_in_index(ask, each) or shortest_path(ask, each) is not None
        mine = source.c.id == each, source.c.kind != SeedKind.ARTICLE, source.c.retired_at.is_(None)
        if not led and connection.execute(update(source).where(*mine).values(retired_at=micros(now))).rowcount:
            waiting.extend(_named_by(connection, each))
        elif led:
            update_watching(connection, ask, [each])


def _named_by(connection: Connection, list_id: int) -> list[int]:
    found = select(listing.c.source_id).where(listing.c.list_id == list_id).order_by(listing.c.source_id)
    return list(connection.execute(found).scalars())
