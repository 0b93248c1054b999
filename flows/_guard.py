"""End runs whose process is gone. Prefect by itself shows them as running for ever.

``python flows/_guard.py`` creates or updates the automation on the server of PREFECT_API_URL. ``prefect deploy --all``
and ``wirecopy up`` do so too.
"""

import asyncio
from datetime import timedelta

from _run import release_leases_of
from prefect import get_client
from prefect.automations import AutomationCore, ChangeFlowRunState, EventTrigger, Posture
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed

HEARTBEAT_TIMEOUT = timedelta(seconds=180)
"""Most time between heartbeats. They come every 30 s (prefect.toml); with 90 s, live runs were reported dead."""

_HEARTBEAT = "prefect.flow-run.heartbeat"

_SIGNS_OF_LIFE = {_HEARTBEAT, *(f"prefect.flow-run.{end}" for end in ("Completed", "Failed", "Cancelled", "Crashed"))}

END_SILENT_RUNS = AutomationCore(
    name="wirecopy: end runs that fell silent",
    description="A run without a heartbeat for three minutes has lost its process. Our leases expire by themselves.",
    trigger=EventTrigger(
        after={_HEARTBEAT},
        expect=_SIGNS_OF_LIFE,
        match={"prefect.resource.id": ["prefect.flow-run.*"]},
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=HEARTBEAT_TIMEOUT,
    ),
    actions=[ChangeFlowRunState(state=StateType.CRASHED, message="no heartbeat for three minutes")],
)


async def create_automation(client: PrefectClient) -> None:
    """Create or update the automation `END_SILENT_RUNS` on the server, and delete surplus copies of it."""
    existing = await client.read_automations_by_name(END_SILENT_RUNS.name)
    for surplus in existing[1:]:
        await client.delete_automation(surplus.id)
    if existing:
        await client.update_automation(existing[0].id, END_SILENT_RUNS)
    else:
        await client.create_automation(END_SILENT_RUNS)


async def crash_abandoned(client: PrefectClient) -> list[str]:
    """End unfinished runs of a runner that is gone, release their leases, and return the names of these runs.

    Call it only before or after serving the deployments, when no runner serves them. Runs of a work pool belong to its
    workers and are left alone.
    """
    abandoned = [run for run in await _unfinished_runs(client) if run.work_pool_name is None]
    for run in abandoned:
        await client.set_flow_run_state(run.id, Crashed(message="its runner is gone"), force=True)
        release_leases_of(run.id)
    return [run.name for run in abandoned]


async def _unfinished_runs(client: PrefectClient) -> list[FlowRun]:
    states = FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING, StateType.CANCELLING])
    return await client.read_flow_runs(
        deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=["wirecopy"])),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=states)),
    )


async def main() -> None:
    """Create the automation on the server of PREFECT_API_URL."""
    async with get_client() as client:
        await create_automation(client)


if __name__ == "__main__":
    asyncio.run(main())
