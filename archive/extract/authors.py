"""The authors of a page, from the first of its statements that names a person."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from lxml import etree

from archive.extract.headings import text_of
from archive.extract.person_names import read_agencies, read_people

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

    from archive.extract.parse import XPathQuery

_META = (
    "author",
    "article:author",
    "article:author_name",
    "byl",
    "parsely-author",
    "sailthru.author",
    "cxenseparse:author",
    "cxenseparse:recs:author",
    "dc.creator",
    "dcterms.creator",
    "dc.creator.personalname",
    "citation_author",
    "twitter:data1",
    "vf:author",
    "rbauthors",
    "authors",
)
_LABELLED = "twitter:data1"  # what it is stands in twitter:label1
_LABELS = ("written", "author", "verfasst", "geschrieben", "écrit", "escrito", "autor", "scritto", "by")
_AUTHOR_LINKS: XPathQuery = etree.XPath("//a[contains(@rel, 'author')]")
_MARKED: XPathQuery = etree.XPath("//*[contains(@class, 'aut') or contains(@class, 'byline')]")
_MARK = re.compile(r"author|autor|auteur|byline", re.IGNORECASE)
_NAMES: XPathQuery = etree.XPath("descendant::*[@itemprop='name']")
_IN_COMMENTS: XPathQuery = etree.XPath(
    "boolean(ancestor::*[contains(@class, 'comment') or contains(@id, 'comment') or @itemprop='comment'"
    " or @itemprop='review' or contains(@class, 'related') or contains(@class, 'sidebar')])"
)
_MAX_ELEMENTS = 30
_MAX_NAME = 200
_MAX_MARKED = 80  # characters of an element that holds a name and a word or two
_Statement = tuple[str, str]


def read_byline(
    ld_authors: tuple[str, ...],
    metas: dict[str, list[str]],
    items: Iterable[HtmlElement],
    root: HtmlElement,
    sites: frozenset[str],
) -> _Statement | None:
    """Return the authors that JSON-LD, meta, microdata or links name, in this order, and the source.

    A person with two names is preferred to a single name of an earlier source, and a news agency comes last.
    """
    sources = [
        ("json-ld author", ld_authors),
        *(_metas(metas)),
        ("microdata author", tuple(_microdata(items))),
    ]
    for login in (False, True):
        for source, names in sources:
            if people := _people(names, sites, login=login):
                return _joined(people), source
        if people := _linked(root, sites, login=login):
            return _joined(people), "rel=author"
    for source, names in sources:
        if agencies := tuple(dict.fromkeys(agency for name in names for agency in read_agencies(name[:300], sites))):
            return _joined(agencies), source
    return None


def _joined(people: Iterable[str]) -> str:
    return ", ".join(people)[:_MAX_NAME]


def _people(names: Iterable[str], sites: frozenset[str], *, login: bool) -> tuple[str, ...]:
    return tuple(dict.fromkeys(person for name in names for person in read_people(name[:300], sites, login=login)))


def _metas(metas: dict[str, list[str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in _META:
        if name == _LABELLED and not " ".join(metas.get("twitter:label1", [])).lower().startswith(_LABELS):
            continue
        if contents := metas.get(name):
            yield f"meta {name}", tuple(contents)


def _microdata(items: Iterable[HtmlElement]) -> Iterator[str]:
    authors = (element for element in items if "author" in (element.get("itemprop") or "").split())
    for element in islice(authors, _MAX_ELEMENTS):
        if _IN_COMMENTS(element):
            continue
        names = _NAMES(element)
        for part in names[:_MAX_ELEMENTS] or [element]:
            yield part.get("content") or text_of(part)[:_MAX_NAME]


def marked_people(root: HtmlElement, sites: frozenset[str]) -> tuple[str, ...]:
    """Return the people in elements whose class names an author, if all such elements outside of comments agree."""
    people: list[tuple[str, ...]] = []
    elements = [element for element in _MARKED(root) if _MARK.search(element.get("class"))]
    if len(elements) > _MAX_ELEMENTS:
        return ()  # a list of stories and their authors
    for element in elements:
        text = text_of(element)
        if (
            len(text) <= _MAX_MARKED
            and not (_IN_COMMENTS(element) or "licen" in element.get("class", ""))
            and (names := read_people(text, sites))
        ):
            people.append(names)
    longest = max(people, key=len, default=())
    return longest if {name for names in people for name in names} == set(longest) else ()


def _linked(root: HtmlElement, sites: frozenset[str], *, login: bool) -> tuple[str, ...]:
    """Return the people of the first link to an author outside of comments, and of those beside it."""
    people: tuple[str, ...] = ()
    around: HtmlElement | None = None
    for link in _AUTHOR_LINKS(root)[:_MAX_ELEMENTS]:
        if around is not None and link.getparent() is not around:
            break
        if not _IN_COMMENTS(link) and (names := _people([text_of(link)[:_MAX_NAME]], sites, login=login)):
            people += names
            around = link.getparent()
    return tuple(dict.fromkeys(people))
