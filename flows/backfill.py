"""The manual run: work through a window of days, from the live web, other archives, or the stored payloads."""

from datetime import date
from typing import Annotated, Literal

from _report import publish
from _run import owner, release, run_name, task_per_batch, wait_and_run
from prefect import flow
from pydantic import Field

from archive.pipeline.backfill import backfill as run_backfill
from archive.settings import from_process

# The server checks a pattern when a run is created, but not ``format: date``: a typo fails only in the worker.
Day = Annotated[date | None, Field(json_schema_extra={"pattern": r"^\d{4}-\d{2}-\d{2}$"})]


@flow(
    name="backfill",
    flow_run_name=run_name,
    persist_result=False,
    on_failure=[release],
    on_crashed=[release],
    on_cancellation=[release],
)
async def backfill(
    seeds: tuple[str, ...] = (),
    since: Day = None,
    until: Day = None,
    source: Literal["live", "archives", "payloads"] = "live",
) -> dict[str, int]:
    """Work through a window of days, both ends included. A stopped run continues if it is started again.

    Args:
        seeds: Seeds, groups or addresses as in seeds/INDEX.md. None means everything.
        since: First day of the window, YYYY-MM-DD. None means from the beginning.
        until: Last day of the window, YYYY-MM-DD. None means to this day.
        source: live fetches the sources first seen in the window; archives imports the mementos dated in it;
            payloads derives the captures of the window again, offline.

    """
    settings = from_process()
    step = task_per_batch()
    report = await wait_and_run(
        lambda: run_backfill(settings, only=seeds, since=since, until=until, source=source, owner=owner(), step=step)
    )
    await publish(report, settings)
    return report.counts


if __name__ == "__main__":
    from _main import main

    main(backfill)
