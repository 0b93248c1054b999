"""Write histories: the versions of a source, computed by one pure function from all its sightings."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from db.microseconds import micros, micros_or_none
from db.queries import captures
from db.queries import versions as version_queries
from db.queries.links import first_days
from db.store import links, lsh_index
from db.writer import ask_on, execute_on

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from db.reader import Ask
    from db.records import Sighting, Version

# Texts of statements, of our own names alone, built once: compiling an insert for each row was a sixth of an import.
_COMPUTED = (
    *("number", "title", "byline", "language", "score", "captures", "first_capture_id", "last_capture_id"),
    *("recipe_id", "cause", "kinds", "first_seen_at", "last_seen_at", "dated_at", "published_at"),
)
_NAMES = (*_COMPUTED, "source_id", "text_id", "recorded_at")
_ADD = "INSERT INTO version ({}) VALUES ({})".format(", ".join(_NAMES), ", ".join(f":{name}" for name in _NAMES))  # noqa: S608
_UPDATE = "UPDATE version SET {} WHERE id = :id".format(", ".join(f"{name} = :{name}" for name in _COMPUTED))  # noqa: S608
_SUPERSEDE = "UPDATE version SET superseded_at = :now WHERE id = :id"
# The current versions of sources that were joined to these, whose history they are now.
_ALIASES = "SELECT id FROM source WHERE same_as IN (SELECT value FROM json_each(:ids))"
_TEXTS_OF_ALIASES = f"SELECT text_id FROM version WHERE source_id IN ({_ALIASES}) AND superseded_at IS NULL"  # noqa: S608
_SUPERSEDE_ALIASES = f"""
    UPDATE version SET superseded_at = :now WHERE source_id IN ({_ALIASES}) AND superseded_at IS NULL"""  # noqa: S608
_DEQUEUE = "DELETE FROM underived WHERE capture_id IN (SELECT value FROM json_each(:ids))"


def settle(
    connection: Connection,
    source_id: int,
    history: Callable[[Sequence[Sighting], Ask], Sequence[Version]],
    now: datetime,
    capture_ids: Sequence[int] = (),
    *,
    again: bool = False,
) -> list[Version] | None:
    """Make the stored history of a source equal to what ``history`` computes, and return the new versions.

    None, and nothing is changed, if the source was joined to another: then its history is that one's. Two versions are
    the same if text and first sight agree. One that no longer holds is superseded, never deleted.

    ``again``: a stored version is damaged rather than outdated if one with its text and its first capture is computed.
    It gets that one's instants, and is not superseded.

    One transaction reads, decides, writes, and takes ``capture_ids`` off the ledger. So two processes settle one after
    the other, and after a crash the captures are derived again.
    """
    ask = ask_on(connection)
    if ask("SELECT 1 AS n FROM source WHERE id = :id AND same_as IS NOT NULL", id=source_id):
        return None
    computed = {source_id: history(captures.sightings(ask, source_id), ask)}
    return store_histories(connection, ask, computed, now, capture_ids, again=again)[source_id]


def store_histories(
    connection: Connection,
    ask: Ask,
    computed: Mapping[int, Sequence[Version]],
    now: datetime,
    capture_ids: Sequence[int],
    *,
    again: bool = False,
) -> dict[int, list[Version]]:
    """Make the stored histories of these sources equal to the ``computed`` ones. Return the new versions of each.

    All are written by the same few statements.
    """
    changes = [
        _Change.between(source_id, versions, stored, again=again)
        for (source_id, versions), stored in zip(
            computed.items(), version_queries.of_sources(ask, list(computed)).values(), strict=True
        )
    ]
    text_ids = version_queries.text_ids(ask, {digest for change in changes for digest in change.digests})
    moved = {*text_ids.values(), *(row["text_id"] for row in ask(_TEXTS_OF_ALIASES, ids=json.dumps(list(computed))))}
    days_before = first_days(ask, moved)
    instant = micros(now)
    superseded = [{"id": version_id, "now": instant} for change in changes for version_id in change.superseded]
    changed = [version_columns(record) | {"id": record.id} for change in changes for record in change.changed]
    added = [
        version_columns(record)
        | {"source_id": change.source_id, "text_id": text_ids[record.text_sha256], "recorded_at": instant}
        for change in changes
        for record in change.new
    ]
    for statement, rows in ((_SUPERSEDE, superseded), (_UPDATE, changed), (_ADD, added)):
        if rows:
            execute_on(connection, statement, rows)
    execute_on(connection, _SUPERSEDE_ALIASES, {"now": instant, "ids": json.dumps(list(computed))})
    links.queue_texts(connection, [row["text_id"] for row in added])
    lsh_index.queue_moved_texts(connection, days_before, first_days(ask, moved))
    execute_on(connection, _DEQUEUE, {"ids": json.dumps(list(capture_ids))})
    return {change.source_id: change.new for change in changes}


@dataclass(slots=True)
class _Change:
    """The difference between a stored history and the computed one: versions to supersede, to update, and to add."""

    source_id: int
    superseded: list[int]
    changed: list[Version]
    new: list[Version]
    digests: set[str]

    @classmethod
    def between(cls, source_id: int, versions: Sequence[Version], stored: Sequence[Version], *, again: bool) -> _Change:
        """Compare two histories by text and first sight."""
        computed = {(v.text_sha256, v.first_seen_at): v for v in versions}
        before = {(v.text_sha256, v.first_seen_at): v for v in stored}
        digests = {digest for digest, _ in computed.keys() ^ before.keys()}
        if again:
            before = _paired_by_capture(before, computed)
        return cls(
            source_id=source_id,
            superseded=[before[key].id or 0 for key in before.keys() - computed.keys()],
            changed=[
                replace(computed[key], id=before[key].id)
                for key in computed.keys() & before.keys()
                if version_columns(computed[key]) != version_columns(before[key])
            ],
            new=[record for key, record in computed.items() if key not in before],
            digests=digests,
        )


def _paired_by_capture(
    stored: Mapping[tuple[str, datetime], Version], computed: Mapping[tuple[str, datetime], Version]
) -> dict[tuple[str, datetime], Version]:
    """Return stored versions under the keys of the computed ones with the same text and first capture."""
    missing = {(digest, computed[digest, at].first_capture_id): (digest, at) for digest, at in computed.keys() - stored}
    pairs = {key: missing.get((v.text_sha256, v.first_capture_id), key) for key, v in stored.items()}
    return {key if key in computed else pairs[key]: version for key, version in stored.items()}


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
