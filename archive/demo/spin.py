"""The spinner: swap words by a table and keep order, sentences, numbers and most names, as real ones do."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING

from archive.demo.texts import Edition

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORD = re.compile(r"[A-Za-z']+")


def read_synonyms() -> dict[str, str]:
    """Read the table ``word = what the spinner writes``; lines that start with ``#`` are remarks."""
    lines = (resources.files("archive.demo") / "synonyms.txt").read_text("utf-8").splitlines()
    return dict(line.split(" = ", 1) for line in lines if line and not line.startswith("#"))


def spun(edition: Edition, synonyms: Mapping[str, str]) -> Edition:
    """Return the edition with every word of the table swapped, inside quotations too."""
    headline, *body = (_spun(text, synonyms) for text in (edition.headline, *edition.body))
    return Edition(headline, tuple(body))


def _spun(text: str, synonyms: Mapping[str, str]) -> str:
    def swap(match: re.Match[str]) -> str:
        word = match.group()
        other = synonyms.get(word.lower(), word)
        return other[:1].upper() + other[1:] if word[0].isupper() else other

    return _WORD.sub(swap, text)
