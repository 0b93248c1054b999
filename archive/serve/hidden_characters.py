"""Changes that a reader cannot see: invisible characters added or removed, and letters replaced by look-alikes."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.records import Change, Text

_FORMAT, _CONTROL = "Cf", "Cc"  # Unicode's general categories of characters without a shape
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}
_BLANK = frozenset("\t\n\r")
_MOST_NAMED = 4
_READ = 400_000  # most characters of edits that are searched: 40 ms

# Homoglyphs: Cyrillic and Greek letters that look like Latin ones (the common ones of Unicode's list of confusables,
# UTS 39).
_LIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТХУаеіјорсухѕԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοιν",  # noqa: RUF001 - the look-alikes are intended
    "ABESIJKMHOPCTXYaeijopcyxsdqwABEZHIKMNOPTYXoiv",
)


def unseen(change: Change, a: Text, b: Text) -> str:
    """Return a description of the invisible changes, empty if there are none."""
    sides = ((change.headline, a.title, b.title), (change.edits, a.body, b.body))
    edits = [
        (before[slice(*edit.a)], after[slice(*edit.b)])
        for part_edits, before, after in sides
        for edit in part_edits
        if edit.op != "equal"
    ]
    cut, new = (_invisible(texts[side] for texts in edits) for side in (0, 1))
    differ = (cut - new) + (new - cut)
    remarks = []
    if differ:
        names = [
            f"U+{ord(character):04X} ({unicodedata.name(character, 'control character').lower()})"
            for character in differ
        ]
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        remarks.append(f"invisible characters changed: {', '.join(names[:_MOST_NAMED])}{more}")
    if any(_alike(before, after) for before, after in edits):
        remarks.append("letters were replaced by others that look the same")
    return "; ".join(remarks)


def _invisible(texts: Iterable[str]) -> Counter[str]:
    characters: Counter[str] = Counter()
    left = _READ
    for text in texts:
        characters.update(
            character for character in text[:left] if not character.isascii() or not character.isprintable()
        )
        left -= len(text)
        if left <= 0:
            break
    return Counter({character: count for character, count in characters.items() if is_invisible(character)})


def is_invisible(letter: str) -> bool:
    """True for a character without a shape: directions, joiners, fillers, controls other than tab and line breaks."""
    return letter not in _BLANK and (unicodedata.category(letter) in {_FORMAT, _CONTROL} or letter in _FILLERS)


def _alike(cut: str, new: str) -> bool:
    """True if a removed text and its replacement differ but look alike."""
    if cut == new or len(cut) > _READ or (cut.isascii() and new.isascii()):
        return False
    return cut.translate(_LIKES) == new.translate(_LIKES)
