"""Builds the frequencies that near-copy detection ships: ``python bench/build_background.py``, with wordfreq installed.

Source: wordfreq 3.1.1 (Robyn Speer and others; data CC BY-SA 4.0), which counts words of Wikipedia, subtitles, news,
books and the web. Its word frequencies become frequencies of stems as ``archive.copies.word_columns`` makes them, for
Chinese and Japanese of characters and pairs of characters. The commonest words of every language go into a list of
their own, by which ``db.languages`` identifies one. Prints the id to put into
``archive/copies/background/__init__.py``.
"""

from __future__ import annotations

import lzma
from collections import defaultdict
from math import log10
from pathlib import Path
from typing import TYPE_CHECKING

from wordfreq import available_languages, get_frequency_dict

from archive.copies.background import CHARACTER_LANGUAGES, LANGUAGES, digest_of
from archive.copies.characters import clean
from archive.copies.word_columns import fold_word, is_katakana, stem
from db.languages import HERE as WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parents[1] / "archive" / "copies" / "background"
STEP = 0.2  # of a Zipf value: finer ones change no decision
FEWEST = {"en": 2.6, "es": 2.6, "de": 2.6}  # Zipf value, 0.4 a million words; what is rarer counts as unseen
FEWEST_OF_OTHERS = 3.0  # the tables of all languages together are 1.2 MB
FEWEST_OF_PAIRS = 3.2  # rarer pairs of characters inflate the tables and name nothing
COMMONEST = 150


def units(word: str, language: str) -> Iterator[str]:
    """Yield what the table counts: the stem, or each character and each pair of characters."""
    if language in CHARACTER_LANGUAGES and not is_katakana(word):
        yield from word
        yield from (word[index : index + 2] for index in range(len(word) - 1))
    else:
        yield stem(fold_word(word.casefold()))


def levels(language: str) -> dict[int, list[str]]:
    """Stems by level: the Zipf value (log10 of occurrences in a billion words) in steps."""
    shares: dict[str, float] = defaultdict(float)
    for word, share in frequencies(language).items():
        usual = clean(word)[0]
        if usual.isalpha() or (language == "hi" and usual):
            for unit in units(usual, language):
                shares[unit] += share
    by_level: dict[int, list[str]] = defaultdict(list)
    for unit, share in shares.items():
        zipf = log10(share) + 9
        pairs = language in CHARACTER_LANGUAGES and len(unit) > 1 and not is_katakana(unit)
        if unit and zipf >= (FEWEST_OF_PAIRS if pairs else FEWEST.get(language, FEWEST_OF_OTHERS)):
            by_level[round(zipf / STEP)].append(unit)
    return by_level


def frequencies(language: str) -> dict[str, float]:
    """The frequencies of words in the largest list that wordfreq has."""
    return get_frequency_dict(language, "large" if language in available_languages("large") else "small")


def commonest(language: str) -> str:
    """The commonest words of a language with their Zipf values in tenths, for the identification."""
    words = [(clean(word)[0], share) for word, share in frequencies(language).items() if any(map(str.isalpha, word))]
    words = sorted(words, key=lambda entry: (-entry[1], entry[0]))[:COMMONEST]
    return " ".join([language, *(f"{word}:{round(10 * (log10(share) + 9))}" for word, share in words)])


def main() -> None:
    for language in LANGUAGES:
        by_level = levels(language)
        lines = [f"{level} {' '.join(sorted(by_level[level]))}" for level in sorted(by_level)]
        packed = lzma.compress("\n".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME)
        (HERE / f"stems.{language}.xz").write_bytes(packed)
        print(language, sum(map(len, by_level.values())), "stems,", len(packed), "bytes")
    spaced = sorted(set(available_languages("small")) - {"zh", "ja"})
    packed = lzma.compress("\n".join(map(commonest, spaced)).encode(), preset=9 | lzma.PRESET_EXTREME)
    (WORDS / "commonest.xz").write_bytes(packed)
    print(len(spaced), "languages to identify,", len(packed), "bytes; id", digest_of(HERE, WORDS))


if __name__ == "__main__":
    main()
