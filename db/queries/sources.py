"""Queries of sources: what is watched, and the state of each source for the plan."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING

from db.microseconds import instant_or_none
from db.queries import future_captures, origins, row_mapping
from db.records import Every, Reason, Source, SourceState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from db.reader import Ask, Row

_ALL = f"SELECT {row_mapping.SOURCE}, d.key AS seed_key FROM source s LEFT JOIN seed d ON d.id = s.seed_id"


_LONGEST_PAUSE = timedelta(hours=25)  # of a server's Retry-After; see archive.crawl.fetch.retry_after


def by_url_key(ask: Ask, url_key: str) -> Source | None:
    """Return the source with this key, or the one that keeps its history. None: unknown."""
    rows = ask(f"{_ALL} WHERE s.id = (SELECT coalesce(same_as, id) FROM source WHERE url_key = :key)", key=url_key)
    return row_mapping.source(rows[0]) if rows else None


def ids_of_keys(ask: Ask, url_keys: Collection[str]) -> dict[str, int]:
    """Map those of these url_keys that are a source's to the source."""
    sql = "SELECT s.url_key, s.id FROM json_each(:url_keys) k CROSS JOIN source s ON s.url_key = k.value"
    return {row["url_key"]: row["id"] for row in ask(sql, url_keys=json.dumps(list(url_keys)))} if url_keys else {}


def by_id(ask: Ask, source_id: int) -> Source:
    """Return the source with this id, which must exist."""
    return row_mapping.source(ask(f"{_ALL} WHERE s.id = :id", id=source_id)[0])


def history_root(ask: Ask, source_id: int) -> Source | None:
    """Return the source with this id, or the one that keeps its history. None: there is no such source."""
    root = "(SELECT coalesce(same_as, id) FROM source WHERE id = :id)"
    rows = ask(f"{_ALL} WHERE s.id = {root} AND s.kind NOT IN {_EVIDENCE}", id=source_id)
    return row_mapping.source(rows[0]) if rows else None


_EVIDENCE = "('robots', 'probe')"  # kinds that are captured as evidence and never watched


def all_sources(ask: Ask) -> list[Source]:
    """Return every source by url_key, without robots.txt files and probes."""
    return [row_mapping.source(row) for row in ask(f"{_ALL} WHERE s.kind NOT IN {_EVIDENCE} ORDER BY s.url_key")]


def aliases(ask: Ask, source_id: int) -> list[Source]:
    """Return the sources whose captures belong to the history of ``source_id``: itself and those joined to it."""
    return [
        row_mapping.source(row)
        for row in ask(f"{_ALL} WHERE s.id = :id OR s.same_as = :id ORDER BY s.id", id=source_id)
    ]


def similar_urls(ask: Ask, needle: str, limit: int = 5) -> list[str]:
    """Return addresses in the archive that contain ``needle``, for "did you mean"."""
    # instr instead of LIKE: addresses are full of LIKE's wildcards.
    sql = f"""SELECT url FROM source WHERE instr(lower(url), lower(:needle)) > 0 AND kind NOT IN {_EVIDENCE}
              ORDER BY length(url), url LIMIT :limit"""
    return [row["url"] for row in ask(sql, needle=needle, limit=limit)]


