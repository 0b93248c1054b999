"""A part of a refresh with ``shards``, which starts it: its own sites first, then any that no other run has."""

from _report import publish
from _run import owner, release, run_name, task_per_batch
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Cancelled

from archive.pipeline.refresh import Shard
from archive.pipeline.refresh import refresh as run_refresh
from archive.settings import from_process
from db.errors import StoreBusy


@flow(
    name="refresh-shard",
    flow_run_name=run_name,
    persist_result=False,
    on_failure=[release],
    on_crashed=[release],
    on_cancellation=[release],
)
async def refresh_shard(
    shard: int = 1, of: int = 1, after: int | None = None, seeds: tuple[str, ...] = (), force: bool = False
) -> dict[str, int] | State:
    """Visit the sources that are due at the sites of one shard, then at those that no other run has, and derive.

    Args:
        shard: Number of the shard, from 1.
        of: Number of shards that share the archive.
        after: With force, visit what no run has visited since this capture. None means since the start of this run.
        seeds: Seeds, groups or addresses as in seeds/INDEX.md. None means everything.
        force: Visit all of them now, due or not.

    """
    settings, part = from_process(), Shard(number=shard, of=of, after=after)
    try:
        report = await run_refresh(settings, only=seeds, force=force, shard=part, owner=owner(), step=task_per_batch())
    except StoreBusy as busy:
        return Cancelled(message=str(busy))
    await publish(report, settings)
    return report.counts


if __name__ == "__main__":
    from _main import main

    main(refresh_shard)
