"""The manual run: work through a window of days, from the live web, other archives, or the payloads already kept."""

from datetime import date
from typing import Annotated, Literal

from _report import publish
from _run import batches, owner, patiently, release, run_name
from prefect import flow
from pydantic import Field

from archive import runs
from archive.settings import from_process

DAY = {"pattern": r"^\d{4}-\d{2}-\d{2}$"}
"""Prefect's server checks patterns when a run is created, but not ``format: date``: without it a slip fails in the worker."""


@flow(
    name="backfill",
    flow_run_name=run_name,
    persist_result=False,
    on_failure=[release],
    on_crashed=[release],
    on_cancellation=[release],
)
async def backfill(
    seeds: Annotated[
        tuple[str, ...],
        Field(title="Seeds", description="Seeds, groups or addresses as in seeds/INDEX.md. None: every one."),
    ] = (),
    since: Annotated[
        date | None, Field(title="Since", description="First day of the window, YYYY-MM-DD.", json_schema_extra=DAY)
    ] = None,
    until: Annotated[
        date | None, Field(title="Until", description="Last day of the window, YYYY-MM-DD.", json_schema_extra=DAY)
    ] = None,
    source: Annotated[
        Literal["live", "archives", "payloads"],
        Field(
            title="Source",
            description="live: fetch now the sources first seen in the window. archives: take the mementos dated in it. "
            "payloads: derive the captures taken in it again, offline.",
        ),
    ] = "live",
) -> dict[str, int]:
    """Work through a window of days, both ends included. Stopped at any moment, the same run goes on where it was."""
    settings = from_process()
    step = batches()
    report = await patiently(
        lambda: runs.backfill(
            settings, only=seeds, since=since, until=until, source=source, owner=owner(), step=step
        )
    )
    await publish(report)
    return report.counts


if __name__ == "__main__":
    from _main import main

    main(backfill)
