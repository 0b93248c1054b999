"""Queries about changes, and about the whole archive at an instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.api.questions import Listing, Questions
from db.queries import changes as change_queries
from db.queries import source_health as health_queries
from db.queries import versions as version_queries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from db.records import ArticleAsOf, InboxEntry, InboxFilter, Kind, Version

    Place = tuple[int, int]  # a position in the order of time: an instant in microseconds, and the id of a version


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedVersion:
    """A version, and the id of its source."""

    source_id: int
    version: Version


class ChangeQuestions(Questions):
    """Queries about the versions of all articles, by time."""

    def changes(self, *, since: datetime, limit: int = 20) -> list[Version]:
        """Return the edits recorded since ``since``, the highest score first."""
        return version_queries.recent_changes(self._ask, since=since, limit=limit)

    def versions_by_time(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        firsts: bool = True,
        source_id: int | None = None,
        kind: Kind | None = None,
        after: Place | None = None,
        limit: int = 100,
    ) -> Listing[DatedVersion, Place]:
        """Return versions by when they were first seen, the newest first.

        ``firsts``: also first versions and those that only a newer recipe made. ``kind``: only changes of that kind.
        """
        rows, place = change_queries.versions_by_time(
            self._ask,
            since=since,
            until=until,
            firsts=firsts,
            source=source_id,
            kind=kind,
            after=after,
            limit=limit,
        )
        versions = (DatedVersion(source_id=source_id, version=version) for version, source_id in rows)
        return Listing(tuple(versions), place)

    def news(self, filters: InboxFilter, *, after: Place | None = None, limit: int = 25) -> Listing[InboxEntry, Place]:
        """Return the articles that changed since a reader looked at them, the newest first."""
        news, place = change_queries.inbox(self._ask, filters, after=after, limit=limit)
        return Listing(tuple(news), place)

    def caught_up(self, reader: str = "") -> datetime | None:
        """Return the instant up to which a reader marked everything as read, None if nothing is."""
        return change_queries.all_read_until(self._ask, reader)

    def articles(
        self, *, as_of: datetime | None = None, recorded: datetime | None = None, group: str | None = None
    ) -> list[tuple[Version, str]]:
        """Return the whole archive at one instant: the current version of every article and its group, by address.

        ``recorded``: as the archive believed at that instant. ``group``: only that group, or the seed with that key.
        """
        return version_queries.versions_as_of(self._ask, when=as_of, recorded=recorded, group=group)

    def stream_articles(
        self, *, as_of: datetime | None = None, recorded: datetime | None = None, group: str | None = None
    ) -> Iterator[tuple[Version, str]]:
        """Yield what ``articles`` returns, one by one: 100,000 articles are never in memory."""
        return version_queries.stream_versions_as_of(
            self._ask, when=as_of, recorded=recorded, group=group, stream=self._reader.stream
        )

    def articles_at(self, moment: datetime, *, after: str = "", limit: int = 100) -> Listing[ArticleAsOf, str]:
        """Return a page of the archive at one instant, by address; the key is a url_key."""
        articles, key = health_queries.articles_as_of(self._ask, moment, after=after, limit=limit)
        return Listing(tuple(articles), key)
