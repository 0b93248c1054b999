"""Builds the frequencies that near-copy detection ships: ``python bench/build_background.py``, with wordfreq installed.

Source: wordfreq 3.1.1 (Robyn Speer and others; data CC BY-SA 4.0), which counts words of Wikipedia, subtitles, news,
books and the web. Its word frequencies become frequencies of stems as ``archive.copies.tokenize`` makes them. Prints
the id to put into ``archive/copies/background/__init__.py``.
"""

from __future__ import annotations

import lzma
from collections import defaultdict
from math import log10
from pathlib import Path

from wordfreq import get_frequency_dict

from archive.copies.background import digest_of
from archive.copies.tokenize import stem

HERE = Path(__file__).resolve().parents[1] / "archive" / "copies" / "background"
LANGUAGES = ("en", "es", "de")
STEP = 0.2  # of a Zipf value: finer ones change no decision
FEWEST = 2.6  # Zipf value, 0.4 a million words; what is rarer counts as unseen


def levels(language: str) -> dict[int, list[str]]:
    """Stems by level: the Zipf value (log10 of occurrences in a billion words) in steps."""
    found: dict[str, float] = defaultdict(float)
    for word, share in get_frequency_dict(language, "large").items():
        if word.isalpha():
            found[stem(word.casefold())] += share
    by_level: dict[int, list[str]] = defaultdict(list)
    for each, share in found.items():
        zipf = log10(share) + 9
        if zipf >= FEWEST:
            by_level[round(zipf / STEP)].append(each)
    return by_level


def main() -> None:
    lines = []
    for language in LANGUAGES:
        by_level = levels(language)
        lines += [f"{language} {level} {' '.join(sorted(by_level[level]))}" for level in sorted(by_level)]
        print(language, sum(map(len, by_level.values())), "stems")
    packed = lzma.compress("\n".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME)
    (HERE / "stems.xz").write_bytes(packed)
    print(len(packed), "bytes; id", digest_of(HERE))


if __name__ == "__main__":
    main()
