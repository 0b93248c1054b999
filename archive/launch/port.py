"""A child process that answers HTTP on a port of loopback, and what is to be known of such ports."""

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

START_LIMIT: Final = 180.0
"""Seconds a server may take to answer. Prefect's on 2 cores: 4 s, on a new home 15 to 21 s (its migrations), 30 s at
load 9."""

_KNOCK: Final = 0.1
"""Seconds between two looks at a server that is starting."""


class Listener(ABC):
    """A server as a child process; a context manager, and leaving it ends the server.

    Entering starts it and returns at once; `wait_ready` waits until it answers, so that other work can be done
    meanwhile. Entering raises RunFailed for a port that is taken.
    """

    NAME: ClassVar[str]
    """What it is, for messages."""

    HEALTH: ClassVar[str]
    """A path that answers 200 when it is ready."""

    OTHER_PORT: ClassVar[str]
    """What a person does when the port is taken."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._child: Child | None = None
        self._ready = False

    @abstractmethod
    def _start(self) -> Child:
        """Start the process that is to listen on ``self.port``."""

    def __enter__(self) -> Self:
        if not port_is_free(self.port):
            raise RunFailed(f"port {self.port} is taken; stop what uses it, or choose another {self.OTHER_PORT}")
        self._child = self._start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.stop()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process is there; it may not answer yet."""
        return self._child is not None and self._child.running

    def wait_ready(self, limit: float = START_LIMIT) -> None:
        """Return when it answers. Raises `RunFailed` when it ended, or is silent after ``limit`` seconds."""
        if self._child is None:
            raise RunFailed(f"the {self.NAME} was not started; enter it with a with statement first")
        give_up_at = time.monotonic() + limit
        while not (self._ready or _answers(self.port, self.HEALTH)):
            if not self.running:
                raise self.failure("ended while it was starting")
            if time.monotonic() > give_up_at:
                raise self.failure(f"did not answer within {limit:.0f} s")
            time.sleep(_KNOCK)
        self._ready = True

    def failure(self, what: str) -> RunFailed:
        """An error that says ``what`` happened to the server, and how its log ends."""
        return self._child.failure(what) if self._child else RunFailed(f"the {self.NAME} {what}")


def free_port(usual: int | None = None) -> int:
    """The ``usual`` port, or where that is taken, or there is none, one that nobody uses at this moment."""
    if usual is not None and port_is_free(usual):
        return usual
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: a port just left is free
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
