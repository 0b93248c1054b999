"""Verbs that keep the archive healthy: verify, doctor, backup, restore, upgrade, repack."""

from __future__ import annotations

import sys
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from archive.api import serialize_runs
from archive.cli.common import PROBLEMS, as_json, print_json, verb
from archive.cli.output import count, format_size, print_facts, say, warn, wrap
from archive.cli.wording import clock_problems, future_problems
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive.settings import Settings
    from db.records import Problem, RepackResult

MOST_LISTED: Final = 1000
"""Problems that verify lists; the rest is counted. A damaged table can have one for every row."""


@verb
@click.option("--deep", is_flag=True, help="Also unpack every saved page, check its digest, and read the whole file.")
@click.option(
    "--again",
    is_flag=False,
    flag_value="500",
    metavar="[N|all]",
    help="Also work out N articles (500) again from their saved pages, and compare. all: every one, and --deep.",
)
@as_json
def verify(settings: Settings, *, deep: bool, again: str | None, json_: bool) -> int:
    r"""Check the archive for damage: file, references, texts and hash chain.

    Exit code 1 means that something is damaged. The end of the hash chain over all captures is printed: keep it
    somewhere else, and you can prove later that nothing up to there was changed.

    The chain covers what was captured. With --again, what was made of it is checked too: texts, versions, dates and
    matches are worked out again from the saved pages, and compared with what is stored.

    \b
    wirecopy verify --again          500 articles, others each time
    wirecopy verify --again all      as much work as reading all pages for the first time
    """
    from archive.api import Archive
    from archive.pipeline.run_clocks import wrong_clocks

    size = _sample_size(again)
    with Archive(settings.db) as archive:
        future = future_problems(archive.future_runs(settings.now()), str(settings.db))
        clocks = clock_problems(wrong_clocks(archive.ask, settings.now()), str(settings.db))
        problems, rest = _first(chain(future, clocks, archive.verify(deep=deep or again == "all")))
        head = archive.chain_head()
    counts = None
    if again is not None:
        faults, counts = _work_out_again(settings, size)
        rest += max(0, len(problems) + len(faults) - MOST_LISTED)
        problems = [*problems, *faults][:MOST_LISTED]
    if json_:
        end = None if head is None else {"position": head[0], "link": head[1]}
        answer = {"problems": [serialize_runs.problem(problem) for problem in problems], "more": rest, "chain": end}
        print_json(answer | ({} if counts is None else {"again": counts}))
    else:
        _print_problems(problems)
        if rest:
            click.echo(f"and {count(rest, 'more problem')}")
        if head is not None:
            click.echo(f"hash chain: number {head[0]}, sha256 {head[1]}")
        if counts is not None:
            click.echo(wrap(_describe_recheck(counts), then="  "))
        say(_conclude(len(problems) + rest))
    return PROBLEMS if problems else 0


def _first(problems: Iterable[Problem]) -> tuple[list[Problem], int]:
    """Return the first `MOST_LISTED` problems and the number of the others: a broken table has one for each row."""
    rows = iter(problems)
    return list(islice(rows, MOST_LISTED)), sum(1 for _ in rows)


def _sample_size(again: str | None) -> int | None:
    """Return the number of articles to work out again. None: all of them. Raises BadInput."""
    if again is None or again == "all":
        return None
    if not again.isdecimal() or int(again) == 0:
        raise BadInput(f"--again {again}: expected a number of articles from 1 on, or all")
    return int(again)


def _work_out_again(settings: Settings, size: int | None) -> tuple[list[Problem], dict[str, int]]:
    """Work out ``size`` articles again, or all. Return the problems, and the counts of what was done."""
    from archive.pipeline.recheck import open_recheck

    with open_recheck(settings.db, fast=settings.fast) as recheck:
        if size is None:
            return list(recheck.everything()), recheck.counts
        return list(recheck.histories(recheck.sample(size, settings.wall().isoformat()))), recheck.counts


def _describe_recheck(counts: dict[str, int]) -> str:
    """Return what was worked out again, and what could not be, in a sentence or two."""
    done = [("pages", "page"), ("texts", "text"), ("links", "match")]
    numbers = ", ".join(count(counts[name], word, "matches" if word == "match" else None) for name, word in done)
    left = {
        "waiting": "{} not read yet: wirecopy refresh",
        "older": "{} read or compared by an older wirecopy, which cannot be repeated: wirecopy reextract",
        "unclear": "{} could not be read in time now: try again on an idle machine",
    }
    rest = [sentence.format(f"{counts[name]:,}") for name, sentence in left.items() if counts[name]]
    return f"worked out again: {count(counts['histories'], 'address', 'addresses')}, {numbers}" + "".join(
        f". {sentence}" for sentence in rest
    )


