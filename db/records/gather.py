"""Records of gathering: sources, visits, outcomes, captures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.records.enums import Reason, SeedKind

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.change_rate import Budget
    from db.records.seeds import Every


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One watched resource. ``same_as`` is the source whose history it belongs to (after a permanent redirect)."""

    id: int
    url: str
    url_key: str
    kind: SeedKind = SeedKind.ARTICLE
    seed_key: str | None = None
    found_at: datetime
    found_in: int | None = None
    retired_at: datetime | None = None
    same_as: int | None = None
    hinted_at: datetime | None = None
    """The newest instant at which a list says this page was updated, or None if no list says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """The state of one source, as far as the plan needs it.

    ``etag`` and ``last_modified`` came with the last whole page from ``validators_url``. They are valid for that
    address alone, and for the Accept-Encoding of that request, ``validators_coding`` (None: not recorded).
    ``unmodified`` counts the 304s since that page. ``misled`` is True once a page changed although its validators did
    not.

    ``changes`` counts the edits seen, ``parts`` the pages of a multi-page article. ``budget`` is the number of visits a
    day that the source's whole group may cost. ``not_before_at`` is the end of a wait that its server or origin asked
    for.
    """

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
    validators_url: str | None = None
    validators_coding: str | None = None
    unmodified: int = 0
    misled: bool = False
    changes: int = 0
    parts: int = 1
    published_at: datetime | None = None
    budget: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One planned attempt on one source, and the reason. Without ``etag`` and ``last_modified`` it is unconditional.

    The validators are sent to ``validators_url`` alone (None: to ``url``), never to another address of a redirect
    chain, and only with the Accept-Encoding ``validators_coding`` (None: with any). ``replays``: the request goes to a
    web archive, whose answer is the recorded one, also if it is a redirect or a 304. ``due_at``: since when it is due.
    """

    source_id: int
    url: str
    kind: SeedKind = SeedKind.ARTICLE
    because: str = ""
    etag: str | None = None
    last_modified: str | None = None
    validators_url: str | None = None
    validators_coding: str | None = None
    language: str | None = None
    allow_private: bool = False
    replays: bool = False
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSource:
    """A source that is not due, the reason, and the instant it will be due (None: never by itself)."""

    source_id: int
    url: str
    because: str
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The visits to make now, in polite order, the sources that wait, and the state of the groups' budgets."""

    visits: tuple[Visit, ...]
    waiting: tuple[WaitingSource, ...] = ()
    budgets: tuple[Budget, ...] = ()

    def is_due(self, source_id: int) -> bool:
        """True if a source is visited now."""
        return any(visit.source_id == source_id for visit in self.visits)

    def due_at(self, source_id: int) -> datetime | None:
        """Return when a source is due or was; None: never by itself, or it is not watched."""
        sources: tuple[Visit | WaitingSource, ...] = (*self.visits, *self.waiting)
        return next((source.due_at for source in sources if source.source_id == source_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The details of one request that a faithful WARC/1.1 record needs beyond the response.

    ``request`` has the header pairs as sent, in order. ``tls`` is empty for plain HTTP, else version, cipher, ALPN and
    the certificate's sha256. ``seconds`` has the durations of dns, connect, tls, first_byte and total.
    """

    http_version: str = "HTTP/1.1"
    request: tuple[tuple[str, str], ...] = ()
    port: int | None = None
    tls: tuple[tuple[str, str], ...] = ()
    seconds: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One redirect: the address that answered, its status, its Location, and the head of its response."""

    url: str
    status: int
    location: str
    reason_phrase: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    at: datetime | None = None
    ip: str | None = None

    @property
    def is_permanent(self) -> bool:
        """True for 301 and 308."""
        return self.status in {301, 308}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The answer of the network. ``reason`` None: a whole page arrived. Otherwise it says why not.

    ``payload`` is the body after transfer and content decoding, charset untouched. Error pages have one too. A body
    that could not be decoded is kept as received.
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
    exchange: Exchange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """The state of one origin that is stored between runs, so that a restart is as polite as one long run.

    ``origin`` is scheme, host and port. ``delay`` is the learned gap between two requests and ``latency`` the moving
    mean of its response times, in seconds. ``clean`` counts the responses since it last asked us to slow down. Nothing
    is requested before ``paused_until_at``. ``robots_failing_since_at``: since then its robots.txt could not be fetched
    (RFC 9309: closed, and after 30 days as if there were none). ``probed_at``: the last request for a page that cannot
    exist. ``answered_at``: its last response, from which the next gap counts.
    """

    origin: str
    delay: float = 0.0
    latency: float = 0.0
    clean: int = 0
    paused_until_at: datetime | None = None
    robots_failing_since_at: datetime | None = None
    probed_at: datetime | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """The stored record of a visit, immutable. ``revisit`` is True if the payload was stored already, or for a 304.

    The natural key is (``url_key`` of the source, ``captured_at``, ``payload_sha256``). ``reason`` None: a whole page.
    ``provenance`` is ``live``, ``import:FILE`` or the archive it came from. The further pages of a multi-page article
    are captures of the same source and visit: ``part`` 2, 3 ... of the capture ``part_of``.
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
    exchange: Exchange | None = None
    revisit: bool = False
    provenance: str = "live"
    part: int = 1
    part_of: int | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveredUrl:
    """A URL found in a feed, sitemap or section page. ``updated_at`` is the update time the list gives, if any."""

    url: str
    kind: SeedKind = SeedKind.ARTICLE
    title: str = ""
    updated_at: datetime | None = None
