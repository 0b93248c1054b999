"""The closed lists: every word a capture, a version or a link can be described with."""

from __future__ import annotations

from enum import StrEnum


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
