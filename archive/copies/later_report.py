"""Whether two texts are a first report and a later one that repeats the story below its news.

They share as much as a rewrite and its original. But they begin with different days of the week, and each has a passage
of its own: the later one its news, the first one what is no longer repeated. A rewrite has new words in every sentence,
but its names, its numbers and most of its rare words are in the original. Where dates show a later report,
``rules.is_follow_up`` says so; both spare texts that agree at length.
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from archive.copies.rules import agree_at_length
from archive.copies.text_shape import beginning_of
from db.date_words import DAY_NUMBERS, DAYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from archive.copies.features import Measures
    from archive.copies.tokenize import Sentence, TokenizedText

LEAST_PASSAGE = 0.05
"""From this share of the information of each text on, its own passage and another day make a later report."""

BEGINNING = 1 / 3
"""The part of a text, by information, whose first day counts; two sentences at least."""


def is_later_report(measures: Measures) -> bool:
    """Return whether two texts in one language begin with different days, and each has a passage of its own.

    Never so if they agree at length, as a local story with an excerpt of the report does.
    """
    a, b = measures.texts
    days = first_day(a.sentences), first_day(b.sentences)
    if measures.translated or None in days or days[0] == days[1] or agree_at_length(measures):
        return False
    respelled = dict(measures.respelled)
    turned = {spelling: name for name, spelling in respelled.items()}
    return min(own_passage(a, b, respelled), own_passage(b, a, turned)) >= LEAST_PASSAGE


def first_day(sentences: Sequence[Sentence]) -> int | None:
    """Return the first day of the week that the beginning of a text names, None without one. Monday is 1."""
    beginning, before = BEGINNING * sum(sentence.mass for sentence in sentences), 0.0
    for index, sentence in enumerate(sentences):
        if index > 1 and before >= beginning:
            return None
        day = next((DAY_NUMBERS[word] for word in sentence.words if word in DAYS), None)
        if day is not None:
            return day
        before += sentence.mass
    return None


def own_passage(text: TokenizedText, other: TokenizedText, respelled: Mapping[str, str]) -> float:
    """Return the share, from 0 to 1, of the information of ``text`` in its longest passage that ``other`` lacks.

    That is the largest sum over consecutive sentences of what is new in them less what is not (Kadane's algorithm, in
    Bentley 1984, "Programming pearls: algorithm design techniques"). ``respelled`` maps names of ``text`` to their
    spelling in ``other``.
    """
    shared = {beginning for sentence in other.sentences for beginning in _squares(sentence)}
    shared |= {_beginning(name) for name, spelling in respelled.items() if _beginning(spelling) in shared}
    longest = current = total = 0.0
    for sentence in text.sentences:
        squares = _squares(sentence)
        mass = fsum(squares.values())  # in whichever order
        common = fsum(square for beginning, square in squares.items() if beginning in shared)
        total += mass
        current = max(0.0, current + mass - 2 * common)
        longest = max(longest, current)
    return longest / total if total else 0.0


def _squares(sentence: Sentence) -> dict[str, float]:
    """Return the squares of the weights of a sentence's terms by their beginnings, so that rare ones count most."""
    squares: dict[str, float] = {}
    for term, weight in sentence.terms.items():
        beginning = _beginning(term)
        squares[beginning] = max(weight * weight, squares.get(beginning, 0.0))
    return squares


def _beginning(term: str) -> str:
    """Return what is compared of a term: the first letters of a word, every digit of a number."""
    return term if term[0].isdigit() else beginning_of(term)
