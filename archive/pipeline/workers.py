"""The worker processes of a run: they extract and clean pages, compute lookup keys and judge pairs of texts."""

from __future__ import annotations

from archive.extract.worker_pool import Extractors, processors
from archive.pipeline.page_work import clean_page


def open_workers(workers: int | None, *, fast: bool) -> Extractors:
    """Return so many workers, one for each processor if None. ``fast`` is the setting of that name."""
    return Extractors(processors() if workers is None else workers, fast=fast, after=clean_page)
