"""Writing what is learned of origins along the way: their manners, and the pages asked for only as evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros, micros_or_none
from db.schema import origin, source
from db.store import captures

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.records import Capture, HostState, SeedKind

    Evidence = tuple[SeedKind, str, Capture, bytes | None]


def record_side_captures(
    connection: Connection,
    found: Sequence[Evidence],
    learned: Sequence[HostState],
    now: datetime,
    run_id: int | None = None,
) -> list[int]:
    """Add the side captures of a run and the host states it learned; return the ids of the new captures.

    Each side capture comes with its kind and url_key. Their sources have no seed, so nothing visits them again.
    """
    _record_host_states(connection, learned, now)
    return _add_side_captures(connection, found, run_id, now)


def _add_side_captures(
    connection: Connection, found: Sequence[Evidence], run_id: int | None, now: datetime
) -> list[int]:
    """Add captures of pages that are nobody's article, each with its kind and url_key; ids of the new ones.

    Their sources have no seed, so that nothing ever visits them for their own sake.
    """
    pairs = []
    for kind, url_key, each, data in found:
        source_id = _source(connection, each.url, url_key, kind, now)
        pairs.append((replace(each, source_id=source_id), data))
    return captures.add_captures(connection, pairs, run_id)


def _source(connection: Connection, url: str, url_key: str, kind: SeedKind, now: datetime) -> int:
    """The source with this key; one that a person watches stays what the index says it is."""
    row = {"url": url, "url_key": url_key, "kind": str(kind), "found_at": micros(now)}
    new = insert(source).values(**row)
    unwatched = source.c.seed_id.is_(None)
    connection.execute(new.on_conflict_do_update(index_elements=["url_key"], set_={"kind": str(kind)}, where=unwatched))
    return int(connection.execute(select(source.c.id).where(source.c.url_key == url_key)).scalar_one())


def _record_host_states(connection: Connection, learned: Iterable[HostState], now: datetime) -> None:
    """Keep the manners towards these origins in place of what was remembered before.

    ``updated_at`` is when the origin last answered: with every answer something is learned.
    """
    for each in learned:
        row = {
            "delay": each.delay,
            "latency": each.latency,
            "clean": each.clean,
            "paused_until_at": micros_or_none(each.paused_until_at),
            "robots_failing_since_at": micros_or_none(each.robots_failing_since_at),
            "probed_at": micros_or_none(each.probed_at),
            "updated_at": micros(each.answered_at or now),
        }
        new = insert(origin).values(name=each.origin, **row)
        connection.execute(new.on_conflict_do_update(index_elements=["name"], set_=row))


_CONCERNED = """
    INSERT INTO underived (capture_id)
    SELECT c.id FROM source s
    JOIN capture c ON c.source_id = s.id AND c.captured_at BETWEEN :since AND :until
    WHERE s.url_key >= :low AND s.url_key < :high AND s.kind = 'article'
      AND c.reason IS NULL AND c.payload_id IS NOT NULL
      AND EXISTS (SELECT 1 FROM derivation d WHERE d.capture_id = c.id)
      AND c.id NOT IN (SELECT capture_id FROM underived)"""


def requeue_host(connection: Connection, keys: tuple[str, str], since: datetime, until: datetime) -> int:
    """Put the derived pages of articles of one host taken in the window back on the ledger; how many.

    ``keys`` is the range of url_keys of the host, its end left out. Both ends of the window count.
    """
    values = {"low": keys[0], "high": keys[1], "since": micros(since), "until": micros(until)}
    return connection.execute(sql(_CONCERNED), values).rowcount
