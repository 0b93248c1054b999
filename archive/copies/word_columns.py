"""Words by script: the form that is compared, and the stem."""

from __future__ import annotations

import re

HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
KANA = r"\u3040-\u30ff"
THAI = r"\u0e00-\u0e7f"

CHARACTERS_A_WORD = 1.7
"""Characters that say as much as a word, in scripts that write no spaces."""

_LEAST_LEFT = 3
"""Letters that remain when a prefix is removed. Shorter remainders are words of their own."""

_ARABIC_MARKS = "".join(map(chr, (*range(0x64B, 0x660), 0x640, 0x670)))
_ARABIC_LETTERS = str.maketrans("أإآٱىةک\u06cc", "ااااي\u0647ك\u064a", _ARABIC_MARKS)
_ARABIC_PREFIXES = ("وال", "فال", "بال", "كال", "ولل", "لل", "ال", "و", "ب", "ل", "ك", "ف")
_SINGLE = frozenset("وبلكف")
_LEAST_AFTER_SINGLE = 4
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{2,}")
_PARTICLES = (
    "에서는", "으로부터", "에게서", "이라고", "으로는", "에서도", "까지는", "에서", "에게", "으로", "라고",
    "까지", "부터", "에는", "이라", "보다", "처럼", "이나", "하고", "들은", "들이", "들을", "들의",
    "을", "를", "은", "는", "이", "가", "의", "에", "도", "와", "과", "로",
)  # fmt: skip


def fold_word(word: str) -> str:
    """Return a case-folded word without what its script joins to it.

    Arabic loses vowel signs, article and one-letter prefixes, Korean the particle at the end. Other words, and
    remainders that would be too short, stay as they are.
    """
    first = word[0]
    if first < "\u0600":
        return word
    if first <= "\u06ff":
        return _without_arabic_prefix(word.translate(_ARABIC_LETTERS) or word)
    if "\uac00" <= first <= "\ud7a3":
        return _without_particle(word)
    return word


def _without_arabic_prefix(word: str) -> str:
    for prefix in _ARABIC_PREFIXES:
        if word.startswith(prefix):
            least = _LEAST_AFTER_SINGLE if prefix in _SINGLE else _LEAST_LEFT
            return word[len(prefix) :] if len(word) - len(prefix) >= least else word
    return word


def _without_particle(word: str) -> str:
    for particle in _PARTICLES:
        if word.endswith(particle) and len(word) - len(particle) >= 2:  # noqa: PLR2004 - a noun has two syllables
            return word[: -len(particle)]
    return word


def is_katakana(word: str) -> bool:
    """True for a word in katakana, the letters of foreign words and names in Japanese."""
    return bool(_KATAKANA.fullmatch(word))


def stem(word: str) -> str:
    """Return the first six letters, of Hangul the first two syllables.

    They drop most inflections, and no language needs rules of its own.
    """
    return word[:2] if "\uac00" <= word[0] <= "\ud7a3" else word[:6]
