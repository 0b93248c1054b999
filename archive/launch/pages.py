"""The web interface as a child process, for ``wirecopy up``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, Self

from archive.errors import RunFailed
from archive.launch.child import Child
from archive.launch.server import HOST, START_LIMIT, free_port, port_is_free, wait_for_answer
from archive.settings import to_environ

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from archive.settings import Settings

USUAL_PORT: Final = 8020
"""That of ``wirecopy serve``; a bookmark keeps working."""

_COMMAND: Final = (sys.executable, "-P", "-c", "from archive.cli import main; main()")


class Pages:
    """``wirecopy serve`` on loopback as a child process; a context manager, and leaving it ends the server.

    Entering makes or upgrades the archive, as every run would, and starts the server; `wait_ready` waits until it
    answers. ``environ`` is what the child sees, beside every setting: with a ``PREFECT_API_URL`` runs lead to that
    Prefect. ``port`` None is `USUAL_PORT`, or any free one when that is taken. Raises RunFailed for a port that is
    taken, and StoreError.
    """

    def __init__(self, settings: Settings, *, environ: Mapping[str, str], port: int | None, log: Path) -> None:
        if port is None:
            port = USUAL_PORT if port_is_free(USUAL_PORT) else free_port()
        self.port = port
        self._settings = settings
        self._environ = environ
        self._log = log
        self._child: Child | None = None

    def __enter__(self) -> Self:
        from db.store import Store

        if not port_is_free(self.port):
            raise RunFailed(f"port {self.port} is taken; stop what uses it, or choose another with --web-port")
        Store(self._settings.db).close()
        self._child = Child(
            [*_COMMAND, "serve", "--port", str(self.port)],
            environ={**self._environ, **to_environ(self._settings)},
            cwd=self._settings.root,
            log=self._log,
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.stop()

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process is there; it may not answer yet."""
        return self._child is not None and self._child.running

    def wait_ready(self, limit: float = START_LIMIT) -> None:
        """Return when the pages answer. Raises `RunFailed` when the server ended, or is silent after ``limit`` s."""
        if self._child is None:
            raise RunFailed("the pages were not started; enter them with a with statement first")
        wait_for_answer(self._child, self.port, "/runs", limit=limit)

    def failure(self, what: str) -> RunFailed:
        """An error that says ``what`` happened to the server, and how its log ends."""
        return self._child.failure(what) if self._child else RunFailed(f"pages {what}")
