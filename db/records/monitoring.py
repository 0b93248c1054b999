"""Nouns of watching: checks of sources, changes that a reader has not seen, and articles at an instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.derive import Version
    from db.records.enums import SeedKind
    from db.records.gather import Source
    from db.records.seeds import Every


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of a source: when, what it met, and how many characters of text."""

    at: datetime
    state: str
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """How a source is doing. ``checks`` are its last ones, oldest first, ``count`` all there were.

    ``versions`` are those of its history, ``changed_at`` when the newest came. ``waits_until``: as it asked us to.
    """

    source: Source
    group: str
    every: Every | None
    checks: tuple[Check, ...]
    count: int
    versions: int
    changed_at: datetime | None
    waits_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastState:
    """What the last check of a source met."""

    source_id: int
    url_key: str
    kind: SeedKind
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An article as it was at an instant."""

    source_id: int
    url_key: str
    group: str
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """An article that changed since a reader last looked: its newest version, and the one that was seen last.

    ``kinds`` and ``score`` are those of all changes in between, the score that of the weightiest; ``changes`` counts
    them. ``place`` is the position of the newest in the order of time: microseconds, and the id of the version.
    """

    source_id: int
    newest: Version
    seen: Version
    kinds: tuple[str, ...]
    score: float
    changes: int
    group: str
    place: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsFilters:
    """Which changes: of these kinds (any of them), of one host, of this weight, first seen from then to before then.

    ``everything``: also what a reader has seen.
    """

    kinds: tuple[str, ...] = ()
    host: str | None = None
    least: float = 0.0
    since: datetime | None = None
    until: datetime | None = None
    everything: bool = False
