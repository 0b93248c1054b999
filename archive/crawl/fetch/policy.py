"""What the fetcher may do, as one frozen value, and who it says it is."""

from __future__ import annotations

import importlib.metadata
import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.urls import host_of
from db.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive.settings import Settings

MIB = 1 << 20
PRODUCT = "wirecopy"
"""The product token: first word of the User-Agent, and the name robots.txt files may address us by."""

_HIGHEST_PORT = 65_535
_PRINTABLE = re.compile(r"[\x20-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """Limits and permissions of all fetches of one run. Times in seconds, sizes in bytes.

    ``resolve`` maps host names (``news.example``, ``*.example``) to ``address:port`` and is at the same time the
    permission to connect there, whatever the address. ``allow_private`` opens loopback and private ranges for every
    visit. The certificates of hosts in ``tls_unverified`` (names, ``*.example``) are not checked, and the captures say
    so. ``lanes`` requests are under way at a time, ``per_address`` of them at one server. ``probe``: ask each site
    once a week for a page that cannot exist. Raises ``ConfigError`` when a mapping or the contact cannot be used.
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
            _read_target(pattern, target)
        if self.contact is not None and not _PRINTABLE.fullmatch(self.contact):
            raise ConfigError(f"contact: {self.contact!r} must be plain ASCII on one line, such as an e-mail address")

    @property
    def user_agent(self) -> str:
        """Who we say we are: ``wirecopy/0.1.0 (+mailto:desk@news.example)``."""
        contact = f" (+{self.contact})" if self.contact else ""
        return f"{PRODUCT}/{_version()}{contact}"

    def mapped(self, host: str) -> tuple[str, int] | None:
        """Give the (address, port) that settings name for ``host``; None when it is to be looked up."""
        for pattern, target in self.resolve:
            if _matches(pattern.lower(), host):
                return _read_target(pattern, target)
        return None

    def verifies(self, host: str) -> bool:
        """Tell whether ``host`` must show a certificate that somebody vouches for."""
        return not any(_matches(pattern.lower(), host) for pattern in self.tls_unverified)

    def may_ask(self, host: str) -> bool:
        """Tell whether ``host`` may be asked at all: anything with a contact, else only mapped hosts and loopback."""
        return self.contact is not None or self.mapped(host) is not None or _is_loopback(host)


def policy_from(settings: Settings) -> FetchPolicy:
    """Copy the part of ``settings`` that concerns the network. Raises ``ConfigError``."""
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
    """Raise ``ConfigError`` when one of the canonical ``urls`` is on the open web and no contact is set."""
    for url in urls:
        if not policy.may_ask(host_of(url)):
            raise ConfigError(
                f"contact is not set, and {host_of(url)} is on the open web: whoever runs a site must be able to reach "
                'whoever fetches it. Set contact = "you@example.org" in wirecopy.toml, or WIRECOPY_CONTACT'
            )


def _matches(pattern: str, host: str) -> bool:
    return host.endswith(pattern.removeprefix("*")) if pattern.startswith("*.") else host == pattern


def _read_target(pattern: str, target: str) -> tuple[str, int]:
    address, _, port = target.rpartition(":")
    try:
        number = int(port)
        numeric = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        number = -1
    if not 0 < number <= _HIGHEST_PORT:
        raise ConfigError(
            f"resolve: {pattern} = {target!r} must name a numeric address and a port, like 127.0.0.1:8080"
        )
    return str(numeric), number


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
