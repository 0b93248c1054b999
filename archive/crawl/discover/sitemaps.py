"""Sitemaps (sitemaps.org): URL sets, sitemap indexes, news sitemaps, and plain lists of URLs."""

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
    entry_or_note,
    leading_bytes,
    parse_w3c_time,
    read_chunks,
)
from db.records import DiscoveredUrl, SeedKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.records import Page

_LARGEST: Final = 50 * MIB  # the limit of the protocol; read in chunks, it takes the memory of one chunk
_KIND_BY_TAG = {"url": SeedKind.ARTICLE, "sitemap": SeedKind.SITEMAP}


def read_sitemap(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    """Yield every URL with its time, in document order. The entries of an index have the kind sitemap."""
    start = leading_bytes(page.payload)
    if not start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<"):
        yield from _lines(page, notes)
        return
    if problem := entity_problem(start, page.content_type):
        notes[REFUSED] = f"the sitemap was not read: {problem}"
        return
    # An entity declared further on is not expanded: resolve_entities is off, and so is huge_tree, which lifts limits.
    stream = _ChunkStream(read_chunks(page.payload, _LARGEST, notes))
    elements = etree.iterparse(
        stream, events=("end",), resolve_entities=False, no_network=True, huge_tree=False, recover=True
    )
    try:
        for _, element in elements:
            kind = _KIND_BY_TAG.get(_local_name(element))
            if kind is not None:
                entry = entry_or_note(_entry, notes, element, kind, page.url)
                if entry is not None:
                    yield entry
                _free(element)
    except etree.XMLSyntaxError as error:
        notes[DAMAGED] = f"the sitemap cannot be read from line {error.lineno or 0} on"


class _ChunkStream(io.RawIOBase):
    """A readable file over an iterator of chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._buffer = b""

    def read(self, size: int = -1) -> bytes:
        """Return the next ``size`` bytes, or fewer at the end of a chunk."""
        while not self._buffer:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._buffer = chunk
        size = len(self._buffer) if size < 0 else size
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data


def _lines(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    for chunk in read_chunks(page.payload, _LARGEST, notes, mark=b"\n"):
        for line in chunk.decode("utf-8-sig", "replace").splitlines():
            if line.strip().startswith(("http://", "https://")):
                yield DiscoveredUrl(url=line.strip())


def _entry(element: etree._Element, kind: SeedKind, base: str) -> DiscoveredUrl | None:
    """Return one entry: URL and time from its own children, title and publication date from the news extension.

    Elements of images and videos have a URL and a title of their own, which are not those of the article.
    """
    fields = {_local_name(child): (child.text or "").strip() for child in element.iterchildren(etree.Element)}
    news = {
        _local_name(child): (child.text or "").strip()
        for extension in element.iterchildren(etree.Element)
        if _local_name(extension) == "news"
        for child in extension.iterchildren(etree.Element)
    }
    url = absolute_url(fields["loc"], base) if fields.get("loc") else None
    if not url:
        return None
    updated_at = parse_w3c_time(fields.get("lastmod") or news.get("publication_date") or "")
    return DiscoveredUrl(url=url, kind=kind, title=clean_title(news.get("title", "")), updated_at=updated_at)


def _local_name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _free(element: etree._Element) -> None:
    """Free the elements already read, so that a sitemap of 50 MiB takes the memory of one entry."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
