"""Ordered sentence alignment with anchor agreement.

Two reports of one event share names and figures; only a copy says the same things in the same order. So sentences
are paired by what they share (dynamic programming over a likeness matrix, as Needleman and Wunsch, 1970, with free
gaps), and a pair whose numbers or names contradict each other is kept apart, however alike its frame: that is what
tells a copy from two uses of one template.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz.distance import Indel

from archive.copies.transliteration import respelled_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archive.copies.similarity import EmbeddingModel, Similarity
    from archive.copies.tokenize import Sentence, TokenizedText

LEAST_HELD = 0.55
"""Of a sentence that was cut in two, each part must be held by the whole to this degree."""

PART = 0.8
"""What being held counts for as a likeness."""

FRAME_ALIKE = 0.7
"""From this likeness of frames on, contradicting anchors mean that a number was updated or a template filled in."""

NAMES_OF_CHANGED, PLAIN_OF_CHANGED = 2, 0.2
"""A sentence in other words with other figures is still the same one, updated, if it has two names in common
and so much besides."""

LEAST_SHARED = 1 / 3
"""Where both sentences have numbers, at least this part of the shorter list must agree."""

NAMES_MATTER_BELOW = 0.6
"""Under this likeness two sentences that both name somebody must name somebody in common."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Sentence ``i`` of one text and ``j`` of the other: how alike, what both weigh, which anchors they share.

    ``plain`` is their likeness without numbers and names, which every report of an event has.
    """

    i: int
    j: int
    likeness: float
    plain: float
    weight: float
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alignment:
    """The best ordered chain of pairs, and the look-alikes whose anchors contradict.

    ``changed``: the same names, other figures, as an update has them. ``filled``: other names. Both: one frame.
    ``bent``: names of the first text that stand in the second in another spelling.
    """

    pairs: tuple[Pair, ...]
    changed: tuple[Pair, ...]
    filled: tuple[Pair, ...]
    bent: dict[str, str]


def align(
    a: TokenizedText, b: TokenizedText, *, translated: bool = False, model: EmbeddingModel | None = None
) -> Alignment:
    """Pair the sentences of two texts in order; ``translated`` compares anchors alone (texts in two languages)."""
    from archive.copies.similarity import (  # numpy takes 0.1 s, and who lists links needs none
        candidate_pairs,
        similarity_matrices,
    )

    bent = respelled_names(a.names, b.names)
    likeness = similarity_matrices(a, b, bent, translated=translated, model=model)
    found: dict[str, list[Pair]] = {"": [], "numbers": [], "names": [], "all": []}
    for i, j in candidate_pairs(likeness.all):
        pair = _pair(int(i), int(j), float(likeness.all[i, j]), likeness, (a.sentences[i], b.sentences[j]), bent)
        found[_contradiction(a.sentences[i], b.sentences[j], pair)].append(pair)
    chain = _with_parts(best_chain(found[""], len(b.sentences)), a.sentences, b.sentences, likeness, bent)
    return Alignment(tuple(chain), tuple(found["numbers"]), tuple(found["names"]), bent)


def _pair(
    i: int, j: int, alike: float, likeness: Similarity, said: tuple[Sentence, Sentence], bent: Mapping[str, str]
) -> Pair:
    one, two = said
    anchors = (one.numbers & two.numbers) | {name for name in one.names if bent.get(name, name) in two.names}
    plain = float(likeness.plain[i, j])
    return Pair(i, j, min(1.0, alike), min(1.0, plain), (one.mass + two.mass) / 2, tuple(sorted(anchors)))


def _contradiction(a: Sentence, b: Sentence, pair: Pair) -> str:
    """What two look-alike sentences contradict each other in: nothing, ``numbers``, ``names``, or ``all``."""
    both = a.numbers & b.numbers
    fewest = min(len(a.numbers), len(b.numbers))
    names_differ = bool(a.names and b.names) and not set(pair.anchors) - both
    numbers_differ = bool(fewest) and len(both) < LEAST_SHARED * fewest
    if not numbers_differ and not (names_differ and pair.likeness < NAMES_MATTER_BELOW):
        return ""
    if Indel.normalized_similarity(a.frame, b.frame) >= FRAME_ALIKE:
        return "names" if names_differ else "numbers"
    reworded = len(set(pair.anchors) - both) >= NAMES_OF_CHANGED and pair.plain >= PLAIN_OF_CHANGED
    return "numbers" if reworded else "all"


def _with_parts(
    chain: list[Pair], a: Sequence[Sentence], b: Sequence[Sentence], likeness: Similarity, bent: Mapping[str, str]
) -> list[Pair]:
    """The chain, and beside its links what an editor cut off them: two sentences in one text for one in the other."""
    taken_a, taken_b = {pair.i for pair in chain}, {pair.j for pair in chain}
    parts = []
    for pair in chain:
        for i, j in ((pair.i - 1, pair.j), (pair.i + 1, pair.j), (pair.i, pair.j - 1), (pair.i, pair.j + 1)):
            inside = 0 <= i < len(a) and 0 <= j < len(b)
            if not inside or (i in taken_a and j in taken_b) or likeness.held[i, j] < LEAST_HELD:
                continue
            part = _pair(i, j, PART * float(likeness.held[i, j]), likeness, (a[i], b[j]), bent)
            if part.anchors and not _contradiction(a[i], b[j], part):
                parts.append(part)
                taken_a.add(i)
                taken_b.add(j)
    return sorted([*chain, *parts], key=lambda pair: (pair.i, pair.j))


def best_chain(pairs: Sequence[Pair], width: int) -> list[Pair]:
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
