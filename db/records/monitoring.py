"""Records of monitoring: the checks of sources, the inbox, and articles as of an instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.core import Source, Version
    from db.records.enums import SeedKind
    from db.records.seeds import Every


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of a source: its instant, the state it met, and the characters of text."""

    at: datetime
    state: str
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptySource:
    """A source of the seed index that was checked and of which nothing came: no version, or no entry of a list.

    ``state`` is what the last check met. ``nature`` is what its last page is, in the words of
    ``archive.crawl.page_nature``, if that differs from ``kind``, with ``noun`` for readers. ``detail`` says what was
    left out of a list.
    """

    source_id: int
    url: str
    kind: SeedKind
    seed_key: str
    state: str
    nature: str = ""
    noun: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """The health of a source. ``checks`` are the last ones, oldest first. ``count`` is the number of all.

    ``versions`` counts those of its history. ``changed_at``: first sight of the newest change. ``waits_until``: the end
    of a wait that its server asked for. ``list_note``: what was left out of the last page of a list.
    ``empty``: why nothing came of it, None if something did.
    """

    source: Source
    group: str
    every: Every | None
    checks: tuple[Check, ...]
    count: int
    versions: int
    changed_at: datetime | None
    waits_until: datetime | None
    list_note: str = ""
    empty: EmptySource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNote:
    """The faults of a list: its address, the time of the page, the flags (``list-...``) and a sentence."""

    url: str
    at: datetime
    flags: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastState:
    """The state that the last check of a source met."""

    source_id: int
    url_key: str
    kind: SeedKind
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleAsOf:
    """An article as of an instant."""

    source_id: int
    url_key: str
    group: str
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """An article that changed since the reader last looked: its newest version, and the one seen last.

    ``kinds`` are those of all changes in between, ``score`` the highest of them, ``changes`` their number. ``place`` is
    the position of the newest version in the order of time.
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
class InboxFilter:
    """The filters of the inbox: any of these kinds, one host, a least score, the bounds of the first sight.

    ``everything``: also articles that were read, from their first version on. ``reader``: whose read marks count.
    """

    kinds: tuple[str, ...] = ()
    host: str | None = None
    least: float = 0.0
    since: datetime | None = None
    until: datetime | None = None
    everything: bool = False
    reader: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkError:
    """An exception that one capture or text caused: at which ``step``, and its ``cause`` with type and place.

    ``build`` identifies the code that raised it, ``url`` the address it is about.
    """

    url: str
    step: str
    cause: str
    build: str
    failed_at: datetime
