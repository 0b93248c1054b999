"""Reads the lines of a PDF's pages: their text, and their place and size on the page.

PDFium finds the letters, words and line ends. A line is divided where a gap in it is wider than any space between
words, as between two columns. Text at an angle to the rest of the page (a watermark, a stamp in the margin) is left
out.
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pypdfium2 import raw

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypdfium2 import PdfPage

_LINE_END = re.compile("\r\n|[\r\n\ufffe\x02]")
_SPACES = re.compile(r"\s+")
_HYPHENS = frozenset("\ufffe\x02")
_QUARTER = math.pi / 2
_MAX_ANGLE = 0.1  # radians; scanned pages lie askew
_SMALLEST, _LARGEST, _USUAL = 0.5, 2000.0, 10.0  # points
_SAMPLE = 5_000  # characters that decide in which direction a page is read
_MAX_OBJECTS = 200
_MOST = 0.5
_COLUMN_GAP = 2.0  # times the size of the font; the widest space of a justified line of news is 1.2
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_BULLETS = str.maketrans(
    {"\uf0b7": "\u2022", "\uf0a7": "\u25aa", "\uf0d8": "\u2022", "\uf0fc": "\u2713", "\uf02d": "-"}
)  # of Symbol fonts
_LIGATURE = re.compile("[\ufb00-\ufb06\ufb50-\ufdff\ufe70-\ufeff]")
_UNNAMED = re.compile("[\ue000-\uf8ff\ufffd\x00-\x08\x0b\x0e-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """One line of a page, or its part in one column. Lengths are points, and ``baseline`` grows upwards.

    ``left`` is where reading begins: on a page that is read from right to left it is minus the right edge.
    ``ends_in_hyphen`` is true if the line ends in a hyphen that is not part of ``text``.
    """

    text: str
    page: int
    left: float
    right: float
    baseline: float
    size: float
    ends_in_hyphen: bool = False
    column: int = 0

    @property
    def letter_width(self) -> float:
        """The mean width of a character."""
        return (self.right - self.left) / max(len(self.text), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """The lines of a page in the order of the file, and the edges of the page at its foot and head.

    ``unnamed`` counts the characters that the file does not name in Unicode, out of ``characters``. ``is_picture`` is
    true if a picture covers most of the page, ``is_blank`` if nothing is on it.
    """

    lines: tuple[TextLine, ...]
    bottom: float
    top: float
    characters: int
    unnamed: int
    is_picture: bool
    is_blank: bool


def read_page(page: PdfPage, number: int, limit: int) -> PageText:
    """Return the text of a page, of which at most ``limit`` characters are read. ``number`` counts from 0."""
    text_page = page.get_textpage()
    try:
        reader = _PageReader(text_page.raw, number, limit)
        left, bottom, right, top = page.get_mediabox()
        lines = tuple(reader.lines())
        edges = [reader.turn(x, y)[1] for x, y in ((left, bottom), (right, top))]
        return PageText(
            lines=lines,
            bottom=min(edges),
            top=max(edges),
            characters=len(reader.text),
            unnamed=len(_UNNAMED.findall(reader.text)),
            is_picture=_is_picture(page, (right - left) * (top - bottom)),
            is_blank=raw.FPDFPage_CountObjects(page) < 1,
        )
    finally:
        text_page.close()


def _is_picture(page: PdfPage, area: float) -> bool:
    """True if one picture, or a part of the page with pictures in it, covers most of the page."""
    kinds = {raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM}
    for number in range(min(raw.FPDFPage_CountObjects(page), _MAX_OBJECTS)):
        part = raw.FPDFPage_GetObject(page, number)
        edges = [ctypes.c_float() for _ in range(4)]
        if raw.FPDFPageObj_GetType(part) in kinds and raw.FPDFPageObj_GetBounds(part, *edges):
            left, bottom, right, top = (edge.value for edge in edges)
            if (right - left) * (top - bottom) > area * _MOST:
                return True
    return False


class _PageReader:
    """Divides the text of one page into lines with their places."""

    def __init__(self, text_page: Any, number: int, limit: int) -> None:
        self._page, self._number = text_page, number
        count = min(max(raw.FPDFText_CountChars(text_page), 0), limit)
        buffer = (ctypes.c_ushort * (count + 1))()
        written = raw.FPDFText_GetText(text_page, 0, count, buffer) if count else 0
        self.text = "".join(map(chr, buffer[: max(written - 1, 0)]))  # UTF-16, so that positions are PDFium's
        directions = Counter(map(unicodedata.bidirectional, self.text[:_SAMPLE]))
        self._is_rtl = sum(directions[name] for name in _RIGHT_TO_LEFT) > directions["L"]
        self._spans = list(self._line_spans())
        quarters = Counter(round(self._angle(start) / _QUARTER) % 4 for start, _, _ in self._spans)
        self._quarter = quarters.most_common(1)[0][0] if quarters else 0

    def lines(self) -> Iterator[TextLine]:
        """Yield the lines in the order of the file."""
        for start, end, ends_in_hyphen in self._spans:
            angle = self._angle(start) - self._quarter * _QUARTER
            if abs(math.remainder(angle, 4 * _QUARTER)) > _MAX_ANGLE:
                continue
            *before, last = self._parts(start, end)
            yield from (self._line(*part, ends_in_hyphen=False) for part in before)
            yield self._line(*last, ends_in_hyphen=ends_in_hyphen)

    def turn(self, x: float, y: float) -> tuple[float, float]:
        """Return a place of the page as seen by a reader of its text, who may have turned the page."""
        return ((x, y), (y, -x), (-x, -y), (-y, x))[self._quarter]

    def _line_spans(self) -> Iterator[tuple[int, int, bool]]:
        """Yield the bounds of each line that is not empty, and whether a hyphen follows it."""
        position = 0
        for match in (*_LINE_END.finditer(self.text), None):
            start, end = position, match.start() if match else len(self.text)
            position = match.end() if match else end
            while start < end and self.text[start].isspace():
                start += 1
            while end > start and self.text[end - 1].isspace():
                end -= 1
            if start < end:
                yield start, end, match is not None and match[0] in _HYPHENS

    def _parts(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the bounds of the parts of a line that wide gaps divide."""
        parts, gap = [], _COLUMN_GAP * self._size(start)
        for space in _SPACES.finditer(self.text, start, end):
            place = space.start()
            if space.end() - place == 1 and not raw.FPDFText_IsGenerated(self._page, self._index(place)):
                continue
            before, after = self._edges(place - 1), self._edges(space.end())
            if max(after[0] - before[1], before[0] - after[1]) > gap:
                parts.append((start, place))
                start = space.end()
        return [*parts, (start, end)]

    def _line(self, start: int, end: int, *, ends_in_hyphen: bool) -> TextLine:
        text = _clean(self.text[start:end])
        edges = (*self._edges(start), *self._edges(end - 1))
        left, right = (-max(edges), -min(edges)) if self._is_rtl else (min(edges), max(edges))
        return TextLine(
            text=text,
            page=self._number,
            left=left,
            right=right,
            baseline=self._origin(start)[1],
            size=self._size(start),
            ends_in_hyphen=ends_in_hyphen,
        )

    def _index(self, position: int) -> int:
        """Return PDFium's number of a character. Its list also has characters that are not in the text."""
        return max(int(raw.FPDFText_GetCharIndexFromTextIndex(self._page, position)), 0)

    def _angle(self, position: int) -> float:
        return max(float(raw.FPDFText_GetCharAngle(self._page, self._index(position))), 0.0)

    def _size(self, position: int) -> float:
        """Return the size at which a character is shown: that of its font, scaled."""
        index, matrix = self._index(position), raw.FS_MATRIX()
        size = float(raw.FPDFText_GetFontSize(self._page, index))
        is_scaled = raw.FPDFText_GetMatrix(self._page, index, matrix)
        scaled = size * math.hypot(matrix.c, matrix.d) if is_scaled else size
        return scaled if _SMALLEST < scaled < _LARGEST else _USUAL

    def _edges(self, position: int) -> tuple[float, float]:
        """Return where a character begins and ends along its line."""
        box = raw.FS_RECTF()
        raw.FPDFText_GetLooseCharBox(self._page, self._index(position), box)
        ends = self.turn(box.left, box.bottom)[0], self.turn(box.right, box.top)[0]
        return min(ends), max(ends)

    def _origin(self, position: int) -> tuple[float, float]:
        x, y = ctypes.c_double(), ctypes.c_double()
        raw.FPDFText_GetCharOrigin(self._page, self._index(position), x, y)
        return self.turn(x.value, y.value)


def _clean(text: str) -> str:
    """Return text in whole characters: pairs of surrogates joined, ligatures in letters, known bullets of Symbol."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    spelled = _LIGATURE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), whole)
    return _SPACES.sub(" ", _UNNAMED.sub("", spelled.translate(_BULLETS))).strip()
