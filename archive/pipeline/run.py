"""One run at work: the lease it holds, the fetcher and workers it owns, and the count of what it did."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from archive.crawl.fetch import Fetcher, RememberedHost, policy_from
from archive.extract.worker_pool import Extractors
from archive.pipeline import side_captures
from archive.pipeline.derive import derive
from archive.pipeline.gather import gather
from archive.pipeline.link import link
from archive.pipeline.recipe import current_recipe
from archive.urls import fetchable_url, origin_of, url_key
from db.errors import BadInput, ConfigError, SeedError, StoreError
from db.lease_owner import lease_owner, owner_is_alive
from db.queries import captures as capture_queries
from db.queries import origins as origin_queries
from db.records import Report, Row
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from archive.settings import Settings
    from db.records import Capture, Recipe, Version, Visit

    Work = Callable[[list[int]], Awaitable[dict[str, int]]]
    Step = Callable[[str, Work, list[int]], Awaitable[dict[str, int]]]

LEASE = timedelta(seconds=90)
"""How long a lease lasts without renewal. A dead process on this machine is noticed at once, another's after this."""

_RENEW_SECONDS = 30.0
_GATHER_AT_MOST = 200  # visits a batch: 50 to 500 keep an orchestrator's cost a task under 0.1 ms a page (research)
_DERIVE_AT_MOST = 100  # captures a chunk: some seconds of work
_WORKERS = 2


async def directly(name: str, work: Work, ids: list[int]) -> dict[str, int]:
    """Run one batch of work here and now."""
    del name
    return await work(ids)


@dataclass(slots=True, kw_only=True)
class Run:
    """One run at work. It owns the lease, the fetcher and the extractor's workers, and counts what was done."""

    settings: Settings
    store: Store
    fetcher: Fetcher
    extractors: Extractors
    recipe: Recipe
    run_id: int
    step: Step
    visits: dict[int, Visit] = field(default_factory=dict)
    captures: list[Capture] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)

    async def gather(self, visits: Sequence[Visit]) -> None:
        """Make these visits, in batches that keep an origin together."""
        self.visits.update({visit.source_id: visit for visit in visits})
        for batch in batches(visits):
            await self.step("gather", self._gather, [visit.source_id for visit in batch])

    async def derive(self) -> None:
        """Empty the ledger, then the queue of texts to compare."""
        await self.fetcher.rest()
        await self.keep_asides()
        while ids := capture_queries.underived(self.store.ask, _DERIVE_AT_MOST):
            await self.step("derive", self._derive, ids)
        left = await asyncio.to_thread(link, self.store, now=self.settings.now(), stopped=self.stopping.is_set)
        self._count(links=left)

    async def _gather(self, ids: list[int]) -> dict[str, int]:
        visits = [self.visits[each] for each in ids]
        done = await gather(self.store, self.fetcher, visits, run_id=self.run_id, now=self.settings.now())
        self.captures.extend(done.captures)
        failed = sum(1 for one in done.captures if one.reason is not None and one.reason != "not_modified")
        return self._count(visits=len(visits), failed=failed, new_sources=len(done.new_sources))

    async def _derive(self, ids: list[int]) -> dict[str, int]:
        # In a thread: the loop must stay free to renew the lease.
        done = await asyncio.to_thread(
            derive,
            self.store,
            self.extractors,
            ids,
            recipe=self.recipe,
            now=self.settings.now(),
            stopped=self.stopping.is_set,
        )
        self.versions.extend(done.versions)
        opened = len(done.versions)
        return self._count(derived=done.captures, extracted=done.extracted, versions=opened, links=done.links)

    async def keep_asides(self) -> None:
        """Keep what the fetcher learned along the way and no batch of captures took along."""
        along = self.fetcher.asides()
        await asyncio.to_thread(
            side_captures.record_side_captures, self.store, along, run_id=self.run_id, now=self.settings.now()
        )

    def _count(self, **done: int) -> dict[str, int]:
        for name, number in done.items():
            self.counts[name] = self.counts.get(name, 0) + number
        return done

    def report(self, kind: str, started_at: datetime) -> Report:
        """What this run did."""
        return Report(
            run_id=self.run_id,
            kind=kind,
            started_at=started_at,
            finished_at=self.settings.now(),
            counts=dict(self.counts),
            rows=tuple(self._rows()),
            changes=tuple(
                sorted((v for v in self.versions if v.number > 1), key=lambda v: (-v.score, v.url, v.number))
            ),
        )

    def _rows(self) -> Iterator[Row]:
        opened: dict[str, int] = {}
        for version in self.versions:
            opened[version.url] = opened.get(version.url, 0) + 1
        for capture in sorted(self.captures, key=lambda one: (one.reason is None, one.url)):
            outcome = "page" if capture.reason is None else str(capture.reason)
            yield Row(url=capture.url, outcome=outcome, versions=opened.get(capture.url, 0), reason=capture.detail)


