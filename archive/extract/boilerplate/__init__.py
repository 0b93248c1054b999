"""From extracted text to the article's own words: normalise, take residue out so that it can be put back, note credits.

``clean(extraction)`` does the step, ``restore(extraction)`` undoes its removals, ``normalise(text)`` is the form in
which all texts of the archive are kept, and ``clean_facts()`` is what a recipe's id is made of. What belongs to a site
is learned by ``learn`` from all its pages, and ``blocks_facts`` is how a recipe with it differs from one without.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from archive.extract.boilerplate import site_template
from archive.extract.boilerplate.attribution import CREDITS, IN_TEXT, credit_facts, find_credits
from archive.extract.boilerplate.find import EDGES, find_boilerplate
from archive.extract.boilerplate.normalize import normalise, normalise_line
from archive.extract.boilerplate.rules import BYLINE, RULES, SHORTCODE
from archive.extract.boilerplate.site_template import NOTHING, learn, near_copies
from archive.extract.boilerplate.spans import join, restore, take_lines, take_out

if TYPE_CHECKING:
    from db.records import Extraction, RemovedSpan, TemplateLines

__all__ = [
    "blocks_facts",
    "clean",
    "clean_facts",
    "join",
    "learn",
    "near_copies",
    "normalise",
    "restore",
    "take_lines",
]

REVISION = "2"
"""Raised by hand whenever the code of this package gives another text for the same extraction."""


def clean(extraction: Extraction, known: TemplateLines = NOTHING) -> Extraction:
    """``extraction`` with normalised fields, residue moved from ``text`` to ``removed``, and ``origin`` filled.

    ``known`` is the furniture of its site. Bylines, datelines, agencies and credited sources are noted in ``facts``.
    Nothing is lost: :func:`restore` gives the normalised text before removal. A text of which nothing would be left
    is kept whole. Cleaning a second time changes nothing. Linear in the text's length.
    """
    whole = normalise(restore(extraction))
    title = normalise_line(extraction.title)
    text, removed = take_out(whole, find_boilerplate(whole, title, known))
    origin = find_credits(whole)
    told = credit_facts(whole, origin, _byline(removed))
    return replace(
        extraction,
        title=title,
        text=text,
        removed=removed,
        byline=normalise_line(extraction.byline or "") or _byline(removed),
        site=normalise_line(extraction.site or "") or None,
        origin=origin,
        facts=(*(fact for fact in extraction.facts if fact.source != IN_TEXT), *told),
    )


def clean_facts() -> tuple[tuple[str, str], ...]:
    """Everything that decides what :func:`clean` returns, as sorted (name, value) pairs."""
    rules = [(rule.because, rule.where, rule.pattern.pattern, rule.words, rule.sweeps) for rule in RULES]
    table = repr((rules, SHORTCODE.pattern, [credit.pattern.pattern for credit in CREDITS], EDGES, site_template.EDGES))
    return ("clean revision", REVISION), ("clean rules", sha256(table.encode()).hexdigest()[:16])


def blocks_facts(known: TemplateLines) -> tuple[tuple[str, str], ...]:
    """The same of the furniture of a site, by what it says: which revision it is, is no matter for a text."""
    return (("furniture", sha256(repr((known.edge, known.anywhere)).encode()).hexdigest()[:16]),) if known else ()


def _byline(removed: tuple[RemovedSpan, ...]) -> str | None:
    """The name in a byline that stood in the text, without its "By"."""
    lines = (span.text.strip() for span in removed if span.because == "byline")
    return next((BYLINE.sub("", line) or None for line in lines), None)
