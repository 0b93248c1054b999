"""Addresses: which two are the same, and which are never asked.

Parsing is ada's, an implementation of the WHATWG URL Standard, so that an address means here what it means in a
browser. On top stands our own small policy: no userinfo, http and https only, tracking keys and fragments removed, the
order of the other keys kept, the path never touched.
"""

from __future__ import annotations

import re

from ada_url import URL, HostType

from db.errors import BadInput
from db.records import Reason

_LONGEST = 8192  # characters; servers refuse request lines of 8 KiB and more
_LONGEST_HOST = 253  # RFC 1035: 255 octets on the wire
_LONGEST_LABEL = 63  # RFC 1035
_DEFAULT_PORTS = {"http:": "80", "https:": "443"}
_NO_HOST = re.compile(r"[\x00-\x20]*https?:[/\\]{3,}", re.IGNORECASE)
_HAS_SCHEME = re.compile(r"[\x00-\x20]*[a-z][a-z0-9+.-]*:", re.IGNORECASE)

TRACKING_PREFIXES = ("utm_", "mtm_", "piwik_", "hsa_")
"""Beginnings of query keys that only say how a reader came: campaign tags of several analytics programs."""

_TRACKING_KEYS = """
    fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid ysclid twclid ttclid igshid igsh li_fat_id epik rdt_cid
    mc_cid mc_eid mkt_tok _hsenc _hsmi vero_id oly_anon_id oly_enc_id wickedid sfmc_id _ga _gl __twitter_impression
    at_medium at_campaign ns_campaign ns_mchannel ns_source ns_linkname ns_fee pk_campaign pk_kwd xtor wt_mc ocid cmpid
    smid smtyp
"""
TRACKING_KEYS = frozenset(_TRACKING_KEYS.split())
"""Query keys (compared in lower case) that never choose what a page says: click ids and campaign names."""


class RefusedUrl(BadInput):
    """An address that will not be asked. ``reason`` is the fitting one: bad_url, refused_scheme or refused_url."""

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


def canonical_url(url: str) -> str:
    """Give the one spelling under which the archive knows ``url``; idempotent.

    Host and escapes as a browser writes them, default port, fragment (``#!`` excepted) and tracking keys dropped, the
    other keys in their order. Raises ``RefusedUrl`` (a ``BadInput``) that says what is wrong.
    """
    parsed = _parse(url)
    fragment = parsed.hash if parsed.hash.startswith("#!") else ""
    return f"{_root(parsed)}{parsed.pathname}{_kept_query(parsed.search)}{fragment}"


def fetchable_url(url: str, base: str | None = None) -> str:
    """Give the address to send a request to: absolute (joined to ``base``), without fragment, otherwise as named.

    Unlike ``canonical_url`` it keeps tracking keys: a redirect target is asked exactly as the server named it. Raises
    ``RefusedUrl``.
    """
    parsed = _parse(url, base)
    return f"{_root(parsed)}{parsed.pathname}{parsed.search}"


def url_key(url: str) -> str:
    """Give the sortable key of ``url``: ``example,daily,)/news/a?x=1`` for ``https://www.daily.example/news/a?x=1``.

    After SURT (Sort-friendly URI Reordering Transform): labels from the right, so that a site's pages stand together.
    The scheme, a leading ``www.`` and tracking keys make no difference; a port does unless it is the default. Unlike
    SURT it keeps the case of path and query. Raises ``RefusedUrl``.
    """
    parsed = _parse(canonical_url(url))
    port = f":{parsed.port}" if parsed.port else ""
    return f"{_reversed_host(parsed)}{port}){parsed.pathname}{parsed.search}{parsed.hash}"


def origin_of(url: str) -> str:
    """Give ``scheme://host:port`` with the port always written. Raises ``RefusedUrl``."""
    parsed = _parse(url)
    return f"{parsed.protocol}//{parsed.hostname}:{parsed.port or _DEFAULT_PORTS[parsed.protocol]}"


def host_of(url: str) -> str:
    """Give the host of ``url`` in lower-case ASCII, an IPv6 address without brackets. Raises ``RefusedUrl``."""
    return _parse(url).hostname.strip("[]")


def registered_domain(url: str) -> str:
    """Give the part of the host that one registrant answers for: ``daily.co.uk`` for ``https://amp.daily.co.uk/a``.

    By the Public Suffix List (publicsuffix.org) in the copy that the library tld carries, its private part included:
    two blogs of one host are two. Under a suffix that is not on the list it is the last two labels, as the list itself
    rules; a numeric address is its own domain. Raises ``RefusedUrl``.
    """
    from tld import get_tld  # reading its list takes 70 ms, which most verbs can do without

    parsed = _parse(url)
    host = parsed.hostname
    if parsed.host_type != HostType.DEFAULT:
        return host
    labels = host.split(".")
    # The list is written in Unicode, and an address in ASCII.
    readable = ".".join(_readable(label) for label in labels)
    suffix = get_tld(f"//{readable}", fix_protocol=True, fail_silently=True, search_private=True)
    size = 1 if suffix is None else str(suffix).count(".") + 1
    return ".".join(labels[-size - 1 :])


def _readable(label: str) -> str:
    return label.removeprefix("xn--").encode("ascii").decode("punycode") if label.startswith("xn--") else label


def _parse(url: str, base: str | None = None) -> URL:
    if len(url) > _LONGEST:
        raise RefusedUrl(f"the address has {len(url)} characters, more than {_LONGEST}", Reason.BAD_URL)
    if base is None and not _HAS_SCHEME.match(url):
        raise RefusedUrl(f"{url!r} is not a whole address; write it like https://news.example/page", Reason.BAD_URL)
    if _NO_HOST.match(url):
        raise RefusedUrl(f"{url!r} names no host", Reason.BAD_URL)
    try:
        parsed = URL(url, base)
    except ValueError:
        raise RefusedUrl(f"{url!r} cannot be read as an address", Reason.BAD_URL) from None
    _check_policy(parsed, url)
    return parsed


def _check_policy(parsed: URL, url: str) -> None:
    if parsed.protocol not in _DEFAULT_PORTS:
        raise RefusedUrl(f"{url!r}: only http and https are fetched, not {parsed.protocol}", Reason.REFUSED_SCHEME)
    if parsed.username or parsed.password:
        raise RefusedUrl(f"an address on {parsed.hostname} carries a user name or password", Reason.REFUSED_URL)
    if parsed.host_type == HostType.DEFAULT:
        parsed.hostname = parsed.hostname.removesuffix(".")
        if not _is_host_name(parsed.hostname):
            raise RefusedUrl(f"{url!r}: {parsed.hostname!r} is no host name", Reason.BAD_URL)


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


def _kept_query(search: str) -> str:
    pieces = search.removeprefix("?").split("&")
    kept = [piece for piece in pieces if not _is_tracking(piece)]
    return f"?{'&'.join(kept)}" if any(kept) else ""


def _is_tracking(piece: str) -> bool:
    key = piece.partition("=")[0].lower()
    return key.startswith(TRACKING_PREFIXES) or key in TRACKING_KEYS
