"""Gather: make the visits, record a capture of each, and add the articles that lists name as sources."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.crawl.capture import make_capture, validator_is_wrong
from archive.crawl.discover import discover
from archive.crawl.multipage import fetch_whole
from archive.pipeline import side_captures
from archive.urls import url_key
from db.queries import list_membership as list_queries
from db.queries import origins as origin_queries
from db.queries import tombstones as tombstone_queries
from db.records import Page, SeedKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Protocol

    from db.records import Capture, Outcome, Tombstone, Visit
    from db.store import Store

    _Arrival = tuple[Visit, tuple[Outcome, ...]]  # the page, and the further parts it is split into

    class Fetches(Protocol):
        """What gather needs of a fetcher."""

        async def fetch(self, visit: Visit) -> Outcome:
            """What the network answered; never raises for weather."""

        def asides(self) -> side_captures.SideCaptures:
            """What came along the way since the last call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What one batch of visits brought: the captures kept, and the ids of sources heard of for the first time."""

    captures: tuple[Capture, ...]
    new_sources: tuple[int, ...]


_TOGETHER = 50
"""Captures kept in one transaction at most: 50 cost little more than one, and no more than these wait in memory."""


async def gather(store: Store, fetcher: Fetches, visits: Sequence[Visit], *, run_id: int, now: datetime) -> Gathered:
    """Make the visits, keep a capture of each, and add the articles that lists name as sources.

    A capture is kept as soon as it arrives; cancelling loses only the visits still under way. The fetcher keeps the
    lanes, so every visit may be started at once.
    """
    arrived: asyncio.Queue[_Arrival] = asyncio.Queue()
    kept: list[Capture] = []
    new: list[int] = []

    async def visit_one(visit: Visit) -> None:
        arrived.put_nowait((visit, await fetch_whole(fetcher.fetch, visit)))

    def keep(batch: Sequence[_Arrival], along: side_captures.SideCaptures) -> None:
        side_captures.record_side_captures(store, along, run_id=run_id, now=now)
        # First what a list names, then that it was seen: cut off in between, the list is visited again, where the other
        # order would lose its articles for as long as it answers 304.
        expanded = [(visit, _expand(store, visit, outcomes, new, now)) for visit, outcomes in batch]
        kept.extend(_keep(store, expanded, run_id))

    try:
        async with asyncio.TaskGroup() as group:
            for visit in visits:
                group.create_task(visit_one(visit))
            while len(kept) < len(visits):
                batch = _together(arrived, await arrived.get())
                await asyncio.to_thread(keep, batch, fetcher.asides())
    finally:
        while not arrived.empty():  # cancelled between arrival and keeping: bytes that came are never dropped
            keep(_together(arrived, arrived.get_nowait()), fetcher.asides())
    return Gathered(captures=tuple(kept), new_sources=tuple(new))


def _together(arrived: asyncio.Queue[_Arrival], first: _Arrival) -> list[_Arrival]:
    batch = [first]
    while len(batch) < _TOGETHER and not arrived.empty():
        batch.append(arrived.get_nowait())
    return batch


def _expand(
    store: Store, visit: Visit, outcomes: tuple[Outcome, ...], new: list[int], now: datetime
) -> tuple[Outcome, ...]:
    """Add what a list page names to the sources; the outcome says what of it was left out."""
    outcome = outcomes[0]
    if not visit.kind.is_list or outcome.reason is not None or outcome.payload is None:
        return outcomes
    deep = list_queries.depth(store.ask, visit.source_id) >= list_queries.DEEPEST
    listed = discover(page_of(outcome), visit.kind, lists=not deep)
    new.extend(store.add_discovered([(each, url_key(each.url)) for each in listed.found], visit.source_id, now))
    return (replace(outcome, flags=(*outcome.flags, *listed.flags), detail=listed.detail or outcome.detail),)


def _keep(store: Store, batch: Sequence[_Arrival], run_id: int) -> list[Capture]:
    """Keep the captures, all parts of an article in one transaction; those of the visits themselves are returned."""
    doubted = {visit.source_id for visit, (outcome, *_) in batch if _asked_whole(visit, outcome)}
    held = origin_queries.last_pages(store.ask, doubted) if doubted else {}
    pairs = []
    for visit, (outcome, *further) in batch:
        pairs.append((_capture(visit, outcome, held.get(visit.source_id)), outcome.payload))
        parts = (make_capture(visit.source_id, part, part=number) for number, part in enumerate(further, 2))
        pairs += zip(parts, (part.payload for part in further), strict=True)
    store.record(pairs, run_id)
    return [capture for capture, _ in pairs if capture.part == 1]


def _asked_whole(visit: Visit, outcome: Outcome) -> bool:
    """True for a page with a validator that was asked for without one: a chance to see whether it tells the truth."""
    conditional = visit.etag or visit.last_modified
    return not conditional and outcome.reason is None and bool(outcome.etag or outcome.last_modified)


def _capture(visit: Visit, outcome: Outcome, held: Capture | None) -> Capture:
    if validator_is_wrong(held, outcome):
        outcome = replace(outcome, flags=(*outcome.flags, "validator-lied"))
    return make_capture(visit.source_id, outcome)


def page_of(outcome: Outcome) -> Page:
    """What extraction and discovery read of an outcome that has a payload."""
    return Page(
        payload=outcome.payload or b"",
        url=outcome.final_url,
        requested_url=outcome.requested_url,
        content_type=outcome.content_type,
        charset=outcome.charset,
        status=outcome.status,
        captured_at=outcome.started_at,
    )


def keep_outcomes(store: Store, outcomes: Sequence[Outcome], *, provenance: str, now: datetime) -> list[int]:
    """Keep captures of articles that came from elsewhere; ids of those that were not known.

    Pages of an address that was forgotten on request are passed over (``forgotten`` names them).
    """
    return keep_visits(store, [(SeedKind.ARTICLE, (one,)) for one in outcomes], provenance=provenance, now=now)


def keep_visits(
    store: Store, visits: Sequence[tuple[SeedKind, tuple[Outcome, ...]]], *, provenance: str, now: datetime
) -> list[int]:
    """As ``keep_outcomes``, of sources of any kind: of each visit the page, and after it the page's further parts."""
    pairs, lists = [], []
    barred = forgotten(store, [page for _, (page, *_) in visits])
    for kind, (page, *further) in visits:
        url, key = page.requested_url, url_key(page.requested_url)
        if url in barred:
            continue
        if kind is not SeedKind.ARTICLE:
            lists.append((kind, key, make_capture(0, page, provenance=provenance), page.payload))
            continue
        source_id = store.add_source(url, key, now)
        pairs.append((make_capture(source_id, page, provenance=provenance), page.payload))
        parts = (make_capture(source_id, one, provenance=provenance, part=n) for n, one in enumerate(further, 2))
        pairs += zip(parts, (one.payload for one in further), strict=True)
    return store.record(pairs) + (store.record_side_captures(lists, (), now) if lists else [])


def forgotten(store: Store, outcomes: Sequence[Outcome]) -> dict[str, Tombstone]:
    """Those of the addresses asked for that were forgotten on request, and what stands in their place."""
    keys = {outcome.requested_url: url_key(outcome.requested_url) for outcome in outcomes}
    graves = tombstone_queries.forgotten(store.ask, keys.values())
    return {url: graves[key] for url, key in keys.items() if key in graves}
