"""What of an archive goes into a file: a window of time, an instant, a group, or one copy of each story."""

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

_ALWAYS: Final = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What goes into a file. ``since`` and ``until`` (left out itself) bound captures, and versions by when first seen.

    ``sources``: only those, by id; ``versions`` and ``captures``: only these, by id. None: all there are.
    """

    since: datetime = _ALWAYS[0]
    until: datetime = _ALWAYS[1]
    sources: frozenset[int] | None = None
    versions: frozenset[int] | None = None
    captures: frozenset[int] | None = None

    def takes_capture(self, capture_id: int, source_id: int, at: datetime) -> bool:
        """True if a capture goes in."""
        return self._within(source_id, at) and (self.captures is None or capture_id in self.captures)

    def takes_version(self, version_id: int, source_id: int, first_seen_at: datetime) -> bool:
        """True if a version goes in."""
        return self._within(source_id, first_seen_at) and (self.versions is None or version_id in self.versions)

    def _within(self, source_id: int, at: datetime) -> bool:
        return self.since <= at < self.until and (self.sources is None or source_id in self.sources)


EVERYTHING: Final = Chosen()
"""The whole archive, robots.txt files and probes included."""


def choose(
    db: Path,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    at: datetime | None = None,
    group: str | None = None,
    unique: Relation | None = None,
) -> Chosen:
    """Look up what is asked for.

    ``at``: of every article the version that stood at that instant, and the last capture up to then that shows it.
    ``group``: a group, or a seed by its key. ``unique``: of copies that alike one, the probable original; see
    ``archive.copies.fold``. Raises NotArchived for a group without any source, StoreError.
    """
    window = Chosen(since=since or _ALWAYS[0], until=until or _ALWAYS[1])
    if at is None and group is None and unique is None:
        return window
    with Archive(db) as archive, Reader(db) as reader:
        sources = None if group is None else _of_group(reader.ask, group)
        ids = {each.url: each.id for each in archive.sources()}
        standing = [version for version, _ in archive.articles(at=at, group=group)]
        if unique is not None:
            clusters = archive.clusters(how=unique, at=at, evidence=False)
            standing = [version for version, _ in fold(standing, lambda each: each.url, clusters)]
            sources = tables.joined(reader.ask, {ids[each.url] for each in standing})
        window = replace(window, sources=None if sources is None else frozenset(sources))
        if at is None:
            return window
        shown = frozenset(one for each in standing for one in _showing(reader.ask, ids[each.url], each, at))
        return replace(window, versions=frozenset(each.id or 0 for each in standing), captures=shown)


def _of_group(ask: Ask, group: str) -> set[int]:
    found = tables.joined(ask, set(source_queries.matching(ask, [group])))
    if not found:
        raise NotArchived(f"no group, seed or address {group!r} is watched. See: wirecopy plan")
    return found


def _showing(ask: Ask, source_id: int, version: Version, at: datetime) -> list[int]:
    """The last capture up to ``at`` that shows a version, with the further parts of its page."""
    seen = [one for one in capture_queries.sightings(ask, source_id) if one.shows_text and one.at <= at]
    mine = [one.capture_id for one in seen if one.text_sha256 == version.text_sha256]
    return [] if not mine else [mine[-1], *(part.id or 0 for part in capture_queries.parts(ask, mine[-1]))]
