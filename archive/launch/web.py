"""The web interface as a child process of ``wirecopy up``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from archive.launch.child import Child
from archive.launch.port import ServerProcess, free_port
from archive.settings import to_environ

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from archive.settings import Settings

USUAL_PORT: Final = 8020
"""The port of ``wirecopy serve``, so that bookmarks keep working."""

_COMMAND: Final = (sys.executable, "-P", "-c", "from archive.cli import main; main()")


class WebServer(ServerProcess):
    """``wirecopy serve`` on this machine.

    Entering creates or upgrades the archive, as every run does. The child gets ``environ`` and every setting; with a
    ``PREFECT_API_URL`` its pages link to that Prefect. ``port`` None means `USUAL_PORT`, or any free port if that is in
    use. Raises StoreError.
    """

    NAME = "web interface"
    HEALTH = "/runs"
    OTHER_PORT = "with --web-port"

    def __init__(self, settings: Settings, *, environ: Mapping[str, str], port: int | None, log: Path) -> None:
        super().__init__(free_port(USUAL_PORT) if port is None else port)
        self._settings = settings
        self._environ = environ
        self._log = log

    def _start(self) -> Child:
        from db.maintenance import upgrade

        upgrade(self._settings.db)
        return Child(
            [*_COMMAND, "serve", "--port", str(self.port)],
            environ={**self._environ, **to_environ(self._settings)},
            cwd=self._settings.root,
            log=self._log,
            name=f"the {self.NAME}",
        )
