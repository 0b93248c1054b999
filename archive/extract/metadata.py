"""What a page declares about itself, read in one walk over the tree. Declared only: nothing here is guessed."""

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

    from archive.extract.parse import Asks

_WALKED = ("title", "base", "meta", "link", "script", "h1", "time")
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
_SECTION = ("article:section", "parsely-section", "articlesection", "dc.subject")
_TAGS = ("news_keywords", "parsely-tags", "keywords")
_ITEMS: Asks = etree.XPath(
    "//*[@itemprop][contains(' datePublished dateModified author isAccessibleForFree ', concat(' ', @itemprop, ' '))]"
)
_WORDS: Asks = etree.XPath("descendant::text()|descendant::br", smart_strings=False)
_AUTHOR_LINKS: Asks = etree.XPath("//a[contains(@rel, 'author')]")
_MICROFORMAT = frozenset({"dt-published", "entry-date", "published"})
_LANGUAGE = re.compile(r"\s*([A-Za-z]{2})(?:[-_]|\s*$)")
_BY = re.compile(r"^(?:by|von|por|par|di|da)[\s:]+", re.IGNORECASE)
_LONGEST_NAME = 200
_LONGEST_ADDRESS = 8192  # no longer one is asked
_MOST_TAGS = 20
_MOST_READ = 100  # elements of a kind; each costs its subtree, and a page may nest thousands
_FOUND = tuple[str, ...]
_LINK = tuple[list[str], str]  # of a ``link`` element: its relations and its address
Said = tuple[str, str]
"""What a page says, as written, and where it says it: ("2024-02-28", "meta date")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A page's own statements. Dates are raw strings, the most trusted first; ``free`` None when nothing is said.

    ``unmarked`` are the dates of ``time`` elements that nothing ties to the article.
    """

    h1: _FOUND = ()
    og_title: str = ""
    tag_title: str = ""
    published: tuple[Said, ...] = ()
    modified: tuple[Said, ...] = ()
    unmarked: _FOUND = ()
    byline: Said | None = None
    language: Said | None = None
    site: Said | None = None
    section: Said | None = None
    tags: tuple[Said, ...] = ()
    canonical_url: str | None = None
    claims: tuple[tuple[str, str], ...] = ()
    free: bool | None = None
    free_from: str = ""
    article: LdArticle | None = None
    is_article: bool = False


def read_metadata(root: HtmlElement, url: str) -> Declared:
    """Everything the page at ``url`` declares."""
    found = _walk(root)
    meta = _metas(found["meta"])
    links = [((link.get("rel") or "").lower().split(), (link.get("href") or "").strip()) for link in found["link"]]
    canonical = _canonical(links, url)
    blocks = [script.text or "" for script in found["script"] if "ld+json" in (script.get("type") or "").lower()]
    article = read_article(blocks, (url, canonical or "", meta.get("og:url", "")))
    ld = article or LdArticle()
    items = () if ld.published and ld.authors else _ITEMS(root)  # rarely needed, and a walk over the whole page
    dated, undated = _times(found["time"])
    free, free_from = _free(ld.free, _items(items, "isAccessibleForFree"), meta)
    return Declared(
        h1=_headings(found["h1"]),
        og_title=meta.get("og:title", "") or meta.get("twitter:title", ""),
        tag_title=next((text for title in found["title"] if (text := text_of(title))), ""),
        published=_some(
            (
                (ld.published, "json-ld datePublished"),
                *_pick(meta, _PUBLISHED),
                *_items(items, "datePublished"),
                *((raw, "time") for raw in dated),
            )
        ),
        modified=_some(
            ((ld.modified, "json-ld dateModified"), *_pick(meta, _MODIFIED), *_items(items, "dateModified"))
        ),
        unmarked=undated,
        byline=_byline(ld.authors, _pick(meta, _AUTHOR), _items(items, "author"), root),
        language=_language(root, meta),
        site=_first((*_pick(meta, ("og:site_name",)), (ld.publisher, "json-ld publisher"))),
        section=_first(((ld.section, "json-ld articleSection"), *_pick(meta, _SECTION))),
        tags=_tags(ld, meta),
        canonical_url=canonical,
        claims=tuple(_claims(links, meta, found["base"])),
        free=free,
        free_from=free_from,
        article=article,
        is_article=article is not None or meta.get("og:type", "").lower() == "article",
    )


def text_of(element: HtmlElement) -> str:
    """The words of an element with single spaces; a line break counts as one."""
    return " ".join("".join(part if isinstance(part, str) else " " for part in _WORDS(element)).split())


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


def _pick(meta: dict[str, str], names: Iterable[str]) -> tuple[Said, ...]:
    return tuple((meta[name], f"meta {name}") for name in names if name in meta)


def _some(said: Iterable[Said]) -> tuple[Said, ...]:
    """The statements that say something, each once, as said first."""
    first: dict[str, str] = {}
    for value, source in said:
        if value:
            first.setdefault(value, source)
    return tuple(first.items())


def _first(said: Iterable[Said]) -> Said | None:
    return next(iter(_some(said)), None)


