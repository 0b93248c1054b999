"""The page of runs with their results, and links to Prefect for the runs it started."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from archive.serve import paths, wording
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.routing import Route

    from archive.serve.request_context import RequestContext
    from db.records import Lease, Run

    Json = dict[str, Any]

USUAL = 30
"""Default runs of a page."""

_FLOW_RUN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def row(run: Run, prefect: str | None) -> Json:
    """Return a run as JSON values: its counts, duration, and link to Prefect."""
    seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at else None
    flow_run = _FLOW_RUN.search(run.owner)
    return {
        "id": run.id,
        "kind": run.kind,
        "owner": run.owner,
        "started_at": iso(run.started_at),
        "finished_at": iso(run.finished_at) if run.finished_at else None,
        "seconds": None if seconds is None else round(seconds, 1),
        "took": None if seconds is None else wording.lag(seconds),
        "counts": run.counts,
        "prefect": f"{prefect}/runs/flow-run/{flow_run.group()}" if flow_run and prefect else None,
    }


def view(rows: Iterable[Json], leases: Iterable[Lease], following: str | None) -> Json:
    """Return the page as JSON values."""
    return {
        "title": "Runs",
        "runs": list(rows),
        "at_work": [{"name": lease.name, "owner": lease.owner, "until_at": iso(lease.until_at)} for lease in leases],
        "next": following,
    }


def show(context: RequestContext) -> PageResult:
    """Answer with the runs, newest first, filtered by ``kind``, ``since`` and ``until``. Raises BadInput."""
    paging = context.paging(usual=USUAL)
    place = paging.behind_place
    listing = context.archive.runs(
        kind=context.query.get("kind", ""),
        since=context.moment("since"),
        until=context.moment("until", end=True),
        limit=paging.limit,
        before=place[1] if place else None,
    )
    key = None if listing.next_key is None else [0, listing.next_key]
    rows = (row(run, context.state.project.prefect) for run in listing.rows)
    runs = view(rows, context.archive.leases(context.now), context.following(key))
    return PageResult(view=runs, template="runs.html", rows="runs")


def show_one(context: RequestContext) -> PageResult:
    """Answer with the run with an id. Raises NotArchived."""
    run = context.archive.run(context.path["id"])
    runs = view([row(run, context.state.project.prefect)], (), None) | {"title": f"Run {run.id}"}
    return PageResult(view=runs, template="runs.html", rows="runs")


def routes() -> list[Route]:
    """Return the routes of all runs, and of one run."""
    return [*page(paths.RUNS, show), *page(paths.RUN, show_one)]
