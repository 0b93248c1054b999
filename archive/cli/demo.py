"""The verb that needs nothing: demo, the built-in news world through the real flows; and the world alone, served."""

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
@click.option("--grade", is_flag=True, help="Compare what the archive says with the script; ends 1 unless all agrees.")
@click.option("--json", "json_", is_flag=True, help="Print only {grade: {found, missed, false, pending}}.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Deal the events to other articles.")
@click.option("--dir", "folder", default="wirecopy-demo", show_default=True, type=click.Path(path_type=Path))
@click.option("--open", "open_", is_flag=True, help="Then show the archive in a browser, until Ctrl-C.")
@click.pass_context
def demo(ctx: click.Context, *, grade: bool, json_: bool, seed: int, folder: Path, open_: bool) -> int:
    r"""Archive an invented news world in four rounds, offline, through the real Prefect flows.

    Works only in its own folder, made anew each time; leaves an archive there to ask.

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
            answers_for=lambda where: read_snapshot(where / "data" / "archive.db"),
        )


def _flows(folder: Path, stack: ExitStack) -> Callable[[datetime], dict[str, int]]:
    """A function that runs the real refresh flow as of an instant, on a private server in the demo's folder."""
    from archive.launch import PrivateServer, rounds

    server = stack.enter_context(PrivateServer(folder / "prefect", environ=os.environ))
    return stack.enter_context(rounds(folder, server=server, environ=os.environ))


def _show(folder: Path) -> None:
    """Serve the demo's archive at any free port. Its sites are gone by now, so that no page offers to check one."""
    from archive.cli.serve import show
    from archive.settings import load_settings

    show(load_settings({}, start=folder.absolute()), browse=True)


@demo.command("serve-site")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port on loopback (else a free one).")
@click.option("--round", "at", default=0, show_default=True, type=click.IntRange(0, 3), help="The round to serve.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Deal the events to other articles.")
def serve(*, port: int, at: int, seed: int) -> None:
    r"""Serve the news world on loopback, so that any other tool can be pointed at it; also as an HTTP proxy.

    \b
    wirecopy demo serve-site --port 8000 --round 1
    curl -x http://127.0.0.1:8000 http://wire.example/
    """
    from archive.demo.site import serve_site

    serve_site(seed=seed, round_number=at, port=port, err=sys.stderr)
