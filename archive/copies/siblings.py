"""Two rewrites of one original, which may share too little with each other to be called copies when compared alone.

Each is a copy of the original for certain, and the archive has it. So the two are copies of each other through that
text. This holds only if both links are nearly certain together, and if both texts took the same passages of the third:
a page that prints the reports of two agencies contains both, and makes them no copies of each other.

The stored links do not know this. They depend on two texts alone, never on what else is in the archive.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archive.copies.clusters import MERGING
from db.records import Relation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.records import Judgement

LEAST_TOGETHER = 0.97
"""The least product of the probabilities of both links. On the development part it finds 57 more of 637 pairs of two
rewrites, and 4 more of 2,958 honest pairs; with 0.95 it finds 61 and 13 more."""

LEAST_COMMON = 0.5
"""The least part of the original that both took, as a share of what the one took that took less."""

THIRDS_COMPARED = 3
"""Most texts that are tried as the common original, the closest first."""


def through_original(alone: Judgement, a: Judgement, b: Judgement, original: str) -> Judgement | None:
    """Return ``alone``, the judgement on two texts, as that of copies through a third text. None if they are none.

    ``a`` and ``b`` are the judgements of the first and of the second text with the third, which is side b of both.
    ``original`` names the third text for the reason.
    """
    if not all(judgement.relation in MERGING for judgement in (a, b)):
        return None
    first, second = (1.0 if judgement.probability is None else judgement.probability for judgement in (a, b))
    taken, also_taken = (_joined(passage.b for passage in judgement.passages) for judgement in (a, b))
    common = _overlap(taken, also_taken) / max(1, min(_length(taken), _length(also_taken)))
    if first * second < LEAST_TOGETHER or common < LEAST_COMMON:
        return None
    links = "; ".join(sorted((f"{a.relation}, {first:.2f}", f"{b.relation}, {second:.2f}")))
    reason = (
        f"reworded: both are copies of {original} ({links}), so of each other with probability {first * second:.2f} "
        f"(needs {LEAST_TOGETHER}); {common:.0%} of what one took of it the other took, too; "
        f"compared alone: {alone.because}"
    )
    return replace(
        alone,
        relation=Relation.REWORDED,
        score=min(a.score, b.score),
        because=reason,
        probability=round(first * second, 4),
        translated=alone.languages[0] != alone.languages[1] and None not in alone.languages,
    )


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, overlapping ones as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def _length(spans: Iterable[tuple[int, int]]) -> int:
    return sum(end - start for start, end in spans)


def _overlap(spans: Iterable[tuple[int, int]], others: Iterable[tuple[int, int]]) -> int:
    others = list(others)
    return sum(max(0, min(end, stop) - max(start, begin)) for start, end in spans for begin, stop in others)
