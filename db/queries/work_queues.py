"""Queries of what waits: the ledger of captures to derive, the queue of texts to compare, and locks.

None of them reads a whole table, so a monitor may ask every few seconds, however large an archive is. (The number of
rows of a queue is counted in its index, a million in some milliseconds.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from db.dialect import word_index
from db.microseconds import instant_or_none

if TYPE_CHECKING:
    from datetime import datetime

    from db.reader import Ask

DERIVE: Final = "derive"
LINK: Final = "link"

# The first entry of a queue by id is the one that was recorded first.
_QUEUES = """
    SELECT (SELECT count(*) FROM underived) AS derive,
           (SELECT c.captured_at FROM capture c WHERE c.id = (SELECT min(capture_id) FROM underived)) AS derive_at,
           (SELECT count(*) FROM unlinked) AS link,
           (SELECT min(v.recorded_at) FROM version v
            WHERE v.text_id = (SELECT min(text_id) FROM unlinked) AND v.superseded_at IS NULL) AS link_at"""
_NEWEST = """
    SELECT (SELECT c.captured_at FROM capture c ORDER BY c.id DESC LIMIT 1) AS captured_at,
           (SELECT d.derived_at FROM derivation d ORDER BY d.capture_id DESC LIMIT 1) AS derived_at"""
_WAITING = """
    SELECT count(*) AS waiting, coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0) AS longest
    FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"""


def queues(ask: Ask) -> dict[str, dict[str, Any]]:
    """Return ``waiting`` and ``oldest_at`` (None: nothing waits) of the queues ``derive`` and ``link``.

    Of a capture that is derived again, ``oldest_at`` is the time of the check, so it may be years ago.
    """
    (row,) = ask(_QUEUES)
    return {name: {"waiting": row[name], "oldest_at": instant_or_none(row[f"{name}_at"])} for name in (DERIVE, LINK)}


def newest(ask: Ask) -> dict[str, datetime | None]:
    """Return the time of the check recorded last, and when the newest derived check was derived."""
    (row,) = ask(_NEWEST)
    return {name: instant_or_none(row[name]) for name in ("captured_at", "derived_at")}


def lock_waits(ask: Ask) -> dict[str, float] | None:
    """Return the sessions of the server that wait for a lock, and the seconds of the longest wait.

    None for a file: SQLite does not say who waits. A writer that waits 30 s ends with StoreBusy.
    """
    if word_index(ask) is None:
        return None
    (row,) = ask(_WAITING)
    return {"waiting": row["waiting"], "longest_seconds": round(float(row["longest"]), 3)}
