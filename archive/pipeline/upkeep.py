"""Upkeep: check the file, back it up, learn site templates and change rates."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from archive.crawl.frontier.change_rate import learn
from archive.pipeline import adopt_template
from archive.pipeline.run import directly, open_run
from db import maintenance
from db.backups import backup_path, prune_backups
from db.queries import change_rate as change_rate_queries
from db.store import Store

if TYPE_CHECKING:
    from datetime import datetime

    from archive.pipeline.run import Run, Step
    from archive.settings import Settings
    from db.records import Report


async def upkeep(settings: Settings, *, owner: str | None = None, step: Step = directly) -> Report:
    """Check the file, let SQLite tidy its statistics, and keep a backup beside it (the newest seven stay).

    After that, learn what the furniture of each site is, and from the histories of each seed at which age its articles
    are edited. Raises Corrupt if the file does not hold; no backup is made of a broken file.
    """
    started_at = settings.now()
    async with open_run(settings, "upkeep", {}, owner=owner, step=step) as run:

        async def keep(_: list[int]) -> dict[str, int]:
            maintenance.check_file(settings.db)
            maintenance.backup(settings.db, backup_path(settings.db, started_at))
            return {"backups": 1, "dropped": prune_backups(settings.db)}

        run.counts.update(await step("upkeep", keep, []))
        await run.derive()
        await relearn_templates(run)
        run.counts["rhythms"] = _learn(run.store, settings.now())
    return run.report("upkeep", started_at)


async def relearn_templates(run: Run) -> None:
    """Take up what is learned of sites by now, and read again what that changes; the ledger must be empty."""
    now = run.settings.now()
    found, _ = await asyncio.to_thread(adopt_template.adopt_templates, run.store, run.recipe, now)
    run.counts["furniture"] = found
    if found:
        await run.derive()


def _learn(store: Store, now: datetime) -> int:
    """Learn when articles are edited, for the plan; of how many seeds anything could be learned."""
    found = change_rate_queries.observed_histories(store.ask)
    store.record_change_rates([learn(seed_key, followed, now) for seed_key, followed in found.items()])
    return len(found)


def release_leases(settings: Settings, owner: str) -> int:
    """Give back what a run held that cannot do it itself any more; how many leases that were."""
    with Store(settings.db) as store:
        return store.release_leases(owner)
