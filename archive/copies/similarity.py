"""Similarity matrices: every two sentences of two texts. The only module that uses numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from archive.copies.tokenize import TokenizedText

    Matrix = NDArray[np.float64]

LEAST_SIMILARITY = 0.25
"""Pairs less similar than this are not considered."""

WORDLESS = 0.2
WORDLESS_PLAIN = 0.1
"""A sentence with less than the first share of its mass in plain words ("Brandvold, 44; Quist, 51") has no similarity
in words. It gets the second figure, which counts half. Lists of nominees and results are nobody's own text."""

MANY_PLACES = 64
"""Pairs of sentences that have a term, from which on numpy adds them at once."""

MOST_PARTNERS = 12
"""Partners considered for a sentence. This bounds a text that says the same four hundred times."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """Matrices over every two sentences.

    Similarity, similarity without anchors, and containment of the smaller sentence in the larger.
    """

    all: Matrix
    plain: Matrix
    containment: Matrix


def similarity_matrices(
    a: TokenizedText, b: TokenizedText, respelled: Mapping[str, str], *, translated: bool
) -> Similarity:
    """Return weighted Dice coefficients. ``translated`` counts anchors alone."""
    terms = [(term, term) for term in a.terms if term in b.terms] + list(respelled.items())
    anchors = [(term_a, term_b) for term_a, term_b in terms if term_a in a.anchors or term_b in b.anchors]
    words = [(term_a, term_b) for term_a, term_b in terms if term_a not in a.anchors and term_b not in b.anchors]
    shared_words, shared_anchors = _shared(a, b, words), _shared(a, b, anchors)
    shared = shared_anchors if translated else shared_words + shared_anchors
    plain = [np.array([sentence.plain for sentence in side.sentences]) for side in (a, b)]
    masses = [np.array([sentence.mass for sentence in side.sentences]) for side in (a, b)]
    masses = [mass - plain_mass for mass, plain_mass in zip(masses, plain, strict=True)] if translated else masses
    # The product of roots is at most the mean, so that a coefficient stays below one.
    dice = 2 * shared / np.maximum(np.add.outer(*masses), 0.01)
    dice_words = 2 * shared_words / np.maximum(np.add.outer(*plain), 0.01)
    least = np.minimum.outer(*plain)
    wordless = least < WORDLESS * np.minimum.outer(*masses)
    containment = np.minimum(1.0, shared_words / np.maximum(least, 0.01))
    dice_words = np.where(wordless, WORDLESS_PLAIN, dice_words)
    return Similarity(dice, dice_words, containment)


def _shared(a: TokenizedText, b: TokenizedText, terms: Sequence[tuple[str, str]]) -> Matrix:
    """Return what every two sentences share of these terms: the sum of the products of the roots of the weights.

    Summed term by term, because most terms are in one or two sentences of each text: a product of matrices with a
    column for each term took half of the time that two long texts need. Only terms that are in many sentences go
    through numpy one by one.
    """
    shape = len(a.sentences), len(b.sentences)
    places: list[int] = []
    products: list[float] = []
    frequent = np.zeros(shape)
    for term_a, term_b in terms:
        places_a, places_b = a.terms[term_a], b.terms[term_b]
        if len(places_a) * len(places_b) > MANY_PLACES:
            rows, weights_a = zip(*places_a, strict=True)
            columns, weights_b = zip(*places_b, strict=True)
            frequent[np.ix_(rows, columns)] += np.sqrt(np.outer(weights_a, weights_b))
            continue
        for row, weight_a in places_a:
            start = row * shape[1]
            for column, weight_b in places_b:
                places.append(start + column)
                products.append(weight_a * weight_b)
    if not places:
        return frequent
    rare = np.bincount(places, weights=np.sqrt(products), minlength=shape[0] * shape[1])
    return frequent + rare.reshape(shape)


def candidate_pairs(similarity: Matrix) -> NDArray[np.intp]:
    """Return the indexes of the pairs to consider. A sentence with many similar ones has only the nearest."""
    selected = similarity >= LEAST_SIMILARITY
    if selected.any() and selected.sum(axis=1).max() > MOST_PARTNERS:
        nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :MOST_PARTNERS]
        partners = np.zeros_like(selected)
        np.put_along_axis(partners, nearest, values=True, axis=1)
        selected &= partners
    return np.argwhere(selected)
