"""Section pages: the links of an HTML page that look like articles, and the feeds it declares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from courlan.filters import extension_filter, is_navigation_page, path_filter, type_filter

from archive.crawl.discover.truncation import (
    CUT,
    REFUSED,
    Notes,
    absolute_url,
    clean_title,
    entry_or_note,
    leading_bytes,
)
from archive.formats.html_limits import has_crowded_tag
from archive.formats.html_tree import page_tree
from archive.urls import host_of, registered_domain
from db.records import DiscoveredUrl, SeedKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import html

    from db.records import Page

MAX_FEEDS: Final = 3
"""Feeds taken from one page: sites list the feed of the section, one of everything, then those of tags."""

_MAX_TAGS: Final = 80_000  # as many as an article may have
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json"})
_HTML_START = re.compile(rb"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_LETTERS = re.compile(r"[^\x00-\x7f]+")
_DATED_PATH = re.compile(r"/(?:19|20)\d\d/")
_ARTICLE_NAME = re.compile(r"[-_]|\d{3}|\.(?:s?html?|php|aspx?)$", re.IGNORECASE)
_NON_ARTICLE_PAGES = re.compile(
    r"/(?:about|account|advert|author|career|contact|cookie|faq|help|imprint|impressum|jobs|legal|login|newsletter|privacy"
    r"|register|rss|search|sitemap|subscri|tag|terms|topic)",
    re.IGNORECASE,
)


def is_hypertext(page: Page) -> bool:
    """True if the document begins like an HTML page."""
    return _HTML_START.search(leading_bytes(page.payload)) is not None


def read_section(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    """Yield the feeds of the page, then its links to its own host that look like articles, in document order."""
    markup = page.payload.replace(b"\0", b"").decode("latin-1")
    if markup.count("<") > _MAX_TAGS or has_crowded_tag(markup):
        notes[REFUSED] = "the page was not read: it has too many tags, or a tag too many attributes"
        return
    tree = page_tree(page.payload, page.charset)
    if tree is None:
        return
    base_element = tree.find(".//base[@href]")
    base = absolute_url("" if base_element is None else base_element.get("href") or "", page.url) or page.url
    yield from _feeds(tree, page.url, base, notes)
    for anchor in tree.iterfind(".//a[@href]"):
        entry = entry_or_note(_article_link, notes, anchor, page, base)
        if entry is not None:
            yield entry


def _article_link(anchor: html.HtmlElement, page: Page, base: str) -> DiscoveredUrl | None:
    url = absolute_url(_with_query_in(page.charset, anchor.get("href") or ""), base)
    if not (url and _is_same_host(url, page.url) and _looks_like_article(url)):
        return None
    return DiscoveredUrl(url=url, title=clean_title("".join(map(str, anchor.itertext()))))


def _with_query_in(charset: str | None, href: str) -> str:
    """Return a link with the letters of its query escaped in the charset of its page, as browsers do (URL Standard)."""
    address, mark, rest = href.partition("?")
    query, sharp, fragment = rest.partition("#")
    if query.isascii() or charset is None or charset.startswith("utf"):
        return href
    escaped = _LETTERS.sub(lambda letters: quote(letters[0].encode(charset, "xmlcharrefreplace"), safe=""), query)
    return f"{address}{mark}{escaped}{sharp}{fragment}"


def _feeds(tree: html.HtmlElement, page_url: str, base: str, notes: Notes) -> Iterator[DiscoveredUrl]:
    """Yield the feeds of ``<link rel=alternate>`` within the registered domain, except feeds of comments."""
    by_url: dict[str, DiscoveredUrl] = {}
    for link in tree.iterfind(".//link[@href]"):
        is_feed = (link.get("type") or "").partition(";")[0].strip().lower() in _FEED_TYPES
        if is_feed and "alternate" in (link.get("rel") or "").lower().split():
            url = absolute_url(link.get("href") or "", base)
            title = clean_title(link.get("title") or "")
            is_comments = "comment" in f"{url} {title}".lower()
            if url and registered_domain(url) == registered_domain(page_url) and not is_comments:
                by_url.setdefault(url, DiscoveredUrl(url=url, kind=SeedKind.FEED, title=title))
    if len(by_url) > MAX_FEEDS:
        notes[CUT] = f"{MAX_FEEDS} of {len(by_url)} feeds kept"
    yield from list(by_url.values())[:MAX_FEEDS]


def _is_same_host(url: str, other: str) -> bool:
    return host_of(url).removeprefix("www.") == host_of(other).removeprefix("www.")


def _looks_like_article(url: str) -> bool:
    """True for the URL of an article: several words or a number in its last path segment, or a date in its path.

    courlan's filters drop files, feeds and navigation pages.
    """
    parts = urlsplit(url)
    if not (type_filter(url) and extension_filter(parts.path) and path_filter(parts.path, parts.query)):
        return False
    if is_navigation_page(url) or _NON_ARTICLE_PAGES.search(parts.path):
        return False
    name = parts.path.rstrip("/").rpartition("/")[2]
    return bool(name) and bool(_ARTICLE_NAME.search(name) or _DATED_PATH.search(parts.path))
