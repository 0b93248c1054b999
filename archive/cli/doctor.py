"""doctor: everything outside the archive's own rows that can stand in the way, each with what to do."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sqlite3
from typing import TYPE_CHECKING

from archive.api import Archive
from archive.pipeline.notify import unsent
from archive.seeds import load_index
from db.errors import ArchiveError
from db.records import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archive.settings import Settings

_LITTLE_SPACE = 1 << 30


def examine(settings: Settings) -> Iterator[Problem]:
    """Everything that deserves a look, worst first."""
    yield from _names()
    yield from _sqlite()
    yield from _archive(settings)
    yield from _disk(settings.db)
    yield from _index(settings)
    yield from _notices(settings)
    if settings.contact is None and not settings.resolve:
        yield Problem(
            what="no contact is set, so the open web may not be visited",
            where="settings",
            todo='Write contact = "you@example.org" into wirecopy.toml, or set WIRECOPY_CONTACT',
        )


def _names() -> Iterator[Problem]:
    """Our two import names are common words: another distribution that owns one too shadows or overwrites ours."""
    owners = importlib.metadata.packages_distributions()
    for name in ("archive", "db"):
        others = sorted(set(owners.get(name, [])) - {"wirecopy"})
        if others:
            yield Problem(
                what=f"the distribution {others[0]} also installs a package named {name}",
                where="Python environment",
                todo=f"Uninstall {others[0]}, or give wirecopy a virtual environment of its own",
            )


def _sqlite() -> Iterator[Problem]:
    options = {row[0] for row in sqlite3.connect(":memory:").execute("PRAGMA compile_options")}
    if "ENABLE_FTS5" not in options:
        yield Problem(
            what=f"this Python's SQLite {sqlite3.sqlite_version} was built without FTS5",
            where="Python environment",
            todo="Use a Python whose SQLite has full-text search; all builds of the last years do",
        )


def _archive(settings: Settings) -> Iterator[Problem]:
    try:
        with Archive(settings.db) as archive:
            counts = archive.counts()
            unfinished = [run for run in archive.runs(limit=1).rows if run.finished_at is None]
            working = archive.leases(settings.wall())
    except ArchiveError as error:
        yield Problem(what=str(error), where=str(settings.db), todo="")
        return
    if counts["underived"] and not working:
        yield Problem(
            what="1 capture was kept but not yet read"
            if counts["underived"] == 1
            else f"{counts['underived']} captures were kept but not yet read",
            where=str(settings.db),
            todo="Run: wirecopy refresh",
        )
    if unfinished and not working:
        kind = unfinished[0].kind
        again = "It runs every night with wirecopy up" if kind == "upkeep" else f"Run it again: wirecopy {kind}"
        yield Problem(
            what=f"the last run ({kind}) did not finish",
            where=str(settings.db),
            todo=f"{again}; it goes on where it was",
        )


def _disk(db: Path) -> Iterator[Problem]:
    folder = next(each for each in (db.parent, *db.parents) if each.exists())
    free = shutil.disk_usage(folder).free
    if free < _LITTLE_SPACE:
        yield Problem(
            what=f"only {free >> 20} MiB are free", where=str(folder), todo="Make room before the next refresh"
        )
    if not os.access(folder, os.W_OK):
        yield Problem(what="the folder cannot be written", where=str(folder), todo="Change its permissions or use --db")


def _index(settings: Settings) -> Iterator[Problem]:
    try:
        complaints = load_index(settings.index).complaints
    except ArchiveError as error:
        yield Problem(what=str(error), where=str(settings.index), todo="")
        return
    if complaints:
        yield Problem(
            what=f"{len(complaints)} complaint{'s' * (len(complaints) > 1)} about the seed index",
            where=str(settings.index),
            todo="See: wirecopy check",
        )


def _notices(settings: Settings) -> Iterator[Problem]:
    """Whom the settings name, and cannot be told."""
    if not settings.notify_secret and any(to.startswith(("http://", "https://")) for to in settings.notify):
        yield Problem(
            what="notify names a webhook, and there is no secret to sign with",
            where="settings",
            todo="Set WIRECOPY_NOTIFY_SECRET, at least 16 characters, for whatever starts the runs",
        )
    for kind, why in sorted(set(unsent(settings.db))):
        yield Problem(
            what=f"notices wait to be sent ({kind}): {why or 'not tried yet'}",
            where=str(settings.db.parent / "outbox"),
            todo="Each is tried again after the next runs, for a week",
        )
