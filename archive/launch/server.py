"""A private Prefect server with its own home folder, port and log. It sends no telemetry."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from archive.launch.child import Child
from archive.launch.port import HOST, ServerProcess, free_port
from archive.resources import prefect_environ, resource_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class PrivateServer(ServerProcess):
    """A Prefect server that nobody else uses.

    ``home`` holds its database and log. The child gets ``environ`` without Prefect's variables, because a private
    server must not use the address or key of another one. ``port`` None means any free port. Without ``services`` it
    schedules nothing and records no task runs. Without ``ui`` it serves no web pages.
    """

    NAME = "Prefect server"
    HEALTH = "/api/health"
    OTHER_PORT = "port"

    def __init__(
        self,
        home: Path,
        *,
        environ: Mapping[str, str],
        port: int | None = None,
        services: bool = True,
        ui: bool = True,
    ) -> None:
        super().__init__(free_port() if port is None else port)
        self.home = home
        self.environ = private_environ(environ, home=home, port=self.port)
        self._options = [*([] if services else ["--no-services"]), "--ui" if ui else "--no-ui"]

    def _start(self) -> Child:
        self.home.mkdir(parents=True, exist_ok=True)
        temporary_folder(self.home).mkdir(mode=0o700, exist_ok=True)
        command = [sys.executable, "-m", "prefect", "server", "start", *self._options]
        return Child(
            command, environ=self.environ, cwd=self.home, log=self.home / "server.log", name=f"the {self.NAME}"
        )


def temporary_folder(home: Path) -> Path:
    """Return the folder for temporary files of a server and its runner.

    Prefect's runner makes one of a fixed name in the system's folder, where that of another user is in its way.
    """
    return home / "tmp"


def foreign_file(home: Path) -> Path | None:
    """Return a file or folder of Prefect that this user may not write, None if there is none.

    Then another user started wirecopy up in this project.
    """
    names = ("", "tmp", "up.lock", "prefect.db", "prefect.db-wal", "prefect.db-shm", "server.log", "runner.log")
    paths = (home / name for name in names)
    return next((path for path in paths if path.exists() and not os.access(path, os.W_OK)), None)


def private_environ(environ: Mapping[str, str], *, home: Path, port: int) -> dict[str, str]:
    """Return the environment for a private server and its clients, without the variables of any other Prefect."""
    local = ",".join(filter(None, [environ.get("NO_PROXY", environ.get("no_proxy", "")), HOST]))
    return {
        **{name: value for name, value in environ.items() if not name.startswith("PREFECT_")},
        **prefect_environ(resource_path("prefect.toml")),
        "PREFECT_HOME": str(home),
        "TMPDIR": str(temporary_folder(home)),
        "PREFECT_API_URL": f"http://{HOST}:{port}/api",
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": str(port),  # with the option --port alone, the UI would still ask port 4200
        "DO_NOT_TRACK": "1",
        "NO_PROXY": local,
        "no_proxy": local,
    }
