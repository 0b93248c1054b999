"""The verb demo: an invented news world, archived by the real flows. ``demo serve-site`` serves the world alone."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@click.group(invoke_without_command=True, no_args_is_help=False)
@click.option(
    "--grade", is_flag=True, help="Compare the archive with what really happened; exit code 1 if they differ."
)
@click.option(
    "--json", "json_", is_flag=True, help="Print only the grade as JSON: {grade: {found, missed, false, pending}}."
)
@click.option(
    "--seed",
    metavar="N",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Spread the events over other articles.",
)
@click.option(
    "--dir",
    "folder",
    default="wirecopy-demo",
    metavar="FOLDER",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder of the demo; its contents are replaced.",
)
@click.option("--open", "open_", is_flag=True, help="Show the archive in a browser afterwards, until Ctrl-C.")
@click.pass_context
def demo(ctx: click.Context, *, grade: bool, json_: bool, seed: int, folder: Path, open_: bool) -> int:
    r"""Try wirecopy offline: archive an invented news world in four rounds.

    Takes under a minute and uses the real Prefect flows. It works only in its own folder, which it creates anew each
    time, and leaves an archive there for you to explore.

    \b
    wirecopy demo --open
    wirecopy demo --grade --seed 7
    wirecopy demo serve-site --port 8000 --round 1
    """
    if ctx.invoked_subcommand is not None:
        return 0
    code = _play(folder, seed=seed, grade=grade, json_=json_)
    if open_:
        _show(folder)
    return code


def _play(folder: Path, *, seed: int, grade: bool, json_: bool) -> int:
    from archive.demo.run import run_demo
    from archive.demo.snapshot import read_snapshot

    with ExitStack() as stack:
        started: list[Callable[[datetime], dict[str, int]]] = []

        def run_round(_: Path, instant: datetime) -> object:
            if not started:
                started.append(_flows(folder.absolute(), stack))
            return started[0](instant)

        return run_demo(
            folder,
            seed=seed,
            grade=grade,
            as_json=json_,
            out=sys.stdout,
            err=sys.stderr,
            run_round=run_round,
            answers_for=lambda path: read_snapshot(path / "data" / "archive.db"),
        )


def _flows(folder: Path, stack: ExitStack) -> Callable[[datetime], dict[str, int]]:
    """Return a function that runs the real refresh flow as of an instant, on a private server in the demo's folder."""
    from archive.launch import PrivateServer, refresher

    server = stack.enter_context(PrivateServer(folder / "prefect", environ=os.environ))
    return stack.enter_context(refresher(folder, server=server, environ=os.environ))


def _show(folder: Path) -> None:
    """Serve the demo's archive at any free port. No page offers "check now", because the demo's sites are gone."""
    from archive.cli.serve import serve_archive
    from archive.settings import load_settings

    serve_archive(load_settings({}, start=folder.absolute()), browse=True)


@demo.command("serve-site")
@click.option(
    "--port",
    metavar="PORT",
    default=0,
    type=click.IntRange(0, 65535),
    help="Port on this machine; 0 means any free one.",
)
@click.option(
    "--round",
    "number",
    metavar="N",
    default=0,
    show_default=True,
    type=click.IntRange(0, 3),
    help="The round to serve.",
)
@click.option(
    "--seed",
    metavar="N",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Spread the events over other articles.",
)
def serve_site(*, port: int, number: int, seed: int) -> None:
    r"""Serve the invented news world on this machine, for other tools to visit.

    It also works as an HTTP proxy, which makes its host names reachable.

    \b
    wirecopy demo serve-site --port 8000 --round 1
    curl -x http://127.0.0.1:8000 http://wire.example/
    """
    from archive.demo.site import serve_site as run

    run(seed=seed, round_number=number, port=port, err=sys.stderr)