def _headings(elements: Iterable[HtmlElement]) -> _FOUND:
    """The texts of h1 elements; those inside the article or main part come first."""
    few = islice(elements, _MOST_READ)
    texts = [(not _inside(element, "article", "main"), text_of(element)) for element in few]
    return tuple(dict.fromkeys(text for _, text in sorted(texts, key=lambda pair: pair[0]) if text))


def _inside(element: HtmlElement, *tags: str) -> bool:
    return next(element.iterancestors(*tags), None) is not None


def _items(elements: Iterable[HtmlElement], name: str) -> tuple[Said, ...]:
    """Microdata values: an attribute where there is one, else the text."""
    chosen = islice((element for element in elements if element.get("itemprop") == name), _MOST_READ)
    return _some(
        (element.get("content") or element.get("datetime") or text_of(element)[:_LONGEST_NAME], f"microdata {name}")
        for element in chosen
    )


def _times(elements: Iterable[HtmlElement]) -> tuple[_FOUND, _FOUND]:
    """The dates of ``time`` elements that date the article, marked so or in the header of the headline; the others."""
    dated: dict[str, bool] = {}
    for element in islice(elements, _MOST_READ):
        if raw := element.get("datetime"):
            dated[raw] = dated.get(raw, False) or _is_marked(element) or _is_beside_headline(element)
    return tuple(raw for raw, is_own in dated.items() if is_own), tuple(raw for raw, own in dated.items() if not own)


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


def _byline(named: _FOUND, meta: tuple[Said, ...], items: tuple[Said, ...], root: HtmlElement) -> Said | None:
    """Authors as the page names them: JSON-LD, meta, microdata, ``rel=author``; an address is no name."""
    if people := _people(named):
        return ", ".join(people)[:_LONGEST_NAME], "json-ld author"
    said = ((name, source) for raw, source in chain(meta, items, _linked(root)) for name in _people((raw,)))
    return next(((name[:_LONGEST_NAME], source) for name, source in said), None)


def _linked(root: HtmlElement) -> Iterator[Said]:
    for link in _AUTHOR_LINKS(root)[:_MOST_READ]:
        yield text_of(link), "rel=author"


def _people(names: Iterable[str]) -> _FOUND:
    written = (name for name in names if not name.startswith(("http://", "https://")))
    return tuple(dict.fromkeys(name for raw in written if (name := _BY.sub("", raw))))


def _language(root: HtmlElement, meta: dict[str, str]) -> Said | None:
    """The two-letter code of the first declaration that has one."""
    declared = (
        (root.get("lang"), "html lang"),
        (root.get("{http://www.w3.org/XML/1998/namespace}lang"), "html xml:lang"),
        (meta.get("og:locale"), "meta og:locale"),
    )
    codes = ((_LANGUAGE.match(value), source) for value, source in declared if value)
    return next(((code[1].lower(), source) for code, source in codes if code), None)


def _tags(ld: LdArticle, meta: dict[str, str]) -> tuple[Said, ...]:
    """Subjects the page lists for its article, from the first place that lists any."""
    lists = [(ld.tags, "json-ld keywords"), *((tuple(raw.split(",")), source) for raw, source in _pick(meta, _TAGS))]
    found = (_some((" ".join(each.split()), source) for each in listed) for listed, source in lists)
    return next((each for each in found if each), ())[:_MOST_TAGS]


def _free(named: bool | None, items: tuple[Said, ...], meta: dict[str, str]) -> tuple[bool | None, str]:
    """JSON-LD, microdata, else ``article:content_tier``: metered is still free to this reader; and where it is said."""
    if named is not None:
        return named, "json-ld isAccessibleForFree"
    if items:
        return items[0][0].rpartition("/")[2].lower() != "false", items[0][1]
    tier = {"locked": False, "free": True}.get(meta.get("article:content_tier", "").lower())
    return tier, "" if tier is None else "meta article:content_tier"


def _canonical(links: Iterable[_LINK], url: str) -> str | None:
    """The page's claim of its own address, made absolute; only web addresses count."""
    href = next((href for relations, href in links if "canonical" in relations and href), "")
    return _absolute(url, href) if href else None


def _claims(links: Iterable[_LINK], meta: dict[str, str], bases: Iterable[HtmlElement]) -> Iterator[tuple[str, str]]:
    """Other addresses the page gives for itself, the first of each kind, as written.

    Joined with the page's own ``base`` and nothing else, so that they may stay relative: a payload is extracted once,
    whichever of its addresses it came from first.
    """
    base = next((href for each in bases if (href := each.get("href"))), "")
    told: dict[str, str] = {}
    for relations, href in links:
        for kind, relation in (("canonical", "canonical"), ("amp", "amphtml")):
            if href and relation in relations:
                told.setdefault(kind, _joined(base, href))
    if "og:url" in meta:
        told["og"] = _joined(base, meta["og:url"])
    yield from ((kind, url) for kind, url in told.items() if 0 < len(url) <= _LONGEST_ADDRESS)


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return ""


def _absolute(base: str, href: str) -> str | None:
    try:
        address = urljoin(base, href)
        return address if urlsplit(address).scheme in {"http", "https"} and urlsplit(address).hostname else None
    except ValueError:
        return None
