"""Serve the deployments of ``prefect.yaml`` from this process. ``wirecopy up`` starts it beside a private server.

Why not a work pool with a worker: serving is ready after 3 s, where deploying and starting a worker took over 20. It is
one process less, and has no pull step, which changes into the folder of the flows (site-packages, in a wheel) instead
of the project's.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from _guard import crash_abandoned, create_automation
from prefect import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.schedules import Schedule

SHIPPED = Path(__file__).resolve().parent.parent
"""The folder of ``prefect.yaml`` and ``flows/``."""

AT_START = "refresh/scheduled"
"""The deployment that runs once as soon as the runner is up, so that nobody waits for the schedule."""


def deployments(file: Path = SHIPPED / "prefect.yaml") -> Iterator[RunnerDeployment]:
    """Yield the deployments of a ``prefect.yaml`` for a runner: with absolute entrypoints, without a work pool."""
    for entry in yaml.safe_load(file.read_text(encoding="utf-8"))["deployments"]:
        yield RunnerDeployment.from_entrypoint(
            str(file.parent / entry["entrypoint"]),
            name=entry["name"],
            flow_name=entry["flow_name"],
            description=entry["description"],
            tags=entry["tags"],
            parameters=entry.get("parameters"),
            schedules=[Schedule(**schedule) for schedule in entry.get("schedules", ())],
            concurrency_limit=ConcurrencyLimitConfig(**entry["concurrency_limit"]),
        )


async def serve() -> None:
    """End abandoned runs, register the deployments, and run what is due until stopped.

    Once the runner has started, they are written as a line of JSON. If it cannot start, its error ends this process.
    One refresh is due at once. If the schedule starts one at the same moment, the second is cancelled. Schedules stay
    active when this stops. By Prefect's default a restart finds all of them paused.
    """
    runner = Runner(name="wirecopy", pause_on_shutdown=False)
    serves, ids = [], {}
    async with get_client() as client:
        crashed = await crash_abandoned(client)
        for deployment in deployments():
            name = f"{deployment.flow_name}/{deployment.name}"
            ids[name] = await runner.aadd_deployment(deployment)
            schedules = ", ".join(schedule.slug or "" for schedule in deployment.schedules or ()) or "when asked"
            serves.append(f"{name} ({schedules})")
        await create_automation(client)
        await client.create_flow_run_from_deployment(ids[AT_START])
    running = asyncio.ensure_future(runner.start())
    while not (runner.started or running.done()):  # noqa: ASYNC110  the runner has no event for it
        await asyncio.sleep(0.05)
    if not running.done():
        sys.stdout.write(json.dumps({"serves": serves, "crashed": crashed, "at_start": [AT_START]}) + "\n")
        sys.stdout.flush()
    await running


async def end_unfinished_runs() -> None:
    """End the unfinished runs: they stop with this process, and must not be shown as running."""
    async with get_client() as client:
        await crash_abandoned(client)


if __name__ == "__main__":
    try:
        asyncio.run(serve())
    finally:
        asyncio.run(end_unfinished_runs())
