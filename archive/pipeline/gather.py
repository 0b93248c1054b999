"""Gather: make the visits, record a capture of each, and add the articles that lists name as sources."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.crawl.capture import make_capture, page_of, validator_is_wrong
from archive.crawl.discover import DAMAGED, discover
from archive.crawl.fetch import SiteBusy
from archive.crawl.multipage import fetch_all_parts
from archive.crawl.page_nature import Nature, identify
from archive.crawl.server_dates import describe
from archive.pipeline import side_captures
from archive.urls import url_key
from db.errors import ConfigError
from db.queries import list_membership as list_queries
from db.queries import origins as origin_queries
from db.queries import tombstones as tombstone_queries
from db.queries.empty_sources import NATURE_FLAG
from db.records import Outcome, Reason, SeedKind
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Protocol

    from archive.crawl.server_dates import ServerDates
    from archive.pipeline.page_forms import AddForms
    from db.records import Capture, Tombstone, Visit
    from db.store import Store

    _Arrival = tuple[Visit, tuple[Outcome, ...]]  # outcomes of a page and its parts or other forms, none if postponed

    class PageFetcher(Protocol):
        """The part of the fetcher that ``gather`` uses."""

        async def fetch(self, visit: Visit) -> Outcome:
            """Return what the network answered. A network failure is an outcome, never an exception."""

        def side_captures(self) -> side_captures.SideCaptures:
            """Return the side captures made since the last call."""


@dataclass(frozen=True, slots=True)
class GatherResult:
    """The captures recorded by one batch of visits, and the ids of the sources it discovered.

    ``postponed`` has the ids of the sources whose visit was not made, because it led to a site that another run has.
    """

    captures: tuple[Capture, ...]
    new_sources: tuple[int, ...]
    postponed: tuple[int, ...] = ()


_BATCH_SIZE = 50
"""Most captures in one transaction: 50 cost little more than one. More wait in memory only for the servers' time."""
_CHECKED_KINDS = frozenset({SeedKind.ARTICLE, SeedKind.FEED, SeedKind.SITEMAP, SeedKind.SECTION})


