"""``wirecopy up``: the Prefect server, the deployments with their schedules, and the web pages, until Ctrl-C."""

from __future__ import annotations

import fcntl
import json
import shutil
import signal
import sqlite3
import sys
import time
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from archive.launch.child import Child
from archive.launch.port import ServerProcess, free_port
from archive.launch.server import PrivateServer, foreign_file
from archive.launch.web import WebServer
from archive.resources import resource_path
from archive.settings import to_environ
from db.errors import ConfigError, RunFailed, SeedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from archive.settings import Settings

USUAL_PORT: Final = 4200
"""Prefect's usual port, so that bookmarks keep working."""

_ENDED: Final = "ended by itself, and so does wirecopy up. What is saved stays: start wirecopy up again"

_POLL_SECONDS: Final = 0.5
"""Seconds between two checks that all children are alive."""


def up(
    settings: Settings,
    *,
    environ: Mapping[str, str],
    out: Callable[[str], object],
    port: int | None = None,
    web_port: int | None = None,
) -> int:
    """Serve the deployments and the web pages until Ctrl-C, then return 0.

    ``port`` is Prefect's: None means 4200, or any free port if that is in use. ``web_port`` is that of the web pages:
    None means 8020, or any free port. ``out`` gets the lines for the person at the terminal; all else goes to logs in
    ``data/prefect``. The children get every setting of this process. Raises `RunFailed` if something cannot start or a
    child ends by itself, ConfigError for one port twice, SeedError if there is no seed index (every run would fail),
    and StoreError.
    """
    if not settings.index.is_file():
        raise SeedError(f"there is no seed index at {settings.index}. Create one: wirecopy init")
    if port is None:
        port = free_port(USUAL_PORT)
    if port == web_port:
        raise ConfigError(f"--port and --web-port are both {port}; choose another number for one of them")
    home = settings.root / "data" / "prefect"
    _make_home(home)
    try:
        with (
            _sigterm_as_interrupt(),
            _lock(home),
            _sound_database(home, out),
            PrivateServer(home, environ=environ, port=port) as server,
            WebServer(settings, environ=server.environ, port=web_port, log=home / "pages.log") as web,
        ):
            out("Starting Prefect. This takes about 20 seconds the first time ...")
            server.wait_ready()
            with _start_runner(settings, server) as runner:
                started = json.loads(runner.ask())
                web.wait_ready()
                out(_describe(settings, server, web, started))
                _watch(server, web, runner)
    except KeyboardInterrupt:
        out("Stopped. The schedules are kept: start wirecopy up again, and they continue.")
    return 0


def _make_home(home: Path) -> None:
    """Create the folder of Prefect's files. Raises `RunFailed` if this user cannot write there."""
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFailed(
            f"{home} cannot be created ({error.strerror}); use a project folder that you may write"
        ) from error
    foreign = foreign_file(home)
    if foreign is not None:
        raise RunFailed(f"{foreign} belongs to another user, and you may not write it. See: wirecopy doctor")


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Treat SIGTERM, as sent by service managers, like Ctrl-C: runs are closed before the server ends."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _lock(home: Path) -> Iterator[None]:
    """Lock the folder against a second ``wirecopy up``. The lock ends with the process, so a crash leaves none."""
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunFailed(
                f"wirecopy up is already running on {home}; stop it first (Ctrl-C in its terminal)"
            ) from error
        yield


@contextmanager
def _sound_database(home: Path, out: Callable[[str], object]) -> Iterator[None]:
    """Set a damaged database of Prefect aside, so that a new one is begun."""
    damaged = set_damaged_aside(home / "prefect.db")
    if damaged is not None:
        out(
            f"Prefect's database was damaged. It is now {damaged}, and a new one is begun: only the list of past runs "
            "is lost, nothing of the archive"
        )
    yield


def set_damaged_aside(database: Path) -> Path | None:
    """Rename a database of Prefect that SQLite cannot read, and return its new path. None: it is sound, or new.

    It holds schedules and past runs, which ``wirecopy up`` makes anew. Nobody may have it open.
    """
    if not database.exists():
        return None
    try:
        with closing(sqlite3.connect(database)) as connection:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    if verdict in {"ok", "database is locked"}:
        return None
    names = (database.with_name(f"{database.name}.damaged{number or ''}") for number in count())
    target = next(name for name in names if not name.exists())
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            database.with_name(database.name + suffix).replace(target.with_name(target.name + suffix))
    return target


def _start_runner(settings: Settings, server: PrivateServer) -> Child:
    return Child(
        [sys.executable, resource_path("flows") / "_serve.py"],
        environ=server.environ | to_environ(settings),
        cwd=settings.root,
        log=server.home / "runner.log",
        name="the runner of the schedules",
    )


def _watch(*children: ServerProcess | Child) -> None:
    while True:
        for child in children:
            if not child.running:
                raise child.failure(_ENDED)
        time.sleep(_POLL_SECONDS)


def _describe(settings: Settings, server: PrivateServer, web: WebServer, started: Mapping[str, list[str]]) -> str:
    prefect = "prefect" if shutil.which("prefect") else str(Path(sys.executable).with_name("prefect"))
    source = "archives" if settings.archives else "live"
    today = f"{settings.now():%Y-%m-%d}"
    crashed = [f"  crashed     {name}: its process is gone" for name in started["crashed"]]
    return "\n".join(
        [
            "wirecopy is running. Press Ctrl-C to stop it.",
            "",
            f"  web pages   {web.url}  (what changed, who copied whom, search)",
            f"  Prefect     {server.url}  (runs and schedules)",
            f"  archive     {settings.db}",
            f"  logs        {server.home}/*.log",
            *(f"  schedule    {line}" for line in started["serves"]),
            *(f"  now         {name} starts once, without waiting for its schedule" for name in started["at_start"]),
            *crashed,
            "",
            "To start a run by hand, in another terminal:",
            "",
            f"  export DO_NOT_TRACK=1 PREFECT_API_URL={server.url}/api",
            f"  {prefect} deployment run refresh/scheduled",
            f"  {prefect} deployment run backfill/manual -p since={today} -p source={source}",
            "  wirecopy status",
        ]
    )
