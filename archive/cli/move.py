"""The verb that copies an archive between a file and a PostgreSQL server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from archive.cli.common import as_json, print_json, verb
from archive.cli.output import count, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from archive.settings import Settings


@verb
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@as_json
def move(settings: Settings, *, source: str, target: str, json_: bool) -> None:
    r"""Copy the archive to a PostgreSQL server, or from one to a file, and compare the two.

    FROM is copied as of one moment, compared row by row, and stays as it is. TO must be empty, or the incomplete copy
    of a move that was cut off: the move then goes on. Stop runs before, because their later captures are only in FROM.

    \b
    wirecopy move data/archive.db postgresql://news@server.example/news
    wirecopy move postgresql://news@server.example/news copy.db
    """
    from archive.settings import from_process
    from db.move import move as copy

    del settings  # both places are named
    before, after = (from_process({"db": place}).db for place in (source, target))
    moved = copy(before, after, progress=_show_progress)
    rows = sum(moved.rows.values())
    if json_:
        print_json({"from": str(before), "to": str(after), "rows": moved.rows})
    else:
        click.echo(after)
    say(f"Copied and compared: {count(rows, 'row')}.")
    if others := _files_beside(before):
        say(f"These files beside {before} were not copied: {', '.join(path.name for path in others)}")
    say(f"Use it with --db, or set WIRECOPY_DB. {before} was not changed.")


def _show_progress(table: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{table}\x1b[K", err=True, nl=False)


def _files_beside(place: Path) -> Sequence[Path]:
    """Return the files that belong to an archive and are not in it: the key of its log, checkpoints, time stamps."""
    folder = place.parent
    names = [path for path in folder.iterdir() if path.name.startswith(f"{place.name}.")] if folder.is_dir() else []
    return sorted(path for path in names if not path.name.endswith((".token", ".incoming")))
