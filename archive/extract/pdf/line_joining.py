"""Joins the lines of a PDF into paragraphs, by their places and by how full they are.

A line goes on in the next one if the first word of that would not have fitted into it. A wider gap, an indented line,
another size of type and a bullet begin a paragraph.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from archive.extract.pdf.line_hyphens import LineHyphens, ends_in_hyphen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.extract.pdf.text_lines import TextLine

_GAP = 1.25  # times the usual distance of two lines
_USUAL_GAP = 1.2  # times the size of the type, in a document with too few lines to tell
_TALLEST_GAP = 2.4  # times the size of the type; double-spaced lines have 2.3
_LOWEST_GAP = 0.4
_SIZE = 0.08  # share by which the size of the type may differ
_INDENT = 0.8  # times the size of the type
_SLACK = 0.5  # times a letter's width
_LONG = 0.6  # of the width of a column
_BEYOND = 0.06  # of the lines
_FEW = 5  # of the distances of lines, one in so many is shorter than the usual one
_BULLET = re.compile(r"[\u2022\u2023\u25aa\u25cf\u25e6\u25ba\u25a0\u2043\u2219\u00b7\u2713*]\s|[-\u2013\u2014]\s")
_NUMBERED = re.compile(r"(?:\(?(?:\d{1,3}|[a-z]|[ivxl]{1,5})[.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?)\s", re.IGNORECASE)

HEADING = 1.15
"""Type that is so many times larger than that of most of the text is that of a heading."""

_ENDS = re.compile(r"[.!?:;\u2026\u3002\uff01\uff1f\u061f\u06d4\u0964][\"'\u2019\u201d\u00bb)\]\u300d\u300f]*$")


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together. ``joints`` are what each line loses at its end, and what stands behind it."""

    lines: list[TextLine]
    joints: list[tuple[int, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text in one line."""
        joints = [*self.joints, (0, "-" if self.lines[-1].ends_in_hyphen else "")]
        pairs = zip(self.lines, joints, strict=True)
        return "".join(line.text[: len(line.text) - dropped] + between for line, (dropped, between) in pairs)

    @property
    def size(self) -> float:
        """The size of the type, in points."""
        return self.lines[0].size

    @property
    def page(self) -> int:
        """The number of the page on which the paragraph begins, from 0."""
        return self.lines[0].page


def join_lines(pages: Sequence[Sequence[TextLine]]) -> list[Paragraph]:
    """Return the paragraphs of a document whose lines are in reading order."""
    lines = [line for page in pages for line in page]
    if not lines:
        return []
    layout, hyphens = _Layout(lines), LineHyphens(lines)
    paragraphs = [Paragraph([lines[0]])]
    for line in lines[1:]:
        current = paragraphs[-1]
        if layout.continues(current, line):
            current.joints.append(hyphens.joint(current.lines[-1], line.text))
            current.lines.append(line)
        else:
            paragraphs.append(Paragraph([line]))
    return paragraphs


def text_size(lines: Sequence[TextLine]) -> float:
    """Return the size of the type in which most of the text is set."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0]


class _Layout:
    """Knows the usual distance of lines and the edges of each column."""

    def __init__(self, lines: Sequence[TextLine]) -> None:
        places: dict[tuple[int, int], list[TextLine]] = defaultdict(list)
        for line in lines:
            places[line.page, line.column].append(line)
        self._left = {place: min(line.left for line in column) for place, column in places.items()}
        self._right = {place: _right_edge(column) for place, column in places.items()}
        # All pages of one column have the same right edge, because a page may have short lines only.
        columns = Counter(page for page, _ in places)
        single = [place for place in places if columns[place[0]] == 1]
        if single:
            self._right |= dict.fromkeys(single, _right_edge([line for place in single for line in places[place]]))
        gaps = sorted(_gaps(lines))
        self._gap = gaps[len(gaps) // _FEW] if gaps else _USUAL_GAP
        self._size = text_size(lines)

    def continues(self, paragraph: Paragraph, line: TextLine) -> bool:
        """True if ``line`` goes on with the text of ``paragraph``."""
        last = paragraph.lines[-1]
        if abs(line.size - last.size) > _SIZE * last.size or _BULLET.match(line.text):
            return False
        if (line.page, line.column) != (last.page, last.column):
            return self._continues_elsewhere(paragraph, line)
        distance = last.baseline - line.baseline
        if not _LOWEST_GAP * last.size <= distance <= _GAP * self._gap * last.size:
            return False  # another paragraph, or the next cell of a row
        if line.size > HEADING * self._size:
            return not _NUMBERED.match(line.text)
        if self._begins(paragraph, line):
            return False
        return ends_in_hyphen(last) or self._runs_on(last, line) or not self._fits(last, line)

    def _runs_on(self, last: TextLine, line: TextLine) -> bool:
        """True if a line of some length stops without a mark, and the next goes on with a small letter."""
        place = last.page, last.column
        is_long = last.right - self._left[place] > _LONG * (self._right[place] - self._left[place])
        return is_long and line.text[0].islower() and not _ENDS.search(last.text)

    def _begins(self, paragraph: Paragraph, line: TextLine) -> bool:
        """True if the left edge or the number of ``line`` shows that it begins a paragraph."""
        follows_item = _ENDS.search(paragraph.lines[-1].text) or _NUMBERED.match(paragraph.lines[0].text)
        return self._is_indented(paragraph, line) or bool(follows_item and _NUMBERED.match(line.text))

    def _continues_elsewhere(self, paragraph: Paragraph, line: TextLine) -> bool:
        """True if a line at the head of a column or page goes on with the one before."""
        last = paragraph.lines[-1]
        if ends_in_hyphen(last):
            return True
        first = next((letter for letter in line.text if letter.isalnum()), "")
        if _ENDS.search(last.text) or _NUMBERED.match(line.text) or self._fits(last, line):
            return False
        return not (first.isupper() and self._left_indent(line) > _INDENT * line.size)

    def _fits(self, last: TextLine, line: TextLine) -> bool:
        """True if the first word of ``line`` would have fitted behind ``last``."""
        room = self._right[last.page, last.column] - last.right
        word = line.text.split(" ", 1)[0]
        letters = len(word) + 1 if word.isascii() or " " in line.text else 1
        return room > (letters + _SLACK) * line.letter_width

    def _is_indented(self, paragraph: Paragraph, line: TextLine) -> bool:
        """True if the left edge of ``line`` shows that it begins a paragraph."""
        last, indent = paragraph.lines[-1], _INDENT * line.size
        shift = line.left - last.left
        if _is_centred(last, line):
            return False
        if shift > indent:
            is_hanging = len(paragraph.lines) == 1 and (_BULLET.match(last.text) or _NUMBERED.match(last.text))
            return not is_hanging
        return shift < -indent and len(paragraph.lines) > 1

    def _left_indent(self, line: TextLine) -> float:
        return line.left - self._left[line.page, line.column]


def _right_edge(lines: Sequence[TextLine]) -> float:
    """Return where full lines end. A few lines, such as those of a program, may go beyond it."""
    rights = sorted((line.right for line in lines), reverse=True)
    return rights[int(len(rights) * _BEYOND)]


def _is_centred(a: TextLine, b: TextLine) -> bool:
    return abs(a.left + a.right - b.left - b.right) < a.size / 2 and abs(a.left - b.left) > 1


def _gaps(lines: Sequence[TextLine]) -> Iterator[float]:
    """Yield the distances of neighbouring lines of one size, as multiples of it."""
    for last, line in pairwise(lines):
        is_near = (line.page, line.column) == (last.page, last.column) and abs(
            line.size - last.size
        ) < _SIZE * last.size
        gap = (last.baseline - line.baseline) / last.size
        if is_near and _LOWEST_GAP * 2 < gap < _TALLEST_GAP:
            yield gap
