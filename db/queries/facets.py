"""Facet counts of a search: articles by outlet and by time of first sight."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from db.queries.search import first_seen_window
from db.records import Facets, SearchFilters, SearchPage

if TYPE_CHECKING:
    from db.reader import Ask

MOST_COUNTED = 1_000
"""Most texts that are counted, the newest: on a slow disk looking up their versions takes half a second."""

_VERSIONS = """
    SELECT s.url, strftime('%Y-%m', v.first_seen_at / 1000000, 'unixepoch') AS month,
           strftime('%Y-%m-%d', v.first_seen_at / 1000000, 'unixepoch') AS day, v.source_id
    FROM json_each(:texts) f
    CROSS JOIN version v ON v.text_id = f.value AND v.superseded_at IS NULL
    CROSS JOIN source s ON s.id = v.source_id
    WHERE v.first_seen_at >= :since AND v.first_seen_at < :until
      AND (CAST(:site AS TEXT) IS NULL OR (s.url_key >= :site AND s.url_key < :behind))
      AND (CAST(:author AS TEXT) IS NULL OR instr(lower(v.byline), :author) > 0)
    /*postgresql ORDER BY f.key, v.id */"""


_MOST_DAYS = 62


def count_facets(ask: Ask, page: SearchPage, only: SearchFilters | None = None) -> Facets:
    """Count the texts of a page's window by host and by time, at most the newest ``MOST_COUNTED``."""
    filters = only or SearchFilters()
    (site, site_end), (since, until) = filters.site or (None, None), first_seen_window(filters)
    texts = json.dumps(list(page.texts[:MOST_COUNTED]))
    rows = ask(_VERSIONS, texts=texts, since=since, until=until, site=site, behind=site_end, author=filters.author)
    hosts: Counter[str] = Counter()
    first_seen: dict[int, tuple[str, str]] = {}
    for row in rows:
        if row["source_id"] not in first_seen:
            hosts[_host(row["url"])] += 1
        date = row["day"], row["month"]
        first_seen[row["source_id"]] = min(first_seen.get(row["source_id"], date), date)
    days = Counter(day for day, _ in first_seen.values())
    times = days if len(days) <= _MOST_DAYS else Counter(month for _, month in first_seen.values())
    return Facets(
        articles=len(first_seen),
        by_host=tuple(hosts.most_common()),
        by_time=tuple(sorted(times.items())),
        whole=page.whole and len(page.texts) <= MOST_COUNTED,
    )


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition(":")[0].removeprefix("www.")
