"""Lookup keys: the store uses them to find the few texts worth judging against a new one.

There are four kinds of key, distinguished by their top bits, because copies leave different traces. Bands of a MinHash
(Broder, 1997; by rensa) find texts that are mostly the same. Paragraph hashes, and the fingerprints that winnowing
(Schleimer, Wilkerson and Aiken, 2003) selects, find an excerpt inside something longer. Rare terms (full names,
figures, rare words) find a text with every fourth word replaced. Among them are terms that meet in every language and
script: consonant skeletons of names, and neighbouring figures of a sentence. The store counts the keys that two texts
share (``db.queries.links``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from enum import IntEnum
from functools import lru_cache
from hashlib import blake2b
from heapq import nlargest
from itertools import pairwise, repeat
from typing import TYPE_CHECKING

from rensa import RMinHash

from archive.copies.background import background
from archive.copies.skeletons import skeletons
from archive.copies.tokenize import is_year, stem, tokenize_text
from archive.copies.transliteration import phonetic_key

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from archive.copies.tokenize import ReadSentence, TokenizedText
    from db.records import Text

HASH_BITS = 29
"""Bits of a key below its tier. Keys fit four bytes with a sign, as SQLite stores them. Unrelated texts that share one
by chance (1 key in 13 among a million texts) do not share two."""

SHINGLE = 3
BANDS, ROWS = 6, 4
"""MinHash bands: texts of word-3 Jaccard similarity 0.8 share a band with probability 0.96, of 0.5 with 0.32 (the rare
terms find those), of 0.03, as independent reports of an event have, with 0.000005."""

SEED = 1
"""The seed of the permutations. Every archive must use the same."""

PARAGRAPH_WORDS = 12
"""Unrelated texts share shorter paragraphs ("He declined to comment.")."""

MOST_PARAGRAPHS = 3
"""Paragraph keys of a text: the smallest hashes, so that an excerpt's have a chance in a long text."""

GRAM, WINDOW, LONGEST_WINDOW = 8, 8, 40
"""Winnowing: runs of eight words, and the smallest hash of every so many in a row, between these two. A longer window
selects nothing that a shorter one does not select.

A passage of 48 words shares a run with the text that it comes from, however long that text is. Of 300 passages of 40
to 120 words that were put from one of 261 real articles into another 296 do. With 25 runs for a text 259 did, with a
window of 60 words 284 do."""

FEW_RUNS, MOST_RUNS = 25, 400
"""The window grows with the text until about so many runs are selected, and stops at its longest. Only texts of more
than 8,000 words reach the second figure, and from there on the window grows again. A key takes 17 bytes in the store:
real articles of 310 words have 61 keys of all kinds, those of 870 words 80."""

MOST_TERMS = 24
"""Term keys of a text. 24 found 97 % of the reworded pairs among 10,000 unrelated texts in the research."""

FULL_NAME = 2.0
"""The rarity of a full name, above that of any single term."""

LEAD_TERMS, LEAD_WORDS = 5, 80
"""So many of the terms come from the first words, whatever else is rarer, because copies are cut at the end. Of 136
first thirds of real articles with every second word replaced, 9 shared fewer than four keys with the whole text, now 1
(of middles 10 and now 11, of last thirds 15 and 16, of 137)."""

MOST_ACROSS, LEAST_CONSONANTS = 12, 4
"""More term keys of a text that meet across languages: half of them skeletons of names with so many consonants or more
(pairs of names together), half neighbouring figures of a sentence. Of 75 translations in the development part of the
labelled corpus 96 % share four keys (66 did before these keys and before the languages were known, 88 %), of 17 in the
calibration part 16 (12). Unrelated texts share 0.10 keys on the average, as before, and of 30,683 pairs none shares
four (127). In the calibration part they share 0.13 (0.10), and of 30,525 pairs 6 share four (12)."""

SHORTEST_FIGURES = 4
"""Pairs of figures have more characters: "2 12" may be in any text."""

_PARAGRAPH = re.compile(r"[^\n]+")


