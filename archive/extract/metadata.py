"""What a page declares about itself, read in one walk over the tree. Declared only: nothing here is guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from archive.extract.jsonld import LdArticle, read_article

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

_WALKED = ("title", "meta", "link", "script", "h1", "time", "a")
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
"""Names under which ``meta`` declares the day of publication, the most trusted first."""
_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "last-modified", "dcterms.modified")
_AUTHOR = ("author", "article:author", "byl", "parsely-author", "sailthru.author", "dc.creator", "citation_author")
_ITEMS = (
    "//*[@itemprop][contains(' datePublished dateModified author isAccessibleForFree ', concat(' ', @itemprop, ' '))]"
)
_MICROFORMAT = frozenset({"dt-published", "entry-date", "published"})
_LANGUAGE = re.compile(r"\s*([A-Za-z]{2})(?:[-_]|\s*$)")
_BY = re.compile(r"^(?:by|von|por|par|di|da)[\s:]+", re.IGNORECASE)
_LONGEST_NAME = 200
_FOUND = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A page's own statements. Dates are raw strings, the most trusted first; ``free`` None when nothing is said."""

    h1: _FOUND = ()
    og_title: str = ""
    tag_title: str = ""
    published: _FOUND = ()
    modified: _FOUND = ()
    byline: str | None = None
    language: str | None = None
    site: str | None = None
    canonical_url: str | None = None
    free: bool | None = None
    article: LdArticle | None = None
    is_article: bool = False


def read_metadata(root: HtmlElement, url: str) -> Declared:
    """Everything the page at ``url`` declares."""
    found = _walk(root)
    meta = _metas(found["meta"])
    canonical = _canonical(found["link"], url)
    blocks = [script.text or "" for script in found["script"] if "ld+json" in (script.get("type") or "").lower()]
    article = read_article(blocks, (url, canonical or "", meta.get("og:url", "")))
    ld = article or LdArticle()
    items = root.xpath(_ITEMS)
    return Declared(
        h1=_headings(found["h1"]),
        og_title=meta.get("og:title", "") or meta.get("twitter:title", ""),
        tag_title=next((text for title in found["title"] if (text := text_of(title))), ""),
        published=_some(
            (ld.published, *_pick(meta, _PUBLISHED), *_items(items, "datePublished"), *_times(found["time"]))
        ),
        modified=_some((ld.modified, *_pick(meta, _MODIFIED), *_items(items, "dateModified"))),
        byline=_byline(ld.authors, _pick(meta, _AUTHOR), _items(items, "author"), found["a"]),
        language=_language(
            root.get("lang"), root.get("{http://www.w3.org/XML/1998/namespace}lang"), meta.get("og:locale")
        ),
        site=meta.get("og:site_name") or ld.publisher or None,
        canonical_url=canonical,
        free=ld.free if ld.free is not None else _free(_items(items, "isAccessibleForFree"), meta),
        article=article,
        is_article=article is not None or meta.get("og:type", "").lower() == "article",
    )


def text_of(element: HtmlElement) -> str:
    """The words of an element with single spaces; a line break counts as one."""
    parts = element.xpath("descendant::text()|descendant::br")
    return " ".join("".join(part if isinstance(part, str) else " " for part in parts).split())


def _walk(root: HtmlElement) -> dict[str, list[HtmlElement]]:
    found: dict[str, list[HtmlElement]] = {tag: [] for tag in _WALKED}
    for element in root.iter(*_WALKED):
        found[element.tag].append(element)
    return found


def _metas(elements: Iterable[HtmlElement]) -> dict[str, str]:
    """``meta`` contents by lower-case name, property or itemprop; the first that says something wins."""
    contents: dict[str, str] = {}
    for element in elements:
        content = " ".join((element.get("content") or "").split())
        for attribute in ("property", "name", "itemprop"):
            if content and (name := element.get(attribute)):
                contents.setdefault(name.strip().lower(), content)
    return contents


def _pick(meta: dict[str, str], names: Iterable[str]) -> _FOUND:
    return tuple(meta[name] for name in names if name in meta)


def _some(values: Iterable[str]) -> _FOUND:
    return tuple(dict.fromkeys(value for value in values if value))


def _headings(elements: Iterable[HtmlElement]) -> _FOUND:
    """The texts of h1 elements; those inside the article or main part come first."""
    texts = [(not _inside(element, "article", "main"), text_of(element)) for element in elements]
    return _some(text for _, text in sorted(texts, key=lambda pair: pair[0]))


def _inside(element: HtmlElement, *tags: str) -> bool:
    return next(element.iterancestors(*tags), None) is not None


def _items(elements: Iterable[HtmlElement], name: str) -> _FOUND:
    """Microdata values: an attribute where there is one, else the text."""
    chosen = (element for element in elements if element.get("itemprop") == name)
    return _some(
        element.get("content") or element.get("datetime") or text_of(element)[:_LONGEST_NAME] for element in chosen
    )


def _times(elements: Iterable[HtmlElement]) -> Iterator[str]:
    """``time`` elements that date the article: marked as publication, or in the header that carries the headline."""
    for element in elements:
        if element.get("datetime") and (_is_marked(element) or _is_beside_headline(element)):
            yield element.get("datetime")


def _is_marked(element: HtmlElement) -> bool:
    named = not _MICROFORMAT.isdisjoint((element.get("class") or "").split())
    return element.get("pubdate") is not None or (named and _is_beside_headline(element))


def _is_beside_headline(element: HtmlElement) -> bool:
    """True in a ``header`` with an h1, or in a ``header`` of an ``article`` with an h1: a teaser has neither."""
    header = next(element.iterancestors("header"), None)
    if header is None:
        return False
    article = next(header.iterancestors("article"), None)
    return any(part is not None and next(part.iter("h1"), None) is not None for part in (header, article))


def _byline(named: _FOUND, meta: _FOUND, items: _FOUND, links: Iterable[HtmlElement]) -> str | None:
    """Authors as the page names them: JSON-LD, meta, microdata, ``rel=author``; an address is no name."""
    by_link = (text_of(link) for link in links if "author" in (link.get("rel") or "").lower().split())
    for group in (named, meta, items, by_link):
        names = [_BY.sub("", name) for name in group if not name.startswith(("http://", "https://"))]
        if names:
            wanted = names if group is named else names[:1]
            return ", ".join(dict.fromkeys(name for name in wanted if name))[:_LONGEST_NAME] or None
    return None


def _language(*declared: str | None) -> str | None:
    """The two-letter code of the first declaration that has one."""
    codes = (_LANGUAGE.match(value) for value in declared if value)
    return next((code[1].lower() for code in codes if code), None)


def _free(items: _FOUND, meta: dict[str, str]) -> bool | None:
    """Microdata, else ``article:content_tier``: metered is still free to this reader."""
    if items:
        return items[0].rpartition("/")[2].lower() != "false"
    return {"locked": False, "free": True}.get(meta.get("article:content_tier", "").lower())


def _canonical(links: Iterable[HtmlElement], url: str) -> str | None:
    """The page's claim of its own address, made absolute; only web addresses count."""
    for link in links:
        if "canonical" in (link.get("rel") or "").lower().split() and link.get("href"):
            return _absolute(url, link.get("href").strip())
    return None


def _absolute(base: str, href: str) -> str | None:
    try:
        address = urljoin(base, href)
        return address if urlsplit(address).scheme in {"http", "https"} and urlsplit(address).hostname else None
    except ValueError:
        return None
