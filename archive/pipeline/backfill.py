"""Backfill: fetch, import from web archives or derive again all that falls into a window of days."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from archive.crawl.fetch import policy_from, require_contact
from archive.pipeline.gather_mementos import gather_mementos
from archive.pipeline.run import open_run, run_inline
from archive.pipeline.select_seeds import canonical_names, is_selected, refuse_unknown
from archive.seeds.frontier.plan import plan_visits
from db.errors import BadInput
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from typing import Literal

    from archive.pipeline.run import Run, Step
    from archive.settings import Settings
    from db.reader import Ask
    from db.records import Report

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

    ``live`` fetches the sources first seen in the window now, due or not. ``archives`` records the mementos dated in
    it. ``payloads`` derives the captures taken in it again, offline. Raises as ``refresh``, and BadInput for an empty
    window.
    """
    window = _parse_window(since, until)
    only = canonical_names(only)
    parameters = {"only": list(only), "since": str(since), "until": str(until), "source": source}
    started_at = settings.now()
    async with open_run(settings, "backfill", parameters, owner=owner, step=step, resume=True) as run:
        refuse_unknown(run.store.ask, only)
        if source == "payloads":
            run.counts["queued"] = run.store.requeue_sources(_selected_source_ids(run.store.ask, only), *window)
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
    """Return the URLs that a backfill with these arguments would process. Changes nothing."""
    window = _parse_window(since, until)
    only = canonical_names(only)
    with Reader(settings.db) as reader:
        refuse_unknown(reader.ask, only)
        if source == "payloads":
            source_ids = _selected_source_ids(reader.ask, only)
            return [
                candidate.url
                for candidate in source_queries.all_sources(reader.ask)
                if candidate.id in source_ids and _has_capture_within(reader.ask, candidate.id, window)
            ]
        states = [state for state in source_queries.states(reader.ask) if is_selected(state, only)]
    return [state.source.url for state in states if source == "archives" or _is_within(state.source.found_at, window)]


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


async def _backfill_sources(run: Run, only: Sequence[str], window: Window, *, archives: bool) -> None:
    states = [state for state in source_queries.states(run.store.ask) if is_selected(state, only)]
    if archives:
        await gather_mementos(run, states, window)
        return
    candidates = [state for state in states if _is_within(state.source.found_at, window)]
    visited = capture_queries.visited_sources(run.store.ask, run.run_id)
    visits = plan_visits(candidates, now=run.settings.now(), force=True).visits
    remaining = [visit for visit in visits if visit.source_id not in visited]
    require_contact(policy_from(run.settings), [visit.url for visit in remaining])
    await run.gather(remaining)


def _is_within(instant: datetime, window: Window) -> bool:
    since, until = window
    return (since is None or instant >= since) and (until is None or instant < until)


def _start_of(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)
