"""Backfill: fetch, import from web archives or derive again what falls into a window of days."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from archive.crawl.fetch import policy_from, require_contact
from archive.crawl.frontier.plan import plan_visits
from archive.pipeline.gather_mementos import gather_mementos
from archive.pipeline.run import directly, open_run
from archive.pipeline.select_seeds import canonical_names, is_selected, refuse_unknown
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
    step: Step = directly,
) -> Report:
    """Work through a window of days, both ends included. Stopped at any moment, the same call goes on where it was.

    ``live`` fetches now the sources first seen in the window, due or not; ``archives`` takes the mementos dated in it;
    ``payloads`` derives the captures taken in it again, offline. Raises as ``refresh``, and BadInput for a bad window.
    """
    window = _window(since, until)
    only = canonical_names(only)
    parameters = {"only": list(only), "since": str(since), "until": str(until), "source": source}
    started_at = settings.now()
    async with open_run(settings, "backfill", parameters, owner=owner, step=step, resume=True) as run:
        refuse_unknown(run.store.ask, only)
        if source == "payloads":
            run.counts["queued"] = run.store.requeue_sources(_asked(run.store.ask, only), *window)
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
    only = canonical_names(only)
    with Reader(settings.db) as reader:
        refuse_unknown(reader.ask, only)
        if source == "payloads":
            asked = _asked(reader.ask, only)
            return [
                each.url
                for each in source_queries.all_sources(reader.ask)
                if each.id in asked
                and any(_within(one.captured_at, window) for one in capture_queries.of_source(reader.ask, each.id))
            ]
        states = [state for state in source_queries.states(reader.ask) if is_selected(state, only)]
    return [each.source.url for each in states if source == "archives" or _within(each.source.found_at, window)]


def _asked(ask: Ask, only: Sequence[str]) -> list[int]:
    """Ids of the sources meant: all there are, imported ones too, unless some are named."""
    if not only:
        return [source.id for source in source_queries.all_sources(ask)]
    return [state.source.id for state in source_queries.states(ask) if is_selected(state, only)]


def _window(since: date | None, until: date | None) -> Window:
    if since is not None and until is not None and until < since:
        raise BadInput(f"the window is empty: until {until} lies before since {since}")
    return _start(since), _start(until + timedelta(days=1)) if until is not None else None


async def _backfill_sources(run: Run, only: Sequence[str], window: Window, *, archives: bool) -> None:
    states = [state for state in source_queries.states(run.store.ask) if is_selected(state, only)]
    if archives:
        await gather_mementos(run, states, window)
        return
    inside = [state for state in states if _within(state.source.found_at, window)]
    done = capture_queries.visited_sources(run.store.ask, run.run_id)
    visits = plan_visits(inside, now=run.settings.now(), force=True).visits
    fresh = [visit for visit in visits if visit.source_id not in done]
    require_contact(policy_from(run.settings), [visit.url for visit in fresh])
    await run.gather(fresh)


def _within(at: datetime, window: Window) -> bool:
    since, until = window
    return (since is None or at >= since) and (until is None or at < until)


def _start(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC)
