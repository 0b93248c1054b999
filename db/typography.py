"""Typography: marks and blanks that publishers write in several ways, and the plain form in which texts are compared.

Texts are kept as published. Whoever compares two of them, or looks for a phrase in one, folds them first.
"""

from __future__ import annotations

import re

_APOSTROPHES = "\u2018\u2019\u201a\u201b\u02bc"
_QUOTATION_MARKS = "\u201c\u201d\u201e\u201f"
BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""Blanks that a publisher chooses: no-break, thin and wide ones."""

JOINERS = "\u200c\u200d"
"""Zero-width characters inside a word: a part of its spelling in Persian and in the scripts of India, and of emoji."""

_PLAIN = (
    *((mark, "'") for mark in _APOSTROPHES),
    *((mark, '"') for mark in _QUOTATION_MARKS),
    *((blank, " ") for blank in BLANKS),
)
_BLANK = re.compile(f"[{BLANKS}]")
_RUN = re.compile(r"\s\s+|\t")


def fold_typography(text: str) -> str:
    """Return ``text`` with straight quotation marks and plain blanks, each character in its place.

    Guillemets, dashes and ellipses stay. The length stays the same, so a span of the result is one of ``text``.
    """
    if text.isascii():
        return text
    for mark, plain in _PLAIN:  # scans in C take a fiftieth of one ``str.translate``
        text = text.replace(mark, plain)
    return text


def collapse_blanks(line: str) -> str:
    """Return a line without blanks at its ends. A run of blanks is one plain blank, a single one stays as it is."""
    if _BLANK.search(line) is None:
        return " ".join(line.split())
    return _RUN.sub(" ", line.strip())
