"""Queries of check runs: consecutive checks of a page that met the same state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from db.queries import captures
from db.records import Reason, Stretch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.reader import Ask
    from db.records import Sighting


def of_source(ask: Ask, source_id: int) -> tuple[Stretch, ...]:
    """Return every run of checks of a history with one state, from when to when and how often, by time."""
    return runs(captures.sightings(ask, source_id))


def runs(sightings: Sequence[Sighting]) -> tuple[Stretch, ...]:
    """Return the runs of ``sightings``, which must be in time order. Each check belongs to one run of one state.

    A 304 continues the state of the page it confirms and counts as unchanged there, as do the same bytes again.
    """
    stretches: list[Stretch] = []
    for check in sightings:
        state = _state(check)
        if not stretches or stretches[-1].state != state:
            stretches.append(Stretch(state=state, first_seen_at=check.at, last_seen_at=check.at, seen=0))
        run = stretches[-1]
        unchanged = run.unchanged + check.unchanged
        stretches[-1] = replace(run, last_seen_at=check.at, seen=run.seen + 1, unchanged=unchanged)
    return tuple(stretches)


def _state(check: Sighting) -> str:
    """Return the state of a check, or ``not_modified`` for a 304 without the page it confirms."""
    without_page = check.unchanged and check.verdict is None and check.reason is None
    return str(Reason.NOT_MODIFIED) if without_page else check.state
