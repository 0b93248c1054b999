"""The verb that needs nothing: demo, the built-in news world through the real flows; and the world alone, served."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click


@click.group(invoke_without_command=True, no_args_is_help=False)
@click.option("--grade", is_flag=True, help="Compare what the archive says with the script; ends 1 unless all agrees.")
@click.option(
    "--json", "json_", is_flag=True, help="With --grade: print {grade: {found, missed, false, pending}} only."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Deal the events to other articles.")
@click.option(
    "--dir",
    "folder",
    default="wirecopy-demo",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Where it works.",
)
@click.pass_context
def demo(ctx: click.Context, *, grade: bool, json_: bool, seed: int, folder: Path) -> int:
    r"""Archive an invented news world in four rounds, offline, through the real Prefect flows.

    Works only in its own folder, made anew each time; leaves an archive there to ask.

    \b
    wirecopy demo
    wirecopy demo --grade --seed 7
    wirecopy demo serve-site --port 8000 --round 1
    """
    if ctx.invoked_subcommand is not None:
        return 0
    from archive.demo.run import run_demo
    from archive.demo.snapshot import snapshot
    from archive.launch import PrivateServer, rounds

    folder = folder.absolute()
    with PrivateServer(folder / "prefect", environ=os.environ) as server:
        return run_demo(
            folder,
            seed=seed,
            grade=grade,
            as_json=json_,
            out=sys.stdout,
            err=sys.stderr,
            rounds=lambda: rounds(folder, server=server, environ=os.environ),
            answers_for=snapshot,
        )


@demo.command("serve-site")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port on loopback (else a free one).")
@click.option("--round", "round_", default=0, show_default=True, type=click.IntRange(0, 3), help="The round to serve.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Deal the events to other articles.")
def serve_site(*, port: int, round_: int, seed: int) -> None:
    r"""Serve the news world on loopback, so that any other tool can be pointed at it; also as an HTTP proxy.

    \b
    wirecopy demo serve-site --port 8000 --round 1
    curl -x http://127.0.0.1:8000 http://wire.example/
    """
    from archive.demo.site import Site
    from archive.demo.world import World

    site = Site(World(seed))
    site.round = round_
    bound = site.start(port)
    click.echo(
        f"round {round_} of the news world on http://127.0.0.1:{bound} (by Host header, or as a proxy); Ctrl-C ends it"
    )
    try:
        site.wait()
    finally:
        site.stop()
