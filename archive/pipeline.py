"""The two halves, and the only place where the steps meet.

``gather`` brings facts home: visits go out, captures are kept, and what lists name becomes new sources. ``derive``
turns captures that the current recipe has not seen into text, versions and links. Between them stands the ledger in
the store, so that a crash in one loses nothing of the other, and derive can be run again without the network.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive import asides, copies, histories, texts
from archive.copies.embeddings import installed_sense
from archive.crawl.capture import make_capture, was_belied
from archive.crawl.discover import discover
from archive.crawl.multipage import fetch_whole
from archive.crawl.soft404 import is_probe
from archive.extract import extract_facts
from archive.extract.boilerplate import clean_facts
from archive.furnishing import Fitted
from archive.urls import url_key
from db.questions import captures as ask_captures
from db.questions import derivations as ask_derivations
from db.questions import links as ask_links
from db.questions import listings as ask_listings
from db.questions import origins as ask_origins
from db.questions import proof as ask_proof
from db.questions import versions as ask_versions
from db.records import Page, Recipe, SeedKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from typing import Protocol

    from archive.texts import Extracts
    from db.connect import Row
    from db.records import Capture, Outcome, Tombstone, Version, Visit
    from db.store import Store

    _Arrival = tuple[Visit, tuple[Outcome, ...]]  # the page, and the further parts it is split into

    class Fetches(Protocol):
        """What gather needs of a fetcher."""

        async def fetch(self, visit: Visit) -> Outcome:
            """What the network answered; never raises for weather."""

        def asides(self) -> asides.Asides:
            """What came along the way since the last call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What one batch of visits brought: the captures kept, and the ids of sources heard of for the first time."""

    captures: tuple[Capture, ...]
    new_sources: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What one chunk of captures gave: how many there were, texts extracted, versions opened, links found.

    Versions that stand in the place of others because a page is read differently today are not among them.
    """

    captures: int
    extracted: int
    versions: tuple[Version, ...]
    links: int


# --- gather ----------------------------------------------------------------------------------------------------------

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

    def keep(batch: Sequence[_Arrival], along: asides.Asides) -> None:
        asides.keep(store, along, run_id=run_id, now=now)
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
    if not visit.kind.expands or outcome.reason is not None or outcome.payload is None:
        return outcomes
    deep = ask_listings.depth(store.ask, visit.source_id) >= ask_listings.DEEPEST
    listed = discover(page_of(outcome), visit.kind, lists=not deep)
    new.extend(store.add_found([(each, url_key(each.url)) for each in listed.found], visit.source_id, now))
    return (replace(outcome, flags=(*outcome.flags, *listed.flags), detail=listed.detail or outcome.detail),)


def _keep(store: Store, batch: Sequence[_Arrival], run_id: int) -> list[Capture]:
    """Keep the captures, all parts of an article in one transaction; those of the visits themselves are returned."""
    doubted = {visit.source_id for visit, (outcome, *_) in batch if _asked_whole(visit, outcome)}
    held = ask_origins.last_pages(store.ask, doubted) if doubted else {}
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
    if was_belied(held, outcome):
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


# --- derive ----------------------------------------------------------------------------------------------------------


def current_recipe(*, fast: bool = False) -> Recipe:
    """The recipe of this code: its id is a digest of every option, rule list and library version that shapes a text.

    ``fast`` is that of the setting of this name.
    """
    facts = tuple(sorted((*extract_facts(fast=fast), *clean_facts())))
    return Recipe(id=hashlib.sha256(repr(facts).encode()).hexdigest()[:16], facts=facts)


