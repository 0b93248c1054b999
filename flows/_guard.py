"""Runs whose process is gone must not count as running: Prefect by itself would show them so for ever.

``python flows/_guard.py`` creates the automation on the server of PREFECT_API_URL, or brings it up to date; ``prefect
deploy --all`` and ``wirecopy up`` do so too.
"""

import asyncio
from datetime import timedelta

from _run import give_back
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

SILENCE = timedelta(seconds=180)
"""How long a run may be silent. Heartbeats come every 30 s (prefect.toml); at 90 s live runs were reported dead."""

_HEARTBEAT = "prefect.flow-run.heartbeat"

_SIGNS_OF_LIFE = {_HEARTBEAT, *(f"prefect.flow-run.{end}" for end in ("Completed", "Failed", "Cancelled", "Crashed"))}

ZOMBIES = AutomationCore(
    name="wirecopy: end runs that fell silent",
    description="A run without a heartbeat for three minutes has lost its process. Our leases expire by themselves.",
    trigger=EventTrigger(
        after={_HEARTBEAT},
        expect=_SIGNS_OF_LIFE,
        match={"prefect.resource.id": ["prefect.flow-run.*"]},
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=SILENCE,
    ),
    actions=[ChangeFlowRunState(state=StateType.CRASHED, message="no heartbeat for three minutes")],
)


async def create_automation(client: PrefectClient) -> None:
    """Let there be exactly one `ZOMBIES` on the server, as it is written here."""
    present = await client.read_automations_by_name(ZOMBIES.name)
    for surplus in present[1:]:
        await client.delete_automation(surplus.id)
    if present:
        await client.update_automation(present[0].id, ZOMBIES)
    else:
        await client.create_automation(ZOMBIES)


async def crash_abandoned(client: PrefectClient) -> list[str]:
    """End the runs that a runner which is gone left under way, and release their leases; the names of these runs.

    For the one who is about to serve the deployments and therefore knows that nobody does. Runs that came through a
    work pool belong to its workers and are left alone.
    """
    abandoned = [run for run in await _under_way(client) if run.work_pool_name is None]
    for run in abandoned:
        await client.set_flow_run_state(run.id, Crashed(message="its runner is gone"), force=True)
        give_back(run.id)
    return [run.name for run in abandoned]


async def _under_way(client: PrefectClient) -> list[FlowRun]:
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
