"""SSRF guard: look up a name once, check every IP address of the answer, and connect only to a checked address.

It is the network backend of the connection pool, below redirects and keep-alive, so no request can bypass it. There is
no second lookup, so a name that changes its answer between check and use gains nothing. TLS still verifies the name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

import httpcore

from archive.crawl.fetch.connection import Connection, connect
from archive.crawl.fetch.fetch_error import FetchError
from db.records import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive.crawl.fetch.policy import FetchPolicy

Lookup: TypeAlias = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""Maps host and port to IP addresses. Raises ``OSError`` if the name has none."""

Dial: TypeAlias = Callable[[str, int, float | None], Awaitable[Connection]]
"""Opens a connection to an IP address and port with a timeout in seconds, as ``connection.connect`` does."""

LOOKUP_SECONDS = 5.0
"""The timeout of a lookup. A visit that fails by it is repeated by the schedule."""

_LOOKUP_THREADS = 8  # getaddrinfo blocks; more threads would only queue at the resolver
_MAX_ADDRESSES = 3  # tried in turn, each with the connect timeout
_PORTS = frozenset({80, 443, 8080, 8443})

_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7"),
    )
)
# Python classifies these as global or not depending on its version: protocol assignments (one cloud's metadata service
# among them), 6to4 relays, documentation, and all IPv6 space that IANA has not allotted.
_RESERVED = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
# Services of clouds that hand out keys to whoever asks: inside private or public ranges, and never a news site. The
# usual one, 169.254.169.254, is link-local like 169.254.170.2 of containers, and so forbidden already.
_METADATA = tuple(
    map(
        ipaddress.ip_network,
        (
            "100.100.100.200/32",  # Alibaba Cloud
            "168.63.129.16/32",  # Azure
            "192.0.0.192/32",  # Oracle Cloud
            "fd00:ec2::/32",  # AWS: metadata at ::254, names at ::253, time at ::123, keys of pods at ::23
            "fd20:ce::254/128",  # Google Cloud
            "fd00:c1::a9fe:a9fe/128",  # Oracle Cloud
            "fd00:42::42/128",  # Scaleway
        ),
    )
)
_UNICAST = ipaddress.IPv6Network("2000::/3")
_IPV6 = 6
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


class AddressScope(StrEnum):
    """The scope of an IP address: ``public``, ``private`` (needs permission), ``forbidden`` (never)."""

    PUBLIC = "public"
    PRIVATE = "private"
    FORBIDDEN = "forbidden"


