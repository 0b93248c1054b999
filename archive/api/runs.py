"""Queries about work on the archive: runs, leases, sizes and integrity."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from archive.api import drift
from archive.api.questions import Listing, Questions
from archive.timestamps import iso
from archive.urls import url_key
from db.errors import NotArchived
from db.lease_owner import active_leases
from db.queries import future_captures, rechecks, statistics, work_errors, work_queues
from db.queries import source_health as health_queries
from db.queries import tombstones as tombstone_queries
from db.records import ExpectedRun, Lease, Run
from db.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from db.records import FutureRun, Problem

RUNS_READ = 3_000
"""Most runs read for one filtered page, about a month's. The next page continues after them."""

LISTS_REPORTED = 50
"""Most lists with faults in the status."""

REFRESHES_AVERAGED = 8
"""Refreshes used to estimate the interval between them."""

_TICK = timedelta(microseconds=1)
RUNS_MONITORED = 50
"""Last runs among which a monitor finds the newest of each kind."""

ERRORS_SHOWN = 20
"""Errors of single pages in the status of an archive."""

_FEWEST_REFRESHES = 3  # fewest refreshes for an estimate
_MOST_ID = 1 << 61


class RunQuestions(Questions):
    """Queries about the archive as a whole, and about work on it."""

    def runs(
        self,
        *,
        kind: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 30,
        before: int | None = None,
    ) -> Listing[Run, int]:
        """Return the runs with an id below ``before``, newest first, filtered by kind and start."""
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
            raise NotArchived(f"there is no run {run_id}")
        return runs[0]

    def _runs(self, before: int | None, limit: int) -> list[Run]:
        return [Run(**row) for row in statistics.runs_before(self._ask, before=before, limit=limit)]

    def expected_run(self, now: datetime) -> ExpectedRun:
        """Return the start of the last refresh, and the expected start of the next by the interval of the last ones."""
        return expect_run(self._runs(None, 2 * REFRESHES_AVERAGED), now)

    def leases(self, now: datetime) -> list[Lease]:
        """Return the leases whose owners seem to be running."""
        return [Lease(**row) for row in active_leases(self._ask, now)]

    def counts(self) -> dict[str, int]:
        """Return the numbers of sources, captures, payloads, versions, links, and captures still to derive."""
        return statistics.counts(self._ask)

    def status(self, now: datetime) -> dict[str, Any]:
        """Return counts, sizes, growth, states, the last runs, leases, and hosts whose pages shrink (``drift``).

        ``queues`` has what waits, ``newest`` the newest check and derivation, ``locks`` waits for locks of a server.
        ``lists`` has the lists with faults. ``errors`` has the newest pages and texts that raised an exception, and
        ``error_count`` the number of all.
        """
        tables = statistics.table_sizes(self._ask)
        return {
            "counts": self.counts(),
            "bytes": statistics.sizes(self._ask, tables),
            "tables": tables,
            "growth": statistics.growth(self._ask, tables, now),
            "states": statistics.states(self._ask),
            "errors": work_errors.newest(self._ask, ERRORS_SHOWN),
            "error_count": work_errors.count(self._ask),
            "drift": drift.Drift(self._ask).before(now + _TICK),
            "lists": [
                {"url": row.url, "at": iso(row.at), "flags": list(row.flags), "note": row.note}
                for row in health_queries.lists_with_notes(self._ask, limit=LISTS_REPORTED)
            ],
            **self._work(now, runs=5),
        }

    def work(self, now: datetime) -> dict[str, Any]:
        """Return queues, newest work, locks, leases, the last runs, size and number of errors: what a monitor asks.

        It costs some milliseconds, whatever the archive holds.
        """
        size = statistics.file_size(self._ask)
        return {**self._work(now, runs=RUNS_MONITORED), "bytes": size, "error_count": work_errors.count(self._ask)}

    def _work(self, now: datetime, *, runs: int) -> dict[str, Any]:
        return {
            "runs": statistics.runs(self._ask, limit=runs),
            "leases": active_leases(self._ask, now),
            "queues": work_queues.queues(self._ask),
            "newest": work_queues.newest(self._ask),
            "locks": work_queues.lock_waits(self._ask),
        }

    def verify(self, *, deep: bool = False) -> Iterator[Problem]:
        """Yield every problem found by verification."""
        return verify(self._reader, deep=deep, key_of=url_key)

    def future_runs(self, now: datetime) -> list[FutureRun]:
        """Return the runs with checks that are dated after ``now``, because their clock was wrong."""
        return future_captures.future_runs(self._ask, now)

    def recheck_faults(self) -> int:
        """Return the number of faults that nightly rechecks found since the last ``wirecopy reextract``."""
        return rechecks.faults_since_mended(self._ask)

    def chain_head(self) -> tuple[int, str] | None:
        """Return position and link of the last capture in the hash chain, None for an empty archive."""
        return tombstone_queries.chain_head(self._ask)


def expect_run(runs: Sequence[Run], now: datetime) -> ExpectedRun:
    """Return the expected start of the next refresh. ``runs``: the last ones of any kind, newest first."""
    begun = [run.started_at for run in runs if run.kind == "refresh"][:REFRESHES_AVERAGED]
    if len(begun) < _FEWEST_REFRESHES:
        return ExpectedRun(last_at=begun[0] if begun else None)
    seconds = median((later - earlier).total_seconds() for later, earlier in pairwise(begun))
    every = timedelta(seconds=seconds)
    due = begun[0] + every
    late = now > due + every
    return ExpectedRun(last_at=begun[0], every=every, next_at=None if late else max(due, now))
