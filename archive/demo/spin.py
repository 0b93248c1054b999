"""The spinner: swaps words by a table, and keeps order, sentences, numbers and most names, as real ones do."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING

from archive.demo.texts import Edition

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORD = re.compile(r"[A-Za-z']+")


def read_synonyms() -> dict[str, str]:
    """Return the table of synonyms, from lines ``word = synonym``. Lines that start with ``#`` are comments."""
    lines = (resources.files("archive.demo") / "synonyms.txt").read_text("utf-8").splitlines()
    return dict(line.split(" = ", 1) for line in lines if line and not line.startswith("#"))


def spin(edition: Edition, synonyms: Mapping[str, str]) -> Edition:
    """Return the edition with every word of the table replaced, inside quotations too."""
    headline, *body = (_spin_text(text, synonyms) for text in (edition.headline, *edition.body))
    return Edition(headline, tuple(body))


def _spin_text(text: str, synonyms: Mapping[str, str]) -> str:
    def swap(match: re.Match[str]) -> str:
        word = match.group()
        synonym = synonyms.get(word.lower(), word)
        return synonym[:1].upper() + synonym[1:] if word[0].isupper() else synonym

    return _WORD.sub(swap, text)
