"""Write what a run learns of origins: how fast they may be asked, and the pages fetched only as evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros, micros_or_none
from db.schema import origin, source
from db.store.captures import add_captures

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.records import Capture, HostState, SeedKind

    SideCapture = tuple[SeedKind, str, Capture, bytes | None]  # kind, url_key, capture, payload


def record_side_captures(
    connection: Connection,
    side_captures: Sequence[SideCapture],
    host_states: Sequence[HostState],
    now: datetime,
    run_id: int | None = None,
) -> list[int]:
    """Add the side captures of a run and the host states it learned, and return the ids of the new captures.

    Their sources have no seed, so nothing visits them again.
    """
    _record_host_states(connection, host_states, now)
    pairs = []
    for kind, url_key, capture, payload in side_captures:
        source_id = _source(connection, capture.url, url_key, kind, now)
        pairs.append((replace(capture, source_id=source_id), payload))
    return add_captures(connection, pairs, run_id)


def _source(connection: Connection, url: str, url_key: str, kind: SeedKind, now: datetime) -> int:
    """Return the id of the source with this key. A source that a seed watches keeps its kind."""
    row = {"url": url, "url_key": url_key, "kind": str(kind), "found_at": micros(now)}
    new = insert(source).values(**row)
    unwatched = source.c.seed_id.is_(None)
    connection.execute(new.on_conflict_do_update(index_elements=["url_key"], set_={"kind": str(kind)}, where=unwatched))
    return int(connection.execute(select(source.c.id).where(source.c.url_key == url_key)).scalar_one())


def _record_host_states(connection: Connection, states: Iterable[HostState], now: datetime) -> None:
    """Store the state of each origin in place of the one before.

    ``updated_at`` is when the origin last answered, because every answer teaches something.
    """
    for state in states:
        row = {
            "delay": state.delay,
            "latency": state.latency,
            "clean": state.clean,
            "paused_until_at": micros_or_none(state.paused_until_at),
            "robots_failing_since_at": micros_or_none(state.robots_failing_since_at),
            "probed_at": micros_or_none(state.probed_at),
            "updated_at": micros(state.answered_at or now),
        }
        new = insert(origin).values(name=state.origin, **row)
        connection.execute(new.on_conflict_do_update(index_elements=["name"], set_=row))


_REQUEUE_HOST = """
    INSERT INTO underived (capture_id)
    SELECT c.id FROM source s
    JOIN capture c ON c.source_id = s.id AND c.captured_at BETWEEN :since AND :until
    WHERE s.url_key >= :low AND s.url_key < :high AND s.kind = 'article'
      AND c.reason IS NULL AND c.payload_id IS NOT NULL
      AND EXISTS (SELECT 1 FROM derivation d WHERE d.capture_id = c.id)
      AND c.id NOT IN (SELECT capture_id FROM underived)"""


def requeue_host(connection: Connection, keys: tuple[str, str], since: datetime, until: datetime) -> int:
    """Put the derived pages of a host's articles captured in the window back on the ledger, and return how many.

    ``keys`` is the range of the host's url_keys without its end. The window includes both ends.
    """
    values = {"low": keys[0], "high": keys[1], "since": micros(since), "until": micros(until)}
    return connection.execute(sql(_REQUEUE_HOST), values).rowcount
