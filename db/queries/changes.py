"""Queries of changes by time, page by page. Each reads an index in its order and stops at the limit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db.microseconds import instant, instant_or_none, micros_or_none
from db.queries import row_mapping
from db.records import InboxEntry, InboxFilter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from db.reader import Ask, Row
    from db.records import Version

    Cursor = tuple[int, int]  # the position of a row in the order of time: its instant in microseconds, its id

_FROM = f"FROM version v JOIN source s ON s.id = v.source_id JOIN {row_mapping.TEXT}"
_IS_CHANGE = "v.superseded_at IS NULL AND v.number > 1"

MOST_READ = 400
"""Changes read for one page at most, each with its history: 10 ms where nothing matches the filters."""


def all_read_until(ask: Ask, reader: str) -> datetime | None:
    """Return the instant up to which a reader marked everything as read, or None if it never was."""
    rows = ask("SELECT until_at FROM caught_up WHERE reader = :reader ORDER BY id DESC LIMIT 1", reader=reader)
    return instant_or_none(rows[0]["until_at"]) if rows else None


def read_until(ask: Ask, source_id: int, reader: str) -> datetime | None:
    """Return the instant up to which a reader marked the history of an article as read."""
    rows = ask("SELECT until_at FROM seen WHERE source_id = :id AND reader = :reader", id=source_id, reader=reader)
    return instant(rows[0]["until_at"]) if rows else all_read_until(ask, reader)


def newest_change_at(ask: Ask) -> datetime | None:
    """Return the first sight of the newest change of all."""
    rows = ask(f"SELECT max(v.first_seen_at) AS newest FROM version v WHERE {_IS_CHANGE}")
    return instant_or_none(rows[0]["newest"])


# One look-up for the read mark of an article and one for a newer version. No version is read that no page shows.
_NEWEST_CHANGES = f"""
    SELECT v.id, v.source_id, v.first_seen_at, v.kinds, v.score, m.until_at AS read_until, s.url
    FROM version v INDEXED BY ix_version_first_seen_at_number
    JOIN source s ON s.id = v.source_id
    LEFT JOIN seen m ON m.source_id = v.source_id AND m.reader = :reader
    WHERE {_IS_CHANGE} AND v.cause <> 'recipe'
      AND v.first_seen_at >= :since AND v.first_seen_at < :until AND (v.first_seen_at, v.id) < (:at, :id)
      AND NOT EXISTS (SELECT 1 FROM version w WHERE w.source_id = v.source_id AND w.first_seen_at > v.first_seen_at
                      AND w.superseded_at IS NULL AND w.cause <> 'recipe')
    ORDER BY v.first_seen_at DESC, v.id DESC
    LIMIT :limit"""

_LAST = 1 << 62


def inbox(
    ask: Ask, filters: InboxFilter, *, after: Cursor | None, limit: int
) -> tuple[list[InboxEntry], Cursor | None]:
    """Return the articles that changed since they were read, newest first after ``after``, and the next cursor.

    The cursor is None after the last page.
    """
    entries: list[InboxEntry] = []
    all_read = None if filters.everything else micros_or_none(all_read_until(ask, filters.reader))
    since = max(micros_or_none(filters.since) or 0, 0)
    cursor, read = after, 0
    while len(entries) < limit and read < MOST_READ:
        instant_before, id_before = cursor or (_LAST, _LAST)
        until = min(micros_or_none(filters.until) or _LAST, instant_before + 1)  # the index covers the instant alone
        bounds = {"since": since, "until": until, "at": instant_before, "id": id_before, "limit": _BATCH}
        rows = ask(_NEWEST_CHANGES, reader=filters.reader, **bounds)
        for cursor, entry in _entries(ask, rows, filters, all_read):
            entries += [] if entry is None else [entry]
            if len(entries) == limit:
                return entries, cursor
        read += len(rows)
        old_from = _nothing_new_until(ask, all_read, filters.reader)
        if len(rows) < _BATCH or (cursor is not None and cursor[0] <= old_from):
            return entries, None
    return entries, cursor


def _nothing_new_until(ask: Ask, all_read: int | None, reader: str) -> int:
    """Return the instant up to which nothing is new. An article's own mark may be earlier than that of everything."""
    if all_read is None:
        return -1
    earliest = ask("SELECT min(until_at) AS earliest FROM seen WHERE reader = :reader", reader=reader)[0]["earliest"]
    return all_read if earliest is None else min(all_read, int(earliest))


def _entries(
    ask: Ask, rows: Sequence[Row], filters: InboxFilter, all_read: int | None
) -> Iterator[tuple[Cursor, InboxEntry | None]]:
    """Yield the entry of each article with its position, or None if nothing in it is new and matches the filters.

    Histories are read in small batches. Read for all 200 articles at once, long histories took 41 of 50 ms of CPU, and
    as many reads of a cold file.
    """
    for start in range(0, len(rows), _HISTORIES):
        batch = rows[start : start + _HISTORIES]
        histories = _histories(ask, [row for row in batch if _may_match(row, filters, all_read)])
        for row in batch:
            history = histories.get(row["id"])
            entry = None if history is None else _entry(ask, row, history, filters, all_read)
            yield (row["first_seen_at"], row["id"]), entry


_BATCH, _HISTORIES = 200, 25
"""Articles read at once, and articles whose histories are read at once: a page of the inbox."""


def _may_match(row: Row, filters: InboxFilter, all_read: int | None) -> bool:
    """False if the newest version alone shows that nothing is new, or is of another host."""
    read_at = _read_at(row, filters, all_read)
    is_new = read_at is None or row["first_seen_at"] > read_at
    return is_new and (filters.host is None or _is_at_host(row["url"], filters.host))