def address_scope(address: str) -> AddressScope:
    """Return the scope of an IP ``address``. An IPv4 address inside an IPv6 address decides its scope.

    By the IANA special-purpose registries (RFC 6890), link-local, multicast, documentation, unspecified and reserved
    addresses are forbidden even if private ones are allowed, and so are the metadata services of clouds. A mapped
    address (``::ffff:a.b.c.d``) has the scope of its IPv4 address. One tunnelled by NAT64, 6to4 or Teredo is
    public or forbidden, because no private network is reached that way.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return address_scope(str(ip.ipv4_mapped))
        tunnelled = _tunnelled(ip)
        if tunnelled:
            is_public = all(address_scope(inner) is AddressScope.PUBLIC for inner in tunnelled)
            return AddressScope.PUBLIC if is_public else AddressScope.FORBIDDEN
    if any(ip in network for network in _METADATA):
        return AddressScope.FORBIDDEN
    if any(ip in network for network in _PRIVATE):
        return AddressScope.PRIVATE
    is_allotted = ip.version != _IPV6 or ip in _UNICAST
    is_reserved = not ip.is_global or ip.is_multicast or any(ip in network for network in _RESERVED)
    return AddressScope.PUBLIC if is_allotted and not is_reserved else AddressScope.FORBIDDEN


def refusal_of(address: str, *, allow_private: bool) -> str:
    """Return the reason why nothing may be sent to an IP ``address``, a predicate; empty if it may.

    Raises ValueError if ``address`` is a name: look it up once, and check and use what it returned.
    """
    scope = address_scope(address)
    if scope is AddressScope.FORBIDDEN:
        return "is not an address of the public web"
    if scope is AddressScope.PRIVATE and not allow_private:
        return "is a private address; allow_private would permit it"
    return ""


def _tunnelled(ip: ipaddress.IPv6Address) -> tuple[str, ...]:
    if ip.sixtofour:
        return (str(ip.sixtofour),)
    if ip.teredo:
        return tuple(map(str, ip.teredo))
    if ip in _NAT64 or (ip in _COMPATIBLE and int(ip) > 1):
        return (str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)),)
    return ()


class Resolver:
    """The resolver of the system, on its own threads. A lookup that hangs blocks nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUP_THREADS, thread_name_prefix="lookup")

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        """Return every IP address of ``host``, in the order of the system. Raises ``OSError`` if it has none."""
        loop = asyncio.get_running_loop()
        answers = await loop.run_in_executor(self._threads, _getaddrinfo, host, port)
        return tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))

    def close(self) -> None:
        """Shut the threads down without waiting for a lookup that hangs."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _getaddrinfo(host: str, port: int) -> list[tuple[Any, ...]]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections for one origin, to checked IP addresses only. ``connection`` is the one opened last.

    ``lookup`` must answer within ``lookup_seconds``. ``dial`` opens a connection to a checked address.
    """

    def __init__(
        self,
        policy: FetchPolicy,
        lookup: Lookup,
        *,
        allow_private: bool,
        dial: Dial = connect,
        lookup_seconds: float = LOOKUP_SECONDS,
    ) -> None:
        self._policy = policy
        self._lookup = lookup
        self._allow_private = allow_private or policy.allow_private
        self._dial = dial
        self._lookup_seconds = lookup_seconds
        self.connection: Connection | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's signature)
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """Check all IP addresses of ``host``, then connect to the first one that answers."""
        clock = asyncio.get_running_loop().time
        lookup_start = clock()
        addresses, port = await self.checked_addresses(host, port)
        lookup_end = clock()
        for position, address in enumerate(addresses, start=1 - len(addresses)):
            try:
                self.connection = await self._dial(address, port, timeout)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if position == 0:  # the last address
                    raise
            else:
                self.connection.setup_seconds = (
                    ("dns", lookup_end - lookup_start),
                    ("connect", clock() - lookup_end),
                )
                return self.connection
        raise FetchError(Reason.DNS, f"{host} has no address")

    async def sleep(self, seconds: float) -> None:
        """Sleep as asyncio does. httpcore calls it between retries, which are off."""
        await asyncio.sleep(seconds)

    async def checked_addresses(self, host: str, port: int) -> tuple[tuple[str, ...], int]:
        """Return the IP addresses of ``host`` and the port to connect to. Raises ``FetchError`` if one is refused."""
        mapping = self._policy.mapped_address(host)
        if mapping:
            return (mapping[0],), mapping[1]
        addresses = await self._addresses(host, port)
        for address in addresses:
            self._check(host, address, port)
        return addresses[:_MAX_ADDRESSES], port

    async def _addresses(self, host: str, port: int) -> tuple[str, ...]:
        try:
            return (str(ipaddress.ip_address(host)),)
        except ValueError:
            pass
        try:
            return await asyncio.wait_for(self._lookup(host, port), self._lookup_seconds)
        except TimeoutError:
            raise FetchError(Reason.DNS, f"looking up {host} took longer than {self._lookup_seconds:g} s") from None
        except OSError as error:
            raise FetchError(Reason.DNS, f"{host}: {error.strerror or error}") from error

    def _check(self, host: str, address: str, port: int) -> None:
        label = address if host == address else f"{host} ({address})"
        reason = refusal_of(address, allow_private=self._allow_private)
        if reason:
            raise FetchError(Reason.REFUSED_ADDRESS, f"{label} {reason}")
        if address_scope(address) is AddressScope.PUBLIC and port not in _PORTS:
            raise FetchError(Reason.REFUSED_ADDRESS, f"{label}: port {port} is not a port of the web")
