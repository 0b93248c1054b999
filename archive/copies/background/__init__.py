"""Background statistics of news, shipped with the program: frequencies of stems, and stock sentences.

A judgement weighs words by these figures and never by the content of an archive, so five documents are judged as a
million are. ``bench/build_background.py`` builds ``stems.xz`` from wordfreq's counts (CC BY-SA 4.0, see NOTICE).
``stock.txt`` is written by hand.
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

BACKGROUND = "bg-446d7d03"
"""Id of the shipped figures, part of the method's id. A test checks it against the files."""

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

    weights: dict[str, dict[str, float]]
    unseen: float
    stock: frozenset[tuple[str, ...]]

    def weight(self, stem: str, language: str | None) -> float:
        """Return the weight of a stem: its information, from 0 to a little over 1.

        In languages without a table it depends on the length.
        """
        table = self.weights.get(language or "")
        if table is None:
            return min(1.0, len(stem) / 6)
        return table.get(stem.replace(".", ""), self.unseen)

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
    """Return the shipped figures. They are read once, in about 50 ms."""
    weights: dict[str, dict[str, float]] = {}
    for line in lzma.decompress((HERE / "stems.xz").read_bytes()).decode().splitlines():
        language, level, *stems = line.split(" ")
        weights.setdefault(language, {}).update(dict.fromkeys(stems, _information(int(level))))
    return Background(weights, _information(UNSEEN_LEVEL), frozenset(_stock_runs()))


def _information(level: int) -> float:
    """Return the information in a word of this level: -ln(1 - exp(-length * share)), scaled."""
    share = 10 ** (level * LEVEL - 9)
    return -log(1 - exp(-ARTICLE_WORDS * share)) / HIGHEST


def _stock_runs() -> set[tuple[str, ...]]:
    runs: set[tuple[str, ...]] = set()
    for line in (HERE / "stock.txt").read_text(encoding="utf-8").splitlines():
        for part in line.split("..."):
            words = tuple(re.findall(r"\w+", part.casefold()))
            runs.update(words[start : start + _RUN] for start in range(len(words) - _RUN + 1))
    return runs


def digest_of(folder: Path) -> str:
    """Return the id that belongs to the files of a folder."""
    digest = sha256(b"".join((folder / name).read_bytes() for name in ("stems.xz", "stock.txt")))
    return f"bg-{digest.hexdigest()[:8]}"
