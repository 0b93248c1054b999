"""Recheck: work out again what is stored of histories, from their pages on, and compare (``wirecopy verify --again``).

Each layer is compared with what its function gives for the layer below: payload, text, derivation, version, link. They
are the functions that made the rows. So a changed row is found in the layer where it was changed. Clusters and their
originals are stored nowhere: every answer computes them from these rows.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from archive.pipeline.recheck_histories import check_history
from archive.pipeline.recheck_links import LinkRecheck
from archive.pipeline.recheck_pages import PageRecheck
from archive.pipeline.recipe import current_recipe
from archive.pipeline.workers import open_workers
from db.errors import StoreError
from db.queries import rechecks
from db.reader import Reader
from db.records import Problem
from db.verify.common import DERIVE, REMATCH
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from archive.pipeline.extraction import PageExtractor
    from db.records import Recipe

NIGHTS = 30
"""Nightly samples that together cover the archive."""

_BATCH_SIZE = 20
"""Histories whose pages are extracted together, so that all workers have something to do."""


class Recheck:
    """Rechecks histories over one connection. ``counts`` says what was done."""

    def __init__(
        self,
        reader: Reader,
        extractors: PageExtractor,
        recipe: Recipe,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._ask, self._stopped = reader.ask, stopped
        self._pages = PageRecheck(ask=reader.ask, extractors=extractors, recipe=recipe)
        self._links = LinkRecheck(ask=reader.ask)
        self._histories = self._waiting = 0

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of histories, pages, texts and links that were worked out again, and of what could not be.

        ``waiting`` histories are not derived yet. ``older`` pages and links are of a recipe or method that this code no
        longer has. ``unclear`` pages could be read when they were stored, and not now: a busy machine.
        """
        return {
            "histories": self._histories,
            "pages": self._pages.pages,
            "texts": len(self._links.texts),
            "links": self._links.links,
            "waiting": self._waiting,
            "older": self._pages.older + self._links.older,
            "unclear": self._pages.unclear,
        }

    def sample(self, size: int, seed: str) -> list[int]:
        """Return ``size`` histories, chosen by a digest with ``seed``: another seed gives another sample."""
        roots = rechecks.roots(self._ask)
        return sorted(sorted(roots, key=lambda root: hashlib.sha256(f"{seed} {root}".encode()).digest())[:size])

    def next_of_round(self) -> tuple[list[int], int]:
        """Return tonight's histories, those that were checked longest ago, and the mark to store with the run.

        The histories of each night follow those of the night before, by id, and after the last comes the first.
        """
        mark, roots = rechecks.last_mark(self._ask), rechecks.roots(self._ask)
        size = -(-len(roots) // NIGHTS)
        tonight = rechecks.roots(self._ask, after=mark, limit=size)
        ended = len(tonight) < size or tonight[-1:] == roots[-1:]
        return tonight, 0 if ended else tonight[-1]

    def histories(self, roots: Sequence[int]) -> Iterator[Problem]:
        """Yield what is wrong with these histories, given by the sources that keep them, until ``stopped``."""
        for start in range(0, len(roots), _BATCH_SIZE):
            if self._stopped():
                return
            ready = {}
            for root in roots[start : start + _BATCH_SIZE]:
                source_ids = rechecks.addresses(self._ask, root)
                if rechecks.is_waiting(self._ask, source_ids):
                    self._waiting += 1
                else:
                    ready[root] = source_ids
            together = [source_id for source_ids in ready.values() for source_id in source_ids]
            yield from self._guarded(self._pages.check(together), "pages", DERIVE, together)
            for root, source_ids in ready.items():
                self._histories += 1
                yield from self._guarded(check_history(self._ask, root, source_ids), "history", DERIVE, source_ids)
                yield from self._guarded(self._links.check(source_ids), "links", REMATCH, source_ids)

    def everything(self) -> Iterator[Problem]:
        """Yield what is wrong in the whole archive, also with rows that belong to no history."""
        yield from self.histories(rechecks.roots(self._ask))
        for table, number in rechecks.strays(self._ask):
            todo = REMATCH if table == "link" else DERIVE
            yield Problem(what="nothing in the archive gives it", where=f"row {number} of {table}", todo=todo)
        if not self.counts["older"] and not self._waiting and rechecks.count_keys(self._ask) > self._links.keys:
            yield Problem(what="there are keys that no text has", where="table near_key", todo=REMATCH)

    def _guarded(
        self, problems: Iterator[Problem], what: str, todo: str, source_ids: Sequence[int]
    ) -> Iterator[Problem]:
        """Yield these problems. A row that cannot even be read is one more, and ends only this part."""
        try:
            yield from problems
        except Exception as error:
            if not is_own_fault(error) and not isinstance(error, StoreError):
                raise
            where = f"{what} of {'source' if len(source_ids) == 1 else 'sources'} {', '.join(map(str, source_ids))}"
            cause = str(error) if isinstance(error, StoreError) else cause_of(error)
            yield Problem(what=f"a row could not be read: {cause}", where=where, todo=todo)


@contextmanager
def open_recheck(db: Path, *, fast: bool = False, workers: int | None = None) -> Iterator[Recheck]:
    """Yield a recheck of the archive as of one moment, whatever is written meanwhile. Raises StoreError."""
    with Reader(db) as reader, open_workers(workers, fast=fast) as extractors:
        reader.ask("BEGIN")
        yield Recheck(reader, extractors, current_recipe(fast=fast))
