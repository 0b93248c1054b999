"""Other forms of a page that the page itself names: its AMP page and its page for printing.

AMP is ``<link rel="amphtml">``. A print page is ``<link rel="alternate" media="print">``, or a link whose address is
that of the page with a word for printing in its path or query: ``/news/a/print``, ``/news/a?view=print``.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.crawl.page_links import hinted_links
from archive.urls import RefusedUrl, canonical_url, fetchable_url, host_of
from db.records import PageForm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.records import Outcome

_ENOUGH = 3  # long paragraphs
_LONG_PARAGRAPH = re.compile(rb"<p(?:\s[^<>]{0,500})?>[^<]{80}", re.IGNORECASE)
_MARKS = (
    *(b"amphtml", b'print"', b"print'", b"=print", b"/print", b"?print", b"&print", b"-print", b"_print", b"druck"),
    *(b"imprim", b"stampa", b"skriv", b"tulosta", b"drukuj"),
)
_HINT = re.compile(rb"amphtml|print|druck|imprim|stampa|skriv|tulosta|drukuj", re.IGNORECASE)
_PRINT_WORD = re.compile(
    r"(?:print(?:able|er)?(?:[_-]?(?:version|view|page|friendly|article))?|(?:version|view|mode)[_-]print"
    r"|druck(?:en|version|ansicht)?|imprim(?:ir|er|ible|able)|stampa|skriv-?ut|udskriv|tulosta|drukuj)",
    re.IGNORECASE,
)


def alternate_urls(outcome: Outcome) -> list[tuple[PageForm, str]]:
    """Return the other forms that a page names, at most one of each kind: AMP first, then print.

    A page with three long paragraphs has a text, and needs none. An address that is the page's own or cannot be fetched
    is left out.
    """
    payload = outcome.payload or b""
    is_page = outcome.reason is None and "html" in (outcome.content_type or "html").lower()
    if not is_page or not _may_name_one(payload):
        return []
    urls: dict[PageForm, str] = {}
    own = {canonical_url(url) for url in (outcome.final_url, outcome.requested_url)}
    for form, url in _named(outcome):
        if canonical_url(url) not in own:
            urls.setdefault(form, url)
    return [(form, urls[form]) for form in PageForm if form in urls]


def _may_name_one(payload: bytes) -> bool:
    """True unless a page surely names no form, or shows a text.

    This runs for every page: 0.4 of the time that looking for a further part takes, on 743 pages. It reads without
    regard to scripts and comments, so a paragraph may be found where none is. Then the page stays as it is.
    """
    lower = payload.lower()
    if not any(mark in lower for mark in _MARKS):
        return False
    paragraphs = islice(_LONG_PARAGRAPH.finditer(payload), _ENOUGH)
    return sum(1 for _ in paragraphs) < _ENOUGH


def _named(outcome: Outcome) -> Iterator[tuple[PageForm, str]]:
    base, links = hinted_links(outcome.payload or b"", outcome.charset, _HINT)
    guessed: list[tuple[PageForm, str]] = []
    for element, attributes in links:
        try:
            url = fetchable_url(attributes.get("href") or "#", fetchable_url(base, outcome.final_url))
        except RefusedUrl:
            continue
        relations, media = attributes.get("rel", "").lower().split(), attributes.get("media", "").lower()
        if element == "link" and "amphtml" in relations:
            yield PageForm.AMP, url
        elif element == "link" and "alternate" in relations and "print" in re.findall(r"[a-z]+", media):
            yield PageForm.PRINT, url
        elif element == "a" and is_print_address(url, of=outcome.final_url):
            guessed.append((PageForm.PRINT, url))
    yield from guessed  # what a page declares comes before what its links look like


def is_print_address(url: str, *, of: str) -> bool:
    """True if ``url`` is the address ``of`` a page with a word for printing added. Raises ``RefusedUrl``."""
    if host_of(url) != host_of(of):
        return False
    print_page, page = urlsplit(canonical_url(url)), urlsplit(canonical_url(of))
    segments, own_segments = _segments(print_page.path), _segments(page.path)
    pairs, own_pairs = _pairs(print_page.query), _pairs(page.query)
    other_segments = [segment for segment in segments if not _PRINT_WORD.fullmatch(segment)]
    other_pairs = [pair for pair in pairs if not any(map(_PRINT_WORD.fullmatch, pair.split("=", 1)))]
    is_marked = len(other_segments) < len(segments) or len(other_pairs) < len(pairs)
    is_page = bool(own_segments or own_pairs)
    return is_marked and is_page and other_segments == own_segments and set(own_pairs) == set(other_pairs)


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _pairs(query: str) -> list[str]:
    return [pair for pair in query.split("&") if pair]