class Tier(IntEnum):
    """The kind of similarity that a shared key indicates."""

    BAND = 0
    PARAGRAPH = 1
    RUN = 2
    TERM = 3


def fingerprint(text: Text, tokenizer: Callable[[Text], TokenizedText] = tokenize_text) -> tuple[int, ...]:
    """Return the sorted lookup keys of a text (at most 445): 31-bit, not negative, the same on every machine."""
    tokens = tokenizer(text)
    full_names = frozenset(_full_names(tokens.read))
    terms = {*_terms(tokens, full_names), *_across_languages(tokens, full_names)}
    return tuple(sorted({*_bands(tokens), *_paragraphs(text.body, tokens), *terms, *_selected_runs(tokens)}))


def tier_of(key: int) -> Tier:
    """Return the tier of a key."""
    return Tier(key >> HASH_BITS)


def _key(tier: Tier, value: str) -> int:
    return (tier << HASH_BITS) | (_hash(value) >> (64 - HASH_BITS))


@lru_cache(maxsize=20_000)
def _hash(value: str) -> int:
    return int.from_bytes(blake2b(value.encode(), digest_size=8).digest(), "big")


def _runs(text: TokenizedText, length: int) -> list[str]:
    """Return the runs of so many words, or of as much text in characters."""
    folded = text.words.folded
    length = round(length * text.characters_a_word)
    return [" ".join(run) for run in zip(*(folded[skip:] for skip in range(length)), strict=False)]


def _bands(text: TokenizedText) -> Iterator[int]:
    shingles = _runs(text, SHINGLE)
    if not shingles:
        return
    minhash = RMinHash(num_perm=BANDS * ROWS, seed=SEED)
    minhash.update(shingles)
    digest = minhash.digest()
    for band in range(BANDS):
        yield _key(Tier.BAND, f"{band} {digest[band * ROWS : band * ROWS + ROWS]}")


def _paragraphs(body: str, text: TokenizedText) -> list[int]:
    """Return the smallest hashes of all long paragraphs.

    Two texts select the same ones, however many others each has.
    """
    keys = set()
    words = text.words
    index = 0
    for line in _PARAGRAPH.finditer(body):
        first, index = index, bisect_left(words.starts, line.end(), index)
        if index - first >= PARAGRAPH_WORDS * text.characters_a_word:
            keys.add(_key(Tier.PARAGRAPH, " ".join(words.folded[first:index])))
        if index == len(words):
            break
    return sorted(keys)[:MOST_PARAGRAPHS]


