"""Puts the lines of a page in the order in which they are read: column by column, each from its head to its foot.

A file may hold its text in any order. Lines of one column are sorted by their height. Where two columns stand next to
each other, the lines across both divide the page into bands. A table, whose cells are short, is read row by row.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.extract.pdf.text_lines import TextLine

_FEWEST = 4  # lines of a column
_LEAST = 14  # characters of the middle line of a column; cells of a table are shorter
_MAX_CROSSING = 0.5  # of the lines
_SAME_ROW = 0.35  # times the size of the font
_MAX_LEVEL = 3
_MAX_LINES = 2_000  # of a page on which columns are looked for; a dense page of a newspaper has 800
_CELL = 2.0  # points
_MAX_STARTS = 12  # places at which most lines begin


def in_reading_order(lines: Sequence[TextLine]) -> list[TextLine]:
    """Return the lines of one page in reading order. ``column`` of each tells the columns apart, from 1 in order."""
    columns = [*_columns(list(lines), 0)]
    return [replace(line, column=number) for number, column in enumerate(columns, 1) for line in column]


def _columns(lines: list[TextLine], level: int) -> Iterator[list[TextLine]]:
    gutter = _gutter(lines) if level < _MAX_LEVEL and len(lines) <= _MAX_LINES else None
    if gutter is None:
        if lines:
            yield _by_height(lines)
        return
    for crosses, band in groupby(_by_height(lines), key=lambda line: line.left < gutter < line.right):
        if crosses:
            yield list(band)
            continue
        sides = list(band)
        for side in ([line for line in sides if line.right <= gutter], [line for line in sides if line.left >= gutter]):
            yield from _columns(side, level + 1)


def _by_height(lines: list[TextLine]) -> list[TextLine]:
    """Return lines from head to foot, those of one row from left to right."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: -line.baseline):
        if rows and rows[-1][0].baseline - line.baseline < _SAME_ROW * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.left)]


def _gutter(lines: list[TextLine]) -> float | None:
    """Return the place of an empty strip with a column of prose on both sides, or None."""
    starts = Counter(round(line.left / _CELL) for line in lines)
    best, fewest = None, int(len(lines) * _MAX_CROSSING) + 1
    for start in sorted(cell for cell, number in starts.most_common(_MAX_STARTS) if number >= _FEWEST)[1:]:
        place = start * _CELL - _CELL
        crossing = sum(line.left < place < line.right for line in lines)
        if crossing >= fewest:
            continue
        left = [line for line in lines if line.right <= place]
        right = [line for line in lines if line.left >= place]
        if _is_prose(left) and _is_prose(right) and _stand_side_by_side(left, right):
            best, fewest = place, crossing
    return best


def _is_prose(lines: list[TextLine]) -> bool:
    return len(lines) >= _FEWEST and median(len(line.text) for line in lines) >= _LEAST


def _stand_side_by_side(left: list[TextLine], right: list[TextLine]) -> bool:
    """True if most of the shorter column stands next to the other one."""
    low = max(min(line.baseline for line in left), min(line.baseline for line in right))
    high = min(max(line.baseline for line in left), max(line.baseline for line in right))
    beside = [sum(low - 1 <= line.baseline <= high + 1 for line in side) for side in (left, right)]
    return min(beside) >= _FEWEST
