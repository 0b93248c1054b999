"""The verb serve: the archive in a browser."""

from __future__ import annotations

import os
import secrets
import threading
import webbrowser
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING

import click

from archive.cli.common import verb
from archive.cli.output import say
from db.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from archive.serve.access import ProxyLogin
    from archive.serve.jobs import Project
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

    Visitors can read, mark changes as seen, label copies, check a page now, and change what is watched. With --token,
    named tokens allow each person a part of that (wirecopy token). Ctrl-C stops the server.

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
    serve_archive(settings, host=host, port=port, secret=secret, base=base, browse=open_, project=_project(settings))


def serve_archive(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    secret: str | None = None,
    base: str | None = None,
    browse: bool = False,
    project: Project | None = None,
) -> None:
    """Serve an archive until Ctrl-C. Raises ConfigError if it cannot listen there.

    With ``secret`` every visitor must know it, or have a named token or a user name of the proxy in ``settings``.
    ``browse`` opens a browser. ``project``: what the pages can start and change.
    """
    from archive.export import export_evidence
    from archive.serve.app import create_app
    from archive.serve.jobs import Project
    from archive.serve.server import listen, run

    with listen(host, port) as socket:
        name, actual_port = socket.getsockname()[:2]
        app = create_app(
            settings.db,
            base=base,
            zone=None if settings.time_zone is UTC else str(settings.time_zone),
            token=secret or secrets.token_urlsafe(24),
            guarded=secret is not None,
            hosts=[] if host in _LOOPBACK else [host, name],
            clock=settings.wall,
            proxy=_proxy(settings),
            project=project or Project(prefect=_prefect()),
            evidence=partial(export_evidence, settings.db, may_sign=False),
        )
        address = base or f"http://{f'[{host}]' if ':' in host else host}:{actual_port}"
        say(f"Serving {settings.db} at {address}; press Ctrl-C to stop.")
        if browse:  # in a thread: a text browser returns only when it is closed, and needs answers before that
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        try:
            run(app, socket)
        except KeyboardInterrupt:
            say("Stopped.")


def _proxy(settings: Settings) -> ProxyLogin | None:
    """Return the proxy whose user names count. Raises ConfigError if only one of the two settings is there."""
    from archive.serve.access import ProxyLogin

    header, addresses = settings.proxy_user_header, settings.proxy_addresses
    if header is None and not addresses:
        return None
    if header is None or not addresses:
        raise ConfigError(
            "proxy_user_header and proxy_addresses go together: the name of a header, and the addresses from which it "
            'is believed, for example proxy_addresses = ["127.0.0.1"]'
        )
    try:
        return ProxyLogin.of(header, addresses)
    except ValueError as error:
        raise ConfigError(f"proxy_addresses: {error}; write addresses such as 127.0.0.1 or 10.0.0.0/8") from error


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


def _project(settings: Settings) -> Project:
    """Return what the pages may start and change: commands of wirecopy, in processes of their own."""
    from archive.cli.background_command import BackgroundCommand
    from archive.serve.jobs import Project
    from archive.settings import from_process

    def check(urls: Sequence[str]) -> BackgroundCommand:
        return BackgroundCommand(settings, ["refresh", "--force", "--", *urls])

    def look(urls: Sequence[str], group: str) -> BackgroundCommand:
        return BackgroundCommand(settings, ["add", "--dry-run", "--json", f"--group={group}"], typed="\n".join(urls))

    def has_contact() -> bool:  # read again: people write it while the server runs
        try:
            return from_process({"db": settings.db}).contact is not None
        except ConfigError:
            return False

    return Project(index=settings.index, check=check, look=look, prefect=_prefect(), has_contact=has_contact)


def _prefect() -> str | None:
    """Return the address of Prefect's pages, from that of its API."""
    return os.environ.get("PREFECT_API_URL", "http://127.0.0.1:4200/api").removesuffix("/api").rstrip("/")
