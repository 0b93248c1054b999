"""``wirecopy up``: the Prefect server, the three deployments with their schedules and the pages, until Ctrl-C."""

from __future__ import annotations

import fcntl
import json
import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from archive.launch.child import Child
from archive.launch.port import Listener, free_port
from archive.launch.server import PrivateServer
from archive.launch.web import Pages
from archive.resources import resource_path
from archive.settings import to_environ
from db.errors import RunFailed, SeedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from archive.settings import Settings

USUAL_PORT: Final = 4200
"""Prefect's own; a bookmark keeps working from one day to the next."""

_LOOK: Final = 0.5
"""Seconds between two looks at whether all children still live."""


def up(
    settings: Settings,
    *,
    environ: Mapping[str, str],
    out: Callable[[str], object],
    port: int | None = None,
    web_port: int | None = None,
) -> int:
    """Serve the deployments and the pages until Ctrl-C; 0 then.

    ``port``, of Prefect: None is 4200, or any free one when that is taken. ``web_port``, of the pages: None is 8020, or
    any free one. ``out`` gets the lines for the person at the terminal; everything else goes to logs in
    ``data/prefect``. The children are told every setting, so what was typed for us holds for them. Raises `RunFailed`
    when it cannot start, or when a child ends by itself; SeedError without a seed index, because every run would fail;
    StoreError.
    """
    if not settings.index.is_file():
        raise SeedError(f"there is no seed index at {settings.index}. Make one: wirecopy init")
    if port is None:
        port = free_port(USUAL_PORT)
    home = settings.root / "data" / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    try:
        with (
            _stoppable(),
            _alone(home),
            PrivateServer(home, environ=environ, port=port) as server,
            Pages(settings, environ=server.environ, port=web_port, log=home / "pages.log") as pages,
        ):
            out("Starting Prefect; the first time takes about 20 seconds ...")
            server.wait_ready()
            with _runner(settings, server) as runner:
                started = json.loads(runner.ask())
                pages.wait_ready()
                out(_welcome(settings, server, pages, started))
                _watch(server, pages, runner)
    except KeyboardInterrupt:
        out("Stopped. The schedules stay on: start again and the next due run starts by itself.")
    return 0


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let a service manager's request to end count as a Ctrl-C, so that runs are closed before the server goes."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the folder, or say who does. The lock goes with the process, so a crash leaves nothing to clean up."""
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunFailed(f"wirecopy up already runs on {home}; stop it first (Ctrl-C where it runs)") from error
        yield


def _runner(settings: Settings, server: PrivateServer) -> Child:
    return Child(
        [sys.executable, resource_path("flows") / "_serve.py"],
        environ=server.environ | to_environ(settings),
        cwd=settings.root,
        log=server.home / "runner.log",
    )


def _watch(*children: Listener | Child) -> None:
    while True:
        for child in children:
            if not child.running:
                raise child.failure("ended")
        time.sleep(_LOOK)


def _welcome(settings: Settings, server: PrivateServer, pages: Pages, started: Mapping[str, list[str]]) -> str:
    crashed = [f"  crashed    {name}: its process is gone" for name in started["crashed"]]
    return "\n".join(
        [
            "wirecopy is up. Ctrl-C stops it and leaves the schedules on.",
            "",
            f"  pages      {pages.url}  (what changed, who copied whom, search)",
            f"  window     {server.url}  (runs and schedules)",
            f"  archive    {settings.db}",
            f"  logs       {server.home}/*.log",
            *(f"  serves     {line}" for line in started["serves"]),
            *crashed,
            "",
            "Next, in another terminal:",
            "",
            f"  export DO_NOT_TRACK=1 PREFECT_API_URL={server.url}/api",
            "  prefect deployment run refresh/scheduled",
            "  prefect deployment run backfill/manual -p since=2021-10-01 -p source=archives",
            "  wirecopy status",
        ]
    )
