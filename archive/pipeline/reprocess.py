"""Reprocess offline: derive all captures again (reextract), or compare all texts again (rematch)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from archive.pipeline.recipe import current_recipe
from archive.pipeline.reprocess_preview import preview
from archive.pipeline.run import open_run, run_inline
from archive.pipeline.upkeep import relearn_templates
from archive.pipeline.workers import open_workers
from db.queries import rechecks
from db.queries import sources as source_queries
from db.reader import Reader
from db.verify.column_values import DERIVED, bad_values
from db.verify.common import DERIVE

if TYPE_CHECKING:
    from archive.pipeline.reprocess_preview import Preview
    from archive.pipeline.run import Step
    from archive.settings import Settings
    from db.records import Report


async def reextract(settings: Settings, *, owner: str | None = None, step: Step = run_inline) -> Report:
    """Derive every capture again under the current recipe, offline, without trusting any row derived before.

    Then the template of each site is learned again and applied. A text that now reads differently is no edit. Last the
    full-text index is made again.
    """
    started_at = settings.now()
    async with open_run(settings, "reextract", {}, owner=owner, step=step) as run:
        source_ids = [source.id for source in source_queries.all_sources(run.store.ask)]
        run.again = True
        run.store.drop_rows(_unreadable_rows(settings))
        run.store.drop_rows(_rows_of_no_page(settings, {"derivation", "extraction", "cleaning"}))
        run.store.requeue_errors("")  # of every build: whoever asks wants them tried again
        run.counts["queued"] = run.store.requeue_sources(source_ids, None, None)
        await run.derive()
        await relearn_templates(run)
        run.store.drop_rows(_rows_of_no_page(settings, {"text"}))
        await asyncio.to_thread(run.store.make_index_again)
    return run.report("reextract", started_at)


def _unreadable_rows(settings: Settings) -> dict[str, list[int]]:
    """Return the derived rows, by table, of which a value cannot be read. Texts and recipes are overwritten instead."""
    with Reader(settings.db) as reader:
        tables = [table for table, todo in DERIVED.items() if todo == DERIVE and table not in {"text", "recipe"}]
        return {table: [number for number, _ in bad_values(reader, table)] for table in tables}


def _rows_of_no_page(settings: Settings, tables: set[str]) -> dict[str, list[int]]:
    """Return the rows of these tables that no page gives, by table."""
    with Reader(settings.db) as reader:
        rows = rechecks.strays(reader.ask)
    return {table: [number for name, number in rows if name == table] for table in tables}


def preview_reextract(settings: Settings, *, samples: int = 5) -> Preview:
    """Return what ``reextract`` would change, without writing: counts, and some of the texts. Raises StoreError."""
    recipe = current_recipe(fast=settings.fast)
    with Reader(settings.db) as reader, open_workers(settings.workers, fast=settings.fast) as extractors:
        return preview(reader.ask, extractors, recipe, samples=samples)


async def rematch(settings: Settings, *, owner: str | None = None, step: Step = run_inline) -> Report:
    """Drop every link between texts and judge them again under the current method, offline."""
    started_at = settings.now()
    async with open_run(settings, "rematch", {}, owner=owner, step=step) as run:
        run.store.requeue_errors("")
        run.store.drop_links()
        await run.derive()
    return run.report("rematch", started_at)
