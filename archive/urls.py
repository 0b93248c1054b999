"""URLs: the canonical form, the sortable key, and the policy of what may be fetched.

ada parses by the WHATWG URL Standard, so a URL means the same as in a browser. Our own policy is small: no user name or
password, http and https only, escapes in one spelling (RFC 3986, section 6.2.2), tracking keys and fragments removed,
other keys in their order. Every function here takes any text and raises nothing but ``RefusedUrl``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ada_url import URL, HostType

from db.errors import BadInput
from db.records import Reason
from db.url_escapes import normalize_escapes

_LONGEST = 8192  # characters; servers reject request lines of 8 KiB and more
_LONGEST_HOST = 253  # RFC 1035: 255 octets on the wire
_LONGEST_LABEL = 63  # RFC 1035
_DEFAULT_PORTS = {"http:": "80", "https:": "443"}
_NO_HOST = re.compile(r"[\x00-\x20]*https?:[/\\]{3,}", re.IGNORECASE)
_HAS_SCHEME = re.compile(r"[\x00-\x20]*[a-z][a-z0-9+.-]*:", re.IGNORECASE)

TRACKING_PREFIXES = ("utm_", "mtm_", "piwik_", "hsa_")
"""Prefixes of query keys that track the reader: campaign tags of several analytics programs."""

_TRACKING_KEYS = """
    fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid ysclid twclid ttclid igshid igsh li_fat_id epik rdt_cid
    mc_cid mc_eid mkt_tok _hsenc _hsmi vero_id oly_anon_id oly_enc_id wickedid sfmc_id _ga _gl __twitter_impression
    at_medium at_campaign ns_campaign ns_mchannel ns_source ns_linkname ns_fee pk_campaign pk_kwd xtor wt_mc ocid cmpid
    smid smtyp
"""
TRACKING_KEYS = frozenset(_TRACKING_KEYS.split())
"""Query keys (in lower case) that do not change the content of a page: click ids and campaign names."""


class RefusedUrl(BadInput):
    """A URL that is not fetched. ``reason`` is bad_url, refused_scheme or refused_url."""

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


def canonical_url(url: str) -> str:
    """Return the canonical form of ``url`` in the archive. It is idempotent, and every other function here accepts it.

    The host is as a browser writes it, escapes are as ``normalize_escapes`` writes them. The default port, the fragment
    (except ``#!``) and tracking keys are dropped, other keys keep their order. Raises ``RefusedUrl`` (a ``BadInput``)
    with the problem.
    """
    parsed = _parse(url)
    fragment = normalize_escapes(parsed.hash) if parsed.hash.startswith("#!") else ""
    query = _query_without_tracking(normalize_escapes(parsed.search))
    return _within_limit(f"{_root(parsed)}{normalize_escapes(parsed.pathname)}{query}{fragment}")


def fetchable_url(url: str, base: str | None = None) -> str:
    """Return the URL to send a request to: absolute (resolved against ``base``), without the fragment.

    Unlike ``canonical_url`` it keeps tracking keys and the spelling of escapes, because a redirect target must be
    requested exactly as the server gave it. Raises ``RefusedUrl``.
    """
    parsed = _parse(url, base)
    return _within_limit(f"{_root(parsed)}{parsed.pathname}{parsed.search}")


@lru_cache(maxsize=1_024)  # a page's key is asked for some ten times in a row
def url_key(url: str) -> str:
    """Return the sortable key of ``url``: ``example,daily,)/news/a?x=1`` for ``https://www.daily.example/news/a?x=1``.

    Based on SURT (Sort-friendly URI Reordering Transform): host labels in reverse, so the pages of a site sort
    together. The scheme, a leading ``www.``, tracking keys and a default port make no difference. Unlike SURT it keeps
    the case of path and query. Raises ``RefusedUrl``.
    """
    parsed = _parse(canonical_url(url))
    port = f":{parsed.port}" if parsed.port else ""
    return f"{_reversed_host(parsed)}{port}){parsed.pathname}{parsed.search}{parsed.hash}"


def site_of(url: str) -> str:
    """Return the host part of the ``url_key``, ``example,daily,)``: the same with and without ``www.`` or TLS."""
    return f"{url_key(url).partition(')')[0]})"


def origin_of(url: str) -> str:
    """Return ``scheme://host:port``, always with the port. Raises ``RefusedUrl``."""
    parsed = _parse(url)
    return f"{parsed.protocol}//{parsed.hostname}:{parsed.port or _DEFAULT_PORTS[parsed.protocol]}"


