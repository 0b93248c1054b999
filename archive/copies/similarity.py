"""How alike every two sentences of two texts are, as matrices: the one place where numpy is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from archive.copies.tokenize import TokenizedText

    Matrix = NDArray[np.float64]

LEAST_LIKENESS = 0.25
"""Pairs less alike than this are not considered."""

WORDLESS = 0.2
WORDLESS_PLAIN = 0.1
"""A sentence with less of its mass in plain words ("Brandvold, 44; Quist, 51") has no likeness in them, and gets the
second figure: it counts half. Lists of nominees and results are no text of anybody's."""

MOST_MEANT = 0.6
"""Sentences that share no word are not alike in words, whatever they mean; this is enough to count in full."""

MOST_PARTNERS = 12
"""Partners considered for a sentence: bounds a text that says the same four hundred times."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """Of every two sentences: how alike in all and without anchors, and how much of the smaller the larger holds."""

    all: Matrix
    plain: Matrix
    held: Matrix


def similarity_matrices(
    a: TokenizedText, b: TokenizedText, bent: Mapping[str, str], *, translated: bool, model: EmbeddingModel | None
) -> Similarity:
    """Weighted Dice coefficients, or more where ``model`` says so; ``translated`` counts anchors alone."""
    terms = [(term, term) for term in a.terms if term in b.terms] + list(bent.items())
    anchors = [(one, two) for one, two in terms if one in a.anchors or two in b.anchors]
    words = [(one, two) for one, two in terms if one not in a.anchors and two not in b.anchors]
    shared_words, shared_anchors = _shared(a, b, words), _shared(a, b, anchors)
    shared = shared_anchors if translated else shared_words + shared_anchors
    plain = [np.array([sentence.plain for sentence in side.sentences]) for side in (a, b)]
    masses = [np.array([sentence.mass for sentence in side.sentences]) for side in (a, b)]
    masses = [mass - besides for mass, besides in zip(masses, plain, strict=True)] if translated else masses
    # The product of roots is at most the mean, so that a coefficient stays below one.
    dice = 2 * shared / np.maximum(np.add.outer(*masses), 0.01)
    dice_words = 2 * shared_words / np.maximum(np.add.outer(*plain), 0.01)
    least = np.minimum.outer(*plain)
    wordless = least < WORDLESS * np.minimum.outer(*masses)
    held = np.minimum(1.0, shared_words / np.maximum(least, 0.01))
    dice_words = np.where(wordless, WORDLESS_PLAIN, dice_words)
    meant = model.similarity(a, b) if model else None
    if meant is not None:
        dice, dice_words = np.maximum(dice, meant), np.maximum(dice_words, np.minimum(meant, MOST_MEANT))
    return Similarity(dice, dice_words, held)


def _shared(a: TokenizedText, b: TokenizedText, terms: Sequence[tuple[str, str]]) -> Matrix:
    """What every two sentences share of these terms: the sum of the products of the roots of their weights."""
    return _incidence(a, [one for one, _ in terms]) @ _incidence(b, [two for _, two in terms]).T


def _incidence(reading: TokenizedText, terms: Sequence[str]) -> Matrix:
    """Roots of the weights, a row for each sentence and a column for each term."""
    matrix = np.zeros((len(reading.sentences), len(terms)))
    entries = [(row, column, weight) for column, term in enumerate(terms) for row, weight in reading.terms[term]]
    if entries:
        rows, columns, weights = zip(*entries, strict=True)
        matrix[rows, columns] = np.sqrt(weights)
    return matrix


def candidate_pairs(likeness: Matrix) -> NDArray[np.intp]:
    """Places of the pairs worth looking at; of a sentence with many look-alikes the nearest ones."""
    fit = likeness >= LEAST_LIKENESS
    if fit.any() and fit.sum(axis=1).max() > MOST_PARTNERS:
        nearest = np.argsort(-likeness, axis=1, kind="stable")[:, :MOST_PARTNERS]
        chosen = np.zeros_like(fit)
        np.put_along_axis(chosen, nearest, values=True, axis=1)
        fit &= chosen
    return np.argwhere(fit)


class EmbeddingModel(Protocol):
    """What a judgement asks about meaning; ``id`` becomes part of its method."""

    @property
    def id(self) -> str:
        """Name and size of the model."""

    def similarity(self, a: TokenizedText, b: TokenizedText) -> Matrix | None:
        """How alike in meaning every two sentences are, from 0 to 1; None for texts it cannot judge."""
