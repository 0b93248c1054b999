"""Lists, steps, table rows and loose words that the extractor dropped out of an article, put back in their place.

The extractor judges a list by its links and the length of its items, and often drops it whole. It drops the words
between two paragraphs that are in no element of their own, an answer in a ``div`` under its question, fact boxes, and
the captions of galleries. Here the neighbours decide: what stands in the page between two blocks of the text, in the
same part of the page, belongs to it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from lxml import etree
from lxml.html import HtmlElement

from archive.extract.recipe import GAP_CHARACTERS, LIST_LEADING, LIST_LINKED, LIST_STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from archive.extract.parse import XPathQuery

_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_ITEMS = frozenset({"li", "tr", "dt", "dd"})
_LISTS = frozenset({"ul", "ol", "dl", "table"})
_UNIT_TAGS = ("p", "summary", *_HEADINGS, *_ITEMS)
_OUTSIDE = ("nav", "footer", "header", "button", "select", "figure", "noscript", "template", "script", "a")
_BOX = "contains(@class, 'infobox') or contains(@class, 'info-box') or contains(@class, 'fact')"
_CALLOUT = "ancestor-or-self::div[contains(@class, 'callout')]"
_ANSWER = "@itemprop='text' and ancestor::*[@itemprop='acceptedAnswer']"
_UNITS: XPathQuery = etree.XPath(
    f"//*[{' or '.join(f'self::{tag}' for tag in sorted(_UNIT_TAGS))}"
    " or (self::figure and figcaption and not(.//p or .//li))"
    " or (self::div and not(*) and preceding-sibling::*[1][self::h2 or self::h3 or self::h4])"
    f" or (self::div and not(*) and ({_CALLOUT} or ({_ANSWER})))]"
    f"[not({' or '.join(f'ancestor::{tag}' for tag in _OUTSIDE)} or ancestor::aside[not({_BOX})])]"
)
_FACT_BOX: XPathQuery = etree.XPath(
    f"(ancestor::aside[{_BOX}] | ancestor-or-self::div[contains(@class, 'callout')])[1]"
)
_NOT_LAYOUT = _LISTS | frozenset(_UNIT_TAGS)
_CHROME = re.compile(
    r"share|social|related|recommend|\bnav|menu|\btags?\b|breadcrumb|byline|\bauthor|comment|toolbar|pagin|teaser|promo|"
    r"\btoc\b|table-of-contents|sidebar|widget|newsletter|most-read|popular|\bmeta|metadata|carousel|slider|cookie|consent"
)
_NOT_WORDS = re.compile(r"[\W_]+")
_SENTENCE = re.compile("[.!?\u3002\uff01\uff1f\u0964\u061f]\\W{0,3}$")
_LEAST_KEY = 20  # characters; a shorter block is recognised as a whole line only
_COLON = (":", "\uff1a")
_GALLERY = 3  # figures side by side whose captions tell the story
_INLINE = frozenset(
    {"a", "abbr", "b", "br", "cite", "em", "i", "mark", "q", "small", "span", "strong", "sub", "sup", "time", "u"}
)
_LEAST_LOOSE = 20  # characters of words that are in no paragraph


@dataclass(frozen=True, slots=True)
class Unit:
    """A paragraph, heading, list item or row: its own words, and ``key``, its letters and digits alone."""

    element: HtmlElement
    text: str
    key: str
    is_loose: bool = False
    """True for words without a paragraph, an answer under its question, and a caption of a gallery."""

    @property
    def is_item(self) -> bool:
        """True for a list item, a row, or a part of a definition."""
        return self.element.tag in _ITEMS

    @property
    def line(self) -> str:
        """The line under which it appears in a text."""
        return f"- {self.text}" if self.element.tag == "li" else self.text


def text_units(root: HtmlElement) -> list[Unit]:
    """Return the paragraphs, headings, items and rows of a page outside of its chrome, in document order."""
    units = []
    for element in _UNITS(root):
        if element.tag == "tr":
            cells = (" ".join("".join(cell.itertext()).split()) for cell in element.iter("td", "th"))
            text = f"| {' | '.join(cells)} |" if element.find(".//table") is None else ""
        elif element.tag == "figure":
            text = " ".join("".join(element.find("figcaption").itertext()).split()) if _is_in_gallery(element) else ""
        else:
            text = " ".join("".join(_own_texts(element)).split())
        is_loose = element.tag in {"div", "figure"}
        if (key := _key(text)) and (
            element.tag != "div" or element.get("itemprop") == "text" or _SENTENCE.search(text)
        ):
            units.append(Unit(element, text, key, is_loose=is_loose))
        if element.tag == "p" and (loose := _words_behind(element)):
            units.append(Unit(element, loose, _key(loose), is_loose=True))
    return units


def _is_in_gallery(figure: HtmlElement) -> bool:
    """True if enough figures with captions follow each other with nothing between them."""
    run = 1
    for step in (HtmlElement.getnext, HtmlElement.getprevious):
        neighbour = step(figure)
        while (
            neighbour is not None
            and neighbour.tag == "figure"
            and neighbour.find("figcaption") is not None
            and run < _GALLERY
        ):
            run, neighbour = run + 1, step(neighbour)
    return run >= _GALLERY


def _words_behind(paragraph: HtmlElement) -> str:
    """Return a sentence between a paragraph and the next block that is in no element of its own, or an empty text."""
    if not (paragraph.tail or "").strip():
        return ""
    pieces, following = [paragraph.tail or ""], paragraph.getnext()
    while following is not None and following.tag in _INLINE:
        pieces += [" " if following.tag == "br" else "".join(following.itertext()), following.tail or ""]
        following = following.getnext()
    text = " ".join("".join(pieces).split())
    return text if len(text) >= _LEAST_LOOSE and following is not None and following.tag == "p" else ""


def restore_lists(text: str, units: Sequence[Unit], *, with_links: bool = False) -> str:
    """Return ``text`` with the lists that it lacks although their neighbours are in it. Linear in the page.

    Lists of links are left out unless ``with_links``: on a page that collects documents they are its text.
    """
    lines = text.split("\n")
    added: dict[int, list[str]] = {}
    places = _places(lines, units)
    anchors = [number for number, place in enumerate(places) if place is not None]
    for before, after in zip(anchors, [*anchors[1:], None], strict=False):
        missing = units[before + 1 : after]
        if any(unit.is_item or unit.is_loose or _FACT_BOX(unit.element) for unit in missing):
            following = None if after is None else units[after]
            lost = list(_lost(units[before], missing, following, with_links=with_links))
            added.setdefault(places[before] or 0, []).extend(unit.line for unit in lost)
    if not added:
        return text
    pieces = ([line, *added.get(number, ())] for number, line in enumerate(lines))
    return "\n".join(line for piece in pieces for line in piece)


def bare_headings(text: str, units: Sequence[Unit]) -> Iterator[str]:
    """Yield the headings in ``text`` that have nothing under them there, but words on the page."""
    lines = [_key(line) for line in text.split("\n")]
    followers = dict(zip(lines, [*lines[1:], ""], strict=True))
    headings = {unit.key for unit in units if unit.element.tag in _HEADINGS}
    for unit, following in pairwise(units):
        if unit.element.tag not in _HEADINGS or unit.key not in followers or following.element.tag in _HEADINGS:
            continue
        is_bare = followers[unit.key] in headings or not followers[unit.key]
        if is_bare and len(following.text) >= GAP_CHARACTERS and not _is_linked([following]):
            yield unit.text


def _places(lines: Sequence[str], units: Sequence[Unit]) -> list[int | None]:
    """Return for each unit the number of the line that has it, None if the text lacks it or has it elsewhere."""
    keys = [_key(line) for line in lines]
    line_of = {key: number for number, key in reversed(list(enumerate(keys))) if key}
    flat, ends = "".join(keys), list(accumulate(map(len, keys)))
    places: list[int | None] = []
    position = 0
    for unit in units:
        place = line_of.get(unit.key)
        if place is None and len(unit.key) >= _LEAST_KEY:
            start = flat.find(unit.key, position)
            start = start if start >= 0 else flat.find(unit.key)
            place = bisect_right(ends, start) if start >= 0 else None
            position = start if start >= 0 else position
        places.append(place)
    return places


def _lost(before: Unit, missing: Sequence[Unit], after: Unit | None, *, with_links: bool) -> Iterator[Unit]:
    """Yield the units of ``missing`` that belong between two blocks of the text."""
    introduces = before.text.endswith(_COLON) or with_links
    is_sentence = len(before.text) >= GAP_CHARACTERS and not _is_linked([before])
    ends_text = missing[0].element.tag == "figure" or bool(_FACT_BOX(missing[0].element))
    if after is None and not (introduces or before.element.tag in _HEADINGS or before.is_item or ends_text):
        return
    parents = {unit.element.getparent() for unit in (before, after) if unit is not None}
    heading: Sequence[Unit] = ()
    for group in _groups(missing):
        container = _outermost_list(group[0].element)
        if container is None:
            has_end = after is not None or ends_text
            is_inside = _home(group[0].element) in parents or _is_answer(before, group[0])
            is_between = is_inside and has_end and not _is_linked(group)
            yield from group if is_between else ()
            # A heading with a link is the teaser of another page.
            is_heading = group[0].element.tag in _HEADINGS and next(group[0].element.iter("a"), None) is None
            heading = group if is_heading and not is_between else ()
            continue
        if not (with_links or _is_near(before.element, container)) or _is_chrome(container):
            if after is None and not with_links:
                return
            continue
        if with_links or (introduces and is_sentence) or not _is_linked(group):
            yield from (*heading, *group) if not _is_layout(group) else ()
        introduces, heading = with_links, ()


def _is_answer(before: Unit, unit: Unit) -> bool:
    """True for the marked answer to the question that stands before it."""
    is_marked = unit.element.get("itemprop") == "text" and before.element.tag in _HEADINGS
    return is_marked and _is_near(before.element, unit.element)


def _home(element: HtmlElement) -> HtmlElement | None:
    """Return the element around an element, or that around the fact box it is in."""
    boxes = _FACT_BOX(element)
    return boxes[0].getparent() if boxes else element.getparent()


def _groups(units: Sequence[Unit]) -> Iterator[list[Unit]]:
    """Yield runs of units that are in the same outermost list. A unit in none is a run of its own."""
    group: list[Unit] = []
    last: HtmlElement | None = None
    for unit in units:
        container = _outermost_list(unit.element)
        if group and (container is None or container is not last):
            yield group
            group = []
        group.append(unit)
        last = container
    if group:
        yield group


def _outermost_list(element: HtmlElement) -> HtmlElement | None:
    """Return the list or table around an element, and the outermost one if they are nested directly."""
    outermost = None
    while element is not None and element.tag in _NOT_LAYOUT | {"tbody", "thead", "tfoot", "td", "th", "div", "span"}:
        if element.tag in _LISTS:
            outermost = element
        elif outermost is not None and element.tag not in _NOT_LAYOUT:
            break
        element = element.getparent()
    return outermost


def _is_near(block: HtmlElement, container: HtmlElement) -> bool:
    """True if the nearest common ancestor of both is at most ``LIST_STEPS`` levels above each."""
    block = _outermost_list(block) if block.tag in _ITEMS else block
    if block is None or block is container:
        return block is container
    above = [container, *(ancestor for ancestor, _ in zip(container.iterancestors(), range(LIST_STEPS), strict=False))]
    return any(ancestor in above for ancestor, _ in zip(block.iterancestors(), range(LIST_STEPS), strict=False))


def _is_chrome(container: HtmlElement) -> bool:
    near = [container, *(ancestor for ancestor, _ in zip(container.iterancestors(), range(1), strict=False))]
    names = " ".join(f"{part.get('class') or ''} {part.get('id') or ''}" for part in near).lower()
    return _CHROME.search(names[:500]) is not None or container.find(".//input") is not None


def _is_linked(group: Sequence[Unit]) -> bool:
    """True if most of the words are links, or most items begin with one: a list of other pages."""
    linked = sum(len(_key("".join(link.itertext()))) for unit in group for link in unit.element.iter("a"))
    items = [unit for unit in group if unit.is_item]
    leading = sum(_begins_with_link(unit.element) for unit in items)
    return linked > LIST_LINKED * sum(len(unit.key) for unit in group) or leading > LIST_LEADING * max(len(items), 1)


def _is_layout(group: Sequence[Unit]) -> bool:
    """True for a table of one row: it arranges the page."""
    return len(group) == 1 and group[0].element.tag == "tr"


def _begins_with_link(element: HtmlElement) -> bool:
    """True for a teaser: a link to another page, then its summary."""
    part: HtmlElement | None = element
    while part is not None and part.tag != "a" and not (part.text or "").strip():
        part = next(iter(part), None)
    return part is not None and part.tag == "a"


def _own_texts(element: HtmlElement) -> Iterator[str]:
    """Yield the texts of an element without those of units and lists inside it."""
    yield element.text or ""
    for child in element:
        if child.tag in _NOT_LAYOUT:
            yield " "
        else:
            yield from _own_texts(child)
            if child.tag in {"br", "div"}:
                yield " "
        yield child.tail or ""


def _key(text: str) -> str:
    return _NOT_WORDS.sub("", text)