def derive(
    store: Store,
    extractors: Extracts,
    ids: Sequence[int],
    *,
    recipe: Recipe,
    now: datetime,
    stopped: Callable[[], bool] = lambda: False,
) -> Derived:
    """Bring these captures from the ledger into text, versions and links.

    Each step is a short transaction of its own and may be repeated; a capture leaves the ledger together with the
    settling of its source, and a text the queue of links together with its links. ``stopped`` as for ``link``.
    """
    captures = [ask_captures.by_id(store.ask, each) for each in ask_derivations.together(store.ask, ids)]
    pages = [capture for capture in captures if capture.payload_sha256 is not None]  # a 304 has nothing to extract
    before = ask_derivations.recipes(store.ask, [capture.id or 0 for capture in pages])
    further = {capture.id: ask_captures.parts(store.ask, capture.id or 0) for capture in pages}
    extracted = texts.extract_new(store, extractors, [*pages, *texts.readable(further.values())], recipe)
    apologies, fitted = asides.Apologies(store.ask), Fitted(store.ask)
    for capture in sorted(pages, key=lambda one: not is_probe(one.url)):  # what a probe says is known before it is used
        shown = texts.shown(store, capture, further[capture.id], recipe, fitted.of(capture))
        judge = _judge_by(capture, apologies.near(capture), shown.missing)
        store.derived(capture, recipe.id, judge, now, shown.cleaned)
        asides.hold_against(store, capture)
    opened = [each for each in histories.settle_all(store, captures, now) if not _is_reread(each, before)]
    links = link(store, now=now, stopped=stopped)
    return Derived(captures=len(captures), extracted=extracted, versions=tuple(opened), links=links)


def _is_reread(version: Version, before: Mapping[int, str]) -> bool:
    """True if the page that shows it was read before, under another recipe: no news, whatever it says now."""
    return before.get(version.first_capture_id, version.recipe_id) != version.recipe_id


def _judge_by(capture: Capture, probes: Sequence[asides.Probe], missing: str) -> Callable[[Row], tuple[Verdict, str]]:
    """A verdict on one capture: the page's own, unless the way it was reached, or a probe, says it is no article.

    An article of which a part is ``missing`` is thin, never a shorter one.
    """

    def judge(extraction: Row) -> tuple[Verdict, str]:
        if _sent_home(capture):
            return Verdict.SOFT_404, f"sent from an article to the front page {capture.final_url}"
        own = Verdict(extraction["verdict"])
        if (own.opens_version or own is Verdict.THIN) and (told := asides.apology(probes, extraction["body"] or "")):
            return Verdict.SOFT_404, told
        return (Verdict.THIN, missing) if missing and own.opens_version else (own, extraction["detail"])

    return judge


def _sent_home(capture: Capture) -> bool:
    """True when an article's address was redirected to a front page: the usual way to hide that it is gone."""
    path = url_key(capture.url).partition(")")[2]
    target = url_key(capture.final_url).partition(")")[2]
    return bool(capture.hops) and path not in {"", "/"} and target in {"", "/"}


_LINKED_AT_ONCE = 50


def link(store: Store, *, now: datetime, stopped: Callable[[], bool] = lambda: False) -> int:
    """Compare every text that waits for it with its candidates; how many links that gave.

    A text's keys are kept before its candidates are asked for, so that of two texts arriving at once in two processes
    at least the second one sees the other. One that was compared before waits because candidates fell away: then only
    its links to them go. Once ``stopped`` says so the rest goes on waiting: comparing ten thousand texts takes minutes,
    and a thread cannot be interrupted.
    """
    found = 0
    readings, sense = copies.Readings(), installed_sense()
    method = copies.method_with(sense)
    while not stopped() and (waiting := ask_links.unlinked(store.ask, _LINKED_AT_ONCE)):
        texts = {text.id or 0: text for text in ask_versions.texts(store.ask, waiting)}
        keys = {each: copies.fingerprint(text, readings) for each, text in texts.items()}
        standing, done = store.add_keys(keys), ask_links.compared(store.ask, waiting, method)
        for each in standing:
            if stopped():
                break
            others = () if each in done else ask_links.candidates(store.ask, each, keys[each])
            judged = [
                (other.id or 0, copies.judge(texts[each], other, readings, sense))
                for other in ask_versions.texts(store.ask, others)
            ]
            found += store.link(each, judged, method, now, keys[each])
    return found


# --- both, for what comes from files ---------------------------------------------------------------------------------


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
    return store.record(pairs) + (store.keep_asides(lists, (), now) if lists else [])


def forgotten(store: Store, outcomes: Sequence[Outcome]) -> dict[str, Tombstone]:
    """Those of the addresses asked for that were forgotten on request, and what stands in their place."""
    keys = {outcome.requested_url: url_key(outcome.requested_url) for outcome in outcomes}
    graves = ask_proof.forgotten(store.ask, keys.values())
    return {url: graves[key] for url, key in keys.items() if key in graves}
