"""HTTP servers as child processes on ports of this machine, and the choice of a free port."""

from __future__ import annotations

import http.client
import socket
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final, Self

from db.errors import RunFailed

if TYPE_CHECKING:
    from archive.launch.child import Child

HOST: Final = "127.0.0.1"

START_TIMEOUT: Final = 180.0
"""Seconds a server may take to answer. Prefect's server on 2 cores takes 4 s, 15 to 21 s in a new home (migrations),
and 30 s at load 9."""

_POLL_SECONDS: Final = 0.1
"""Seconds between two checks of a server that is starting."""


class ServerProcess(ABC):
    """A server as a child process. A context manager: leaving it ends the server.

    Entering starts the server and returns at once, or raises RunFailed if the port is in use. `wait_ready` waits until
    it answers.
    """

    NAME: ClassVar[str]
    """Name of the server in messages."""

    HEALTH: ClassVar[str]
    """Path that answers 200 when the server is ready."""

    OTHER_PORT: ClassVar[str]
    """Advice to a person whose port is in use, after "choose another"."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._child: Child | None = None
        self._ready = False

    @abstractmethod
    def _start(self) -> Child:
        """Start the process that listens on ``self.port``."""

    def __enter__(self) -> Self:
        if not port_is_free(self.port):
            raise RunFailed(
                f"port {self.port} is in use; stop the program that uses it, or choose another {self.OTHER_PORT}"
            )
        self._child = self._start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.stop()

    @property
    def url(self) -> str:
        """Address of the server."""
        return f"http://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """True while the process lives, even if it does not answer yet."""
        return self._child is not None and self._child.running

    def wait_ready(self, timeout: float = START_TIMEOUT) -> None:
        """Wait until the server answers. Raises `RunFailed` if it ends, or is silent for ``timeout`` seconds."""
        if self._child is None:
            raise RunFailed(f"the {self.NAME} was not started; enter it with a with statement first")
        deadline = time.monotonic() + timeout
        while not (self._ready or _is_healthy(self.port, self.HEALTH)):
            if not self.running:
                raise self.failure("ended while it was starting")
            if time.monotonic() > deadline:
                raise self.failure(f"did not answer within {timeout:.0f} s")
            time.sleep(_POLL_SECONDS)
        self._ready = True

    def failure(self, event: str) -> RunFailed:
        """Return an error that names what happened to the server (``event``) and quotes the end of its log."""
        return self._child.failure(event) if self._child else RunFailed(f"the {self.NAME} {event}")


def free_port(preferred: int | None = None) -> int:
    """Return the ``preferred`` port if it is free, else any port that is free at this moment."""
    if preferred is not None and port_is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Return True if a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as the server does: a port that was just closed is free
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _is_healthy(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        # Pages behind a login are up, too.
        return connection.getresponse().status in {http.HTTPStatus.OK, http.HTTPStatus.UNAUTHORIZED}
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
