"""The server around the application: uvicorn in one process, with limits that idle strangers cannot use up."""

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
"""Connections and requests at once; more are told to come back (503). Ten times what a page with its files takes, and
twice the idle ones that must not stop a reader."""

LONGEST_HEAD = 32_768
"""Bytes of a request's head."""


class Impatient(H11Protocol):
    """HTTP/1.1 that does not wait for ever for the first request, or for the rest of one."""

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def on_response_complete(self) -> None:
        """Begin to wait again, for the next request."""
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
    """A socket that listens there; port 0 is any free one. Raises ConfigError where that cannot be."""
    family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
    with sockets.socket(family) as made:
        made.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        try:
            made.bind((host, port))
            made.listen(1024)
        except OSError as error:
            raise ConfigError(
                f"cannot serve at {host} port {port}: {error.strerror}. Another may be served there already; "
                "choose one with --port, or --port 0 for any free one"
            ) from error
        yield made


def run(app: Starlette, at: socket) -> None:
    """Serve until interrupted; open answers have a second to end."""
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
    uvicorn.Server(config).run(sockets=[at])
