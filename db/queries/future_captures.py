"""Checks dated by a wrong clock: those in the future, and what shows that a run in the past had one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from db.microseconds import instant, micros, micros_of
from db.records import FutureRun, RunCheck

if TYPE_CHECKING:
    from datetime import datetime

    from db.reader import Ask

SLACK: Final = timedelta(minutes=10)
"""So far ahead a check may be dated: the clocks of two machines that share an archive differ by seconds."""

_END_OF_TIME: Final = 2**63 - 1

_RUNS: Final = """
    SELECT c.run_id, r.kind, count(*) AS checks, min(c.captured_at) AS first_at, max(c.captured_at) AS last_at
    FROM capture c LEFT JOIN run r ON r.id = c.run_id
    WHERE c.captured_at > :latest AND c.provenance = 'live'
    GROUP BY c.run_id, r.kind ORDER BY last_at DESC, c.run_id LIMIT :limit"""

_HEADERS: Final = """
    SELECT url, captured_at, headers FROM capture INDEXED BY ix_capture_captured_at
    WHERE captured_at > :latest AND provenance = 'live' ORDER BY captured_at DESC LIMIT :limit"""


_STARTS: Final = "SELECT id, started_at FROM run ORDER BY id"

_NEWEST: Final = "SELECT id FROM run WHERE kind IN ('refresh', 'backfill') ORDER BY id DESC LIMIT :limit"

# The checks of a run lie between its start and its end by the same clock, unless it was set meanwhile.
_OF_RUN: Final = """
    SELECT r.kind, c.url, coalesce(c.finished_at, c.captured_at) AS at, c.headers
    FROM run r JOIN capture c INDEXED BY ix_capture_captured_at
      ON c.captured_at BETWEEN min(r.started_at, coalesce(r.finished_at, r.started_at)) - :slack
                           AND max(r.started_at, coalesce(r.finished_at, r.started_at + :slack)) + :slack
    WHERE r.id = :run AND c.run_id = r.id AND c.provenance = 'live' ORDER BY c.captured_at LIMIT :limit"""


def run_starts(ask: Ask) -> list[tuple[int, int]]:
    """Return id and start (microseconds) of every run, in the order in which they were made."""
    return [(row["id"], row["started_at"]) for row in ask(_STARTS)]


def newest_visiting_runs(ask: Ask, limit: int) -> list[int]:
    """Return the last runs that visit something."""
    return [row["id"] for row in ask(_NEWEST, limit=limit)]


def checks_of_run(ask: Ask, run_id: int, *, limit: int) -> list[RunCheck]:
    """Return checks of a run by this machine, at most ``limit``, in time order."""
    rows = ask(_OF_RUN, run=run_id, limit=limit, slack=micros_of(SLACK))
    return [
        RunCheck(kind=row["kind"], url=row["url"], received_at=instant(row["at"]), headers=row["headers"])
        for row in rows
    ]


def latest(now: datetime | None) -> int:
    """Return the latest instant that a check may have, in microseconds. None: any."""
    return _END_OF_TIME if now is None else micros(now + SLACK)


def future_runs(ask: Ask, now: datetime, *, limit: int = 5) -> list[FutureRun]:
    """Return the runs with checks dated after ``now``, the latest first. ``run_id`` is None for checks outside runs."""
    return [
        FutureRun(
            run_id=row["run_id"],
            kind=row["kind"] or "",
            checks=row["checks"],
            first_at=instant(row["first_at"]),
            last_at=instant(row["last_at"]),
        )
        for row in ask(_RUNS, latest=latest(now), limit=limit)
    ]


def future_headers(ask: Ask, now: datetime, *, limit: int = 200) -> list[tuple[str, datetime, str]]:
    """Return address, instant and headers (JSON) of the latest checks dated after ``now``."""
    rows = ask(_HEADERS, latest=latest(now), limit=limit)
    return [(row["url"], instant(row["captured_at"]), row["headers"]) for row in rows]
