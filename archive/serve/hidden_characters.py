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
        (one[slice(*edit.a)], two[slice(*edit.b)]) for told, one, two in sides for edit in told if edit.op != "equal"
    ]
    cut, new = (_invisible(each[side] for each in edits) for side in (0, 1))
    differ = (cut - new) + (new - cut)
    said = []
    if differ:
        some = [f"U+{ord(each):04X} ({unicodedata.name(each, 'control character').lower()})" for each in differ]
        more = f" and {len(some) - _MOST_NAMED} more" if len(some) > _MOST_NAMED else ""
        said.append(f"invisible characters changed: {', '.join(some[:_MOST_NAMED])}{more}")
    if any(_alike(one, two) for one, two in edits):
        said.append("letters were swapped for others that look the same")
    return "; ".join(said)


def _invisible(texts: Iterable[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    left = _READ
    for text in texts:
        found.update(each for each in text[:left] if not each.isascii() or not each.isprintable())
        left -= len(text)
        if left <= 0:
            break
    return Counter({each: many for each, many in found.items() if is_invisible(each)})


def is_invisible(letter: str) -> bool:
    """True for a character that has no shape: directions, joiners, fillers, controls other than tab and line breaks."""
    return letter not in _BLANK and (unicodedata.category(letter) in {_FORMAT, _CONTROL} or letter in _FILLERS)


def _alike(cut: str, new: str) -> bool:
    """True where a cut and what replaced it differ, but look alike."""
    if cut == new or len(cut) > _READ or (cut.isascii() and new.isascii()):
        return False
    return cut.translate(_LIKES) == new.translate(_LIKES)
