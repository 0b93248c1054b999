"""Queries of how much text is extracted from a site's pages over time, to detect drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.microseconds import instant, micros
from db.records import ReadLength

if TYPE_CHECKING:
    from datetime import datetime

    from db.reader import Ask

# Where an extractor fails, a page counts as an article, thin, empty or needing JavaScript. Paywalls are left out.
_LENGTHS = """
    SELECT substr(s.url_key, 1, instr(s.url_key, ')') - 1) AS host, h.url_key AS page, c.captured_at, d.length,
           d.paragraphs, d.taken
    FROM source s
    JOIN source h ON h.id = coalesce(s.same_as, s.id)
    JOIN capture c ON c.source_id = s.id AND c.part = 1 AND c.captured_at >= :since AND c.captured_at < :until
    JOIN derivation d ON d.capture_id = c.id
    WHERE s.kind = 'article' AND d.verdict IN ('ok', 'live_blog', 'thin', 'empty', 'needs_js')
      AND (CAST(:host AS TEXT) IS NULL OR (s.url_key >= :host || ')' AND s.url_key < :host || '*'))
    ORDER BY c.captured_at, s.url_key"""

_LAST = 1 << 62


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
