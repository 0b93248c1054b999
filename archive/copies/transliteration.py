"""Names that went through another language: Cormann comes back as Kerman, Mayorkas as Mallorca."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST = 5
"""Shorter names are too near to each other: Lena and Lina are two people."""

BENT = 0.3
"""This part of the letters may differ, after folding what sounds alike. At most three."""

MOST_NAMES = 80
"""Names compared on each side: a list of passengers is not worth a million comparisons."""

_SPELLINGS = (
    ("ph", "f"),
    ("ce", "se"),
    ("ci", "si"),
    ("ck", "k"),
    ("qu", "k"),
    ("c", "k"),
    ("z", "s"),
    ("y", "i"),
    ("w", "v"),
)


def respelled_names(a: frozenset[str], b: frozenset[str]) -> dict[str, str]:
    """Names of ``a`` that ``b`` has almost: one to one, each the other's nearest, and neither said by both texts."""
    left, right = _folded(a - b), _folded(b - a)
    to_right = {name: _nearest(name, left, right) for name in left}
    to_left = {name: _nearest(name, right, left) for name in right}
    return {name: other for name, other in to_right.items() if other is not None and to_left[other] == name}


def _folded(names: Iterable[str]) -> dict[str, str]:
    long = sorted(name for name in names if len(name) >= SHORTEST)
    return {name: phonetic_key(name) for name in long[:MOST_NAMES]}


@lru_cache(maxsize=20_000)
def phonetic_key(name: str) -> str:
    """As it sounds, roughly: no accents, no double letters, one letter for what is spelled in several ways."""
    plain = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    for spelling, letter in _SPELLINGS:
        plain = plain.replace(spelling, letter)
    return re.sub(r"(.)\1", r"\1", plain)


def _nearest(name: str, own: dict[str, str], others: dict[str, str]) -> str | None:
    """The nearest that begins with the same sound: first letters survive, and it leaves a tenth to compare."""
    said = own[name]
    near = []
    for other, heard in others.items():
        if heard[:1] == said[:1]:
            most = min(3, int(BENT * max(len(said), len(heard))))
            away = OSA.distance(said, heard, score_cutoff=most)
            if away <= most:
                near.append((away, other))
    return min(near)[1] if near else None
