"""Facts about an article besides its text, each with its raw form and the place on the page that states it.

A value that is inferred and not declared is marked as a guess and decides nothing: a wrong date is worse than none.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from archive.extract.blanks import write_signs_as_blanks
from archive.extract.dates import first_date, format_date
from archive.extract.declared_dates import day_in_address
from archive.extract.recipe import SHORT_WORDS, TRUNCATED
from db.records import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from lxml.html import HtmlElement

    from archive.extract.body import Body
    from archive.extract.declared_dates import Statement
    from archive.extract.metadata import DeclaredMetadata


def declared_facts(declared: DeclaredMetadata, captured_at: datetime, language_of_dates: str | None) -> Iterator[Fact]:
    """Yield dates, byline, language, site, section, tags and canonical address as the page declares them."""
    for name, statements in (("published", declared.published), ("modified", declared.modified)):
        if date := first_date(statements, captured_at, language_of_dates):
            yield Fact(name=name, value=format_date(date), source=date.source, raw=date.raw)
    single = (
        ("byline", declared.byline),
        ("language", declared.language),
        ("site", declared.site),
        ("section", declared.section),
        *(("tag", tag) for tag in declared.tags),
    )
    for name, statement in single:
        if statement:
            yield Fact(name=name, value=statement[0], source=statement[1])
    if declared.canonical_url:
        yield Fact(name="canonical", value=declared.canonical_url, source="link canonical")


def access_facts(declared: DeclaredMetadata, words: int) -> Iterator[Fact]:
    """Yield access and truncation, from comparing the page's statements with the number of extracted ``words``."""
    declared_words = declared.article.words if declared.article else 0
    is_cut = words * TRUNCATED < declared_words
    if declared.free is not None:
        partial = "partial" if is_cut or words < SHORT_WORDS else "not free"
        yield Fact(name="access", value="free" if declared.free else partial, source=declared.free_from)
    if is_cut:
        yield Fact(
            name="flag", value="possibly truncated", source="json-ld", raw=f"{declared_words} words, {words} found"
        )


def body_facts(body: Body) -> Iterator[Fact]:
    """Yield the notes in the text, the updates that the page lists, and flags for a body that needs a second look."""
    for note in body.notes:
        yield Fact(name="note", value=note.kind, source=note.source, raw=write_signs_as_blanks(note.text))
    for update in body.updates:
        day = f"{update.day:%Y-%m-%d}"
        yield Fact(name="update", value=day, source="update log", raw=write_signs_as_blanks(update.note))
    if body.is_revealed:
        yield Fact(name="flag", value="hidden until a script shows it", source="markup")
    for heading in body.bare_headings:
        yield Fact(name="flag", value="heading without its text", source="markup", raw=write_signs_as_blanks(heading))


def guessed_dates(root: HtmlElement, declared: DeclaredMetadata, url: str, captured_at: datetime) -> Iterator[Fact]:
    """Yield guesses of the publication date for a page that does not declare it, the likeliest first.

    They are: the day in its URL, the only day that its ``time`` elements name, and htmldate's result without its search
    of the text, which would find a date on any page.
    """
    days = {date.instant.date() for raw in declared.unmarked if (date := first_date([(raw, "time")], captured_at))}
    only = declared.unmarked[:1] if len(days) == 1 else ()
    day = day_in_address(url)
    guesses = (
        *([(day, "address")] if day else ()),
        *((raw, "unmarked time") for raw in only),
        *_dates_by_htmldate(root, url, captured_at),
    )
    for statement in guesses:
        if date := first_date([statement], captured_at):
            yield Fact(name="published", value=format_date(date), source=date.source, raw=date.raw, guess=True)


def _dates_by_htmldate(root: HtmlElement, url: str, captured_at: datetime) -> Iterable[Statement]:
    from htmldate import find_date  # imported late: only pages without a date need it

    date = find_date(
        deepcopy(root), extensive_search=False, original_date=True, url=url, max_date=captured_at.date().isoformat()
    )
    return ((date, "htmldate"),) if date else ()
