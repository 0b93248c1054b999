"""Reprocess offline: derive all captures again (reextract), or compare all texts again (rematch)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.extract.worker_pool import Extractors
from archive.pipeline.recipe import current_recipe
from archive.pipeline.reprocess_preview import preview
from archive.pipeline.run import open_run, run_inline
from archive.pipeline.upkeep import relearn_templates
from db.queries import sources as source_queries
from db.reader import Reader

if TYPE_CHECKING:
    from archive.pipeline.reprocess_preview import Preview
    from archive.pipeline.run import Step
    from archive.settings import Settings
    from db.records import Report


async def reextract(settings: Settings, *, owner: str | None = None, step: Step = run_inline) -> Report:
    """Derive every capture again under the current recipe, offline. Payloads it has seen are not extracted twice.

    Then the template of each site is learned again and applied. A text that now reads differently is no edit.
    """
    started_at = settings.now()
    async with open_run(settings, "reextract", {}, owner=owner, step=step) as run:
        source_ids = [source.id for source in source_queries.all_sources(run.store.ask)]
        run.store.requeue_errors("")  # of every build: whoever asks wants them tried again
        run.counts["queued"] = run.store.requeue_sources(source_ids, None, None)
        await run.derive()
        await relearn_templates(run)
    return run.report("reextract", started_at)


def preview_reextract(settings: Settings, *, samples: int = 5) -> Preview:
    """Return what ``reextract`` would change, without writing: counts, and some of the texts. Raises StoreError."""
    recipe = current_recipe(fast=settings.fast)
    with Reader(settings.db) as reader, Extractors(workers=2, fast=settings.fast) as extractors:
        return preview(reader.ask, extractors, recipe, samples=samples)


async def rematch(settings: Settings, *, owner: str | None = None, step: Step = run_inline) -> Report:
    """Drop every link between texts and judge them again under the current method, offline."""
    started_at = settings.now()
    async with open_run(settings, "rematch", {}, owner=owner, step=step) as run:
        run.store.requeue_errors("")
        run.store.drop_links()
        await run.derive()
    return run.report("rematch", started_at)