# Of the captures of a source: l is the newest, o the newest that brought a page or a 304 (l, unless the last checks
# failed), and w the newest with a page. w is only asked for validators, so a source without any has none. No order:
# the plan sorts, and sorting such wide rows costs a tenth of the query.
_STATES = f"""
    SELECT {row_mapping.SOURCE}, d.key AS seed_key, d.every, d.language, d.allow_private, d.budget,
           d.retired_at AS seed_retired_at,
           l.captured_at, l.reason, l.retry_at, o.etag, o.last_modified, w.final_url AS validators_url,
           w.payload_id AS held_id,
           CASE WHEN w.id IS NOT NULL THEN
             (SELECT json_extract(h.value, '$[1]') FROM json_each(w.exchange, '$.request') h
              WHERE lower(json_extract(h.value, '$[0]')) = 'accept-encoding') END AS validators_coding,
           (SELECT count(*) FROM capture u WHERE u.source_id = s.id AND u.provenance = 'live'
              AND u.reason = 'not_modified' AND u.captured_at > w.captured_at
              AND u.captured_at <= :until) AS unmodified,
           (SELECT count(*) FROM capture q WHERE q.part_of = w.id) AS further,
           coalesce(w.flags LIKE '%"list-damaged"%' OR w.flags LIKE '%"kind-%', FALSE) AS half_read,
           CASE WHEN w.id IS NULL THEN FALSE ELSE EXISTS (SELECT 1 FROM capture m WHERE m.source_id = s.id
              AND m.flags <> '[]' AND m.flags LIKE '%"validator-lied"%') END AS misled,
           coalesce((SELECT max(v.first_seen_at) FROM version v WHERE v.source_id = s.id AND v.superseded_at IS NULL
                       AND v.number > 1), b.brought_at) AS changed_at,
           (SELECT count(*) FROM version n WHERE n.source_id = s.id AND n.superseded_at IS NULL AND n.number > 1
              AND n.cause <> 'recipe' AND n.first_seen_at > s.found_at) AS changes,
           (SELECT n.published_at FROM version n
            WHERE n.source_id = s.id AND n.superseded_at IS NULL AND n.number = 1) AS published_at,
           CASE WHEN l.id = o.id THEN 0 ELSE
             (SELECT count(*) FROM capture f WHERE f.source_id = s.id AND f.provenance = 'live' AND f.reason IS NOT NULL
                AND f.reason <> 'not_modified' AND f.part = 1 AND f.captured_at > coalesce(o.captured_at, 0)
                AND f.captured_at <= :until) END AS failures
    FROM source s
    JOIN seed d ON d.id = s.seed_id
    LEFT JOIN (SELECT found_in, max(found_at) AS brought_at FROM source GROUP BY found_in) b ON b.found_in = s.id
    LEFT JOIN capture l ON l.id = (SELECT c.id FROM capture c WHERE c.source_id = s.id AND c.provenance = 'live'
                                     AND c.captured_at <= :until
                                     AND c.part = 1
                                   ORDER BY c.captured_at DESC, c.id DESC LIMIT 1)
    LEFT JOIN capture o ON o.id = CASE WHEN l.reason IS NULL OR l.reason = 'not_modified' THEN l.id ELSE
      (SELECT c.id FROM capture c WHERE c.source_id = s.id AND c.provenance = 'live' AND c.captured_at <= :until
         AND (c.reason IS NULL OR c.reason = 'not_modified') AND c.part = 1
       ORDER BY c.captured_at DESC, c.id DESC LIMIT 1) END
    LEFT JOIN capture w ON w.id = CASE WHEN o.etag IS NOT NULL OR o.last_modified IS NOT NULL THEN
      (SELECT c.id FROM capture c WHERE c.source_id = s.id AND c.provenance = 'live' AND c.captured_at <= :until
         AND c.reason IS NULL AND c.part = 1
       ORDER BY c.captured_at DESC, c.id DESC LIMIT 1) END
    WHERE {{where}}"""

# The plus keeps SQLite from reading all sources in the order of that index.
_THESE = "s.id IN (SELECT value FROM json_each(:ids)) AND +s.same_as IS NULL"
_SHARING_A_BUDGET = """
    SELECT t.id FROM source t JOIN seed e ON e.id = t.seed_id
    WHERE e."group" IN (SELECT b."group" FROM seed b WHERE b.budget IS NOT NULL AND b."group" IN (
        SELECT p."group" FROM json_each(:ids) f CROSS JOIN source q ON q.id = f.value CROSS JOIN seed p
        ON p.id = q.seed_id))"""


