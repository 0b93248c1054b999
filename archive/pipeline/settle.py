"""Histories: which addresses are one page, and the versions that all sightings of it make.

Whatever arrived, and in whatever order, what is stored afterwards is a function of all that is known of a page. So a
history is never continued but settled anew, and so are the joins between addresses.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from archive.versions import aliases
from archive.versions import history as versions
from archive.versions.diff import compare
from db.queries import alias_claims as alias_queries
from db.queries import sources as source_queries
from db.queries import versions as version_queries
from db.records import Reason, SeedKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from db.reader import Ask
    from db.records import Capture, Kind, Sighting, Version
    from db.store import Store


def settle_sources(store: Store, captures: Sequence[Capture], now: datetime) -> list[Version]:
    """Settle the history of every source these captures belong to, and of those that gain or lose an address by it."""
    by_source: dict[int, list[Capture]] = {}
    for capture in captures:
        by_source.setdefault(capture.source_id, []).append(capture)
    opened: list[Version] = []
    for source_id, some in by_source.items():
        done = [capture.id or 0 for capture in some]
        changed = {} if _says_nothing(store, source_id, some) else _join(store, source_id, now)
        head = source_queries.by_id(store.ask, source_id).same_as or source_id
        opened += settle(store, head, now=now, done=[*done, *changed.pop(head, [])])
        for other, queued in changed.items():
            opened += settle(store, other, now=now, done=queued)
    return opened


def _says_nothing(store: Store, source_id: int, captures: Sequence[Capture]) -> bool:
    """True if these captures cannot join the source to another: a 304 says what the page before it said, no more.

    In a run most captures are 304s, and of sources that say nothing of other addresses; this halves what they cost.
    """
    repeats = all(each.reason is Reason.NOT_MODIFIED and not each.hops for each in captures)
    return repeats and not alias_queries.has_claims(store.ask, source_id)


def _join(store: Store, source_id: int, now: datetime) -> dict[int, list[int]]:
    """Let one history go on under every address that is one page with this; see ``Store.join``."""
    if source_queries.by_id(store.ask, source_id).kind is not SeedKind.ARTICLE:
        return {}
    return store.join_aliases(source_id, aliases.read_alias_claims, aliases.is_alias, aliases.canonical_of, now)


def settle(store: Store, source_id: int, *, now: datetime, done: Sequence[int] = ()) -> list[Version]:
    """Make the stored versions of a source what its sightings say; returns the new ones. A list page has none."""
    source = source_queries.by_id(store.ask, source_id)

    def history(sightings: Sequence[Sighting], ask: Ask) -> Sequence[Version]:
        if source.kind is not SeedKind.ARTICLE:
            return ()

        @cache  # most pages have one version, and nothing to compare
        def known() -> Mapping[tuple[str, str], tuple[tuple[Kind, ...], float]]:
            return versions.known_edits(version_queries.of_source(ask, source_id))

        def edit(before: str, after: str) -> tuple[tuple[Kind, ...], float]:
            return known().get((before, after)) or _edit(ask, before, after)

        return versions.settle(sightings, url=source.url, compare=edit).versions

    return store.settle(source_id, history, now, done)


def _edit(ask: Ask, before: str, after: str) -> tuple[tuple[Kind, ...], float]:
    change = compare(version_queries.text(ask, before), version_queries.text(ask, after))
    return change.kinds, change.score