def _read_at(row: Row, filters: InboxFilter, all_read: int | None) -> int | None:
    if filters.everything:
        return None
    return all_read if row["read_until"] is None else int(row["read_until"])


_EDITS = """
    SELECT f.key AS place, v.id, v.number, v.first_seen_at, v.cause, v.kinds, v.score FROM json_each(:sources) f
    CROSS JOIN version v INDEXED BY ix_version_source_id_first_seen_at_number
    ON v.source_id = f.value AND v.superseded_at IS NULL ORDER BY 1, v.first_seen_at, v.number"""


def _histories(ask: Ask, newest: Sequence[Row]) -> dict[int, list[Row]]:
    """Return the versions of each history, by the id of its newest version: one query for all of them."""
    histories: dict[int, list[Row]] = {row["id"]: [] for row in newest}
    for row in ask(_EDITS, sources=json.dumps([row["source_id"] for row in newest])):
        histories[newest[row["place"]]["id"]].append(row)
    return histories


def _entry(ask: Ask, row: Row, history: Sequence[Row], filters: InboxFilter, all_read: int | None) -> InboxEntry | None:
    """Return the entry of the article whose newest version is ``row``, or None if nothing new matches the filters."""
    read_at = _read_at(row, filters, all_read)
    read = [version for version in history if read_at is not None and version["first_seen_at"] <= read_at]
    base = read[-1] if read else history[0]
    changes = [version for version in history if version["number"] > base["number"] and version["cause"] != "recipe"]
    distinct = dict.fromkeys(change["kinds"] for change in changes)  # many changes have few different kinds
    kinds = tuple(dict.fromkeys(kind for column in distinct for kind in json.loads(column)))
    score = max((change["score"] for change in changes), default=0.0)
    if (filters.kinds and not set(filters.kinds).intersection(kinds)) or score < filters.least or not changes:
        return None
    ends = {end["id"]: end for end in ask(_ENDS, a=base["id"], b=history[-1]["id"])}
    newest = ends[history[-1]["id"]]
    return InboxEntry(
        source_id=row["source_id"],
        newest=row_mapping.version(newest),
        seen=row_mapping.version(ends[base["id"]]),
        kinds=kinds,
        score=score,
        changes=len(changes),
        group=newest["seed_group"] or "",
        place=(row["first_seen_at"], row["id"]),
    )


def _is_at_host(url: str, host: str) -> bool:
    own_host = url.partition("://")[2].partition("/")[0].partition(":")[0]
    return own_host.removeprefix("www.") == host.removeprefix("www.")


_ENDS = f"""SELECT {row_mapping.VERSION}, d."group" AS seed_group {_FROM} LEFT JOIN seed d ON d.id = s.seed_id
    WHERE v.id IN (:a, :b)"""


_BY_TIME = """
    SELECT v.id, v.first_seen_at, v.kinds FROM version v {index}
    WHERE v.superseded_at IS NULL AND v.number >= :number {more}
      AND v.first_seen_at >= :since AND v.first_seen_at < :until AND (v.first_seen_at, v.id) < (:at, :id)
    ORDER BY v.first_seen_at DESC, v.id DESC LIMIT :limit"""
_VERSIONS = f"""
    SELECT {row_mapping.VERSION}, v.source_id FROM json_each(:ids) f CROSS JOIN version v ON v.id = f.value
    JOIN source s ON s.id = v.source_id JOIN {row_mapping.TEXT} ORDER BY f.key"""
_FILTERED_BY_KIND = 2_000
"""Versions read for one page to find those of a kind: 15 ms."""


def versions_by_time(
    ask: Ask,
    *,
    since: datetime | None,
    until: datetime | None,
    firsts: bool,
    source: int | None,
    kind: str | None,
    after: Cursor | None,
    limit: int,
) -> tuple[list[tuple[Version, int]], Cursor | None]:
    """Return versions by first sight, newest first, each with the id of its source, and the next cursor or None.

    ``firsts``: include versions that are no change. ``kind``: only changes of that kind. They are filtered from a fixed
    number of versions, so a page may have fewer than ``limit``, or none, and still a next cursor.
    """
    instant_before, id_before = after or (_LAST, _LAST)
    more = "" if firsts else "AND v.cause <> 'recipe'"
    more += " AND v.source_id = :source" * (source is not None)
    index = "INDEXED BY ix_version_first_seen_at_number" if source is None else ""
    size = limit + 1 if kind is None else _FILTERED_BY_KIND
    read = ask(
        _BY_TIME.format(index=index, more=more),
        number=1 if firsts else 2,
        source=source,
        since=micros_or_none(since) or 0,
        until=min(micros_or_none(until) or _LAST, instant_before + 1),
        at=instant_before,
        id=id_before,
        limit=size,
    )
    matches = [row for row in read if kind is None or kind in json.loads(row["kinds"])]
    page = matches[:limit]
    end = page[-1] if len(matches) > limit else read[-1] if len(read) == size else None
    cursor = None if end is None else (end["first_seen_at"], end["id"])
    rows = ask(_VERSIONS, ids=json.dumps([row["id"] for row in page]))
    return [(row_mapping.version(row), row["source_id"]) for row in rows], cursor


def source_ids(ask: Ask, url_keys: Sequence[str]) -> dict[str, int]:
    """Return the ids of the sources with these url_keys, by key."""
    sql = "SELECT id, url_key FROM source WHERE url_key IN (SELECT value FROM json_each(:urls))"
    return {row["url_key"]: row["id"] for row in ask(sql, urls=json.dumps(list(url_keys)))}
