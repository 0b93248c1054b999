"""Queries of holds: addresses whose articles must be kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db.microseconds import instant
from db.records import Hold

if TYPE_CHECKING:
    from collections.abc import Collection

    from db.reader import Ask

_IN_FORCE = "SELECT url, note, held_at FROM hold WHERE released_at IS NULL"


def in_force(ask: Ask) -> list[Hold]:
    """Return every hold that was not released, oldest first."""
    return _holds(ask, f"{_IN_FORCE} ORDER BY id")


def on_sources(ask: Ask, source_ids: Collection[int]) -> list[Hold]:
    """Return the holds in force on the addresses of these sources, oldest first."""
    keys = "SELECT url_key FROM source WHERE id IN (SELECT value FROM json_each(:ids))"
    return _holds(ask, f"{_IN_FORCE} AND url_key IN ({keys}) ORDER BY id", ids=json.dumps([*source_ids]))


def _holds(ask: Ask, sql: str, **values: str) -> list[Hold]:
    rows = ask(sql, **values)
    return [Hold(url=row["url"], note=row["note"], held_at=instant(row["held_at"])) for row in rows]
