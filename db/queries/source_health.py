"""Queries of the health of watched sources, and of the whole archive as of an instant: page by page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db.microseconds import instant, instant_or_none, micros
from db.queries import empty_sources, row_mapping
from db.queries import sources as source_queries
from db.records import ArticleAsOf, Check, LastState, ListNote, Relation, SeedKind, SourceHealth

if TYPE_CHECKING:
    from datetime import datetime

    from db.reader import Ask, Row

_EVIDENCE = "('robots', 'probe')"
_LAST_CHECKS = 30
"""Checks of a source in its health."""


_SOURCES = f"""
    SELECT {row_mapping.SOURCE}, d.key AS seed_key, d."group" AS seed_group, d.every
    FROM source s LEFT JOIN seed d ON d.id = s.seed_id
    WHERE s.url_key > :after AND s.kind NOT IN {_EVIDENCE}
      AND (CAST(:wanted AS TEXT) IS NULL OR d."group" = :wanted OR d.key = :wanted)
    ORDER BY s.url_key LIMIT :limit"""
_STATE_OF = """coalesce(c.reason, x.verdict, CASE WHEN c.flags LIKE '%"list-damaged"%'
    OR c.flags LIKE '%"list-refused"%' THEN 'list_damaged' ELSE 'underived' END)"""
_STATE = f"""coalesce((SELECT {_STATE_OF}
    FROM capture c LEFT JOIN derivation x ON x.capture_id = c.id
    WHERE c.source_id = s.id AND c.part = 1 ORDER BY c.captured_at DESC, c.id DESC LIMIT 1), 'unvisited')"""
_STATES = f"""
    SELECT s.id, s.url_key, s.kind, {_STATE} AS state FROM source s LEFT JOIN seed d ON d.id = s.seed_id
    WHERE s.url_key > :after AND s.kind NOT IN {_EVIDENCE}
      AND (CAST(:wanted AS TEXT) IS NULL OR d."group" = :wanted OR d.key = :wanted)
    ORDER BY s.url_key LIMIT :limit"""
_LAST = f"""
    SELECT c.source_id, c.captured_at, {_STATE_OF} AS state,
           coalesce(x.length, 0) AS length, c.retry_at
    FROM capture c LEFT JOIN derivation x ON x.capture_id = c.id
    WHERE c.source_id = :id AND c.part = 1 ORDER BY c.captured_at DESC, c.id DESC LIMIT :n"""
_COUNTS = """
    SELECT (SELECT count(*) FROM capture c WHERE c.source_id = :id AND c.part = 1) AS checks,
           (SELECT count(*) FROM version v WHERE v.source_id = :root AND v.superseded_at IS NULL) AS versions,
           (SELECT max(v.first_seen_at) FROM version v
            WHERE v.source_id = :root AND v.superseded_at IS NULL AND v.number > 1) AS changed_at"""


def list_health(ask: Ask, *, after: str, limit: int, group: str | None = None) -> list[SourceHealth]:
    """Return the health of sources by url_key, after the one given. ``group``: a group, or the key of a seed."""
    return [_health(ask, row) for row in ask(_SOURCES, after=after, limit=limit, wanted=group)]


def last_states(ask: Ask, *, after: str, limit: int, group: str | None = None) -> list[LastState]:
    """Return the sources of ``list_health``, each with its last check alone: a tenth of the work."""
    rows = ask(_STATES, after=after, limit=limit, wanted=group)
    return [
        LastState(source_id=row["id"], url_key=row["url_key"], kind=SeedKind(row["kind"]), state=row["state"])
        for row in rows
    ]


def of_source(ask: Ask, source_id: int) -> SourceHealth:
    """Return the health of one source, which must exist."""
    sql = f"""SELECT {row_mapping.SOURCE}, d.key AS seed_key, d."group" AS seed_group, d.every
              FROM source s LEFT JOIN seed d ON d.id = s.seed_id WHERE s.id = :id"""
    return _health(ask, ask(sql, id=source_id)[0])


def _health(ask: Ask, row: Row) -> SourceHealth:
    last = ask(_LAST, id=row["id"], n=_LAST_CHECKS)
    (counts,) = ask(_COUNTS, id=row["id"], root=row["same_as"] or row["id"])
    return SourceHealth(
        source=row_mapping.source(row),
        group=row["seed_group"] or "",
        every=None if row["every"] is None else source_queries.parse_every(row["every"]),
        checks=tuple(Check(at=instant(c["captured_at"]), state=c["state"], length=c["length"]) for c in reversed(last)),
        count=counts["checks"],
        versions=counts["versions"],
        changed_at=instant_or_none(counts["changed_at"]),
        waits_until=instant_or_none(last[0]["retry_at"]) if last else None,
        list_note=_list_note(ask, row["id"]) if SeedKind(row["kind"]).is_list else "",
        empty=empty_sources.of_source(ask, row["id"]),
    )


_LIST_NOTE = """
    SELECT flags, detail FROM capture WHERE source_id = :id AND reason IS NULL AND part = 1
    ORDER BY captured_at DESC, id DESC LIMIT 1"""


def _list_note(ask: Ask, source_id: int) -> str:
    """Return what was left out of the last page of a list, empty if nothing was."""
    rows = ask(_LIST_NOTE, id=source_id)
    return str(rows[0]["detail"] or "") if rows and '"list-' in rows[0]["flags"] else ""


_LISTS_WITH_NOTES = f"""
    SELECT s.url, c.captured_at, c.flags, c.detail
    FROM source s JOIN seed d ON d.id = s.seed_id
    JOIN capture c ON c.id = (SELECT p.id FROM capture p WHERE p.source_id = s.id AND p.reason IS NULL AND p.part = 1
                              ORDER BY p.captured_at DESC, p.id DESC LIMIT 1)
    WHERE s.kind <> 'article' AND s.kind NOT IN {_EVIDENCE} AND s.retired_at IS NULL AND d.retired_at IS NULL
      AND c.flags LIKE '%"list-%' AND c.flags NOT LIKE '["list-cut"]'
    ORDER BY s.url_key LIMIT :limit"""


def lists_with_notes(ask: Ask, *, limit: int) -> list[ListNote]:
    """Return the watched lists whose last page had faults, by address. A list that is only long has none."""
    return [
        ListNote(
            url=row["url"],
            at=instant(row["captured_at"]),
            flags=tuple(flag for flag in json.loads(row["flags"]) if flag.startswith("list-")),
            note=row["detail"] or "",
        )
        for row in ask(_LISTS_WITH_NOTES, limit=limit)
    ]


_CHECKS_OF = """
    SELECT c.captured_at, coalesce(c.reason, x.verdict, 'underived') AS state, coalesce(x.length, 0) AS length
    FROM source s JOIN capture c ON c.source_id = s.id AND c.part = 1 LEFT JOIN derivation x ON x.capture_id = c.id
    WHERE s.id = :id OR s.same_as = :id ORDER BY c.captured_at DESC, c.id DESC LIMIT :n"""


def checks(ask: Ask, source_id: int, *, limit: int) -> list[Check]:
    """Return the last checks of a history, failures included, oldest first."""
    rows = ask(_CHECKS_OF, id=source_id, n=limit)
    return [Check(at=instant(row["captured_at"]), state=row["state"], length=row["length"]) for row in reversed(rows)]


_WORDS = """
    SELECT v.number, length(t.body) - length(replace(replace(t.body, ' ', ''), char(10), '')) + 1 AS words
    FROM version v JOIN text t ON t.id = v.text_id
    WHERE v.source_id = :id AND v.superseded_at IS NULL AND length(t.body) < :most ORDER BY v.number DESC LIMIT :n"""
_MOST_COUNTED, _MOST_LENGTH = 200, 200_000
"""Newest texts of a history whose words are counted, and the characters of one at most: 0.1 s in all."""


def word_counts(ask: Ask, source_id: int) -> dict[int, int]:
    """Estimate the words of each version, by number, from its blanks. Texts that are too long are left out."""
    return {row["number"]: row["words"] for row in ask(_WORDS, id=source_id, most=_MOST_LENGTH, n=_MOST_COUNTED)}


_COPIES = """
    WITH alike AS (
        SELECT id FROM text WHERE sha256 = :digest
        UNION SELECT l.b_text_id FROM text t JOIN link l ON l.a_text_id = t.id AND l.relation IN {copies}
        WHERE t.sha256 = :digest
        UNION SELECT l.a_text_id FROM text t JOIN link l ON l.b_text_id = t.id AND l.relation IN {copies}
        WHERE t.sha256 = :digest)
    SELECT count(DISTINCT v.source_id) AS n FROM alike JOIN version v ON v.text_id = alike.id
    WHERE v.superseded_at IS NULL AND v.source_id <> :id"""


def count_copies(ask: Ask, sha256: str, *, source_id: int) -> int:
    """Count the other articles that have this text, or one linked to it as a copy, in any version."""
    copies = tuple(str(relation) for relation in Relation if relation.is_copy)
    return int(ask(_COPIES.format(copies=copies), digest=bytes.fromhex(sha256), id=source_id)[0]["n"])


def seed_groups(ask: Ask) -> list[str]:
    """Return the groups of the seed index, sorted."""
    return [row["name"] for row in ask('SELECT DISTINCT "group" AS name FROM seed ORDER BY name')]


# As ``versions.versions_as_of``, but a page at a time: before the archive began, no source has a version.
_AS_OF = f"""
    SELECT s.url_key AS place, {row_mapping.VERSION}, s.id AS source_id, d."group" AS seed_group
    FROM (SELECT id FROM source WHERE url_key > :after ORDER BY url_key LIMIT :looked) f
    CROSS JOIN source s ON s.id = f.id
    LEFT JOIN seed d ON d.id = s.seed_id
    CROSS JOIN version v ON v.id = (SELECT w.id FROM version w WHERE w.source_id = s.id AND w.superseded_at IS NULL
                                    AND w.first_seen_at <= :at ORDER BY w.first_seen_at DESC, w.number DESC LIMIT 1)
    JOIN text t ON t.id = v.text_id
    /*postgresql ORDER BY s.url_key */ LIMIT :limit"""
_MOST_SOURCES = 1_000
"""Sources read for one page at most: 10 ms, on a slow disk 0.3 s, where none has a version."""
_END = "SELECT url_key FROM source WHERE url_key > :after ORDER BY url_key LIMIT 1 OFFSET :n"


def articles_as_of(ask: Ask, when: datetime, *, after: str, limit: int) -> tuple[list[ArticleAsOf], str | None]:
    """Return the versions at ``when`` of the articles after the url_key ``after``, and the start of the next page.

    The start is a url_key; None after the last page. A page may have fewer than ``limit`` versions, or none.
    """
    rows = ask(_AS_OF, at=micros(when), after=after, looked=_MOST_SOURCES, limit=limit + 1)
    articles = [
        ArticleAsOf(
            source_id=row["source_id"],
            url_key=row["place"],
            group=row["seed_group"] or "",
            version=row_mapping.version(row),
        )
        for row in rows[:limit]
    ]
    if len(rows) > limit:
        return articles, articles[-1].url_key
    end = ask(_END, after=after, n=_MOST_SOURCES - 1)
    return articles, end[0]["url_key"] if end else None
