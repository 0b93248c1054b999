"""Writing what is watched: seeds as the index has them, and sources as they are found."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros
from db.queries import tombstones
from db.schema import seed, source
from db.store import list_membership
from db.store.forget import refuse
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.records import DiscoveredUrl, Every, Seed


_MANY = 10  # pages of which a list says one and the same time; a handful may well be published at once
_CLOCKS_DIFFER = timedelta(minutes=15)  # a site's clock may be ahead of ours


def sync_seeds(
    connection: Connection,
    seeds: Sequence[Seed],
    keys: Mapping[str, str],
    now: datetime,
    *,
    retire: bool = True,
) -> None:
    """Upsert every seed and its source. Seeds missing from ``seeds`` are retired, never deleted.

    ``keys`` maps each seed's URL to its url_key. ``retire`` is False while the index has mistakes: a seed that seems to
    be missing may stand in a line that cannot be read. A seed whose address was forgotten on request counts as missing.
    """
    ask = ask_on(connection)
    forgotten = tombstones.forgotten(ask, keys.values())
    watched = [row for row in seeds if keys[row.url] not in forgotten]
    before = _in_index(connection)
    for each in watched:
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
    if retire:
        gone = and_(seed.c.key.not_in([each.key for each in watched]), seed.c.retired_at.is_(None))
        connection.execute(update(seed).where(gone).values(retired_at=micros(now)))
    if _in_index(connection) != before:
        list_membership.update_all_watching(connection, ask)


def _in_index(connection: Connection) -> set[tuple[int, int]]:
    """The sources that stand in the index themselves, each with its seed."""
    active = select(source.c.id, seed.c.id.label("seed_id")).join(seed, seed.c.id == source.c.seed_id)
    own = active.where(source.c.found_in.is_(None), source.c.retired_at.is_(None), seed.c.retired_at.is_(None))
    return {(row.id, row.seed_id) for row in connection.execute(own)}


def _sync_source(connection: Connection, each: Seed, seed_id: int, url_key: str, now: datetime) -> None:
    """Upsert the source a seed names; the one it named before its address was edited is retired."""
    # A source that a feed found, or an import brought, becomes the seed's own when a person lists it.
    mine = {"seed_id": seed_id, "kind": str(each.kind), "retired_at": None, "found_in": None}
    fresh = insert(source).values(url=each.url, url_key=url_key, found_at=micros(now), **mine)
    connection.execute(fresh.on_conflict_do_update(index_elements=["url_key"], set_=mine))
    former = and_(source.c.seed_id == seed_id, source.c.found_in.is_(None), source.c.url_key != url_key)
    connection.execute(update(source).where(former, source.c.retired_at.is_(None)).values(retired_at=micros(now)))


def every_column(every: Every) -> str:
    """How often, as kept in a column: ``auto``, ``once`` or seconds."""
    return str(every.total_seconds()) if isinstance(every, timedelta) else every


def add_source(connection: Connection, url: str, url_key: str, now: datetime) -> int:
    """Return the id of the source with this key, adding it if it is new. Without a seed it is stored but not watched.

    Raises BadInput for an address that was forgotten on request.
    """
    refuse(tombstones.forgotten(ask_on(connection), [url_key]))
    return ensure_source(connection, url, url_key, now)


def ensure_source(connection: Connection, url: str, url_key: str, now: datetime) -> int:
    """Return the id of the source with this key, adding it if it is new, forgotten or not."""
    connection.execute(
        insert(source).values(url=url, url_key=url_key, kind="article", found_at=micros(now)).on_conflict_do_nothing()
    )
    return int(connection.execute(select(source.c.id).where(source.c.url_key == url_key)).scalar_one())


def add_discovered(
    connection: Connection, discovered: Sequence[tuple[DiscoveredUrl, str]], via: int, now: datetime
) -> list[int]:
    """Add discovered URLs (each with its url_key) as sources of the seed of ``via``; return the ids of the new ones.

    A source that no seed watches is watched from now on (``db.store.list_membership``). For sources that are known
    already, the time of their last update according to the list is stored. Addresses forgotten on request are left out.
    """
    ask = ask_on(connection)
    forgotten = tombstones.forgotten(ask, (url_key for _, url_key in discovered))
    found = [row for row in discovered if row[1] not in forgotten]
    seed_id = connection.execute(select(source.c.seed_id).where(source.c.id == via)).scalar_one()
    known = _known(connection, [url_key for _, url_key in found])
    new = []
    for each, url_key in found:
        if url_key in known:
            continue
        row = {"url": each.url, "url_key": url_key, "kind": str(each.kind), "seed_id": seed_id, "found_in": via}
        added = insert(source).values(found_at=micros(now), **row).returning(source.c.id)
        known[url_key] = connection.execute(added).scalar_one()
        new.append(known[url_key])
    list_membership.record_listing(connection, ask, list(known.values()), via, now)
    _keep_hints(connection, found, now)
    return new


def _known(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    """The ids of the sources with these keys, as far as there are any; one question for a whole list."""
    found = connection.execute(select(source.c.url_key, source.c.id).where(source.c.url_key.in_(keys)))
    return {row.url_key: row.id for row in found}


def _keep_hints(connection: Connection, found: Sequence[tuple[DiscoveredUrl, str]], now: datetime) -> None:
    """Note when, at the latest, a list said of each page that it was updated; a joined page's word goes to its history.

    Times to come are no use. One time said of all of many pages is the list's own, of when it was written.
    """
    said = {url_key: each.updated_at for each, url_key in found if each.updated_at is not None}
    if len(said) >= _MANY and len(set(said.values())) == 1:
        return
    for url_key, at in said.items():
        if at <= now + _CLOCKS_DIFFER:
            root = select(func.coalesce(source.c.same_as, source.c.id)).where(source.c.url_key == url_key)
            older = or_(source.c.hinted_at.is_(None), source.c.hinted_at < micros(at))
            named = source.c.id == root.scalar_subquery()
            connection.execute(update(source).where(named, older).values(hinted_at=micros(at)))
