"""Import files: captures from elsewhere go on the same ledger as live ones, and are derived at once.

Only one batch of captures is in memory at any time. Revisit records are completed after all files are read
(``archive.pipeline.revisits``).
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from archive.formats.import_file import read_import
from archive.formats.imported import BadLine, ImportedCapture, ImportItem, RevisitRecord, SkippedRecords
from archive.formats.warc.segments import SegmentStore
from archive.pipeline import adopt_template
from archive.pipeline.build import current_build
from archive.pipeline.derive import derive
from archive.pipeline.gather import record_visits, tombstones_of
from archive.pipeline.link import link
from archive.pipeline.recipe import current_recipe
from archive.pipeline.revisits import is_completed, resolve_revisits, unresolved_revisits
from archive.pipeline.workers import open_workers
from archive.urls import canonical_url
from db.errors import BadInput
from db.queries import captures as capture_queries
from db.records import SeedKind
from db.store import Store
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from archive.extract.worker_pool import Extractors
    from archive.settings import Settings
    from db.records import Outcome, Recipe

    _Importable = Outcome | RevisitRecord | ImportedCapture

_BATCH_SIZE = 100  # captures in one transaction
_BATCH_BYTES = 8 << 20  # and bytes of their pages, which are in memory together
_CHUNK = 200  # captures derived at once
_WORTH_WORKERS = 40  # pages: starting two workers costs as much as extracting about 40 pages here


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """Counts of an import: captures read, how many of them were new, versions opened and links found.

    ``passed_over`` counts the records without a page. ``no_article`` counts new captures of pages that show no article,
    by verdict. ``bad`` lists what was refused or is still incomplete.
    """

    read: int = 0
    new: int = 0
    versions: int = 0
    links: int = 0
    passed_over: int = 0
    no_article: dict[str, int] = field(default_factory=dict)
    bad: tuple[BadLine, ...] = ()


def import_files(
    settings: Settings,
    paths: Sequence[Path],
    *,
    url: str | None = None,
    derive: bool = True,
    progress: Callable[[str], None] = lambda _: None,
) -> ImportResult:
    """Record every capture in these files and, unless ``derive`` is False, derive and link them.

    Creates the archive if there is none. A line that cannot be used is reported and the rest recorded. Importing again
    changes nothing. ``url`` is the address of the only file, which is a page or a PDF.

    Raises BadInput, before anything is recorded, for a file that cannot be read at all; StoreError.
    """
    segments = SegmentStore()
    if url is not None and len(paths) > 1:
        raise BadInput("one address is for one file; import the files one by one")
    now = settings.now()
    opened = [(path, read_import(path, now=now, segments=segments, url=url)) for path in paths]  # raises at once
    with Store(settings.db, salts=settings.salt) as store:
        importer = _Importer(store, settings, progress)
        for path, items in opened:
            importer.add_file(path, items)
        importer.bad += segments.unfinished()
        importer.complete_revisits()
        versions, links = _derive(store, settings, progress) if derive else (0, 0)
        no_article = capture_queries.without_article(store.ask, importer.new_ids)
    return ImportResult(
        read=importer.read,
        new=importer.new,
        versions=versions,
        links=links,
        passed_over=importer.passed_over,
        no_article=dict(Counter(verdict for verdict, _ in no_article.values())),
        bad=tuple(importer.bad),
    )


class _Importer:
    """Records the captures of files in the store, and counts them."""

    def __init__(self, store: Store, settings: Settings, progress: Callable[[str], None]) -> None:
        self._store = store
        self._settings = settings
        self._progress = progress
        self._revisits: dict[tuple[str, datetime], RevisitRecord] = {}
        self.read = self.new = self.passed_over = 0
        self.new_ids: list[int] = []
        self.bad: list[BadLine] = []
        self._reported: set[str] = set()

    def add_file(self, path: Path, items: Iterable[ImportItem]) -> None:
        """Record the captures of one file, in batches."""
        batch: list[_Importable] = []
        size = 0
        for item in items:
            match item:
                case BadLine():
                    self.bad.append(item)
                case SkippedRecords():
                    self.passed_over += item.count
                case _:
                    is_full = len(batch) >= _BATCH_SIZE or size >= _BATCH_BYTES
                    if is_full and not _is_part(item):  # a page and its parts stay in one batch
                        self._record(path, batch)
                        batch, size = [], 0
                    batch.append(item)
                    size += _payload_size(item)
        self._record(path, batch)

    def complete_revisits(self) -> None:
        """Complete the revisits whose originals are in the archive, and report the others of this import."""
        resolved, new = resolve_revisits(self._store)
        self.new += new - resolved
        what = "a revisit whose original is in none of these files and not in the archive"
        for capture in unresolved_revisits(self._store.ask) if self._revisits else ():
            revisit = self._revisits.get((capture.url, capture.captured_at))
            if revisit is not None:
                problem = f"{what}; it waits until a file that has it is imported"
                self.bad.append(BadLine(revisit.file, revisit.line, problem))

    def _record(self, path: Path, batch: Sequence[_Importable]) -> None:
        if not batch:
            return
        fresh = []
        for item in batch:
            record = item.content if isinstance(item, ImportedCapture) else item
            if isinstance(record, RevisitRecord):
                self._revisits[record.outcome.requested_url, record.outcome.started_at] = record
                if is_completed(self._store, record.outcome):
                    continue  # it would be recorded as unresolved and removed again, and stay in the chain for ever
            fresh.append(item)
        visits = _visits(fresh)
        self._report_forgotten(path, visits)
        provenance = f"import:{path.name}"
        try:
            self._record_visits(visits, provenance)
        except Exception as error:
            if not is_own_fault(error):
                raise
            self._record_one_by_one(path, visits, provenance)
        self.read += len(batch)
        self._progress(f"{self.read} captures read, {self.new} new")

    def _record_visits(self, visits: Sequence[tuple[SeedKind, tuple[Outcome, ...]]], provenance: str) -> None:
        ids = record_visits(self._store, visits, provenance=provenance, now=self._settings.now())
        self.new += len(ids)
        self.new_ids += ids

    def _record_one_by_one(
        self, path: Path, visits: Sequence[tuple[SeedKind, tuple[Outcome, ...]]], provenance: str
    ) -> None:
        """Record the captures of a batch that failed, and report the one that cannot be recorded."""
        for visit in visits:
            try:
                self._record_visits([visit], provenance)
            except Exception as error:
                if not is_own_fault(error):
                    raise
                url = visit[1][0].requested_url
                self.bad.append(BadLine(str(path), 0, f"{url} could not be recorded: {cause_of(error)}"))

    def _report_forgotten(self, path: Path, visits: Sequence[tuple[SeedKind, tuple[Outcome, ...]]]) -> None:
        """Report each address that was forgotten on request, once."""
        for url, tombstone in tombstones_of(self._store, [page for _, (page, *_) in visits]).items():
            if url not in self._reported:
                what = f"{url} was forgotten on request on {tombstone.forgotten_at:%Y-%m-%d} and is not kept again"
                self.bad.append(BadLine(str(path), 0, f"{what}; to allow it: wirecopy forget {url} --lift"))
                self._reported.add(url)


def _payload_size(item: _Importable) -> int:
    content = item.content if isinstance(item, ImportedCapture) else item
    outcome = content.outcome if isinstance(content, RevisitRecord) else content
    return len(outcome.payload or b"")


def _is_part(item: _Importable) -> bool:
    return isinstance(item, ImportedCapture) and item.part > 1


def _visits(batch: Sequence[_Importable]) -> list[tuple[SeedKind, tuple[Outcome, ...]]]:
    """Return the pages of a batch, each with its further parts. A part without its page becomes a page of its own."""
    visits: list[tuple[SeedKind, tuple[Outcome, ...]]] = []
    for item in batch:
        capture = item if isinstance(item, ImportedCapture) else ImportedCapture(content=item)
        outcome = capture.outcome
        if capture.part > 1:
            kind, outcomes = visits[-1] if visits else (SeedKind.ARTICLE, ())
            if outcomes and (outcomes[0].requested_url, len(outcomes)) == (capture.first_page_url, capture.part - 1):
                visits[-1] = kind, (*outcomes, outcome)
                continue
            url = canonical_url(outcome.final_url)
            outcome = replace(outcome, requested_url=url, final_url=url)
        visits.append((capture.kind, (outcome,)))
    return visits


def _derive(store: Store, settings: Settings, progress: Callable[[str], None]) -> tuple[int, int]:
    """Derive the whole ledger, not only the new captures: an interrupted import resumes here when it is run again.

    The templates of the sites are learned again and applied before it ends. Returns the counts of versions and links.
    """
    recipe = current_recipe(fast=settings.fast)
    store.use_recipe(recipe, settings.now())
    store.requeue_errors(current_build())
    waiting = len(capture_queries.underived(store.ask, _WORTH_WORKERS + 1))
    with open_workers(settings.workers if waiting > _WORTH_WORKERS else 0, fast=settings.fast) as extractors:
        versions, links = _derive_ledger(store, extractors, settings, recipe, progress)
        if adopt_template.adopt_templates(store, recipe, settings.now())[1]:
            more_versions, more_links = _derive_ledger(store, extractors, settings, recipe, progress)
            versions, links = versions + more_versions, links + more_links
        return versions, links + link(store, now=settings.now(), run=extractors.run)


def _derive_ledger(
    store: Store, extractors: Extractors, settings: Settings, recipe: Recipe, progress: Callable[[str], None]
) -> tuple[int, int]:
    queue = capture_queries.underived(store.ask, sys.maxsize)
    versions = links = derived = 0
    while chunk := capture_queries.underived(store.ask, _CHUNK):
        result = derive(store, extractors, chunk, recipe=recipe, now=settings.now(), run=extractors.run)
        versions, links, derived = versions + len(result.versions), links + result.links, derived + result.captures
        progress(f"{derived} of {len(queue)} derived, {versions} versions")
    return versions, links