@asynccontextmanager
async def open_run(
    settings: Settings,
    kind: str,
    parameters: Mapping[str, object],
    *,
    owner: str | None,
    step: Step,
    resume: bool = False,
) -> AsyncIterator[Run]:
    """A run with the lease held and renewed; the lease is given back and the run closed whatever happens.

    Raises StoreBusy when another run holds the lease, or took it while this process slept.
    """
    recipe = current_recipe(fast=settings.fast)
    me = lease_owner(owner or kind)
    with Store(settings.db) as store:
        async with _lease(store, me, settings):
            run_id = store.begin_run(kind, json.dumps(parameters, sort_keys=True), me, settings.now(), resume=resume)
            store.use_recipe(recipe, settings.now())
            with Extractors(workers=_WORKERS, fast=settings.fast) as extractors:
                async with Fetcher(policy_from(settings), now=settings.now, recall=recall_from(store)) as fetcher:
                    run = Run(
                        settings=settings,
                        store=store,
                        fetcher=fetcher,
                        extractors=extractors,
                        recipe=recipe,
                        run_id=run_id,
                        step=step,
                    )
                    try:
                        yield run
                    except (ConfigError, SeedError, BadInput):
                        # Refused, not cut off: nothing to take up. Without a word it would read as "nothing was due".
                        store.end_run(run_id, run.counts | {"refused": 1}, settings.now())
                        raise
                    finally:
                        run.stopping.set()
                        with suppress(StoreError):  # what is wrong with the store is told by who met it first
                            await run.keep_asides()
            store.end_run(run_id, run.counts, settings.now())


def recall_from(store: Store) -> Callable[[str], RememberedHost]:
    """What the archive remembers of origins, for the fetcher to ask when it first meets one."""

    def recall(origin: str) -> RememberedHost:
        url = fetchable_url(f"{origin}/robots.txt")
        return RememberedHost(
            manners=origin_queries.host_state(store.ask, origin),
            robots=origin_queries.robots_txt(store.ask, url, url_key(url)),
        )

    return recall


@asynccontextmanager
async def _lease(store: Store, me: str, settings: Settings) -> AsyncIterator[None]:
    """The right to work: taken, renewed, and given back. Work that lost it is cancelled and told why."""

    def cut_off(renewal: asyncio.Task[None]) -> None:
        if not renewal.cancelled() and renewal.exception() and work is not None:
            work.cancel()

    store.take_lease("run", me, settings.wall(), settings.wall() + LEASE, owner_is_alive)
    work = asyncio.current_task()
    renewing = asyncio.create_task(_renew(store, me, settings))
    renewing.add_done_callback(cut_off)
    try:
        yield
    except asyncio.CancelledError:
        lost = renewing.exception() if renewing.done() else None
        if lost is None or work is None:
            raise
        work.uncancel()
        raise lost from None
    finally:
        renewing.remove_done_callback(cut_off)
        renewing.cancel()
        store.release_leases(me)


async def _renew(store: Store, me: str, settings: Settings) -> None:
    while True:
        await asyncio.sleep(_RENEW_SECONDS)
        await asyncio.to_thread(store.take_lease, "run", me, settings.wall(), settings.wall() + LEASE, owner_is_alive)


def batches(visits: Iterable[Visit]) -> list[list[Visit]]:
    """Visits in batches of about 200, all of one origin in one batch unless it alone has more."""
    by_origin: dict[str, list[Visit]] = {}
    for visit in visits:
        by_origin.setdefault(origin_of(visit.url), []).append(visit)
    done: list[list[Visit]] = [[]]
    for group in by_origin.values():
        for start in range(0, len(group), _GATHER_AT_MOST):
            part = group[start : start + _GATHER_AT_MOST]
            if done[-1] and len(done[-1]) + len(part) > _GATHER_AT_MOST:
                done.append([])
            done[-1].extend(part)
    return [batch for batch in done if batch]
