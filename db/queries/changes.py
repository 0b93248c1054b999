"""Questions about what changed, by time and page by page: each reads an index in its order and stops at the limit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db.microseconds import instant, instant_or_none, micros_or_none
from db.queries import row_mapping
from db.records import News

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from db.reader import Ask, Row
    from db.records import NewsFilters, Version

    Place = tuple[int, int]  # where a row stands in the order of time: its instant in microseconds, its id

_FROM = f"FROM version v JOIN source s ON s.id = v.source_id JOIN {row_mapping.TEXT}"
_A_CHANGE = "v.superseded_at IS NULL AND v.number > 1"

LOOKED_AT = 400
"""Changes looked at for one page at most, each with its history: with filters that fit nothing that takes 10 ms."""


def caught_up(ask: Ask) -> datetime | None:
    """Up to when everything was looked at, if that was ever said."""
    found = ask("SELECT until_at FROM caught_up ORDER BY id DESC LIMIT 1")
    return instant_or_none(found[0]["until_at"]) if found else None


def seen_until(ask: Ask, source_id: int) -> datetime | None:
    """Up to when the history of an article was looked at."""
    found = ask("SELECT until_at FROM seen WHERE source_id = :id", id=source_id)
    return instant(found[0]["until_at"]) if found else caught_up(ask)


def newest_at(ask: Ask) -> datetime | None:
    """When the newest change of all was first seen."""
    found = ask(f"SELECT max(v.first_seen_at) AS at FROM version v WHERE {_A_CHANGE}")
    return instant_or_none(found[0]["at"])


# One look-up each for the mark of the article and for a newer version of it; no version is read that no page shows.
_NEWS = f"""
    SELECT v.id, v.source_id, v.first_seen_at, v.kinds, v.score, m.until_at AS seen_until, s.url
    FROM version v INDEXED BY ix_version_first_seen_at_number
    JOIN source s ON s.id = v.source_id
    LEFT JOIN seen m ON m.source_id = v.source_id
    WHERE {_A_CHANGE} AND v.cause <> 'recipe'
      AND v.first_seen_at >= :since AND v.first_seen_at < :until AND (v.first_seen_at, v.id) < (:at, :id)
      AND NOT EXISTS (SELECT 1 FROM version w WHERE w.source_id = v.source_id AND w.first_seen_at > v.first_seen_at
                      AND w.superseded_at IS NULL AND w.cause <> 'recipe')
    ORDER BY v.first_seen_at DESC, v.id DESC
    LIMIT :limit"""

_LAST = 1 << 62


def news(ask: Ask, wanted: NewsFilters, *, after: Place | None, limit: int) -> tuple[list[News], Place | None]:
    """Articles that changed since they were looked at, the newest first, from behind ``after`` on; and where to go on.

    The place is None where there is no more. With ``wanted.everything`` also what was looked at, from its first
    version on.
    """
    found: list[News] = []
    up_to = None if wanted.everything else caught_up(ask)
    seen_at = micros_or_none(up_to)
    since = max(micros_or_none(wanted.since) or 0, 0)
    place, looked = after, 0
    while len(found) < limit and looked < LOOKED_AT:
        at, last = place or (_LAST, _LAST)
        until = min(micros_or_none(wanted.until) or _LAST, at + 1)  # the index knows the instant alone
        some = ask(_NEWS, since=since, until=until, at=at, id=last, limit=_AT_ONCE)
        for place, one in _told(ask, some, wanted, seen_at):
            found += [] if one is None else [one]
            if len(found) == limit:
                return found, place
        looked += len(some)
        if len(some) < _AT_ONCE or (place is not None and place[0] <= _all_seen_until(ask, seen_at)):
            return found, None
    return found, place


def _all_seen_until(ask: Ask, caught_up_at: int | None) -> int:
    """Up to when nothing at all is new: an article may have been put back behind the mark for everything."""
    if caught_up_at is None:
        return -1
    put_back = ask("SELECT min(until_at) AS at FROM seen")[0]["at"]
    return caught_up_at if put_back is None else min(caught_up_at, int(put_back))


def _told(
    ask: Ask, some: Sequence[Row], wanted: NewsFilters, caught_up_at: int | None
) -> Iterator[tuple[Place, News | None]]:
    """What is new of each of these articles, None where nothing that was asked for; no more histories read than used.

    Read with the 200 that are looked at at once, long histories took 41 of 50 ms CPU, and as many reads of a cold file.
    """
    for start in range(0, len(some), _HISTORIES):
        part = some[start : start + _HISTORIES]
        edits = _edits(ask, [row for row in part if _wanted(row, wanted, caught_up_at)])
        for row in part:
            one = _news(ask, row, edits[row["id"]], wanted, caught_up_at) if row["id"] in edits else None
            yield (row["first_seen_at"], row["id"]), one


_AT_ONCE, _HISTORIES = 200, 25
"""Articles looked up at once; and those whose histories are: a page of the inbox."""


def _wanted(row: Row, wanted: NewsFilters, caught_up_at: int | None) -> bool:
    """True unless the newest version alone says that nothing is new, or that it stands elsewhere."""
    seen_at = _seen_at(row, wanted, caught_up_at)
    new = seen_at is None or row["first_seen_at"] > seen_at
    return new and (wanted.host is None or _at_host(row["url"], wanted.host))


def _seen_at(row: Row, wanted: NewsFilters, caught_up_at: int | None) -> int | None:
    if wanted.everything:
        return None
    return caught_up_at if row["seen_until"] is None else int(row["seen_until"])


_EDITS = """
    SELECT f.key AS place, v.id, v.number, v.first_seen_at, v.cause, v.kinds, v.score FROM json_each(:sources) f
    CROSS JOIN version v INDEXED BY ix_version_source_id_first_seen_at_number
    ON v.source_id = f.value AND v.superseded_at IS NULL ORDER BY 1, v.first_seen_at, v.number"""


def _edits(ask: Ask, newest: Sequence[Row]) -> dict[int, list[Row]]:
    """What was done in each history, by the id of its newest version: one question for all of them."""
    told: dict[int, list[Row]] = {row["id"]: [] for row in newest}
    for row in ask(_EDITS, sources=json.dumps([row["source_id"] for row in newest])):
        told[newest[row["place"]]["id"]].append(row)
    return told


def _news(ask: Ask, row: Row, edits: Sequence[Row], wanted: NewsFilters, caught_up_at: int | None) -> News | None:
    """What is new of the article whose newest version this is; None if nothing is that was asked for."""
    seen_at = _seen_at(row, wanted, caught_up_at)
    looked = [each for each in edits if seen_at is not None and each["first_seen_at"] <= seen_at]
    base = looked[-1] if looked else edits[0]
    since = [each for each in edits if each["number"] > base["number"] and each["cause"] != "recipe"]
    said = dict.fromkeys(each["kinds"] for each in since)  # of many edits few differ in kind
    kinds = tuple(dict.fromkeys(kind for each in said for kind in json.loads(each)))
    score = max((each["score"] for each in since), default=0.0)
    if (wanted.kinds and not set(wanted.kinds).intersection(kinds)) or score < wanted.least or not since:
        return None
    ends = {each["id"]: each for each in ask(_ENDS, a=base["id"], b=edits[-1]["id"])}
    newest = ends[edits[-1]["id"]]
    return News(
        source_id=row["source_id"],
        newest=row_mapping.version(newest),
        seen=row_mapping.version(ends[base["id"]]),
        kinds=kinds,
        score=score,
        changes=len(since),
        group=newest["seed_group"] or "",
        place=(row["first_seen_at"], row["id"]),
    )


def _at_host(url: str, host: str) -> bool:
    named = url.partition("://")[2].partition("/")[0].partition(":")[0]
    return named.removeprefix("www.") == host.removeprefix("www.")


_ENDS = f"""SELECT {row_mapping.VERSION}, d."group" AS seed_group {_FROM} LEFT JOIN seed d ON d.id = s.seed_id
    WHERE v.id IN (:a, :b)"""


_BY_TIME = """
    SELECT v.id, v.first_seen_at, v.kinds FROM version v {index}
    WHERE v.superseded_at IS NULL AND v.number >= :number {more}
      AND v.first_seen_at >= :since AND v.first_seen_at < :until AND (v.first_seen_at, v.id) < (:at, :id)
    ORDER BY v.first_seen_at DESC, v.id DESC LIMIT :limit"""
_TOLD = f"""
    SELECT {row_mapping.VERSION}, v.source_id FROM json_each(:ids) f CROSS JOIN version v ON v.id = f.value
    JOIN source s ON s.id = v.source_id JOIN {row_mapping.TEXT} ORDER BY f.key"""
_OF_A_KIND = 2_000
"""Versions among which those of a kind are looked for at once: 15 ms."""


def by_time(
    ask: Ask,
    *,
    since: datetime | None,
    until: datetime | None,
    firsts: bool,
    source: int | None,
    kind: str | None,
    after: Place | None,
    limit: int,
) -> tuple[list[tuple[Version, int]], Place | None]:
    """Versions, the newest first sight first, each with the id of its source; and where to go on, None: nowhere.

    ``firsts``: also those that are no change. ``kind``: only changes of that kind, which are looked for among so many
    that a page may have fewer than ``limit``, or none, and yet a place to go on.
    """
    at, last = after or (_LAST, _LAST)
    more = "" if firsts else "AND v.cause <> 'recipe'"
    more += " AND v.source_id = :source" * (source is not None)
    index = "INDEXED BY ix_version_first_seen_at_number" if source is None else ""
    at_once = limit + 1 if kind is None else _OF_A_KIND
    looked = ask(
        _BY_TIME.format(index=index, more=more),
        number=1 if firsts else 2,
        source=source,
        since=micros_or_none(since) or 0,
        until=min(micros_or_none(until) or _LAST, at + 1),
        at=at,
        id=last,
        limit=at_once,
    )
    found = [row for row in looked if kind is None or kind in json.loads(row["kinds"])]
    shown = found[:limit]
    end = shown[-1] if len(found) > limit else looked[-1] if len(looked) == at_once else None
    place = None if end is None else (end["first_seen_at"], end["id"])
    told = ask(_TOLD, ids=json.dumps([row["id"] for row in shown]))
    return [(row_mapping.version(row), row["source_id"]) for row in told], place


def source_ids(ask: Ask, urls: Sequence[str]) -> dict[str, int]:
    """The ids of the sources with these url_keys, by key."""
    sql = "SELECT id, url_key FROM source WHERE url_key IN (SELECT value FROM json_each(:keys))"
    return {row["url_key"]: row["id"] for row in ask(sql, keys=json.dumps(list(urls)))}
