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

from archive import copies, versions
from archive.capture import make_capture
from archive.clean import clean, clean_facts
from archive.diff import compare
from archive.discover import discover
from archive.extract import extract_facts
from archive.urls import url_key
from db.questions import captures as ask_captures
from db.questions import links as ask_links
from db.questions import sources as ask_sources
from db.questions import versions as ask_versions
from db.records import Page, Recipe, SeedKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from typing import Protocol

    from db.connect import Ask, Row
    from db.records import Capture, Extraction, Kind, Outcome, Sighting, Text, Version, Visit
    from db.store import Store

    class Fetches(Protocol):
        """What gather needs of a fetcher."""

        async def fetch(self, visit: Visit) -> Outcome:
            """What the network answered; never raises for weather."""

    class Extracts(Protocol):
        """What derive needs of the extractor's workers."""

        def map(self, pages: Iterable[Page]) -> Iterable[Extraction]:
            """One extraction a page, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What one batch of visits brought: the captures kept, and the ids of sources heard of for the first time."""

    captures: tuple[Capture, ...]
    new_sources: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What one chunk of captures gave: texts extracted, versions opened, links found."""

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
    arrived: asyncio.Queue[tuple[Visit, Outcome]] = asyncio.Queue()
    kept: list[Capture] = []
    new: list[int] = []

    async def visit_one(visit: Visit) -> None:
        arrived.put_nowait((visit, await fetcher.fetch(visit)))

    def keep(batch: Sequence[tuple[Visit, Outcome]]) -> None:
        # First what a list names, then that it was seen: cut off in between, the list is visited again, where the other
        # order would lose its articles for as long as it answers 304.
        new.extend(_expand_all(store, batch, now))
        kept.extend(_keep(store, batch, run_id))

    try:
        async with asyncio.TaskGroup() as group:
            for visit in visits:
                group.create_task(visit_one(visit))
            while len(kept) < len(visits):
                await asyncio.to_thread(keep, _together(arrived, await arrived.get()))
    finally:
        while not arrived.empty():  # cancelled between arrival and keeping: bytes that came are never dropped
            keep(_together(arrived, arrived.get_nowait()))
    return Gathered(captures=tuple(kept), new_sources=tuple(new))


def _together(
    arrived: asyncio.Queue[tuple[Visit, Outcome]], first: tuple[Visit, Outcome]
) -> list[tuple[Visit, Outcome]]:
    batch = [first]
    while len(batch) < _TOGETHER and not arrived.empty():
        batch.append(arrived.get_nowait())
    return batch


def _expand_all(store: Store, batch: Sequence[tuple[Visit, Outcome]], now: datetime) -> list[int]:
    return [each for visit, outcome in batch for each in _expand(store, visit, outcome, now)]


def _expand(store: Store, visit: Visit, outcome: Outcome, now: datetime) -> list[int]:
    """The new sources that a list page names."""
    if not visit.kind.expands or outcome.reason is not None or outcome.payload is None:
        return []
    found = discover(page_of(outcome), visit.kind)
    return store.add_found([(each, url_key(each.url)) for each in found], visit.source_id, now)


def _keep(store: Store, batch: Sequence[tuple[Visit, Outcome]], run_id: int) -> list[Capture]:
    pairs = [(make_capture(visit.source_id, outcome), outcome.payload) for visit, outcome in batch]
    store.record(pairs, run_id)
    return [capture for capture, _ in pairs]


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


def current_recipe() -> Recipe:
    """The recipe of this code: its id is a digest of every option, rule list and library version that shapes a text."""
    facts = tuple(sorted((*extract_facts(), *clean_facts())))
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
    captures = [ask_captures.by_id(store.ask, each) for each in ids]
    pages = [capture for capture in captures if capture.payload_sha256 is not None]  # a 304 has nothing to extract
    extracted = _extract_new(store, extractors, pages, recipe)
    for capture in pages:
        store.derived(capture, recipe.id, _judge_by(capture), now)
    opened = _settle_all(store, captures, now)
    return Derived(extracted=extracted, versions=tuple(opened), links=link(store, now=now, stopped=stopped))


def _extract_new(store: Store, extractors: Extracts, captures: Sequence[Capture], recipe: Recipe) -> int:
    """Extract each payload the recipe has not seen, once, however many captures show it."""
    unknown = {
        (capture.payload_sha256, capture.charset): capture
        for capture in captures
        if not store.known_extraction(capture, recipe.id)
    }
    pages = (_alone(ask_captures.page(store.ask, capture)) for capture in unknown.values())
    for capture, raw in zip(unknown.values(), extractors.map(pages), strict=True):
        cleaned = clean(raw)
        digest = text_digest(cleaned.title, cleaned.text) if cleaned.text else None
        store.keep_extraction(capture, cleaned, digest, recipe)
    return len(unknown)


def _alone(page: Page) -> Page:
    """The page without the way it was reached, so that an extraction depends on the payload alone."""
    return replace(page, requested_url=page.url)


def text_digest(title: str, body: str) -> str:
    """The sha256 by which a normalised text is known: headline, blank line, body, in UTF-8."""
    return hashlib.sha256(f"{title}\n\n{body}".encode()).hexdigest()


def _judge_by(capture: Capture) -> Callable[[Row], tuple[Verdict, str]]:
    """A verdict on one capture: the page's own, unless the way it was reached says it is no article."""

    def judge(extraction: Row) -> tuple[Verdict, str]:
        if _sent_home(capture):
            return Verdict.SOFT_404, f"sent from an article to the front page {capture.final_url}"
        return Verdict(extraction["verdict"]), extraction["detail"]

    return judge