def _selected_runs(text: TokenizedText) -> set[int]:
    runs = _runs(text, GRAM)
    hashes = RMinHash.hash_token_sets([runs])[0] if runs else []
    longest = round(LONGEST_WINDOW * text.characters_a_word)
    window = max(WINDOW, min(longest, 2 * len(hashes) // FEW_RUNS), 2 * len(hashes) // MOST_RUNS)
    return {_key(Tier.RUN, str(value)) for value in sorted(_smallest(hashes, window))[:MOST_RUNS]}


def _smallest(hashes: Sequence[int], window: int) -> set[int]:
    """Return the smallest of every so many hashes in a row. A window is searched only if it lost the smallest one."""
    if len(hashes) <= window:
        return {min(hashes)} if hashes else set()
    selected: set[int] = set()
    position, smallest = -1, 0
    for start in range(len(hashes) - window + 1):
        last = start + window - 1
        if position < start:
            smallest = min(hashes[start : start + window])
            position = start + hashes[start : start + window].index(smallest)
        elif hashes[last] <= smallest:
            smallest, position = hashes[last], last
        selected.add(smallest)
    return selected


def _terms(text: TokenizedText, full_names: frozenset[str]) -> list[int]:
    terms = {*((FULL_NAME, name) for name in full_names), *_single_terms(text)}
    lead = _lead(text)
    ranked = _rarest(terms, MOST_TERMS + LEAD_TERMS)
    rarest, others = ranked[: MOST_TERMS - LEAD_TERMS], ranked[MOST_TERMS - LEAD_TERMS :]
    early = _rarest([term for term in terms.difference(rarest) if term[1] in lead], LEAD_TERMS)
    filling = [term for term in others if term not in early]
    return [_key(Tier.TERM, term) for _, term in [*rarest, *early, *filling][:MOST_TERMS]]


def _rarest(terms: Collection[tuple[float, str]], most: int) -> list[tuple[float, str]]:
    """Return at most so many terms, the rarest first. Only those as rare as the last of them are hashed, for ties."""
    if len(terms) > most:
        least = nlargest(most, (rarity for rarity, _ in terms))[-1]
        terms = [term for term in terms if term[0] >= least]
    return sorted(terms, key=lambda term: (-term[0], _hash(term[1])))[:most]


def _lead(text: TokenizedText) -> set[str]:
    """Return the terms of the first sentences."""
    sentences, words = [], 0
    for sentence in text.read:
        if words >= LEAD_WORDS:
            break
        words += len(sentence.words)
        sentences.append(sentence)
    lead_words = {word for sentence in sentences for word in sentence.words}
    anchors = lead_words & text.anchors
    return {
        *_full_names(sentences),
        *anchors,
        *map(_sound_of, anchors),
        *(f"-{stem(word)}" for word in lead_words),
    }


def _full_names(sentences: Sequence[ReadSentence]) -> Iterator[str]:
    """Yield pairs of adjacent names, by sound because translators respell them.

    "Ilse Brandvold" is far rarer than either word.
    """
    for sentence in sentences:
        for first, second in pairwise(sentence.words) if sentence.names else ():
            if first in sentence.names and second in sentence.names:
                yield _sound_of(first, second)


def _sound_of(*names: str) -> str:
    """Return the consonants of a name, or of two together, in capitals. If they are few, the name as it sounds."""
    consonants = "".join(skeletons(name)[0] for name in names)
    return consonants if len(consonants) >= LEAST_CONSONANTS else " ".join(map(phonetic_key, names))


def _single_terms(text: TokenizedText) -> Iterator[tuple[float, str]]:
    """Yield numbers, names and words with their rarity by the shipped background.

    Ties are broken by hash, in the same way in both texts. Numbers and names precede words, because they survive
    spinning and translation.
    """
    weight = background().weight
    for anchor in text.anchors:
        if not anchor[0].isdigit():
            yield 0.6 + round(weight(stem(anchor), text.language), 1), _sound_of(anchor)
        elif len(anchor) > 1 and not is_year(anchor):
            yield (1.7 if sum(map(str.isdigit, anchor)) > 2 else 0.9), anchor  # noqa: PLR2004 - 4.2 and 14 are common
    yield from map(_word_term, text.plain_terms, repeat(text.language))


@lru_cache(maxsize=20_000)
def _word_term(word: str, language: str | None) -> tuple[float, str]:
    return round(background().weight(word, language), 1), f"-{word}"


def _across_languages(text: TokenizedText, full_names: frozenset[str]) -> list[int]:
    names = sorted(_name_skeletons(text, full_names), key=lambda name: (-len(name), _hash(name)))
    figures = sorted(_neighbouring_figures(text), key=lambda pair: (-len(pair), _hash(pair)))
    half = MOST_ACROSS // 2
    chosen = [*names[: max(half, MOST_ACROSS - len(figures))], *figures[: max(half, MOST_ACROSS - len(names))]]
    return [_key(Tier.TERM, term) for term in chosen]


def _name_skeletons(text: TokenizedText, full_names: frozenset[str]) -> set[str]:
    """Return the consonants of names, and of pairs of names, where they are many enough to be rare."""
    sounds = full_names.union(map(_sound_of, text.names))
    return {sound for sound in sounds if sound.isupper()}


def _neighbouring_figures(text: TokenizedText) -> set[str]:
    """Return pairs of numbers that follow each other in a sentence. Alone, small ones are in every text."""
    pairs = set()
    for sentence in text.read:
        figures = [word for word in sentence.words if word[0].isdigit() and not is_year(word)]
        pairs |= {f"{min(pair)} {max(pair)}" for pair in pairwise(figures)}
    return {pair for pair in pairs if len(pair) > SHORTEST_FIGURES}
