"""Verbs of care: verify, doctor, backup, restore, upgrade."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive import answers
from archive.cli.common import PROBLEMS, as_json, put_json, verb
from archive.cli.screen import count, facts, fold, say

if TYPE_CHECKING:
    from archive.settings import Settings
    from db.records import Problem


@verb
@click.option("--deep", is_flag=True, help="Unpack every payload and check its digest, and the whole file.")
@as_json
def verify(settings: Settings, *, deep: bool, json_: bool) -> int:
    """Check that all holds: the file, its links, every text.

    Ends 1 if something does not. With --deep every payload is unpacked, too.
    """
    from archive.api import Archive

    with Archive(settings.db) as archive:
        problems = list(archive.verify(deep=deep))
    if json_:
        put_json({"problems": [answers.problem(one) for one in problems]})
    else:
        for one in problems:
            _tell(one)
        say("all holds" if not problems else count(len(problems), "problem"))
    return PROBLEMS if problems else 0


@verb
@as_json
def doctor(settings: Settings, *, json_: bool) -> int:
    """Show every setting, and what may stand in the way.

    Says of each setting where it came from; looks at the archive, the disk, the index and the Python environment.
    Ends 1 if something needs a look.
    """
    from archive.doctor import examine

    problems = list(examine(settings))
    if json_:
        known = [{"name": name, "value": value, "from": where} for name, value, where in settings.came_from]
        put_json({"settings": known, "problems": [answers.problem(one) for one in problems]})
    else:
        facts((name, value + (f" ({where})" * (where != "default"))) for name, value, where in settings.came_from)
        click.echo()
        for one in problems:
            _tell(one)
        say("all is well" if not problems else f"{count(len(problems), 'thing')} to look at")
    return PROBLEMS if problems else 0


def _tell(problem: Problem) -> None:
    """One problem: where, what, and what to do, nothing said twice."""
    where = "" if problem.where in problem.what else f"{problem.where}: "
    todo = f". {problem.todo}" if problem.todo else ""
    click.echo(fold(f"{where}{problem.what}{todo}", then="  "))


@verb
@click.argument("to", required=False, type=click.Path(dir_okay=False, path_type=Path))
def backup(settings: Settings, *, to: Path | None) -> None:
    """Copy the archive, checked, while others go on using it.

    The copy goes to the file TO, else to data/backups/ under the time of day.
    """
    from archive.spares import spare_path
    from db.care import backup as copy

    click.echo(copy(settings.db, to or spare_path(settings.db, settings.wall())))


@verb
@click.argument("source", metavar="BACKUP", type=click.Path(path_type=Path))
def restore(settings: Settings, *, source: Path) -> None:
    """Put a backup in the archive's place.

    It is checked first; what stood there is kept beside it.
    """
    from db.care import restore as swap
    from db.care import upgrade as migrate

    kept = swap(settings.db, source)
    migrate(settings.db)
    click.echo(f"{settings.db} is now {source}" + (f"; the file it replaced is {kept}" if kept else ""))


@verb
def upgrade(settings: Settings) -> None:
    """Bring an older archive to this version's schema.

    Backup, migrate, check. Other verbs that write do it by themselves; verbs that only read never do.
    """
    from archive.errors import StoreError
    from db.care import upgrade as migrate

    if not settings.db.is_file():
        raise StoreError(f"there is no archive at {settings.db} to upgrade. Make one: wirecopy init")
    done = migrate(settings.db)
    if done.before == done.after:
        click.echo(f"{settings.db} has the newest schema, {done.after}")
    else:
        click.echo(f"{settings.db}: schema {done.before} -> {done.after}; the old file is {done.backup}")
