"""Full-text search over all versions."""

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
"""Most pages read to fill one page of a search for one kind of change. The rest is on the next page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """A page of hits, and facets of all hits by outlet and time. ``searched_as`` is the FTS5 query as it was parsed."""

    searched_as: str
    matches: tuple[Match, ...]
    next_key: SearchCursor | None
    spread: Facets


class SearchQuestions(Questions):
    """Full-text search over the versions of all articles."""

    def search(
        self, words: str, *, limit: int = 20, as_of: datetime | None = None, removed: bool = False
    ) -> tuple[str, list[Match]]:
        """Return the parsed query and the versions that match it, best first. Raises BadInput.

        ``as_of``: only versions current at that instant; ``removed``: only text that an article no longer has.
        """
        from archive.api.query_parser import parse_query

        parsed = parse_query(words, when=as_of, removed=removed)
        return parsed.description, search_queries.search(self._ask, parsed.query, limit=limit, only=parsed.only)

    def search_page(
        self,
        words: str,
        *,
        as_of: datetime | None = None,
        removed: bool = False,
        since: datetime | None = None,
        until: datetime | None = None,
        kind: Kind | None = None,
        limit: int = 20,
        after: SearchCursor | None = None,
    ) -> SearchAnswer:
        """Return one page of the hits of ``search``, with facets by outlet and time.

        ``since`` and ``until`` limit the first sight, and override after: and before: in the query. ``kind``: only
        versions with a change of that kind; such a page may have fewer than ``limit`` matches although there is a next
        page. Raises BadInput.
        """
        from archive.api.query_parser import parse_query

        parsed = parse_query(words, when=as_of, removed=removed)
        filters = replace(parsed.only, since=since or parsed.only.since, until=until or parsed.only.until)
        first = page = self._page(parsed.query, filters, after, limit)
        matches = [match for match in page.matches if kind is None or kind in match.version.kinds]
        for _ in range(MOST_LOTS - 1):
            if kind is None or len(matches) == limit or page.following is None:
                break
            page = self._page(parsed.query, filters, page.following, limit - len(matches))
            matches += [match for match in page.matches if kind in match.version.kinds]
        return SearchAnswer(
            searched_as=parsed.description,
            matches=tuple(matches),
            next_key=page.following,
            spread=facet_queries.count_facets(self._ask, first, filters),
        )

    def _page(self, query: str, filters: SearchFilters, after: SearchCursor | None, limit: int) -> SearchPage:
        return search_queries.search_page(self._ask, query, limit=limit, only=filters, place=after)
