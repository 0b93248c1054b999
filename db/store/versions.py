"""Writing histories: the versions of a source, as one pure function of all its sightings says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros, micros_or_none
from db.queries import captures
from db.queries import versions as questions
from db.queries.links import first_days
from db.schema import source, text, underived, version
from db.store import links, lsh_index
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Column, Connection, Select

    from db.reader import Ask
    from db.records import Sighting, Version


def settle(
    connection: Connection,
    source_id: int,
    history: Callable[[Sequence[Sighting], Ask], Sequence[Version]],
    now: datetime,
    done: Sequence[int] = (),
) -> list[Version]:
    """Make the stored history of a source equal to what ``history`` says; returns the versions that are new.

    A version is the same one if text and first sight agree; what no longer holds is superseded, never deleted.
    The captures in ``done`` come off the ledger in the same transaction: a crash before it derives them again.
    """
    ask = ask_on(connection)
    wanted = {(v.text_sha256, v.first_seen_at): v for v in history(captures.sightings(ask, source_id), ask)}
    stored = {(v.text_sha256, v.first_seen_at): v for v in _live(ask, source_id)}
    turned = _texts(connection, {digest for digest, _ in wanted.keys() ^ stored.keys()})
    turned += connection.execute(_of_joined(source_id, version.c.text_id)).scalars()
    before = first_days(ask, turned)
    for key in stored.keys() - wanted.keys():
        _supersede(connection, stored[key], now)
    for key in wanted.keys() & stored.keys():
        if _row(wanted[key]) != _row(stored[key]):
            connection.execute(update(version).where(version.c.id == stored[key].id).values(**_row(wanted[key])))
    _supersede_joined(connection, source_id, now)
    new = [each for key, each in wanted.items() if key not in stored]
    for each in new:
        _add(connection, source_id, each, now)
    lsh_index.queue_moved_texts(connection, before, first_days(ask, turned))
    connection.execute(delete(underived).where(underived.c.capture_id.in_(done)))
    return new


def _texts(connection: Connection, digests: set[str]) -> list[int]:
    named = text.c.sha256.in_([bytes.fromhex(each) for each in digests])
    return list(connection.execute(select(text.c.id).where(named)).scalars()) if digests else []


def _of_joined(source_id: int, column: Column[int]) -> Select[tuple[int]]:
    """Of versions that stand at sources which were joined to this one: they are of this history now."""
    sources = select(source.c.id).where(source.c.same_as == source_id)
    return select(column).where(version.c.source_id.in_(sources), version.c.superseded_at.is_(None))


def _live(ask: Ask, source_id: int) -> list[Version]:
    return questions.of_source(ask, source_id)


def _supersede(connection: Connection, each: Version, now: datetime) -> None:
    connection.execute(update(version).where(version.c.id == each.id).values(superseded_at=micros(now)))


def _supersede_joined(connection: Connection, source_id: int, now: datetime) -> None:
    """A source that was joined to this history has none of its own any more."""
    stale = version.c.id.in_(_of_joined(source_id, version.c.id))
    connection.execute(update(version).where(stale).values(superseded_at=micros(now)))


def _add(connection: Connection, source_id: int, each: Version, now: datetime) -> None:
    digest = bytes.fromhex(each.text_sha256)
    text_id = connection.execute(select(text.c.id).where(text.c.sha256 == digest)).scalar_one()
    row = _row(each) | {"source_id": source_id, "text_id": text_id, "recorded_at": micros(now)}
    connection.execute(insert(version).values(**row))
    links.queue_text(connection, text_id)


def _row(each: Version) -> dict[str, Any]:
    plain = ("number", "title", "byline", "language", "score", "captures", "first_capture_id", "last_capture_id")
    return {name: getattr(each, name) for name in (*plain, "recipe_id")} | {
        "cause": str(each.cause),
        "kinds": json.dumps([str(kind) for kind in each.kinds]),
        "first_seen_at": micros(each.first_seen_at),
        "last_seen_at": micros(each.last_seen_at),
        "dated_at": micros(each.dated_at or each.first_seen_at),
        "published_at": micros_or_none(each.published_at),
    }
