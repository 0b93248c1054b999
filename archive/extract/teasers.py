"""Pages whose text is nothing but teasers of other pages: front pages, sections, archives, blogs with whole posts.

A teaser is the largest block with links to one other page of the site only. Its link is a heading or begins a line,
because a paragraph of an article may name another page too. The page is a list if most of the text that was extracted
stands in teasers. Related stories beside an article are not in its text.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin

from archive.extract.page_signals import split_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml.html import HtmlElement

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_INLINE = frozenset({"a", "abbr", "b", "em", "font", "i", "mark", "small", "span", "strong", "time", "u"})
_WHOLE_PAGE = frozenset({"html", "body", "main"})
_NOT_WORDS = re.compile(r"\W+")
_MAX_LINKS = 2_000
_MAX_TEXT = 200_000  # characters of an extracted text; a longer one is no list
_HEADING_WORDS = 2
_LINK_WORDS = 4  # of a link that names a story, outside a heading
_BEFORE_LINK = 30  # characters of a date or a section
_FEWEST_TEASERS = 5
_MOST = 0.7
_FRONT = 0.4  # of the page at the root of a host


def count_teasers(root: HtmlElement, text: str, url: str, count_words: Callable[[str], int]) -> int:
    """Return the number of other pages whose teasers ``text`` consists of. 0 if it has a text of its own."""
    page = split_url(url)
    if len(text) > _MAX_TEXT:
        return 0
    links = list(_story_links(root, url, page, count_words))
    targets = {target for _, target in links}
    if len(targets) < _FEWEST_TEASERS:
        return 0
    joined = "\n".join(_letters(" ".join(block.itertext())) for block in _teasers(links))
    lines = [(line, count_words(line)) for line in text.splitlines()]
    in_teasers = sum(words for line, words in lines if _letters(line) in joined)
    is_front = page.path in {"", "/"} and not page.query
    least = (_FRONT if is_front else _MOST) * sum(words for _, words in lines)
    return len(targets) if in_teasers >= least > 0 else 0


def _story_links(
    root: HtmlElement, url: str, page: SplitResult, count_words: Callable[[str], int]
) -> Iterator[tuple[HtmlElement, str]]:
    """Yield the links to other pages of the host that name a story, with the path and query of their target."""
    host = (page.hostname or "").removeprefix("www.")
    for link in islice(root.iter("a"), _MAX_LINKS):
        href = (link.get("href") or "").strip()
        if not href or href[0] == "#":
            continue
        label = " ".join("".join(map(str, link.itertext())).split())
        least = _HEADING_WORDS if _in_heading(link) else _LINK_WORDS
        if len(label) <= least or count_words(label) < least:
            continue
        try:
            target = split_url(urljoin(url, href))
            is_here = (target.hostname or "").removeprefix("www.") == host
        except ValueError:
            continue
        if is_here and target.scheme in {"http", "https"} and target.path.strip("/") != page.path.strip("/"):
            yield link, f"{target.path}?{target.query}"


def _in_heading(link: HtmlElement) -> bool:
    around = islice(link.iterancestors(), 3)
    return any(outer.tag in _HEADINGS for outer in around) or any(part.tag in _HEADINGS for part in link)


def _teasers(links: list[tuple[HtmlElement, str]]) -> Iterator[HtmlElement]:
    """Yield the largest block of each target, if its link is a heading or begins a line."""
    owner: dict[HtmlElement, str | None] = {}
    for link, target in links:
        for outer in link.iterancestors():
            known = owner.setdefault(outer, target)
            if known is None:
                break
            if known != target:
                owner[outer] = None
    seen: set[HtmlElement] = set()
    for link, target in links:
        block = link
        for outer in link.iterancestors():
            if owner[outer] != target or outer.tag in _WHOLE_PAGE:
                break
            block = outer
        if block not in seen and (_in_heading(link) or _begins_line(link)):
            seen.add(block)
            yield block


def _begins_line(link: HtmlElement) -> bool:
    """True if the block around a link has nothing before it but a date or a label."""
    element, before = link, ""
    while (outer := element.getparent()) is not None:
        before += (outer.text or "") + "".join(str(child.tail or "") for child in element.itersiblings(preceding=True))
        if outer.tag not in _INLINE:
            break
        element = outer
    before = before.strip()
    return not before or (len(before) <= _BEFORE_LINK and (before[0].isdigit() or before[-1] in ":|\u2013-/"))


def _letters(text: str) -> str:
    return _NOT_WORDS.sub("", text)
