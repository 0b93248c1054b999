"""Run flows in a child process. Prefect and the extractor are never imported into this one."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from archive.launch.child import Child
from archive.launch.server import PrivateServer, private_environ
from archive.resources import resource_path
from archive.settings import PREFIX
from archive.timestamps import iso
from db.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path


class FlowProcess:
    """A Python process that has loaded one flow and can run it many times. A context manager.

    One process serves many runs, because importing Prefect and the extractor takes seconds and a run may take a
    fraction of one. Entering starts the import and returns at once. The flow runs in ``cwd`` with the variables of
    ``environ``; Prefect's variables come from ``server``.
    """

    def __init__(self, entrypoint: Path, *, server: PrivateServer, cwd: Path, environ: Mapping[str, str]) -> None:
        self._server = server
        self._child = Child(
            [sys.executable, entrypoint],
            environ=private_environ(environ, home=server.home, port=server.port),
            cwd=cwd,
            log=server.home / f"{entrypoint.stem}.log",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.stop()

    def run(self, parameters: Mapping[str, object], environ: Mapping[str, str] | None = None) -> dict[str, int]:
        """Run the flow once and return the counts of its report.

        Variables in ``environ`` are set in the child and stay set for later runs. Waits for the server first. Raises
        `RunFailed` with the flow's error, or with the end of its log if it died.
        """
        self._server.wait_ready()
        answer = json.loads(self._child.ask(json.dumps({"parameters": parameters, "environ": environ or {}})))
        if "failed" in answer:
            raise RunFailed(f"{answer['failed']} (more in {self._child.log})")
        return {str(name): int(number) for name, number in answer["counts"].items()}


def run_flow(
    entrypoint: Path,
    parameters: Mapping[str, object],
    *,
    server: PrivateServer,
    cwd: Path,
    environ: Mapping[str, str],
) -> dict[str, int]:
    """Run a flow once in a process of its own and return the counts of its report. Raises `RunFailed`."""
    with FlowProcess(entrypoint, server=server, cwd=cwd, environ=environ) as process:
        return process.run(parameters)


@contextmanager
def refresher(
    folder: Path, *, server: PrivateServer, environ: Mapping[str, str], force: bool = True
) -> Iterator[Callable[[datetime], dict[str, int]]]:
    """Yield a function that refreshes the project in ``folder`` as of a given instant and returns the counts.

    With ``force`` it visits every source, due or not. The settings come from the folder alone: every ``WIRECOPY_*``
    variable of ``environ`` is ignored.
    """
    own = {name: value for name, value in environ.items() if not name.startswith(PREFIX)}
    with FlowProcess(resource_path("flows") / "refresh.py", server=server, cwd=folder, environ=own) as process:
        yield lambda instant: process.run({"force": force}, {f"{PREFIX}CLOCK": iso(instant)})
