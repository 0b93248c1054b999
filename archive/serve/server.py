"""The HTTP server around the application: uvicorn in one process, with limits on idle, slow and many connections."""

from __future__ import annotations

import ipaddress
import socket as sockets
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from db.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from socket import socket

    from starlette.applications import Starlette

IDLE = 15
"""Seconds a connection may stay open without a request."""

AT_ONCE = 1000
"""Most connections and requests at once; more get a 503. That is ten times what a page with its files takes, and
twice the idle connections that must not stop a reader."""

PER_CLIENT = 200
"""Most connections of one client: a browser opens six, and 40 threads answer. See `Impatient`."""

LONGEST_HEAD = 32_768
"""Most bytes of a request's head."""


class Impatient(H11Protocol):
    """HTTP/1.1 with a limit on the wait for a request, the first of a connection or the next, and on connections.

    A client with ``most`` connections that opens another loses the oldest one that waits for a request or for the
    rest of one. If all are being answered, the new one is closed. So nobody can hold all connections, and a client
    that forgets to close them is still answered.
    """

    most = PER_CLIENT
    _of_client: ClassVar[defaultdict[str, dict[Impatient, None]]] = defaultdict(dict)

    def connection_made(self, transport: Any) -> None:
        """Start the wait for the first request, and make room if this client has too many connections."""
        super().connection_made(transport)
        self._client_name = client_name(self.client[0] if self.client else "")
        others = self._of_client[self._client_name]
        if len(others) >= self.most:
            oldest = next((connection for connection in others if connection.is_waiting), self)
            oldest.transport.abort()  # a connection that is only closed stays until its client has read everything
            others.pop(oldest, None)
            if oldest is self:
                return
        others[self] = None
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget this connection."""
        others = self._of_client[self._client_name]
        others.pop(self, None)
        if not others:
            del self._of_client[self._client_name]
        super().connection_lost(exc)

    @property
    def is_waiting(self) -> bool:
        """True while the client has to send something: a request, or the rest of one."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def on_response_complete(self) -> None:
        """Start the wait for the next request."""
        super().on_response_complete()
        self._wait()

    def _wait(self) -> None:
        served = self.cycle
        self.loop.call_later(IDLE, self._give_up, served)

    def _give_up(self, served: Any) -> None:
        if self.cycle is served and not self.transport.is_closing():
            self.transport.close()


def client_name(address: str) -> str:
    """Return the client that an IP address belongs to: itself, or the network of 64 bits that one IPv6 client has."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # a Unix socket has none
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


@contextmanager
def listen(host: str, port: int) -> Iterator[socket]:
    """Yield a socket that listens at ``host``; port 0 is any free one. Raises ConfigError if the port cannot be had.

    The protocol is named because asyncio sets TCP_NODELAY only on sockets that name it, and accepted connections
    inherit it. Without that, Nagle's algorithm and delayed acknowledgements hold back every answer on a kept-alive
    connection by 40 ms: headers and body are two writes.
    """
    family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
    with sockets.socket(family, sockets.SOCK_STREAM, sockets.IPPROTO_TCP) as listener:
        listener.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(1024)
        except OSError as error:
            raise ConfigError(
                f"cannot serve at {host} port {port}: {error.strerror}. Another may be served there already; "
                "choose one with --port, or --port 0 for any free one"
            ) from error
        yield listener


def run(app: Starlette, listener: socket) -> None:
    """Serve until interrupted; running responses have a second to finish."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        limit_concurrency=AT_ONCE,
        backlog=1024,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=LONGEST_HEAD,
        http=Impatient,
        ws="none",
        lifespan="off",
        proxy_headers=False,
    )
    uvicorn.Server(config).run(sockets=[listener])
