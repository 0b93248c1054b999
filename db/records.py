"""The nouns of wirecopy: frozen values that every layer passes around. Standard library only.

Read this page and you know what the archive can talk about. Times end in ``_at`` and are aware UTC; digests are lower-case
hex sha256; offsets are character offsets, half open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime, timedelta

TEXT_MEDIA_TYPE = "application/vnd.wirecopy.text+json"
"""Content type of a payload that came as finished text (an import): JSON {text, title, byline, published_at, language}."""


class SeedKind(StrEnum):
    """What a row of the seed index points at."""

    ARTICLE = "article"
    FEED = "feed"
    SITEMAP = "sitemap"
    SECTION = "section"
    TIMEMAP = "timemap"
    FILE = "file"

    @property
    def expands(self) -> bool:
        """True for kinds whose own page is a list of articles, never an article."""
        return self is not SeedKind.ARTICLE


class Reason(StrEnum):
    """Why a visit brought no new whole page (gather). Closed list: DESIGN.md, Errors."""

    NOT_MODIFIED = "not_modified"
    REDIRECT_LOOP = "redirect_loop"
    MISSING_404 = "missing_404"
    GONE_410 = "gone_410"
    LEGAL_451 = "legal_451"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    RATE_LIMITED = "rate_limited"
    ROBOTS_DENIED = "robots_denied"
    TIMEOUT = "timeout"
    DNS = "dns"
    CONNECT = "connect"
    RESET = "reset"
    TLS = "tls"
    PROTOCOL = "protocol"
    TRUNCATED = "truncated"
    DECODE = "decode"
    TOO_LARGE = "too_large"
    UNEXPECTED_STATUS = "unexpected_status"
    BAD_URL = "bad_url"
    REFUSED_SCHEME = "refused_scheme"
    REFUSED_URL = "refused_url"
    REFUSED_ADDRESS = "refused_address"

    @property
    def retryable(self) -> bool:
        """True when another attempt may well succeed; decided by type, never by message text."""
        return self in _RETRYABLE


_RETRYABLE = frozenset(
    {
        Reason.SERVER_ERROR,
        Reason.RATE_LIMITED,
        Reason.TIMEOUT,
        Reason.DNS,
        Reason.CONNECT,
        Reason.RESET,
        Reason.TRUNCATED,
    }
)


class Verdict(StrEnum):
    """What a whole page turned out to be (derive). Only ``ok`` and ``live_blog`` may open a version."""

    OK = "ok"
    LIVE_BLOG = "live_blog"
    THIN = "thin"
    EMPTY = "empty"
    PAYWALL = "paywall"
    CHALLENGE = "challenge"
    CONSENT = "consent"
    LOGIN = "login"
    SOFT_404 = "soft_404"
    NEEDS_JS = "needs_js"
    NOT_HTML = "not_html"
    TOO_BIG = "too_big"
    TOO_DEEP = "too_deep"
    TIMEOUT = "timeout"
    ERROR = "error"

    @property
    def opens_version(self) -> bool:
        """True when a text with this verdict counts as what the article said."""
        return self in {Verdict.OK, Verdict.LIVE_BLOG}


class Cause(StrEnum):
    """Why a version exists."""

    FIRST = "first"
    CHANGED = "changed"
    REVERTED = "reverted"
    MOVED = "moved"
    RETURNED = "returned"
    RECIPE = "recipe"


class Kind(StrEnum):
    """What an edit did, as far as its words tell."""

    HEADLINE = "headline"
    NUMBER = "number"
    DATE = "date"
    MONEY = "money"
    QUOTATION = "quotation"
    ATTRIBUTION = "attribution"
    NAME = "name"
    HEDGE = "hedge"
    CORRECTION = "correction"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    WORDING = "wording"
    COSMETIC = "cosmetic"
    RESIDUE = "residue"


class Relation(StrEnum):
    """How two texts relate. ``possible`` is the honest middle; only the first four are copies."""

    EXACT = "exact"
    NEAR = "near"
    PARTIAL = "partial"
    REWORDED = "reworded"
    SAME_EVENT = "same_event"
    POSSIBLE = "possible"

    @property
    def is_copy(self) -> bool:
        """True when one text has it from the other."""
        return self in {Relation.EXACT, Relation.NEAR, Relation.PARTIAL, Relation.REWORDED}


# --- seeds -----------------------------------------------------------------------------------------------------------

Every: TypeAlias = "timedelta | Literal['auto', 'once']"
"""How often a source is checked: a fixed gap, ``auto`` (by how it changes), or ``once``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """One row of the seed index. ``key`` is ``group/name`` and identifies the seed across edits of its row."""

    key: str
    group: str
    name: str
    url: str
    kind: SeedKind = SeedKind.ARTICLE
    every: Every = "auto"
    note: str = ""
    language: str | None = None
    allow_private: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """Something wrong in the seed index: where, what was expected, and a corrected example."""

    file: str
    line: int
    problem: str
    expected: str
    example: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem}; expected {self.expected}, for example: {self.example}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """The index as read: every good row, and a complaint for each bad one."""

    seeds: tuple[Seed, ...]
    complaints: tuple[Complaint, ...] = ()


