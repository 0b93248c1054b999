"""Parts of a text that ``pair_evidence`` compares, prepared once a text: it is compared with many others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from archive.copies.stopwords import COMMON

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.copies.segment import Words
    from archive.copies.tokenize import Sentence

GRAM = 3
"""Words in a row that must agree, outside quotation marks."""

FEWEST_QUOTED = 4
"""A quotation of fewer words ("very sad") is nobody's own."""

STEM = 6
"""Letters of a word that are compared."""


@dataclass(frozen=True, slots=True)
class TextShape:
    """Runs of words, and names and numbers in their places.

    ``grams`` and ``plain_grams`` (outside quotation marks) are hashes of runs of three words. ``quotations`` are the
    runs of each quotation. ``anchors`` are the names and numbers in the order of the text, ``content`` the beginnings
    of its words without the common ones. ``weights`` are the names and numbers of each sentence with their weights,
    ``places`` those of each sentence and of every two neighbours.
    """

    grams: frozenset[int]
    plain_grams: frozenset[int]
    quotations: tuple[tuple[int, ...], ...]
    anchors: tuple[str, ...]
    content: tuple[str, ...]
    weights: tuple[dict[str, float], ...]
    places: tuple[frozenset[str], ...]


def shape_of(words: Words, sentences: Sequence[Sentence], names: frozenset[str]) -> TextShape:
    """Return the shape of a text with these words, sentences and names."""
    grams = [hash(gram) for gram in zip(*(words.folded[skip:] for skip in range(GRAM)), strict=False)]
    quoted = words.quoted
    weights = tuple(_weights(sentence) for sentence in sentences)
    held = [frozenset(terms) for terms in weights]
    return TextShape(
        grams=frozenset(grams),
        plain_grams=frozenset(g for start, g in enumerate(grams) if not any(quoted[start : start + GRAM])),
        quotations=tuple(_quotations(grams, quoted)),
        anchors=tuple(w for w in words.folded if w in names or (w[0].isdigit() and len(w) > 1)),
        content=tuple(word[:STEM] for word in words.folded if word not in COMMON),
        weights=weights,
        places=(*held, *(first | second for first, second in pairwise(held))),
    )


def _weights(sentence: Sentence) -> dict[str, float]:
    anchors = sentence.names | sentence.numbers
    return {term: weight for term, weight in sentence.terms.items() if term in anchors}


def _quotations(grams: Sequence[int], quoted: bytes) -> Iterator[tuple[int, ...]]:
    start = 0
    for run in quoted.split(b"\0"):
        if len(run) >= FEWEST_QUOTED:
            yield tuple(grams[start : start + len(run) - GRAM + 1])
        start += len(run) + 1
