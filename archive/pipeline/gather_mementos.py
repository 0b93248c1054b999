"""Gather mementos: list what web archives have of each source, and record what is not here yet."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from archive.crawl.fetch import policy_from, require_contact
from archive.crawl.mementos.fetch import fetch_memento
from archive.crawl.mementos.listing import Listing, TimeMapPage, listing_at, listing_of, read_list
from archive.formats.timemap import absolute_url
from archive.urls import canonical_url, url_key
from db.errors import ConfigError
from db.queries import captures as capture_queries
from db.records import ArchiveAnswer, SeedKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from archive.formats.timemap import Memento
    from archive.pipeline.run import Run
    from db.records import Source, SourceState

    Window = tuple[datetime | None, datetime | None]

_SOURCES_A_STEP = 20  # a source has some mementos, so this gives 50 to 500 addresses a batch, as in live gathering
_BATCH_SIZE = 20  # mementos in memory at once; one archive is one host queue, so more would only wait
_REDIRECTING = range(300, 304)


async def gather_mementos(run: Run, states: Sequence[SourceState], window: Window) -> None:
    """Record a capture of every memento of these sources dated in ``window`` (from, until; the end is excluded).

    The archives of ``run.settings.archives`` are listed, and for a seed of kind timemap its own address. Lists (feeds,
    sitemaps, sections) and retired sources are skipped. ``run.counts`` gains ``mementos``, the captures recorded, and
    ``archive_failures``, what an archive listed and did not deliver. That is no fact about the source. Raises
    ConfigError if no archive is configured, or if a contact is missing that they require.
    """
    sources = {state.source.id: state for state in states if has_mementos(state.source)}
    addresses = [listing.url for state in sources.values() for listing in _listings(run, state.source)]
    if sources and not addresses:
        raise ConfigError(
            'no web archive is configured: set archives = ["https://archive.example/timemap/link/"] in wirecopy.toml, '
            "or WIRECOPY_ARCHIVES, to the beginning of its TimeMap addresses or of its CDX server's query addresses"
        )
    require_contact(policy_from(run.settings), addresses)

    async def work(ids: list[int]) -> dict[str, int]:
        counts: Counter[str] = Counter(mementos=0, archive_failures=0)
        for source_id in ids:
            counts.update(await _gather_source(run, sources[source_id].source, window))
        for name, number in counts.items():
            run.counts[name] = run.counts.get(name, 0) + number
        return dict(counts)

    ids = list(sources)
    for start in range(0, len(ids), _SOURCES_A_STEP):
        await run.step("mementos", work, ids[start : start + _SOURCES_A_STEP])


def has_mementos(source: Source) -> bool:
    """True for pages, and for seeds that are a TimeMap.

    An archived list would name articles without showing any text.
    """
    return source.retired_at is None and (source.kind is SeedKind.TIMEMAP or not source.kind.is_list)


def _listings(run: Run, source: Source) -> list[Listing]:
    if source.kind is SeedKind.TIMEMAP:
        return [listing_at(source.url)]
    return [listing_of(setting, source.url) for setting in run.settings.archives]


async def _gather_source(run: Run, source: Source, window: Window) -> Counter[str]:
    counts: Counter[str] = Counter()
    for listing in _listings(run, source):
        page_list = await read_list(run.fetcher.fetch, source.id, listing, window)
        counts["archive_failures"] += page_list.failures
        before = counts.copy()
        counts.update(await _gather_listed(run, source, listing, page_list))
        gains = counts - before
        answer = run.archives.get(name := urlsplit(listing.url).netloc, ArchiveAnswer(name=name))
        run.archives[name] = replace(
            answer,
            pages=answer.pages + 1,
            listed=answer.listed + len(page_list.mementos),
            recorded=answer.recorded + gains["mementos"],
            failures=answer.failures + page_list.failures + gains["archive_failures"],
            reason=answer.reason or page_list.reason,
            detail=answer.detail or page_list.detail,
        )
    return counts


async def _gather_listed(run: Run, source: Source, listing: Listing, page_list: TimeMapPage) -> Counter[str]:
    """Record what one list names: captures of the page of ``source``, or for a TimeMap of the pages it is about."""
    if source.kind is not SeedKind.TIMEMAP:
        return await _gather_page(run, source.id, source.url, page_list.mementos)
    counts: Counter[str] = Counter()
    by_page: dict[str, list[Memento]] = {}
    for memento in page_list.mementos:
        url = absolute_url(memento.original, listing.url)
        if url is not None:
            by_page.setdefault(canonical_url(url), []).append(memento)
    for url, mementos in by_page.items():
        counts.update(await _gather_original(run, url, mementos))
    return counts


async def _gather_original(run: Run, url: str, mementos: Sequence[Memento]) -> Counter[str]:
    """Record mementos of a page that only a TimeMap names. Its source is kept but not visited."""
    source_id = await asyncio.to_thread(run.store.add_source, url, url_key(url), run.settings.now())
    return await _gather_page(run, source_id, url, mementos)


async def _gather_page(run: Run, source_id: int, url: str, mementos: Sequence[Memento]) -> Counter[str]:
    missing = _select_missing(mementos, capture_queries.instants(run.store.ask, source_id))
    counts: Counter[str] = Counter()
    for start in range(0, len(missing), _BATCH_SIZE):
        batch = missing[start : start + _BATCH_SIZE]
        replies = await asyncio.gather(
            *(fetch_memento(run.fetcher.fetch, source_id, url, memento) for memento in batch)
        )
        pairs = [pair for pair in replies if pair is not None]
        await run.record_side_captures()
        capture_ids = await asyncio.to_thread(run.store.record, pairs, run.run_id)
        run.captures.extend(capture for capture, _ in pairs)
        counts.update(mementos=len(capture_ids), archive_failures=len(batch) - len(pairs))
    return counts


def _select_missing(mementos: Sequence[Memento], known: set[datetime]) -> list[Memento]:
    """Return one memento for each instant without a capture, in order of time.

    Of two mementos in one second, the page is preferred to the redirect from its other spelling. Otherwise the first
    listed is taken.
    """
    seconds = {instant.replace(microsecond=0) for instant in known}
    by_instant: dict[datetime, Memento] = {}
    for memento in sorted(mementos, key=lambda memento: (memento.captured_at, memento.status in _REDIRECTING)):
        if memento.captured_at not in known and memento.captured_at not in seconds:
            by_instant.setdefault(memento.captured_at, memento)
    return list(by_instant.values())
