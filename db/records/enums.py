"""The closed lists: every word a capture, a version or a link can be described with."""

from __future__ import annotations

from enum import StrEnum


class SeedKind(StrEnum):
    """What a row of the seed index points at, and the two kinds of page that are only asked for along the way."""

    ARTICLE = "article"
    FEED = "feed"
    SITEMAP = "sitemap"
    SECTION = "section"
    TIMEMAP = "timemap"
    FILE = "file"
    ROBOTS = "robots"
    PROBE = "probe"

    @property
    def is_listable(self) -> bool:
        """True for kinds a row of the index may name; robots.txt files and soft-404 probes are kept as evidence."""
        return self not in {SeedKind.ROBOTS, SeedKind.PROBE}

    @property
    def is_list(self) -> bool:
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
    def is_retryable(self) -> bool:
        """True when another attempt may well succeed; decided by type, never by message text."""
        return self in _RETRYABLE


_WHOLE_PAGE = frozenset({200, 202, 204, 205})  # 203 and 226 are somebody's transformation of it, 206 a part
_NOT_MODIFIED = 304
_CLIENT_ERRORS = range(400, 500)
_SERVER_ERRORS = range(500, 600)
_BY_STATUS = {
    401: Reason.UNAUTHORIZED,
    403: Reason.FORBIDDEN,
    404: Reason.MISSING_404,
    410: Reason.GONE_410,
    429: Reason.RATE_LIMITED,
    451: Reason.LEGAL_451,
    999: Reason.FORBIDDEN,  # no status of HTTP, but what LinkedIn and Yahoo answer to robots
}


def reason_of_status(status: int, *, conditional: bool = True) -> Reason | None:
    """The reason an HTTP ``status`` stands for; None for a whole page (or openly none).

    A 304 means something only to who was ``conditional``, that is sent a validator; to others it breaks the protocol.
    """
    if status in _WHOLE_PAGE:
        return None
    if status == _NOT_MODIFIED:
        return Reason.NOT_MODIFIED if conditional else Reason.PROTOCOL
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status in _CLIENT_ERRORS:
        return Reason.CLIENT_ERROR
    return Reason.SERVER_ERROR if status in _SERVER_ERRORS else Reason.UNEXPECTED_STATUS


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
