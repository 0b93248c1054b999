"""Parts of a text that ``pair_evidence`` compares, prepared once a text: it is compared with many others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from archive.copies.stopwords import COMMON
from archive.copies.word_columns import stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from archive.copies.segment import Words
    from archive.copies.tokenize import Sentence

GRAM = 3
"""Words in a row that must agree, outside quotation marks."""

FEWEST_QUOTED = 4
"""A quotation of fewer words ("very sad") is nobody's own."""

STEM = 6
"""Letters of a word that are compared."""

DETAIL, ARABIC_DETAIL = 5, 4
"""Letters of a plain word that are compared in any place: fewer, because other endings join to it in another sentence.
Arabic words have few letters."""

FIRST_UNSPACED = "\u0e00"
"""Thai, the first of the scripts that write no spaces."""


@dataclass(frozen=True, slots=True)
class TextShape:
    """Runs of words, and names and numbers in their places.

    ``grams`` and ``plain_grams`` (outside quotation marks) are hashes of runs of three words. ``quotations`` are the
    runs of each quotation. ``anchors`` are the names and numbers in the order of the text, ``content`` the beginnings
    of its words without the common ones. ``weights`` are the names and numbers of each sentence with their weights,
    ``places`` those of each sentence and of every two neighbours. ``details`` are the beginnings of words that are
    neither names nor numbers and stand outside quotation marks, with the squares of their weights, so that a rare one
    counts most; ``quoted_details`` those that stand inside only. ``quoted`` is the quoted share of each sentence.
    """

    grams: frozenset[int]
    plain_grams: frozenset[int]
    quotations: tuple[tuple[int, ...], ...]
    anchors: tuple[str, ...]
    content: tuple[str, ...]
    weights: tuple[dict[str, float], ...]
    places: tuple[frozenset[str], ...]
    details: dict[str, float]
    quoted_details: dict[str, float]
    quoted: tuple[float, ...]


def shape_of(
    words: Words, sentences: Sequence[Sentence], names: frozenset[str], topic: Mapping[str, float]
) -> TextShape:
    """Return the shape of a text with these words, sentences and names. ``topic`` weighs its other words."""
    grams = [hash(gram) for gram in zip(*(words.folded[skip:] for skip in range(GRAM)), strict=False)]
    quoted = words.quoted
    weights = tuple(_weights(sentence) for sentence in sentences)
    held = [frozenset(terms) for terms in weights]
    spoken = _quoted_only(words)
    return TextShape(
        grams=frozenset(grams),
        plain_grams=frozenset(g for start, g in enumerate(grams) if not any(quoted[start : start + GRAM])),
        quotations=tuple(_quotations(grams, quoted)),
        anchors=tuple(w for w in words.folded if w in names or (w[0].isdigit() and len(w) > 1)),
        content=tuple(word[:STEM] for word in words.folded if word not in COMMON),
        weights=weights,
        places=(*held, *(first | second for first, second in pairwise(held))),
        details=_details((term, weight) for term, weight in topic.items() if term not in spoken),
        quoted_details=_details((term, weight) for term, weight in topic.items() if term in spoken),
        quoted=tuple(_quoted_shares(sentences, quoted)),
    )


def _quoted_only(words: Words) -> set[str]:
    """Return the stems inside quotation marks alone, and each two characters of a script without spaces."""
    if 1 not in words.quoted:
        return set()
    inside, outside = (
        [word for word, is_quoted in zip(words.folded, words.quoted, strict=True) if is_quoted == side]
        for side in (1, 0)
    )
    return set(_stems_and_pairs(inside)).difference(_stems_and_pairs(outside))


def _stems_and_pairs(words: Sequence[str]) -> Iterator[str]:
    yield from map(stem, set(words))
    if max(words, default="") >= FIRST_UNSPACED:
        yield from (first + second for first, second in pairwise(words) if len(first) == len(second) == 1)


def _details(terms: Iterable[tuple[str, float]]) -> dict[str, float]:
    details: dict[str, float] = {}
    for term, weight in terms:
        beginning = beginning_of(term)
        details[beginning] = max(weight * weight, details.get(beginning, 0.0))
    return details


def beginning_of(term: str) -> str:
    """Return the letters of a word that are compared in any place."""
    return term[: ARABIC_DETAIL if "\u0600" <= term[0] <= "\u06ff" else DETAIL]


def _quoted_shares(sentences: Iterable[Sentence], quoted: bytes) -> Iterator[float]:
    start = 0
    for sentence in sentences:
        end = start + len(sentence.words)
        yield sum(quoted[start:end]) / max(1, end - start)
        start = end


def _weights(sentence: Sentence) -> dict[str, float]:
    anchors = sentence.names | sentence.numbers
    return {term: weight for term, weight in sentence.terms.items() if term in anchors}


def _quotations(grams: Sequence[int], quoted: bytes) -> Iterator[tuple[int, ...]]:
    start = 0
    for run in quoted.split(b"\0"):
        if len(run) >= FEWEST_QUOTED:
            yield tuple(grams[start : start + len(run) - GRAM + 1])
        start += len(run) + 1
