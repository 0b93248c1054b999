"""Records of gathering: sources, visits, outcomes, captures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.records.enums import Reason, SeedKind

if TYPE_CHECKING:
    from datetime import datetime

    from db.records.change_rate import Budget
    from db.records.core import Source, Visit
    from db.records.seeds import Every


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """The state of one source, as far as the plan needs it.

    ``etag`` and ``last_modified`` came with the last whole page from ``validators_url``. They are valid for that
    address alone, and for the Accept-Encoding of that request, ``validators_coding`` (None: not recorded).
    ``unmodified`` counts the 304s since that page. ``misled`` is True once a page changed although its validators did
    not. ``half_read`` is True for a list whose last page could not be read in full, and for a page of another kind than
    its row says: it is fetched in full, because a 304 would hide it. These three and ``parts`` speak against
    validators, and are known only of a source that has any.

    ``changes`` counts the edits seen, ``parts`` the pages of a multi-page article. ``is_listed`` is True for a row of
    the seed index, which a person wrote. ``budget`` is the number of visits a day that the source's whole group may
    cost. ``not_before_at`` is the end of a wait that its server or origin asked for.
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
    half_read: bool = False
    changes: int = 0
    parts: int = 1
    published_at: datetime | None = None
    budget: int | None = None
    is_listed: bool = False


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
    """One redirect: the address that answered, its status, its Location, and the head of its response.

    Status 200: the page sent its reader on by a refresh, and ``location`` is the whole address it named.
    """

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
class DiscoveredUrl:
    """A URL found in a feed, sitemap or section page. ``updated_at`` is the update time the list gives, if any."""

    url: str
    kind: SeedKind = SeedKind.ARTICLE
    title: str = ""
    updated_at: datetime | None = None
