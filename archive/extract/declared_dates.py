"""The dates that a page states about itself, the most trusted first, each with the place that states it.

Trusted are declarations made for machines: JSON-LD, meta, microdata, RDFa, microformats. Then come ``time`` elements
in the header of the headline, the date shown next to the headline, and last the meta names that many systems fill with
the time at which they built the page. What the address and the shown date both contradict counts for nothing.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lxml import etree

from archive.extract.dates import read_date
from archive.extract.headings import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from lxml.html import HtmlElement

    from archive.extract.parse import XPathQuery

Statement = tuple[str, str]
"""A declared value as written and the place that declares it: ("2024-02-28", "meta date")."""

PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "article:published",
    "og:pubdate",
    "datepublished",
    "schema:datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "vr:published_time",
    "dc.date.issued",
    "dc:date:issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date.created",
    "dcterms.available",
    "article.published",
    "article_date_original",
    "originalpublicationdate",
    "publish-date",
    "publishdate",
    "publish_date",
    "published-date",
    "published_date",
    "published_at",
    "ptime",
    "pubdate",
    "pub_date",
    "publication_date",
    "publication-date",
    "citation_publication_date",
    "citation_online_date",
    "prism.publicationdate",
    "apub:time",
    "displaydate",
    "date.release",
    "weibo:article:create_at",
    "datecreated",
)
"""Names under which ``meta`` declares the publication date, the most trusted first."""
BUILT = ("date", "dc.date", "dcterms.date", "dc:date", "bt:pubdate", "release_date")
"""Names that often hold the time at which the page was built. A date next to the headline is more trusted."""
MODIFIED = (
    "article:modified_time",
    "og:updated_time",
    "og:modified_time",
    "datemodified",
    "last-modified",
    "last_modified",
    "dcterms.modified",
    "dc.date.modified",
    "date.modified",
    "moddate",
    "cxenseparse:modifiedtime",
    "lastmod",
)

_ITEMS: XPathQuery = etree.XPath(
    "//*[@itemprop][contains(@itemprop, 'datePublished') or contains(@itemprop, 'dateModified')"
    " or contains(@itemprop, 'author') or contains(@itemprop, 'isAccessibleForFree')"
    " or contains(@itemprop, 'dateCreated')]"
    "|//*[@property][not(self::meta)][contains(@property, 'datePublished') or contains(@property, 'dc:created')"
    " or contains(@property, 'dc:date') or contains(@property, 'dcterms:created')"
    " or contains(@property, 'dateCreated')]"
)
_MICROFORMATS: XPathQuery = etree.XPath("//*[contains(@class, 'date') or contains(@class, 'publish')]")
_IN_OTHER: XPathQuery = etree.XPath(
    "boolean(ancestor-or-self::*[contains(@class, 'comment') or contains(@id, 'comment') or @itemprop='comment'"
    " or @itemprop='review' or contains(@class, 'related') or contains(@class, 'sidebar') or contains(@id, 'sidebar')"
    " or contains(@class, 'widget') or contains(@class, 'recommend') or self::aside or self::nav or self::footer"
    " or contains(@class, 'teaser') or (self::article and not(.//h1) and //article//h1)])"
)
_CLASSES = frozenset(
    {
        "dt-published",
        "entry-date",
        "published",
        "date-header",
        "post-date",
        "posted-on",
        "date-published",
        "publish-date",
    }
    | {"published-date", "article-date", "postdate"}
)
_PUBLISHED_ITEMS = ("datePublished", "dateCreated")
_RDFA = ("datePublished", "dc:created", "dc:date", "dcterms:created", "dateCreated")
_IN_PATH = re.compile(r"/((?:19|20)\d\d)[/-]?(\d\d)[/-]?(\d\d)(?=/|[-_.]|$)")
_MAX_ELEMENTS = 100  # read per tag; each costs its subtree, and a page may nest thousands
_MAX_VALUE = 80


def dated_items(root: HtmlElement) -> list[HtmlElement]:
    """Return the elements that state a date, an author or free access as microdata or RDFa. A walk over the page."""
    items: list[HtmlElement] = _ITEMS(root)
    return items


def read_microdata(elements: Iterable[HtmlElement], *names: str) -> list[Statement]:
    """Return the values of properties: an attribute if there is one, else the text. Those of comments do not count."""
    statements: list[Statement] = []
    for element in islice(elements, _MAX_ELEMENTS):
        stated = f"{element.get('itemprop') or ''} {element.get('property') or ''}".replace("schema:", "").split()
        name = next((name for name in names if name in stated), "")
        if name and not _IN_OTHER(element):
            value = element.get("content") or element.get("datetime") or element.get("title") or text_of(element)
            statements.append((value[:_MAX_VALUE], f"microdata {name}"))
    return statements


def read_published_items(elements: Iterable[HtmlElement]) -> list[Statement]:
    """Return the dates of publication that microdata or RDFa states."""
    return read_microdata(elements, *_PUBLISHED_ITEMS, *_RDFA)


def read_microformats(root: HtmlElement) -> list[Statement]:
    """Return the dates of microformats and of the classes of blog systems, if all of them name one day."""
    statements: list[Statement] = []
    marked = ((element, element.get("class").split()) for element in _MICROFORMATS(root))
    for element, classes in islice((pair for pair in marked if not _CLASSES.isdisjoint(pair[1])), _MAX_ELEMENTS):
        if _IN_OTHER(element):
            continue
        inner = next(element.iter("time", "abbr"), element)
        value = inner.get("datetime") or (inner.get("title") if inner.tag == "abbr" else "") or text_of(element)
        statements.append((value[:_MAX_VALUE], f"class {next(name for name in classes if name in _CLASSES)}"))
    days = {written.instant.date() for value, _ in statements if (written := read_date(value))}
    return [pair for pair in statements if read_date(pair[0])] if len(days) == 1 else []


def split_times(elements: Iterable[HtmlElement]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the dates of ``time`` elements that date the article, then those of all others.

    An element dates the article if it is marked so, or is in the header of the headline.
    """
    dates: dict[str, bool] = {}
    for element in islice(elements, _MAX_ELEMENTS):
        if raw := element.get("datetime"):
            is_own = element.get("pubdate") is not None or _shares_header_with_headline(element)
            dates[raw] = dates.get(raw, False) or (is_own and not _IN_OTHER(element))
    own = tuple(raw for raw, is_own in dates.items() if is_own)
    return own, tuple(raw for raw, is_own in dates.items() if not is_own)


