"""Live blogs without a declaration: a series of timed entries under a headline or class name that says live."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from archive.extract.wall_words import first_words, fold_message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lxml.html import HtmlElement

    from archive.extract.parse import XPathQuery

_MIN_ENTRIES = 3
_MIN_TITLED_ENTRIES = 4
_ENTRY_WORDS = 8
_MAX_TIMES = 200
_MAX_TIMES_OF_ENTRY = 2  # of posting and of its last change
_DECLARED: XPathQuery = etree.XPath(
    "boolean(//*[@itemprop='liveBlogUpdate' or contains(@itemtype, 'LiveBlogPosting')])"
)
_AROUND = " or ".join(f"ancestor::{tag}" for tag in ("a", "nav", "footer", "aside", "header"))
_TIMES: XPathQuery = etree.XPath(f"//*[self::time or self::span[contains(@class, 'time')]][not({_AROUND})]")
_LIVE_NAME = re.compile(
    r"live-?_?(?:blog|ticker|feed|post|update|entry|coverage|text)|(?:^|[-_ ])ticker(?:$|[-_ ])|minute-by"
)
_COMMENT_NAME = re.compile(r"comment|respond|discuss")


def live_reason(root: HtmlElement, titles: Iterable[str], count_words: Callable[[str], int]) -> str:
    """Return the reason to take the page for a live blog: a mark, or a series of timed entries that says it is live."""
    if _DECLARED(root):
        return "declared as a live blog"
    times = _TIMES(root)[:_MAX_TIMES]
    if len(times) < _MIN_ENTRIES:
        return ""
    is_titled = bool(first_words("live", "title", fold_message(" ".join(titles))))
    entries = named = 0
    for time in times:
        names = " ".join((element.get("class") or "").lower() for element in (time, *list(time.iterancestors())[:6]))
        if _COMMENT_NAME.search(names) or not _has_entry(time, count_words):
            continue
        entries += 1
        named += _LIVE_NAME.search(names) is not None
    is_series = named >= _MIN_ENTRIES or (is_titled and entries >= _MIN_TITLED_ENTRIES)
    return f"a live blog of {entries} timed entries" if is_series else ""


def _has_entry(time: HtmlElement, count_words: Callable[[str], int]) -> bool:
    """True if the block that the time is in, or the one around it, has a paragraph of the entry."""
    for element in list(time.iterancestors())[:2]:
        paragraphs = element.findall("./p") + element.findall("./div/p")
        if len(element.findall(f".//{time.tag}")) > _MAX_TIMES_OF_ENTRY:
            return False
        if any(count_words("".join(paragraph.itertext())) >= _ENTRY_WORDS for paragraph in paragraphs[:5]):
            return True
    return False
