"""What a feed, a sitemap or a section page lists: addresses of articles, in the order of the document.

It is given bytes that were already fetched and never fetches anything itself. Lists come from strangers, so everything
is bounded, and whatever cannot be read ends the list instead of the run.
"""

from __future__ import annotations

import heapq
import io
import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import feedparser
from courlan.filters import extension_filter, is_navigation_page, path_filter, type_filter
from lxml import etree, html

from archive.errors import BadInput
from archive.urls import canonical_url, fetchable_url, host_of
from db.records import Found, Page, SeedKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from time import struct_time

MOST_FOUND = 1_000
"""Entries kept of one list: the newest by the list's own dates, else the first."""

_MIB = 1 << 20
_LARGEST_FEED = 5 * _MIB  # 500 entries take 0.3 s and about 1 MiB; feedparser reads all of it at once
_LARGEST_SITEMAP = 50 * _MIB  # the protocol's own limits, sitemaps.org
_MOST_ENTRIES = 50_000
_LONGEST_TITLE = 500
_GZIP_MAGIC, _GZIP_WBITS = b"\x1f\x8b", 31
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_FEED_ROOT = re.compile(rb"<(?:rss|feed|rdf:RDF|RDF)[\s>]", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_HEAD = 2_048  # bytes in which a document shows what it is
_NEVER = datetime.min.replace(tzinfo=UTC)

_DATED_PATH = re.compile(r"/(?:19|20)\d\d/")
_ARTICLE_NAME = re.compile(r"[-_]|\d{3}|\.(?:s?html?|php|aspx?)$", re.IGNORECASE)
_HOUSE_PAGES = re.compile(
    r"/(?:about|account|advert|author|career|contact|cookie|faq|help|imprint|impressum|jobs|legal|login|newsletter|privacy"
    r"|register|rss|search|sitemap|subscri|tag|terms|topic)",
    re.IGNORECASE,
)


def discover(page: Page, kind: SeedKind) -> tuple[Found, ...]:
    """Give the articles ``page`` lists, canonical, each once, in document order, at most ``MOST_FOUND``.

    ``kind`` says how to read it: feed (RSS, Atom, RDF), sitemap (urlset, news, text; the children of an index come back
    as sitemaps; a feed in a sitemap's place is read as one) or section (an HTML page, links to its own host only).
    Other kinds list nothing. Never raises for bad input: what was found before the damage counts.
    """
    found: dict[str, Found] = {}
    for entry in _newest(_entries(page, kind)):
        url = _canonical(entry.url)
        if url is None or url == _canonical(page.url):
            continue
        known = found.setdefault(url, replace(entry, url=url))
        if not known.title:
            found[url] = replace(known, title=entry.title)
    return tuple(found.values())


def _entries(page: Page, kind: SeedKind) -> Iterator[Found]:
    if kind is SeedKind.SECTION:
        return _section(page)
    if kind is SeedKind.FEED:
        return _feed(page, _unzipped(page.payload, _LARGEST_FEED))
    if kind is SeedKind.SITEMAP:
        data = _unzipped(page.payload, _LARGEST_SITEMAP)
        return _feed(page, data) if _FEED_ROOT.search(data[:_HEAD]) else _sitemap(page, data)
    return iter(())


def _newest(entries: Iterable[Found]) -> list[Found]:
    listed = list(islice(entries, _MOST_ENTRIES))
    newest = heapq.nlargest(
        MOST_FOUND, range(len(listed)), key=lambda place: (listed[place].updated_at or _NEVER, -place)
    )
    return [listed[place] for place in sorted(newest)]


def _canonical(url: str) -> str | None:
    try:
        return canonical_url(url)
    except BadInput:
        return None


def _joined(url: str, base: str) -> str | None:
    try:
        return fetchable_url(url.strip(), base)
    except BadInput:
        return None


def _unzipped(data: bytes, limit: int) -> bytes:
    """Undo gzip by its magic, up to ``limit`` bytes; a damaged end only shortens the list."""
    if not data.startswith(_GZIP_MAGIC):
        return data[:limit]
    try:
        return zlib.decompressobj(_GZIP_WBITS).decompress(data, limit)
    except zlib.error:
        return b""


def _whole_tags(data: bytes) -> bytes:
    """Drop what follows the last tag: half an address in a list that was cut would become a source."""
    return data[: data.rfind(b">") + 1]


def _plain(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_TITLE]


# --- feeds -----------------------------------------------------------------------------------------------------------


def _feed(page: Page, data: bytes) -> Iterator[Found]:
    """Read a feed with feedparser, which would expand entities: 700 bytes of them became 1 MB, so they are refused."""
    if len(page.payload) > _LARGEST_FEED or _ENTITY.search(data.replace(b"\0", b"")):
        return
    headers = {"content-type": page.content_type or "application/xml", "content-location": page.url}
    try:
        parsed = feedparser.parse(io.BytesIO(_whole_tags(data)), response_headers=headers)
    except Exception:  # noqa: BLE001 (feedparser lets all sorts of errors of its two parsers through)
        return
    for entry in parsed.entries:
        url = _joined(entry.get("feedburner_origlink") or entry.get("link") or "", page.url)
        if url:
            named = "updated_parsed" if "updated_parsed" in entry else "published_parsed"
            yield Found(url=url, title=_plain(_unmarked(entry.get("title", ""))), updated_at=_moment(entry.get(named)))


def _unmarked(title: str) -> str:
    return unescape(_TAG.sub("", title))


def _moment(when: struct_time | None) -> datetime | None:
    try:
        return datetime(*when[:6], tzinfo=UTC) if when else None
    except ValueError:
        return None


# --- sitemaps --------------------------------------------------------------------------------------------------------


def _sitemap(page: Page, data: bytes) -> Iterator[Found]:
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        yield from _text_sitemap(data)
        return
    elements = etree.iterparse(
        io.BytesIO(_whole_tags(data)),
        events=("end",),
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        recover=True,
    )
    try:
        for _, element in elements:
            name = _local_name(element)
            if name in {"url", "sitemap"}:
                yield from _sitemap_entry(
                    element, SeedKind.SITEMAP if name == "sitemap" else SeedKind.ARTICLE, page.url
                )
                _forget(element)
    except etree.XMLSyntaxError:
        return


def _text_sitemap(data: bytes) -> Iterator[Found]:
    for line in data.decode("utf-8-sig", "replace").splitlines():
        if line.strip().startswith(("http://", "https://")):
            yield Found(url=line.strip())


def _sitemap_entry(element: etree._Element, kind: SeedKind, base: str) -> Iterator[Found]:
    told: dict[str, str] = {}
    for child in element.iterdescendants(etree.Element):
        told.setdefault(_local_name(child), (child.text or "").strip())
    url = _joined(told["loc"], base) if told.get("loc") else None
    if url:
        when = _w3c_time(told.get("lastmod") or told.get("publication_date") or "")
        yield Found(url=url, kind=kind, title=_plain(told.get("title", "")), updated_at=when)


def _local_name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _forget(element: etree._Element) -> None:
    """Free what was read, so that a sitemap of 50 MiB takes the memory of one entry."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _w3c_time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


# --- section pages ---------------------------------------------------------------------------------------------------


def _section(page: Page) -> Iterator[Found]:
    try:
        tree = html.document_fromstring(page.payload, parser=html.HTMLParser(encoding=page.charset))
    except (etree.LxmlError, LookupError, ValueError):
        return
    named = tree.find(".//base[@href]")
    base = _joined("" if named is None else named.get("href") or "", page.url) or page.url
    for anchor in tree.iterfind(".//a[@href]"):
        url = _joined(anchor.get("href") or "", base)
        if url and _same_host(url, page.url) and _looks_like_article(url):
            yield Found(url=url, title=_plain("".join(map(str, anchor.itertext()))))


def _same_host(url: str, other: str) -> bool:
    return host_of(url).removeprefix("www.") == host_of(other).removeprefix("www.")


def _looks_like_article(url: str) -> bool:
    """Files, feeds and navigation go by courlan's filters; an article's own name has words, a number or a date."""
    parts = urlsplit(url)
    if not (type_filter(url) and extension_filter(parts.path) and path_filter(parts.path, parts.query)):
        return False
    if is_navigation_page(url) or _HOUSE_PAGES.search(parts.path):
        return False
    name = parts.path.rstrip("/").rpartition("/")[2]
    return bool(name) and bool(_ARTICLE_NAME.search(name) or _DATED_PATH.search(parts.path))
