"""A text as paragraphs, each read for its words once and only if somebody asks."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from archive.versions.diff.cue_words import OPENERS
from archive.versions.diff.tokens import Capitals, Token, tokenize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST_BLOCK = 3_000
"""Longer paragraphs are cut into sentences, and longer sentences into such lengths: no word diff meets a megabyte."""

MOST_BLOCKS = 30_000
"""Lines beyond these are bundled, so many to a block that there are no more: no page has as many, a log file may."""

_MOST_NAMED = 500_000  # characters in which a text has named whom it names
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
    """A paragraph with the line breaks before it: its span, and its text without the blanks around."""

    start: int
    end: int
    text: str


class SegmentedText:
    """One text to be compared: the blocks that tile a span of it, and the tokens of those that are asked for.

    ``bundled`` is 0 where every line is a block of its own.
    """

    def __init__(self, text: str, capitals: Capitals = Capitals.NAMES, span: tuple[int, int] | None = None) -> None:
        self.text = text
        self.capitals = capitals
        self.span = span or (0, len(text))
        lines = [line.span() for line in _LINE.finditer(text, *self.span)]
        self.bundled = len(lines) // MOST_BLOCKS
        self.blocks = tuple(_blocks(text, lines, self.bundled + 1))
        self._starts = [block.start for block in self.blocks]
        self._tokens: dict[int, tuple[Token, ...]] = {}

    def tokens(self, first: int, last: int) -> list[Token]:
        """The tokens of blocks ``first`` up to ``last``, that one not included."""
        return [token for place in range(first, last) for token in self._tokens_of(place)]

    def within(self, span: tuple[int, int]) -> list[Token]:
        """The tokens that begin in a span."""
        first = max(bisect_right(self._starts, span[0]) - 1, 0)
        last = bisect_right(self._starts, max(span[1] - 1, span[0]))
        return [token for token in self.tokens(first, last) if span[0] <= token.start < span[1]]

    def word_before(self, place: int) -> str:
        """The word that ends right before an offset, without case; empty if there is none near by."""
        words = re.findall(r"\w+", self.text[max(0, place - 60) : place])
        return words[-1].casefold() if words else ""

    @cached_property
    def names(self) -> frozenset[str]:
        """Words, without case, that somewhere in this text are names by their capital or by ending a full name."""
        said = self.text[:_MOST_NAMED]
        if self.capitals is not Capitals.NOUNS:
            return frozenset(name.casefold() for name in _NAME_INSIDE.findall(said))
        full = ((first.casefold(), last.casefold()) for first, last in _FULL_NAME.findall(said))
        return frozenset(last for first, last in full if first not in OPENERS)

    @cached_property
    def words(self) -> int:
        """How many words the text has."""
        return len(self.text.split())

    def line(self, span: tuple[int, int]) -> str:
        """The line a span lies in, without the blanks around; empty where it is long or several."""
        if span[1] - span[0] > _SHORT_LINE:
            return ""
        start = self.text.rfind("\n", 0, span[0]) + 1
        end = self.text.find("\n", span[1])
        line = self.text[start : end if end >= 0 else len(self.text)].strip()
        return line if len(line) <= _SHORT_LINE and "\n" not in line else ""

    def is_whole_line(self, span: tuple[int, int]) -> bool:
        """True when nothing else stands on the lines of this span."""
        said = self.text[slice(*span)]
        opens = span[0] == 0 or self.text[span[0] - 1] == "\n" or said.startswith("\n")
        closes = span[1] == len(self.text) or self.text[span[1]] == "\n" or said.endswith("\n")
        return opens and closes

    def _tokens_of(self, place: int) -> tuple[Token, ...]:
        if place not in self._tokens:
            block = self.blocks[place]
            self._tokens[place] = tokenize(self.text, self.capitals, (block.start, block.end))
        return self._tokens[place]


def sentence_spans(text: str, span: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The spans of the sentences in a span, which they tile; what is too long for one is cut."""
    return (found.span() for found in _SENTENCE.finditer(text, *span))


def common_ends(a: str, b: str) -> tuple[int, int]:
    """How many characters two texts have in common at their beginning and at their end, in whole lines."""
    start = _common(a, b, min(len(a), len(b)))
    if start == len(a) == len(b):
        return start, 0
    start = len(a[: max(a.rfind("\n", 0, start), 0)].rstrip("\n"))
    most = min(len(a), len(b)) - start
    end = _common(a[::-1], b[::-1], most) if most else 0
    first = _BREAK.search(a, len(a) - end + 1)  # not inside the blank lines between two paragraphs
    return start, len(a) - first.start() if end and first else 0


def _common(a: str, b: str, most: int) -> int:
    """The length of the longest common beginning, at most so long, found by halving."""
    least = 0
    while least < most:
        middle = (least + most + 1) // 2
        if a[least:middle] == b[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def _blocks(text: str, lines: Sequence[tuple[int, int]], together: int) -> Iterator[Block]:
    for first in range(0, len(lines), together):
        start, end = lines[first][0], lines[min(first + together, len(lines)) - 1][1]
        for cut in sentence_spans(text, (start, end)) if end - start > LONGEST_BLOCK else ((start, end),):
            yield Block(*cut, text[slice(*cut)].strip())
