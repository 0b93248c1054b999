"""Background statistics of news, shipped with the program: frequencies of stems, and stock sentences.

A judgement weighs words by these figures and never by the content of an archive, so five documents are judged as a
million are. ``bench/build_background.py`` builds the tables, one for each language, from wordfreq's counts (CC BY-SA
4.0, see NOTICE). ``stock.txt`` is written by hand.
"""

from __future__ import annotations

import lzma
import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from math import exp, log
from pathlib import Path

HERE = Path(__file__).parent

BACKGROUND = "bg-a72a468d"
"""Id of the shipped figures, part of the method's id. It covers the words of ``db.languages``, which decide as
what a text is compared. A test checks it against the files."""

LANGUAGES = ("ar", "de", "el", "en", "es", "fr", "hi", "it", "ja", "ko", "nl", "pl", "pt", "ru", "sv", "tr", "uk", "zh")
"""Languages with a table."""

CHARACTER_LANGUAGES = frozenset({"ja", "zh"})
"""Languages whose table has characters and pairs of characters. They write no spaces between words."""

LEVEL = 0.2
"""Width of a frequency level, in Zipf units (log10 of occurrences in a billion words)."""

ARTICLE_WORDS = 400
"""Length of an article, to compute the share of documents with a word from the share of words."""

HIGHEST = 8.0
"""Weights are information in nats divided by this. A word in every 3,000th article weighs 1, an unknown name 1.1."""

UNSEEN_LEVEL = 12
"""The level of stems that are not in the tables: a Zipf value of 2.4."""

_RUN = 4  # words


@dataclass(frozen=True, slots=True)
class Background:
    """Weights of stems by language (about 0 for "the", 1 for an unknown stem), and runs of stock sentences."""

    unseen: float
    stock: frozenset[tuple[str, ...]]

    def weight(self, stem: str, language: str | None) -> float:
        """Return the weight of a stem: its information, from 0 to a little over 1.

        In languages without a table it depends on the length. A pair of characters that is in no word has the weight
        of their meeting by chance.
        """
        levels = table(language)
        if not levels:
            return min(1.0, len(stem) / 6)
        level = levels.get(stem.replace(".", ""))
        if level is not None:
            return _WEIGHTS[level]
        if language in CHARACTER_LANGUAGES and len(stem) == 2:  # noqa: PLR2004 - a pair of characters
            first, second = (levels.get(character, UNSEEN_LEVEL) for character in stem)
            return _WEIGHTS[max(0, min(_HIGHEST_LEVEL, round(first + second - 9 / LEVEL)))]
        return self.unseen

    def stock_share(self, words: tuple[str, ...]) -> float:
        """Return the share of a sentence, given as folded words, that is in stock sentences, in runs of four words."""
        if len(words) < _RUN:
            return 0.0
        inside = bytearray(len(words))
        for start in range(len(words) - _RUN + 1):
            if words[start : start + _RUN] in self.stock:
                inside[start : start + _RUN] = b"\1" * _RUN
        return sum(inside) / len(words)


@cache
def background() -> Background:
    """Return the shipped figures. Stock sentences are read here, the table of a language when it is first used."""
    return Background(_information(UNSEEN_LEVEL), frozenset(_stock_runs()))


@cache
def table(language: str | None) -> dict[str, int]:
    """Return the level of each stem of a language, empty without a table. Reading one takes some 15 ms."""
    if language not in LANGUAGES:
        return {}
    levels: dict[str, int] = {}
    for line in lzma.decompress((HERE / f"stems.{language}.xz").read_bytes()).decode().splitlines():
        level, *stems = line.split(" ")
        levels.update(dict.fromkeys(stems, int(level)))
    return levels


def _information(level: int) -> float:
    """Return the information in a word of this level: -ln(1 - exp(-length * share)), scaled."""
    share = 10 ** (level * LEVEL - 9)
    return -log(1 - exp(-ARTICLE_WORDS * share)) / HIGHEST


_HIGHEST_LEVEL = 40
_WEIGHTS = tuple(_information(max(UNSEEN_LEVEL, level)) for level in range(_HIGHEST_LEVEL + 1))
"""Weights by level. Nothing weighs more than an unknown word."""


def _stock_runs() -> set[tuple[str, ...]]:
    runs: set[tuple[str, ...]] = set()
    for line in (HERE / "stock.txt").read_text(encoding="utf-8").splitlines():
        for part in line.split("..."):
            words = tuple(re.findall(r"\w+", part.casefold()))
            runs.update(words[start : start + _RUN] for start in range(len(words) - _RUN + 1))
    return runs


def digest_of(*folders: Path) -> str:
    """Return the id that belongs to the files of these folders, in the order of their names."""
    paths = (path for folder in folders for path in folder.iterdir() if path.suffix in {".xz", ".txt"})
    digest = sha256(b"".join(path.read_bytes() for path in sorted(paths, key=lambda path: path.name)))
    return f"bg-{digest.hexdigest()[:8]}"
