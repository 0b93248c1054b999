"""Feeds: RSS in all its forms, Atom and RDF through feedparser, JSON Feed by our own reader."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import feedparser

from archive.crawl.discover.truncation import (
    CUT,
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
from db.records import DiscoveredUrl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from time import struct_time

    from db.records import Page

_LARGEST: Final = 5 * MIB
"""Bytes read of a feed. feedparser loads all of it at once: 1 s and some MiB of memory per mebibyte of entries."""

_MAX_ITEMS: Final = 5_000
"""Entries read. Five mebibytes of nested entries took feedparser 20 s, 5,000 of them take a quarter of a second."""

_MAX_TAGS: Final = 200_000
"""The limit on ``<``. Five mebibytes of nothing else took 14 s, this many under 3 s. 5,000 full entries have half as
many."""

_ROOT = re.compile(rb"<(?:rss|feed|rdf:RDF|RDF)[\s>]", re.IGNORECASE)
_ITEM = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*+>")


def is_feed(page: Page) -> bool:
    """True if the document begins like a feed."""
    return _ROOT.search(leading_bytes(page.payload)) is not None


def read_feed(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    """Yield every entry that has a URL, in document order. What could not be read is added to ``notes``."""
    if page.payload.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        yield from _json_feed(page, notes)
        return
    data = _bounded(b"".join(read_chunks(page.payload, _LARGEST, notes)), notes)
    if problem := entity_problem(leading_bytes(page.payload) + data, page.content_type) or _density_problem(data):
        notes[REFUSED] = f"the feed was not read: {problem}"
        return
    headers = {"content-type": page.content_type or "application/xml", "content-location": page.url}
    try:
        parsed = feedparser.parse(
            io.BytesIO(data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:  # noqa: BLE001 (feedparser lets many types of error of its two parsers through)
        notes[DAMAGED] = f"the feed cannot be read ({type(error).__name__})"
        return
    if not parsed.get("version") and not parsed.entries:
        notes[DAMAGED] = "it is not a feed"
    for item in parsed.entries:
        entry = entry_or_note(_feed_entry, notes, item, page.url)
        if entry is not None:
            yield entry


def _feed_entry(entry: Any, base: str) -> DiscoveredUrl | None:
    url = absolute_url(entry.get("feedburner_origlink") or entry.get("link") or "", base)
    if not url:
        return None
    time_field = "updated_parsed" if "updated_parsed" in entry else "published_parsed"
    return DiscoveredUrl(
        url=url,
        title=clean_title(_strip_markup(entry.get("title", ""))),
        updated_at=_to_datetime(entry.get(time_field)),
    )


def _bounded(data: bytes, notes: Notes) -> bytes:
    """Return the document up to the last entry within the limit."""
    first_beyond = next(islice(_ITEM.finditer(data), _MAX_ITEMS, None), None)
    if first_beyond is None:
        return data
    notes[CUT] = f"only the first {_MAX_ITEMS} entries were read"
    return data[: first_beyond.start()]


def _density_problem(data: bytes) -> str:
    return f"it has more than {_MAX_TAGS} tags" if data.count(b"<") > _MAX_TAGS else ""


def _strip_markup(title: str) -> str:
    return unescape(_TAG.sub("", title))


def _to_datetime(time: struct_time | None) -> datetime | None:
    try:
        return datetime(*time[:6], tzinfo=UTC) if time else None
    except ValueError:
        return None


def _json_feed(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    """Read JSON Feed 1.1 (jsonfeed.org): ``items`` with ``url``, ``title``, ``date_modified`` or ``date_published``."""
    if len(page.payload) > _LARGEST:  # a part of it would not be valid JSON
        notes[REFUSED] = f"the feed was not read: it has more than {_LARGEST // MIB} MiB"
        return
    try:
        document = json.loads(page.payload.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        notes[DAMAGED] = "the feed is not valid JSON"
        return
    items = document.get("items") if isinstance(document, dict) else None
    for item in items if isinstance(items, list) else []:
        entry = entry_or_note(_json_entry, notes, item, page.url)
        if entry is not None:
            yield entry


def _json_entry(item: Any, base: str) -> DiscoveredUrl | None:
    url = absolute_url(_string(item, "url") or _string(item, "external_url"), base)
    if not url:
        return None
    date = _string(item, "date_modified") or _string(item, "date_published")
    return DiscoveredUrl(url=url, title=clean_title(_string(item, "title")), updated_at=parse_w3c_time(date))


def _string(item: Any, name: str) -> str:
    value = item.get(name) if isinstance(item, dict) else None
    return value if isinstance(value, str) else ""
