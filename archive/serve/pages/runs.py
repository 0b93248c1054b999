"""What ran: every run with what it did, and the way to Prefect for those that Prefect started."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from archive.holder import alive
from archive.serve import words
from archive.serve.answer import page
from archive.serve.desk import Reply
from archive.when import iso
from db.questions import totals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from starlette.routing import Route

    from archive.serve.desk import Desk

    Json = dict[str, Any]

USUAL = 30
"""Runs of a page."""

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
        "took": words.lag((finished - started).total_seconds()) if finished else None,
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


def show(at: Desk) -> Reply:
    """Answer the runs, the newest first."""
    asked = at.paging(usual=USUAL)
    place = asked.behind_place
    found = totals.runs_before(at.ask, before=place[1] if place else None, limit=asked.limit + 1)
    shown = found[: asked.limit]
    following = at.following([0, shown[-1]["id"]]) if len(found) > asked.limit else None
    working = _at_work(at, at.now)
    told = view([row(each, at.house.prefect) for each in shown], working, following)
    return Reply(view=told, template="runs.html", rows="runs")


def _at_work(at: Desk, now: datetime) -> list[Json]:
    return [lease for lease in totals.leases(at.ask, now) if alive(lease["owner"])]


def routes() -> list[Route]:
    """The runs."""
    return page("/runs", show)
