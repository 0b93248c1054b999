"""Queries of sources of the seed index that were checked and of which nothing came."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from db.records import EmptySource, SeedKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from db.reader import Ask, Row

NATURE_FLAG: Final = "kind-"
"""Start of the flag of a capture whose page is of another kind than its row in the seed index says."""

# The last condition of the inner query spares most articles of an archive the search for their newest captures.
_WITHOUT_RESULT = f"""
    SELECT e.* FROM (
        SELECT s.id, s.url, s.url_key, s.kind, d.key AS seed_key, coalesce(c.reason, x.verdict, 'underived') AS state,
               coalesce(p.flags, '[]') AS page_flags, coalesce(p.detail, '') AS page_detail,
               EXISTS (SELECT 1 FROM version v WHERE v.source_id = coalesce(s.same_as, s.id)
                       AND v.superseded_at IS NULL) AS has_text,
               EXISTS (SELECT 1 FROM listing l WHERE l.list_id = s.id)
                 OR EXISTS (SELECT 1 FROM source f WHERE f.found_in = s.id) AS has_entries
        FROM source s JOIN seed d ON d.id = s.seed_id
        JOIN capture c ON c.id = (SELECT l.id FROM capture l WHERE l.source_id = s.id AND l.part = 1
                                  ORDER BY l.captured_at DESC, l.id DESC LIMIT 1)
        LEFT JOIN derivation x ON x.capture_id = c.id
        LEFT JOIN capture p ON p.id = (SELECT w.id FROM capture w WHERE w.source_id = s.id AND w.part = 1
                                       AND w.reason IS NULL ORDER BY w.captured_at DESC, w.id DESC LIMIT 1)
        WHERE s.found_in IS NULL AND s.retired_at IS NULL AND d.retired_at IS NULL
          AND s.kind IN ('article', 'feed', 'sitemap', 'section')
          AND (CAST(:id AS BIGINT) IS NULL OR s.id = :id)
          AND (s.kind <> 'article' OR EXISTS (SELECT 1 FROM capture k WHERE k.source_id = s.id AND k.flags <> '[]'
                                              AND k.flags LIKE '%"{NATURE_FLAG}%')
               OR NOT EXISTS (SELECT 1 FROM version v WHERE v.source_id = coalesce(s.same_as, s.id)
                              AND v.superseded_at IS NULL))) e
    WHERE CASE WHEN e.kind = 'article' THEN NOT e.has_text OR e.page_flags LIKE '%"{NATURE_FLAG}%'
               ELSE NOT e.has_entries END
    ORDER BY e.url_key LIMIT :limit"""
_UNVISITED = """
    SELECT count(*) AS n FROM source s JOIN seed d ON d.id = s.seed_id
    WHERE s.retired_at IS NULL AND d.retired_at IS NULL AND s.kind NOT IN ('robots', 'probe', 'file', 'timemap')
      AND NOT EXISTS (SELECT 1 FROM capture c WHERE c.source_id = coalesce(s.same_as, s.id))
      AND NOT EXISTS (SELECT 1 FROM capture c WHERE c.source_id = s.id)"""


def empty_sources(ask: Ask, *, limit: int = 1_000) -> list[EmptySource]:
    """Return the sources of the seed index of which nothing came, by address. Sources not checked yet are left out."""
    return list(_empty(ask(_WITHOUT_RESULT, id=None, limit=limit)))


def of_source(ask: Ask, source_id: int) -> EmptySource | None:
    """Return why nothing came of one source, None if something did, or if it is no row of the index."""
    return next(_empty(ask(_WITHOUT_RESULT, id=source_id, limit=1)), None)


def count_unvisited(ask: Ask) -> int:
    """Return the number of watched sources that no check has visited yet."""
    return int(ask(_UNVISITED)[0]["n"])


def _empty(rows: Sequence[Row]) -> Iterator[EmptySource]:
    for row in rows:
        flags: list[str] = json.loads(row["page_flags"])
        natures = [flag.removeprefix(NATURE_FLAG) for flag in flags if flag.startswith(NATURE_FLAG)]
        nature = natures[0] if natures and natures[0] != row["kind"] else ""
        is_processed = row["kind"] != "article" or row["state"] != "underived" or nature
        if is_processed and not _is_article_after_all(row, nature):
            noun, _, detail = row["page_detail"].partition("; ") if nature else ("", "", row["page_detail"])
            yield EmptySource(
                source_id=row["id"],
                url=row["url"],
                kind=SeedKind(row["kind"]),
                seed_key=row["seed_key"],
                state=row["state"],
                nature=nature,
                noun=noun,
                detail=detail,
            )


def _is_article_after_all(row: Row, nature: str) -> bool:
    """True for a page that looks like a list, or that was listed under another kind, but has a text of its own."""
    is_front_page = row["url"].partition("://")[2].partition("/")[2] == ""
    return bool(
        row["kind"] == "article" and row["has_text"] and (not nature or (nature == "section" and not is_front_page))
    )
