"""Importing files: captures from elsewhere enter by the same ledger as live ones, and are derived at once.

Only one batch of captures is in memory at any time. What a file records as a repeat of another capture is completed
once all files are read (``archive.pipeline.revisits``).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.extract.worker_pool import Extractors
from archive.formats.import_file import read_import
from archive.formats.imported import BadLine, ImportedCapture, ImportItem, PassedOver, RevisitRecord
from archive.pipeline import adopt_template
from archive.pipeline.derive import derive
from archive.pipeline.gather import record_visits, tombstones_of
from archive.pipeline.link import link
from archive.pipeline.recipe import current_recipe
from archive.pipeline.revisits import is_completed, resolve_revisits, unresolved_revisits
from archive.urls import canonical_url
from db.queries import captures as capture_queries
from db.records import SeedKind
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from archive.settings import Settings
    from db.records import Outcome, Recipe

_TOGETHER = 100  # captures a transaction
_CHUNK = 200  # captures derived at once
_WORTH_WORKERS = 40  # pages: starting two extraction workers costs as much as extracting about 40 pages here


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What an import did: captures read, how many of them were new, versions opened, links found.

    ``passed_over`` counts the records that hold no page, ``bad`` is what was refused or is still incomplete.
    """

    read: int = 0
    new: int = 0
    versions: int = 0
    links: int = 0
    passed_over: int = 0
    bad: tuple[BadLine, ...] = ()


def import_files(
    settings: Settings, paths: Sequence[Path], *, derive: bool = True, progress: Callable[[str], None] = lambda _: None
) -> ImportResult:
    """Keep every capture in these files and, unless ``derive`` is False, derive and link them before returning.

    Makes the archive if there is none. A line that cannot be used is reported and the rest kept; importing again
    changes nothing. Raises BadInput, before anything is done, for a file that cannot be read at all; StoreError.
    """
    opened = [(path, read_import(path, now=settings.now())) for path in paths]  # a missing one is noticed at once
    with Store(settings.db) as store:
        keeping = _Keeping(store, settings, progress)
        for path, found in opened:
            keeping.file(path, found)
        keeping.complete()
        versions, links = _derive(store, settings, progress) if derive else (0, 0)
    return ImportResult(
        read=keeping.read,
        new=keeping.new,
        versions=versions,
        links=links,
        passed_over=keeping.passed_over,
        bad=tuple(keeping.bad),
    )


class _Keeping:
    """Captures on their way from files into the store, and the count of them."""

    def __init__(self, store: Store, settings: Settings, progress: Callable[[str], None]) -> None:
        self._store = store
        self._settings = settings
        self._progress = progress
        self._repeats: dict[tuple[str, datetime], RevisitRecord] = {}
        self.read = self.new = self.passed_over = 0
        self.bad: list[BadLine] = []
        self._barred: set[str] = set()

    def file(self, path: Path, found: Iterable[ImportItem]) -> None:
        """Keep what one file holds, in batches."""
        batch: list[Outcome | RevisitRecord | ImportedCapture] = []
        for each in found:
            match each:
                case BadLine():
                    self.bad.append(each)
                case PassedOver():
                    self.passed_over += each.count
                case _:
                    if len(batch) >= _TOGETHER and not _is_part(each):  # a page and its parts are kept together
                        self._keep(path, batch)
                        batch = []
                    batch.append(each)
        self._keep(path, batch)

    def complete(self) -> None:
        """Look for what repeats repeat; a repeat still incomplete is complained of."""
        gone, new = resolve_revisits(self._store)
        self.new += new - gone
        what = "a revisit whose original is in none of these files and not in the archive"
        for each in unresolved_revisits(self._store.ask) if self._repeats else ():
            one = self._repeats.get((each.url, each.captured_at))
            if one is not None:
                self.bad.append(BadLine(one.file, one.line, f"{what}; it waits, and completes when that is imported"))

    def _keep(self, path: Path, batch: Sequence[Outcome | RevisitRecord | ImportedCapture]) -> None:
        if not batch:
            return
        fresh = []
        for each in batch:
            found = each.found if isinstance(each, ImportedCapture) else each
            if isinstance(found, RevisitRecord):
                self._repeats[found.outcome.requested_url, found.outcome.started_at] = found
                if is_completed(self._store, found.outcome):
                    continue  # it would be kept as waiting and go again, and the chain would tell of it for ever
            fresh.append(each)
        self.new += len(self._kept(path, _visits(fresh)))
        self.read += len(batch)
        self._progress(f"{self.read} captures read, {self.new} new")

    def _kept(self, path: Path, visits: Sequence[tuple[SeedKind, tuple[Outcome, ...]]]) -> list[int]:
        for url, grave in tombstones_of(self._store, [page for _, (page, *_) in visits]).items():
            if url not in self._barred:
                what = f"{url} was forgotten on request on {grave.forgotten_at:%Y-%m-%d} and is not kept again"
                self.bad.append(BadLine(str(path), 0, f"{what}; to allow it: wirecopy forget {url} --lift"))
                self._barred.add(url)
        return record_visits(self._store, visits, provenance=f"import:{path.name}", now=self._settings.now())


def _is_part(found: Outcome | RevisitRecord | ImportedCapture) -> bool:
    return isinstance(found, ImportedCapture) and found.part > 1


def _visits(batch: Sequence[Outcome | RevisitRecord | ImportedCapture]) -> list[tuple[SeedKind, tuple[Outcome, ...]]]:
    """What was found, each page together with its further parts. A part without its page stands for itself alone."""
    visits: list[tuple[SeedKind, tuple[Outcome, ...]]] = []
    for each in batch:
        one = each if isinstance(each, ImportedCapture) else ImportedCapture(found=each)
        outcome = one.outcome
        if one.part > 1:
            kind, got = visits[-1] if visits else (SeedKind.ARTICLE, ())
            if got and (got[0].requested_url, len(got)) == (one.of, one.part - 1):
                visits[-1] = kind, (*got, outcome)
                continue
            url = canonical_url(outcome.final_url)
            outcome = replace(outcome, requested_url=url, final_url=url)
        visits.append((one.kind, (outcome,)))
    return visits


def _derive(store: Store, settings: Settings, progress: Callable[[str], None]) -> tuple[int, int]:
    """Derive all that waits, not only what is new: an import that was cut off goes on here when it is run again.

    What the pages teach of their sites is taken up before it ends.
    """
    recipe = current_recipe(fast=settings.fast)
    store.use_recipe(recipe, settings.now())
    versions, links = _derive_waiting(store, settings, recipe, progress)
    if adopt_template.adopt_templates(store, recipe, settings.now())[1]:
        more = _derive_waiting(store, settings, recipe, progress)
        versions, links = versions + more[0], links + more[1]
    return versions, links + link(store, now=settings.now())


def _derive_waiting(
    store: Store, settings: Settings, recipe: Recipe, progress: Callable[[str], None]
) -> tuple[int, int]:
    queue = capture_queries.underived(store.ask, sys.maxsize)
    versions = links = done = 0
    workers = 2 if len(queue) > _WORTH_WORKERS else 0
    with Extractors(workers=workers, fast=settings.fast) as extractors:
        while chunk := capture_queries.underived(store.ask, _CHUNK):
            got = derive(store, extractors, chunk, recipe=recipe, now=settings.now())
            versions, links, done = versions + len(got.versions), links + got.links, done + got.captures
            progress(f"{done} of {len(queue)} derived, {versions} versions")
    return versions, links
