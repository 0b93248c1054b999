"""Lookup keys: what the store asks to find the few texts worth judging against a new one.

Three kinds of key, told apart by their top bits, because three kinds of copy leave different traces. Bands of a MinHash
(Broder, 1997; one permutation, Li, Owen and Zhang, 2012) find texts that are mostly the same. Paragraph hashes find an
excerpt inside something longer. Rare terms (full names, figures, long words) find a text whose every fourth word was
swapped, where no shingle survives. Two related texts share at least two keys; the store counts.
"""

from __future__ import annotations

import re
from enum import IntEnum
from hashlib import blake2b
from typing import TYPE_CHECKING

from archive.copies.lexicon import CALENDAR, COMMON
from archive.copies.reading import Reading, is_year, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.copies.reading import Sentence
    from db.records import Text

TIER_SHIFT = 60
"""A key's tier is ``key >> TIER_SHIFT``; keys stay below 2**63, so they fit a signed column."""

SHINGLE = 3
BINS = 32
ROWS = 2
"""32 one-permutation bins in 16 bands of 2: texts of word-3 Jaccard 0.3 (excerpts) share 1.4 bands on average, texts
of 0.03 (independent reports of one event) 0.01."""

PARAGRAPH_WORDS = 12
"""Shorter paragraphs ("He declined to comment.") are shared by strangers."""

MOST_PARAGRAPHS = 24
"""Keys a text spends on paragraphs; the smallest hashes, so that an excerpt's have their chance in a long text."""

MOST_TERMS = 32
"""Keys a text spends on rare terms: 24 of the notes' best scheme, and some to make up for the missing frequencies."""

LONG_WORD = 8
"""A word of so many letters may stand in for a name, by its first eight. With six, unrelated stories of the development
set shared two keys in 22 % of pairs, with eight in 9 %; every labelled copy kept at least seven."""

_PARAGRAPH = re.compile(r"[^\n]+")


class Tier(IntEnum):
    """What kind of likeness a shared key is a sign of."""

    BAND = 1
    PARAGRAPH = 2
    TERM = 3


def fingerprint(text: Text) -> tuple[int, ...]:
    """Sorted lookup keys of a text (at most 80): 63-bit, non-negative, the same for the same body on every machine."""
    reading = read(text.body, text.language)
    keys = {*_bands(reading), *_paragraphs(text.body, reading), *_terms(reading)}
    return tuple(sorted(keys))


def tier_of(key: int) -> Tier:
    """The tier a key belongs to."""
    return Tier(key >> TIER_SHIFT)


def _key(tier: Tier, said: str) -> int:
    return (tier << TIER_SHIFT) | (_hash(said) >> (64 - TIER_SHIFT))


def _hash(said: str) -> int:
    return int.from_bytes(blake2b(said.encode(), digest_size=8).digest(), "big")


def _bands(reading: Reading) -> Iterator[int]:
    words = [word.folded for word in reading.words]
    least: list[int | None] = [None] * BINS
    for start in range(len(words) - SHINGLE + 1):
        value, place = divmod(_hash(" ".join(words[start : start + SHINGLE])), BINS)
        held = least[place]
        if held is None or value < held:
            least[place] = value
    for band in range(0, BINS, ROWS):
        rows = least[band : band + ROWS]
        if None not in rows:
            yield _key(Tier.BAND, f"{band} {rows}")


def _paragraphs(body: str, reading: Reading) -> list[int]:
    """The smallest hashes of all long paragraphs: the same choice in both texts, however many others each has."""
    keys = []
    words = iter(reading.words)
    word = next(words, None)
    for line in _PARAGRAPH.finditer(body):
        inside = []
        while word is not None and word.start < line.end():
            inside.append(word.folded)
            word = next(words, None)
        if len(inside) >= PARAGRAPH_WORDS:
            keys.append(_key(Tier.PARAGRAPH, " ".join(inside)))
        if word is None:
            break
    return sorted(set(keys))[:MOST_PARAGRAPHS]


def _terms(reading: Reading) -> list[int]:
    ranked = sorted({*_full_names(reading.sentences), *_single_terms(reading.sentences)}, key=_rarity)
    return [_key(Tier.TERM, term) for term in ranked[:MOST_TERMS]]


def _rarity(term: str) -> tuple[int, int, int]:
    """Rarest first, by the look of a term alone; ties fall by hash, so that two texts choose alike."""
    kind, said = term[0], term[2:]
    digits = sum(character.isdigit() for character in said)
    rank = {"f": 0, "n": 2, "w": 4}.get(kind, 0)
    if kind == "d":
        rank = 1 if digits >= 3 or "." in said else 3  # noqa: PLR2004 - 4.2 and 1300 are rarer than 14
    return rank, -min(len(said), 9), _hash(term)


def _full_names(sentences: Sequence[Sentence]) -> Iterator[str]:
    """Two names side by side: "Ilse Brandvold" is far rarer than either word."""
    for sentence in sentences:
        for first, second in zip(sentence.words, sentence.words[1:], strict=False):
            if first in sentence.names and second in sentence.names:
                yield f"f {first} {second}"


def _single_terms(sentences: Iterable[Sentence]) -> Iterator[str]:
    for sentence in sentences:
        yield from (f"d {number}" for number in sentence.numbers if len(number) > 1 and not is_year(number))
        yield from (f"n {name}" for name in sentence.names)
        for word in sentence.frame:
            if len(word) >= LONG_WORD and word not in COMMON and word not in CALENDAR:
                yield f"w {word[:LONG_WORD]}"