def _shares_header_with_headline(element: HtmlElement) -> bool:
    """True in a ``header`` with an h1, or in a ``header`` of an ``article`` with an h1. A teaser has neither."""
    header = next(element.iterancestors("header"), None)
    if header is None:
        return False
    article = next(header.iterancestors("article"), None)
    return any(part is not None and next(part.iter("h1"), None) is not None for part in (header, article))


def day_in_address(url: str) -> str:
    """Return the day in the path of a URL in ISO form, or an empty text."""
    try:
        match = _IN_PATH.search(urlsplit(url).path)
    except ValueError:
        return ""
    return "-".join(match.groups()) if match else ""


def day_of(raw: str) -> date | None:
    """Return the day of a date as written, or None."""
    written = read_date(raw)
    return written.instant.date() if written else None


def contradicts(raw: str, day: str) -> bool:
    """Return whether a date as written is more than a day away from ``day``."""
    own, other = day_of(raw), day_of(day)
    return own is not None and other is not None and abs((own - other).days) > 1


def confirmed_by_address(candidates: Iterable[str], day: str) -> Iterator[Statement]:
    """Yield the first of the dates that has the day in the address: two witnesses that nothing else ties together."""
    same = (raw for raw in candidates if day and (own := day_of(raw)) and own == day_of(day))
    yield from ((raw, "time + address") for raw in islice(same, 1))
