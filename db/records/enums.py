"""The closed lists of words that describe captures, versions and links."""

from __future__ import annotations

from enum import StrEnum


class SeedKind(StrEnum):
    """The kind of a source: of a row of the seed index, or of a page that is captured only as evidence."""

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
        """True for kinds a row of the index may have. Robots.txt files and soft-404 probes are captured as evidence."""
        return self not in {SeedKind.ROBOTS, SeedKind.PROBE}

    @property
    def is_list(self) -> bool:
        """True for kinds whose page is a list of articles, never an article."""
        return self is not SeedKind.ARTICLE


class PageForm(StrEnum):
    """Other forms of a page, captured in the same visit because the page itself may not show its text.

    ``rendered`` is the document that a browser made of the page.
    """

    AMP = "amp"
    PRINT = "print"
    RENDERED = "rendered"

    @property
    def flag(self) -> str:
        """The flag of a capture of this form."""
        return f"form-{self}"


class Reason(StrEnum):
    """Reasons why a visit brought no new whole page (gather). A closed list."""

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
    ERROR = "error"

    @property
    def is_retryable(self) -> bool:
        """True if another attempt may succeed. Decided by the reason, never by a message text."""
        return self in _RETRYABLE


_WHOLE_PAGE = frozenset({200, 202, 204, 205})  # 203 and 226 are transformations by a proxy, 206 is a part
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
    999: Reason.FORBIDDEN,  # not an HTTP status; LinkedIn and Yahoo answer it to robots
}


def reason_of_status(status: int, *, conditional: bool = True) -> Reason | None:
    """Return the reason for an HTTP ``status``, or None for a whole page (or a declared empty one).

    A 304 is valid only if the request was ``conditional``, that is, sent a validator. Otherwise it breaks the protocol.
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
    """Verdicts on a whole page (derive). Only ``ok`` and ``live_blog`` may open a version."""

    OK = "ok"
    LIVE_BLOG = "live_blog"
    THIN = "thin"
    EMPTY = "empty"
    PAYWALL = "paywall"
    CHALLENGE = "challenge"
    CONSENT = "consent"
    LOGIN = "login"
    SOFT_404 = "soft_404"
    UNAVAILABLE = "unavailable"
    NEEDS_JS = "needs_js"
    NOT_HTML = "not_html"
    NO_TEXT = "no_text"
    TOO_BIG = "too_big"
    TOO_DEEP = "too_deep"
    TIMEOUT = "timeout"
    ERROR = "error"

    @property
    def opens_version(self) -> bool:
        """True if a text with this verdict counts as a text of the article."""
        return self in {Verdict.OK, Verdict.LIVE_BLOG}


class Cause(StrEnum):
    """Causes of a version."""

    FIRST = "first"
    CHANGED = "changed"
    REVERTED = "reverted"
    MOVED = "moved"
    RETURNED = "returned"
    RECIPE = "recipe"


class Kind(StrEnum):
    """Kinds of edit, as far as the words show. ``residue``: boilerplate changed, not the article."""

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
    """Relations of two texts. Only the first four are copies. ``possible`` is undecided."""

    EXACT = "exact"
    NEAR = "near"
    PARTIAL = "partial"
    REWORDED = "reworded"
    SAME_EVENT = "same_event"
    POSSIBLE = "possible"

    @property
    def is_copy(self) -> bool:
        """True if one text was copied from the other."""
        return self in {Relation.EXACT, Relation.NEAR, Relation.PARTIAL, Relation.REWORDED}
