"""A Prefect server of our own: its own home, port and log, nothing reported, nothing left behind."""

from __future__ import annotations

import http.client
import socket
import sys
import time
from typing import TYPE_CHECKING, Final, Self

from archive.errors import RunFailed
from archive.launch.child import Child
from archive.launch.shipped import prefect_environ, shipped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOST: Final = "127.0.0.1"

START_LIMIT: Final = 180.0
"""Seconds a server may take to answer. On 2 cores: 4 s, on a new home 15 to 21 s (its migrations), 30 s at load 9."""

_KNOCK: Final = 0.1
"""Seconds between two looks at a server that is starting."""


class PrivateServer:
    """A Prefect server as a child process; a context manager, and leaving it ends the server.

    Entering starts it and returns at once; `wait_ready` waits until it answers, so that other work can be done
    meanwhile. ``home`` holds its database and log; ``environ`` is what the child sees, less Prefect's own variables,
    because a private server must not pick up the address or the key of another. ``port`` None means any free port.
    Without ``services`` it schedules nothing and records no task runs, and without ``window`` it serves no pages.
    """

    def __init__(
        self,
        home: Path,
        *,
        environ: Mapping[str, str],
        port: int | None = None,
        services: bool = True,
        window: bool = True,
    ) -> None:
        self.home = home
        self.port = free_port() if port is None else port
        self.environ = private_environ(environ, home=home, port=self.port)
        self._options = [*([] if services else ["--no-services"]), "--ui" if window else "--no-ui"]
        self._child: Child | None = None
        self._ready = False

    def __enter__(self) -> Self:
        if not port_is_free(self.port):
            raise RunFailed(f"port {self.port} is taken; stop what uses it, or choose another port")
        self.home.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "prefect", "server", "start", *self._options]
        self._child = Child(command, environ=self.environ, cwd=self.home, log=self.home / "server.log")
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.stop()

    @property
    def url(self) -> str:
        """Where its window is."""
        return f"http://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process is there; it may not answer yet."""
        return self._child is not None and self._child.running

    def wait_ready(self, limit: float = START_LIMIT) -> None:
        """Return when the server answers. Raises `RunFailed` when it ended, or is silent after ``limit`` seconds."""
        if self._child is None:
            raise RunFailed("the Prefect server was not started; enter it with a with statement first")
        if not self._ready:
            wait_for_answer(self._child, self.port, "/api/health", limit=limit)
        self._ready = True

    def failure(self, what: str) -> RunFailed:
        """An error that says ``what`` happened to the server, and how its log ends."""
        return self._child.failure(what) if self._child else RunFailed(f"server {what}")


def private_environ(environ: Mapping[str, str], *, home: Path, port: int) -> dict[str, str]:
    """The variables for a private server and for everything that talks to it: ours and no other Prefect's."""
    local = ",".join(filter(None, [environ.get("NO_PROXY", environ.get("no_proxy", "")), HOST]))
    return {
        **{name: value for name, value in environ.items() if not name.startswith("PREFECT_")},
        **prefect_environ(shipped("prefect.toml")),
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://{HOST}:{port}/api",
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": str(port),  # the option --port alone leaves the window asking at 4200
        "DO_NOT_TRACK": "1",
        "NO_PROXY": local,
        "no_proxy": local,
    }


def free_port() -> int:
    """A port nobody uses at this moment."""
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


def wait_for_answer(child: Child, port: int, path: str, *, limit: float) -> None:
    """Return when what ``child`` serves answers 200. Raises `RunFailed` when it ended or is silent for ``limit`` s."""
    give_up_at = time.monotonic() + limit
    while not _answers(port, path):
        if not child.running:
            raise child.failure("ended while it was starting")
        if time.monotonic() > give_up_at:
            raise child.failure(f"did not answer within {limit:.0f} s")
        time.sleep(_KNOCK)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
