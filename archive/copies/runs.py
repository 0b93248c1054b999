"""Verbatim runs: how much of each text stands word for word in the other, and the longest stretch of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.copies.reading import Word

SHINGLE = 5
"""Words that must agree in a row before a run counts; shorter ones are phrases of the language."""

OCCURRENCES = 8
"""Places tried for one shingle: keeps a text that repeats itself a thousand times linear."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Share of each text inside verbatim runs, the longest run in words, and the longest outside quotation marks."""

    covered: tuple[float, float]
    longest: int
    plain: int


def common_runs(a: Sequence[Word], b: Sequence[Word]) -> Runs:
    """Find the runs of at least ``SHINGLE`` words that both texts have, wherever they stand."""
    folded_a, folded_b = [word.folded for word in a], [word.folded for word in b]
    in_a, in_b = bytearray(len(a)), bytearray(len(b))
    longest = plain = 0
    for start_a, start_b, length in _runs(folded_a, folded_b):
        in_a[start_a : start_a + length] = b"\1" * length
        in_b[start_b : start_b + length] = b"\1" * length
        longest = max(longest, length)
        plain = max(plain, _longest_plain(b[start_b : start_b + length]))
    return Runs((sum(in_a) / max(len(a), 1), sum(in_b) / max(len(b), 1)), longest, plain)


def _runs(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for start in range(len(a) - SHINGLE + 1):
        held = places[tuple(a[start : start + SHINGLE])]
        if len(held) < OCCURRENCES:
            held.append(start)
    here = 0
    while here <= len(b) - SHINGLE:
        starts = places.get(tuple(b[here : here + SHINGLE]), ())
        length, start = max(((_extend(a, b, start, here), -start) for start in starts), default=(0, 0))
        if length:
            yield -start, here, length
        here += max(1, length - SHINGLE + 2)


def _extend(a: Sequence[str], b: Sequence[str], i: int, j: int) -> int:
    length = SHINGLE
    while i + length < len(a) and j + length < len(b) and a[i + length] == b[j + length]:
        length += 1
    return length


def _longest_plain(words: Sequence[Word]) -> int:
    longest = here = 0
    for word in words:
        here = 0 if word.quoted else here + 1
        longest = max(longest, here)
    return longest
