"""Start the shard runs of a refresh: those whose number is not still at work."""

from collections.abc import Sequence

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.deployments import arun_deployment

from archive.pipeline.refresh import Shard

DEPLOYMENT = "refresh-shard/shard"
"""The deployment of a shard run. Its work pool decides where they run, and how many at a time."""

_UNFINISHED = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING]


async def start_shards(shards: Sequence[Shard], *, seeds: Sequence[str], force: bool) -> dict[str, int]:
    """Create a run for each shard that has none, and return how many were started and how many are still at work."""
    async with get_client() as client:
        busy = await _numbers_at_work(client)
    missing = [shard for shard in shards if shard.number not in busy]
    for shard in missing:
        parameters = {"shard": shard.number, "of": shard.of, "after": shard.after, "seeds": list(seeds), "force": force}
        await arun_deployment(DEPLOYMENT, parameters=parameters, timeout=0, as_subflow=False)
    return {"shards_started": len(missing), "shards_at_work": len(shards) - len(missing)}


async def _numbers_at_work(client: PrefectClient) -> set[int]:
    runs = await client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[DEPLOYMENT.partition("/")[0]])),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_UNFINISHED))),
    )
    return {run.parameters.get("shard", 1) for run in runs}
