"""Verbatim runs: the share of each text that is word for word in the other, and the longest run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.copies.tokenize import SHINGLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.copies.tokenize import TokenizedText


@dataclass(frozen=True, slots=True)
class VerbatimRuns:
    """The share of each text inside verbatim runs, and the longest run in words.

    ``plain`` is the longest run outside the quotation marks of either text.
    """

    covered: tuple[float, float]
    longest: int
    plain: int


def common_runs(a: TokenizedText, b: TokenizedText) -> VerbatimRuns:
    """Find the runs of at least ``SHINGLE`` words that both texts have, in any place."""
    in_a, in_b = bytearray(len(a.words)), bytearray(len(b.words))
    longest = plain = 0
    for start_a, start_b, length in _runs(a, b):
        in_a[start_a : start_a + length] = b"\1" * length
        in_b[start_b : start_b + length] = b"\1" * length
        longest = max(longest, length)
        quoted_in_a = a.words.quoted[start_a : start_a + length]
        quoted_in_b = b.words.quoted[start_b : start_b + length]
        plain = max(plain, _longest_plain(bytes(x | y for x, y in zip(quoted_in_a, quoted_in_b, strict=True))))
    return VerbatimRuns((sum(in_a) / max(len(a.words), 1), sum(in_b) / max(len(b.words), 1)), longest, plain)


def _runs(a: TokenizedText, b: TokenizedText) -> Iterator[tuple[int, int, int]]:
    both = a.shingles.keys() & b.shingles.keys()
    if not both:
        return
    words_a, words_b = a.words.folded, b.words.folded
    shingles = zip(*(words_b[skip:] for skip in range(SHINGLE)), strict=False)
    next_start = 0
    for start_b, shingle in enumerate(shingles):
        if start_b < next_start or (key := hash(shingle)) not in both:
            continue
        length, minus_start = max((_extend(words_a, words_b, start, start_b), -start) for start in a.shingles[key])
        if length >= SHINGLE:
            yield -minus_start, start_b, length
        next_start = start_b + max(1, length - SHINGLE + 2)


def _extend(a: Sequence[str], b: Sequence[str], i: int, j: int) -> int:
    length = 0
    while i + length < len(a) and j + length < len(b) and a[i + length] == b[j + length]:
        length += 1
    return length


def _longest_plain(quoted: bytes) -> int:
    return max(map(len, quoted.split(b"\1")))
