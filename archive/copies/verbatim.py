"""Verbatim runs: how much of each text stands word for word in the other, and the longest stretch of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.copies.tokenize import SHINGLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.copies.tokenize import TokenizedText


@dataclass(frozen=True, slots=True)
class VerbatimRuns:
    """Share of each text inside verbatim runs, the longest run in words, and the longest outside quotation marks."""

    covered: tuple[float, float]
    longest: int
    plain: int


def common_runs(a: TokenizedText, b: TokenizedText) -> VerbatimRuns:
    """Find the runs of at least ``SHINGLE`` words that both texts have, wherever they stand."""
    in_a, in_b = bytearray(len(a.words)), bytearray(len(b.words))
    longest = plain = 0
    for start_a, start_b, length in _runs(a, b):
        in_a[start_a : start_a + length] = b"\1" * length
        in_b[start_b : start_b + length] = b"\1" * length
        longest = max(longest, length)
        plain = max(plain, _longest_plain(b.words.quoted[start_b : start_b + length]))
    return VerbatimRuns((sum(in_a) / max(len(a.words), 1), sum(in_b) / max(len(b.words), 1)), longest, plain)


def _runs(a: TokenizedText, b: TokenizedText) -> Iterator[tuple[int, int, int]]:
    both = a.shingles.keys() & b.shingles.keys()
    if not both:
        return
    said_a, said_b = a.words.folded, b.words.folded
    heads = zip(*(said_b[skip:] for skip in range(SHINGLE)), strict=False)
    done = 0
    for here, head in enumerate(heads):
        if here < done or (key := hash(head)) not in both:
            continue
        length, start = max((_extend(said_a, said_b, start, here), -start) for start in a.shingles[key])
        if length >= SHINGLE:
            yield -start, here, length
        done = here + max(1, length - SHINGLE + 2)


def _extend(a: Sequence[str], b: Sequence[str], i: int, j: int) -> int:
    length = 0
    while i + length < len(a) and j + length < len(b) and a[i + length] == b[j + length]:
        length += 1
    return length


def _longest_plain(quoted: bytes) -> int:
    return max(map(len, quoted.split(b"\1")))
