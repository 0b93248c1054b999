"""How far two texts tell the same things in the same order, without a break.

Reporters who write of one event share its names and figures, and a rewrite may share no other words. But each reporter
chooses an order, leaves out and puts in; who rewrites goes along the original, sentence by sentence. So three things
are measured along the aligned sentences: of the information that both texts name, how much stands there; of what lies
between the first and the last of them, how much is aligned; and how much of each text's names and numbers is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archive.copies.align import Pair
    from archive.copies.tokenize import Sentence, TokenizedText

KEPT_FROM, KEPT_TO = 0.2, 0.5
"""Of the names and numbers of two aligned sentences so much in common counts for nothing, and in full."""


@dataclass(frozen=True, slots=True)
class OrderMeasures:
    """Three shares along the aligned sentences, from 0 to 1.

    ``order``: of the information that both texts name, what stands there. ``unbroken``: of the sentences from the
    first aligned one to the last, by weight, the aligned ones; the geometric mean of both texts. ``kept``: of each
    text's names and numbers, by weight, what its aligned sentences have in common with their partners.
    """

    order: float = 0.0
    unbroken: float = 0.0
    kept: tuple[float, float] = (0.0, 0.0)


def measure_order(
    pairs: Sequence[Pair], a: TokenizedText, b: TokenizedText, shared: Mapping[str, float], bent: Mapping[str, str]
) -> OrderMeasures:
    """Measure along a chain of pairs; ``shared`` is the information in what both name, in the spelling of ``b``.

    Where they name nothing in common, nothing is out of order.
    """
    if not pairs:
        return OrderMeasures(order=0.0 if shared else 1.0)
    said = {bent.get(anchor, anchor) for pair in pairs for anchor in pair.anchors}
    in_order = sum(weight for anchor, weight in shared.items() if anchor in said)
    unbroken = sqrt(_unbroken({pair.i for pair in pairs}, a) * _unbroken({pair.j for pair in pairs}, b))
    order = in_order / sum(shared.values()) if shared else 1.0
    return OrderMeasures(order, unbroken, _kept(pairs, a, b, bent))


def _unbroken(places: set[int], reading: TokenizedText) -> float:
    """By weight, so that a short sentence cut off a long one makes no break."""
    between = sum(reading.sentences[place].mass for place in range(min(places), max(places) + 1))
    return sum(reading.sentences[place].mass for place in places) / max(between, 0.01)


def _kept(pairs: Sequence[Pair], a: TokenizedText, b: TokenizedText, bent: Mapping[str, str]) -> tuple[float, float]:
    found_a, found_b = [0.0] * len(a.sentences), [0.0] * len(b.sentences)
    for pair in pairs:
        counts = _counts(_named(a.sentences[pair.i], bent), _named(b.sentences[pair.j], {}))
        found_a[pair.i] = max(found_a[pair.i], counts)
        found_b[pair.j] = max(found_b[pair.j], counts)
    return _share(found_a, a), _share(found_b, b)


def _named(sentence: Sentence, bent: Mapping[str, str]) -> dict[str, float]:
    anchors = (*sentence.numbers, *sentence.names)
    return {bent.get(term, term): sentence.terms[term] for term in anchors if term in sentence.terms}


def _counts(one: Mapping[str, float], two: Mapping[str, float]) -> float:
    """The weighted Dice coefficient of two sentences' names and numbers, from ``KEPT_FROM`` to ``KEPT_TO``."""
    both = sum(sqrt(one[term] * two[term]) for term in one.keys() & two.keys())
    alike = 2 * both / max(sum(one.values()) + sum(two.values()), 0.01)
    return max(0.0, min(1.0, (alike - KEPT_FROM) / (KEPT_TO - KEPT_FROM)))


def _share(found: Sequence[float], reading: TokenizedText) -> float:
    weights = [sentence.mass - sentence.plain for sentence in reading.sentences]
    return sum(share * weight for share, weight in zip(found, weights, strict=True)) / max(sum(weights), 0.01)
