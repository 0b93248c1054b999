"""Decides for a hyphen at the end of a line whether it belongs to the word or only to the line break.

The document itself decides: the whole word elsewhere in it, or the word with its hyphen. Where it does not know, the
hyphen goes only if the document divides words at all.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.extract.pdf.text_lines import TextLine

_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010\u2011'\u2019][^\W\d_]+)*")
_LAST = re.compile(r"(?:[^\W\d_]+[-\u2010\u2011'\u2019])*([^\W\d_]+)$")
_FIRST = re.compile(r"[^\W\d_]+")
_HYPHENS = "-\u2010\u2011\u00ad"
_LONGEST = 80  # characters of a line's end in which its last word is looked for
_FEWEST = 2  # letters of each half of a divided word
_DIVIDES = 3  # divided words that no word of the document contradicts


def ends_in_hyphen(line: TextLine) -> bool:
    """True if a line ends in a hyphen that follows a letter or a digit."""
    if line.ends_in_hyphen:
        return True
    return line.text[-1:] in _HYPHENS and line.text[-2:-1].isalnum()


class LineHyphens:
    """Knows the words of a document, and with them which hyphens at line ends are only there for the line."""

    def __init__(self, lines: Sequence[TextLine]) -> None:
        self._words: Counter[str] = Counter()
        for line in lines:
            words = _WORD.findall(line.text.casefold())
            self._words.update(words[:-1] if ends_in_hyphen(line) else words)
        pairs = [(before, after) for before, after in pairwise(lines) if ends_in_hyphen(before)]
        evidence = Counter(self._evidence(before.text, after.text) for before, after in pairs)
        self._divides_words = evidence["divided"] > 0 or (evidence["compound"] == 0 and evidence["unknown"] >= _DIVIDES)

    def joint(self, before: TextLine, after: str) -> tuple[int, str]:
        """Return how many characters of ``before`` are dropped, and what stands between it and the next line."""
        text = before.text
        if before.ends_in_hyphen:
            is_hyphen, dropped = True, 0
        else:
            is_hyphen, dropped = text.endswith(tuple(_HYPHENS)), 1
        if not is_hyphen:
            return 0, "" if _is_unspaced(text[-1:], after[:1]) else " "
        stem = text[: len(text) - dropped][-_LONGEST:]
        if text.endswith("\u00ad"):
            return dropped, ""  # a soft hyphen is never part of a word
        hyphen = "-" if before.ends_in_hyphen else ""
        if not stem or not stem[-1].isalnum():
            return 0, f"{hyphen} "  # a dash
        evidence = self._evidence(stem, after)
        is_divided = evidence == "divided" or (evidence == "unknown" and self._divides_words)
        return (dropped, "") if is_divided else (0, hyphen)

    def _evidence(self, before: str, after: str) -> str:
        """Return whether the words around a hyphen are one word: ``divided``, ``compound`` or ``unknown``."""
        first, second = _LAST.search(before[-_LONGEST:].rstrip(_HYPHENS)), _FIRST.match(after[:_LONGEST])
        if first is None or second is None or not second[0][0].islower():
            return "compound"  # names, numbers
        head, tail = first[1].casefold(), second[0].casefold()
        if self._words[head + tail]:
            return "divided"
        if self._words[f"{head}-{tail}"] or min(len(head), len(tail)) < _FEWEST or "-" in first[0]:
            return "compound"
        return "compound" if self._words[head] and self._words[tail] else "unknown"


def _is_unspaced(last: str, first: str) -> bool:
    """True between two characters of a script that is written without spaces."""
    return bool(_UNSPACED.match(last) and _UNSPACED.match(first))


_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u3190-\u9fff\uf900-\ufaff\uff00-\uffef]")