def _sent_home(capture: Capture) -> bool:
    """True when an article's address was redirected to a front page: the usual way to hide that it is gone."""
    path = url_key(capture.url).partition(")")[2]
    target = url_key(capture.final_url).partition(")")[2]
    return bool(capture.hops) and path not in {"", "/"} and target in {"", "/"}


def _settle_all(store: Store, captures: Sequence[Capture], now: datetime) -> list[Version]:
    """Settle the history of every source these captures belong to, joining what a permanent redirect says is one."""
    by_source: dict[int, list[int]] = {}
    for capture in captures:
        by_source.setdefault(capture.source_id, []).append(capture.id or 0)
    opened: list[Version] = []
    for source_id, done in by_source.items():
        changed = _join_moved(store, source_id, now)
        source = ask_sources.by_id(store.ask, source_id)
        opened += settle(store, source.same_as or source.id, now=now, done=done)
        for other in changed:
            opened += settle(store, other, now=now)
    return opened


def _join_moved(store: Store, source_id: int, now: datetime) -> list[int]:
    """Let one history go on under the addresses its pages moved to for good; ids of other histories that changed."""
    seen = ask_captures.sightings(store.ask, source_id)
    targets = {one.moved_to for one in seen if one.moved_to is not None and one.shows_text}
    changed = {each for target in sorted(targets) for each in store.join(source_id, target, url_key(target), now)}
    return sorted(changed)


def settle(store: Store, source_id: int, *, now: datetime, done: Sequence[int] = ()) -> list[Version]:
    """Make the stored versions of a source what its sightings say; returns the new ones. A list page has none."""
    source = ask_sources.by_id(store.ask, source_id)

    def history(sightings: Sequence[Sighting], ask: Ask) -> Sequence[Version]:
        if source.kind is not SeedKind.ARTICLE:
            return ()
        known = versions.known_edits(ask_versions.of_source(ask, source_id))

        def edit(before: str, after: str) -> tuple[tuple[Kind, ...], float]:
            return known.get((before, after)) or _edit(ask, before, after)

        return versions.settle(sightings, url=source.url, compare=edit).versions

    return store.settle(source_id, history, now, done)


def _edit(ask: Ask, before: str, after: str) -> tuple[tuple[Kind, ...], float]:
    change = compare(ask_versions.text(ask, before), ask_versions.text(ask, after))
    return change.kinds, change.score


_LINKED_AT_ONCE = 500


def link(store: Store, *, now: datetime, stopped: Callable[[], bool] = lambda: False) -> int:
    """Compare every text that waits for it with its candidates; how many links that gave.

    A text's keys are kept before its candidates are asked for, so that of two texts arriving at once in two processes
    at least the second one sees the other. Once ``stopped`` says so the rest goes on waiting: comparing ten thousand
    texts takes the better part of an hour, and a thread cannot be interrupted.
    """
    found = 0
    readings = copies.Readings()
    while not stopped() and (waiting := ask_links.unlinked(store.ask, _LINKED_AT_ONCE)):
        for text in ask_versions.texts(store.ask, waiting):
            if stopped():
                break
            found += _link_one(store, text, readings, now)
    return found


def _link_one(store: Store, text: Text, readings: copies.Readings, now: datetime) -> int:
    text_id = text.id or 0
    store.add_keys(text_id, copies.fingerprint(text))
    others = ask_versions.texts(store.ask, ask_links.candidates(store.ask, text_id))
    judged = [(other.id or 0, copies.judge(text, other, readings)) for other in others]
    return store.link(text_id, judged, copies.METHOD, now)


# --- both, for what comes from files ---------------------------------------------------------------------------------


def keep_outcomes(store: Store, outcomes: Sequence[Outcome], *, provenance: str, now: datetime) -> list[int]:
    """Keep captures that came from elsewhere; ids of those that were not known."""
    pairs = []
    for outcome in outcomes:
        source_id = store.add_source(outcome.requested_url, url_key(outcome.requested_url), now)
        pairs.append((make_capture(source_id, outcome, provenance=provenance), outcome.payload))
    return store.record(pairs)
