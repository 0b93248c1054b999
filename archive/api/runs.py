"""Questions about work on the archive: runs, leases, sizes, and whether everything holds."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from archive.api import drift
from archive.api.questions import Listing, Questions
from archive.urls import url_key
from db.errors import NotArchived
from db.lease_owner import active_leases
from db.queries import drift as drift_queries
from db.queries import statistics
from db.queries import tombstones as tombstone_queries
from db.records import ExpectedRun, Lease, Run
from db.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from db.records import Problem

RUNS_READ = 3_000
"""Runs read for one page of some of them, a month's; the next page continues behind them."""

RUNS_OF_A_HABIT = 8
"""Refreshes whose distances show how often they come."""

_FEWEST = 3  # refreshes that make a habit
_MOST_ID = 1 << 61


class RunQuestions(Questions):
    """Questions about the archive as a whole, and about work on it."""

    def runs(
        self,
        *,
        kind: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 30,
        before: int | None = None,
    ) -> Listing[Run, int]:
        """Return the runs with an id below ``before``, the newest first, narrowed to a kind and to when they began."""
        narrowed = bool(kind or since or until)
        read = self._runs(before, RUNS_READ if narrowed else limit + 1)
        runs = [
            run
            for run in read
            if (not kind or run.kind == kind)
            and (since is None or run.started_at >= since)
            and (until is None or run.started_at <= until)
        ]
        if len(runs) > limit:
            return Listing(tuple(runs[:limit]), runs[limit - 1].id)
        more = narrowed and len(read) == RUNS_READ and (since is None or read[-1].started_at >= since)
        return Listing(tuple(runs), read[-1].id if more else None)

    def run(self, run_id: int) -> Run:
        """Return one run. Raises NotArchived."""
        run_id = min(run_id, _MOST_ID)
        runs = self._runs(run_id + 1, 1)
        if not runs or runs[0].id != run_id:
            raise NotArchived(f"there was no run {run_id}")
        return runs[0]

    def _runs(self, before: int | None, limit: int) -> list[Run]:
        return [Run(**row) for row in statistics.runs_before(self._ask, before=before, limit=limit)]

    def expected_run(self, now: datetime) -> ExpectedRun:
        """Return when the last refresh began, and when the next is to be expected, judged by the last ones."""
        return expect_run(self._runs(None, 2 * RUNS_OF_A_HABIT), now)

    def leases(self, now: datetime) -> list[Lease]:
        """Return the leases whose owners are at work, as far as can be told."""
        return [Lease(**row) for row in active_leases(self._ask, now)]

    def counts(self) -> dict[str, int]:
        """Return how many sources, captures, payloads, versions, links there are, and captures still to derive."""
        return statistics.counts(self._ask)

    def status(self, now: datetime) -> dict[str, Any]:
        """Return counts, sizes, growth, states, the last runs, leases, and hosts whose pages shrink (``drift``)."""
        tables = statistics.table_sizes(self._ask)
        return {
            "counts": self.counts(),
            "bytes": statistics.sizes(self._ask, tables),
            "tables": tables,
            "growth": statistics.growth(self._ask, tables, now),
            "states": statistics.states(self._ask),
            "drift": drift.alarms(drift_queries.read_lengths(self._ask, now - drift.LOOK_BACK)),
            "runs": statistics.runs(self._ask, limit=5),
            "leases": active_leases(self._ask, now),
        }

    def verify(self, *, deep: bool = False) -> Iterator[Problem]:
        """Yield everything that does not hold."""
        return verify(self._reader, deep=deep, key_of=url_key)

    def chain_head(self) -> tuple[int, str] | None:
        """Return position and link at the end of the chain over captures; None for an archive without any."""
        return tombstone_queries.chain_head(self._ask)


def expect_run(runs: Sequence[Run], now: datetime) -> ExpectedRun:
    """Return when the next refresh is to be expected. ``runs``: the last ones of any kind, the newest first."""
    begun = [run.started_at for run in runs if run.kind == "refresh"][:RUNS_OF_A_HABIT]
    if len(begun) < _FEWEST:
        return ExpectedRun(last_at=begun[0] if begun else None)
    seconds = median((later - earlier).total_seconds() for later, earlier in pairwise(begun))
    every = timedelta(seconds=seconds)
    due = begun[0] + every
    late = now > due + every
    return ExpectedRun(last_at=begun[0], every=every, next_at=None if late else max(due, now))
