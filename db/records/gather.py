"""Nouns of the network half: sources, visits, outcomes, captures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.records.words import Reason, SeedKind

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.seeds import Every


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One watched resource. ``same_as`` names the source whose history it belongs to (after a permanent redirect)."""

    id: int
    url: str
    url_key: str
    kind: SeedKind = SeedKind.ARTICLE
    seed_key: str | None = None
    found_at: datetime
    found_in: int | None = None
    retired_at: datetime | None = None
    same_as: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What the plan needs to know of one source."""

    source: Source
    every: Every = "auto"
    allow_private: bool = False
    language: str | None = None
    last_visit_at: datetime | None = None
    last_change_at: datetime | None = None
    last_reason: Reason | None = None
    failures: int = 0
    not_before_at: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One planned attempt on one source, and why now."""

    source_id: int
    url: str
    kind: SeedKind = SeedKind.ARTICLE
    because: str = ""
    etag: str | None = None
    last_modified: str | None = None
    language: str | None = None
    allow_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A source that is not due: why, and when it will be (None: never by itself)."""

    source_id: int
    url: str
    because: str
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which sources are visited now, in polite order, and why the rest wait."""

    visits: tuple[Visit, ...]
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One redirect followed: the address that answered, its status, and the Location it named."""

    url: str
    status: int
    location: str

    @property
    def permanent(self) -> bool:
        """True for 301 and 308."""
        return self.status in {301, 308}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the network answered. ``reason`` None means a whole page arrived; anything else says why not.

    ``payload`` is the entity after transfer and content decoding, charset untouched; it is kept for error pages too,
    and for a body that did not decode whole it holds the bytes as they came.
    """

    requested_url: str
    final_url: str
    started_at: datetime
    finished_at: datetime
    reason: Reason | None = None
    detail: str = ""
    status: int | None = None
    reason_phrase: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    hops: tuple[Hop, ...] = ()
    payload: bytes | None = None
    wire_sha256: str | None = None
    wire_length: int | None = None
    content_type: str = ""
    charset: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    retry_at: datetime | None = None
    ip: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """The kept record of a visit: immutable. ``revisit`` is true when the payload was already held, or for a 304.

    The natural key is (``url_key`` of the source, ``captured_at``, ``payload_sha256``). ``reason`` None: a whole page.
    ``provenance`` is ``live``, ``import:FILE`` or the archive it came from.
    """

    source_id: int
    url: str
    final_url: str
    captured_at: datetime
    finished_at: datetime | None = None
    reason: Reason | None = None
    detail: str = ""
    status: int | None = None
    reason_phrase: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    hops: tuple[Hop, ...] = ()
    payload_sha256: str | None = None
    payload_length: int | None = None
    wire_sha256: str | None = None
    wire_length: int | None = None
    content_type: str = ""
    charset: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    retry_at: datetime | None = None
    ip: str | None = None
    flags: tuple[str, ...] = ()
    revisit: bool = False
    provenance: str = "live"
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An article address found in a feed, sitemap or section page. ``updated_at`` is the list's own hint, if any."""

    url: str
    kind: SeedKind = SeedKind.ARTICLE
    title: str = ""
    updated_at: datetime | None = None