def host_of(url: str) -> str:
    """Return the host of ``url`` in lower-case ASCII, an IPv6 address without brackets. Raises ``RefusedUrl``."""
    return _parse(url).hostname.strip("[]")


def registered_domain(url: str) -> str:
    """Return the registered domain of the host: ``daily.co.uk`` for ``https://amp.daily.co.uk/a``.

    By the Public Suffix List (publicsuffix.org) in the copy of the library tld, including its private part, so two
    blogs of one host have two domains. If the suffix is not on the list, the domain is the last two labels, by the
    rules of the list. A numeric address is its own domain. Raises ``RefusedUrl``.
    """
    from tld import get_tld  # reading its list takes 70 ms, and most verbs do not need it

    parsed = _parse(url)
    host = parsed.hostname
    if parsed.host_type != HostType.DEFAULT:
        return host
    labels = host.split(".")
    # The list is in Unicode, the host in ASCII.
    unicode_host = ".".join(_to_unicode(label) for label in labels)
    suffix = get_tld(f"//{unicode_host}", fix_protocol=True, fail_silently=True, search_private=True)
    size = 1 if suffix is None else str(suffix).count(".") + 1
    return ".".join(labels[-size - 1 :])


def _to_unicode(label: str) -> str:
    return label.removeprefix("xn--").encode("ascii").decode("punycode") if label.startswith("xn--") else label


def _parse(url: str, base: str | None = None) -> URL:
    _within_limit(url)
    if base is None and not _HAS_SCHEME.match(url):
        raise RefusedUrl(f"{url!r} is not a whole address; write it like https://news.example/page", Reason.BAD_URL)
    if _NO_HOST.match(url):
        raise RefusedUrl(f"{url!r} has no host", Reason.BAD_URL)
    try:
        parsed = URL(url, base)
        _check_policy(parsed, url)
    except RefusedUrl:
        raise
    except ValueError:
        raise RefusedUrl(f"{url!r} is not a valid address", Reason.BAD_URL) from None
    return parsed


def _within_limit(url: str) -> str:
    """Return ``url`` unless it is too long: escapes take up to nine times the length of what they stand for."""
    if len(url) > _LONGEST:
        raise RefusedUrl(f"the address has {len(url)} characters, more than {_LONGEST}", Reason.BAD_URL)
    return url


def _check_policy(parsed: URL, url: str) -> None:
    if parsed.protocol not in _DEFAULT_PORTS:
        raise RefusedUrl(f"{url!r}: only http and https are fetched, not {parsed.protocol}", Reason.REFUSED_SCHEME)
    if parsed.username or parsed.password:
        raise RefusedUrl(f"an address on {parsed.hostname} contains a user name or password", Reason.REFUSED_URL)
    if parsed.host_type == HostType.DEFAULT:
        name = parsed.hostname.removesuffix(".")
        if not _is_host_name(name):
            raise RefusedUrl(f"{url!r}: {parsed.hostname!r} is not a valid host name", Reason.BAD_URL)
        parsed.hostname = name


def _is_host_name(host: str) -> bool:
    return 0 < len(host) <= _LONGEST_HOST and all(_is_label(label) for label in host.split("."))


def _is_label(label: str) -> bool:
    if not 0 < len(label) <= _LONGEST_LABEL:
        return False
    if not label.startswith("xn--"):
        return True
    try:
        decoded = label.removeprefix("xn--").encode("ascii").decode("punycode")
    except UnicodeError:
        return False
    return decoded.isprintable() and not decoded.isascii()


def _root(parsed: URL) -> str:
    return f"{parsed.protocol}//{parsed.host}"


def _reversed_host(parsed: URL) -> str:
    if parsed.host_type != HostType.DEFAULT:
        return parsed.hostname
    labels = parsed.hostname.removeprefix("www.").split(".")
    return "".join(f"{label}," for label in reversed(labels))


def _query_without_tracking(search: str) -> str:
    pairs = [pair for pair in search.removeprefix("?").split("&") if not _is_tracking(pair)]
    return f"?{'&'.join(pairs)}" if any(pairs) else ""


def _is_tracking(pair: str) -> bool:
    key = pair.partition("=")[0].lower()
    return key.startswith(TRACKING_PREFIXES) or key in TRACKING_KEYS
