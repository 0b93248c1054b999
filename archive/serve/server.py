"""The HTTP server around the application: uvicorn in one process, with limits on idle and slow connections."""

from __future__ import annotations

import socket as sockets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

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

LONGEST_HEAD = 32_768
"""Most bytes of a request's head."""


class Impatient(H11Protocol):
    """HTTP/1.1 with a limit on the wait for a request, the first of a connection or the next."""

    def connection_made(self, transport: Any) -> None:
        """Start the wait for the first request."""
        super().connection_made(transport)
        self._wait()

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
