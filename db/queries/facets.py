"""Questions about where and when words occur: of what a search finds, how much in which month and at which outlet."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.queries.search import Filters

if TYPE_CHECKING:
    from db.queries.search import Page
    from db.reader import Ask

MOST_COUNTED = 1_000
"""Texts that are counted at most, the newest: on a slow disk it takes half a second to look up their versions."""

_FOUND = """
    SELECT s.url, strftime('%Y-%m', v.first_seen_at / 1000000, 'unixepoch') AS month,
           strftime('%Y-%m-%d', v.first_seen_at / 1000000, 'unixepoch') AS day, v.source_id
    FROM json_each(:texts) f
    CROSS JOIN version v ON v.text_id = f.value AND v.superseded_at IS NULL
    CROSS JOIN source s ON s.id = v.source_id
    WHERE v.first_seen_at >= :since AND v.first_seen_at < :until
      AND (:site IS NULL OR (s.url_key >= :site AND s.url_key < :behind))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How many articles have the words, by outlet (most first) and by when they were first seen with them.

    ``by_time``: pairs of a day or, where these are many, a month, and a count, without those in between that have none.
    ``whole``: all were counted.
    """

    articles: int
    by_host: tuple[tuple[str, int], ...]
    by_time: tuple[tuple[str, int], ...]
    whole: bool


_MOST_DAYS = 62


def count_facets(ask: Ask, page: Page, only: Filters | None = None) -> Facets:
    """Count the texts of a page's window by host and by time; of very many only the newest ``MOST_COUNTED``."""
    only = only or Filters()
    (site, behind), (since, until) = only.site or (None, None), only.first_seen
    texts = json.dumps(list(page.texts[:MOST_COUNTED]))
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
    return Facets(
        articles=len(first),
        by_host=tuple(hosts.most_common()),
        by_time=tuple(sorted(times.items())),
        whole=page.whole and len(page.texts) <= MOST_COUNTED,
    )


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition(":")[0].removeprefix("www.")
