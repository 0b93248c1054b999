"""From extracted text to the article's own words: normalize, cut boilerplate reversibly, note credits.

``clean(extraction)`` does this, ``restore(extraction)`` undoes its removals, ``normalize(text)`` gives the form in
which the archive stores all texts, and ``clean_facts()`` returns the facts from which a recipe's id is made.
``learn_template`` learns the template lines of a site from all its pages, and ``template_facts`` tells a recipe with
such lines from one without.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from archive.extract.boilerplate import site_template
from archive.extract.boilerplate.attribution import CREDITS, IN_TEXT, credit_facts, find_credits
from archive.extract.boilerplate.find import EDGES, find_boilerplate
from archive.extract.boilerplate.normalize import normalize, normalize_line
from archive.extract.boilerplate.rules import BYLINE, RULES, SHORTCODE
from archive.extract.boilerplate.site_template import NO_TEMPLATE, learn_template, near_copies
from archive.extract.boilerplate.spans import cut_lines, cut_spans, join_pages, restore

if TYPE_CHECKING:
    from db.records import Extraction, RemovedSpan, TemplateLines

__all__ = [
    "clean",
    "clean_facts",
    "cut_lines",
    "join_pages",
    "learn_template",
    "near_copies",
    "normalize",
    "restore",
    "template_facts",
]

REVISION = "3"
"""Raise by hand whenever the code of this package gives a different text for the same extraction."""


def clean(extraction: Extraction, template: TemplateLines = NO_TEMPLATE) -> Extraction:
    """Return ``extraction`` with normalized fields, boilerplate moved from ``text`` to ``removed``, and ``origin`` set.

    ``template`` has the template lines of its site. Bylines, datelines, agencies and credited sources are noted in
    ``facts``. Nothing is lost: :func:`restore` returns the normalized text before removal. A text of which nothing
    would be left is not cut. Cleaning a second time changes nothing. Linear in the text's length.
    """
    full_text = normalize(restore(extraction))
    title = normalize_line(extraction.title)
    text, removed = cut_spans(full_text, find_boilerplate(full_text, title, template))
    origin = find_credits(full_text)
    text_facts = credit_facts(full_text, origin, _byline(removed))
    return replace(
        extraction,
        title=title,
        text=text,
        removed=removed,
        byline=normalize_line(extraction.byline or "") or _byline(removed),
        site=normalize_line(extraction.site or "") or None,
        origin=origin,
        facts=(*(fact for fact in extraction.facts if fact.source != IN_TEXT), *text_facts),
    )


def clean_facts() -> tuple[tuple[str, str], ...]:
    """Return everything that decides the result of :func:`clean`, as sorted (name, value) pairs."""
    rules = [(rule.because, rule.where, rule.pattern.pattern, rule.words, rule.sweeps) for rule in RULES]
    table = repr((rules, SHORTCODE.pattern, [credit.pattern.pattern for credit in CREDITS], EDGES, site_template.EDGES))
    return ("clean revision", REVISION), ("clean rules", sha256(table.encode()).hexdigest()[:16])


def template_facts(template: TemplateLines) -> tuple[tuple[str, str], ...]:
    """Return the recipe facts of a site's template. They depend on its lines, not on its revision number."""
    if not template:
        return ()
    return (("furniture", sha256(repr((template.edge, template.anywhere)).encode()).hexdigest()[:16]),)


def _byline(removed: tuple[RemovedSpan, ...]) -> str | None:
    """Return the name from a byline in the text, without its "By"."""
    lines = (span.text.strip() for span in removed if span.because == "byline")
    return next((BYLINE.sub("", line) or None for line in lines), None)
