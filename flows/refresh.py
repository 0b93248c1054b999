"""The scheduled run: visit the sources that are due, store the captures, and derive versions and links.

With ``shards`` it only starts so many shard runs, which do the same together, on all hosts of their work pool.
"""

from _report import publish
from _run import owner, release, run_name, task_per_batch
from _shards import start_shards
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Cancelled
from pydantic import PositiveInt

from archive.pipeline.refresh import divide
from archive.pipeline.refresh import refresh as run_refresh
from archive.settings import from_process
from db.errors import StoreBusy


@flow(
    name="refresh",
    flow_run_name=run_name,
    persist_result=False,
    on_failure=[release],
    on_crashed=[release],
    on_cancellation=[release],
)
async def refresh(seeds: tuple[str, ...] = (), force: bool = False, shards: PositiveInt = 1) -> dict[str, int] | State:
    """Read the seed index, visit the sources that are due, and derive texts, versions and links.

    Cheap when nothing is due. If a run holds the whole archive, this one is cancelled: the next comes in minutes.

    Args:
        seeds: Seeds, groups or addresses as in seeds/INDEX.md. None means everything.
        force: Visit all of them now, due or not.
        shards: Number of runs that share the work. With more than one, this run starts them and ends.

    """
    settings = from_process()
    try:
        if shards > 1:
            return await start_shards(divide(settings, shards), seeds=seeds, force=force)
        report = await run_refresh(settings, only=seeds, force=force, owner=owner(), step=task_per_batch())
    except StoreBusy as busy:
        return Cancelled(message=str(busy))
    await publish(report, settings)
    return report.counts


if __name__ == "__main__":
    from _main import main

    main(refresh)
