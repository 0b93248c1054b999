"""The verb that shows the archive in a browser: serve."""

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
from db.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from archive.settings import Settings

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - asked for by name, and refused without a token


@verb
@click.option("--port", type=click.IntRange(0, 65535), default=8020, show_default=True, help="0: any free one.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to answer at. Beyond this machine: with --token."
)
@click.option(
    "--token",
    is_flag=True,
    help="Let nobody in without the token; it is made, shown once, and kept beside the archive.",
)
@click.option("--base", metavar="URL", help="What the outside calls this server, for links: https://archive.example")
@click.option("--open", "open_", is_flag=True, help="Open a browser there.")
def serve(settings: Settings, *, port: int, host: str, token: bool, base: str | None, open_: bool) -> None:
    r"""Show the archive in a browser, and to programs as JSON, feeds, Memento, CDX.

    Reads, and changes nothing but marks of what you have seen, labels, and "check now". Ends with Ctrl-C.

    \b
    wirecopy serve --open
    wirecopy serve --port 9000
    wirecopy serve --host 0.0.0.0 --token --base https://archive.example
    """
    from archive.api import Archive

    if host not in _LOOPBACK and not token:
        raise ConfigError(
            f"{host} can be reached by others, who could read all of the archive; with a token only who knows it can: "
            f"wirecopy serve --host {host} --token"
        )
    if host in _EVERYWHERE and base is None:
        raise ConfigError(
            f"{host} is every address of this machine, and no name to answer to. Say what others call it: "
            f"wirecopy serve --host {host} --token --base https://archive.example"
        )
    _checked_base(base)
    with Archive(settings.db):
        pass  # where there is no archive, or one of another version, that is said now
    secret = _kept_token(settings.db) if token else None
    show(settings, host=host, port=port, secret=secret, base=base, browse=open_, check=_checking(settings))


def show(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    secret: str | None = None,
    base: str | None = None,
    browse: bool = False,
    check: Callable[[str], None] | None = None,
) -> None:
    """Serve an archive until Ctrl-C, which is how it is meant to end. Raises ConfigError where it cannot listen.

    Who reads must know ``secret``, if there is one; ``browse`` opens a browser; ``check`` visits an address now, and
    without it no page offers that.
    """
    from archive.serve.app import create_app
    from archive.serve.server import listen, run

    with listen(host, port) as socket:
        name, found = socket.getsockname()[:2]
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
        address = base or f"http://{f'[{host}]' if ':' in host else host}:{found}"
        say(f"serving {settings.db} at {address}; Ctrl-C ends it")
        if browse:  # beside us: a browser of the terminal returns only when it is left, and needs answers before
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        try:
            run(app, socket)
        except KeyboardInterrupt:
            say("stopped")


def _checked_base(base: str | None) -> None:
    if base is not None and (not base.startswith(("http://", "https://")) or base.endswith("/") or "?" in base):
        raise ConfigError(f"--base {base} is not an address like https://archive.example, without a slash at its end")


def _kept_token(db: Path) -> str:
    """The token of this archive, from the file beside it; made, and shown this once, where there is none."""
    path = db.with_name(f"{db.name}.token")
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        made = secrets.token_urlsafe(24)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(made + "\n")
        say(f"the token, shown this once and kept in {path}: {made}")
        say("give it as the password; any user name will do")
        return made


def _checking(settings: Settings) -> Callable[[str], None]:
    """How a page is checked now: by the verb that does so, in a process of its own, so that the server stays one."""
    command = [sys.executable, "-c", "from archive.cli import main; main()", "--db", str(settings.db), "refresh"]
    running: list[subprocess.Popen[bytes]] = []

    def check(url: str) -> None:
        running[:] = [each for each in running if each.poll() is None]
        running.append(
            subprocess.Popen(  # noqa: S603 - our own command, never a shell; the address is one that is archived
                [*command, "--force", "--", url],
                cwd=settings.root,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        )

    return check


def _prefect() -> str | None:
    """Where Prefect's pages are, by the address of its interface."""
    return os.environ.get("PREFECT_API_URL", "http://127.0.0.1:4200/api").removesuffix("/api").rstrip("/")
