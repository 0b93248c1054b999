"""Names that were transliterated: Cormann returns from another language as Kerman, Mayorkas as Mallorca."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST = 5
"""Shorter names are too close to each other: Lena and Lina are two people."""

MOST_DIFFERENT = 0.3
"""This part of the letters may differ, after folding what sounds alike. At most three letters."""

MOST_NAMES = 80
"""Names compared on each side. A passenger list is not worth a million comparisons."""

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
    """Return names of ``a`` with their respelling in ``b``.

    They are paired one to one: each is the other's nearest, and neither is in both texts.
    """
    left, right = _phonetic_keys(a - b), _phonetic_keys(b - a)
    to_right = {name: _nearest(name, left, right) for name in left}
    to_left = {name: _nearest(name, right, left) for name in right}
    return {name: other for name, other in to_right.items() if other is not None and to_left[other] == name}


def _phonetic_keys(names: Iterable[str]) -> dict[str, str]:
    long_names = sorted(name for name in names if len(name) >= SHORTEST)
    return {name: phonetic_key(name) for name in long_names[:MOST_NAMES]}


@lru_cache(maxsize=20_000)
def phonetic_key(name: str) -> str:
    """Return a name as it sounds, roughly: no accents, no double letters, one letter for several spellings."""
    plain = "".join(letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter))
    for spelling, letter in _SPELLINGS:
        plain = plain.replace(spelling, letter)
    return re.sub(r"(.)\1", r"\1", plain)


def _nearest(name: str, own: dict[str, str], others: dict[str, str]) -> str | None:
    """Return the nearest name that begins with the same sound.

    First letters survive, and this leaves a tenth of the names to compare.
    """
    key = own[name]
    candidates = []
    for other, other_key in others.items():
        if other_key[:1] == key[:1]:
            most = min(3, int(MOST_DIFFERENT * max(len(key), len(other_key))))
            distance = OSA.distance(key, other_key, score_cutoff=most)
            if distance <= most:
                candidates.append((distance, other))
    return min(candidates)[1] if candidates else None
