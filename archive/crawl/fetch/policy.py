"""Fetch policy: limits and permissions of the fetcher as one frozen value, and the User-Agent."""

from __future__ import annotations

import importlib.metadata
import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.urls import RefusedUrl, host_of
from db.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive.settings import Settings

MIB = 1 << 20
PRODUCT = "wirecopy"
"""The product token: the first word of the User-Agent, and our name in robots.txt files."""

_HIGHEST_PORT = 65_535
_PRINTABLE = re.compile(r"[\x20-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """Limits and permissions of all fetches of one run. Times in seconds, sizes in bytes.

    ``resolve`` maps host names (``news.example``, ``*.example``) to ``address:port``. A mapping is also the permission
    to connect there, whatever the address. ``allow_private`` permits loopback and private ranges for every visit. The
    certificates of hosts in ``tls_unverified`` (names, ``*.example``) are not verified, and the captures are flagged.
    ``lanes`` is the limit of requests at a time, ``per_address`` the limit at one server. ``probe`` enables the weekly
    soft-404 probe of each site. Raises ``ConfigError`` if a mapping or the contact is not valid.
    """

    contact: str | None = None
    resolve: tuple[tuple[str, str], ...] = ()
    allow_private: bool = False
    tls_unverified: tuple[str, ...] = ()
    min_gap: float = 1.0
    deadline: float = 60.0
    max_wire: int = 10 * MIB
    max_payload: int = 20 * MIB
    lanes: int = 32
    per_address: int = 4
    probe: bool = False

    def __post_init__(self) -> None:
        for pattern, target in self.resolve:
            _parse_target(pattern, target)
        if self.contact is not None and not _PRINTABLE.fullmatch(self.contact):
            raise ConfigError(f"contact: {self.contact!r} must be plain ASCII on one line, such as an e-mail address")

    @property
    def user_agent(self) -> str:
        """The User-Agent header: ``wirecopy/0.1.0 (+mailto:desk@news.example)``."""
        contact = f" (+{self.contact})" if self.contact else ""
        return f"{PRODUCT}/{_version()}{contact}"

    def mapped_address(self, host: str) -> tuple[str, int] | None:
        """Return the (address, port) the settings map ``host`` to, or None if the name must be looked up."""
        for pattern, target in self.resolve:
            if _matches(pattern.lower(), host):
                return _parse_target(pattern, target)
        return None

    def mapped_addresses(self) -> tuple[tuple[str, int], ...]:
        """Return every (address, port) that the settings map a host to."""
        return tuple(_parse_target(pattern, target) for pattern, target in self.resolve)

    def verifies_certificate(self, host: str) -> bool:
        """True if ``host`` must have a certificate from a trusted authority."""
        return not any(_matches(pattern.lower(), host) for pattern in self.tls_unverified)

    def is_allowed(self, host: str) -> bool:
        """True if ``host`` may be requested: any host if a contact is set, else only mapped hosts and loopback."""
        return self.contact is not None or self.mapped_address(host) is not None or _is_loopback(host)


def policy_from(settings: Settings) -> FetchPolicy:
    """Return the network part of ``settings`` as a policy. Raises ``ConfigError``."""
    return FetchPolicy(
        contact=settings.contact,
        resolve=settings.resolve,
        allow_private=settings.allow_private,
        tls_unverified=settings.tls_unverified,
        min_gap=settings.min_gap,
        deadline=settings.deadline,
        max_wire=settings.max_wire,
        max_payload=settings.max_payload,
        lanes=settings.lanes,
        per_address=settings.per_address,
        probe=settings.probe,
    )


def require_contact(policy: FetchPolicy, urls: Iterable[str]) -> None:
    """Raise ``ConfigError`` if one of the canonical ``urls`` is on the open web and no contact is set."""
    for url in urls:
        try:
            host = host_of(url)
        except RefusedUrl:  # the fetcher refuses it again and records why
            continue
        if not policy.is_allowed(host):
            raise ConfigError(
                f"contact is not set, and {host} is on the open web. The people who run a site must be able "
                'to reach you. Set contact = "you@example.org" in wirecopy.toml, or WIRECOPY_CONTACT'
            )


def _matches(pattern: str, host: str) -> bool:
    return host.endswith(pattern.removeprefix("*")) if pattern.startswith("*.") else host == pattern


def _parse_target(pattern: str, target: str) -> tuple[str, int]:
    host, _, port_text = target.rpartition(":")
    try:
        port = int(port_text)
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        port = -1
    if not 0 < port <= _HIGHEST_PORT:
        raise ConfigError(
            f"resolve: {pattern} = {target!r} must name a numeric address and a port, like 127.0.0.1:8080"
        )
    return str(address), port


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _version() -> str:
    try:
        return importlib.metadata.version(PRODUCT)
    except importlib.metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return "0"
