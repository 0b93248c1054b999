"""Queries of lists: which lists name a source, and the shortest path of lists from a seed to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.microseconds import instant

if TYPE_CHECKING:
    from datetime import datetime

    from db.reader import Ask, Row

DEEPEST = 3
"""Most lists on a path from a seed: an index, an index in it, a sitemap. The sitemap protocol allows two."""

_PATH = """
    WITH RECURSIVE path(first, place, steps) AS (
        SELECT l.list_id, l.list_id, 1 FROM listing l WHERE l.source_id = :id
        UNION SELECT m.id, m.id, 1 FROM source m WHERE m.same_as = :id
        UNION SELECT w.first, l.list_id, w.steps + 1 FROM path w JOIN listing l ON l.source_id = w.place
              WHERE w.steps <= :deepest)
    SELECT w.first, s.seed_id, w.steps
    FROM path w JOIN source s ON s.id = w.place JOIN source f ON f.id = w.first JOIN seed d ON d.id = s.seed_id
    WHERE s.found_in IS NULL AND s.retired_at IS NULL AND d.retired_at IS NULL
    ORDER BY w.steps, f.url_key, s.url_key LIMIT 1"""
_IN_INDEX = """
    SELECT 1 FROM source s JOIN seed d ON d.id = s.seed_id
    WHERE s.id = :id AND s.found_in IS NULL AND s.retired_at IS NULL AND d.retired_at IS NULL"""


def is_in_index(ask: Ask, source_id: int) -> bool:
    """True for a source that is a row of the seed index itself."""
    return bool(ask(_IN_INDEX, id=source_id))


def shortest_path(ask: Ask, source_id: int) -> Row | None:
    """Return the shortest path from a seed to a source: the list at its end (``first``), ``seed_id``, ``steps``.

    Of paths with one length, the one whose list has the smallest url_key counts, so it does not matter which list
    answered first. An alias of the source counts as a list that names it. None: no seed leads to the source.
    """
    rows = ask(_PATH, id=source_id, deepest=DEEPEST)
    return rows[0] if rows else None


def depth(ask: Ask, list_id: int) -> int:
    """Return the number of lists on the path to this list, itself included: 1 for a row of the seed index."""
    path = None if is_in_index(ask, list_id) else shortest_path(ask, list_id)
    return 1 if path is None else 1 + int(path["steps"])


def lists_naming(ask: Ask, source_id: int) -> list[tuple[str, datetime]]:
    """Return the lists that named an address of a history, and when each first did, by time and url_key."""
    sql = """SELECT s.url, min(l.found_at) AS found_at
             FROM source a CROSS JOIN listing l ON l.source_id = a.id CROSS JOIN source s ON s.id = l.list_id
             WHERE a.id = :id OR a.same_as = :id GROUP BY s.id ORDER BY 2, s.url_key"""
    return [(row["url"], instant(row["found_at"])) for row in ask(sql, id=source_id)]
