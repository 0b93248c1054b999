"""Ordered sentence alignment with anchor agreement.

Two reports of one event share names and figures. Only a copy says the same in the same order. So sentences are paired
by what they share (dynamic programming over a similarity matrix, as Needleman and Wunsch, 1970, with free gaps). A pair
whose numbers or names contradict each other is kept separate, however similar its frame. This separates a copy from two
uses of one template.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz.distance import Indel

from archive.copies.transliteration import shared_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archive.copies.similarity import Similarity
    from archive.copies.tokenize import Sentence, TokenizedText

LEAST_CONTAINED = 0.55
"""If a sentence was cut in two, the whole must contain each part to this degree."""

PART = 0.8
"""The similarity of a part is its containment times this."""

FRAME_SIMILAR = 0.7
"""From this similarity of frames on, contradicting anchors mean that a number was updated or a template filled in
again."""

NAMES_OF_CHANGED, PLAIN_OF_CHANGED = 2, 0.2
"""A sentence in other words with other figures is the same one, updated, if it shares two names and has this plain
similarity."""

LEAST_SHARED = 1 / 3
"""If both sentences have numbers, at least this part of the shorter list must agree."""

NAMES_MATTER_BELOW = 0.6
"""Below this similarity, two sentences that both have names must share one."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Sentence ``i`` of one text and ``j`` of the other: their similarity, mean weight, and shared anchors.

    ``plain`` is the similarity without numbers and names, which every report of an event has.
    """

    i: int
    j: int
    similarity: float
    plain: float
    weight: float
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alignment:
    """The best ordered chain of pairs, and similar sentences whose anchors contradict each other.

    ``changed``: the same names with other figures, as in an update. ``filled``: other names in one frame.
    ``respelled``: names of the first text that the second spells otherwise. ``similarity`` is that of all sentences.
    """

    pairs: tuple[Pair, ...]
    changed: tuple[Pair, ...]
    filled: tuple[Pair, ...]
    respelled: dict[str, str]
    similarity: Similarity


def align(a: TokenizedText, b: TokenizedText, *, translated: bool = False) -> Alignment:
    """Pair the sentences of two texts in order. ``translated`` compares anchors alone (texts in two languages)."""
    from archive.copies.similarity import (  # numpy takes 0.1 s to import, and listing links does not need it
        candidate_pairs,
        similarity_matrices,
    )

    respelled = shared_names(a, b)
    similarity = similarity_matrices(a, b, respelled, translated=translated)
    by_contradiction: dict[str, list[Pair]] = {"": [], "numbers": [], "names": [], "all": []}
    for i, j in candidate_pairs(similarity.all):
        pair = _pair(
            int(i), int(j), float(similarity.all[i, j]), similarity, (a.sentences[i], b.sentences[j]), respelled
        )
        by_contradiction[_contradiction(a.sentences[i], b.sentences[j], pair)].append(pair)
    chain = _add_split_sentences(
        best_chain(by_contradiction[""], len(b.sentences)), a.sentences, b.sentences, similarity, respelled
    )
    return Alignment(
        tuple(chain), tuple(by_contradiction["numbers"]), tuple(by_contradiction["names"]), respelled, similarity
    )


def _pair(
    i: int,
    j: int,
    similarity: float,
    matrices: Similarity,
    sentences: tuple[Sentence, Sentence],
    respelled: Mapping[str, str],
) -> Pair:
    a, b = sentences
    anchors = (a.numbers & b.numbers) | {name for name in a.names if respelled.get(name, name) in b.names}
    plain = float(matrices.plain[i, j])
    return Pair(i, j, min(1.0, similarity), min(1.0, plain), (a.mass + b.mass) / 2, tuple(sorted(anchors)))


def _contradiction(a: Sentence, b: Sentence, pair: Pair) -> str:
    """Return the anchors in which two similar sentences contradict each other.

    Empty if there is no contradiction, else ``numbers``, ``names`` or ``all``.
    """
    both = a.numbers & b.numbers
    fewest = min(len(a.numbers), len(b.numbers))
    names_differ = bool(a.names and b.names) and not set(pair.anchors) - both
    numbers_differ = bool(fewest) and len(both) < LEAST_SHARED * fewest
    if not numbers_differ and not (names_differ and pair.similarity < NAMES_MATTER_BELOW):
        return ""
    if Indel.normalized_similarity(a.frame, b.frame) >= FRAME_SIMILAR:
        return "names" if names_differ else "numbers"
    reworded = len(set(pair.anchors) - both) >= NAMES_OF_CHANGED and pair.plain >= PLAIN_OF_CHANGED
    return "numbers" if reworded else "all"


def _add_split_sentences(
    chain: list[Pair], a: Sequence[Sentence], b: Sequence[Sentence], matrices: Similarity, respelled: Mapping[str, str]
) -> list[Pair]:
    """Return the chain with pairs beside its links: two sentences of one text for one of the other."""
    taken_a, taken_b = {pair.i for pair in chain}, {pair.j for pair in chain}
    parts = []
    for pair in chain:
        for i, j in ((pair.i - 1, pair.j), (pair.i + 1, pair.j), (pair.i, pair.j - 1), (pair.i, pair.j + 1)):
            inside = 0 <= i < len(a) and 0 <= j < len(b)
            if not inside or (i in taken_a and j in taken_b) or matrices.containment[i, j] < LEAST_CONTAINED:
                continue
            part = _pair(i, j, PART * float(matrices.containment[i, j]), matrices, (a[i], b[j]), respelled)
            if part.anchors and not _contradiction(a[i], b[j], part):
                parts.append(part)
                taken_a.add(i)
                taken_b.add(j)
    return sorted([*chain, *parts], key=lambda pair: (pair.i, pair.j))


def best_chain(pairs: Sequence[Pair], width: int) -> list[Pair]:
    """Return the heaviest chain of pairs with both indexes rising (a Fenwick tree over ``j`` has the best so far)."""
    tree: list[int | None] = [None] * (width + 1)
    total = [0.0] * len(pairs)
    before: list[int | None] = [None] * len(pairs)
    order = sorted(range(len(pairs)), key=lambda p: (pairs[p].i, -pairs[p].j))
    for p in order:
        before[p] = _best_below(tree, total, pairs[p].j)
        previous = before[p]
        total[p] = pairs[p].similarity * pairs[p].weight + (total[previous] if previous is not None else 0.0)
        _update_tree(tree, total, pairs[p].j + 1, p)
    last = _best_below(tree, total, width)
    chain: list[Pair] = []
    while last is not None:
        chain.append(pairs[last])
        last = before[last]
    return chain[::-1]


def _best_below(tree: Sequence[int | None], total: Sequence[float], index: int) -> int | None:
    best: int | None = None
    while index > 0:
        candidate = tree[index]
        if candidate is not None and (best is None or total[candidate] > total[best]):
            best = candidate
        index &= index - 1
    return best


def _update_tree(tree: list[int | None], total: Sequence[float], index: int, p: int) -> None:
    while index < len(tree):
        current = tree[index]
        if current is None or total[p] > total[current]:
            tree[index] = p
        index += index & -index
