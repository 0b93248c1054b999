"""The address guard: a name is looked up once, every answer is checked, and only a checked address is connected to.

It sits in the network backend of the connection pool, below redirects and keep-alive, so no request can pass beside it
and a name that changes its answer between check and use has no second lookup to win. TLS still verifies the name.
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
"""Host and port to numeric addresses; raises ``OSError`` when the name has none."""

Dial: TypeAlias = Callable[[str, int, float | None], Awaitable[Connection]]
"""Numeric address, port and seconds to a connection, as ``connection.connect`` gives it."""

LOOKUP_SECONDS = 5.0
"""A resolver that has not answered by then is asked again when the schedule says so."""

_LOOKUP_THREADS = 8  # getaddrinfo blocks; more threads would only queue at the resolver
_MOST_ADDRESSES = 3  # tried in turn, each with the connect timeout
_PORTS = frozenset({80, 443, 8080, 8443})

_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7"),
    )
)
# Whether Python calls these global depends on its version: protocol assignments (one cloud's metadata among them), 6to4
# relays, documentation, and all IPv6 space that IANA has allotted to nobody.
_RESERVED = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
_UNICAST = ipaddress.IPv6Network("2000::/3")
_SIX = 6
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


class AddressScope(StrEnum):
    """Where an address lies: ``public``, ``private`` (needs permission), ``forbidden`` (never)."""

    PUBLIC = "public"
    PRIVATE = "private"
    FORBIDDEN = "forbidden"


def address_scope(address: str) -> AddressScope:
    """Tell where a numeric ``address`` lies. IPv4 inside IPv6 is judged by what is inside.

    After the IANA special-purpose registries (RFC 6890): link-local, multicast, documentation, unspecified and reserved
    addresses are forbidden even when private ones are allowed. A mapped address (``::ffff:a.b.c.d``) is its IPv4 self;
    one tunnelled by NAT64, 6to4 or Teredo is public or forbidden, for no private network is reached that way.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return address_scope(str(ip.ipv4_mapped))
        inner = _tunnelled(ip)
        if inner:
            return (
                AddressScope.PUBLIC
                if all(address_scope(each) is AddressScope.PUBLIC for each in inner)
                else AddressScope.FORBIDDEN
            )
    if any(ip in network for network in _PRIVATE):
        return AddressScope.PRIVATE
    allotted = ip.version != _SIX or ip in _UNICAST
    reserved = not ip.is_global or ip.is_multicast or any(ip in network for network in _RESERVED)
    return AddressScope.PUBLIC if allotted and not reserved else AddressScope.FORBIDDEN


def _tunnelled(ip: ipaddress.IPv6Address) -> tuple[str, ...]:
    if ip.sixtofour:
        return (str(ip.sixtofour),)
    if ip.teredo:
        return tuple(map(str, ip.teredo))
    if ip in _NAT64 or (ip in _COMPATIBLE and int(ip) > 1):
        return (str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)),)
    return ()


class Resolver:
    """The system's resolver on threads of its own, so that a hanging lookup never starves anything else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUP_THREADS, thread_name_prefix="lookup")

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        """Give every address of ``host``, in the system's order. Raises ``OSError`` when it has none."""
        loop = asyncio.get_running_loop()
        ask = loop.run_in_executor(self._threads, _getaddrinfo, host, port)
        return tuple(dict.fromkeys(str(answer[4][0]) for answer in await ask))

    def close(self) -> None:
        """Let the threads go without waiting for a lookup that hangs."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _getaddrinfo(host: str, port: int) -> list[tuple[Any, ...]]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections for one origin, to checked addresses only. ``connection`` is the one opened last.

    ``lookup`` has ``lookup_seconds`` to answer. ``dial`` opens what was checked.
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
        """Connect to the first address of ``host`` that answers, all of them having been checked."""
        clock = asyncio.get_running_loop().time
        began = clock()
        addresses, port = await self._checked(host, port)
        known = clock()
        for last, address in enumerate(addresses, start=1 - len(addresses)):
            try:
                self.connection = await self._dial(address, port, timeout)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if last == 0:
                    raise
            else:
                self.connection.opening = (("dns", known - began), ("connect", clock() - known))
                return self.connection
        raise FetchError(Reason.DNS, f"{host} has no address")

    async def sleep(self, seconds: float) -> None:
        """Sleep as asyncio does; httpcore waits so between retries, which are off."""
        await asyncio.sleep(seconds)

    async def _checked(self, host: str, port: int) -> tuple[tuple[str, ...], int]:
        mapped = self._policy.mapped(host)
        if mapped:
            return (mapped[0],), mapped[1]
        addresses = await self._addresses(host, port)
        for address in addresses:
            self._check(host, address, port)
        return addresses[:_MOST_ADDRESSES], port

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
        reach = address_scope(address)
        named = address if host == address else f"{host} ({address})"
        if reach is AddressScope.PRIVATE and self._allow_private:
            return
        if reach is AddressScope.PRIVATE:
            raise FetchError(Reason.REFUSED_ADDRESS, f"{named} is a private address; allow_private would permit it")
        if reach is AddressScope.FORBIDDEN:
            raise FetchError(Reason.REFUSED_ADDRESS, f"{named} is no address of the web")
        if port not in _PORTS:
            raise FetchError(Reason.REFUSED_ADDRESS, f"{named}: port {port} is not a port of the web")
