"""Lookup keys: what the store asks to find the few texts worth judging against a new one.

Four kinds of key, told apart by their top bits, because copies leave different traces. Bands of a MinHash (Broder,
1997; by rensa) find texts that are mostly the same. Paragraph hashes, and the fingerprints that winnowing (Schleimer,
Wilkerson and Aiken, 2003) chooses, find an excerpt inside something longer. Rare terms (full names, figures, rare
words) find a text whose every fourth word was swapped, and a translation, where no run of words survives. Two related
texts share at least two keys; the store counts.
"""

from __future__ import annotations

import re
from enum import IntEnum
from hashlib import blake2b
from typing import TYPE_CHECKING

from rensa import RMinHash

from archive.copies.background import background
from archive.copies.stopwords import CALENDAR, COMMON
from archive.copies.tokenize import is_year, stem, tokenize_text
from archive.copies.transliteration import phonetic_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from archive.copies.tokenize import Sentence, TokenizedText
    from db.records import Text

HASH_BITS = 29
"""Bits of a key below its tier: keys fit four bytes with a sign, as SQLite stores them. Strangers that meet in one of
them by chance (1 key in 13 among a million texts) do not meet in two."""

SHINGLE = 3
BANDS, ROWS = 6, 4
"""MinHash bands: texts of word-3 Jaccard 0.8 meet in a band with probability 0.96, of 0.5 with 0.32 (the rare terms
find those), of 0.03, as independent reports of an event are, with 0.000005."""

SEED = 1
"""Of the permutations: every archive must use the same."""

PARAGRAPH_WORDS = 12
"""Shorter paragraphs ("He declined to comment.") are shared by strangers."""

MOST_PARAGRAPHS = 4
"""Keys a text spends on paragraphs; the smallest hashes, so that an excerpt's have their chance in a long text."""

GRAM, WINDOW, MOST_CHOSEN = 8, 8, 4
"""Winnowing: runs of eight words, the smallest hash of every eight, and of all these the smallest four."""

MOST_TERMS = 24
"""Keys a text spends on rare terms: 24 found 97 % of the reworded pairs among 10,000 strangers in the research."""

LEAD_TERMS, LEAD_WORDS = 5, 80
"""So many of them from the first words, whatever else is rarer: copies are cut at the end. Of 136 first thirds of real
articles with every second word swapped 9 shared less than four keys with the whole, now 1 (of middles 10 and now 11, of
last thirds 15 and 16, of 137)."""

_PARAGRAPH = re.compile(r"[^\n]+")


class Tier(IntEnum):
    """What kind of likeness a shared key is a sign of."""

    BAND = 0
    PARAGRAPH = 1
    RUN = 2
    TERM = 3


def fingerprint(text: Text, tokenizer: Callable[[Text], TokenizedText] = tokenize_text) -> tuple[int, ...]:
    """Sorted lookup keys of a text (at most 38): 31-bit, not negative, the same for a body on every machine."""
    reading = tokenizer(text)
    return tuple(sorted({*_bands(reading), *_paragraphs(text.body, reading), *_chosen_runs(reading), *_terms(reading)}))


def tier_of(key: int) -> Tier:
    """The tier a key belongs to."""
    return Tier(key >> HASH_BITS)


def _key(tier: Tier, said: str) -> int:
    return (tier << HASH_BITS) | (_hash(said) >> (64 - HASH_BITS))


def _hash(said: str) -> int:
    return int.from_bytes(blake2b(said.encode(), digest_size=8).digest(), "big")


def _runs(reading: TokenizedText, words: int) -> list[str]:
    said = reading.words.folded
    return [" ".join(run) for run in zip(*(said[skip:] for skip in range(words)), strict=False)]


def _bands(reading: TokenizedText) -> Iterator[int]:
    shingles = _runs(reading, SHINGLE)
    if not shingles:
        return
    least = RMinHash(num_perm=BANDS * ROWS, seed=SEED)
    least.update(shingles)
    digest = least.digest()
    for band in range(BANDS):
        yield _key(Tier.BAND, f"{band} {digest[band * ROWS : band * ROWS + ROWS]}")


def _paragraphs(body: str, reading: TokenizedText) -> list[int]:
    """The smallest hashes of all long paragraphs: the same choice in both texts, however many others each has."""
    keys = set()
    words = reading.words
    place = 0
    for line in _PARAGRAPH.finditer(body):
        first = place
        while place < len(words) and words.starts[place] < line.end():
            place += 1
        if place - first >= PARAGRAPH_WORDS:
            keys.add(_key(Tier.PARAGRAPH, " ".join(words.folded[first:place])))
        if place == len(words):
            break
    return sorted(keys)[:MOST_PARAGRAPHS]


def _chosen_runs(reading: TokenizedText) -> list[int]:
    hashes = RMinHash.hash_token_sets([_runs(reading, GRAM)])[0] if len(reading.words) >= GRAM else []
    chosen = {min(hashes[start : start + WINDOW]) for start in range(max(1, len(hashes) - WINDOW + 1)) if hashes}
    return [_key(Tier.RUN, str(each)) for each in sorted(chosen)[:MOST_CHOSEN]]


def _terms(reading: TokenizedText) -> list[int]:
    ranked = sorted(
        {*_full_names(reading.sentences), *_single_terms(reading)}, key=lambda term: (-term[0], _hash(term[1]))
    )
    lead = _lead(reading)
    rarest, others = ranked[: MOST_TERMS - LEAD_TERMS], ranked[MOST_TERMS - LEAD_TERMS :]
    early = [term for term in others if term[1] in lead][:LEAD_TERMS]
    filling = [term for term in others if term not in early]
    return [_key(Tier.TERM, said) for _, said in [*rarest, *early, *filling][:MOST_TERMS]]


def _lead(reading: TokenizedText) -> set[str]:
    """The terms of the sentences with which it begins, as terms are written."""
    sentences, words = [], 0
    for sentence in reading.sentences:
        if words >= LEAD_WORDS:
            break
        words += len(sentence.words)
        sentences.append(sentence)
    said = {word for sentence in sentences for word in sentence.words}
    named = said & reading.anchors
    return {
        *(term for _, term in _full_names(sentences)),
        *named,
        *map(phonetic_key, named),
        *(f"-{stem(w)}" for w in said),
    }


def _full_names(sentences: Sequence[Sentence]) -> Iterator[tuple[float, str]]:
    """Two names side by side: "Ilse Brandvold" is far rarer than either word. By sound: translators spell anew."""
    for sentence in sentences:
        for first, second in zip(sentence.words, sentence.words[1:], strict=False):
            if first in sentence.names and second in sentence.names:
                yield 2.0, f"{phonetic_key(first)} {phonetic_key(second)}"


def _single_terms(reading: TokenizedText) -> Iterator[tuple[float, str]]:
    """Numbers, names and words with how rare they are by the shipped background; ties fall by hash, alike in two texts.

    Numbers and names before words: they survive a spinner and a translator.
    """
    weight = background().weight
    for said in reading.anchors:
        if not said[0].isdigit():
            yield 0.6 + round(weight(stem(said), reading.language), 1), phonetic_key(said)
        elif len(said) > 1 and not is_year(said):
            yield (1.7 if sum(map(str.isdigit, said)) > 2 else 0.9), said  # noqa: PLR2004 - 4.2 and 14 are common
    for said in set(reading.words.folded) - reading.anchors - COMMON - CALENDAR:
        yield round(weight(stem(said), reading.language), 1), f"-{stem(said)}"
