"""Verbs of care: verify, doctor, backup, restore, upgrade, repack."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.api import serialize
from archive.cli.common import PROBLEMS, as_json, put_json, verb
from archive.cli.output import count, facts, fold, say, size

if TYPE_CHECKING:
    from archive.settings import Settings
    from db.records import Problem, Repacked


@verb
@click.option(
    "--deep", is_flag=True, help="Also unpack every payload and check its digest, and every page of the file."
)
@as_json
def verify(settings: Settings, *, deep: bool, json_: bool) -> int:
    """Check that all holds: the file, its links, every text, the chain over all captures.

    Ends 1 if something does not. The end of the chain is printed: whoever keeps that elsewhere can show later that
    nothing up to there was changed.
    """
    from archive.api import Archive

    with Archive(settings.db) as archive:
        problems = list(archive.verify(deep=deep))
        head = archive.chain_head()
    if json_:
        chain = None if head is None else {"position": head[0], "link": head[1]}
        put_json({"problems": [serialize.problem(one) for one in problems], "chain": chain})
    else:
        for one in problems:
            _tell(one)
        if head is not None:
            click.echo(f"chain: number {head[0]}, sha256 {head[1]}")
        say("all holds" if not problems else count(len(problems), "problem"))
    return PROBLEMS if problems else 0


@verb
@as_json
def doctor(settings: Settings, *, json_: bool) -> int:
    """Show every setting, and what may stand in the way.

    Says of each setting where it came from; looks at the archive, the disk, the index and the Python environment.
    Ends 1 if something needs a look.
    """
    from archive.cli.doctor import examine

    problems = list(examine(settings))
    if json_:
        known = [{"name": name, "value": value, "from": where} for name, value, where in settings.came_from]
        put_json({"settings": known, "problems": [serialize.problem(one) for one in problems]})
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
@click.option("--compact", is_flag=True, help="Leave out the room that deleted rows left, which takes longer.")
def backup(settings: Settings, *, to: Path | None, compact: bool) -> None:
    """Copy the archive, checked, while others go on using it.

    The copy goes to the file TO, else to data/backups/ under the time of day.
    """
    from db.backups import backup_path
    from db.maintenance import backup as copy

    click.echo(copy(settings.db, to or backup_path(settings.db, settings.wall()), compact=compact))


@verb
@click.option("--all", "everything", is_flag=True, help="Look at those again that were repacked before.")
def repack(settings: Settings, *, everything: bool) -> None:
    """Pack kept pages again, each against the most similar one.

    Pages are packed as they arrive; this makes up for what could not be known then, and packs those of archives made
    by older versions. May run beside everything else; cut off, it goes on where it was. The room it wins is used for
    what comes next; wirecopy backup --compact makes a file without it.
    """
    from archive.api.curation import repack as run

    done = run(settings, everything=everything, progress=_progress)
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    say(
        f"{count(done.seen, 'payload')}, {done.changed} packed anew, {done.dropped} dropped: "
        f"{size(done.before)} before, {size(done.after)} after"
    )


def _progress(done: Repacked) -> None:
    if sys.stderr.isatty():
        told = f"{done.seen} payloads, {size(done.before)} before, {size(done.after)} after"
        click.echo(f"\r{told}\x1b[K", err=True, nl=False)


@verb
@click.argument("source", metavar="BACKUP", type=click.Path(path_type=Path))
def restore(settings: Settings, *, source: Path) -> None:
    """Put a backup in the archive's place.

    It is checked first; what stood there is kept beside it. Refused while a run is at work.
    """
    from db.maintenance import restore as swap
    from db.maintenance import upgrade as migrate

    _refuse_while_at_work(settings)
    kept = swap(settings.db, source)
    migrate(settings.db)
    click.echo(f"{settings.db} is now {source}" + (f"; the file it replaced is {kept}" if kept else ""))


def _refuse_while_at_work(settings: Settings) -> None:
    """A run would go on writing to the file that is set aside, and what it fetches would be missing in the archive."""
    from archive.api import Archive
    from db.errors import StoreBusy, StoreError

    try:
        with Archive(settings.db) as archive:
            owners = [lease.owner for lease in archive.leases(settings.wall())]
    except StoreError:
        return  # there is none, or a broken one: just what one restores over
    if owners:
        raise StoreBusy(f"a run is at work on {settings.db} ({', '.join(owners)}); stop it, then restore again")


@verb
def upgrade(settings: Settings) -> None:
    """Bring an older archive to this version's schema.

    Backup, migrate, check. Other verbs that write do it by themselves; verbs that only read never do.
    """
    from db.errors import StoreError
    from db.maintenance import upgrade as migrate

    if not settings.db.is_file():
        raise StoreError(f"there is no archive at {settings.db} to upgrade. Make one: wirecopy init")
    done = migrate(settings.db)
    if done.before == done.after:
        click.echo(f"{settings.db} has the newest schema, {done.after}")
    else:
        click.echo(f"{settings.db}: schema {done.before} -> {done.after}; the old file is {done.backup}")
