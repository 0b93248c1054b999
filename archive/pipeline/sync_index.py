"""Write the seeds of the index into the archive, at the start of each run that works on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.api.index_changes import settle_index_change
from archive.urls import url_key
from db.records import SeedKind

if TYPE_CHECKING:
    from datetime import datetime

    from archive.pipeline.run import Run
    from db.records import Seeds


def sync_index(run: Run, index: Seeds, now: datetime) -> None:
    """Upsert the seeds of ``index``. Files are left out: they are imported, never visited.

    While the index has mistakes, no source is retired: a typo in a row must not end the visits to its source.
    ``run.counts`` gains ``complaints``. A change of the index that was cut off gets its entry in the audit.
    """
    settle_index_change(run.settings.db, run.settings.index)
    watched = [seed for seed in index.seeds if seed.kind is not SeedKind.FILE]
    keys = {seed.url: url_key(seed.url) for seed in watched}
    run.store.sync_seeds(watched, keys, now, retire=not index.complaints)
    run.counts["complaints"] = len(index.complaints)
