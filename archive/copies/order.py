"""The degree to which two texts say the same in the same order, without interruption.

Reporters who write about one event share its names and figures, and a rewrite may share no other words. But each
reporter chooses an order, omits and adds, while a rewriter follows the original sentence by sentence. So three shares
are measured along the aligned sentences: the information named in both texts that is in them, the aligned part of the
text from the first to the last of them, and the part of each text's names and numbers that they have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archive.copies.align import Pair
    from archive.copies.tokenize import Sentence, TokenizedText

RETAINED_FROM, RETAINED_TO = 0.2, 0.5
"""With the first share of their names and numbers in common, two aligned sentences count for nothing, with the second
in full."""


@dataclass(frozen=True, slots=True)
class OrderMeasures:
    """Three shares along the aligned sentences, from 0 to 1.

    ``order``: the part of the information named in both texts that is in aligned sentences. ``unbroken``: the aligned
    part, by weight, of the sentences from the first aligned one to the last; the geometric mean of both texts.
    ``retained``: the part of each text's names and numbers, by weight, that its aligned sentences have in common with
    their partners.
    """

    order: float = 0.0
    unbroken: float = 0.0
    retained: tuple[float, float] = (0.0, 0.0)


def measure_order(
    pairs: Sequence[Pair], a: TokenizedText, b: TokenizedText, shared: Mapping[str, float], respelled: Mapping[str, str]
) -> OrderMeasures:
    """Measure along a chain of pairs. ``shared`` is the information in what both texts name, in the spelling of ``b``.

    If they name nothing in common, nothing is out of order.
    """
    if not pairs:
        return OrderMeasures(order=0.0 if shared else 1.0)
    chain_anchors = {respelled.get(anchor, anchor) for pair in pairs for anchor in pair.anchors}
    in_order = sum(weight for anchor, weight in shared.items() if anchor in chain_anchors)
    unbroken = sqrt(_unbroken({pair.i for pair in pairs}, a) * _unbroken({pair.j for pair in pairs}, b))
    order = in_order / sum(shared.values()) if shared else 1.0
    return OrderMeasures(order, unbroken, _retained(pairs, a, b, respelled))


def _unbroken(indexes: set[int], text: TokenizedText) -> float:
    """Weighted, so that a short sentence cut off a long one is no interruption."""
    between = sum(text.sentences[index].mass for index in range(min(indexes), max(indexes) + 1))
    return sum(text.sentences[index].mass for index in indexes) / max(between, 0.01)


def _retained(
    pairs: Sequence[Pair], a: TokenizedText, b: TokenizedText, respelled: Mapping[str, str]
) -> tuple[float, float]:
    best_a, best_b = [0.0] * len(a.sentences), [0.0] * len(b.sentences)
    for pair in pairs:
        retention = _retention(
            _anchor_weights(a.sentences[pair.i], respelled), _anchor_weights(b.sentences[pair.j], {})
        )
        best_a[pair.i] = max(best_a[pair.i], retention)
        best_b[pair.j] = max(best_b[pair.j], retention)
    return _share(best_a, a), _share(best_b, b)


def _anchor_weights(sentence: Sentence, respelled: Mapping[str, str]) -> dict[str, float]:
    anchors = sentence.numbers | sentence.names
    return {respelled.get(term, term): weight for term, weight in sentence.terms.items() if term in anchors}


def _retention(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Return the weighted Dice coefficient of two sentences' names and numbers.

    Scaled so that ``RETAINED_FROM`` is 0 and ``RETAINED_TO`` is 1.
    """
    both = sum(sqrt(a[term] * b[term]) for term in a if term in b)
    dice = 2 * both / max(sum(a.values()) + sum(b.values()), 0.01)
    return max(0.0, min(1.0, (dice - RETAINED_FROM) / (RETAINED_TO - RETAINED_FROM)))


def _share(shares: Sequence[float], text: TokenizedText) -> float:
    weights = [sentence.mass - sentence.plain for sentence in text.sentences]
    return sum(share * weight for share, weight in zip(shares, weights, strict=True)) / max(sum(weights), 0.01)
