"""Case folding for comparing lines and titles by their words."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")


def fold_words(text: str) -> str:
    """Return the words of ``text`` in one case with single spaces. Punctuation is dropped."""
    return " ".join(_WORD.findall(text.casefold()))
