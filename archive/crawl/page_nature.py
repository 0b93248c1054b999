"""The nature of a page that was fetched: an article, a feed, a sitemap, a page that lists articles, or a file.

The bytes decide, not the kind of the row that names the page: people often list a feed as an article.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from archive.crawl.discover.feeds import is_feed
from archive.crawl.discover.sections import is_hypertext, read_section
from archive.crawl.discover.sitemaps import is_sitemap
from archive.crawl.discover.truncation import MIB
from archive.formats.charset import decode_text
from archive.formats.html_limits import has_crowded_tag
from archive.formats.html_tree import page_tree
from archive.formats.media_type import file_type, media_type, non_html_type
from db.errors import BadInput
from db.records import SeedKind

if TYPE_CHECKING:
    from lxml import html

    from db.records import Page


class Nature(StrEnum):
    """The natures of a page, in the words of an index where it has one."""

    ARTICLE = "article"
    FEED = "feed"
    SITEMAP = "sitemap"
    SECTION = "section"
    OPML = "opml"
    FILE = "file"
    EMPTY = "empty"

    @property
    def seed_kind(self) -> SeedKind | None:
        """The kind that a row of the index should have, None if nothing of it can be watched."""
        return None if self in {Nature.OPML, Nature.FILE, Nature.EMPTY} else SeedKind(self)


@dataclass(frozen=True, slots=True)
class PageNature:
    """The nature of a page, and a noun phrase for readers (``an RSS or Atom feed``)."""

    nature: Nature
    noun: str


_NOUNS: Final = {
    Nature.ARTICLE: "an article",
    Nature.FEED: "a feed",
    Nature.SITEMAP: "a sitemap",
    Nature.SECTION: "a page that lists articles",
    Nature.OPML: "an OPML list of feeds",
    Nature.EMPTY: "an empty answer",
}
_FILES: Final = (
    ("spreadsheet", "a spreadsheet"),
    ("ms-excel", "a spreadsheet"),
    ("wordprocessing", "a Word document"),
    ("msword", "a Word document"),
    ("opendocument.text", "a text document"),
    ("presentation", "a presentation"),
    ("ms-powerpoint", "a presentation"),
    ("epub", "an e-book"),
    ("text/csv", "a table (CSV)"),
    ("text/calendar", "a calendar"),
    ("zip", "a ZIP archive"),
    ("image/", "an image"),
    ("audio/", "a sound file"),
    ("video/", "a video"),
    ("font/", "a font"),
)
_LEGACY_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OPML: Final = re.compile(r"<opml[\s>]", re.IGNORECASE)
_JSON_FEED: Final = re.compile(r"\s*\{.{0,2000}?\"version\"\s*:\s*\"https?:\\?/\\?/jsonfeed\.org", re.DOTALL)
_XML_START: Final = re.compile(rb"[\s\xef\xbb\xbf\xff\xfe\xfe\0]*<")
_DECLARED_ARTICLE: Final = re.compile(
    r"property=[\"']?og:type[\"']?\s+content=[\"']?article\b|content=[\"']?article[\"']?\s+property=[\"']?og:type"
    r"|\"@type\"\s*:\s*(?:\[\s*)?\"(?:\w{0,30}NewsArticle|Article|BlogPosting|LiveBlogPosting)\"",
    re.IGNORECASE,
)
_LEADING: Final = 4_096
_SEARCHED: Final = 2 * MIB  # characters of a page in which declarations are looked for
_MAX_TAGS: Final = 80_000
_MOST_LINKS: Final = 2_000
_FEWEST_LINKS: Final = 12
_SHORTEST_TEXT: Final = 60  # characters of a text that is no label
_ARTICLE_LENGTH: Final = 500  # characters: 2 % of 661 labelled articles hold less and link to 12 others
_TEXT_TAGS: Final = ("p", "div", "td", "span", "section", "article", "font", "li", "b", "i", "em", "strong", "center")


def identify(page: Page) -> PageNature:
    """Return the nature of ``page`` by its bytes, its content type and its address. Never raises for bad input."""
    if not page.payload.strip():
        return _named(Nature.EMPTY)
    if file_type(page.payload) == "a PDF":
        return PageNature(Nature.ARTICLE, "a PDF")
    head = decode_text(page.payload[:_LEADING], page.content_type)
    if nature := _list_nature(page, head):
        return _named(nature)
    if file := _file_noun(page, head):
        return PageNature(Nature.FILE, file)
    return _named(Nature.SECTION if _lists_articles(page) else Nature.ARTICLE)


def _list_nature(page: Page, head: str) -> Nature | None:
    """Return the nature of a list for programs, None for anything else."""
    if head.lstrip("\ufeff \t\r\n").startswith("<") and _OPML.search(head):
        return Nature.OPML  # its head and body look like HTML
    if is_hypertext(page):
        return None
    if is_sitemap(page) or _is_list_of_addresses(page.payload[:_LEADING]):
        return Nature.SITEMAP
    return Nature.FEED if (is_feed(page) and _XML_START.match(page.payload)) or _JSON_FEED.match(head) else None


def _is_list_of_addresses(head: bytes) -> bool:
    lines = [line.strip() for line in head.splitlines() if line.strip()]
    whole = lines[:-1] if len(head) == _LEADING else lines
    return bool(whole) and all(re.fullmatch(rb"https?://\S+", line) for line in whole)


def _named(nature: Nature) -> PageNature:
    return PageNature(nature, _NOUNS[nature])


def _file_noun(page: Page, head: str) -> str | None:
    """Return what a file that is no page is, None for a page."""
    declared = media_type(page.content_type)
    by_bytes = file_type(page.payload) or ("an Office document" if page.payload.startswith(_LEGACY_OFFICE) else None)
    by_type = by_bytes or non_html_type(head, page.content_type)
    if by_type is None:
        return None
    known = next((noun for word, noun in _FILES if word in declared), None)
    if known:
        return known
    name = urlsplit(page.url).path.rpartition("/")[2]
    noun = {"JSON": "JSON data", "XML": "an XML file", "text/plain": "plain text"}.get(by_type, by_type)
    return f"{noun} ({name})" if name and noun == "binary data" else noun


def _lists_articles(page: Page) -> bool:
    """True for an HTML page that mostly links to articles, and neither declares nor shows one of its own.

    The address of a host alone is a front page. Elsewhere a page with many links to articles is a list unless one of
    its blocks holds a text: the paragraphs of an article have one parent, teasers have one each.
    """
    is_home = urlsplit(page.url).path in {"", "/"}
    markup = decode_text(page.payload[:_SEARCHED], page.content_type)
    if _DECLARED_ARTICLE.search(markup) and not is_home:
        return False
    if markup.count("<") > _MAX_TAGS or has_crowded_tag(markup):
        return is_home
    try:
        links = sum(entry.kind is SeedKind.ARTICLE for entry in islice(read_section(page, {}), _MOST_LINKS))
    except BadInput:  # an imported page may have an address that is never fetched
        return False
    if is_home:
        return links > 0
    return links >= _FEWEST_LINKS and _longest_text(page) < _ARTICLE_LENGTH


def _longest_text(page: Page) -> int:
    """Return the length in characters of the longest text outside of links whose paragraphs have one parent."""
    tree = page_tree(page.payload, page.charset)
    if tree is None:
        return 0
    lengths: Counter[html.HtmlElement] = Counter()
    for element in tree.iter(*_TEXT_TAGS):
        own = sum(
            length
            for text in (element.text, *(child.tail for child in element))
            if (length := len(" ".join((text or "").split()))) >= _SHORTEST_TEXT
        )
        if own:
            lengths[element] += own
            parent = element.getparent()
            if parent is not None:
                lengths[parent] += own
    return max(lengths.values(), default=0)
