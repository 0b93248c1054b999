"""The nightly run: verify the archive, update its indexes, and back it up."""

from _report import publish
from _run import owner, release, run_name, task_per_batch, wait_and_run
from prefect import flow

from archive.pipeline.upkeep import upkeep as run_upkeep
from archive.settings import from_process


@flow(
    name="upkeep",
    flow_run_name=run_name,
    persist_result=False,
    on_failure=[release],
    on_crashed=[release],
    on_cancellation=[release],
)
async def upkeep() -> dict[str, int]:
    """Verify the archive, update its indexes and statistics, and write a backup."""
    settings = from_process()
    step = task_per_batch()
    report = await wait_and_run(lambda: run_upkeep(settings, owner=owner(), step=step))
    await publish(report, settings)
    return report.counts


if __name__ == "__main__":
    from _main import main

    main(upkeep)
