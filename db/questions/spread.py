"""Questions about where and when words occur: of what a search finds, how much in which month and at which outlet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.connect import Ask

COUNTED = 2000
"""Texts that are counted at most: each is looked up with its versions."""

_FOUND = """
    SELECT s.url, strftime('%Y-%m', v.first_seen_at / 1000000, 'unixepoch') AS month,
           strftime('%Y-%m-%d', v.first_seen_at / 1000000, 'unixepoch') AS day, v.source_id
    FROM (SELECT rowid FROM text_fts WHERE text_fts MATCH :query LIMIT :n) f
    JOIN version v ON v.text_id = f.rowid AND v.superseded_at IS NULL
    JOIN source s ON s.id = v.source_id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How many articles have the words, by outlet (most first) and by when they were first seen with them.

    ``by_time``: pairs of a day or, where these are many, a month, and a count, without those in between that have none.
    ``whole``: all were counted.
    """

    articles: int
    by_host: tuple[tuple[str, int], ...]
    by_time: tuple[tuple[str, int], ...]
    whole: bool


_MOST_DAYS = 62


def spread(ask: Ask, query: str) -> Spread:
    """Where and when an FTS5 query is matched; of very many texts only the first ``COUNTED`` are."""
    found = ask(_FOUND, query=query, n=COUNTED)
    hosts: Counter[str] = Counter()
    first: dict[int, tuple[str, str]] = {}
    for row in found:
        if row["source_id"] not in first:
            hosts[_host(row["url"])] += 1
        told = row["day"], row["month"]
        first[row["source_id"]] = min(first.get(row["source_id"], told), told)
    days = Counter(day for day, _ in first.values())
    times = days if len(days) <= _MOST_DAYS else Counter(month for _, month in first.values())
    return Spread(
        articles=len(first),
        by_host=tuple(hosts.most_common()),
        by_time=tuple(sorted(times.items())),
        whole=len(found) < COUNTED,
    )


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition(":")[0].removeprefix("www.")
