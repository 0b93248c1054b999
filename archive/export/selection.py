"""The selection of an export: a time window, an instant, a group, or one copy of each story."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from archive.api import Archive
from archive.copies import fold
from db.errors import NotArchived
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.queries import tables
from db.reader import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from db.reader import Ask
    from db.records import Relation, Version

_ALL_TIME: Final = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The content of an export. ``since`` (inclusive) and ``until`` (exclusive) bound captures and versions.

    Versions are bounded by when they were first seen. ``sources``, ``versions`` and ``captures`` are ids. None means
    all. ``pages`` has the ids of a few captures in time order, which are then written without looking at the others.
    """

    since: datetime = _ALL_TIME[0]
    until: datetime = _ALL_TIME[1]
    sources: frozenset[int] | None = None
    versions: frozenset[int] | None = None
    captures: frozenset[int] | None = None
    pages: tuple[int, ...] | None = None

    def includes_capture(self, capture_id: int, source_id: int, captured_at: datetime) -> bool:
        """True if the capture is part of the export."""
        return self._within(source_id, captured_at) and (self.captures is None or capture_id in self.captures)

    def includes_version(self, version_id: int, source_id: int, first_seen_at: datetime) -> bool:
        """True if the version is part of the export."""
        return self._within(source_id, first_seen_at) and (self.versions is None or version_id in self.versions)

    def _within(self, source_id: int, instant: datetime) -> bool:
        return self.since <= instant < self.until and (self.sources is None or source_id in self.sources)


EVERYTHING: Final = Selection()
"""The entire archive, including robots.txt files and probes."""


def build_selection(
    db: Path,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    instant: datetime | None = None,
    group: str | None = None,
    unique: Relation | None = None,
) -> Selection:
    """Return the selection for these conditions.

    ``instant`` selects the version of each article then, and the last capture until then that shows it. ``group``
    is a group, or a seed by its key. ``unique`` selects, of copies of at least this relation, only the probable
    original (see ``archive.copies.fold``). Raises NotArchived for a group without any source, StoreError.
    """
    window = Selection(since=since or _ALL_TIME[0], until=until or _ALL_TIME[1])
    if instant is None and group is None and unique is None:
        return window
    with Archive(db) as archive, Reader(db) as reader:
        sources = None if group is None else _sources_of_group(reader.ask, group)
        ids = {source.url: source.id for source in archive.sources()}
        versions = [version for version, _ in archive.articles(as_of=instant, group=group)]
        if unique is not None:
            clusters = archive.clusters(how=unique, as_of=instant, evidence=False)
            versions = [version for version, _ in fold(versions, lambda version: version.url, clusters)]
            sources = tables.with_aliases(reader.ask, {ids[version.url] for version in versions})
        window = replace(window, sources=None if sources is None else frozenset(sources))
        if instant is None:
            return window
        captures = frozenset(
            capture_id
            for version in versions
            for capture_id in _captures_showing(reader.ask, ids[version.url], version, instant)
        )
        return replace(window, versions=frozenset(version.id or 0 for version in versions), captures=captures)


def _sources_of_group(ask: Ask, group: str) -> set[int]:
    sources = tables.with_aliases(ask, set(source_queries.ids_matching(ask, [group])))
    if not sources:
        raise NotArchived(f"no group, seed or address {group!r} is watched. See: wirecopy plan")
    return sources


def _captures_showing(ask: Ask, source_id: int, version: Version, instant: datetime) -> list[int]:
    """Return the ids of the last capture until ``instant`` that shows a version, and of its page's further parts."""
    sightings = [item for item in capture_queries.sightings(ask, source_id) if item.shows_text and item.at <= instant]
    showing = [sighting.capture_id for sighting in sightings if sighting.text_sha256 == version.text_sha256]
    return [] if not showing else [showing[-1], *(part.id or 0 for part in capture_queries.parts(ask, showing[-1]))]
