"""Feeds: RSS in all its forms, Atom and RDF by the forgiving reader of XML, JSON Feed by that of the standard library.

A feed states an address in several ways, and some of its identifiers only look like one. The rules of RSS 2.0, RSS 1.0,
Atom (RFC 4287) and JSON Feed 1.1 (jsonfeed.org) say which of them are addresses of the article (``_addresses``).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from archive.crawl.discover.lenient_xml import Field, Grammar, ListEntry, Shape, read_entries
from archive.crawl.discover.list_charset import decode_chunks
from archive.crawl.discover.truncation import (
    CHUNK,
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
    note_shape,
    note_skipped,
    parse_w3c_time,
    read_chunks,
    stated_url,
    with_own_host,
)
from db.records import DiscoveredUrl
from db.time_zones import zone_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.records import Page

_LARGEST: Final = 5 * MIB
"""Bytes read of a feed, a hundred times an ordinary one. They take half a second."""

_MAX_ITEMS: Final = 5_000
"""Entries read."""

_LINK_NAMES = frozenset({"link", "guid", "id", "origlink"})
_TIME_NAMES = ("updated", "modified", "pubdate", "published", "date", "issued", "created")
_FEED = Grammar(
    roots=frozenset({"rss", "feed", "rdf"}),
    entries=frozenset({"item", "entry"}),
    wanted=_LINK_NAMES | {"title", *_TIME_NAMES},
    leaves=_LINK_NAMES | {"title", *_TIME_NAMES},
)
_ROOT = re.compile(rb"<(?:rss|feed|rdf:RDF|RDF|[\w.-]{1,20}:feed)[\s>]", re.IGNORECASE)
_JSON_START = re.compile(r"[\s\ufeff]*[{\[]")
_ITEMS = re.compile(r'"items"\s*:\s*\[')
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_ABSOLUTE = re.compile(r"https?://[^/]", re.IGNORECASE)
_PATH_SIGN = re.compile(r"[/.?]")  # a word without one of these is an identifier, not a relative address
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_CORE_NAMESPACES = ("purl.org/rss/", "purl.org/net/rss", "backend.userland.com", "my.netscape.com")
_ATOM_NAMESPACES = ("w3.org/2005/atom", "purl.org/atom")
_RELATIONS = "http://www.iana.org/assignments/relation/"
_PAGE_TYPES = frozenset({"", "text/html", "application/xhtml+xml"})
_NO_PAGE_TYPES = re.compile(r"json|xml|rss|image/|audio/|video/")
_ZONE_COLON = re.compile(r"([+-]\d\d):(\d\d)$")  # RFC 822 has none, and the parser would read UTC
_ZONE_REMARK = re.compile(r"(?:GMT|UTC)(?=[+-]\d)|[ \t]*\([^()]*\)$")  # GMT+0100 (CET), as JavaScript writes it
_ZONE_NAME = re.compile(r"[A-Za-z]{3,5}$")
_LONGEST_TIME = 100  # characters; a longer text is no time
_DATE_FORMATS = ("%a %b %d %H:%M:%S %Y", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y")


def is_feed(page: Page) -> bool:
    """True if the document begins like a feed in XML."""
    return _ROOT.search(leading_bytes(page.payload, CHUNK)) is not None


def read_feed(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    """Yield every entry that has a URL, in document order. What could not be read is added to ``notes``."""
    start = leading_bytes(page.payload)
    if not start.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        notes[DAMAGED] = "the feed is empty"
    elif _JSON_START.match(start.decode("utf-8", "replace").lstrip("\ufffd")):
        yield from _json_feed(page, notes)
    elif problem := entity_problem(start, page.content_type):
        notes[REFUSED] = f"the feed was not read: {problem}"
    else:
        yield from _xml_feed(page, notes)


def _xml_feed(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    shape, count, reasons = Shape(), 0, Counter[str]()
    chunks = decode_chunks(read_chunks(page.payload, _LARGEST, notes), page.content_type)
    entries = read_entries(chunks, _FEED, shape)
    for entry in islice(entries, _MAX_ITEMS):
        discovered = entry_or_note(_discovered, notes, entry, shape, page.url, reasons)
        count += discovered is not None or not entry.is_cut
        if discovered is not None:
            yield discovered
    if next(entries, None) is not None:
        notes[CUT] = f"only the first {_MAX_ITEMS} entries were read"
    note_shape(shape, "feed", count, notes)
    note_skipped(reasons, count, notes)


def _discovered(entry: ListEntry, shape: Shape, url: str, reasons: Counter[str]) -> DiscoveredUrl | None:
    own = [part for part in entry.fields if _is_core(part.prefix, shape) or part.name == "date"]
    feedburner = [part for part in entry.fields if part.name == "origlink"]
    address = next(filter(None, _addresses(entry, [*feedburner, *own], url)), None)
    if address is None:
        if not entry.is_cut:
            reasons[_skip_reason(entry, own)] += 1
        return None
    title = next((part.text for part in own if part.name == "title" and part.text.strip()), "")
    times = {part.name: part.text.strip() for part in reversed(own) if part.text.strip()}
    moment = next((times[name] for name in _TIME_NAMES if name in times), "")
    return DiscoveredUrl(url=address, title=clean_title(_strip_markup(title)), updated_at=_parse_time(moment))


def _is_core(prefix: str, shape: Shape) -> bool:
    """True for the prefix of an element of RSS or Atom itself, not of an extension that has titles and links too."""
    if not prefix:
        return True
    namespace = shape.namespaces.get(prefix, prefix)
    return any(known in namespace for known in (*_CORE_NAMESPACES, *_ATOM_NAMESPACES)) or (
        namespace in {"atom", "atom10", "a10", "rss", "rss1"}
    )


# --- addresses -------------------------------------------------------------------------------------------------------


def _addresses(entry: ListEntry, parts: list[Field], url: str) -> Iterator[str | None]:
    """Yield the possible addresses of an entry, the best first.

    The address before FeedBurner, the text of a link (RSS), a link of the relation alternate (Atom; the relation of a
    link without one), the text behind an empty link (a template of HTML writes it so), and last the identifiers that
    are addresses: a guid unless it is declared to be no permalink, ``rdf:about``, the id of Atom. A link to a front
    page comes after the guid.
    """
    for part in parts:
        if part.name == "origlink":
            yield stated_url(part.text, url) if _ABSOLUTE.match(part.text.strip()) else None
    links = [part for part in parts if part.name == "link"]
    texts = [_linked_url(link.text, link.base, url) for link in links if _PATH_SIGN.search(link.text)]
    front_pages = [address for address in texts if address is not None and _is_front_page(address)]
    yield from (address for address in texts if address not in front_pages)
    alternates = [link for link in links if not link.text.strip() and _relation(link) == "alternate"]
    for link in sorted(alternates, key=_type_rank):
        yield _linked_url(link.attributes.get("href", ""), link.base, url)
    if links and _ABSOLUTE.match(entry.text.strip()):
        yield _linked_url(entry.text, (), url)
    for part in parts:
        if part.name == "guid":
            yield _permalink(part, url)
    yield from front_pages
    for identifier in (entry.attributes.get("rdf:about", ""), *(part.text for part in parts if part.name == "id")):
        yield stated_url(identifier, url) if _ABSOLUTE.match(identifier.strip()) else None


def _is_front_page(address: str) -> bool:
    """True for the front page of a site: some feeds give it as the link of every item, beside the permalinks."""
    return address.partition("://")[2].partition("/")[2] == ""


def _relation(link: Field) -> str:
    relation = link.attributes.get("rel", "").strip().lower().removeprefix(_RELATIONS)
    return "alternate" if "alternate" in relation.split() else relation or "alternate"


def _type_rank(link: Field) -> int:
    """Return the rank of a link by the type it declares: a page, something unknown, another representation."""
    media_type = link.attributes.get("type", "").partition(";")[0].strip().lower()
    if media_type in _PAGE_TYPES:
        return 0
    return 2 if _NO_PAGE_TYPES.search(media_type) else 1


def _linked_url(text: str, bases: tuple[str, ...], url: str) -> str | None:
    """Return the address of a link, which may be relative. A sentence is no address, and neither is a bare host."""
    reference = text.strip()
    if not reference or reference.startswith("#"):
        return None
    base = url
    for inner in bases:
        base = absolute_url(inner, base) or base
    if not _SCHEME.match(reference):
        reference = with_own_host(reference, base)
        if any(map(str.isspace, reference)) or reference.lower().startswith("www."):
            return None
    return stated_url(reference, base)


def _permalink(guid: Field, url: str) -> str | None:
    """Return the address that a guid is, by RSS 2.0: unless ``isPermaLink`` is false. Mostly it is any string."""
    declared = guid.attributes.get("ispermalink", "").strip().lower()
    text = guid.text.strip()
    is_path = declared == "true" and text.startswith("/")
    if declared in {"false", "0", "no"} or not (is_path or _ABSOLUTE.match(text)):
        return None
    return _linked_url(text, guid.base, url)


def _skip_reason(entry: ListEntry, own: list[Field]) -> str:
    """Return why an entry has no address, as the end of a sentence that begins with a number."""
    texts = {part.name: part.text.strip() for part in own if part.text.strip()}
    links = [part for part in own if part.name == "link"]
    if "link" in texts or any(_relation(link) == "alternate" and link.attributes.get("href") for link in links):
        return "with an invalid address"
    guid = next((part for part in own if part.name == "guid" and part.text.strip()), None)
    if guid is not None and _ABSOLUTE.match(guid.text.strip()):
        return "whose guid is declared to be no permalink"
    if "guid" in texts or "id" in texts or entry.attributes.get("rdf:about"):
        return "whose identifier is no address"
    if any(link.attributes.get("href") for link in links):
        return "with links of other relations only"
    return "without an address"


# --- titles and times ------------------------------------------------------------------------------------------------


def _strip_markup(title: str) -> str:
    return unescape(_TAG.sub("", title))


def _parse_time(text: str) -> datetime | None:
    """Parse a time as feeds write it: RFC 822 or ISO 8601, else one of some common forms. No zone means UTC."""
    if len(text) > _LONGEST_TIME:
        return None
    moment = parse_w3c_time(text)
    if moment is not None or not text:
        return moment
    plain = _ZONE_COLON.sub(r"\1\2", _ZONE_REMARK.sub("", text))
    try:
        parsed: datetime | None = _with_named_zone(parsedate_to_datetime(plain), plain)
    except (ValueError, TypeError, IndexError, OverflowError):
        parsed = next(filter(None, (_parse_format(text, form) for form in _DATE_FORMATS)), None)
    if parsed is None:
        return None
    try:
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _with_named_zone(moment: datetime, text: str) -> datetime:
    """Return the time in the zone that is named at the end of its text, unless it has one."""
    name = _ZONE_NAME.search(text) if moment.tzinfo is None else None
    return moment.replace(tzinfo=zone_of(name[0], moment.date())) if name else moment


def _parse_format(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None


# --- JSON ------------------------------------------------------------------------------------------------------------


def _json_feed(page: Page, notes: Notes) -> Iterator[DiscoveredUrl]:
    """Read JSON Feed 1.1 (jsonfeed.org): ``items`` with ``url``, ``title``, ``date_modified`` or ``date_published``."""
    data = b"".join(read_chunks(page.payload, _LARGEST, notes, mark=b"\n"))
    if CUT in notes:
        notes[REFUSED] = f"the feed was not read: it has more than {_LARGEST // MIB} MiB"
        del notes[CUT]
        return
    reasons, count = Counter[str](), 0
    for item in islice(_json_items("".join(decode_chunks([data], page.content_type)), notes), _MAX_ITEMS):
        count += 1
        url = _json_address(item, page.url)
        if url is None:
            reasons[_json_skip_reason(item)] += 1
            continue
        date = _string(item, "date_modified") or _string(item, "date_published")
        yield DiscoveredUrl(
            url=url, title=clean_title(_strip_markup(_string(item, "title"))), updated_at=parse_w3c_time(date)
        )
    note_skipped(reasons, count, notes)


def _json_items(text: str, notes: Notes) -> Iterator[Any]:
    """Yield the items of a document, of a damaged one those before the damage."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        notes.setdefault(DAMAGED, "the feed is not valid JSON")
        yield from _whole_items(text)
        return
    items = document.get("items") if isinstance(document, dict) else document
    if isinstance(items, list):
        yield from items
    else:
        notes.setdefault(DAMAGED, "it is not a feed: it has no items")


def _whole_items(text: str) -> Iterator[Any]:
    start = _ITEMS.search(text)
    position = start.end() if start else len(text)
    decoder = json.JSONDecoder()
    while text[position : position + 1]:
        position += len(text[position : position + 1_000]) - len(text[position : position + 1_000].lstrip(", \t\r\n"))
        try:
            item, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return
        yield item


def _json_address(item: Any, base: str) -> str | None:
    """Return the address of an item: its own page, else the page it points to, else its id if that is an address."""
    for name in ("url", "external_url"):
        reference = _string(item, name)
        url = _linked_url(reference, (), base) if _PATH_SIGN.search(reference) else None
        if url is not None:
            return url
    identifier = _string(item, "id").strip()
    return stated_url(identifier, base) if _ABSOLUTE.match(identifier) else None


def _json_skip_reason(item: Any) -> str:
    if not isinstance(item, dict):
        return "that are no items"
    if item.get("url") or item.get("external_url"):
        return "with an invalid address"
    return "whose identifier is no address" if item.get("id") else "without an address"


def _string(item: Any, name: str) -> str:
    value = item.get(name) if isinstance(item, dict) else None
    return value if isinstance(value, str) else ""
