"""What comes next, as far as the archive itself can tell: when a source is due, and when the next run is expected.

The page of sources shows fifty at once and asks little of each, so that a due time is near, not exact: dates that
articles declare and budgets of groups are left out. ``wirecopy plan`` has all of it.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise, takewhile
from statistics import median
from typing import TYPE_CHECKING, Any

from archive.crawl.frontier.change_rate import PRIOR
from archive.crawl.frontier.due import next_visit
from archive.timestamps import iso
from db.records import Reason, SourceState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from archive.crawl.frontier.change_rate import Hazard
    from db.queries.source_health import SourceHealth

    Json = dict[str, Any]

RUNS = 8
"""Runs whose distances say how often they come."""

_FAILED = frozenset(map(str, Reason)) - {Reason.NOT_MODIFIED}
_LEAST = 3  # runs that make a habit


def due_about(each: SourceHealth, hazards: Mapping[str, Hazard]) -> datetime | None:
    """About when a source is visited next; None: never by itself, or that cannot be said from what is known here."""
    source = each.source
    if each.every is None or source.same_as is not None or source.retired_at is not None:
        return None
    last = each.checks[-1] if each.checks else None
    failures = sum(1 for _ in takewhile(lambda check: check.state in _FAILED, reversed(each.checks)))
    if source.kind.is_list and each.every == "auto" and last and not failures:
        return None  # depends on when it last brought something new
    state = SourceState(
        source=source,
        every=each.every,
        last_visit_at=last.at if last else None,
        last_change_at=each.changed_at,
        last_reason=Reason(last.state) if last and failures else None,
        failures=failures,
        changes=max(each.versions - 1, 0),
    )
    due = next_visit(state, hazards.get(source.seed_key or "", PRIOR)).at
    return max(due, each.waits_until or due) if due else None


def next_run(runs: Sequence[Json], now: datetime) -> Json:
    """When the last refresh began, how often they come, and when the next is to be expected: all None where unknown.

    ``runs``: the last ones of any kind, the newest first. ``at`` is None where a run is overdue by more than a whole
    turn: then nobody runs them now.
    """
    begun = [run["started_at"] for run in runs if run["kind"] == "refresh"][:RUNS]
    told: Json = {"last_at": iso(begun[0]) if begun else None, "every_seconds": None, "at": None}
    if len(begun) < _LEAST:
        return told
    every = timedelta(seconds=median((later - earlier).total_seconds() for later, earlier in pairwise(begun)))
    due = begun[0] + every
    late = now > due + every
    return told | {"every_seconds": round(every.total_seconds()), "at": None if late else iso(max(due, now))}
