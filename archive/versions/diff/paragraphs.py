"""A text as blocks (paragraphs), each split into tokens only when needed."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from archive.versions.diff.cue_words import OPENERS
from archive.versions.diff.tokens import Capitals, Token, tokenize
from archive.versions.diff.values import write_plainly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST_BLOCK = 3_000
"""Longer paragraphs are cut into sentences, and longer sentences at this length, so that no word diff gets a
megabyte."""

MOST_BLOCKS = 30_000
"""Most blocks of a text. Beyond, several lines are bundled into one block. No page has so many lines, a log file
may."""

_MOST_NAMED = 500_000  # characters that are searched for names
_SHORT_LINE = 100  # characters
_LINE = re.compile(r"\n*[^\n]+|\n+")
_BREAK = re.compile(r"(?<!\n)\n")
_SENTENCE = re.compile(
    rf".{{1,{LONGEST_BLOCK - 1}}}?[.!?\u2026][\"'\u201d\u00bb]?(?=\s)|.{{1,{LONGEST_BLOCK - 1}}}(?:(?=\s)|$)"
    rf"|.{{{LONGEST_BLOCK}}}",
    re.DOTALL,
)
_NAME_INSIDE = re.compile(r"(?<=[\w,;] )[^\W\d_a-zß-öø-ÿ][\w'\u2019-]+")
_FULL_NAME = re.compile(r"\b([^\W\d_a-zß-öø-ÿ]\w+) ([^\W\d_a-zß-öø-ÿ]\w+)")


class Block(NamedTuple):
    """A paragraph with the line breaks before it: its span, and its text without surrounding blanks."""

    start: int
    end: int
    text: str


class SegmentedText:
    """One text to compare: the blocks that tile a span of it, and their tokens.

    ``bundled`` is 0 if every line is a block of its own.
    """

    def __init__(
        self,
        text: str,
        capitals: Capitals = Capitals.NAMES,
        span: tuple[int, int] | None = None,
        *,
        decimal: str = ".",
    ) -> None:
        self.text = text
        self._plain = write_plainly(text)
        self.decimal = decimal
        self.capitals = capitals
        self.span = span or (0, len(text))
        lines = [line.span() for line in _LINE.finditer(text, *self.span)]
        self.bundled = len(lines) // MOST_BLOCKS
        self.blocks = tuple(_blocks(text, lines, self.bundled + 1))
        self._starts = [block.start for block in self.blocks]
        self._tokens: dict[int, tuple[Token, ...]] = {}

    def tokens(self, first: int, last: int) -> list[Token]:
        """Return the tokens of blocks ``first`` up to, but not including, ``last``."""
        return [token for index in range(first, last) for token in self._tokens_of(index)]

    def within(self, span: tuple[int, int]) -> list[Token]:
        """Return the tokens that begin in a span."""
        first = max(bisect_right(self._starts, span[0]) - 1, 0)
        last = bisect_right(self._starts, max(span[1] - 1, span[0]))
        return [token for token in self.tokens(first, last) if span[0] <= token.start < span[1]]

    def word_before(self, offset: int) -> str:
        """Return the word right before an offset, casefolded. Empty if there is none nearby."""
        words = re.findall(r"\w+", self.text[max(0, offset - 60) : offset])
        return words[-1].casefold() if words else ""

    @cached_property
    def names(self) -> frozenset[str]:
        """Words, casefolded, that are names somewhere in this text: by their capital, or as the end of a full name."""
        text = self.text[:_MOST_NAMED]
        if self.capitals is not Capitals.NOUNS:
            return frozenset(name.casefold() for name in _NAME_INSIDE.findall(text) if name[0].isupper())
        full_names = (
            (first.casefold(), last.casefold()) for first, last in _FULL_NAME.findall(text) if last[0].isupper()
        )
        return frozenset(last for first, last in full_names if first not in OPENERS)

    @cached_property
    def words(self) -> int:
        """The number of words in the text."""
        return len(self.text.split())

    def line(self, span: tuple[int, int]) -> str:
        """Return the line that a span is in, without surrounding blanks. Empty if it is long or several."""
        if span[1] - span[0] > _SHORT_LINE:
            return ""
        start = self.text.rfind("\n", 0, span[0]) + 1
        end = self.text.find("\n", span[1])
        line = self.text[start : end if end >= 0 else len(self.text)].strip()
        return line if len(line) <= _SHORT_LINE and "\n" not in line else ""

    def is_whole_line(self, span: tuple[int, int]) -> bool:
        """True if the lines of this span contain nothing else."""
        passage = self.text[slice(*span)]
        opens = span[0] == 0 or self.text[span[0] - 1] == "\n" or passage.startswith("\n")
        closes = span[1] == len(self.text) or self.text[span[1]] == "\n" or passage.endswith("\n")
        return opens and closes

    def _tokens_of(self, index: int) -> tuple[Token, ...]:
        if index not in self._tokens:
            block = self.blocks[index]
            self._tokens[index] = tokenize(
                self.text, self.capitals, (block.start, block.end), plain=self._plain, decimal=self.decimal
            )
        return self._tokens[index]


def sentence_spans(text: str, span: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield the spans of the sentences in a span, which they tile. A sentence too long is cut."""
    return (match.span() for match in _SENTENCE.finditer(text, *span))


def common_ends(a: str, b: str) -> tuple[int, int]:
    """Return how many characters two texts have in common at the beginning and at the end, in whole lines."""
    start = _common_prefix(a, b, min(len(a), len(b)))
    if start == len(a) == len(b):
        return start, 0
    start = len(a[: max(a.rfind("\n", 0, start), 0)].rstrip("\n"))
    most = min(len(a), len(b)) - start
    end = _common_prefix(a[::-1], b[::-1], most) if most else 0
    # The common end begins at a line break, but not inside the blank lines between two paragraphs.
    break_match = _BREAK.search(a, len(a) - end + 1)
    return start, len(a) - break_match.start() if end and break_match else 0


def _common_prefix(a: str, b: str, most: int) -> int:
    """Return the length of the longest common beginning, at most ``most``, by binary search."""
    least = 0
    while least < most:
        middle = (least + most + 1) // 2
        if a[least:middle] == b[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def _blocks(text: str, lines: Sequence[tuple[int, int]], lines_per_block: int) -> Iterator[Block]:
    for first in range(0, len(lines), lines_per_block):
        start, end = lines[first][0], lines[min(first + lines_per_block, len(lines)) - 1][1]
        for cut in _cuts(text, (start, end)) if end - start > LONGEST_BLOCK else ((start, end),):
            yield Block(*cut, text[slice(*cut)].strip())


def _cuts(text: str, span: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield the sentences of a long line, several in one if they are more than ``MOST_BLOCKS``."""
    least = (span[1] - span[0]) // MOST_BLOCKS
    start = span[0]
    for _, end in sentence_spans(text, span):
        if end - start >= least or end == span[1]:
            yield start, end
            start = end
