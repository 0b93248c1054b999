"""Upkeep: check the file, back it up, learn site templates and change rates."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from archive.api import packs
from archive.pipeline import adopt_template
from archive.pipeline.leased_work import lease_term
from archive.pipeline.outside import prove_outside_if_due
from archive.pipeline.recheck import Recheck
from archive.pipeline.run import open_run, run_inline
from archive.seeds.frontier.change_rate import estimate_change_rate
from db import maintenance
from db.backups import backup_path, prune_backups
from db.dialect.server_address import is_server
from db.errors import StoreError
from db.lease_owner import lease_owner
from db.queries import change_rate as change_rate_queries
from db.reader import Reader
from db.store import Store
from db.store.leases import ALONE

if TYPE_CHECKING:
    from datetime import datetime

    from archive.pipeline.run import Run, Step
    from archive.settings import Settings
    from db.records import Report


async def upkeep(settings: Settings, *, owner: str | None = None, step: Step = run_inline) -> Report:
    """Check the file, let SQLite update its statistics, and make a backup beside it (the newest seven stay).

    Move pages into packs, if a place for them is set. Then learn the template of each site, and from the histories of
    each seed at which age its articles are edited. Last, a thirtieth of all histories is worked out again and compared,
    so that a month covers the archive, and outside proofs that are due are asked for. ``doctor`` names what is wrong.
    Raises Corrupt if the file fails the check. No backup is made of a broken file.
    """
    started_at = settings.now()
    async with open_run(settings, "upkeep", {}, owner=owner, step=step) as run:

        async def check_and_back_up(_: list[int]) -> dict[str, int]:
            if is_server(settings.db):  # which checks and backs up its own files
                return {"backups": 0, "dropped": 0}
            maintenance.check_file(settings.db)
            maintenance.backup(settings.db, backup_path(settings.db, started_at))
            return {"backups": 1, "dropped": prune_backups(settings.db)}

        run.counts.update(await step("upkeep", check_and_back_up, []))
        run.counts.update(await asyncio.to_thread(_move_to_packs, settings))
        await run.derive()
        await relearn_templates(run)
        run.counts["rhythms"] = _learn_change_rates(run.store, settings.now())
        run.counts.update(await asyncio.to_thread(_recheck, run))
    report = run.report("upkeep", started_at)
    return replace(report, counts=report.counts | await prove_outside_if_due(settings))


async def relearn_templates(run: Run) -> None:
    """Apply what is now learned of sites, and derive again what that changes.

    The ledger must be empty.
    """
    now = run.settings.now()
    changed_sites, _ = await asyncio.to_thread(adopt_template.adopt_templates, run.store, run.recipe, now)
    run.counts["furniture"] = changed_sites
    if changed_sites:
        await run.derive()


def _move_to_packs(settings: Settings) -> dict[str, int]:
    """Move pages into packs, if a place for them is set. ``doctor`` names what is wrong with it."""
    if settings.objects is None:
        return {}
    try:
        return {"packs": packs.move_to_packs(settings).written}
    except StoreError:  # the pages stay in the archive, and the rest of upkeep does not depend on it
        return {"packs_failed": 1}


def _learn_change_rates(store: Store, now: datetime) -> int:
    """Learn at which age articles are edited, for the plan. Return the number of seeds it is known of."""
    histories = change_rate_queries.observed_histories(store.ask)
    store.record_change_rates([estimate_change_rate(seed_key, history, now) for seed_key, history in histories.items()])
    return len(histories)


def _recheck(run: Run) -> dict[str, int]:
    """Work out again the histories whose turn it is. Return their number, that of the faults, and the next mark."""
    with Reader(run.settings.db) as reader:
        reader.ask("BEGIN")
        recheck = Recheck(reader, run.extractors, run.recipe, run.stopping.is_set)
        roots, mark = recheck.next_of_round()
        faults = sum(1 for _ in recheck.histories(roots))
    return {"rechecked": recheck.counts["histories"], "recheck_faults": faults, "rechecked_to": mark}


def reserve_turn(settings: Settings, owner: str) -> None:
    """Let no refresh begin for the time of a lease, as long as this process lives: a run waits for the archive alone.

    Called again and again by a run that waits. Refreshes that are at work end as usual.
    """
    with Store(settings.db) as store:
        store.reserve_turn(ALONE, lease_term(lease_owner(owner), settings))


def release_leases(settings: Settings, owner: str) -> int:
    """Release the leases of a run that can no longer do so itself. Return their number."""
    with Store(settings.db) as store:
        return store.release_leases(owner)
