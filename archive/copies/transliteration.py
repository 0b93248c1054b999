"""Names that were transliterated: Cormann returns from another language as Kerman, Mayorkas as Mallorca.

Within one script names are compared letter by letter. Across scripts the consonants of their romanised forms meet:
Brandvold, Brandvol'd (Cyrillic), brndfwld (Arabic), burandovoruto (kana) and BuLanDeWoErDe (Han) all have PRNTFRT.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from anyascii import anyascii
from rapidfuzz.distance import OSA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from archive.copies.tokenize import TokenizedText

SHORTEST = 5
"""Shorter names are too close to each other: Lena and Lina are two people."""

MOST_DIFFERENT = 0.3
"""This part of the letters may differ, after folding what sounds alike. At most three letters."""

MOST_NAMES = 80
"""Names compared on each side. A passenger list is not worth a million comparisons."""

SHORTEST_SKELETON = 3
"""Consonants of a name that is compared across scripts. Of two a tenth of all names agree."""

LONG_SKELETON = 5
"""From so many consonants on one may differ: a language lacks a sound, or drops the last one of a group."""

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

    Within a script as in ``respelled_names``, across scripts by skeleton. Several names of ``a`` may have one spelling
    in ``b``, because an inflected name has several forms.
    """
    respelled = respelled_names(a.names, b.names)
    if a.language == b.language:
        return respelled
    left, right = a.names - b.names - respelled.keys(), b.names - a.names - set(respelled.values())
    across = _across_scripts(_skeletons(left), _skeletons(right))
    return {**across, **respelled}


def _skeletons(names: Iterable[str]) -> dict[str, str]:
    return {
        name: consonants
        for name in sorted(names, key=lambda name: (-len(name), name))[:MOST_NAMES]
        if len(consonants := skeleton(name)) >= SHORTEST_SKELETON or romanised_syllables(name)
    }


def _across_scripts(left: Mapping[str, str], right: Mapping[str, str]) -> dict[str, str]:
    """Return names with the nearest name of another script, if it is near enough."""
    pairs = {}
    for name, consonants in left.items():
        distances = [
            (distance, other)
            for other, other_consonants in right.items()
            if script(name) != script(other)
            and (distance := _distance((name, consonants), (other, other_consonants))) is not None
        ]
        if distances:
            pairs[name] = min(distances)[1]
    return pairs


def _distance(a: tuple[str, str], b: tuple[str, str]) -> float | None:
    """Return the consonants in which two names differ. None if they are too many to be one name."""
    (name_a, consonants_a), (name_b, consonants_b) = a, b
    if _is_romanised(name_a, name_b) or _is_romanised(name_b, name_a):
        return 0.0
    shorter, longer = sorted((consonants_a, consonants_b), key=len)
    if len(shorter) < SHORTEST_SKELETON:
        return None
    if shorter == longer:
        return 0.0
    most = 1 if len(shorter) >= LONG_SKELETON else 0
    distance = OSA.distance(shorter.replace("F", "P"), longer.replace("F", "P"), score_cutoff=most)
    return distance + 0.5 if distance <= most else None


def _is_romanised(name: str, han: str) -> bool:
    """True if a Latin name is how the Han characters are written in Latin letters."""
    syllables = romanised_syllables(han)
    return len(name) > 3 and bool(syllables) and name in syllables  # noqa: PLR2004 - short syllables are everywhere


@lru_cache(maxsize=20_000)
def romanised_syllables(name: str) -> str:
    """Return the Latin letters of Han characters, empty for other names."""
    return anyascii(name).lower() if script(name) == "Han" else ""


def script(name: str) -> str:
    """Return the script of the first letter of a name, by block."""
    first = name[0]
    return next((block for end, block in _BLOCKS if first < end), "Han")


_BLOCKS = (
    ("\u0370", "Latin"), ("\u0400", "Greek"), ("\u0530", "Cyrillic"), ("\u0590", "Armenian"), ("\u0600", "Hebrew"),
    ("\u0900", "Arabic"), ("\u0980", "Devanagari"), ("\u0e00", "Indic"), ("\u0e80", "Thai"), ("\u1100", "other"),
    ("\u1e00", "other"), ("\u2000", "Latin"), ("\u3040", "other"), ("\u3100", "kana"), ("\uac00", "Han"),
    ("\ud7b0", "Hangul"),
)  # fmt: skip
_GREEK_SOUNDS = (("μπ", "b"), ("ντ", "d"), ("γκ", "g"), ("τζ", "j"), ("χ", "h"))
_SOUNDS = re.compile(
    r"sch|tsch|tch|sh|ch|cz|sz|rz|zh|ts|tz|dz|dj|ph|th|ck|cq|qu|kh|gh(?=[aeiou])|gh|ng(?![aeiou])|c(?=[eiy])|[bcdfgjklmnpqrstvwxz]"
)
_CLASSES = {
    **dict.fromkeys("bp", "P"), **dict.fromkeys("dt", "T"), "th": "T", **dict.fromkeys("gkqc", "K"),
    **dict.fromkeys(("ck", "cq", "qu", "kh", "gh"), "K"), **dict.fromkeys(("f", "v", "w", "ph"), "F"),
    **dict.fromkeys("lr", "R"), "m": "M", "n": "N", "ng": "N",
}  # fmt: skip


@lru_cache(maxsize=20_000)
def skeleton(name: str) -> str:
    """Return the classes of the consonants of a name as it is romanised, without vowels, h, y and repetitions.

    Consonants that transliterations confuse have one class: b p, d t, g k q c, f v w, l r, and all sibilants.
    """
    of_script = script(name)
    if of_script == "Greek":
        name = unicodedata.normalize("NFC", name)
        for letters, sound in _GREEK_SOUNDS:
            name = name.replace(letters, sound)
    plain = anyascii(name)
    if of_script == "Han":
        plain = re.sub(r"ng(?=[A-Z]|$)", "n", plain)
    plain = plain.lower()
    if of_script == "Arabic":
        plain = plain[:1] + plain[1:].replace("w", "")
    classes = "".join(_CLASSES.get(sound, "S") for sound in _SOUNDS.findall(plain))
    return re.sub(r"(.)\1+", r"\1", re.sub(r"M(?=[PFTKS])", "N", classes))
