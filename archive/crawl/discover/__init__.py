"""What a feed, a sitemap or a section page lists: addresses of articles and of further lists, in its order.

It is given bytes that were already fetched and never fetches anything itself. Lists come from strangers, so everything
is bounded, and whatever cannot be read ends the list instead of the run. What was left out is said, never hidden.

``feeds`` reads RSS, Atom and JSON Feed, ``sitemaps`` the sitemap protocol, ``sections`` HTML pages; ``notes`` is the
words for what was left out.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from archive.crawl.discover.feeds import is_feed, read_feed
from archive.crawl.discover.sections import read_section
from archive.crawl.discover.sitemaps import read_sitemap
from archive.crawl.discover.truncation import CUT, Notes
from archive.urls import canonical_url, url_key
from db.errors import BadInput
from db.records import DiscoveredUrl, Page, SeedKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["MOST_ENTRIES", "MOST_FOUND", "MOST_LISTS", "ListedUrls", "discover"]

MOST_FOUND = 1_000
"""Articles kept of one list: the newest by the list's own dates, else the first."""

MOST_LISTS = 50
"""Further lists kept of one list, chosen likewise: of an index of daily sitemaps the last seven weeks."""

MOST_ENTRIES = 50_000
"""Entries read of one list, the sitemap protocol's own limit (sitemaps.org): 0.9 s for 50,000 and for a million."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUrls:
    """What a list names, each address once, in its order. ``flags`` and ``detail`` say what of it was left out.

    ``list-cut``: entries beyond a limit; ``list-refused``: it was not read, for it may harm; ``list-damaged``: it could
    be read only so far.
    """

    found: tuple[DiscoveredUrl, ...] = ()
    flags: tuple[str, ...] = ()
    detail: str = ""


def discover(page: Page, kind: SeedKind, *, lists: bool = True) -> ListedUrls:
    """Give what ``page`` lists, canonical, in document order, at most ``MOST_FOUND`` articles and ``MOST_LISTS`` lists.

    ``kind`` says how to read it: feed (RSS, Atom, RDF, JSON), sitemap (urlset, news, text; the children of an index
    come back as sitemaps; a feed in a sitemap's place is read as one) or section (an HTML page: links to its own host
    that look like articles, and its feeds). Without ``lists`` further lists are left out: enough of them led here.
    Other kinds list nothing. Never raises for bad input: what was found before the damage counts.
    """
    notes: Notes = {}
    entries = list(islice(_entries(page, kind, notes), MOST_ENTRIES + 1))
    if len(entries) > MOST_ENTRIES:
        notes[CUT] = f"only the first {MOST_ENTRIES} entries were read"
    known = _distinct(entries[:MOST_ENTRIES])
    articles = _newest([each for each in known if not each.kind.is_list], MOST_FOUND, "articles", notes)
    further = _newest([each for each in known if each.kind.is_list], MOST_LISTS if lists else 0, "lists", notes)
    kept = {each.url for each in (*articles, *further)}
    found = _distinct(_canonical([each for each in known if each.url in kept], page.url))
    return ListedUrls(found=tuple(found), flags=tuple(notes), detail="; ".join(notes.values()))


def _entries(page: Page, kind: SeedKind, notes: Notes) -> Iterator[DiscoveredUrl]:
    if kind is SeedKind.SECTION:
        return read_section(page, notes)
    if kind is SeedKind.FEED or (kind is SeedKind.SITEMAP and is_feed(page)):
        return read_feed(page, notes)
    return read_sitemap(page, notes) if kind is SeedKind.SITEMAP else iter(())


def _distinct(entries: Iterable[DiscoveredUrl]) -> list[DiscoveredUrl]:
    """Every address once, where it stood first; the first title and the newest time said of it count."""
    found: dict[str, DiscoveredUrl] = {}
    for entry in entries:
        known = found.setdefault(entry.url, entry)
        if known is not entry:
            times = [each.updated_at for each in (known, entry) if each.updated_at is not None]
            found[entry.url] = replace(known, title=known.title or entry.title, updated_at=max(times, default=None))
    return list(found.values())


def _newest(known: Sequence[DiscoveredUrl], most: int, what: str, notes: Notes) -> list[DiscoveredUrl]:
    if len(known) <= most:
        return list(known)
    left_out = f"{most} of {len(known)} {what} kept"
    notes[CUT] = f"{notes[CUT]}, {left_out}" if CUT in notes else left_out
    return heapq.nlargest(most, known, key=lambda each: each.updated_at or _NEVER)


def _canonical(entries: Iterable[DiscoveredUrl], own: str) -> Iterator[DiscoveredUrl]:
    """The entries under the spelling the archive knows them by, without those that name the list itself."""
    own_key = url_key(own)
    for entry in entries:
        try:
            url = canonical_url(entry.url)
        except BadInput:
            continue
        if url_key(url) != own_key:
            yield replace(entry, url=url)
