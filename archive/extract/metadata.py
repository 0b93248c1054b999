"""Metadata that a page declares about itself, read in one walk over the tree. Nothing here is guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from lxml import etree

from archive.extract.jsonld import LdArticle, read_article

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

    from archive.extract.parse import XPathQuery

_METADATA_TAGS = ("title", "base", "meta", "link", "script", "h1", "time")
_PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date.created",
    "article.published",
    "publish-date",
    "publishdate",
    "pubdate",
    "publication_date",
    "citation_publication_date",
    "date",
    "dc.date",
)
"""Names under which ``meta`` declares the publication date, the most trusted first."""
_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "last-modified", "dcterms.modified")
_AUTHOR = ("author", "article:author", "byl", "parsely-author", "sailthru.author", "dc.creator", "citation_author")
_SECTION = ("article:section", "parsely-section", "articlesection", "dc.subject")
_TAGS = ("news_keywords", "parsely-tags", "keywords")
_ITEMS: XPathQuery = etree.XPath(
    "//*[@itemprop][contains(' datePublished dateModified author isAccessibleForFree ', concat(' ', @itemprop, ' '))]"
)
_WORDS: XPathQuery = etree.XPath("descendant::text()|descendant::br", smart_strings=False)
_AUTHOR_LINKS: XPathQuery = etree.XPath("//a[contains(@rel, 'author')]")
_MICROFORMAT = frozenset({"dt-published", "entry-date", "published"})
_LANGUAGE = re.compile(r"\s*([A-Za-z]{2})(?:[-_]|\s*$)")
_BY = re.compile(r"^(?:by|von|por|par|di|da)[\s:]+", re.IGNORECASE)
_MAX_NAME = 200
_MAX_URL = 8192  # longer URLs are never fetched
_MAX_TAGS = 20
_MAX_ELEMENTS = 100  # read per tag; each costs its subtree, and a page may nest thousands
_Strings = tuple[str, ...]
_Link = tuple[list[str], str]  # relations and URL of a ``link`` element
Statement = tuple[str, str]
"""A declared value as written and the place that declares it: ("2024-02-28", "meta date")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredMetadata:
    """A page's statements about itself. Dates are raw strings, the most trusted first. ``free`` is None if undeclared.

    ``unmarked`` has the dates of ``time`` elements that nothing ties to the article.
    """

    h1: _Strings = ()
    og_title: str = ""
    tag_title: str = ""
    published: tuple[Statement, ...] = ()
    modified: tuple[Statement, ...] = ()
    unmarked: _Strings = ()
    byline: Statement | None = None
    language: Statement | None = None
    site: Statement | None = None
    section: Statement | None = None
    tags: tuple[Statement, ...] = ()
    canonical_url: str | None = None
    claims: tuple[tuple[str, str], ...] = ()
    free: bool | None = None
    free_from: str = ""
    article: LdArticle | None = None
    is_article: bool = False


def read_metadata(root: HtmlElement, url: str) -> DeclaredMetadata:
    """Return everything the page at ``url`` declares."""
    elements = _elements_by_tag(root)
    meta = _meta_contents(elements["meta"])
    links = [((link.get("rel") or "").lower().split(), (link.get("href") or "").strip()) for link in elements["link"]]
    canonical = _canonical_url(links, url)
    blocks = [script.text or "" for script in elements["script"] if "ld+json" in (script.get("type") or "").lower()]
    article = read_article(blocks, (url, canonical or "", meta.get("og:url", "")))
    ld = article or LdArticle()
    items = () if ld.published and ld.authors else _ITEMS(root)  # rarely needed, and costs a walk over the whole page
    dated, undated = _split_times(elements["time"])
    free, free_from = _free_access(ld.free, _microdata(items, "isAccessibleForFree"), meta)
    return DeclaredMetadata(
        h1=_headings(elements["h1"]),
        og_title=meta.get("og:title", "") or meta.get("twitter:title", ""),
        tag_title=next((text for title in elements["title"] if (text := text_of(title))), ""),
        published=_distinct(
            (
                (ld.published, "json-ld datePublished"),
                *_pick(meta, _PUBLISHED),
                *_microdata(items, "datePublished"),
                *((raw, "time") for raw in dated),
            )
        ),
        modified=_distinct(
            ((ld.modified, "json-ld dateModified"), *_pick(meta, _MODIFIED), *_microdata(items, "dateModified"))
        ),
        unmarked=undated,
        byline=_byline(ld.authors, _pick(meta, _AUTHOR), _microdata(items, "author"), root),
        language=_language(root, meta),
        site=_first((*_pick(meta, ("og:site_name",)), (ld.publisher, "json-ld publisher"))),
        section=_first(((ld.section, "json-ld articleSection"), *_pick(meta, _SECTION))),
        tags=_tags(ld, meta),
        canonical_url=canonical,
        claims=tuple(_alias_claims(links, meta, elements["base"])),
        free=free,
        free_from=free_from,
        article=article,
        is_article=article is not None or meta.get("og:type", "").lower() == "article",
    )


