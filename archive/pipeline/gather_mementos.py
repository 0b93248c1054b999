"""Gathering mementos: for each source the lists of every archive, and of what they list all that is not there yet."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from archive.crawl.fetch import policy_from, require_contact
from archive.crawl.mementos.fetch import replay
from archive.crawl.mementos.listing import Listing, listing_at, listing_of, read_list
from archive.formats.timemap import absolute
from archive.urls import canonical_url, url_key
from db.errors import ConfigError
from db.queries import captures as capture_queries
from db.records import SeedKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from archive.formats.timemap import Memento
    from archive.pipeline.run import Run
    from db.records import Source, SourceState

    Window = tuple[datetime | None, datetime | None]

_SOURCES_A_STEP = 20  # each has some mementos: a batch of 50 to 500 addresses, as in live gathering
_TOGETHER = 20  # mementos in memory at once; one archive is one lane, so more would only wait
_REDIRECTING = range(300, 304)


async def gather_mementos(run: Run, states: Sequence[SourceState], window: Window) -> None:
    """Keep a capture of every memento of these sources dated in ``window`` (from, until; the end is left out).

    Asked are the archives of ``run.settings.archives``, and for a seed of kind timemap its own address. Lists (feeds,
    sitemaps, sections) and retired sources are passed over. ``run.counts`` gains ``mementos``, the captures kept, and
    ``archive_failures``, what an archive listed and did not give, which is no fact about the source. Raises ConfigError
    if no archive is named, or none may be asked for want of a contact.
    """
    asked = {state.source.id: state for state in states if _has_mementos(state.source)}
    addresses = [listing.address for state in asked.values() for listing in _listings(run, state.source)]
    if asked and not addresses:
        raise ConfigError(
            'no web archive is named: set archives = ["https://archive.example/timemap/link/"] in wirecopy.toml, '
            "or WIRECOPY_ARCHIVES, to the beginning of its TimeMap addresses, or of the questions to its CDX server"
        )
    require_contact(policy_from(run.settings), addresses)

    async def work(ids: list[int]) -> dict[str, int]:
        done: Counter[str] = Counter(mementos=0, archive_failures=0)
        for each in ids:
            done.update(await _gather_source(run, asked[each].source, window))
        for name, number in done.items():
            run.counts[name] = run.counts.get(name, 0) + number
        return dict(done)

    ids = list(asked)
    for start in range(0, len(ids), _SOURCES_A_STEP):
        await run.step("mementos", work, ids[start : start + _SOURCES_A_STEP])


def _has_mementos(source: Source) -> bool:
    """True for pages, and for seeds that are a TimeMap; an archived list would name articles, but say nothing."""
    return source.retired_at is None and (source.kind is SeedKind.TIMEMAP or not source.kind.is_list)


def _listings(run: Run, source: Source) -> list[Listing]:
    if source.kind is SeedKind.TIMEMAP:
        return [listing_at(source.url)]
    return [listing_of(setting, source.url) for setting in run.settings.archives]


async def _gather_source(run: Run, source: Source, window: Window) -> Counter[str]:
    done: Counter[str] = Counter()
    for listing in _listings(run, source):
        listed = await read_list(run.fetcher.fetch, source.id, listing, window)
        done["archive_failures"] += listed.failures
        if source.kind is not SeedKind.TIMEMAP:
            done.update(await _gather_page(run, source.id, source.url, listed.mementos))
            continue
        by_page: dict[str, list[Memento]] = {}
        for memento in listed.mementos:
            page = absolute(memento.original, listing.address)
            if page is not None:
                by_page.setdefault(canonical_url(page), []).append(memento)
        for page, mementos in by_page.items():
            done.update(await _gather_original(run, page, mementos))
    return done


async def _gather_original(run: Run, page: str, mementos: Sequence[Memento]) -> Counter[str]:
    """Keep mementos of a page that only a list names: a source that is kept, but not watched."""
    source_id = await asyncio.to_thread(run.store.add_source, page, url_key(page), run.settings.now())
    return await _gather_page(run, source_id, page, mementos)


async def _gather_page(run: Run, source_id: int, url: str, mementos: Sequence[Memento]) -> Counter[str]:
    wanted = _wanted(mementos, capture_queries.instants(run.store.ask, source_id))
    done: Counter[str] = Counter()
    for start in range(0, len(wanted), _TOGETHER):
        batch = wanted[start : start + _TOGETHER]
        found = await asyncio.gather(*(replay(run.fetcher.fetch, source_id, url, memento) for memento in batch))
        pairs = [pair for pair in found if pair is not None]
        await run.keep_asides()
        kept = await asyncio.to_thread(run.store.record, pairs, run.run_id)
        run.captures.extend(capture for capture, _ in pairs)
        done.update(mementos=len(kept), archive_failures=len(batch) - len(pairs))
    return done


def _wanted(mementos: Sequence[Memento], have: set[datetime]) -> list[Memento]:
    """One memento for each instant that there is no capture of, by time.

    Of two in one second the page is taken, not the redirect from its other spelling, and else the first listed.
    """
    seconds = {at.replace(microsecond=0) for at in have}
    chosen: dict[datetime, Memento] = {}
    for memento in sorted(mementos, key=lambda one: (one.at, one.status in _REDIRECTING)):
        if memento.at not in have and memento.at not in seconds:
            chosen.setdefault(memento.at, memento)
    return list(chosen.values())
