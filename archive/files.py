"""Importing files: captures from elsewhere enter by the same ledger as live ones, and are derived at once."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive import pipeline
from archive.extract.workers import Extractors
from archive.importing import BadLine, read_import
from db.questions import captures as ask_captures
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from archive.settings import Settings
    from db.records import Outcome

_TOGETHER = 100  # captures a transaction
_CHUNK = 200  # captures derived at once
_WORTH_WORKERS = 40  # pages: starting two extraction workers costs as much as extracting about 40 pages here


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did: captures read, how many of them were new, versions opened, links found, lines refused."""

    read: int = 0
    new: int = 0
    versions: int = 0
    links: int = 0
    bad: tuple[BadLine, ...] = ()


def import_files(
    settings: Settings, paths: Sequence[Path], *, derive: bool = True, progress: Callable[[str], None] = lambda _: None
) -> Imported:
    """Keep every capture in these files and, unless ``derive`` is False, derive and link them before returning.

    Makes the archive if there is none. A line that cannot be used is reported and the rest kept; importing again
    changes nothing. Raises BadInput, before anything is done, for a file that cannot be read at all; StoreError.
    """
    bad: list[BadLine] = []
    read = new = 0
    opened = [(path, read_import(path, now=settings.now())) for path in paths]  # a missing one is noticed at once
    with Store(settings.db) as store:
        for path, lines in opened:
            for batch in _batches(lines, bad):
                read += len(batch)
                new += len(pipeline.keep_outcomes(store, batch, provenance=f"import:{path.name}", now=settings.now()))
                progress(f"{read} captures read, {new} new")
        versions, links = _derive(store, settings, progress) if derive else (0, 0)
    return Imported(read=read, new=new, versions=versions, links=links, bad=tuple(bad))


def _batches(lines: Iterable[Outcome | BadLine], bad: list[BadLine]) -> Iterator[list[Outcome]]:
    batch: list[Outcome] = []
    for each in lines:
        if isinstance(each, BadLine):
            bad.append(each)
            continue
        batch.append(each)
        if len(batch) == _TOGETHER:
            yield batch
            batch = []
    if batch:
        yield batch


def _derive(store: Store, settings: Settings, progress: Callable[[str], None]) -> tuple[int, int]:
    """Derive all that waits, not only what is new: an import that was cut off goes on here when it is run again."""
    recipe = pipeline.current_recipe()
    store.use_recipe(recipe, settings.now())
    waiting = ask_captures.underived(store.ask, sys.maxsize)
    versions = links = 0
    with Extractors(workers=2 if len(waiting) > _WORTH_WORKERS else 0) as extractors:
        for start in range(0, len(waiting), _CHUNK):
            chunk = waiting[start : start + _CHUNK]
            done = pipeline.derive(store, extractors, chunk, recipe=recipe, now=settings.now())
            versions, links = versions + len(done.versions), links + done.links
            progress(f"{start + len(chunk)} of {len(waiting)} derived, {versions} versions")
    return versions, links + pipeline.link(store, now=settings.now())
