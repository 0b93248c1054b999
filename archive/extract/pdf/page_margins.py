"""Finds the running heads, running feet and page numbers of a PDF, which are no part of its text.

A line counts as one only if other pages prove it: the same words, or the next number, at the same place of the margin.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from archive.extract.fold import fold_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archive.extract.pdf.text_lines import PageText, TextLine

_MARGIN = 0.14  # of the height of a page, at its head and at its foot
_NUMBER = re.compile(r"\d{1,4}")
_PLACE = 3.0  # points by which the place may differ
_APART = 1.5  # times the size of the type between a running head and the text
_SAME_ROW = 0.35
_FEWEST = 2  # pages that prove a running head
_SHARE = 0.4  # of the pages; left and right pages may have different heads
_LONGEST = 200  # characters


def without_margins(pages: Sequence[PageText]) -> list[list[TextLine]]:
    """Return the lines of each page without running heads, running feet and page numbers."""
    places: dict[tuple[str, int], list[tuple[int, TextLine, tuple[int, ...]]]] = defaultdict(list)
    for number, page in enumerate(pages):
        for line in _margin_lines(page):
            pattern = _NUMBER.sub("0", fold_words(line.text)) or line.text
            counted = tuple(map(int, _NUMBER.findall(line.text)))
            for place in _nearby(line.baseline):
                places[pattern, place].append((number, line, counted))
    proven = {id(line) for rows in places.values() for line in _running(rows, len(pages))}
    return [_body_lines(page, proven) for page in pages]


def _body_lines(page: PageText, proven: set[int]) -> list[TextLine]:
    """Return the lines of a page without those that are proven, unless the text begins right next to them."""
    furniture: set[int] = set()
    for direction in (1, -1):
        inner: TextLine | None = None
        for line in sorted(page.lines, key=lambda line: direction * line.baseline):
            gap = direction * (line.baseline - inner.baseline) if inner else 0.0
            is_apart = inner is None or gap > _APART * max(line.size, inner.size) or id(inner) in furniture
            is_beside = inner is not None and gap < _SAME_ROW * line.size
            if id(line) in proven and (is_apart or (is_beside and id(inner) in furniture)):
                furniture.add(id(line))
            if not is_beside:
                inner = line
    return [line for line in page.lines if id(line) not in furniture]


def _margin_lines(page: PageText) -> Iterable[TextLine]:
    height = (page.top - page.bottom) * _MARGIN
    return (
        line
        for line in page.lines
        if len(line.text) <= _LONGEST and not page.bottom + height < line.baseline < page.top - height
    )


def _nearby(baseline: float) -> tuple[int, int]:
    """Return two overlapping cells, so that places on both sides of a border meet in one of them."""
    return 2 * int(baseline // (2 * _PLACE)), 2 * int((baseline + _PLACE) // (2 * _PLACE)) + 1


def _running(rows: Sequence[tuple[int, TextLine, tuple[int, ...]]], pages: int) -> Iterable[TextLine]:
    """Return the lines of one pattern at one place that prove one another."""
    if len({number for number, _, _ in rows}) < max(_FEWEST, pages * _SHARE * 0.99):
        return ()
    if all(counted == rows[0][2] for _, _, counted in rows):
        return (line for _, line, _ in rows)
    if _counts_pages(rows):
        return (line for _, line, _ in rows)
    return ()


def _counts_pages(rows: Sequence[tuple[int, TextLine, tuple[int, ...]]]) -> bool:
    """True if one number in the lines grows with the pages and all others stay."""
    columns = list(zip(*(counted for _, _, counted in rows), strict=True))
    offsets = [{value - number for value, (number, _, _) in zip(column, rows, strict=True)} for column in columns]
    return all(len(offset) == 1 or len(set(column)) == 1 for offset, column in zip(offsets, columns, strict=True))
