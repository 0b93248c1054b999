"""What a reader cannot see of a change: invisible characters that came or went, and letters swapped for their likes."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.records import Change, Text

_FORMAT, _CONTROL = "Cf", "Cc"  # Unicode's general categories of what has no shape of its own
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}
_BLANK = frozenset("\t\n\r")
_MOST_NAMED = 4
_READ = 400_000  # characters of edits that are looked through: 40 ms

# Letters that stand for others unseen: Cyrillic and Greek ones with the shape of a Latin one (after Unicode's list of
# confusables, UTS 39, the common ones).
_LIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТХУаеіјорсухѕԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοιν",  # noqa: RUF001 - that is what they are for
    "ABESIJKMHOPCTXYaeijopcyxsdqwABEZHIKMNOPTYXoiv",
)


def unseen(change: Change, a: Text, b: Text) -> str:
    """What changed that nobody would see, in words; empty where nothing did."""
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
        remarks.append("letters were swapped for others that look the same")
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
    """True for a character that has no shape: directions, joiners, fillers, controls other than tab and line breaks."""
    return letter not in _BLANK and (unicodedata.category(letter) in {_FORMAT, _CONTROL} or letter in _FILLERS)


def _alike(cut: str, new: str) -> bool:
    """True where a cut and what replaced it differ, but look alike."""
    if cut == new or len(cut) > _READ or (cut.isascii() and new.isascii()):
        return False
    return cut.translate(_LIKES) == new.translate(_LIKES)
