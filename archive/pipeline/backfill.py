"""Backfill: fetch, import from web archives or derive again all that falls into a window of days."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from archive.crawl.fetch import policy_from, require_contact
from archive.pipeline.gather_mementos import gather_mementos, has_mementos
from archive.pipeline.page_forms import with_rendering
from archive.pipeline.run import open_run, run_inline
from archive.pipeline.select_seeds import canonical_names, is_selected, names_seed, refuse_unknown
from archive.pipeline.sync_index import sync_index
from archive.seeds import load_index
from archive.seeds.frontier.plan import plan_visits
from archive.urls import url_key
from db.errors import BadInput
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.reader import Reader
from db.records import SeedKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from typing import Literal

    from archive.pipeline.run import Run, Step
    from archive.settings import Settings
    from db.reader import Ask
    from db.records import Report, Seed

    Window = tuple[datetime | None, datetime | None]


async def backfill(
    settings: Settings,
    *,
    only: Sequence[str] = (),
    since: date | None = None,
    until: date | None = None,
    source: Literal["live", "archives", "payloads"] = "live",
    owner: str | None = None,
    step: Step = run_inline,
) -> Report:
    """Process a window of days, both ends included. After an interruption the same call resumes.

    The seed index is read first, if there is one, so that a new seed needs no refresh before.
    ``live`` fetches the sources first seen in the window now, due or not. ``archives`` records the mementos dated in
    it. ``payloads`` derives the captures taken in it again, offline. Raises as ``refresh``, and BadInput for an empty
    window.
    """
    window = _parse_window(since, until)
    only = canonical_names(only)
    parameters = {"only": list(only), "since": str(since), "until": str(until), "source": source}
    started_at = settings.now()
    index = load_index(settings.index) if settings.index.exists() else None
    async with open_run(settings, "backfill", parameters, owner=owner, step=step, resume=True) as run:
        if index is not None:
            sync_index(run, index, started_at)
        refuse_unknown(run.store.ask, only)
        if source == "payloads":
            run.counts["queued"] = run.store.requeue_sources(_selected_source_ids(run.store.ask, only), *window)
        else:
            seeds = index.seeds if index is not None else ()
            await _backfill_sources(run, only, window, seeds, archives=source == "archives")
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
    """Return the URLs that a backfill with these arguments would process, new seeds included. Changes nothing."""
    window = _parse_window(since, until)
    only = canonical_names(only)
    seeds = load_index(settings.index).seeds if settings.index.exists() else ()
    selected = [seed for seed in seeds if seed.kind is not SeedKind.FILE and names_seed(seed, only)]
    if source == "payloads" or not (source == "archives" or _is_within(settings.now(), window)):
        selected = []  # a seed that no run has read yet is first seen now
    if not settings.db.exists() and seeds:
        return [seed.url for seed in selected]
    with Reader(settings.db) as reader:
        unknown = [name for name in only if not any(names_seed(seed, [name]) for seed in seeds)]
        refuse_unknown(reader.ask, unknown)
        if source == "payloads":
            source_ids = _selected_source_ids(reader.ask, only)
            return [
                candidate.url
                for candidate in source_queries.all_sources(reader.ask)
                if candidate.id in source_ids and _has_capture_within(reader.ask, candidate.id, window)
            ]
        states = [state for state in source_queries.states(reader.ask) if is_selected(state, only)]
    known = {state.source.url_key for state in states}
    new = [seed.url for seed in selected if url_key(seed.url) not in known]
    if source == "archives":
        return [*(state.source.url for state in states if has_mementos(state.source)), *new]
    return [*(state.source.url for state in states if _is_within(state.source.found_at, window)), *new]


def _has_capture_within(ask: Ask, source_id: int, window: Window) -> bool:
    return any(_is_within(capture.captured_at, window) for capture in capture_queries.of_source(ask, source_id))


def _selected_source_ids(ask: Ask, only: Sequence[str]) -> list[int]:
    """Return the ids of the selected sources.

    Without ``only`` these are all sources, imported ones too.
    """
    if not only:
        return [source.id for source in source_queries.all_sources(ask)]
    return [state.source.id for state in source_queries.states(ask) if is_selected(state, only)]


def _parse_window(since: date | None, until: date | None) -> Window:
    if since is not None and until is not None and until < since:
        raise BadInput(f"the window is empty: until {until} is earlier than since {since}; swap the two dates")
    return _start_of(since), _start_of(until + timedelta(days=1)) if until is not None else None


async def _backfill_sources(
    run: Run, only: Sequence[str], window: Window, seeds: Sequence[Seed], *, archives: bool
) -> None:
    states = [state for state in source_queries.states(run.store.ask) if is_selected(state, only)]
    if archives:
        await gather_mementos(run, states, window)
        return
    candidates = [state for state in states if _is_within(state.source.found_at, window)]
    visited = capture_queries.visited_sources(run.store.ask, run.run_id)
    visits = plan_visits(candidates, now=run.settings.now(), force=True).visits
    remaining = [visit for visit in visits if visit.source_id not in visited]
    require_contact(policy_from(run.settings), [visit.url for visit in remaining])
    await run.gather(with_rendering(remaining, candidates, seeds))


def _is_within(instant: datetime, window: Window) -> bool:
    since, until = window
    return (since is None or instant >= since) and (until is None or instant < until)


def _start_of(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)
