"""Metadata that a page declares about itself, read in one walk over the tree. Nothing here is guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.extract.authors import marked_people, read_byline
from archive.extract.declared_dates import (
    BUILT,
    MODIFIED,
    PUBLISHED,
    Statement,
    confirmed_by_address,
    contradicts,
    dated_items,
    day_in_address,
    day_of,
    read_microdata,
    read_microformats,
    read_published_items,
    split_times,
)
from archive.extract.headings import read_headings, read_logos, read_subheads, text_of, words_of_address
from archive.extract.headline import choose_headline
from archive.extract.jsonld import LdArticle, is_of_other_matter, read_article
from archive.extract.link_claims import alias_claims, canonical_url
from archive.extract.person_names import site_names
from archive.extract.shown_facts import shown_dates, shown_people
from archive.extract.surroundings import lines_around_headline

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lxml.html import HtmlElement

    from archive.extract.surroundings import Line

_JSON_LD = re.compile("ld.?json|json.?ld", re.IGNORECASE)
_METADATA_TAGS = ("title", "base", "meta", "link", "script", "h1", "time")
_SECTION = ("article:section", "parsely-section", "articlesection", "dc.subject")
_TAGS = ("news_keywords", "parsely-tags", "keywords")
_LANGUAGE = re.compile(r"\s*([A-Za-z]{2})(?:[-_]|\s*$)")
_MAX_NAME = 200
_MAX_TAGS = 20
_Strings = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredMetadata:
    """A page's statements about itself. Dates are raw strings, the most trusted first. ``free`` is None if undeclared.

    ``unmarked`` has the dates of ``time`` elements that nothing ties to the article, ``logos`` those h1 that are the
    name of the site. ``subheads`` are lower headings, read if no h1 is also a declared title.
    """

    h1: _Strings = ()
    logos: _Strings = ()
    subheads: _Strings = ()
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
    metas = _meta_contents(elements["meta"])
    meta = {name: contents[0] for name, contents in metas.items()}
    links = [((link.get("rel") or "").lower().split(), (link.get("href") or "").strip()) for link in elements["link"]]
    canonical = canonical_url(links, url)
    tag_title = next((text for title in elements["title"] if (text := text_of(title))), "")
    h1, og_title = read_headings(elements["h1"]), meta.get("og:title", "") or meta.get("twitter:title", "")
    blocks = [script.text or "" for script in elements["script"] if _JSON_LD.search(script.get("type") or "")]
    article = read_article(blocks, (url, canonical or "", meta.get("og:url", "")), (*h1, og_title, tag_title))
    ld = article or LdArticle()
    items = () if ld.published and ld.authors else dated_items(root)  # a walk over the whole page, rarely needed
    site = _first((*_pick(meta, ("og:site_name",)), (ld.publisher, "json-ld publisher")))
    language = _language(root, meta)
    free, free_from = _free_access(ld.free, read_microdata(items, "isAccessibleForFree"), meta)
    logos = read_logos(elements["h1"])
    names = (site[0] if site else "", ld.publisher, *logos)
    subheads = () if {*h1} & {og_title, ld.headline} else read_subheads(root)  # a walk over the page
    headline = choose_headline(h1, og_title, ld.headline, tag_title, names, words_of_address(url), subheads)
    shown = _ShownFacts(root, (headline, og_title, ld.headline, tag_title), language)
    dated, undated = split_times(elements["time"])
    ld_first = not is_of_other_matter(ld.headline, (*h1, og_title, tag_title))
    published, modified = _dates(root, url, ld, meta, items, dated, undated, shown)
    if not ld_first:
        published = tuple(statement for statement in published if not statement[1].startswith("json-ld"))
    sites = site_names(names, url)
    return DeclaredMetadata(
        h1=h1,
        logos=logos,
        subheads=subheads,
        og_title=og_title,
        tag_title=tag_title,
        published=published,
        modified=modified,
        unmarked=undated,
        byline=_byline(ld, metas, items, root, sites, shown),
        language=language,
        site=site,
        section=_first(((ld.section, "json-ld articleSection"), *_pick(meta, _SECTION))),
        tags=_tags(ld, meta),
        canonical_url=canonical,
        claims=tuple(alias_claims(links, meta, elements["base"])),
        free=free,
        free_from=free_from,
        article=article,
        is_article=(article is not None and article.is_article) or meta.get("og:type", "").lower() == "article",
    )


class _ShownFacts:
    """Facts that are shown around the headline.

    They are read at first use, because a page that declares everything has no need.
    """

    def __init__(self, root: HtmlElement, titles: Iterable[str], language: Statement | None) -> None:
        self._root, self._titles = root, tuple(title for title in titles if title)
        self._language = language[0] if language else None
        self._lines: list[Line] | None = None

    def lines(self) -> list[Line]:
        if self._lines is None:
            self._lines = lines_around_headline(self._root, self._titles)
        return self._lines

    def dates(self) -> tuple[str, str]:
        return shown_dates(self.lines(), self._language)

    def people(self, sites: frozenset[str]) -> tuple[str, ...]:
        return shown_people(self.lines(), sites)


def _dates(
    root: HtmlElement,
    url: str,
    ld: LdArticle,
    meta: dict[str, str],
    items: Sequence[HtmlElement],
    dated: _Strings,
    undated: _Strings,
    shown: _ShownFacts,
) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """Return the statements of the dates of publication and of the last change, the most trusted first."""
    declared = [
        (ld.published, "json-ld datePublished"),
        *_pick(meta, PUBLISHED),
        *read_published_items(items),
        *((raw, "time") for raw in dated),
    ]
    declared = [statement for statement in declared if day_of(statement[0])]
    modified = [(ld.modified, "json-ld dateModified"), *_pick(meta, MODIFIED), *read_microdata(items, "dateModified")]
    day = day_in_address(url)
    if not declared:
        declared += read_microformats(root)
    if not declared or contradicts(declared[0][0], day):
        shown_published, shown_modified = shown.dates()
        if declared and shown_published and not contradicts(shown_published, day):
            declared = [statement for statement in declared if not contradicts(statement[0], day)]
        declared += [(shown_published, "shown")]
        modified += [(shown_modified, "shown")]
        declared += [*confirmed_by_address((*undated, shown_modified), day), *_pick(meta, BUILT)]
    return _distinct(declared), _distinct(modified)


def _byline(
    ld: LdArticle,
    metas: dict[str, list[str]],
    items: Sequence[HtmlElement],
    root: HtmlElement,
    sites: frozenset[str],
    shown: _ShownFacts,
) -> Statement | None:
    """Return the authors that the page declares, else those that it shows. A full name is preferred to a single one."""
    byline = read_byline(ld.authors, metas, items, root, sites)
    if byline is None or " " not in byline[0]:
        people = shown.people(sites) or marked_people(root, sites)
        return (", ".join(people)[:_MAX_NAME], "shown") if people else byline
    return byline


def _elements_by_tag(root: HtmlElement) -> dict[str, list[HtmlElement]]:
    elements: dict[str, list[HtmlElement]] = {tag: [] for tag in _METADATA_TAGS}
    for element in root.iter(*_METADATA_TAGS):
        elements[element.tag].append(element)
    return elements


def _meta_contents(elements: Iterable[HtmlElement]) -> dict[str, list[str]]:
    """Return the non-empty ``meta`` contents by lower-case name, property or itemprop."""
    contents: dict[str, list[str]] = {}
    for element in elements:
        content = " ".join((element.get("content") or "").split())
        for attribute in ("property", "name", "itemprop"):
            if content and (name := element.get(attribute)):
                contents.setdefault(name.strip().lower(), []).append(content)
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


def _free_access(declared: bool | None, items: Sequence[Statement], meta: dict[str, str]) -> tuple[bool | None, str]:
    """Return whether access is free, and the source: JSON-LD, microdata, else ``article:content_tier``.

    Metered access counts as undeclared (None), because this reader still gets it free.
    """
    if declared is not None:
        return declared, "json-ld isAccessibleForFree"
    if items:
        return items[0][0].rpartition("/")[2].lower() != "false", items[0][1]
    tier = {"locked": False, "free": True}.get(meta.get("article:content_tier", "").lower())
    return tier, "" if tier is None else "meta article:content_tier"
