"""Other forms of a page that the page itself names: its AMP page and its page for printing.

AMP is ``<link rel="amphtml">``. A print page is ``<link rel="alternate" media="print">``, or a link whose address is
that of the page with a word for printing in its path or query: ``/news/a/print``, ``/news/a?view=print``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.crawl.page_links import hinted_links, long_paragraphs
from archive.urls import RefusedUrl, canonical_url, fetchable_url, host_of
from db.records import PageForm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.records import Outcome

_ENOUGH = 3  # long paragraphs: such a page shows its text, and extraction need not be asked
_HINT = re.compile(rb"\bamphtml\b|print|druck|impr[ie]m|imprim|stampa|skriv-?ut|udskriv|tulosta|drukuj", re.IGNORECASE)
_PRINT_WORD = re.compile(
    r"(?:print(?:able|er)?(?:[_-]?(?:version|view|page|friendly|article))?|(?:version|view|mode)[_-]print"
    r"|druck(?:en|version|ansicht)?|imprim(?:ir|er|ible|able)|stampa|skriv-?ut|udskriv|tulosta|drukuj)",
    re.IGNORECASE,
)


def may_lack_text(outcome: Outcome) -> bool:
    """True for a whole page of HTML with fewer than three long paragraphs in its bytes."""
    is_page = outcome.reason is None and outcome.payload is not None
    if not is_page or "html" not in (outcome.content_type or "html").lower():
        return False
    return len(long_paragraphs(outcome.payload or b"")) < _ENOUGH


def alternate_urls(outcome: Outcome) -> list[tuple[PageForm, str]]:
    """Return the other forms that a page names, at most one of each kind: AMP first, then print.

    An address that is the page's own or cannot be fetched is left out. A page in parts has none.
    """
    urls: dict[PageForm, str] = {}
    own = {canonical_url(url) for url in (outcome.final_url, outcome.requested_url)}
    for form, url in _named(outcome):
        if canonical_url(url) not in own:
            urls.setdefault(form, url)
    return [(form, urls[form]) for form in PageForm if form in urls]


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
