"""Consonant skeletons: what is left of a name in every script.

A name is romanised, and the classes of its consonants are written one after the other: Brandvold, its Cyrillic, Arabic
(brndfwld), kana (burandovoruto), Han (BuLanDeWoErDe) and Devanagari forms all have PRNTFRT. Consonants that
transliterations confuse have one class: b p, d t, g k q c, f v w, l r, and all sibilants. A sound that languages render
in two ways gives two skeletons (Arabic jim is g or j, Cyrillic kha is h or kh, th is t or s).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import islice, product

from anyascii import anyascii

MOST_VARIANTS = 4
"""Skeletons of one name."""

_BLOCKS = (
    ("\u0370", "Latin"), ("\u0400", "Greek"), ("\u0530", "Cyrillic"), ("\u0590", "Armenian"), ("\u0600", "Hebrew"),
    ("\u0900", "Arabic"), ("\u0980", "Devanagari"), ("\u0e00", "Indic"), ("\u0e80", "Thai"), ("\u1e00", "other"),
    ("\u2000", "Latin"), ("\u3040", "other"), ("\u3100", "kana"), ("\uac00", "Han"), ("\ud7b0", "Hangul"),
)  # fmt: skip
"""Scripts by the character that follows their block. Only the scripts of names that are compared."""

WITHOUT_VOWELS = frozenset({"Arabic", "Hebrew"})

_GREEK_SOUNDS = (("μπ", "b"), ("ντ", "d"), ("γκ", "g"), ("τζ", "j"), ("χ", "h"))
_HINDI_R = re.compile("[\u0921\u0922]\u093c|[\u095c\u095d]")
_SOUNDS = re.compile(
    r"tsch|sch|tch|sh|ch|cz|sz|rz|zh|ts|tz|dz|dj|ph|th|ck|cq|qu|kh|gh|ng(?![aeiou])|c(?=[eiy])|[bcdfgjklmnpqrstvwxz]"
)
_CLASSES = {
    **dict.fromkeys("bp", "P"), **dict.fromkeys("dt", "T"), **dict.fromkeys("gkqc", "K"),
    **dict.fromkeys(("ck", "cq", "qu", "gh", "kh"), "K"), **dict.fromkeys(("f", "v", "w", "ph"), "F"),
    **dict.fromkeys("lr", "R"), "m": "M", "n": "N", "ng": "N",
}  # fmt: skip
_AMBIGUOUS: dict[str, dict[str, tuple[str, ...]]] = {
    "Latin": {"th": ("T", "S"), "final w": ("", "F")},
    "Arabic": {"j": ("S", "K"), "w": ("", "F"), "th": ("T", "S")},
    "Cyrillic": {"kh": ("K", ""), "g": ("K", "")},
    "Han": {"j": ("S", "K"), "w": ("F", ""), "h": ("",)},
    "Hangul": {"p": ("P", "F"), "b": ("P", "F")},
}
"""Sounds that have two classes, or none, by script. The first is the likelier."""


def script(name: str) -> str:
    """Return the script of the first letter of a name, by block."""
    first = name[0]
    return next((block for end, block in _BLOCKS if first < end), "other")


@lru_cache(maxsize=20_000)
def romanised(name: str) -> str:
    """Return a folded name in Latin letters. Each Han character has a capital."""
    if script(name) == "Greek":
        name = unicodedata.normalize("NFC", name)
        for letters, sound in _GREEK_SOUNDS:
            name = name.replace(letters, sound)
    return anyascii(_HINDI_R.sub("\u0930", name))


@lru_cache(maxsize=20_000)
def syllables(name: str) -> tuple[str, ...]:
    """Return the romanised Han characters of a name. Empty for names in other scripts."""
    return (
        tuple(syllable.lower() for syllable in re.findall("[A-Z][a-z]*", romanised(name)))
        if script(name) == "Han"
        else ()
    )


@lru_cache(maxsize=20_000)
def skeletons(name: str) -> tuple[str, ...]:
    """Return the skeletons of a name, the likeliest first."""
    of_script = script(name)
    plain = romanised(name)
    if of_script == "Han":
        plain = re.sub(r"ng(?=[A-Z]|$)", "n", plain)
    plain = re.sub(r"([a-z])\1", r"\1", plain.lower())
    ambiguous = _AMBIGUOUS.get(of_script, {})
    sounds = _SOUNDS.findall(plain)
    if of_script == "Latin" and plain.endswith("w"):
        sounds[-1] = "final w"
    classes = [ambiguous.get(sound) or (_CLASSES.get(sound, "S"),) for sound in sounds]
    if sounds and of_script in {"Arabic", "Han"} and plain[0] == "w":
        classes[0] = ("F", "")
    variants = ("".join(chosen) for chosen in islice(product(*classes), MOST_VARIANTS))
    return tuple(dict.fromkeys(re.sub(r"M(?=[PFTKS])", "N", variant) for variant in variants))
