"""Whole tables in batches, for exports: rows as stored, instants in microseconds, digests as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.microseconds import instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from db.reader import Ask, Row

_BATCH = 500
"""Rows in memory at once: 500 long articles are 5 MB."""

_VERSIONS = """
    SELECT v.id, s.url, d."group" AS seed_group, v.number AS version, v.first_seen_at, v.last_seen_at, v.captures,
           v.title, t.body AS text, v.byline, v.published_at, v.language, v.cause, v.kinds, v.score,
           t.sha256 AS text_sha256, v.recipe_id AS recipe, v.recorded_at, v.source_id
    FROM version v
    JOIN source s ON s.id = v.source_id
    JOIN text t ON t.id = v.text_id
    LEFT JOIN seed d ON d.id = s.seed_id
    WHERE v.superseded_at IS NULL AND v.id > :after ORDER BY v.id LIMIT :limit"""

_CAPTURES = """
    SELECT c.id, s.url AS source_url, s.kind, c.url, c.final_url, c.captured_at, c.finished_at, c.status,
           coalesce(c.reason, x.verdict) AS state, c.content_type, c.charset, p.sha256 AS payload_sha256,
           p.length AS payload_length, c.wire_length, c.revisit, c.provenance, c.part, c.part_of, c.source_id
    FROM capture c
    JOIN source s ON s.id = c.source_id
    LEFT JOIN payload p ON p.id = c.payload_id
    LEFT JOIN derivation x ON x.capture_id = c.id
    WHERE c.id > :after ORDER BY c.id LIMIT :limit"""

_COPIES = """
    SELECT l.a_id, l.b_id, a.url AS of_url, a.version AS of_version, b.url AS copy_url, b.version AS copy_version,
           l.relation, l.score, l.coverage_a AS of_coverage, l.coverage_b AS copy_coverage, l.because, l.method
    FROM v_links l
    JOIN v_versions a ON a.id = l.a_id
    JOIN v_versions b ON b.id = l.b_id
    ORDER BY of_url, of_version, copy_url, copy_version"""


def versions(ask: Ask) -> Iterator[Row]:
    """Yield today's versions of every source with their texts, in the order they were recorded."""
    return _batches(ask, _VERSIONS)


def captures(ask: Ask) -> Iterator[Row]:
    """Yield every capture with its source and state, in the order they were stored."""
    return _batches(ask, _CAPTURES)


def copies(ask: Ask) -> Iterator[Row]:
    """Yield every link between versions, by address. ``of`` is the version with the earlier trustworthy date."""
    yield from ask(_COPIES)


def newest_capture_at(ask: Ask) -> datetime | None:
    """Return the instant of the newest capture: the date of a file that is exported from all of them."""
    (row,) = ask("SELECT max(captured_at) AS newest FROM capture")
    return None if row["newest"] is None else instant(row["newest"])


def kinds_of_lists(ask: Ask) -> dict[int, str]:
    """Return the kind of every source that is no article, by id: feeds, lists, robots.txt files, probes."""
    return {row["id"]: row["kind"] for row in ask("SELECT id, kind FROM source WHERE kind <> 'article'")}


def with_aliases(ask: Ask, source_ids: set[int]) -> set[int]:
    """Return these sources, and those whose captures belong to their histories."""
    rows = ask("SELECT id, same_as FROM source WHERE same_as IS NOT NULL")
    return source_ids | {row["id"] for row in rows if row["same_as"] in source_ids}


def _batches(ask: Ask, sql: str) -> Iterator[Row]:
    after = 0
    while rows := ask(sql, after=after, limit=_BATCH):
        yield from rows
        after = rows[-1]["id"]
