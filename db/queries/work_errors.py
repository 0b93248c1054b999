"""Queries of what could not be derived or compared because it raised an exception."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db.microseconds import instant
from db.records import WorkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.reader import Ask

_COMPARING = "comparing its text with others"

_ALL = f"""
    SELECT c.url, e.step, e.cause, e.build, e.failed_at FROM page_error e JOIN capture c ON c.id = e.capture_id
    UNION ALL
    SELECT coalesce((SELECT s.url FROM version v JOIN source s ON s.id = v.source_id WHERE v.text_id = e.text_id
                     ORDER BY v.superseded_at IS NOT NULL, v.id LIMIT 1), ''),
           '{_COMPARING}', e.cause, e.build, e.failed_at FROM text_error e
    ORDER BY 5 DESC, 1 LIMIT :n"""
_COUNT = "SELECT (SELECT count(*) FROM page_error) + (SELECT count(*) FROM text_error) AS n"


def newest(ask: Ask, limit: int) -> list[WorkError]:
    """Return the newest errors of deriving and comparing, each with the address it is about."""
    return [
        WorkError(
            url=row["url"],
            step=row["step"],
            cause=row["cause"],
            build=row["build"],
            failed_at=instant(row["failed_at"]),
        )
        for row in ask(_ALL, n=limit)
    ]


def count(ask: Ask) -> int:
    """Return the number of captures and texts with an error."""
    return int(ask(_COUNT)[0]["n"])


def failed_captures(ask: Ask, ids: Sequence[int]) -> list[int]:
    """Return those of these captures that have an error."""
    sql = "SELECT capture_id FROM page_error WHERE capture_id IN (SELECT value FROM json_each(:ids))"
    return [row["capture_id"] for row in ask(sql, ids=json.dumps(list(ids)))]


def failed_texts(ask: Ask) -> set[int]:
    """Return the texts that could not be compared."""
    return {row["text_id"] for row in ask("SELECT text_id FROM text_error")}
