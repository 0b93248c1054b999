"""One run: the lease it holds, the fetcher and workers it owns, and the counts of what it did."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from archive.crawl.fetch import Fetcher, RememberedHost, policy_from
from archive.crawl.render.renderer import Renderer
from archive.crawl.server_dates import ServerDates, confirms
from archive.pipeline import side_captures
from archive.pipeline.build import current_build
from archive.pipeline.derive import DeriveResult, derive
from archive.pipeline.extraction import page_reader
from archive.pipeline.gather import gather
from archive.pipeline.leased_work import LeasedWork, fetched_site, lease_term
from archive.pipeline.link import link
from archive.pipeline.page_forms import add_alternates, add_rendering
from archive.pipeline.recipe import current_recipe
from archive.pipeline.workers import open_workers
from archive.timestamps import iso
from archive.urls import fetchable_url, url_key
from db.errors import BadInput, ConfigError, SeedError, StoreError
from db.lease_owner import lease_owner
from db.queries import captures as capture_queries
from db.queries import future_captures
from db.queries import origins as origin_queries
from db.reader import Reader
from db.records import Report, Row
from db.store import Store
from db.store.leases import ALONE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from archive.extract.worker_pool import Extractors
    from archive.pipeline.page_forms import Read
    from archive.settings import Settings
    from db.reader import Ask
    from db.records import ArchiveAnswer, Capture, Outcome, Recipe, Version, Visit

    Work = Callable[[list[int]], Awaitable[dict[str, int]]]
    Step = Callable[[str, Work, list[int]], Awaitable[dict[str, int]]]

_GATHER_AT_MOST = 200  # visits in a batch: with 50 to 500 an orchestrator costs under 0.1 ms a page (research)
_DERIVE_AT_MOST = 100  # captures in a chunk: some seconds of work


async def run_inline(name: str, work: Work, ids: list[int]) -> dict[str, int]:
    """Run one batch of work directly, without an orchestrator."""
    del name
    return await work(ids)


@dataclass(slots=True, kw_only=True)
class Run:
    """A run in progress. It owns its leases, the fetcher and the extraction workers, and counts what was done.

    ``again``: it derives without trusting any row derived before.
    """

    settings: Settings
    store: Store
    fetcher: Fetcher
    extractors: Extractors
    recipe: Recipe
    run_id: int
    step: Step
    work: LeasedWork
    visits: dict[int, Visit] = field(default_factory=dict)
    captures: list[Capture] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    dates: ServerDates = field(default_factory=ServerDates)
    archives: dict[str, ArchiveAnswer] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)
    again: bool = False
    renderer: Renderer = field(init=False)
    _read: Read = field(init=False)

    def __post_init__(self) -> None:
        """Make what other forms of pages need."""
        policy, settings = policy_from(self.settings), self.settings
        self.renderer = Renderer(self.fetcher, policy, chromium=settings.chromium, now=settings.now)
        self._read = page_reader(self.extractors)

    async def gather(self, visits: Sequence[Visit], *, after: int | None = None) -> int:
        """Make these visits, in batches that keep a site together, and return how many were made.

        Left out are those of sites that another run has, and those that another run made since capture ``after``.
        """
        self._refuse_slow_clock()
        visits_made = 0
        for batch in batches(visits):
            leased = await self.work.lease_urls(visit.url for visit in batch)
            recent = set() if after is None else capture_queries.visited_after(self.store.ask, after)
            own = [visit for visit in batch if visit.url in leased and visit.source_id not in recent]
            if own:
                self.visits.update({visit.source_id: visit for visit in own})
                visits_made += (await self.step("gather", self._gather, [visit.source_id for visit in own]))["visits"]
            await self._release_sites()
        return visits_made

    async def resume_probes(self) -> None:
        """Schedule the probes that an interrupted run would have made, at the sites that no other run has.

        The sites are leased first: what is remembered of a site holds only as long as nobody else makes requests there.
        """
        pages = origin_queries.underived_urls(self.store.ask)
        leased = await self.work.lease_urls(url for url, _ in pages)
        self.fetcher.resume_probes((url, allow_private) for url, allow_private in pages if url in leased)

    async def _release_sites(self) -> None:
        await self.record_side_captures()
        await self.work.release_sites(self.fetcher)

    async def derive(self) -> None:
        """Derive everything on the ledger, then link everything in the link queue, as far as no other run has it."""
        await self.fetcher.finish_probes()
        await self._release_sites()
        while ids := await asyncio.to_thread(self.work.captures, _DERIVE_AT_MOST):
            await self.step("derive", self._derive, ids)
        self._count(links=await asyncio.to_thread(self._link))

    def _link(self) -> int:
        def link_queue() -> int:
            now, stopped = self.settings.now(), self.stopping.is_set
            return link(self.store, now=now, stopped=stopped, run=self.extractors.run, queue=self.work)

        return self.store.retried(link_queue, repeatable=True)

    async def _gather(self, ids: list[int]) -> dict[str, int]:
        visits = [self.visits[source_id] for source_id in ids]
        # A fixed clock is a choice, and no error of this machine.
        dates = None if self.settings.clock is not None else self.dates
        result = await gather(
            self.store,
            self.fetcher,
            visits,
            run_id=self.run_id,
            now=self.settings.now(),
            dates=dates,
            add_forms=self._add_forms,
        )
        self.captures.extend(result.captures)
        doubt = self.dates.doubt()
        if doubt is not None:
            self.counts["clock_off_hours"] = round(abs(doubt) / timedelta(hours=1))
        failed = sum(capture.reason not in {None, "not_modified"} for capture in result.captures)
        for source_id in result.postponed:
            del self.visits[source_id]
        visits_made = len(visits) - len(result.postponed)
        return self._count(visits=visits_made, failed=failed, new_sources=len(result.new_sources))

    async def _add_forms(self, visit: Visit, outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
        if visit.render:
            return await add_rendering(self.renderer.render, visit, outcomes)
        return await add_alternates(self.fetcher.fetch, self._read, visit, outcomes)

    def _refuse_slow_clock(self) -> None:
        """Raise ConfigError if earlier checks, and the time that their servers told, show that the clock is behind."""
        now = self.settings.now()
        if self.settings.clock is not None or self.visits:
            return
        later = future_captures.future_headers(self.store.ask, now)
        if later and confirms((at, headers) for _, at, headers in later):
            raise ConfigError(
                f"the clock of this machine says {iso(now)}, and the archive has checks up to {iso(later[0][1])} whose "
                "servers told the same time. Set the clock (timedatectl status), then run again"
            )

    async def _derive(self, ids: list[int]) -> dict[str, int]:
        def derive_chunk() -> DeriveResult:
            now, done = self.settings.now(), lambda: True  # the texts are compared below, by leases
            return derive(
                self.store,
                self.extractors,
                ids,
                recipe=self.recipe,
                now=now,
                stopped=done,
                run=self.extractors.run,
                again=self.again,
            )

        # In a thread: the loop must stay free to renew the lease. A chunk may be repeated.
        result = await asyncio.to_thread(self.store.retried, derive_chunk, repeatable=True)
        links = await asyncio.to_thread(self._link)
        self.versions.extend(result.versions)
        opened = len(result.versions)
        return self._count(derived=result.captures, extracted=result.extracted, versions=opened, links=links)

    async def record_side_captures(self) -> None:
        """Record the side captures that were not recorded with a batch."""
        side = self.fetcher.side_captures()
        await asyncio.to_thread(
            side_captures.record_side_captures, self.store, side, run_id=self.run_id, now=self.settings.now()
        )

    def _count(self, **counts: int) -> dict[str, int]:
        for name, number in counts.items():
            self.counts[name] = self.counts.get(name, 0) + number
        return counts

    def report(self, kind: str, started_at: datetime) -> Report:
        """Return the report of this run, when it has ended and its store is closed. Raises StoreError."""
        return Report(
            run_id=self.run_id,
            kind=kind,
            started_at=started_at,
            finished_at=self.settings.now(),
            counts=dict(self.counts),
            rows=self.store.retried(self._all_rows, repeatable=True),
            archives=tuple(self.archives.values()),
            changes=tuple(
                sorted(
                    (version for version in self.versions if version.number > 1),
                    key=lambda version: (-version.score, version.url, version.number),
                )
            ),
        )

    def _all_rows(self) -> tuple[Row, ...]:
        with Reader(self.settings.db) as reader:
            return tuple(self._rows(reader.ask))

    def _rows(self, ask: Ask) -> Iterator[Row]:
        opened: dict[str, int] = {}
        for version in self.versions:
            opened[version.url] = opened.get(version.url, 0) + 1
        no_article = capture_queries.without_article(ask, capture_queries.of_run(ask, self.run_id))
        for capture in sorted(self.captures, key=lambda capture: (capture.reason is None, capture.url)):
            outcome = "page" if capture.reason is None else str(capture.reason)
            verdict, why = no_article.get(capture.url, ("", "")) if capture.reason is None else ("", "")
            reason = capture.detail or why
            yield Row(
                url=capture.url,
                outcome=outcome,
                versions=opened.get(capture.url, 0),
                reason=reason,
                verdict=verdict,
            )


@asynccontextmanager
async def open_run(
    settings: Settings,
    kind: str,
    parameters: Mapping[str, object],
    *,
    owner: str | None,
    step: Step,
    resume: bool = False,
    shared: bool = False,
) -> AsyncIterator[Run]:
    """Yield a run with its lease held and renewed. At the end it is released and the run closed, whatever happens.

    A ``shared`` run works beside others that are shared too and have the same recipe. Raises StoreBusy when
    another run holds the lease, or took it while this process slept.
    """
    recipe = current_recipe(fast=settings.fast)
    owner_name = lease_owner(owner or kind)
    with Store(settings.db, salts=settings.salt) as store:
        async with _hold_lease(store, owner_name, settings, share=recipe.id if shared else ""):
            run_id = store.begin_run(
                kind, json.dumps(parameters, sort_keys=True), owner_name, settings.now(), resume=resume
            )
            store.use_recipe(recipe, settings.now())
            store.requeue_errors(current_build())
            work, recall = LeasedWork(store, owner_name, settings), recall_from(store)
            with open_workers(settings.workers, fast=settings.fast) as extractors:
                policy = policy_from(settings)
                async with Fetcher(policy, now=settings.now, recall=recall, permit=work.permit) as fetcher:
                    run = Run(
                        settings=settings,
                        store=store,
                        fetcher=fetcher,
                        extractors=extractors,
                        recipe=recipe,
                        run_id=run_id,
                        step=step,
                        work=work,
                    )
                    try:
                        yield run
                    except (ConfigError, SeedError, BadInput):
                        # The run was rejected, not interrupted, so it cannot be resumed. Record that, or it would look
                        # like an empty run.
                        store.end_run(run_id, run.counts | {"refused": 1}, settings.now())
                        raise
                    finally:
                        run.stopping.set()
                        with suppress(StoreError):  # the error is reported where it occurred first
                            await run.record_side_captures()
            store.end_run(run_id, run.counts, settings.now())


def recall_from(store: Store) -> Callable[[str], RememberedHost]:
    """Return a function that gives the fetcher what the archive remembers of an origin."""

    def recall(origin: str) -> RememberedHost:
        url = fetchable_url(f"{origin}/robots.txt")
        return RememberedHost(
            state=origin_queries.host_state(store.ask, origin),
            robots=origin_queries.robots_txt(store.ask, url, url_key(url)),
        )

    return recall


@asynccontextmanager
async def _hold_lease(store: Store, owner_name: str, settings: Settings, *, share: str) -> AsyncIterator[None]:
    """Take the lease, renew it and release it. Work that lost its lease is cancelled with the reason."""

    def cancel_work(renewal: asyncio.Task[None]) -> None:
        if not renewal.cancelled() and renewal.exception() and work is not None:
            work.cancel()

    term = lease_term(owner_name, settings)
    fence = store.take_lease(ALONE, owner_name, term.now, term.until, term.is_alive, share=share)
    store.fence_in(fence)
    work = asyncio.current_task()
    renewal_task = asyncio.create_task(_renew(store, owner_name, settings))
    renewal_task.add_done_callback(cancel_work)
    try:
        yield
    except asyncio.CancelledError:
        lost = renewal_task.exception() if renewal_task.done() else None
        if lost is None or work is None:
            raise
        work.uncancel()
        raise lost from None
    finally:
        renewal_task.remove_done_callback(cancel_work)
        renewal_task.cancel()
        store.fence_in(None)
        store.release_leases(owner_name)


async def _renew(store: Store, owner_name: str, settings: Settings) -> None:
    """Renew the leases of a run until it ends. Raises StoreBusy once they are lost (``Store.begin``)."""
    while True:
        await asyncio.sleep(settings.lease.total_seconds() / 3)
        await asyncio.to_thread(store.renew_leases, lease_term(owner_name, settings))


def batches(visits: Iterable[Visit]) -> list[list[Visit]]:
    """Return visits in batches of about 200. All visits of one site are in one batch unless it has more."""
    by_site: dict[str, list[Visit]] = {}
    for visit in visits:
        by_site.setdefault(fetched_site(visit.url), []).append(visit)
    filled: list[list[Visit]] = [[]]
    for group in by_site.values():
        for start in range(0, len(group), _GATHER_AT_MOST):
            part = group[start : start + _GATHER_AT_MOST]
            if filled[-1] and len(filled[-1]) + len(part) > _GATHER_AT_MOST:
                filled.append([])
            filled[-1].extend(part)
    return [batch for batch in filled if batch]
