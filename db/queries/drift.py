"""Queries of how much text is extracted from a site's pages over time, to detect drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.microseconds import instant, micros
from db.records import ReadLength

if TYPE_CHECKING:
    from datetime import datetime

    from db.reader import Ask

# Where an extractor fails, a page counts as an article, thin, empty or needing JavaScript. Paywalls are left out.
_READ = """
    FROM source s
    JOIN source h ON h.id = coalesce(s.same_as, s.id)
    JOIN capture c INDEXED BY uq_capture_payload
        ON c.source_id = s.id AND c.captured_at >= :since AND c.captured_at < :until AND c.payload_id IS NOT NULL
    JOIN derivation d ON d.capture_id = c.id
    WHERE s.kind = 'article' AND c.part = 1 AND d.verdict IN ('ok', 'live_blog', 'thin', 'empty', 'needs_js')"""
_HOST = "substr(s.url_key, 1, instr(s.url_key, ')') - 1)"

_LENGTHS = f"""
    SELECT {_HOST} AS host, h.url_key AS page, c.captured_at, d.length, d.paragraphs, d.taken {_READ}
      AND (CAST(:host AS TEXT) IS NULL OR (s.url_key >= :host || ')' AND s.url_key < :host || '*'))
    ORDER BY c.captured_at, s.url_key"""

_SHARE = "d.taken * 1.0 / (d.taken + d.length + CASE WHEN d.taken + d.length = 0 THEN 1 ELSE 0 END)"
_CUT = f"""
    SELECT w.host FROM (
        SELECT p.*, max(p.longest) OVER (PARTITION BY p.host) AS host_longest FROM (
            SELECT {_HOST} AS host, h.id AS page, min(d.length) AS shortest, max(d.length) AS longest,
                   min(d.paragraphs) AS fewest, max(d.paragraphs) AS most,
                   min({_SHARE}) AS least_removed, max({_SHARE}) AS most_removed {_READ}
            GROUP BY 1, 2) p) w
    WHERE w.shortest < :shrunk * w.longest OR w.fewest < :shrunk * w.most
       OR w.most_removed > :removed + w.least_removed OR w.shortest < :new_page * w.host_longest
    GROUP BY w.host HAVING count(*) >= :least ORDER BY w.host"""

_LAST = 1 << 62


def hosts_perhaps_cut(
    ask: Ask, since: datetime, until: datetime, *, shrunk: float, new_page: float, removed: float, least: int
) -> list[str]:
    """Return the hosts, as in a url_key, with ``least`` pages or more that were perhaps extracted only in part.

    A page is counted if one reading of it is far shorter than its longest one, or than the longest of its host: so
    every page counts that is short beside a median. The shares are those of ``archive.api.drift``.
    """
    values = {"shrunk": shrunk, "new_page": new_page, "removed": removed, "least": least}
    return [row["host"] for row in ask(_CUT, since=micros(since), until=micros(until), **values)]


def read_lengths(
    ask: Ask, since: datetime, *, until: datetime | None = None, host: str | None = None
) -> list[ReadLength]:
    """Return the text length of every article capture since then and before ``until``, by time.

    ``host``: of one host, as in its url_key.
    """
    return [
        ReadLength(
            host=row["host"],
            page=row["page"],
            at=instant(row["captured_at"]),
            length=row["length"],
            paragraphs=row["paragraphs"],
            removed=row["taken"],
        )
        for row in ask(_LENGTHS, since=micros(since), until=_LAST if until is None else micros(until), host=host)
    ]
