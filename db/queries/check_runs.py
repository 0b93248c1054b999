"""Questions about states: what every check of a page met, as runs over time."""

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
    """Every state the checks of a history met, from when to when and how often, in the order of time."""
    return runs(captures.sightings(ask, source_id))


def runs(sightings: Sequence[Sighting]) -> tuple[Stretch, ...]:
    """The same of ``sightings``, which must be in time order: each check belongs to one run of one state.

    A 304 goes on with the state of the page it speaks of, and counts as unchanged there, as do the same bytes again.
    """
    found: list[Stretch] = []
    for one in sightings:
        state = _state(one)
        if not found or found[-1].state != state:
            found.append(Stretch(state=state, first_seen_at=one.at, last_seen_at=one.at, seen=0))
        run = found[-1]
        found[-1] = replace(run, last_seen_at=one.at, seen=run.seen + 1, unchanged=run.unchanged + one.unchanged)
    return tuple(found)


def _state(one: Sighting) -> str:
    """A 304 without the page it speaks of is known as nothing else."""
    alone = one.unchanged and one.verdict is None and one.reason is None
    return str(Reason.NOT_MODIFIED) if alone else one.state
