"""The checks of ``wirecopy doctor``: problems around the archive rather than in its rows, each with a remedy."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from archive.api import Archive, checkpoint_places, packs, signed_log
from archive.cli.output import count
from archive.cli.wording import clock_problems, future_problems, rendering_problem
from archive.launch.server import foreign_file
from archive.pipeline.notify import unsent_notices
from archive.pipeline.run_clocks import wrong_clocks
from archive.seeds import load_index
from db.dialect.server_address import is_server
from db.errors import ArchiveError
from db.records import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archive.settings import Settings

_LITTLE_SPACE = 1 << 30


def examine(settings: Settings) -> Iterator[Problem]:
    """Yield every problem, the worst first."""
    yield from _check_package_names()
    yield from _check_sqlite()
    yield from _check_driver(settings.db)
    yield from _check_archive(settings)
    yield from _check_log(settings.db)
    yield from _check_outside_proofs(settings)
    yield from _check_packs(settings)
    yield from _check_disk(settings.db)
    yield from _check_prefect(settings.root / "data" / "prefect")
    yield from _check_index(settings)
    yield from _check_notices(settings)
    if settings.contact is None and not settings.resolve:
        yield Problem(
            what="no contact address is set, so wirecopy fetches nothing from the open web",
            where="settings",
            todo='Write contact = "you@example.org" into wirecopy.toml, or set WIRECOPY_CONTACT',
        )


def _check_package_names() -> Iterator[Problem]:
    """Find distributions that install a package of our name. Both names are common words, and one hides the other."""
    owners = importlib.metadata.packages_distributions()
    for name in ("archive", "db"):
        others = sorted(set(owners.get(name, [])) - {"wirecopy"})
        if others:
            yield Problem(
                what=f"the distribution {others[0]} also installs a package named {name}",
                where="Python environment",
                todo=f"Uninstall {others[0]}, or install wirecopy in a virtual environment of its own",
            )


def _check_log(db: Path) -> Iterator[Problem]:
    """Find an archive that does not continue what its log signed, and a key that others can read."""
    path = signed_log.key_path(db)
    if not path.exists():
        return
    if path.stat().st_mode & 0o077:
        yield Problem(what="others can read the key of the log", where=str(path), todo=f"Run: chmod 600 {path}")
    try:
        problem = signed_log.fork_problem(db)
    except ArchiveError as error:
        problem = str(error)
    if problem is not None:
        what, _, todo = problem.partition(". ")
        yield Problem(what=what, where="the log", todo=todo)


def _check_outside_proofs(settings: Settings) -> Iterator[Problem]:
    """Find entries of the log that have no time stamp, witness or copy outside for too long."""
    for problem in checkpoint_places.gaps(settings) if settings.db.is_file() else ():
        what, _, todo = problem.rpartition(". ")
        yield Problem(what=what, where="the log", todo=todo)


def _check_packs(settings: Settings) -> Iterator[Problem]:
    """Find packs outside the archive that cannot be read, or still have deleted pages."""
    if not (is_server(settings.db) or settings.db.is_file()):
        return
    try:
        problems = list(packs.lost_packs(settings))
    except ArchiveError:
        return  # the check of the archive says it
    for problem in problems:
        yield Problem(what=problem, where="packs", todo="Make the place reachable, then run: wirecopy offload")


def _check_sqlite() -> Iterator[Problem]:
    with closing(sqlite3.connect(":memory:")) as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    if "ENABLE_FTS5" not in options:
        yield Problem(
            what=f"SQLite {sqlite3.sqlite_version} of this Python has no full-text search (FTS5)",
            where="Python environment",
            todo="Use a Python whose SQLite has it; all builds of recent years do",
        )


def _check_driver(db: Path) -> Iterator[Problem]:
    """Find the driver of PostgreSQL without its compiled part."""
    if not is_server(db):
        return
    try:
        from psycopg.pq import __impl__ as implementation
    except ImportError:
        return  # said when the archive is opened
    if implementation == "python":
        yield Problem(
            what="psycopg has no compiled part, which triples the CPU that queries take here",
            where="Python environment",
            todo="Run: pip install 'psycopg[binary]'",
        )


def _check_archive(settings: Settings) -> Iterator[Problem]:
    try:
        with Archive(settings.db) as archive:
            counts = archive.counts()
            unfinished = [run for run in archive.runs(limit=1).rows if run.finished_at is None]
            active = archive.leases(settings.wall())
            future = archive.future_runs(settings.now())
            clocks = wrong_clocks(archive.ask, settings.now())
            faults = archive.recheck_faults()
    except ArchiveError as error:
        yield Problem(what=str(error), where=str(settings.db), todo="")
        return
    yield from future_problems(future, str(settings.db))
    yield from clock_problems(clocks, str(settings.db))
    if counts["underived"] and not active:
        yield Problem(
            what=f"{count(counts['underived'], 'saved page')} not read yet",
            where=str(settings.db),
            todo="Run: wirecopy refresh",
        )
    if faults:
        yield Problem(
            what=f"{count(faults, 'row')} of texts, versions or matches not as their pages give them",
            where=str(settings.db),
            todo="List them: wirecopy verify --again all. Then: wirecopy reextract, wirecopy rematch",
        )
    if unfinished and not active:
        kind = unfinished[0].kind
        again = "wirecopy up runs it every night" if kind == "upkeep" else f"Run it again: wirecopy {kind}"
        yield Problem(
            what=f"the last run ({kind}) did not finish",
            where=str(settings.db),
            todo=f"{again}. It continues where it stopped",
        )


def _check_disk(db: Path) -> Iterator[Problem]:
    folder = next(parent for parent in (db.parent, *db.parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    if free < _LITTLE_SPACE:
        yield Problem(
            what=f"only {free >> 20} MiB of disk space are free",
            where=str(folder),
            todo="Free some space before the next refresh",
        )
    if not os.access(folder, os.W_OK):
        yield Problem(what="the folder is not writable", where=str(folder), todo="Change its permissions or use --db")


def _check_prefect(home: Path) -> Iterator[Problem]:
    """Find files of Prefect that another user wrote, so that wirecopy up cannot start."""
    foreign = foreign_file(home) if home.exists() else None
    if foreign is not None:
        yield Problem(
            what="this user may not write the files of wirecopy up, because another user started it here",
            where=str(foreign),
            todo=f"Start it as that user, or delete {home}: only the list of past runs is lost",
        )


def _check_index(settings: Settings) -> Iterator[Problem]:
    try:
        index = load_index(settings.index)
    except ArchiveError as error:
        yield Problem(what=str(error), where=str(settings.index), todo="")
        return
    if what := rendering_problem(settings, index):
        yield Problem(what=what, where=str(settings.index), todo="Or take render: yes out of the seed index")
    if mistakes := index.complaints:
        yield Problem(
            what=f"{count(len(mistakes), 'mistake')} in the seed index",
            where=str(settings.index),
            todo="List them: wirecopy check",
        )


def _check_notices(settings: Settings) -> Iterator[Problem]:
    """Find receivers that the settings name and that notices cannot reach."""
    if not settings.notify_secret and any(
        to.startswith(("http://", "https://")) for to in (*settings.notify, *settings.digest)
    ):
        yield Problem(
            what="notify names a webhook, but there is no secret to sign notices with",
            where="settings",
            todo="Set WIRECOPY_NOTIFY_SECRET, at least 16 characters, in the environment of whatever starts the runs",
        )
    for kind, why in sorted(set(unsent_notices(settings.db))):
        yield Problem(
            what=f"notices could not be sent ({kind}): {why or 'not tried yet'}",
            where=str(settings.db),
            todo="Each run tries them again, for a month",
        )
