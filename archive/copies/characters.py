"""Clean the characters of a text before it is tokenized, without losing the places of its words.

Marks that nobody sees, letters of another alphabet that look the same, and digits of other scripts do not change what
a text says, but they break words apart. Sly reposts use them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from db.typography import fold_typography

if TYPE_CHECKING:
    from collections.abc import Sequence

INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
"""Zero-width characters, soft hyphens, byte order marks, direction marks and variation selectors."""

_JOINED = re.compile(r"[\u0300-\u036f\u0483-\u0487\u3099\u309a\ufb00-\ufb06\ufb50-\ufdff\ufe70-\ufefc\uff65-\uff9f]")
"""Combining marks, ligatures, Arabic presentation forms and narrow kana, which have a usual form."""

_DIGITS = {
    chr(zero + value): str(value)
    for zero in (0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xFF10)
    for value in range(10)
}
_WIDE = {chr(code): chr(code - 0xFEE0) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_MARKS = {"\u066b": ".", "\u066c": ",", "\uff0e": ".", "\u3000": " "}
_USUAL = str.maketrans({**_DIGITS, **_WIDE, **_MARKS})
_UNUSUAL = re.compile(f"[{''.join(map(re.escape, (*_DIGITS, *_WIDE, *_MARKS)))}]")
_APOSTROPHE = re.compile(r"(?<=[\u0400-\u04ff])['\u2019](?=[\u0404-\u0407\u042e\u042f\u044e\u044f\u0454-\u0457\u0435])")
"""The apostrophe of Ukrainian, a letter of the word."""

_WIDE_COMMA = re.compile(r"(?<=[0-9])\uff0c(?=[0-9]{3})")

# Pairs of letters that look the same, Latin first.
_CYRILLIC = (*zip("aceiopxysjABCEHIKMOPTXYSJ", "асеіорхуѕјАВСЕНІКМОРТХУЅЈ", strict=True), ("h", "һ"), ("d", "ԁ"), ("q", "ԛ"), ("w", "ԝ"))  # fmt: skip  # noqa: E501
_GREEK = tuple(zip("ovupinABEZHIKMNOPTYX", "ονυριηΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", strict=True))
_TO_LATIN = str.maketrans({other: latin for latin, other in (*_CYRILLIC, *_GREEK)})
_TO_CYRILLIC = str.maketrans(dict(_CYRILLIC))
_TO_GREEK = str.maketrans(dict(_GREEK))
_MIXED = re.compile(r"[a-zA-Z][\u0370-\u04ff\u0500-\u052f]|[\u0370-\u04ff\u0500-\u052f][a-zA-Z]")
_LETTERS = re.compile(r"[^\W\d_]+")
_CLASSES = (
    ("Latin", re.compile(r"[a-zA-Z\u00c0-\u024f]")),
    ("Greek", re.compile(r"[\u0370-\u03ff]")),
    ("Cyrillic", re.compile(r"[\u0400-\u052f]")),
)
_TABLES = {"Latin": _TO_LATIN, "Cyrillic": _TO_CYRILLIC, "Greek": _TO_GREEK}


def clean(text: str) -> tuple[str, Sequence[int] | None]:
    """Return a text with its usual characters, and the place of each of them in the given text.

    The places are None if no character was dropped or joined, as in nearly all texts.
    """
    text = fold_typography(text)
    if text.isascii():
        return text, None
    places: list[int] | None = None
    if INVISIBLE.search(text) or _JOINED.search(text):
        text, places = _without_invisible(text)
    if _UNUSUAL.search(text):
        text = _WIDE_COMMA.sub(",", text.translate(_USUAL))
    if _APOSTROPHE.search(text):
        text = _APOSTROPHE.sub("\u02bc", text)
    return (_without_lookalikes(text) if _MIXED.search(text) else text), places


def _without_invisible(text: str) -> tuple[str, list[int]]:
    """Return the text without invisible characters and with joined ones in their usual form (NFC, or NFKC)."""
    characters: list[str] = []
    places: list[int] = []
    position = 0
    while position < len(text):
        end = position + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        cluster = text[position:end]
        if not INVISIBLE.match(cluster):
            whole = end == position + 1 and _JOINED.match(cluster)
            usual = unicodedata.normalize("NFKC", cluster) if whole else unicodedata.normalize("NFC", cluster)
            characters.append(usual)
            places += [position] * len(usual)
        position = end
    places.append(len(text))
    return "".join(characters), places


def _without_lookalikes(text: str) -> str:
    """Return the text with each word in one alphabet: that of most of its letters that only one alphabet has.

    A word wholly of letters that look the same takes the alphabet of the text.
    """
    main = _alphabet(text, "Latin")
    return _LETTERS.sub(lambda match: _in_one_alphabet(match.group(), main), text)


def _in_one_alphabet(word: str, main: str) -> str:
    if word.isascii() and main == "Latin":
        return word
    alphabet = main
    if word.translate(_TABLES[main]) != word or not _is_pure(word):
        alphabet = _alphabet("".join(letter for letter in word if letter not in _ALIKE), main)
    changed = word.translate(_TABLES[alphabet])
    return changed if _is_pure(changed) else word


def _is_pure(word: str) -> bool:
    return sum(1 for _, letters in _CLASSES if letters.search(word)) <= 1


def _alphabet(text: str, otherwise: str) -> str:
    counts = Counter({name: len(letters.findall(text)) for name, letters in _CLASSES})
    (name, count), *_ = counts.most_common(1)
    return name if count else otherwise


_ALIKE = frozenset(letter for pair in (*_CYRILLIC, *_GREEK) for letter in pair)
