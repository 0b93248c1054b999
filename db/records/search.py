"""Records of a search: its filters, its matches, the start of its next page, and its facets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from db.records.core import Version

SNIPPET_MARKS = ("\ue000", "\ue001", "\u2026")
"""Private-use characters around the words that match, and the ellipsis. Escape a snippet before replacing them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilters:
    """The filters of a search: url_keys from the first of ``site`` to before the second, and the time of first sight.

    ``author``: a part of the byline, in lower case. ``when``: only versions that were current at that instant.
    ``gone``: only words the article no longer has.
    """

    site: tuple[str, str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    author: str | None = None
    when: datetime | None = None
    gone: bool = False

    @property
    def is_selective(self) -> bool:
        """True for a search by site, author or time, which most texts with the words may not match."""
        return (self.site, self.since, self.until, self.author) != (None, None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A version that matches a query, and the period in which consecutive versions of its article matched.

    ``absent_since`` is the number of the first later version that no longer matches, None if the newest still does.
    ``gone_between``: the periods in which the page was gone, from the last sighting before to the first after.
    """

    version: Version
    snippet: str
    newest: bool
    present_from: datetime
    present_to: datetime
    absent_since: int | None
    gone_between: tuple[tuple[datetime, datetime], ...] = ()


class SearchRank(NamedTuple):
    """The rank of a version in a window: the score of its text (lowest is best), the text's id, its own id."""

    score: float
    text_id: int
    version_id: int


class SearchCursor(NamedTuple):
    """The start of a page: in the window of texts with ids up to ``top``, after a rank. None: at the best rank."""

    top: int
    after: SearchRank | None


class SearchPage(NamedTuple):
    """A page of a search, and the start of the next one. None: this is the last.

    ``texts`` are the texts of its window, newest first. ``whole`` is True if there is no other window.
    """

    matches: list[Match]
    following: SearchCursor | None
    texts: Sequence[int]
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """The number of articles with the words, by outlet (most first) and by the time they were first seen with them.

    ``by_time``: pairs of a day, or of a month where there are many days, and a count. Periods without any are left out.
    ``whole``: True if all matches were counted.
    """

    articles: int
    by_host: tuple[tuple[str, int], ...]
    by_time: tuple[tuple[str, int], ...]
    whole: bool
