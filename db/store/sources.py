"""Writing what is watched: seeds as the index has them, and sources as they are found."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from db.schema import seed, source
from db.times import micros

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.records import Every, Found, Seed


def sync_seeds(connection: Connection, seeds: Sequence[Seed], keys: Mapping[str, str], now: datetime) -> None:
    """Upsert every seed and its source; seeds that are gone from the index are retired, never deleted."""
    for each in seeds:
        row = {
            "group": each.group,
            "name": each.name,
            "url": each.url,
            "kind": str(each.kind),
            "every": every_column(each.every),
            "note": each.note,
            "language": each.language,
            "allow_private": each.allow_private,
            "budget": each.budget,
            "retired_at": None,
        }
        new = insert(seed).values(key=each.key, first_read_at=micros(now), **row)
        connection.execute(new.on_conflict_do_update(index_elements=["key"], set_=row))
        seed_id = connection.execute(select(seed.c.id).where(seed.c.key == each.key)).scalar_one()
        _sync_source(connection, each, seed_id, keys[each.url], now)
    gone = and_(seed.c.key.not_in([each.key for each in seeds]), seed.c.retired_at.is_(None))
    connection.execute(update(seed).where(gone).values(retired_at=micros(now)))


def _sync_source(connection: Connection, each: Seed, seed_id: int, url_key: str, now: datetime) -> None:
    """Upsert the source a seed names; the one it named before its address was edited is retired."""
    own = source.c.found_in.is_(None)
    before = connection.execute(select(source.c.seed_id).where(source.c.url_key == url_key, own)).scalar_one_or_none()
    # A source that a feed found, or an import brought, becomes the seed's own when a person lists it.
    mine = {"seed_id": seed_id, "kind": str(each.kind), "retired_at": None, "found_in": None}
    fresh = insert(source).values(url=each.url, url_key=url_key, found_at=micros(now), **mine)
    connection.execute(fresh.on_conflict_do_update(index_elements=["url_key"], set_=mine))
    former = and_(source.c.seed_id == seed_id, own, source.c.url_key != url_key)
    connection.execute(update(source).where(former, source.c.retired_at.is_(None)).values(retired_at=micros(now)))
    if before not in {None, seed_id}:  # the seed was renamed: the articles its list found come along
        connection.execute(update(source).where(source.c.seed_id == before, ~own).values(seed_id=seed_id))


def every_column(every: Every) -> str:
    """How often, as kept in a column: ``auto``, ``once`` or seconds."""
    return str(every.total_seconds()) if isinstance(every, timedelta) else every


def ensure(connection: Connection, url: str, url_key: str, now: datetime) -> int:
    """The id of the source with this key, made if it is new."""
    connection.execute(
        insert(source).values(url=url, url_key=url_key, kind="article", found_at=micros(now)).on_conflict_do_nothing()
    )
    return int(connection.execute(select(source.c.id).where(source.c.url_key == url_key)).scalar_one())


def add_found(connection: Connection, found: Sequence[tuple[Found, str]], via: int, now: datetime) -> list[int]:
    """Add found articles as sources of the seed of ``via``; ids of the new ones, in the order found.

    One that no seed watched so far, or none any more, is watched from now on.
    """
    seed_id = connection.execute(select(source.c.seed_id).where(source.c.id == via)).scalar_one()
    retired = select(seed.c.id).where(seed.c.retired_at.is_not(None))
    new = []
    for each, url_key in found:
        at = micros(now)
        row = insert(source).values(
            url=each.url, url_key=url_key, kind=str(each.kind), seed_id=seed_id, found_at=at, found_in=via
        )
        added = connection.execute(row.on_conflict_do_nothing().returning(source.c.id)).scalar_one_or_none()
        if added is not None:
            new.append(added)
            continue
        no_seed = or_(source.c.seed_id.is_(None), source.c.seed_id.in_(retired))
        known = update(source).where(source.c.url_key == url_key, source.c.id != via, no_seed)
        connection.execute(known.values(seed_id=seed_id, found_in=via))
    return new


def join(connection: Connection, source_id: int, url: str, url_key: str, now: datetime) -> list[int]:
    """Make ``url`` an address of the history of ``source_id``; ids of the histories that changes.

    The pointer always names a source that points nowhere itself, so a history is one step away. Where several pages
    redirect to one address, the history with the smallest key keeps it, whoever came first.
    """
    mine = _history_of(connection, source_id)
    target = ensure(connection, url, url_key, now)
    theirs = _history_of(connection, target)
    if theirs.id == mine.id or (theirs.id != target and theirs.url_key < mine.url_key):
        return []
    moving = source.c.id == target
    if theirs.id == target:
        moving = or_(moving, source.c.same_as == target)
    connection.execute(update(source).where(moving).values(same_as=mine.id))
    return [mine.id] if theirs.id == target else [mine.id, theirs.id]


def _history_of(connection: Connection, source_id: int) -> Any:
    """Id and url_key of the source that keeps the history of ``source_id``."""
    root = select(func.coalesce(source.c.same_as, source.c.id)).where(source.c.id == source_id).scalar_subquery()
    return connection.execute(select(source.c.id, source.c.url_key).where(source.c.id == root)).one()