class _Arrivals:
    """The outcomes of visits as they come in. ``postponed`` has the ids of the sources that were not visited."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[_Arrival] = asyncio.Queue()
        self.postponed: list[int] = []

    def put(self, arrival: _Arrival) -> None:
        self._queue.put_nowait(arrival)

    @property
    def is_waiting(self) -> bool:
        return not self._queue.empty()

    async def take(self) -> list[_Arrival]:
        """Return the outcomes that have arrived, a batch of them at most. Wait for the first."""
        return self._sorted_out(await self._queue.get())

    def take_now(self) -> list[_Arrival]:
        """Return the outcomes that have arrived, a batch of them at most. At least one has."""
        return self._sorted_out(self._queue.get_nowait())

    def _sorted_out(self, first: _Arrival) -> list[_Arrival]:
        batch = [first]
        while len(batch) < _BATCH_SIZE and self.is_waiting:
            batch.append(self._queue.get_nowait())
        self.postponed += [visit.source_id for visit, outcomes in batch if not outcomes]
        return [(visit, outcomes) for visit, outcomes in batch if outcomes]


async def gather(
    store: Store,
    fetcher: PageFetcher,
    visits: Sequence[Visit],
    *,
    run_id: int,
    now: datetime,
    dates: ServerDates | None = None,
    add_forms: AddForms | None = None,
) -> GatherResult:
    """Make the visits, record a capture of each, and add the articles that lists name as sources.

    A capture is recorded as soon as it arrives, so cancelling loses only the visits still under way. The fetcher limits
    the requests per host, so every visit may be started at once. ``add_forms`` adds other forms of a page to its visit.

    ``dates``: record nothing until enough servers told the time. Raises ConfigError if they contradict ``now``.
    """
    arrivals = _Arrivals()
    waiting: list[_Arrival] = []  # for the time by the servers
    captures: list[Capture] = []
    new_source_ids: list[int] = []

    async def fetch_visit(visit: Visit) -> None:
        arrivals.put((visit, await _fetch(fetcher, visit, now, add_forms)))

    def record(batch: Sequence[_Arrival], side: side_captures.SideCaptures) -> None:
        side_captures.record_side_captures(store, side, run_id=run_id, now=now)
        captures.extend(_record_captures(store, _with_listed(store, batch, new_source_ids, now), run_id))

    offset = None
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(fetch_visit(visit)) for visit in visits]
            while offset is None and len(captures) + len(arrivals.postponed) < len(visits):
                waiting += await arrivals.take()
                if not captures and not _has_clock_answer(dates, waiting, visits, len(arrivals.postponed)):
                    continue
                if (offset := dates.offset() if dates else None) is None and waiting:
                    batch, waiting = waiting, []
                    await asyncio.to_thread(record, batch, fetcher.side_captures())
            for task in tasks:
                task.cancel()  # all are done, unless the clock is wrong
    finally:
        while offset is None and (waiting or arrivals.is_waiting):  # cancelled: record what has arrived
            batch, waiting = waiting or arrivals.take_now(), []
            record(batch, fetcher.side_captures())
    if offset is None:
        return GatherResult(tuple(captures), tuple(new_source_ids), tuple(arrivals.postponed))
    fetcher.side_captures()  # they have the wrong dates too
    raise ConfigError(describe(offset, now))


def _with_listed(store: Store, batch: Sequence[_Arrival], new_source_ids: list[int], now: datetime) -> list[_Arrival]:
    """Add the sources that lists name, before the captures of the lists are recorded.

    After a crash in between, a list is fetched again. The other order would lose its articles for as long as it answers
    304.
    """
    return [(visit, _add_listed_sources(store, visit, outcomes, new_source_ids, now)) for visit, outcomes in batch]


async def _fetch(fetcher: PageFetcher, visit: Visit, now: datetime, add_forms: AddForms | None) -> tuple[Outcome, ...]:
    try:
        outcomes = await fetch_all_parts(fetcher.fetch, visit)
        return outcomes if add_forms is None else await add_forms(visit, outcomes)
    except SiteBusy:
        return ()
    except Exception as error:
        if not is_own_fault(error):
            raise
        return (_failed_outcome(visit, error, now),)


def _has_clock_answer(
    dates: ServerDates | None, arrivals: Sequence[_Arrival], visits: Sequence[Visit], postponed: int
) -> bool:
    """Add the answers to ``dates``. True once it has enough of them, or all but the ``postponed`` are here."""
    if dates is None:
        return True
    for visit, (outcome, *_) in arrivals:
        dates.add(visit.url, outcome.headers, outcome.finished_at)
    return dates.is_enough(visit.url for visit in visits) or len(arrivals) + postponed >= len(visits)


def _add_listed_sources(
    store: Store, visit: Visit, outcomes: tuple[Outcome, ...], new_source_ids: list[int], now: datetime
) -> tuple[Outcome, ...]:
    """Add the sources that a list page names. The outcome says what was left out, or that its kind is another."""
    outcome = outcomes[0]
    if outcome.reason is not None or outcome.payload is None:
        return outcomes
    if not visit.kind.is_list:
        return (_with_nature(store, visit, outcome), *outcomes[1:])
    try:
        deep = list_queries.depth(store.ask, visit.source_id) >= list_queries.DEEPEST
        listing = discover(page_of(outcome), visit.kind, lists=not deep)
        keys = [(entry, url_key(entry.url)) for entry in listing.entries]
        new_source_ids.extend(store.add_discovered(keys, visit.source_id, now, is_whole=listing.is_whole))
    except Exception as error:
        if not is_own_fault(error):
            raise
        detail = f"the list could not be read: {cause_of(error)}"
        return (replace(outcome, flags=(*outcome.flags, DAMAGED), detail=detail),)
    listed = replace(outcome, flags=(*outcome.flags, *listing.flags), detail=listing.detail or outcome.detail)
    return (listed if listing.entries else _with_nature(store, visit, listed),)


def _with_nature(store: Store, visit: Visit, outcome: Outcome) -> Outcome:
    """Return the outcome with a flag if the page is of another kind than its row in the seed index says."""
    if visit.kind not in _CHECKED_KINDS or not list_queries.is_in_index(store.ask, visit.source_id):
        return outcome
    try:
        identified = identify(page_of(outcome))
    except Exception as error:
        if not is_own_fault(error):
            raise
        return outcome
    if identified.nature in {visit.kind, Nature.EMPTY}:
        return outcome
    detail = "; ".join(filter(None, (identified.noun, outcome.detail)))
    return replace(outcome, flags=(*outcome.flags, f"{NATURE_FLAG}{identified.nature}"), detail=detail)


def _record_captures(store: Store, batch: Sequence[_Arrival], run_id: int) -> list[Capture]:
    """Record the captures of a batch and return those of the visits themselves, without further parts.

    All parts of an article are recorded in one transaction.
    """
    try:
        return _record_batch(store, batch, run_id)
    except Exception as error:
        if not is_own_fault(error):
            raise
    captures = []
    for visit, outcomes in batch:  # one by one: the visit that cannot be recorded is replaced by its failure
        try:
            captures += _record_batch(store, [(visit, outcomes)], run_id)
        except Exception as error:
            if not is_own_fault(error):
                raise
            failure = _failed_outcome(visit, error, outcomes[0].started_at)
            captures += _record_batch(store, [(visit, (failure,))], run_id)
    return captures


def _failed_outcome(visit: Visit, error: Exception, at: datetime) -> Outcome:
    """Return the outcome of a visit that raised ``error``."""
    return Outcome(
        requested_url=visit.url,
        final_url=visit.url,
        started_at=at,
        finished_at=at,
        reason=Reason.ERROR,
        detail=cause_of(error),
    )


def _record_batch(store: Store, batch: Sequence[_Arrival], run_id: int) -> list[Capture]:
    unconditional_ids = {visit.source_id for visit, (outcome, *_) in batch if _is_unconditional(visit, outcome)}
    last_pages = origin_queries.last_pages(store.ask, unconditional_ids) if unconditional_ids else {}
    pairs = []
    for visit, (outcome, *further) in batch:
        pairs.append((_make_capture(visit, outcome, last_pages.get(visit.source_id)), outcome.payload))
        parts = (make_capture(visit.source_id, part, part=number) for number, part in enumerate(further, 2))
        pairs += zip(parts, (part.payload for part in further), strict=True)
    store.record(pairs, run_id)
    return [capture for capture, _ in pairs if capture.part == 1]


def _is_unconditional(visit: Visit, outcome: Outcome) -> bool:
    """True if a page with a validator was requested unconditionally.

    Such a fetch shows whether the validator can be trusted.
    """
    conditional = visit.etag or visit.last_modified
    return not conditional and outcome.reason is None and bool(outcome.etag or outcome.last_modified)


def _make_capture(visit: Visit, outcome: Outcome, last_page: Capture | None) -> Capture:
    if validator_is_wrong(last_page, outcome):
        outcome = replace(outcome, flags=(*outcome.flags, "validator-lied"))
    return make_capture(visit.source_id, outcome)


def record_visits(
    store: Store, visits: Sequence[tuple[SeedKind, tuple[Outcome, ...]]], *, provenance: str, now: datetime
) -> list[int]:
    """Record captures made elsewhere and return the ids of the new ones.

    A visit is the kind of its source, and the outcomes of its page and of the page's further parts. Pages of an address
    that was forgotten on request are skipped (see ``tombstones_of``).
    """
    pairs, list_captures = [], []
    tombstones = tombstones_of(store, [page for _, (page, *_) in visits])
    urls: dict[str, str] = {}
    for kind, (page, *_) in visits:
        if kind is SeedKind.ARTICLE and page.requested_url not in tombstones:
            urls.setdefault(url_key(page.requested_url), page.requested_url)
    source_ids = store.add_sources(urls, now)
    for kind, (page, *further) in visits:
        url, key = page.requested_url, url_key(page.requested_url)
        if url in tombstones:
            continue
        if kind is not SeedKind.ARTICLE:
            list_captures.append((kind, key, make_capture(0, page, provenance=provenance), page.payload))
            continue
        source_id = source_ids[key]
        pairs.append((make_capture(source_id, page, provenance=provenance), page.payload))
        parts = (
            make_capture(source_id, outcome, provenance=provenance, part=n) for n, outcome in enumerate(further, 2)
        )
        pairs += zip(parts, (outcome.payload for outcome in further), strict=True)
    return store.record(pairs) + (store.record_side_captures(list_captures, (), now) if list_captures else [])


def tombstones_of(store: Store, outcomes: Sequence[Outcome]) -> dict[str, Tombstone]:
    """Return the tombstones of those requested addresses that were forgotten on request, by URL."""
    keys = {outcome.requested_url: url_key(outcome.requested_url) for outcome in outcomes}
    tombstones = tombstone_queries.forgotten(store.ask, keys.values())
    return {url: tombstones[key] for url, key in keys.items() if key in tombstones}
