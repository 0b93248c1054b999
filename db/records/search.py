"""Nouns of searching: what a search is narrowed to, what it finds, and the key of its next page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from db.records.derive import Version

SNIPPET_MARKS = ("\ue000", "\ue001", "\u2026")
"""Private-use characters around the words found, and the ellipsis. Code that prints them must escape the rest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilters:
    """What a search is narrowed to: url_keys from the first of ``site`` to before the second, and first sights.

    ``when``: only what was the standing version at that instant. ``gone``: only what the article no longer says.
    """

    site: tuple[str, str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    when: datetime | None = None
    gone: bool = False

    @property
    def picks(self) -> bool:
        """True for a search by site or time, which most texts with the words may not fit."""
        return (self.site, self.since, self.until) != (None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A version that matches a query, and how long the versions of its article did, one after the other.

    ``absent_since`` is the number of the first version after it that no longer matches, None if there is none.
    ``gone_between``: when the page itself was gone in between, from the last sighting before to the first after.
    ``snippet`` carries `SNIPPET_MARKS`.
    """

    version: Version
    snippet: str
    newest: bool
    present_from: datetime
    present_to: datetime
    absent_since: int | None
    gone_between: tuple[tuple[datetime, datetime], ...] = ()


class SearchRank(NamedTuple):
    """The rank of a version in a window: the score of its text (the lowest is the best), that text, itself; by id."""

    score: float
    text_id: int
    version_id: int


class SearchKey(NamedTuple):
    """Where a page begins: in the window of texts up to ``top``, behind a rank; None: with the best of the window."""

    top: int
    behind: SearchRank | None


class SearchPage(NamedTuple):
    """A page of a search, and the key of the next, None: there is none.

    ``texts`` are the ids of the texts of its window, the newest first. ``whole`` is True if there is no other window.
    """

    matches: list[Match]
    following: SearchKey | None
    texts: Sequence[int]
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSpread:
    """How many articles have the words, by outlet (most first) and by when they were first seen with them.

    ``by_time``: pairs of a day or, where these are many, a month, and a count, without those in between that have none.
    ``whole``: all were counted.
    """

    articles: int
    by_host: tuple[tuple[str, int], ...]
    by_time: tuple[tuple[str, int], ...]
    whole: bool
