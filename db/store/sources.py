"""Write the sources: seeds as the index lists them, and URLs discovered in lists or imports."""

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
from db.writer import ask_on, execute_on

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.records import DiscoveredUrl, Every, Seed


# A list that gives so many pages one and the same time means its own; a handful may well be published at once.
_SAME_TIME_PAGES = 10
_CLOCK_SKEW = timedelta(minutes=15)  # a site's clock may be ahead of ours


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
    watched = [record for record in seeds if keys[record.url] not in forgotten]
    before = _index_sources(connection)
    for record in watched:
        row = {
            "group": record.group,
            "name": record.name,
            "url": record.url,
            "kind": str(record.kind),
            "every": every_column(record.every),
            "note": record.note,
            "language": record.language,
            "allow_private": record.allow_private,
            "budget": record.budget,
            "retired_at": None,
        }
        new = insert(seed).values(key=record.key, first_read_at=micros(now), **row)
        connection.execute(new.on_conflict_do_update(index_elements=["key"], set_=row))
        seed_id = connection.execute(select(seed.c.id).where(seed.c.key == record.key)).scalar_one()
        _sync_source(connection, record, seed_id, keys[record.url], now)
    if retire:
        missing = and_(seed.c.key.not_in([record.key for record in watched]), seed.c.retired_at.is_(None))
        connection.execute(update(seed).where(missing).values(retired_at=micros(now)))
    if _index_sources(connection) != before:
        list_membership.update_all_watching(connection, ask)


def _index_sources(connection: Connection) -> set[tuple[int, int]]:
    """Return the sources that are rows of the index themselves, each with its seed."""
    active = select(source.c.id, seed.c.id.label("seed_id")).join(seed, seed.c.id == source.c.seed_id)
    own = active.where(source.c.found_in.is_(None), source.c.retired_at.is_(None), seed.c.retired_at.is_(None))
    return {(row.id, row.seed_id) for row in connection.execute(own)}


def _sync_source(connection: Connection, record: Seed, seed_id: int, url_key: str, now: datetime) -> None:
    """Upsert the source of a seed, and retire the source the seed had before its address was edited."""
    # A source that a feed brought or an import added becomes the seed's own once a person lists it.
    own = {"seed_id": seed_id, "kind": str(record.kind), "retired_at": None, "found_in": None}
    new = insert(source).values(url=record.url, url_key=url_key, found_at=micros(now), **own)
    connection.execute(new.on_conflict_do_update(index_elements=["url_key"], set_=own))
    former = and_(source.c.seed_id == seed_id, source.c.found_in.is_(None), source.c.url_key != url_key)
    connection.execute(update(source).where(former, source.c.retired_at.is_(None)).values(retired_at=micros(now)))


def every_column(every: Every) -> str:
    """Return the column value for how often a source is checked: ``auto``, ``once`` or seconds."""
    return str(every.total_seconds()) if isinstance(every, timedelta) else every


def add_source(connection: Connection, url: str, url_key: str, now: datetime) -> int:
    """Return the id of the source with this key, adding it if it is new. Without a seed it is stored but not watched.

    Raises BadInput for an address that was forgotten on request.
    """
    refuse(tombstones.forgotten(ask_on(connection), [url_key]))
    return ensure_source(connection, url, url_key, now)


_ADD_SOURCE = """
    INSERT INTO source (url, url_key, kind, found_at) VALUES (:url, :url_key, 'article', :found_at)
    ON CONFLICT DO NOTHING"""


def add_sources(connection: Connection, urls: Mapping[str, str], now: datetime) -> dict[str, int]:
    """Return the ids of the sources with these keys, adding those that are new, as ``add_source`` does.

    ``urls`` maps url_keys to addresses. Raises BadInput, and adds none, if one of them was forgotten on request.
    """
    refuse(tombstones.forgotten(ask_on(connection), urls))
    rows = [{"url": url, "url_key": key, "found_at": micros(now)} for key, url in urls.items()]
    if rows:
        execute_on(connection, _ADD_SOURCE, rows)
    return _source_ids(connection, list(urls))


def ensure_source(connection: Connection, url: str, url_key: str, now: datetime) -> int:
    """Return the id of the source with this key, adding it if it is new, forgotten or not."""
    connection.execute(
        insert(source).values(url=url, url_key=url_key, kind="article", found_at=micros(now)).on_conflict_do_nothing()
    )
    return int(connection.execute(select(source.c.id).where(source.c.url_key == url_key)).scalar_one())


def add_discovered(
    connection: Connection,
    discovered: Sequence[tuple[DiscoveredUrl, str]],
    list_id: int,
    now: datetime,
    *,
    is_whole: bool = True,
) -> list[int]:
    """Add URLs discovered in a list (each with its url_key) as sources of its seed, and return the new ids.

    A source that no seed watches is watched from now on (``db.store.list_membership``). For sources that are known
    already, the time of their last update according to the list is stored. Addresses forgotten on request are left out.
    ``is_whole`` is False if the list could not be read in full: nothing is retired that it does not name.
    """
    ask = ask_on(connection)
    forgotten = tombstones.forgotten(ask, (url_key for _, url_key in discovered))
    allowed = [(entry, url_key) for entry, url_key in discovered if url_key not in forgotten]
    seed_id = connection.execute(select(source.c.seed_id).where(source.c.id == list_id)).scalar_one()
    known = _source_ids(connection, [url_key for _, url_key in allowed])
    new = []
    for entry, url_key in allowed:
        if url_key in known:
            continue
        row = {"url": entry.url, "url_key": url_key, "kind": str(entry.kind), "seed_id": seed_id, "found_in": list_id}
        addition = insert(source).values(found_at=micros(now), **row).returning(source.c.id)
        known[url_key] = connection.execute(addition).scalar_one()
        new.append(known[url_key])
    list_membership.record_listing(connection, ask, list(known.values()), list_id, now, is_whole=is_whole)
    _record_hints(connection, allowed, now)
    return new


def _source_ids(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    """Return the ids of the known sources with these keys. One query for a whole list."""
    rows = connection.execute(select(source.c.url_key, source.c.id).where(source.c.url_key.in_(keys)))
    return {row.url_key: row.id for row in rows}


def _record_hints(connection: Connection, discovered: Sequence[tuple[DiscoveredUrl, str]], now: datetime) -> None:
    """Store the newest time at which a list says each page was updated, at the source that keeps the page's history.

    Times in the future are useless. One time given for all of many pages is that of the list itself.
    """
    hints = {url_key: entry.updated_at for entry, url_key in discovered if entry.updated_at is not None}
    if len(hints) >= _SAME_TIME_PAGES and len(set(hints.values())) == 1:
        return
    for url_key, updated_at in hints.items():
        if updated_at <= now + _CLOCK_SKEW:
            root = select(func.coalesce(source.c.same_as, source.c.id)).where(source.c.url_key == url_key)
            older = or_(source.c.hinted_at.is_(None), source.c.hinted_at < micros(updated_at))
            is_root = source.c.id == root.scalar_subquery()
            connection.execute(update(source).where(is_root, older).values(hinted_at=micros(updated_at)))
