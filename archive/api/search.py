"""Questions in words: search over all versions there ever were."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.api.questions import Questions
from db.queries import facets as facet_queries
from db.queries import search as search_queries

if TYPE_CHECKING:
    from datetime import datetime

    from db.records import Facets, Kind, Match, SearchCursor, SearchFilters, SearchPage

MOST_LOTS = 5
"""Pages that a search for one kind of change reads to fill one of its own; the rest is on the next page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """A page of hits, and where and when the words occur. ``searched_as`` is the query as it was understood."""

    searched_as: str
    matches: tuple[Match, ...]
    next_key: SearchCursor | None
    spread: Facets


class SearchQuestions(Questions):
    """Questions about words in any version."""

    def search(
        self, words: str, *, limit: int = 20, at: datetime | None = None, gone: bool = False
    ) -> tuple[str, list[Match]]:
        """Return the query as it was understood, and the versions with these words, best first. Raises BadInput.

        ``at``: only what was the standing version at that instant; ``gone``: only what an article no longer says.
        """
        from archive.api.query_parser import parse_query

        parsed = parse_query(words, when=at, gone=gone)
        return parsed.said, search_queries.search(self._ask, parsed.query, limit=limit, only=parsed.only)

    def search_page(
        self,
        words: str,
        *,
        at: datetime | None = None,
        gone: bool = False,
        since: datetime | None = None,
        until: datetime | None = None,
        kind: Kind | None = None,
        limit: int = 20,
        after: SearchCursor | None = None,
    ) -> SearchAnswer:
        """Return one page of what ``search`` finds, with how the words are spread over outlets and time.

        ``since`` and ``until`` bound first sights, before anything the words say of them. ``kind``: only versions with
        a change of that kind; such a page may have fewer than ``limit`` matches and yet a next one. Raises BadInput.
        """
        from archive.api.query_parser import parse_query

        parsed = parse_query(words, when=at, gone=gone)
        filters = replace(parsed.only, since=since or parsed.only.since, until=until or parsed.only.until)
        first = page = self._page(parsed.query, filters, after, limit)
        matches = [match for match in page.matches if kind is None or kind in match.version.kinds]
        for _ in range(MOST_LOTS - 1):
            if kind is None or len(matches) == limit or page.following is None:
                break
            page = self._page(parsed.query, filters, page.following, limit - len(matches))
            matches += [match for match in page.matches if kind in match.version.kinds]
        return SearchAnswer(
            searched_as=parsed.said,
            matches=tuple(matches),
            next_key=page.following,
            spread=facet_queries.count_facets(self._ask, first, filters),
        )

    def _page(self, query: str, filters: SearchFilters, after: SearchCursor | None, limit: int) -> SearchPage:
        return search_queries.search_page(self._ask, query, limit=limit, only=filters, place=after)
