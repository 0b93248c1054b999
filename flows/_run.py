"""Shared parts of all flows: the name of a run, the owner of its leases, its batches as tasks, releasing its leases.

The archive's database says what is done, and its leases say which run is active. Prefect's records are for people.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any
from uuid import UUID

from _report import publish_progress
from prefect import Flow, State, Task, get_run_logger
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun
from prefect.runtime import flow_run as this_run

from archive.pipeline.upkeep import release_leases, reserve_turn
from archive.settings import from_process
from db.errors import StoreBusy
from db.records import Report

Work = Callable[[list[int]], Awaitable[dict[str, int]]]
Step = Callable[[str, Work, list[int]], Awaitable[dict[str, int]]]

PATIENCE = 6 * 3600.0
"""Seconds that a backfill or upkeep waits for another run to end: longer than any refresh, shorter than a night."""

_RETRY_SECONDS = 10.0

PROGRESS_SECONDS = 20.0
"""Seconds between two progress notes of a run. A refresh with little to do ends before the first."""


_USUAL = {"source": "live", "shards": 1}
"""Values of parameters that the name of a run leaves out."""


def run_name() -> str:
    """Return the name of this run: ``backfill 2026-01-05 08:15 since=2021-10-01 source=archives``."""
    parameters = {name: value for name, value in this_run.parameters.items() if value and value != _USUAL.get(name)}
    words = [f"{name}={_short(value)}" for name, value in parameters.items()]
    return " ".join([this_run.flow_name, f"{this_run.scheduled_start_time:%Y-%m-%d %H:%M}", *words])


def _short(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def owner_of(run_id: str | UUID) -> str:
    """Return the owner of the leases of a run."""
    return f"prefect:{run_id}"


def owner() -> str:
    """Return the owner of this run's leases."""
    return owner_of(this_run.id)


def release(flow: Flow[..., Any], flow_run: FlowRun, state: State) -> None:  # noqa: ARG001 - Prefect passes these names
    """Release the leases of a run that ended, so that the next one need not wait until they expire."""
    release_leases_of(flow_run.id)


def release_leases_of(run_id: str | UUID) -> None:
    """Release the leases of a run, from any process. Does not create an archive where there is none."""
    settings = from_process()
    if settings.db.is_file():
        release_leases(settings, owner_of(run_id))


def task_per_batch(progress_seconds: float = PROGRESS_SECONDS) -> Step:
    """Return the step function of one run: it runs each batch of work as a task, neither cached nor persisted.

    Every ``progress_seconds`` it publishes the counts so far. Tasks are not retried: the plan visits a failed address
    again, and a broken store should be seen at once.
    """
    started_at, published_at, totals = monotonic(), monotonic(), Counter[str]()

    async def step(name: str, work: Work, ids: list[int]) -> dict[str, int]:
        nonlocal published_at

        async def batch(ids: list[int]) -> dict[str, int]:
            counts = await work(ids)
            get_run_logger().info("%s of %d: %s", name, len(ids), _as_words(counts))
            return counts

        counts = await Task(batch, name=name, cache_policy=NO_CACHE, persist_result=False, log_prints=False)(ids)
        totals.update(counts)
        if monotonic() - published_at > progress_seconds:
            published_at = monotonic()
            await publish_progress(f"{_as_words(totals)} after {published_at - started_at:.0f} s")
        return counts

    return step


def _as_words(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items())


async def wait_and_run(start: Callable[[], Awaitable[Report]]) -> Report:
    """Await ``start`` as soon as no other run holds the archive. Raises StoreBusy after ``PATIENCE`` seconds.

    Meanwhile no refresh begins. Otherwise refreshes that always overlap would keep this run out.
    """
    deadline = monotonic() + PATIENCE
    while True:
        try:
            return await start()
        except StoreBusy as busy:
            if monotonic() > deadline:
                raise
            get_run_logger().info("waiting: %s", busy)
            reserve_turn(from_process(), owner())
            await asyncio.sleep(_RETRY_SECONDS)