# --- gather ----------------------------------------------------------------------------------------------------------


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


# --- derive ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What extraction is given: one payload and the facts of the capture it came with."""

    payload: bytes
    url: str
    content_type: str = ""
    charset: str | None = None
    captured_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A span taken out of the extracted text: put ``text`` back at offset ``at`` of the cleaned text to undo it."""

    at: int
    text: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What one payload says under one recipe. ``text`` is the best body there is, whatever the verdict.

    ``title`` is the headline: what two of h1, og:title, JSON-LD agree on, else h1. ``published_at`` holds only dates the
    page declares. ``removed`` lists the residue taken out, in text order; ``origin`` the agency or credit lines found.
    """

    verdict: Verdict
    detail: str = ""
    title: str = ""
    text: str = ""
    byline: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    language: str | None = None
    site: str | None = None
    canonical_url: str | None = None
    removed: tuple[Removed, ...] = ()
    origin: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A distinct normalised text, stored once. ``sha256`` is taken over headline, blank line, body."""

    sha256: str
    title: str
    body: str
    language: str | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One capture of a source as derive sees it: when, in which state, and with which text (None: no text of its own)."""

    capture_id: int
    at: datetime
    reason: Reason | None = None
    verdict: Verdict | None = None
    text_sha256: str | None = None
    title: str = ""
    url: str = ""
    moved_to: str | None = None

    @property
    def state(self) -> str:
        """The capture's reason, else its verdict, else ``underived``."""
        return str(self.reason or self.verdict or "underived")

    @property
    def shows_text(self) -> bool:
        """True when this sighting may open or extend a version."""
        return self.text_sha256 is not None and self.verdict is not None and self.verdict.opens_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A maximal run of captures of one source with the same normalised text.

    ``number`` counts from 1 in today's history and may shift. ``kinds`` and ``score`` compare with the version before.
    """

    url: str
    number: int
    text_sha256: str
    title: str
    cause: Cause
    first_seen_at: datetime
    last_seen_at: datetime
    captures: int
    kinds: tuple[Kind, ...] = ()
    score: float = 0.0
    first_capture_id: int = 0
    last_capture_id: int = 0
    recorded_at: datetime | None = None
    superseded_at: datetime | None = None
    recipe_id: str = ""
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A run of checks that found one state that is not an article: how long, how often, and whether it is confirmed.

    A 410 is confirmed at once; a 404 when two checks at least a day apart agree.
    """

    state: str
    first_seen_at: datetime
    last_seen_at: datetime
    seen: int
    confirmed: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What one source said, and what else its checks met."""

    versions: tuple[Version, ...]
    stretches: tuple[Stretch, ...] = ()
    moves: tuple[tuple[datetime, str, str], ...] = ()
    captures: int = 0


# --- edits and copies ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One operation from an older text to a newer one. ``a`` and ``b`` are spans in the two texts.

    ``op`` is equal, insert, delete, replace or move; for a move both spans hold the passage.
    """

    op: Literal["equal", "insert", "delete", "replace", "move"]
    a: tuple[int, int]
    b: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How one text became another: the edits in order, their kinds, and a weight from 0 (nothing) to 1 (rewritten)."""

    edits: tuple[Edit, ...]
    kinds: tuple[Kind, ...]
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Two spans that say the same, with their likeness from 0 to 1 and the numbers and names they share."""

    a: tuple[int, int]
    b: tuple[int, int]
    similarity: float
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What comparing two texts gave, with the evidence; ``relation`` None means not linked (``because`` says why)."""

    relation: Relation | None
    score: float
    coverage: tuple[float, float]
    because: str
    longest_run: int = 0
    passages: tuple[Passage, ...] = ()
    residue: tuple[str, ...] = ()
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRef:
    """A version as people say it: an address and a number."""

    url: str
    version: int
    text_sha256: str = ""
    title: str = ""
    first_seen_at: datetime | None = None
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A relation between two versions. ``a`` is the earlier one as far as the archive knows, ``b`` the other."""

    a: VersionRef
    b: VersionRef
    relation: Relation
    score: float
    coverage: tuple[float, float]
    passages: tuple[Passage, ...] = ()
    because: str = ""
    longest_run: int = 0
    residue: tuple[str, ...] = ()
    method: str = ""


# --- runs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a run's table: what happened to one source."""

    url: str
    outcome: str
    versions: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one run did. ``counts`` maps words of the vocabulary (visits, captures, versions, links ...) to numbers."""

    run_id: int
    kind: str
    started_at: datetime
    finished_at: datetime
    counts: dict[str, int] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    changes: tuple[Version, ...] = ()

    @property
    def failed(self) -> int:
        """Sources that could not be fetched this time."""
        return self.counts.get("failed", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something verify or doctor found: what, where, and what to do next."""

    what: str
    where: str
    todo: str
