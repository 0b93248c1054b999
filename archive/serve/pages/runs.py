"""What ran: every run with what it did, and the way to Prefect for those that Prefect started."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from archive.serve import wording
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.timestamps import iso
from db.errors import NotArchived
from db.lease_owner import active_leases
from db.queries import statistics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import Route

    from archive.serve.request_context import RequestContext

    Json = dict[str, Any]

USUAL = 30
"""Runs of a page."""

LOOKED_AT = 3_000
"""Runs looked at for one page of some of them, a month's; the next page goes on behind them."""

_FLOW_RUN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def row(run: Json, prefect: str | None) -> Json:
    """A run: what it did, how long, and where Prefect shows it."""
    started, finished = run["started_at"], run["finished_at"]
    flow_run = _FLOW_RUN.search(run["owner"])
    return {
        "id": run["id"],
        "kind": run["kind"],
        "owner": run["owner"],
        "started_at": iso(started),
        "finished_at": iso(finished) if finished else None,
        "seconds": round((finished - started).total_seconds(), 1) if finished else None,
        "took": wording.lag((finished - started).total_seconds()) if finished else None,
        "counts": run["counts"],
        "prefect": f"{prefect}/runs/flow-run/{flow_run.group()}" if flow_run and prefect else None,
    }


def view(runs: Sequence[Json], leases: Sequence[Json], following: str | None) -> Json:
    """The page as JSON values."""
    return {
        "title": "Runs",
        "runs": list(runs),
        "at_work": [
            {"name": each["name"], "owner": each["owner"], "until_at": iso(each["until_at"])} for each in leases
        ],
        "next": following,
    }


def show(at: RequestContext) -> PageResult:
    """Answer the runs, the newest first; with ``kind``, ``since`` and ``until`` only those. Raises BadInput."""
    asked = at.paging(usual=USUAL)
    place = asked.behind_place
    shown, behind = _some(at, before=place[1] if place else None, limit=asked.limit)
    following = at.following([0, behind]) if behind is not None else None
    working = active_leases(at.ask, at.now)
    told = view([row(each, at.house.prefect) for each in shown], working, following)
    return PageResult(view=told, template="runs.html", rows="runs")


def _some(at: RequestContext, *, before: int | None, limit: int) -> tuple[list[Json], int | None]:
    """The runs that the request asks for, and the id behind which to go on; None: there are no more."""
    kind, since, until = at.query.get("kind", ""), at.moment("since"), at.moment("until", end=True)
    narrowed = bool(kind or since or until)
    looked = statistics.runs_before(at.ask, before=before, limit=LOOKED_AT if narrowed else limit + 1)
    found = [
        run
        for run in looked
        if (not kind or run["kind"] == kind)
        and (since is None or run["started_at"] >= since)
        and (until is None or run["started_at"] <= until)
    ]
    if len(found) > limit:
        return found[:limit], found[limit - 1]["id"]
    more = narrowed and len(looked) == LOOKED_AT and (since is None or looked[-1]["started_at"] >= since)
    return found, looked[-1]["id"] if more else None


def one(at: RequestContext) -> PageResult:
    """Answer one run, under the number that the archive keeps with what it brought. Raises NotArchived."""
    wanted = min(at.path["id"], _MOST_ID)
    found = [run for run in statistics.runs_before(at.ask, before=wanted + 1, limit=1) if run["id"] == wanted]
    if not found:
        raise NotArchived(f"there was no run {wanted}")
    return PageResult(view=view([row(found[0], at.house.prefect)], (), None), template="runs.html", rows="runs")


_MOST_ID = 1 << 61


def routes() -> list[Route]:
    """The runs, and each by itself."""
    return [*page("/runs", show), *page("/runs/{id:int}", one)]
