"""The normal form of stored texts: as published, without what no reader sees.

Paragraphs are lines joined by a single line feed. Within a line: Unicode NFC, no runs of blanks, no soft hyphens,
control characters or invisible marks. Joiners (U+200C, U+200D) stay, because they carry meaning in Persian, in Indic
scripts and in emoji. Quotation marks, dashes, ellipses and single blanks of any width stay, because publishers choose
them. Texts are folded where they are compared (``db.typography``).
"""

from __future__ import annotations

import re
import unicodedata

from db.typography import collapse_blanks

_BREAKS = re.compile("[\u2028\u2029\r\x0b\x0c\x85]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]+"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def normalize(text: str) -> str:
    """Return ``text`` in normal form. Idempotent.

    Lone surrogates become U+FFFD, because they cannot be stored.
    """
    visible = _INVISIBLE.sub("", _SURROGATE.sub("\ufffd", text))
    composed = _BREAKS.sub("\n", unicodedata.normalize("NFC", visible))
    lines = (collapse_blanks(line) for line in composed.split("\n"))
    return "\n".join(line for line in lines if line)


def normalize_line(text: str) -> str:
    """Return a text of one line, such as a headline or a name, in normal form."""
    return " ".join(normalize(text).split("\n"))
