"""One round of outside proofs: time stamps, then cosignatures of witnesses, then copies of the cosigned checkpoint.

Each is off until it is set. A capture never waits for them and never fails with them: they come after a run, when its
lease is released. Whoever does not answer is asked again after the next run.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.api import checkpoint_places, signed_log
from archive.api.checkpoint_places import Delivery
from archive.pipeline import anchors, checkpoint_copies, cosigning
from db.errors import ArchiveError
from db.queries import log_tiles
from db.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.api.checkpoint_places import Place
    from archive.api.signed_log import SignedCheckpoint
    from archive.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceReport:
    """The result of one place or witness. ``problem`` is empty if it has the checkpoint."""

    place: Place
    problem: str = ""


async def prove_outside_if_due(settings: Settings) -> dict[str, int]:
    """Sign the log if it has a key, and get the outside proofs that are due. Never raises: ``doctor`` names gaps.

    Return the numbers of successes and failures of what was due.
    """
    if not signed_log.key_path(settings.db).exists():
        return {}
    counts = await anchors.anchor_if_due(settings)
    try:
        with Reader(settings.db) as reader:
            size = log_tiles.log_size(reader.ask)
        due = checkpoint_places.due_places(settings, size)
        reports = await give_out(settings, due)
    except (ArchiveError, OSError):
        return counts
    for name, is_witness in (("cosignatures", True), ("checkpoint_copies", False)):
        results = [not report.problem for report in reports if report.place.is_witness == is_witness]
        if results:
            counts |= {name: sum(results), f"{name}_failed": len(results) - sum(results)}
    return counts


async def give_out(settings: Settings, places: Sequence[Place]) -> list[PlaceReport]:
    """Sign a checkpoint, have it cosigned by the witnesses among ``places``, and give it to the others.

    Return the results, those of witnesses first. Raises BadInput, LogForked and OSError.
    """
    if not places:
        return []
    signed = signed_log.sign(settings.db)
    deliveries = checkpoint_places.read_deliveries(settings.db)
    witnesses = [place for place in places if place.is_witness]
    answers = await asyncio.gather(*(_ask(settings, place, signed, deliveries.get(place.key)) for place in witnesses))
    lines = [line for line, _ in answers if line]
    if lines:
        signed = checkpoint_places.add_cosignatures(settings.db, signed, lines)
    signed = checkpoint_places.cosigned(settings.db, signed)
    others = [place for place in places if not place.is_witness]
    problems = await asyncio.gather(*(asyncio.to_thread(_deliver, settings, place, signed) for place in others))
    reports = [
        PlaceReport(place=place, problem=problem) for place, (_, problem) in zip(witnesses, answers, strict=True)
    ]
    reports += [PlaceReport(place=place, problem=problem) for place, problem in zip(others, problems, strict=True)]
    delivery = Delivery(origin=signed.checkpoint.origin, size=signed.checkpoint.size, at=settings.wall())
    checkpoint_places.record_deliveries(
        settings.db, {report.place.key: delivery for report in reports if not report.problem}
    )
    return reports


async def _ask(settings: Settings, place: Place, signed: SignedCheckpoint, last: Delivery | None) -> tuple[str, str]:
    """Return the line of a witness and an empty string, or an empty string and the problem."""
    old = last.size if last is not None and last.origin == signed.checkpoint.origin else 0
    try:
        line, _ = await cosigning.ask_witness(settings, place.address, signed, min(old, signed.checkpoint.size))
    except cosigning.NotCosigned as error:
        return "", str(error)
    return line, ""


def _deliver(settings: Settings, place: Place, signed: SignedCheckpoint) -> str:
    """Give a checkpoint to a place. Return the problem, an empty string if there is none."""
    try:
        checkpoint_copies.deliver(settings.db, place.address, signed, settings.wall())
    except (checkpoint_copies.NotDelivered, ArchiveError) as error:
        return str(error)
    except OSError as error:
        return f"{type(error).__name__}: {error.strerror}"
    return ""
