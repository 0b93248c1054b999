"""Comparisons of texts that several pages need, kept in memory: texts never change."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from archive.versions.diff import compare

if TYPE_CHECKING:
    from db.records import Change, Text

REMEMBERED = 12_000
"""Most characters of two texts whose comparison is kept. Most articles have fewer."""


def compare_remembered(a: Text, b: Text) -> Change:
    """Return how text ``a`` became text ``b``, from memory if a small pair was compared before."""
    if len(a.body) + len(b.body) <= REMEMBERED:
        return _remembered(a, b)
    return compare(a, b)


@lru_cache(maxsize=400)  # two thirds of the time of a page of the inbox or of events, for at most 20 MB
def _remembered(a: Text, b: Text) -> Change:
    return compare(a, b)
