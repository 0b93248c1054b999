"""Runs: refresh, backfill and upkeep, from the index to the report.

The command line and the Prefect flows call the same three functions; a flow passes a ``step`` that wraps each batch of
work in a task, the command line runs it directly. What is done is decided by the ledger, and who may work by our own
lease, never by the state of an orchestrator.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from archive import furnishing
from archive.campaign import campaign, directly
from archive.crawl.fetch import policy_from, require_contact
from archive.crawl.frontier.change_rate import learn
from archive.crawl.frontier.plan import plan_visits
from archive.extract.worker_pool import Extractors
from archive.mementos import gather_mementos
from archive.notify import tell
from archive.pipeline import current_recipe
from archive.preview import preview
from archive.seeds import load_index
from archive.urls import canonical_url, url_key
from db import care
from db.backups import spare_path, thin_out
from db.connect import Reader
from db.errors import BadInput, SeedError
from db.questions import captures as ask_captures
from db.questions import origins as ask_origins
from db.questions import rhythm as ask_rhythm
from db.questions import sources as ask_sources
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from typing import Literal

    from archive.campaign import Campaign, Step
    from archive.preview import Preview
    from archive.settings import Settings
    from db.connect import Ask
    from db.records import Report, SourceState, Visit

    Window = tuple[datetime | None, datetime | None]

# --- refresh ---------------------------------------------------------------------------------------------------------


async def refresh(
    settings: Settings,
    *,
    only: Sequence[str] = (),
    force: bool = False,
    owner: str | None = None,
    step: Step = directly,
) -> Report:
    """Read the index, visit what is due, and derive.

    ``only`` names seeds, groups or addresses; ``force`` ignores timing. Raises SeedError (no index, or an unknown name
    in ``only``), ConfigError, StoreError; StoreBusy if another run works.
    """
    index = load_index(settings.index)
    only = _as_archived(only)
    started_at = settings.now()
    async with campaign(settings, "refresh", {"only": list(only), "force": force}, owner=owner, step=step) as run:
        # With mistakes in the index nothing is retired: a slip in a row must not end the watch of what it names.
        keys = {seed.url: url_key(seed.url) for seed in index.seeds}
        run.store.sync_seeds(index.seeds, keys, started_at, retire=not index.complaints)
        run.counts["complaints"] = len(index.complaints)
        _refuse_unknown(run.store.ask, only)
        run.fetcher.take_up(ask_origins.unread(run.store.ask))
        while visits := _due(run, only, force=force):
            await run.gather(visits)
        await run.derive()
    report = run.report("refresh", started_at)  # the lease is given back: whoever is told holds nobody up
    return replace(report, counts=report.counts | await tell(settings, index.seeds, report))


def _due(run: Campaign, only: Sequence[str], *, force: bool) -> list[Visit]:
    """What is due and was not yet visited in this run: what a list named in one wave is visited in the next."""
    states = ask_sources.states(run.store.ask)  # all of them: a group's budget is one, whatever part of it is asked for
    asked = {state.source.id for state in states if named(state, only)}
    now, ask = run.settings.now(), run.store.ask
    spent, rhythms = ask_rhythm.spent(ask, now), ask_rhythm.learned(ask)
    found = plan_visits(states, now=now, force=force, rhythms=rhythms, spent=spent)
    fresh = [one for one in found.visits if one.source_id in asked and one.source_id not in run.visits]
    require_contact(policy_from(run.settings), [visit.url for visit in fresh])
    return fresh


def named(state: SourceState, names: Sequence[str]) -> bool:
    """True if the source belongs to a seed or group in ``names``, or is one of the addresses; all if empty."""
    key = state.source.seed_key or ""
    group, _, name = key.partition("/")
    return not names or any(each in {key, group, name, state.source.url} for each in names)


def _as_archived(names: Sequence[str]) -> list[str]:
    """Names with their addresses spelled as the archive spells them; what is no address stays."""

    def spelled(name: str) -> str:
        try:
            return canonical_url(name) if "://" in name else name
        except BadInput:
            return name

    return [spelled(name) for name in names]


def _refuse_unknown(ask: Ask, names: Sequence[str]) -> None:
    states = ask_sources.states(ask) if names else []
    for each in names:
        if not any(named(state, [each]) for state in states):
            known = sorted({(state.source.seed_key or "").partition("/")[0] for state in states})
            raise SeedError(
                f"no seed, group or address {each!r} in the index; groups are: {', '.join(known) or 'none'}"
            )


# --- backfill --------------------------------------------------------------------------------------------------------


async def backfill(
    settings: Settings,
    *,
    only: Sequence[str] = (),
    since: date | None = None,
    until: date | None = None,
    source: Literal["live", "archives", "payloads"] = "live",
    owner: str | None = None,
    step: Step = directly,
) -> Report:
    """Work through a window of days, both ends included. Stopped at any moment, the same call goes on where it was.

    ``live`` fetches now the sources first seen in the window, due or not; ``archives`` takes the mementos dated in it;
    ``payloads`` derives the captures taken in it again, offline. Raises as ``refresh``, and BadInput for a bad window.
    """
    window = _window(since, until)
    only = _as_archived(only)
    parameters = {"only": list(only), "since": str(since), "until": str(until), "source": source}
    started_at = settings.now()
    async with campaign(settings, "backfill", parameters, owner=owner, step=step, resume=True) as run:
        _refuse_unknown(run.store.ask, only)
        if source == "payloads":
            run.counts["queued"] = run.store.queue_again(_asked(run.store.ask, only), *window)
        else:
            await _backfill_sources(run, only, window, archives=source == "archives")
        await run.derive()
    return run.report("backfill", started_at)


def backfill_scope(
    settings: Settings,
    *,
    only: Sequence[str] = (),
    since: date | None = None,
    until: date | None = None,
    source: Literal["live", "archives", "payloads"] = "live",
) -> list[str]:
    """The addresses a backfill with these arguments would work through, without doing anything."""
    window = _window(since, until)
    only = _as_archived(only)
    with Reader(settings.db) as reader:
        _refuse_unknown(reader.ask, only)
        if source == "payloads":
            asked = _asked(reader.ask, only)
            return [
                each.url
                for each in ask_sources.everything(reader.ask)
                if each.id in asked
                and any(_within(one.captured_at, window) for one in ask_captures.of_source(reader.ask, each.id))
            ]
        states = [state for state in ask_sources.states(reader.ask) if named(state, only)]
    return [each.source.url for each in states if source == "archives" or _within(each.source.found_at, window)]


def _asked(ask: Ask, only: Sequence[str]) -> list[int]:
    """Ids of the sources meant: all there are, imported ones too, unless some are named."""
    if not only:
        return [source.id for source in ask_sources.everything(ask)]
    return [state.source.id for state in ask_sources.states(ask) if named(state, only)]


def _window(since: date | None, until: date | None) -> Window:
    if since is not None and until is not None and until < since:
        raise BadInput(f"the window is empty: until {until} lies before since {since}")
    return _start(since), _start(until + timedelta(days=1)) if until is not None else None


async def _backfill_sources(run: Campaign, only: Sequence[str], window: Window, *, archives: bool) -> None:
    states = [state for state in ask_sources.states(run.store.ask) if named(state, only)]
    if archives:
        await gather_mementos(run, states, window)
        return
    inside = [state for state in states if _within(state.source.found_at, window)]
    done = run.store.visited(run.run_id)
    visits = plan_visits(inside, now=run.settings.now(), force=True).visits
    fresh = [visit for visit in visits if visit.source_id not in done]
    require_contact(policy_from(run.settings), [visit.url for visit in fresh])
    await run.gather(fresh)


def _within(at: datetime, window: Window) -> bool:
    since, until = window
    return (since is None or at >= since) and (until is None or at < until)


def _start(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)


# --- upkeep ----------------------------------------------------------------------------------------------------------


async def upkeep(settings: Settings, *, owner: str | None = None, step: Step = directly) -> Report:
    """Check the file, let SQLite tidy its statistics, and keep a backup beside it (the newest seven stay).

    After that, learn what the furniture of each site is, and from the histories of each seed at which age its articles
    are edited. Raises Corrupt if the file does not hold; no backup is made of a broken file.
    """
    started_at = settings.now()
    async with campaign(settings, "upkeep", {}, owner=owner, step=step) as run:

        async def keep(_: list[int]) -> dict[str, int]:
            care.check_file(settings.db)
            care.backup(settings.db, spare_path(settings.db, started_at))
            return {"backups": 1, "dropped": thin_out(settings.db)}

        run.counts.update(await step("upkeep", keep, []))
        await run.derive()
        await _furnish(run)
        run.counts["rhythms"] = _learn(run.store, settings.now())
    return run.report("upkeep", started_at)


async def _furnish(run: Campaign) -> None:
    """Take up what is learned of sites by now, and read again what that changes; the ledger must be empty."""
    now = run.settings.now()
    found, _ = await asyncio.to_thread(furnishing.adopt, run.store, run.recipe, now)
    run.counts["furniture"] = found
    if found:
        await run.derive()


def _learn(store: Store, now: datetime) -> int:
    """Learn when articles are edited, for the plan; of how many seeds anything could be learned."""
    found = ask_rhythm.histories(store.ask)
    store.keep_rhythms([learn(seed_key, followed, now) for seed_key, followed in found.items()])
    return len(found)


def release_leases(settings: Settings, owner: str) -> int:
    """Give back what a run held that cannot do it itself any more; how many leases that were."""
    with Store(settings.db) as store:
        return store.release_leases(owner)


# --- offline ---------------------------------------------------------------------------------------------------------


async def reextract(settings: Settings, *, owner: str | None = None, step: Step = directly) -> Report:
    """Derive every capture again under the current recipe, offline; payloads it has seen are not extracted twice.

    What is known of sites by then is learned and taken up. What reads differently than before is no edit.
    """
    started_at = settings.now()
    async with campaign(settings, "reextract", {}, owner=owner, step=step) as run:
        everything = [source.id for source in ask_sources.everything(run.store.ask)]
        run.counts["queued"] = run.store.queue_again(everything, None, None)
        await run.derive()
        await _furnish(run)
    return run.report("reextract", started_at)


def preview_reextract(settings: Settings, *, samples: int = 5) -> Preview:
    """What ``reextract`` would change, without writing: how many texts, and some of them. Raises StoreError."""
    recipe = current_recipe(fast=settings.fast)
    with Reader(settings.db) as reader, Extractors(workers=2, fast=settings.fast) as extractors:
        return preview(reader.ask, extractors, recipe, samples=samples)


async def rematch(settings: Settings, *, owner: str | None = None, step: Step = directly) -> Report:
    """Drop every link between texts and judge them anew under the current method, offline."""
    started_at = settings.now()
    async with campaign(settings, "rematch", {}, owner=owner, step=step) as run:
        run.store.forget_links()
        await run.derive()
    return run.report("rematch", started_at)