@verb
@as_json
def doctor(settings: Settings, *, json_: bool) -> int:
    r"""Show every setting and look for problems around the archive.

    Shows where each setting comes from, and checks the archive, the disk, the seed index and the Python environment.
    Exit code 1 means that there are problems.

    \b
    wirecopy doctor
    wirecopy doctor --json
    """
    from archive.cli.doctor import examine

    problems = list(examine(settings))
    if json_:
        rows = [{"name": name, "value": value, "from": origin} for name, value, origin in settings.origins]
        print_json({"settings": rows, "problems": [serialize_runs.problem(problem) for problem in problems]})
    else:
        print_facts(
            (name, value + (f" ({origin})" * (origin != "default"))) for name, value, origin in settings.origins
        )
        click.echo()
        _print_problems(problems)
        say(_conclude(len(problems)))
    return PROBLEMS if problems else 0


def _print_problems(problems: list[Problem]) -> None:
    """Print the place, the problem and the remedy of each. The place is left out if the problem names it."""
    for problem in problems:
        where = "" if problem.where in problem.what else f"{problem.where}: "
        todo = f". {problem.todo}" if problem.todo else ""
        click.echo(wrap(f"{where}{problem.what}{todo}", then="  "))


def _conclude(problems: int) -> str:
    return f"{count(problems, 'problem')} found." if problems else "No problems found."


@verb
@click.argument("to", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--compact", is_flag=True, help="Leave out the space of deleted rows. Takes longer.")
def backup(settings: Settings, *, to: Path | None, compact: bool) -> None:
    """Copy the archive to a file and check the copy. The archive stays in use meanwhile.

    Writes the file TO, or a file named after the current time in data/backups/. The key of the log (wirecopy log) is
    not part of it.
    """
    from db.backups import backup_path
    from db.maintenance import backup as copy

    path = copy(settings.db, to or backup_path(settings.db, settings.wall()), compact=compact)
    click.echo(path)
    say(f"Backup made and checked, {format_size(path.stat().st_size)}.")


@verb
@click.option("--all", "everything", is_flag=True, help="Include pages that were repacked before.")
def repack(settings: Settings, *, everything: bool) -> None:
    """Compress the saved pages again, each against the most similar one, to save space.

    Pages are compressed as they arrive, when later similar pages are not known yet. Safe to run beside other commands;
    if interrupted, it continues where it was. The file does not shrink: new pages use the free space. wirecopy backup
    --compact writes a smaller file.
    """
    from archive.api.curation import repack as run

    totals = run(settings, everything=everything, progress=_show_progress)
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    dropped = f" Removed {count(totals.dropped, 'unused page')}." if totals.dropped else ""
    sizes = f"{format_size(totals.before)} before, {format_size(totals.after)} now"
    say(f"Packed {totals.changed:,} of {count(totals.examined, 'page')} again: {sizes}.{dropped}")


def _show_progress(totals: RepackResult) -> None:
    if sys.stderr.isatty():
        line = f"{count(totals.examined, 'page')}: {format_size(totals.before)} before, {format_size(totals.after)} now"
        click.echo(f"\r{line}\x1b[K", err=True, nl=False)


@verb
@click.argument("source", metavar="BACKUP", type=click.Path(path_type=Path))
def restore(settings: Settings, *, source: Path) -> None:
    """Replace the archive with a backup.

    The backup is checked first. The replaced file is kept beside it. A backup that is older than what the log signed
    (wirecopy log) is named. Not possible while a run is active.
    """
    from archive.api.signed_log import fork_problem
    from db.maintenance import restore as swap
    from db.maintenance import upgrade as migrate

    _refuse_while_running(settings)
    previous = swap(settings.db, source)
    migrate(settings.db)
    click.echo(f"Restored {settings.db} from {source}." + (f" The previous file is {previous}" if previous else ""))
    problem = fork_problem(settings.db)
    if problem is not None:
        warn(problem)


def _refuse_while_running(settings: Settings) -> None:
    """Raise StoreBusy if a run is active: it would go on writing to the file that is set aside."""
    from archive.api import Archive
    from db.errors import StoreBusy, StoreError

    try:
        with Archive(settings.db) as archive:
            owners = [lease.owner for lease in archive.leases(settings.wall())]
    except StoreError:
        return  # a missing or broken archive is just what people restore over
    if owners:
        raise StoreBusy(f"a run is active on {settings.db} ({', '.join(owners)}); stop it, then restore again")


@verb
def upgrade(settings: Settings) -> None:
    """Bring the archive of an older version up to date.

    Makes a backup, upgrades, and checks the result. Commands that write do this by themselves; commands that only read
    do not.
    """
    from db.errors import StoreError
    from db.maintenance import upgrade as migrate

    if not settings.db.is_file():
        raise StoreError(f"there is no archive at {settings.db} to upgrade. Make one: wirecopy init")
    migration = migrate(settings.db)
    if migration.before == migration.after:
        click.echo(f"{settings.db} is up to date (schema {migration.after}).")
    else:
        schemas = f"from schema {migration.before} to {migration.after}"
        before = f" The previous file is {migration.backup}" if migration.backup else ""  # a server makes its own
        click.echo(f"Upgraded {settings.db} {schemas}.{before}")
