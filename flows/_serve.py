"""Serve the deployments of ``prefect.yaml`` from this process; ``wirecopy up`` starts it beside a private server.

Serving rather than a work pool with a worker: ready after 3 s where deploying and starting a worker took over 20, one
process less, and no pull step that would move into the folder of the flows (site-packages, in a wheel) instead of the
project's.
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


def deployments(file: Path = SHIPPED / "prefect.yaml") -> Iterator[RunnerDeployment]:
    """The deployments of a ``prefect.yaml`` as a runner takes them: entrypoints absolute, no work pool."""
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
    """Put the server in order, register the deployments, say so in a line of JSON, and run what is due until the end.

    Stopping leaves the schedules on: by Prefect's default a restart would come back with all of them paused.
    """
    runner = Runner(name="wirecopy", pause_on_shutdown=False)
    serves = []
    async with get_client() as client:
        crashed = await crash_abandoned(client)
        for deployment in deployments():
            await runner.aadd_deployment(deployment)
            when = ", ".join(one.slug or "" for one in deployment.schedules or ()) or "when asked"
            serves.append(f"{deployment.flow_name}/{deployment.name} ({when})")
        await create_automation(client)
    sys.stdout.write(json.dumps({"serves": serves, "crashed": crashed}) + "\n")
    sys.stdout.flush()
    await runner.start()


async def leave() -> None:
    """Close what is still under way: whoever stops us stops the runs too, and they must not look alive meanwhile."""
    async with get_client() as client:
        await crash_abandoned(client)


if __name__ == "__main__":
    try:
        asyncio.run(serve())
    finally:
        asyncio.run(leave())
