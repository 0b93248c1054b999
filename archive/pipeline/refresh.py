"""Refresh: read the index, visit what is due, and derive.

Several refreshes may run at once, on one host or on several. Each site is fetched from by one of them at a time, and
each site's captures are derived by one of them at a time (``archive.pipeline.leased_work``).
The command line and the Prefect flows call the same functions. A flow passes a ``step`` that wraps each batch of work
in a task, the command line runs the batch directly. The ledger decides what is done and our own lease decides who may
work, never the state of an orchestrator.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.crawl.fetch import policy_from, require_contact
from archive.pipeline.leased_work import fetched_site
from archive.pipeline.notify import send_notices
from archive.pipeline.outside import prove_outside_if_due
from archive.pipeline.page_forms import with_rendering
from archive.pipeline.run import open_run, run_inline
from archive.pipeline.select_seeds import canonical_names, is_selected, refuse_unknown
from archive.pipeline.sync_index import sync_index
from archive.seeds import load_index
from archive.seeds.frontier.plan import plan_visits
from db.errors import BadInput
from db.queries import captures as capture_queries
from db.queries import change_rate as change_rate_queries
from db.queries import sources as source_queries
from db.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archive.pipeline.run import Run, Step
    from archive.settings import Settings
    from db.records import Report, Seed, Visit


_POLL_SECONDS = 2.0  # between two looks whether the sites of other runs are free


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One of several refreshes that are started together: its number from 1, and how many there are.

    ``after``: the newest capture when they were started, so that a forced visit is made by one of them only.
    """

    number: int
    of: int
    after: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise BadInput(f"there is no shard {self}; name one from 1/{self.of} to {self.of}/{self.of}")

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def has(self, site: str) -> bool:
        """True if the site (``archive.urls.site_of``) is one of this shard: the same on every host."""
        return zlib.crc32(site.encode()) % self.of == self.number - 1


def parse_shard(text: str) -> Shard:
    """Return the shard that is written ``I/N``. Raises BadInput."""
    number, slash, of = text.partition("/")
    if not (slash and number.isdecimal() and of.isdecimal()):
        raise BadInput(f"{text} is no shard; write its number and how many there are: 2/4")
    return Shard(number=int(number), of=int(of))


def divide(settings: Settings, number: int) -> list[Shard]:
    """Return so many shards that are started together. Raises StoreError."""
    after = 0
    if settings.db.is_file():
        with Reader(settings.db) as reader:
            after = capture_queries.newest_id(reader.ask)
    return [Shard(number=shard, of=number, after=after) for shard in range(1, number + 1)]


async def refresh(
    settings: Settings,
    *,
    only: Sequence[str] = (),
    force: bool = False,
    shard: Shard | None = None,
    owner: str | None = None,
    step: Step = run_inline,
) -> Report:
    """Read the index, visit what is due, and derive.

    ``only`` names seeds, groups or addresses. ``force`` ignores timing: all are visited that no run has visited since
    this one, or its ``shard``, was started. A shard visits its own sites first, then any that no other run has.

    Raises SeedError (no index, or an unknown name in ``only``), ConfigError, StoreError, and StoreBusy if a run is at
    work that shares the archive with none, or a refresh with another recipe.
    """
    index = load_index(settings.index)
    only = canonical_names(only)
    started_at = settings.now()
    parameters = {"only": list(only), "force": force} | ({} if shard is None else {"shard": str(shard)})
    async with open_run(settings, "refresh", parameters, owner=owner, step=step, shared=True) as run:
        sync_index(run, index, started_at)
        refuse_unknown(run.store.ask, only)
        await run.resume_probes()
        newest = capture_queries.newest_id(run.store.ask)
        start = newest if shard is None or shard.after is None else shard.after
        await _gather_due(run, only, index.seeds, shard, start if force else None)
        await run.derive()
    report = run.report("refresh", started_at)  # the lease is released: a slow receiver delays nobody
    sent = await send_notices(settings, index.seeds, since=started_at)
    return replace(report, counts=report.counts | sent | await prove_outside_if_due(settings))


async def _gather_due(
    run: Run, only: Sequence[str], seeds: Sequence[Seed], shard: Shard | None, forced_after: int | None
) -> None:
    """Make the visits that are due, until none is left. Those of sites that another run has are waited for.

    So the sites of a host that died are visited by another, as soon as its leases have lapsed.
    """
    while True:
        newest = capture_queries.newest_id(run.store.ask)
        visits = _select_due(run, only, seeds, forced_after)
        if not visits:
            return
        own = [visit for visit in visits if shard is not None and shard.has(fetched_site(visit.url))]
        if not await run.gather(own or visits, after=newest) and not (own and await run.gather(visits, after=newest)):
            await run.derive()
            await asyncio.sleep(_POLL_SECONDS)


def _select_due(run: Run, only: Sequence[str], seeds: Sequence[Seed], forced_after: int | None) -> list[Visit]:
    """Return the visits that are due and not yet made in this run. Forced: not yet made since a capture by any run.

    What a list named in one wave is visited in the next. ``seeds`` are those of the index, which say whose
    articles a browser renders.
    """
    now, ask = run.settings.now(), run.store.ask
    states = source_queries.states(ask, now=now)  # all sources: the whole group shares one budget
    selected_ids = {state.source.id for state in states if is_selected(state, only)}
    spent, rhythms = change_rate_queries.visits_spent(ask, now), change_rate_queries.change_rates(ask)
    plan = plan_visits(states, now=now, force=forced_after is not None, change_rates=rhythms, spent=spent)
    made = {*run.visits} if forced_after is None else {*run.visits} | capture_queries.visited_after(ask, forced_after)
    due = [visit for visit in plan.visits if visit.source_id in selected_ids - made]
    require_contact(policy_from(run.settings), [visit.url for visit in due])
    return with_rendering(due, states, seeds)