def states(ask: Ask, source_ids: Collection[int] | None = None, *, now: datetime | None = None) -> list[SourceState]:
    """Return what the plan needs to know of every watched source. Sources known by import alone are not watched.

    A list last changed when it last brought a new source. ``source_ids``: only of these, and of all sources of their
    groups that have a budget: what it leaves for one source depends on the others. ``now``: checks dated later than
    that, by a run whose clock was wrong, do not count, nor do times later than that which they left.
    """
    pauses, until = origins.pauses(ask), future_captures.latest(now)
    if source_ids is None:
        rows = ask(_STATES.format(where="s.same_as IS NULL"), until=until)
    else:
        sharing = ask(_SHARING_A_BUDGET, ids=json.dumps(sorted(source_ids)))
        ids = json.dumps(sorted({*source_ids, *(row["id"] for row in sharing)}))
        rows = ask(_STATES.format(where=_THESE), ids=ids, until=until)
    return [_state(row, pauses, until, now) for row in sorted(rows, key=itemgetter("url_key"))]


def _state(row: Row, pauses: dict[str, datetime], latest: int, now: datetime | None) -> SourceState:
    if row["retired_at"] is None:
        row["retired_at"] = row["seed_retired_at"]
    has_page = row["held_id"] is not None  # a 304 is useless without the page it confirms
    row["found_at"], changed_at = min(row["found_at"], latest), row["changed_at"]
    return SourceState(
        source=row_mapping.source(row),
        every=parse_every(row["every"]),
        allow_private=bool(row["allow_private"]),
        language=row["language"],
        last_visit_at=instant_or_none(row["captured_at"]),
        last_change_at=instant_or_none(None if changed_at is None else min(changed_at, latest)),
        last_reason=None if row["reason"] is None else Reason(row["reason"]),
        failures=row["failures"],
        not_before_at=_not_before(row, pauses, now),
        etag=row["etag"] if has_page else None,
        last_modified=row["last_modified"] if has_page else None,
        validators_url=row["validators_url"] if has_page else None,
        validators_coding=row["validators_coding"] if has_page else None,
        unmodified=row["unmodified"],
        misled=bool(row["misled"]),
        half_read=bool(row["half_read"]),
        parts=1 + row["further"],
        changes=row["changes"],
        published_at=instant_or_none(row["published_at"]),
        budget=row["budget"],
        is_listed=row["found_in"] is None,
    )


def _not_before(row: Row, pauses: dict[str, datetime], now: datetime | None) -> datetime | None:
    """Return the later of the wait that the source's last answer asked for and the pause of its origin.

    A pause longer than any that is kept was set by a wrong clock, and does not count.
    """
    own = instant_or_none(row["retry_at"])
    shared = pauses.get(origins.origin_name(row["url"])) if pauses else None
    latest = None if now is None else now + _LONGEST_PAUSE
    return max((end for end in (own, shared) if end is not None and (latest is None or end <= latest)), default=None)


@lru_cache(maxsize=512)  # a hundred thousand sources have a few different values
def parse_every(column: str) -> Every:
    """Parse the column for how often a source is checked: ``auto``, ``once``, ``paused`` or seconds."""
    match column:
        case "auto" | "once" | "paused":
            return column
    return timedelta(seconds=float(column))


def any_source(ask: Ask) -> bool:
    """True if there is any source."""
    return bool(ask("SELECT 1 FROM source LIMIT 1"))


def ids_matching(ask: Ask, names: Sequence[str]) -> list[int]:
    """Return the sources whose seed, group or address is in ``names``, or none for no names."""
    sql = """SELECT s.id FROM source s JOIN seed d ON d.id = s.seed_id
             WHERE d.key = :name OR d."group" = :name OR d.name = :name OR s.url = :name ORDER BY s.url_key"""
    return list(dict.fromkeys(row["id"] for name in names for row in ask(sql, name=name)))
