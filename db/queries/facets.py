"""Questions about where and when words occur: of what a search finds, how much in which month and at which outlet."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from db.queries.search import first_seen_window
from db.records import SearchFilters, SearchSpread

if TYPE_CHECKING:
    from db.reader import Ask
    from db.records import SearchPage

COUNTED = 1_000
"""Texts that are counted at most, the newest: on a slow disk it takes half a second to look up their versions."""

_FOUND = """
    SELECT s.url, strftime('%Y-%m', v.first_seen_at / 1000000, 'unixepoch') AS month,
           strftime('%Y-%m-%d', v.first_seen_at / 1000000, 'unixepoch') AS day, v.source_id
    FROM json_each(:texts) f
    CROSS JOIN version v ON v.text_id = f.value AND v.superseded_at IS NULL
    CROSS JOIN source s ON s.id = v.source_id
    WHERE v.first_seen_at >= :since AND v.first_seen_at < :until
      AND (:site IS NULL OR (s.url_key >= :site AND s.url_key < :behind))"""


_MOST_DAYS = 62


def spread(ask: Ask, page: SearchPage, only: SearchFilters | None = None) -> SearchSpread:
    """Where and when the texts of the window of a page stood; of very many only the newest ``COUNTED`` are counted."""
    only = only or SearchFilters()
    (site, behind), (since, until) = only.site or (None, None), first_seen_window(only)
    texts = json.dumps(list(page.texts[:COUNTED]))
    found = ask(_FOUND, texts=texts, since=since, until=until, site=site, behind=behind)
    hosts: Counter[str] = Counter()
    first: dict[int, tuple[str, str]] = {}
    for row in found:
        if row["source_id"] not in first:
            hosts[_host(row["url"])] += 1
        told = row["day"], row["month"]
        first[row["source_id"]] = min(first.get(row["source_id"], told), told)
    days = Counter(day for day, _ in first.values())
    times = days if len(days) <= _MOST_DAYS else Counter(month for _, month in first.values())
    return SearchSpread(
        articles=len(first),
        by_host=tuple(hosts.most_common()),
        by_time=tuple(sorted(times.items())),
        whole=page.whole and len(page.texts) <= COUNTED,
    )


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition(":")[0].removeprefix("www.")
