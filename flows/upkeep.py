"""The nightly run: check the archive, tidy it, and back it up."""

from _report import publish
from _run import batches, owner, patiently, release, run_name
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
    """Verify the archive, bring its indexes and statistics up to date, and write a backup."""
    settings = from_process()
    step = batches()
    report = await patiently(lambda: run_upkeep(settings, owner=owner(), step=step))
    await publish(report)
    return report.counts


if __name__ == "__main__":
    from _main import main

    main(upkeep)
