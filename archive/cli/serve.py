"""The verb serve: the archive in a browser."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import webbrowser
from typing import TYPE_CHECKING

import click

from archive.cli.common import verb
from archive.cli.output import say
from archive.settings import to_environ
from db.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from archive.settings import Settings

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - only if given by name, and refused without a token


@verb
@click.option(
    "--port",
    metavar="PORT",
    type=click.IntRange(0, 65535),
    default=8020,
    show_default=True,
    help="Port to listen at; 0 means any free one.",
)
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at. Beyond this machine, add --token.",
)
@click.option(
    "--token",
    is_flag=True,
    help="Ask every visitor for a password. It is created and shown once, and kept in a file beside the archive.",
)
@click.option(
    "--public-url",
    "--base",
    "base",
    metavar="URL",
    help="Address by which others reach this server, used in links: https://archive.example",
)
@click.option("--open", "open_", is_flag=True, help="Open a browser.")
def serve(settings: Settings, *, port: int, host: str, token: bool, base: str | None, open_: bool) -> None:
    r"""Show the archive in a browser; programs get JSON, feeds, Memento and CDX.

    Visitors can only read, mark changes as seen, label copies, and press "check now". Ctrl-C stops the server.

    \b
    wirecopy serve --open
    wirecopy serve --port 9000
    wirecopy serve --host 0.0.0.0 --token --public-url https://archive.example
    """
    from archive.api import Archive

    if host not in _LOOPBACK and not token:
        raise ConfigError(
            f"others could reach {host} and read the whole archive. Protect it with a password: "
            f"wirecopy serve --host {host} --token"
        )
    if host in _EVERYWHERE and base is None:
        raise ConfigError(
            f"{host} stands for every address of this machine. Add the one that others use: "
            f"wirecopy serve --host {host} --token --public-url https://archive.example"
        )
    _validate_base(base)
    with Archive(settings.db):
        pass  # raises now if the archive is missing or of another version
    secret = _read_or_create_token(settings.db) if token else None
    serve_archive(settings, host=host, port=port, secret=secret, base=base, browse=open_, check=_checker(settings))


def serve_archive(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    secret: str | None = None,
    base: str | None = None,
    browse: bool = False,
    check: Callable[[str], None] | None = None,
) -> None:
    """Serve an archive until Ctrl-C. Raises ConfigError if it cannot listen there.

    With ``secret`` every visitor must know it. ``browse`` opens a browser. ``check`` visits a URL now; without it no
    page offers "check now".
    """
    from archive.serve.app import create_app
    from archive.serve.server import listen, run

    with listen(host, port) as socket:
        name, actual_port = socket.getsockname()[:2]
        app = create_app(
            settings.db,
            base=base,
            token=secret or secrets.token_urlsafe(24),
            guarded=secret is not None,
            hosts=[] if host in _LOOPBACK else [host, name],
            clock=settings.wall,
            check=check,
            prefect=_prefect(),
        )
        address = base or f"http://{f'[{host}]' if ':' in host else host}:{actual_port}"
        say(f"Serving {settings.db} at {address}; press Ctrl-C to stop.")
        if browse:  # in a thread: a text browser returns only when it is closed, and needs answers before that
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        try:
            run(app, socket)
        except KeyboardInterrupt:
            say("Stopped.")


def _validate_base(base: str | None) -> None:
    if base is not None and (not base.startswith(("http://", "https://")) or base.endswith("/") or "?" in base):
        raise ConfigError(
            f"--public-url {base}: expected an address like https://archive.example, without a final slash"
        )


def _read_or_create_token(db: Path) -> str:
    """Return the token of this archive from the file beside it. If there is none, create it and print it once."""
    path = db.with_name(f"{db.name}.token")
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        token = secrets.token_urlsafe(24)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(token + "\n")
        say(f"Password, shown only this once and kept in {path}: {token}")
        say("Any user name works with it.")
        return token


def _checker(settings: Settings) -> Callable[[str], None]:
    """Return a function that checks a URL now, by ``wirecopy refresh`` in a process of its own.

    A separate process keeps fetching and extraction out of the server.
    """
    command = [sys.executable, "-c", "from archive.cli import main; main()", "refresh"]
    environ = {**os.environ, **to_environ(settings)}  # not as arguments: an address may contain a password
    running: list[subprocess.Popen[bytes]] = []

    def check(url: str) -> None:
        running[:] = [process for process in running if process.poll() is None]
        running.append(
            subprocess.Popen(  # noqa: S603 - our own command, never a shell; the address is one that is archived
                [*command, "--force", "--", url],
                cwd=settings.root,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        )

    return check


def _prefect() -> str | None:
    """Return the address of Prefect's pages, from that of its API."""
    return os.environ.get("PREFECT_API_URL", "http://127.0.0.1:4200/api").removesuffix("/api").rstrip("/")
