"""Feeds: RSS in all its forms, Atom and RDF by feedparser, JSON Feed by ourselves."""

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
"""Bytes read of a feed. feedparser reads all of it at once: 1 s and some MiB for each mebibyte of entries."""

_MOST_ITEMS: Final = 5_000
"""Entries read. Five mebibytes of entries inside each other took feedparser 20 s, these take a quarter of one."""

_MOST_TAGS: Final = 200_000
"""Most ``<``. Five mebibytes of nothing else took 14 s, this many under 3; 5,000 full entries have half as many."""

_ROOT = re.compile(rb"<(?:rss|feed|rdf:RDF|RDF)[\s>]", re.IGNORECASE)
_ITEM = re.compile(rb"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")


def is_feed(page: Page) -> bool:
    """True if the document begins like a feed."""
    return _ROOT.search(leading_bytes(page.payload)) is not None


def read_feed(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    """Every entry with an address, in the order of the document."""
    if page.payload.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        yield from _json_feed(page, notes)
        return
    data = _bounded(b"".join(read_chunks(page.payload, _LARGEST, notes)), notes)
    if why := entity_problem(leading_bytes(page.payload) + data, page.content_type) or _too_dense(data):
        notes[REFUSED] = f"the feed was not read: {why}"
        return
    headers = {"content-type": page.content_type or "application/xml", "content-location": page.url}
    try:
        parsed = feedparser.parse(
            io.BytesIO(data), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except Exception as error:  # noqa: BLE001 (feedparser lets all sorts of errors of its two parsers through)
        notes[DAMAGED] = f"the feed cannot be read ({type(error).__name__})"
        return
    if not parsed.get("version") and not parsed.entries:
        notes[DAMAGED] = "it is no feed"
    for entry in parsed.entries:
        url = absolute_url(entry.get("feedburner_origlink") or entry.get("link") or "", page.url)
        if url:
            named = "updated_parsed" if "updated_parsed" in entry else "published_parsed"
            yield DiscoveredUrl(
                url=url, title=clean_title(_unmarked(entry.get("title", ""))), updated_at=_moment(entry.get(named))
            )


def _bounded(data: bytes, notes: Notes) -> bytes:
    """The document up to the last entry that is read."""
    beyond = next(islice(_ITEM.finditer(data), _MOST_ITEMS, None), None)
    if beyond is None:
        return data
    notes[CUT] = f"only the first {_MOST_ITEMS} entries were read"
    return data[: beyond.start()]


def _too_dense(data: bytes) -> str:
    return f"it has more than {_MOST_TAGS} tags" if data.count(b"<") > _MOST_TAGS else ""


def _unmarked(title: str) -> str:
    return unescape(_TAG.sub("", title))


def _moment(when: struct_time | None) -> datetime | None:
    try:
        return datetime(*when[:6], tzinfo=UTC) if when else None
    except ValueError:
        return None


def _json_feed(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    """JSON Feed 1.1 (jsonfeed.org): ``items`` with ``url``, ``title``, ``date_modified`` or ``date_published``."""
    if len(page.payload) > _LARGEST:  # half of it would not be JSON
        notes[REFUSED] = f"the feed was not read: it has more than {_LARGEST // MIB} MiB"
        return
    try:
        told = json.loads(page.payload.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        notes[DAMAGED] = "the feed is not valid JSON"
        return
    items = told.get("items") if isinstance(told, dict) else None
    for item in items if isinstance(items, list) else []:
        url = absolute_url(_word(item, "url") or _word(item, "external_url"), page.url)
        if url:
            when = _word(item, "date_modified") or _word(item, "date_published")
            yield DiscoveredUrl(url=url, title=clean_title(_word(item, "title")), updated_at=parse_w3c_time(when))


def _word(item: Any, name: str) -> str:
    value = item.get(name) if isinstance(item, dict) else None
    return value if isinstance(value, str) else ""
