"""Discovery: read the addresses of articles and further lists from a feed, a sitemap or a section page.

The input is bytes already fetched. Nothing here makes a request. Lists come from strangers, so everything is bounded.
A list that cannot be read to its end yields the entries before the damage and never stops a run. Whatever was left out
is reported in flags and detail.

``feeds`` reads RSS, Atom and JSON Feed, ``sitemaps`` the sitemap protocol, ``sections`` HTML pages. ``truncation``
has the flags for what was left out.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from archive.crawl.discover.feeds import is_feed, read_feed
from archive.crawl.discover.sections import is_hypertext, read_section
from archive.crawl.discover.sitemaps import is_sitemap, read_sitemap
from archive.crawl.discover.truncation import CUT, DAMAGED, EMPTY, SKIPPED, Notes, entry_or_note
from archive.urls import canonical_url, url_key
from db.errors import BadInput
from db.records import DiscoveredUrl, Page, SeedKind
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["DAMAGED", "MAX_ARTICLES", "MAX_ENTRIES", "MAX_LISTS", "ListedUrls", "discover"]

MAX_ARTICLES = 1_000
"""Articles taken from one list: the newest by the dates of the list, else the first."""

MAX_LISTS = 50
"""Further lists taken from one list, selected the same way: the last seven weeks of an index of daily sitemaps."""

MAX_ENTRIES = 50_000
"""Entries read of one list, the limit of the sitemap protocol (sitemaps.org): 0.9 s for 50,000 and for a million."""

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUrls:
    """The entries of a list, each URL once, in document order. ``flags`` and ``detail`` report what was left out.

    ``list-cut``: entries beyond a limit. ``list-refused``: the list was not read because it may do harm.
    ``list-damaged``: the list could be read only in part, or is no list. ``list-skipped``: entries without a valid
    address. ``list-repaired``: the list was read to its end in spite of faults. ``list-empty``: it has no entries.

    ``is_whole`` is False if the document may hold more than these entries: what it does not name may still be there.
    """

    entries: tuple[DiscoveredUrl, ...] = ()
    flags: tuple[str, ...] = ()
    detail: str = ""
    is_whole: bool = True


def discover(page: Page, kind: SeedKind, *, lists: bool = True) -> ListedUrls:
    """Return the canonical URLs on ``page``: at most ``MAX_ARTICLES`` articles and ``MAX_LISTS`` further lists.

    ``kind`` selects the parser. A feed is RSS, Atom, RDF or JSON Feed. A sitemap is a urlset, an index, a news sitemap
    or plain text. The children of an index are returned as sitemaps. A feed in place of a sitemap is read as a feed,
    and the other way round; in place of a section both are read. A section is an HTML page: links to its own host that
    look like articles, and its feeds.
    Other kinds list nothing. ``lists=False`` leaves out further lists, for a page that is itself deep in a chain of
    lists. Never raises for bad input: the entries that can be read count.
    """
    notes: Notes = {}
    entries: list[DiscoveredUrl] = []
    try:
        entries.extend(islice(_entries(page, kind, notes), MAX_ENTRIES + 1))
    except Exception as error:
        if not is_own_fault(error):
            raise
        notes[DAMAGED] = f"the list could be read only in part: {cause_of(error)}"
    if len(entries) > MAX_ENTRIES:
        notes[CUT] = f"only the first {MAX_ENTRIES} entries were read"
    is_whole = not notes
    if not entries and not notes and kind in {SeedKind.FEED, SeedKind.SITEMAP, SeedKind.SECTION}:
        notes[EMPTY] = "it names no article and no list"
    distinct = _distinct(entries[:MAX_ENTRIES])
    articles = _newest([entry for entry in distinct if not entry.kind.is_list], MAX_ARTICLES, "articles", notes)
    further_lists = _newest(
        [entry for entry in distinct if entry.kind.is_list], MAX_LISTS if lists else 0, "lists", notes
    )
    selected = {entry.url for entry in (*articles, *further_lists)}
    canonical = list(_canonical([entry for entry in distinct if entry.url in selected], page.url, notes))
    if len(canonical) < len(selected):
        note = f"{len(selected) - len(canonical)} of its addresses not used: its own, or too long"
        notes[SKIPPED] = f"{notes[SKIPPED]}; {note}" if SKIPPED in notes else note
    return ListedUrls(
        entries=tuple(_distinct(canonical)), flags=tuple(notes), detail="; ".join(notes.values()), is_whole=is_whole
    )


def _entries(page: Page, kind: SeedKind, notes: Notes) -> Iterator[DiscoveredUrl]:
    if kind is SeedKind.SECTION and (is_hypertext(page) or not (is_feed(page) or is_sitemap(page))):
        return read_section(page, notes)
    if kind not in {SeedKind.FEED, SeedKind.SITEMAP, SeedKind.SECTION}:
        return iter(())
    if kind is SeedKind.FEED:
        return read_sitemap(page, notes) if is_sitemap(page) and not is_feed(page) else read_feed(page, notes)
    return read_feed(page, notes) if is_feed(page) else read_sitemap(page, notes)


def _distinct(entries: Iterable[DiscoveredUrl]) -> list[DiscoveredUrl]:
    """Return every URL once, at its first position, with its first title and its newest time."""
    by_url: dict[str, DiscoveredUrl] = {}
    for entry in entries:
        first = by_url.setdefault(entry.url, entry)
        if first is not entry:
            times = [occurrence.updated_at for occurrence in (first, entry) if occurrence.updated_at is not None]
            by_url[entry.url] = replace(first, title=first.title or entry.title, updated_at=max(times, default=None))
    return list(by_url.values())


def _newest(entries: Sequence[DiscoveredUrl], limit: int, noun: str, notes: Notes) -> list[DiscoveredUrl]:
    if len(entries) <= limit:
        return list(entries)
    note = f"{limit} of {len(entries)} {noun} kept"
    notes[CUT] = f"{notes[CUT]}, {note}" if CUT in notes else note
    return heapq.nlargest(limit, entries, key=lambda entry: entry.updated_at or _NEVER)


def _canonical(entries: Iterable[DiscoveredUrl], own_url: str, notes: Notes) -> Iterator[DiscoveredUrl]:
    """Yield the entries with canonical URLs, without those that point to the list itself."""
    own_key = url_key(own_url)
    for entry in entries:
        canonical = entry_or_note(_with_canonical_url, notes, entry)
        if canonical is not None and url_key(canonical.url) != own_key:
            yield canonical


def _with_canonical_url(entry: DiscoveredUrl) -> DiscoveredUrl | None:
    try:
        return replace(entry, url=canonical_url(entry.url))
    except BadInput:
        return None
