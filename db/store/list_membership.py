"""Write which lists name a source, and what follows from it: the seed that watches it, and where it was found.

Every list that names a source is stored. Which of them counts is a function of all of them
(``db.queries.list_membership.shortest_path``), never of which list answered first. So an article that two feeds name
stays watched when one of them leaves the index.
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


def record_listing(
    connection: Connection, ask: Ask, source_ids: Sequence[int], list_id: int, now: datetime, *, is_whole: bool = True
) -> None:
    """Store that a list names these sources. Lists that nothing names any more are retired.

    A list that could not be read in full (``is_whole``) still names what it named before.
    """
    known = {list_id, *_members(connection, list_id)}
    new = [source_id for source_id in dict.fromkeys(source_ids) if source_id not in known]
    if new:
        rows = [{"source_id": source_id, "list_id": list_id, "found_at": micros(now)} for source_id in new]
        connection.execute(insert(listing), rows)
        update_watching(connection, ask, new)
    if not is_whole:
        return
    lists = select(source.c.id).where(source.c.kind != SeedKind.ARTICLE)
    if set(connection.execute(lists.where(source.c.id.in_(source_ids))).scalars()):  # else it may just be cut short
        missing = listing.c.list_id == list_id, listing.c.source_id.in_(lists), listing.c.source_id.not_in(source_ids)
        dropped = list(connection.execute(select(listing.c.source_id).where(*missing)).scalars())
        connection.execute(delete(listing).where(listing.c.list_id == list_id, listing.c.source_id.in_(dropped)))
        _retire_unreachable(connection, ask, dropped, now)


def update_watching(connection: Connection, ask: Ask, source_ids: Iterable[int]) -> None:
    """Watch these sources under the seed that their lists lead to, and after them the sources they name in turn."""
    pending = list(source_ids)
    for source_id in pending:  # grows during the loop; a source that does not change adds nothing, so cycles end
        path = None if is_in_index(ask, source_id) else shortest_path(ask, source_id)
        if path is None:
            continue
        row = {"seed_id": path["seed_id"], "found_in": path["first"], "retired_at": None}
        before = connection.execute(select(*(source.c[name] for name in row)).where(source.c.id == source_id)).one()
        if dict(before._mapping) != row:  # noqa: SLF001 (SQLAlchemy's own name for a row as a mapping)
            connection.execute(update(source).where(source.c.id == source_id).values(**row))
            pending.extend(_members(connection, source_id))


def update_all_watching(connection: Connection, ask: Ask) -> None:
    """Choose again the seed of everything that lists name or aliases join, after the seeds of the index changed."""
    for column in (listing.c.source_id, source.c.same_as):
        known = select(column).where(column.is_not(None)).distinct().order_by(column)
        update_watching(connection, ask, list(connection.execute(known).scalars()))


def _retire_unreachable(connection: Connection, ask: Ask, source_ids: Iterable[int], now: datetime) -> None:
    """Retire the lists that no seed leads to any more. Articles stay as they are."""
    pending = list(source_ids)
    for source_id in pending:
        is_reachable = is_in_index(ask, source_id) or shortest_path(ask, source_id) is not None
        active = source.c.id == source_id, source.c.kind != SeedKind.ARTICLE, source.c.retired_at.is_(None)
        if is_reachable:
            update_watching(connection, ask, [source_id])
        elif connection.execute(update(source).where(*active).values(retired_at=micros(now))).rowcount:
            pending.extend(_members(connection, source_id))


def _members(connection: Connection, list_id: int) -> list[int]:
    members = select(listing.c.source_id).where(listing.c.list_id == list_id).order_by(listing.c.source_id)
    return list(connection.execute(members).scalars())
