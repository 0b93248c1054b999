"""From extracted text to the article's own words: normalise, take residue out so that it can be put back, note credits.

``clean(extraction)`` does the step, ``restore(extraction)`` undoes its removals, ``normalise(text)`` is the form in
which all texts of the archive are kept, and ``clean_facts()`` is what a recipe's id is made of.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from archive.clean.credits import CREDITS, find_credits
from archive.clean.normalise import normalise, normalise_line
from archive.clean.residue import EDGES, find_residue
from archive.clean.rules import RULES, SHORTCODE
from db.records import Extraction, Removed

__all__ = ["clean", "clean_facts", "normalise", "restore"]

REVISION = "1"
"""Raised by hand whenever the code of this package gives another text for the same extraction."""


def clean(extraction: Extraction) -> Extraction:
    """``extraction`` with normalised fields, residue moved from ``text`` to ``removed``, and ``origin`` filled.

    Nothing is lost: :func:`restore` gives the normalised text before removal. A text of which nothing would be left
    is kept whole. Cleaning a second time changes nothing. Linear in the text's length.
    """
    whole = normalise(restore(extraction))
    title = normalise_line(extraction.title)
    text, removed = _take_out(whole, find_residue(whole, title))
    return replace(
        extraction,
        title=title,
        text=text,
        removed=removed,
        byline=normalise_line(extraction.byline or "") or _byline(removed),
        site=normalise_line(extraction.site or "") or None,
        origin=find_credits(whole),
    )


def restore(extraction: Extraction) -> str:
    """The text with everything that was removed back in its place."""
    parts, at = [], 0
    for removed in extraction.removed:
        parts += [extraction.text[at : removed.at], removed.text]
        at = removed.at
    return "".join([*parts, extraction.text[at:]])


def clean_facts() -> tuple[tuple[str, str], ...]:
    """Everything that decides what :func:`clean` returns, as sorted (name, value) pairs."""
    rules = [(rule.because, rule.where, rule.pattern.pattern, rule.words, rule.sweeps) for rule in RULES]
    table = repr((rules, SHORTCODE.pattern, [credit.pattern for credit in CREDITS], EDGES))
    return ("clean revision", REVISION), ("clean rules", sha256(table.encode()).hexdigest()[:16])


def _byline(removed: tuple[Removed, ...]) -> str | None:
    """The name in a byline that stood in the text, without its "By"."""
    lines = (span.text.strip() for span in removed if span.because == "byline")
    return next((line.partition(" ")[2] or None for line in lines), None)


def _take_out(text: str, spans: list[tuple[int, int, str]]) -> tuple[str, tuple[Removed, ...]]:
    """Cut ordered, disjoint spans; each is kept with the offset of the cut in the remaining text."""
    kept, removed, at, length = [], [], 0, 0
    for start, end, because in spans:
        kept.append(text[at:start])
        length += start - at
        removed.append(Removed(at=length, text=text[start:end], because=because))
        at = end
    return "".join([*kept, text[at:]]), tuple(removed)
