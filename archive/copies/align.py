"""Ordered sentence alignment with anchor agreement.

Two reports of one event share names and figures; only a copy says the same things in the same order. So sentences
are paired by what they share (dynamic programming over a sparse likeness matrix, as Needleman and Wunsch, 1970, with
free gaps), and a pair whose numbers or names contradict each other is no pair, however alike its frame: that is what
tells a copy from two uses of one template.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA, Indel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.copies.reading import Sentence

LEAST_LIKENESS = 0.30
"""Pairs less alike than this are not considered."""

CROWDED = 50
"""A term in more sentences than this on one side says nothing about which sentence belongs to which."""

FRAME_ALIKE = 0.75
"""From this likeness of frames on, contradicting anchors mean a template was filled in twice."""


LEAST_SHARED = 1 / 3
"""Where both sentences have numbers, at least this part of the shorter list must agree."""

NAMES_MATTER_BELOW = 0.6
"""Under this likeness two sentences that both name somebody must name somebody in common."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Sentence ``i`` of one text and ``j`` of the other: how alike, what both weigh, which anchors they share."""

    i: int
    j: int
    likeness: float
    weight: float
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alignment:
    """The best ordered chain of pairs, and the look-alikes whose anchors contradict: one frame, other facts."""

    pairs: tuple[Pair, ...]
    templates: tuple[Pair, ...] = ()


def align(a: Sequence[Sentence], b: Sequence[Sentence], *, translated: bool = False) -> Alignment:
    """Pair the sentences of two texts in order; ``translated`` compares anchors alone (texts in two languages)."""
    good: list[Pair] = []
    templates: list[Pair] = []
    for i, j, shared in _meetings(a, b):
        pair = _by_anchors(i, j, a[i], b[j]) if translated else _by_words(i, j, a[i], b[j], shared)
        if pair.likeness < LEAST_LIKENESS:
            continue
        if not _contradict(a[i], b[j], pair):
            good.append(pair)
        elif Indel.normalized_similarity(a[i].frame, b[j].frame) >= FRAME_ALIKE:
            templates.append(pair)
    return Alignment(tuple(_best_chain(good, len(b))), tuple(templates))


def _meetings(a: Sequence[Sentence], b: Sequence[Sentence]) -> Iterator[tuple[int, int, float]]:
    """Every two sentences with an uncrowded term in common, and the weight of what they share."""
    holders, others = _holders(a), _holders(b)
    crowded = {term for held in (holders, others) for term, where in held.items() if len(where) > CROWDED}
    for i, sentence in enumerate(a):
        shared: dict[int, float] = defaultdict(float)
        for term, weight in sentence.terms.items():
            if term not in crowded:
                for j in others.get(term, ()):
                    shared[j] += min(weight, b[j].terms[term])
        yield from ((i, j, shared[j]) for j in sorted(shared))


def _holders(sentences: Sequence[Sentence]) -> dict[str, list[int]]:
    holders: dict[str, list[int]] = defaultdict(list)
    for place, sentence in enumerate(sentences):
        for term in sentence.terms:
            holders[term].append(place)
    return holders


def _by_words(i: int, j: int, a: Sentence, b: Sentence, shared: float) -> Pair:
    """Likeness as the weighted Dice coefficient of the terms; a name that is only nearly the same counts as shared."""
    bent = _bent_names(a.names, b.names)
    likeness = 2 * (shared + 2.0 * len(bent)) / (a.mass + b.mass)
    anchors = (a.numbers & b.numbers) | (a.names & b.names) | bent
    return Pair(i, j, min(1.0, likeness), (a.mass + b.mass) / 2, tuple(sorted(anchors)))


def _by_anchors(i: int, j: int, a: Sentence, b: Sentence) -> Pair:
    anchors = (a.numbers & b.numbers) | (a.names & b.names) | _bent_names(a.names, b.names)
    most = max(len(a.numbers | a.names), len(b.numbers | b.names), 1)
    return Pair(i, j, len(anchors) / most, (a.mass + b.mass) / 2, tuple(sorted(anchors)))


def _bent_names(a: frozenset[str], b: frozenset[str]) -> frozenset[str]:
    """Names of ``a`` that ``b`` has almost: translated back, Cormann is Kerman; mistyped, Brandvold is Brandvolt."""
    left = b - a
    return frozenset(name for name in a - b if any(_nearly(name, other) for other in left))


def _nearly(name: str, other: str) -> bool:
    longest = max(len(name), len(other))
    return longest >= 5 and OSA.distance(name, other, score_cutoff=2) <= min(2, longest // 4)  # noqa: PLR2004


def _contradict(a: Sentence, b: Sentence, pair: Pair) -> bool:
    both = a.numbers & b.numbers
    fewest = min(len(a.numbers), len(b.numbers))
    if fewest and len(both) < LEAST_SHARED * fewest:
        return True
    named = bool(a.names and b.names) and not set(pair.anchors) - both
    return named and pair.likeness < NAMES_MATTER_BELOW


def _best_chain(pairs: Sequence[Pair], width: int) -> list[Pair]:
    """The chain of pairs, both places rising, that weighs most (a Fenwick tree over ``j`` keeps the best so far)."""
    tree: list[int | None] = [None] * (width + 1)
    total = [0.0] * len(pairs)
    before: list[int | None] = [None] * len(pairs)
    order = sorted(range(len(pairs)), key=lambda p: (pairs[p].i, -pairs[p].j))
    for p in order:
        before[p] = _best_under(tree, total, pairs[p].j)
        ahead = before[p]
        total[p] = pairs[p].likeness * pairs[p].weight + (total[ahead] if ahead is not None else 0.0)
        _raise(tree, total, pairs[p].j + 1, p)
    last = _best_under(tree, total, width)
    chain: list[Pair] = []
    while last is not None:
        chain.append(pairs[last])
        last = before[last]
    return chain[::-1]


def _best_under(tree: Sequence[int | None], total: Sequence[float], place: int) -> int | None:
    best: int | None = None
    while place > 0:
        held = tree[place]
        if held is not None and (best is None or total[held] > total[best]):
            best = held
        place &= place - 1
    return best


def _raise(tree: list[int | None], total: Sequence[float], place: int, p: int) -> None:
    while place < len(tree):
        held = tree[place]
        if held is None or total[p] > total[held]:
            tree[place] = p
        place += place & -place
