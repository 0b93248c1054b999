"""What every run of a flow has in common: its name, its owner, its batches as tasks, its leases given back.

The archive's own database says what is done and its leases say who works; what Prefect knows of a run is for people.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any
from uuid import UUID

from _report import say_progress
from prefect import Flow, State, Task, get_run_logger
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun
from prefect.runtime import flow_run as this_run

from archive.pipeline.upkeep import release_leases
from archive.settings import from_process
from db.errors import StoreBusy
from db.records import Report

Work = Callable[[list[int]], Awaitable[dict[str, int]]]
Step = Callable[[str, Work, list[int]], Awaitable[dict[str, int]]]

PATIENCE = 6 * 3600.0
"""Seconds that a backfill or upkeep waits for another run to end: longer than any refresh, over by the morning."""

_ASK_AGAIN = 10.0

SAY_EVERY = 20.0
"""Seconds between two words on the progress of a run: a refresh with little to do ends before the first."""


def run_name() -> str:
    """What a run does, for lists of runs: ``backfill 2026-01-05 08:15 since=2021-10-01 source=archives``."""
    asked = {name: value for name, value in this_run.parameters.items() if value and value != "live"}
    told = [f"{name}={_short(value)}" for name, value in asked.items()]
    return " ".join([this_run.flow_name, f"{this_run.scheduled_start_time:%Y-%m-%d %H:%M}", *told])


def _short(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def owner_of(run_id: str | UUID) -> str:
    """The name under which a run holds leases."""
    return f"prefect:{run_id}"


def owner() -> str:
    """The owner of this run's leases."""
    return owner_of(this_run.id)


def release(flow: Flow[..., Any], flow_run: FlowRun, state: State) -> None:  # noqa: ARG001 - Prefect passes these names
    """Give back what the run held, so that the next one need not wait until its leases expire."""
    give_back(flow_run.id)


def give_back(run_id: str | UUID) -> None:
    """Release the leases of a run, from whatever process. Where there is no archive none is made."""
    settings = from_process()
    if settings.db.is_file():
        release_leases(settings, owner_of(run_id))


def batches(say_every: float = SAY_EVERY) -> Step:
    """A step for one run: each batch of work is a task that gets ids, returns counts, and is neither cached nor kept.

    After ``say_every`` seconds, and then as often, it leaves what was done so far. No retries here: an address that
    failed is the plan's to visit again, and a broken store should be seen at once.
    """
    started, said, done = monotonic(), monotonic(), Counter[str]()

    async def step(name: str, work: Work, ids: list[int]) -> dict[str, int]:
        nonlocal said

        async def batch(ids: list[int]) -> dict[str, int]:
            counts = await work(ids)
            get_run_logger().info("%s of %d: %s", name, len(ids), _shown(counts))
            return counts

        counts = await Task(batch, name=name, cache_policy=NO_CACHE, persist_result=False, log_prints=False)(ids)
        done.update(counts)
        if monotonic() - said > say_every:
            said = monotonic()
            await say_progress(f"{_shown(done)} after {said - started:.0f} s")
        return counts

    return step


def _shown(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items())


async def patiently(start: Callable[[], Awaitable[Report]]) -> Report:
    """The report of what ``start`` begins, as soon as no other run holds the archive. Raises StoreBusy in the end."""
    give_up_at = monotonic() + PATIENCE
    while True:
        try:
            return await start()
        except StoreBusy as busy:
            if monotonic() > give_up_at:
                raise
            get_run_logger().info("waiting: %s", busy)
            await asyncio.sleep(_ASK_AGAIN)
