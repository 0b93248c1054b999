"""Write histories: the versions of a source, computed by one pure function from all its sightings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros, micros_or_none
from db.queries import captures
from db.queries import versions as version_queries
from db.queries.links import first_days
from db.schema import source, text, underived, version
from db.store import links, lsh_index
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Column, Connection, Select

    from db.reader import Ask
    from db.records import Sighting, Version


def settle(
    connection: Connection,
    source_id: int,
    history: Callable[[Sequence[Sighting], Ask], Sequence[Version]],
    now: datetime,
    capture_ids: Sequence[int] = (),
    *,
    again: bool = False,
) -> list[Version]:
    """Make the stored history of a source equal to what ``history`` computes, and return the new versions.

    Two versions are the same if text and first sight agree. One that no longer holds is superseded, never deleted.

    ``again``: a stored version is damaged rather than outdated if one with its text and its first capture is computed.
    It gets that one's instants, and is not superseded.

    One transaction reads, decides, writes, and takes ``capture_ids`` off the ledger. So two processes settle one after
    the other, and after a crash the captures are derived again.
    """
    ask = ask_on(connection)
    computed = {(v.text_sha256, v.first_seen_at): v for v in history(captures.sightings(ask, source_id), ask)}
    stored = {(v.text_sha256, v.first_seen_at): v for v in version_queries.of_source(ask, source_id)}
    text_ids = _text_ids(connection, {digest for digest, _ in computed.keys() ^ stored.keys()})
    if again:
        stored = _paired_by_capture(stored, computed)
    text_ids += connection.execute(_of_aliases(source_id, version.c.text_id)).scalars()
    days_before = first_days(ask, text_ids)
    for key in stored.keys() - computed.keys():
        _supersede(connection, stored[key], now)
    for key in computed.keys() & stored.keys():
        if version_columns(computed[key]) != version_columns(stored[key]):
            connection.execute(
                update(version).where(version.c.id == stored[key].id).values(**version_columns(computed[key]))
            )
    _supersede_aliases(connection, source_id, now)
    new = [record for key, record in computed.items() if key not in stored]
    for record in new:
        _add(connection, source_id, record, now)
    lsh_index.queue_moved_texts(connection, days_before, first_days(ask, text_ids))
    connection.execute(delete(underived).where(underived.c.capture_id.in_(capture_ids)))
    return new


def _paired_by_capture(
    stored: Mapping[tuple[str, datetime], Version], computed: Mapping[tuple[str, datetime], Version]
) -> dict[tuple[str, datetime], Version]:
    """Return stored versions under the keys of the computed ones with the same text and first capture."""
    missing = {(digest, computed[digest, at].first_capture_id): (digest, at) for digest, at in computed.keys() - stored}
    pairs = {key: missing.get((v.text_sha256, v.first_capture_id), key) for key, v in stored.items()}
    return {key if key in computed else pairs[key]: version for key, version in stored.items()}


def _text_ids(connection: Connection, digests: set[str]) -> list[int]:
    matches = text.c.sha256.in_([bytes.fromhex(digest) for digest in digests])
    return list(connection.execute(select(text.c.id).where(matches)).scalars()) if digests else []


def _of_aliases(source_id: int, column: Column[int]) -> Select[tuple[int]]:
    """Select a column of the current versions of sources that were joined to this one, whose history they are now."""
    aliases = select(source.c.id).where(source.c.same_as == source_id)
    return select(column).where(version.c.source_id.in_(aliases), version.c.superseded_at.is_(None))


def _supersede(connection: Connection, record: Version, now: datetime) -> None:
    connection.execute(update(version).where(version.c.id == record.id).values(superseded_at=micros(now)))


def _supersede_aliases(connection: Connection, source_id: int, now: datetime) -> None:
    """Supersede the versions of joined sources, which have no history of their own any more."""
    stale = version.c.id.in_(_of_aliases(source_id, version.c.id))
    connection.execute(update(version).where(stale).values(superseded_at=micros(now)))


def _add(connection: Connection, source_id: int, record: Version, now: datetime) -> None:
    digest = bytes.fromhex(record.text_sha256)
    text_id = connection.execute(select(text.c.id).where(text.c.sha256 == digest)).scalar_one()
    row = version_columns(record) | {"source_id": source_id, "text_id": text_id, "recorded_at": micros(now)}
    connection.execute(insert(version).values(**row))
    links.queue_text(connection, text_id)


def version_columns(record: Version) -> dict[str, Any]:
    """Return the columns of a version that follow from the sightings of its source."""
    plain = ("number", "title", "byline", "language", "score", "captures", "first_capture_id", "last_capture_id")
    return {name: getattr(record, name) for name in (*plain, "recipe_id")} | {
        "cause": str(record.cause),
        "kinds": json.dumps([str(kind) for kind in record.kinds]),
        "first_seen_at": micros(record.first_seen_at),
        "last_seen_at": micros(record.last_seen_at),
        "dated_at": micros(record.dated_at or record.first_seen_at),
        "published_at": micros_or_none(record.published_at),
    }
