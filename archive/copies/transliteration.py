"""Names that were transliterated: Cormann returns from another language as Kerman, Mayorkas as Mallorca.

Within one script names are compared letter by letter, across scripts by the consonants of their romanised forms.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

from archive.copies.names import is_sounded
from archive.copies.skeletons import WITHOUT_VOWELS, romanised, script, skeletons, syllables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archive.copies.tokenize import TokenizedText

SHORTEST = 5
"""Shorter names are too close to each other: Lena and Lina are two people."""

MOST_DIFFERENT = 0.3
"""This part of the letters may differ, after folding what sounds alike. At most three letters."""

MOST_NAMES = 80
"""Names compared on each side. A passenger list is not worth a million comparisons."""

SHORT = 3
"""Letters of a name that is compared with Han characters must be more: Li and Wu are everywhere."""

LONG_SKELETON = 5
"""From so many consonants on one may differ in any script."""

ALIKE_WITHOUT_VOWELS = 0.6
"""The likeness of names of which one is written without vowels, or in characters."""

_NEEDED = {(5, 0): 0.3, (5, 1): 0.5, (4, 0): 0.4, (4, 1): 0.67, (3, 0): 0.5, (2, 0): 0.75}
"""The likeness that two names need with their vowels, by the consonants of the shorter skeleton (5: or more) and how
many of them differ. Of two consonants a tenth of all names agree, of three a hundredth."""

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


def shared_names(a: TokenizedText, b: TokenizedText) -> dict[str, str]:
    """Return names of ``a`` with their spelling in ``b``, for those that ``b`` does not have in the same letters.

    Within a script as in ``respelled_names``, across scripts by their consonants. Several names of ``a`` may have one
    spelling in ``b``: surname and given name are one run of Han characters.
    """
    respelled = respelled_names(a.names, b.names)
    if a.language == b.language:
        return respelled
    left, right = a.names - b.names - respelled.keys(), b.names - a.names - set(respelled.values())
    return {**_across_scripts(_longest(left), _longest(right)), **respelled}


def _longest(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (-len(name), name))[:MOST_NAMES]


def _across_scripts(left: Sequence[str], right: Sequence[str]) -> dict[str, str]:
    """Return names with the nearest name of another script, if it is near enough."""
    by_skeleton: dict[str, set[str]] = {}
    for other in right:
        for consonants in skeletons(other):
            by_skeleton.setdefault(consonants, set()).add(other)
    others_in_han = [other for other in right if syllables(other)]
    pairs = {}
    for name in left:
        candidates = set(others_in_han if len(name) > SHORT or syllables(name) else ())
        for consonants in skeletons(name):
            candidates |= by_skeleton.get(consonants, set())
            if len(consonants) >= LONG_SKELETON:
                near = (other for key, names in by_skeleton.items() if _is_near(consonants, key) for other in names)
                candidates.update(near)
        if syllables(name):
            candidates.update(other for other in right if len(other) > SHORT)
        distances = [(d, other) for other in candidates if (d := distance_across_scripts(name, other)) is not None]
        if distances:
            pairs[name] = min(distances)[1]
    return pairs


def _is_near(a: str, b: str) -> bool:
    return a[:1] == b[:1] and len(b) >= LONG_SKELETON and OSA.distance(a, b, score_cutoff=1) <= 1


def distance_across_scripts(a: str, b: str) -> float | None:
    """Return how far two names in different scripts are apart, from 0 on. None if they are two names."""
    if script(a) == script(b):
        return 0.0 if syllables(a) and syllables(a) == syllables(b) else None
    if _is_spelled(a, syllables(b)) or _is_spelled(b, syllables(a)):
        return 0.0
    if any(script(name) == "Han" and not is_sounded(name) for name in (a, b)):
        return None
    differing, length = min(
        (OSA.distance(key_a, key_b), -min(len(key_a), len(key_b))) for key_a in skeletons(a) for key_b in skeletons(b)
    )
    vowels = not {script(a), script(b)} & (WITHOUT_VOWELS | {"Han"})
    alike = OSA.normalized_similarity(_sounds(a), _sounds(b)) if vowels else ALIKE_WITHOUT_VOWELS
    needed = _NEEDED.get((min(-length, LONG_SKELETON), differing))
    return differing + 1 - alike if needed is not None and alike >= needed else None


def _sounds(name: str) -> str:
    return phonetic_key(romanised(name).lower())


def _is_spelled(name: str, characters: tuple[str, ...]) -> bool:
    """True if a Latin name is how some of the Han characters are written in Latin letters."""
    return len(name) > SHORT and any(
        name == "".join(characters[first:last])
        for first in range(len(characters))
        for last in range(first + 1, len(characters) + 1)
    )