def text_of(element: HtmlElement) -> str:
    """Return the words of an element with single spaces. A line break counts as a space."""
    return " ".join("".join(part if isinstance(part, str) else " " for part in _WORDS(element)).split())


def _elements_by_tag(root: HtmlElement) -> dict[str, list[HtmlElement]]:
    elements: dict[str, list[HtmlElement]] = {tag: [] for tag in _METADATA_TAGS}
    for element in root.iter(*_METADATA_TAGS):
        elements[element.tag].append(element)
    return elements


def _meta_contents(elements: Iterable[HtmlElement]) -> dict[str, str]:
    """Return ``meta`` contents by lower-case name, property or itemprop. The first non-empty one wins."""
    contents: dict[str, str] = {}
    for element in elements:
        content = " ".join((element.get("content") or "").split())
        for attribute in ("property", "name", "itemprop"):
            if content and (name := element.get(attribute)):
                contents.setdefault(name.strip().lower(), content)
    return contents


def _pick(meta: dict[str, str], names: Iterable[str]) -> tuple[Statement, ...]:
    return tuple((meta[name], f"meta {name}") for name in names if name in meta)


def _distinct(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Return statements with a value, each value once with its first source."""
    first: dict[str, str] = {}
    for value, source in statements:
        if value:
            first.setdefault(value, source)
    return tuple(first.items())


def _first(statements: Iterable[Statement]) -> Statement | None:
    return next(iter(_distinct(statements)), None)


def _headings(elements: Iterable[HtmlElement]) -> _Strings:
    """Return the texts of h1 elements. Those inside the article or main element come first."""
    limited = islice(elements, _MAX_ELEMENTS)
    texts = [(not _is_inside(element, "article", "main"), text_of(element)) for element in limited]
    return tuple(dict.fromkeys(text for _, text in sorted(texts, key=lambda pair: pair[0]) if text))


def _is_inside(element: HtmlElement, *tags: str) -> bool:
    return next(element.iterancestors(*tags), None) is not None


def _microdata(elements: Iterable[HtmlElement], name: str) -> tuple[Statement, ...]:
    """Return microdata values: an attribute if there is one, else the text."""
    matching = islice((element for element in elements if element.get("itemprop") == name), _MAX_ELEMENTS)
    return _distinct(
        (element.get("content") or element.get("datetime") or text_of(element)[:_MAX_NAME], f"microdata {name}")
        for element in matching
    )


def _split_times(elements: Iterable[HtmlElement]) -> tuple[_Strings, _Strings]:
    """Return the dates of ``time`` elements that date the article, then those of all others.

    An element dates the article if it is marked so, or is in the header of the headline.
    """
    dates: dict[str, bool] = {}
    for element in islice(elements, _MAX_ELEMENTS):
        if raw := element.get("datetime"):
            dates[raw] = dates.get(raw, False) or _is_marked_published(element) or _shares_header_with_headline(element)
    own = tuple(raw for raw, is_own in dates.items() if is_own)
    return own, tuple(raw for raw, is_own in dates.items() if not is_own)


def _is_marked_published(element: HtmlElement) -> bool:
    has_class = not _MICROFORMAT.isdisjoint((element.get("class") or "").split())
    return element.get("pubdate") is not None or (has_class and _shares_header_with_headline(element))


def _shares_header_with_headline(element: HtmlElement) -> bool:
    """True in a ``header`` with an h1, or in a ``header`` of an ``article`` with an h1. A teaser has neither."""
    header = next(element.iterancestors("header"), None)
    if header is None:
        return False
    article = next(header.iterancestors("article"), None)
    return any(part is not None and next(part.iter("h1"), None) is not None for part in (header, article))


def _byline(
    authors: _Strings, meta: tuple[Statement, ...], items: tuple[Statement, ...], root: HtmlElement
) -> Statement | None:
    """Return the authors that JSON-LD, meta, microdata or ``rel=author`` name, in this order. A URL is no name."""
    if people := _clean_names(authors):
        return ", ".join(people)[:_MAX_NAME], "json-ld author"
    for raw, source in chain(meta, items, _author_links(root)):
        for name in _clean_names((raw,)):
            return name[:_MAX_NAME], source
    return None


def _author_links(root: HtmlElement) -> Iterator[Statement]:
    for link in _AUTHOR_LINKS(root)[:_MAX_ELEMENTS]:
        yield text_of(link), "rel=author"


def _clean_names(names: Iterable[str]) -> _Strings:
    written = (name for name in names if not name.startswith(("http://", "https://")))
    return tuple(dict.fromkeys(name for raw in written if (name := _BY.sub("", raw))))


def _language(root: HtmlElement, meta: dict[str, str]) -> Statement | None:
    """Return the two-letter code of the first declaration that has one."""
    declared = (
        (root.get("lang"), "html lang"),
        (root.get("{http://www.w3.org/XML/1998/namespace}lang"), "html xml:lang"),
        (meta.get("og:locale"), "meta og:locale"),
    )
    codes = ((_LANGUAGE.match(value), source) for value, source in declared if value)
    return next(((code[1].lower(), source) for code, source in codes if code), None)


def _tags(ld: LdArticle, meta: dict[str, str]) -> tuple[Statement, ...]:
    """Return the article's keywords from the first place that lists any."""
    lists = [(ld.tags, "json-ld keywords"), *((tuple(raw.split(",")), source) for raw, source in _pick(meta, _TAGS))]
    statements = (_distinct((" ".join(tag.split()), source) for tag in tags) for tags, source in lists)
    return next((tags for tags in statements if tags), ())[:_MAX_TAGS]


def _free_access(declared: bool | None, items: tuple[Statement, ...], meta: dict[str, str]) -> tuple[bool | None, str]:
    """Return whether access is free, and the source: JSON-LD, microdata, else ``article:content_tier``.

    Metered access counts as undeclared (None), because this reader still gets it free.
    """
    if declared is not None:
        return declared, "json-ld isAccessibleForFree"
    if items:
        return items[0][0].rpartition("/")[2].lower() != "false", items[0][1]
    tier = {"locked": False, "free": True}.get(meta.get("article:content_tier", "").lower())
    return tier, "" if tier is None else "meta article:content_tier"


def _canonical_url(links: Iterable[_Link], url: str) -> str | None:
    """Return the canonical URL the page declares, made absolute. Only http and https count."""
    href = next((href for relations, href in links if "canonical" in relations and href), "")
    return _absolute_url(url, href) if href else None


def _alias_claims(
    links: Iterable[_Link], meta: dict[str, str], bases: Iterable[HtmlElement]
) -> Iterator[tuple[str, str]]:
    """Yield other URLs the page gives for itself, the first of each kind, as written.

    They are joined with the page's own ``base`` and nothing else, so they may stay relative. A payload is extracted
    once, whichever of its URLs it came from first.
    """
    base = next((href for element in bases if (href := element.get("href"))), "")
    claims: dict[str, str] = {}
    for relations, href in links:
        for kind, relation in (("canonical", "canonical"), ("amp", "amphtml")):
            if href and relation in relations:
                claims.setdefault(kind, _join_url(base, href))
    if "og:url" in meta:
        claims["og"] = _join_url(base, meta["og:url"])
    yield from ((kind, url) for kind, url in claims.items() if 0 < len(url) <= _MAX_URL)


def _join_url(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return ""


def _absolute_url(base: str, href: str) -> str | None:
    try:
        absolute = urljoin(base, href)
        return absolute if urlsplit(absolute).scheme in {"http", "https"} and urlsplit(absolute).hostname else None
    except ValueError:
        return None
