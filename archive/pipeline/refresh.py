"""Refresh: read the index, visit what is due, and derive.

The command line and the Prefect flows call the same functions. A flow passes a ``step`` that wraps each batch of work
in a task, the command line runs the batch directly. The ledger decides what is done and our own lease decides who may
work, never the state of an orchestrator.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archive.crawl.fetch import policy_from, require_contact
from archive.pipeline.notify import send_notices
from archive.pipeline.outside import prove_outside_if_due
from archive.pipeline.page_forms import with_rendering
from archive.pipeline.run import open_run, run_inline
from archive.pipeline.select_seeds import canonical_names, is_selected, refuse_unknown
from archive.pipeline.sync_index import sync_index
from archive.seeds import load_index
from archive.seeds.frontier.plan import plan_visits
from db.queries import change_rate as change_rate_queries
from db.queries import origins as origin_queries
from db.queries import sources as source_queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.pipeline.run import Run, Step
    from archive.settings import Settings
    from db.records import Report, Seed, Visit


async def refresh(
    settings: Settings,
    *,
    only: Sequence[str] = (),
    force: bool = False,
    owner: str | None = None,
    step: Step = run_inline,
) -> Report:
    """Read the index, visit what is due, and derive.

    ``only`` names seeds, groups or addresses. ``force`` ignores timing. Raises SeedError (no index, or an unknown name
    in ``only``), ConfigError, StoreError, and StoreBusy if another run is at work.
    """
    index = load_index(settings.index)
    only = canonical_names(only)
    started_at = settings.now()
    async with open_run(settings, "refresh", {"only": list(only), "force": force}, owner=owner, step=step) as run:
        sync_index(run, index, started_at)
        refuse_unknown(run.store.ask, only)
        run.fetcher.resume_probes(origin_queries.underived_urls(run.store.ask))
        while visits := _select_due(run, only, index.seeds, force=force):
            await run.gather(visits)
        await run.derive()
    report = run.report("refresh", started_at)  # the lease is released: a slow receiver delays nobody
    sent = await send_notices(settings, index.seeds, since=started_at)
    return replace(report, counts=report.counts | sent | await prove_outside_if_due(settings))


def _select_due(run: Run, only: Sequence[str], seeds: Sequence[Seed], *, force: bool) -> list[Visit]:
    """Return the visits that are due and not yet made in this run.

    What a list named in one wave is visited in the next. ``seeds`` are those of the index, which say whose
    articles a browser renders.
    """
    now, ask = run.settings.now(), run.store.ask
    states = source_queries.states(ask, now=now)  # all sources: the whole group shares one budget
    selected_ids = {state.source.id for state in states if is_selected(state, only)}
    spent, rhythms = change_rate_queries.visits_spent(ask, now), change_rate_queries.change_rates(ask)
    plan = plan_visits(states, now=now, force=force, change_rates=rhythms, spent=spent)
    due = [visit for visit in plan.visits if visit.source_id in selected_ids and visit.source_id not in run.visits]
    require_contact(policy_from(run.settings), [visit.url for visit in due])
    return with_rendering(due, states, seeds)
