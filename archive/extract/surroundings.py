"""The lines around the headline of a page, in which publishers show who wrote the article and when.

One walk over the tree, from shortly before the headline to the first paragraphs. Regions of other stories, comments
and navigation are passed over.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from archive.extract.fold import fold_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

_INLINE_TAGS = """
a abbr acronym b big cite code data em font i ins kbd label mark meta q s small span strong sub sup time tt u var wbr
img picture source svg path noscript script style template input button
"""
_INLINE = frozenset(_INLINE_TAGS.split())
_UNREAD_TAGS = "script style noscript template svg select option button textarea iframe object nav form aside"
_UNREAD = frozenset(_UNREAD_TAGS.split())
_HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
_OTHER_REGION = re.compile(
    r"(?:^|[\s_-])(?:comments?|comment-?list|disqus|related|sidebar|side-bar|widget|teasers?|recommend\w*|newsletter|menu"
    r"|navigation|breadcrumbs?|cookie\w*|popular|trending|most-?read|latest|ticker|promo\w*|advert\w*|footer|copyright"
    r"|more-?stories|kommentare?|verwandt\w*|events?|calendar|weather|search\w*|social|share|sharing|caption)(?:$|[\s_-])",
    re.IGNORECASE,
)
_MAX_LINE = 300  # characters kept of a line
_BEFORE = 8  # lines before the headline
_AFTER = 24  # lines after it
_LONG = 220  # characters of a line that is prose
_MAX_LONG = 3  # such lines after the headline: a summary, a caption and the first paragraph
_MAX_EVENTS = 60_000
_MARK_LEVELS = 3
_MAX_MARK = 200
_LEAST_TITLE = 8  # characters of a title that a heading begins with


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text outside regions of other stories, the classes and ids around it, and what its elements declare.

    ``datetimes`` are those of its ``time`` elements. ``distance`` counts lines from the headline, negative before it.
    """

    text: str
    marks: str
    datetimes: tuple[str, ...]
    distance: int
    heading: bool = False


def lines_around_headline(root: HtmlElement, titles: Iterable[str]) -> list[Line]:
    """Return the lines around the first heading that has one of the ``titles``. Empty if there is none."""
    heads = tuple(folded for title in titles if (folded := fold_words(title)))
    before: deque[Line] = deque(maxlen=_BEFORE)
    after: list[Line] = []
    prose = 0
    for line in _lines(root):
        if after:
            after.append(line)
            prose += len(line.text) > _LONG
            if len(after) > _AFTER or prose >= _MAX_LONG:
                break
        elif line.heading and _is_title(fold_words(line.text), heads):
            after.append(line)
        else:
            before.append(line)
    if not after:
        return []
    numbered = [*(-number for number in range(len(before), 0, -1)), *range(len(after))]
    return [
        Line(line.text, line.marks, line.datetimes, distance, line.heading)
        for line, distance in zip((*before, *after), numbered, strict=True)
    ]


def _is_title(text: str, heads: tuple[str, ...]) -> bool:
    return any(
        text == head
        or (len(text) >= _LEAST_TITLE and head.startswith(text))
        or (len(head) >= _LEAST_TITLE and head in text)
        for head in heads
        if text
    )


def _lines(root: HtmlElement) -> Iterator[Line]:
    """Yield the lines of a page. A block element or a line break ends a line."""
    text: list[str] = []
    datetimes: list[str] = []
    holder: HtmlElement | None = None
    heading = False
    for count, (event, element) in enumerate(walk := etree.iterwalk(root, events=("start", "end"))):
        if count > _MAX_EVENTS:
            return
        tag = element.tag
        if event == "start" and (tag in _UNREAD or (tag not in _INLINE and _is_other_region(element))):
            walk.skip_subtree()
            continue
        if tag not in _INLINE:
            if line := _line(text, holder, datetimes, heading=heading):
                yield line
            text, datetimes, holder = [], [], None
            heading = event == "start" if tag in _HEADINGS else heading
        if event == "start" and tag == "time" and (raw := element.get("datetime")):
            datetimes.append(raw)
        piece = (element.text if event == "start" else element.tail) if tag not in _UNREAD or event == "end" else None
        if piece and piece.strip():
            text.append(piece)
            holder = holder if holder is not None else (element if event == "start" else element.getparent())
        elif piece:
            text.append(" ")


def _line(text: list[str], holder: HtmlElement | None, datetimes: list[str], *, heading: bool) -> Line | None:
    words = " ".join("".join(text).split())[:_MAX_LINE]
    if holder is None and not datetimes:
        return None
    return Line(words, _marks(holder), tuple(datetimes), 0, heading) if words or datetimes else None


def _marks(element: HtmlElement | None) -> str:
    """Return the classes, ids and names of an element and the elements around it."""
    marks: list[str] = []
    for _ in range(_MARK_LEVELS):
        if element is None:
            break
        marks += [value[:_MAX_MARK] for name in ("class", "id", "itemprop", "rel") if (value := element.get(name))]
        element = element.getparent()
    return " ".join(marks)


def _is_other_region(element: HtmlElement) -> bool:
    tag = element.tag
    if tag in {"html", "body", "main", "article", "header", "h1"}:
        return False
    if tag == "footer":
        return True
    mark = f"{element.get('class') or ''} {element.get('id') or ''}"
    return len(mark) > 1 and _OTHER_REGION.search(mark[:_MAX_MARK]) is not None
