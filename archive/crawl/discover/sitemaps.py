"""Sitemaps (sitemaps.org): URL sets, sitemap indexes, news sitemaps, and plain lists of URLs."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from archive.crawl.discover.lenient_xml import Grammar, ListEntry, Shape, read_entries
from archive.crawl.discover.list_charset import decode_chunks
from archive.crawl.discover.truncation import (
    CHUNK,
    DAMAGED,
    MIB,
    REFUSED,
    Notes,
    bare_address,
    clean_title,
    entity_problem,
    leading_bytes,
    note_shape,
    note_skipped,
    parse_w3c_time,
    read_chunks,
    stated_url,
    with_own_host,
)
from db.records import DiscoveredUrl, SeedKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.records import Page

_LARGEST: Final = 50 * MIB  # the limit of the protocol; read in chunks, it takes the memory of one chunk
_KIND_BY_TAG = {"url": SeedKind.ARTICLE, "sitemap": SeedKind.SITEMAP}
_SITEMAP = Grammar(
    roots=frozenset({"urlset", "sitemapindex"}),
    entries=frozenset(_KIND_BY_TAG),
    wanted=frozenset({"loc", "lastmod", "title", "publication_date"}),
    leaves=frozenset({"loc", "lastmod", "changefreq", "priority", "title", "publication_date"}),
    extensions=frozenset({"news"}),
    alone="loc",
    entry_of_root=(("urlset", "url"), ("sitemapindex", "sitemap")),
)
_OTHER_PREFIXES = frozenset({"image", "video", "news", "xhtml", "mobile"})
_ROOT = re.compile(rb"<(?:[\w.-]+:)?(?:urlset|sitemapindex)[\s>]", re.IGNORECASE)
_ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)
_LINE_END = re.compile(r"[\r\n]")
_INNER_ADDRESS = re.compile(r"\s+(?=https?://)", re.IGNORECASE)


def is_sitemap(page: Page) -> bool:
    """True if the document begins like a sitemap in XML."""
    return _ROOT.search(leading_bytes(page.payload, CHUNK)) is not None


def read_sitemap(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    """Yield every URL with its time, in document order. The entries of an index have the kind sitemap.

    An address is whole: it begins with http:// or https://, or with the slash of a path. Anything else is passed over
    and counted in ``notes``, because a browser would make an address of any word.
    """
    start = leading_bytes(page.payload)
    if not start.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        notes[DAMAGED] = "the sitemap is empty"
    elif not is_sitemap(page) and b"<" not in start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1]:
        yield from _lines(page, notes)
    elif problem := entity_problem(start, page.content_type):
        notes[REFUSED] = f"the sitemap was not read: {problem}"
    else:
        yield from _elements(page, notes)


def _elements(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    shape, count, reasons = Shape(), 0, Counter[str]()
    chunks = decode_chunks(read_chunks(page.payload, _LARGEST, notes), page.content_type)
    for entry in read_entries(chunks, _SITEMAP, shape):
        discovered = list(_entry(entry, shape, page.url, reasons))
        count += bool(discovered) or not entry.is_cut
        yield from discovered
    note_shape(shape, "sitemap", count, notes)
    note_skipped(reasons, count, notes)


def _lines(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    """Yield the addresses of a text file. A damaged file may end in half an address, so its last line is dropped."""
    reasons, count, rest = Counter[str](), 0, ""
    for text in decode_chunks(read_chunks(page.payload, _LARGEST, notes, mark=b"\n"), page.content_type):
        *lines, rest = _LINE_END.split(rest + text)
        for line in lines:
            count += bool(line.strip())
            yield from _line(bare_address(line), page.url, reasons)
    if DAMAGED not in notes:
        count += bool(rest.strip())
        yield from _line(bare_address(rest), page.url, reasons)
    if count == sum(reasons.values()):
        notes.setdefault(DAMAGED, "it is not a sitemap: no line of it is an address")
    else:
        note_skipped(reasons, count, notes)


def _line(line: str, base: str, reasons: Counter[str]) -> Iterator[DiscoveredUrl]:
    if not line:
        return
    url = stated_url(line, base) if _ABSOLUTE.match(line) else None
    if url is None:
        reasons["without a valid address"] += 1
    else:
        yield DiscoveredUrl(url=url)


def _entry(entry: ListEntry, shape: Shape, base: str, reasons: Counter[str]) -> Iterator[DiscoveredUrl]:
    """Yield the addresses of one entry: of its own children, with title and publication date of the news extension.

    Elements of images and videos have a URL and a title of their own, which are not those of the article. An entry
    without an element for its address may hold it as its text.
    """
    own = [part for part in entry.fields if not part.parent and _is_of_protocol(part.prefix, shape)]
    news = {part.name: part.text.strip() for part in reversed(entry.fields) if part.parent == "news"}
    texts = [part.text for part in own if part.name == "loc"] or [entry.text]
    addresses = [address for text in texts for address in _INNER_ADDRESS.split(bare_address(text)) if address]
    lastmod = next((part.text.strip() for part in own if part.name == "lastmod" and part.text.strip()), "")
    urls = list(dict.fromkeys(filter(None, (_address(address, base) for address in addresses))))
    if not urls and not entry.is_cut:
        reasons["without a valid address" if addresses else "without an address"] += 1
    for url in urls:
        yield DiscoveredUrl(
            url=url,
            kind=_KIND_BY_TAG[entry.name],
            title=clean_title(news.get("title", "")),
            updated_at=parse_w3c_time(lastmod or news.get("publication_date") or ""),
        )


def _is_of_protocol(prefix: str, shape: Shape) -> bool:
    """True for the prefix of an element of the protocol itself, in any of its versions, not of an extension."""
    namespace = shape.namespaces.get(prefix, "") if prefix else ""
    return "/schemas/sitemap/" in namespace if namespace else prefix not in _OTHER_PREFIXES


def _address(text: str, base: str) -> str | None:
    reference = with_own_host(text, base)
    is_whole = _ABSOLUTE.match(reference) or reference.startswith(("/", "./", "../", "?"))
    return stated_url(reference, base) if is_whole else None
