"""Cookies of one visit: kept for its own redirects and dropped with it (RFC 6265, sections 5.1 to 5.4).

Some sites set a cookie, redirect to the same page, and answer only who sends it back. Nothing is kept from one visit to
the next, so no site can recognize us.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from archive.formats.http_date import parse_http_date
from archive.urls import host_of, registered_domain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_MOST: Final = 50  # cookies of a visit
_LONGEST: Final = 4096  # characters of a name and value, as in browsers
_VALID: Final = re.compile(r"[\x20-\x3a\x3c-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class _Cookie:
    value: str
    host_only: bool
    secure: bool


class VisitCookies:
    """The cookies of one visit, by domain, path and name."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], _Cookie] = {}

    def store(self, url: str, lines: Iterable[str], now: datetime) -> None:
        """Keep the cookies in the ``Set-Cookie`` header ``lines`` of the response of ``url``.

        A cookie for another domain, for a public suffix, or that cannot be sent back as it is, is passed over. One
        that has expired at ``now`` is deleted.
        """
        for line in lines:
            pair, *attributes = line.split(";")
            name, equals, value = (part.strip() for part in pair.partition("="))
            if equals and name and len(name) + len(value) <= _LONGEST and _VALID.fullmatch(name + value):
                self._keep(url, name, value, _parse_attributes(attributes), now)

    def _keep(self, url: str, name: str, value: str, attributes: dict[str, str], now: datetime) -> None:
        host = host_of(url)
        domain = attributes.get("domain", "").lstrip(".").lower()
        if domain and not _may_set(host, domain):
            return
        path = attributes.get("path", "")
        key = domain or host, path if path.startswith("/") else _default_path(url), name
        self._cookies.pop(key, None)
        if not _is_expired(attributes, now) and len(self._cookies) < _MOST:
            self._cookies[key] = _Cookie(value, host_only=not domain, secure="secure" in attributes)

    def header(self, url: str) -> str | None:
        """Return the ``Cookie`` header for a request of ``url``, the longest paths first, or None without cookies."""
        if not self._cookies:
            return None
        host, parts = host_of(url), urlsplit(url)
        matching = [
            (path, f"{name}={cookie.value}")
            for (domain, path, name), cookie in self._cookies.items()
            if (host == domain or (not cookie.host_only and host.endswith(f".{domain}")))
            and _is_under(parts.path or "/", path)
            and (not cookie.secure or parts.scheme == "https")
        ]
        return "; ".join(pair for _, pair in sorted(matching, key=lambda match: -len(match[0]))) or None


def _parse_attributes(attributes: Iterable[str]) -> dict[str, str]:
    pairs = (attribute.partition("=") for attribute in attributes)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _may_set(host: str, domain: str) -> bool:
    """True if ``host`` may set a cookie for ``domain``: itself or a parent within its registered domain."""
    if host == domain:
        return True
    site = registered_domain(f"http://{host}/") if ":" not in host else host
    return host.endswith(f".{domain}") and (domain == site or domain.endswith(f".{site}"))


def _default_path(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[0] or "/"


def _is_under(path: str, parent: str) -> bool:
    return path == parent or (path.startswith(parent) and (parent.endswith("/") or path[len(parent)] == "/"))


def _is_expired(attributes: dict[str, str], now: datetime) -> bool:
    max_age = attributes.get("max-age", "")
    if re.fullmatch(r"-?[0-9]{1,12}", max_age):
        return int(max_age) <= 0
    expires = parse_http_date(attributes.get("expires", ""))
    return expires is not None and expires <= now
