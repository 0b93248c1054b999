"""What an extraction knows of its article besides the text, each fact with its raw form and where the page says it.

What is not said but inferred is marked as a guess and decides nothing: a wrong date is worse than none.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.extract.dates import first_date, precise
from archive.extract.recipe import SHORT_WORDS, TRUNCATED
from db.records import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from lxml.html import HtmlElement

    from archive.extract.metadata import Declared, Said

_IN_PATH = re.compile(r"/((?:19|20)\d\d)[/-]?(\d\d)[/-]?(\d\d)(?=/|[-_]|$)")


def declared_facts(declared: Declared, captured_at: datetime) -> Iterator[Fact]:
    """Dates, byline, language, site, section, tags and canonical address as the page declares them."""
    for name, said in (("published", declared.published), ("modified", declared.modified)):
        if found := first_date(said, captured_at):
            at, raw, source = found
            yield Fact(name=name, value=precise(at, raw), source=source, raw=raw)
    single = (
        ("byline", declared.byline),
        ("language", declared.language),
        ("site", declared.site),
        ("section", declared.section),
        *(("tag", tag) for tag in declared.tags),
    )
    yield from (Fact(name=name, value=said[0], source=said[1]) for name, said in single if said)
    if declared.canonical_url:
        yield Fact(name="canonical", value=declared.canonical_url, source="link canonical")


def found_facts(declared: Declared, words: int) -> Iterator[Fact]:
    """What the page's statements mean beside the ``words`` that were found: access, and a text that seems cut."""
    said = declared.article.words if declared.article else 0
    is_cut = words * TRUNCATED < said
    if declared.free is not None:
        partial = "partial" if is_cut or words < SHORT_WORDS else "not free"
        yield Fact(name="access", value="free" if declared.free else partial, source=declared.free_from)
    if is_cut:
        yield Fact(name="flag", value="possibly truncated", source="json-ld", raw=f"{said} words, {words} found")


def guessed_dates(root: HtmlElement, declared: Declared, url: str, captured_at: datetime) -> Iterator[Fact]:
    """When the article may have been published, for a page that does not declare it: guesses, the likeliest first.

    The day in its address; the only day that its ``time`` elements name; what htmldate finds without searching the
    text, which would find a date on any page.
    """
    days = {each[0].date() for raw in declared.unmarked if (each := first_date([(raw, "time")], captured_at))}
    only = declared.unmarked[:1] if len(days) == 1 else ()
    guesses = (*_in_address(url), *((raw, "unmarked time") for raw in only), *_by_htmldate(root, url, captured_at))
    for said in guesses:
        if found := first_date([said], captured_at):
            at, raw, source = found
            yield Fact(name="published", value=precise(at, raw), source=source, raw=raw, guess=True)


def _in_address(url: str) -> Iterable[Said]:
    try:
        found = _IN_PATH.search(urlsplit(url).path)
    except ValueError:
        return ()
    return (("-".join(found.groups()), "address"),) if found else ()


def _by_htmldate(root: HtmlElement, url: str, captured_at: datetime) -> Iterable[Said]:
    from htmldate import find_date  # only pages without a date need it

    found = find_date(
        deepcopy(root), extensive_search=False, original_date=True, url=url, max_date=captured_at.date().isoformat()
    )
    return ((found, "htmldate"),) if found else ()
