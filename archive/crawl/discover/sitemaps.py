"""Sitemaps (sitemaps.org): sets of addresses, indexes of them, news sitemaps, and plain lists of addresses."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from lxml import etree

from archive.crawl.discover.truncation import (
    DAMAGED,
    MIB,
    REFUSED,
    Notes,
    absolute_url,
    clean_title,
    entity_problem,
    leading_bytes,
    parse_w3c_time,
    read_chunks,
)
from db.records import DiscoveredUrl, SeedKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.records import Page

_LARGEST: Final = 50 * MIB  # the protocol's own limit; read in pieces, it takes the memory of one
_NAMES = {"url": SeedKind.ARTICLE, "sitemap": SeedKind.SITEMAP}


def read_sitemap(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    """Every address with its time, in the order of the document; those of an index are sitemaps themselves."""
    start = leading_bytes(page.payload)
    if not start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<"):
        yield from _lines(page, notes)
        return
    if why := entity_problem(start, page.content_type):
        notes[REFUSED] = f"the sitemap was not read: {why}"
        return
    # An entity declared further on is not expanded: libxml2 is told not to, and has no more than its usual patience.
    stream = _Stream(read_chunks(page.payload, _LARGEST, notes))
    elements = etree.iterparse(
        stream, events=("end",), resolve_entities=False, no_network=True, huge_tree=False, recover=True
    )
    try:
        for _, element in elements:
            kind = _NAMES.get(_local_name(element))
            if kind is not None:
                yield from _entry(element, kind, page.url)
                _forget(element)
    except etree.XMLSyntaxError as error:
        notes[DAMAGED] = f"the sitemap cannot be read from line {error.lineno or 0} on"


class _Stream(io.RawIOBase):
    """Pieces as the file that a parser reads from."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        """The next ``size`` bytes, fewer at the end of a piece."""
        while not self._left:
            piece = next(self._source, None)
            if piece is None:
                return b""
            self._left = piece
        size = len(self._left) if size < 0 else size
        part, self._left = self._left[:size], self._left[size:]
        return part


def _lines(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    for piece in read_chunks(page.payload, _LARGEST, notes, mark=b"\n"):
        for line in piece.decode("utf-8-sig", "replace").splitlines():
            if line.strip().startswith(("http://", "https://")):
                yield DiscoveredUrl(url=line.strip())


def _entry(element: etree._Element, kind: SeedKind, base: str) -> Iterator[DiscoveredUrl]:
    """One entry: its own children say where and when, those of the news extension the title and when it came out.

    Pictures and films have an address and a title of their own in there, which are none of the article's.
    """
    own = {_local_name(child): (child.text or "").strip() for child in element.iterchildren(etree.Element)}
    news = {
        _local_name(child): (child.text or "").strip()
        for part in element.iterchildren(etree.Element)
        if _local_name(part) == "news"
        for child in part.iterchildren(etree.Element)
    }
    url = absolute_url(own["loc"], base) if own.get("loc") else None
    if url:
        when = parse_w3c_time(own.get("lastmod") or news.get("publication_date") or "")
        yield DiscoveredUrl(url=url, kind=kind, title=clean_title(news.get("title", "")), updated_at=when)


def _local_name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _forget(element: etree._Element) -> None:
    """Free what was read, so that a sitemap of 50 MiB takes the memory of one entry."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
