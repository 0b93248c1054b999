"""Plans, status, reports of runs and problems as JSON values. The shapes are in ``docs/json/``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from archive.api.serialize import version
from archive.timestamps import iso

if TYPE_CHECKING:
    from datetime import datetime

    from db.records import Plan, Problem, Report

    Json = dict[str, Any]


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else iso(instant)


def plan(schedule: Plan) -> Json:
    """``plan --json``."""
    return {
        "due": [{"url": visit.url, "kind": str(visit.kind), "because": visit.because} for visit in schedule.visits],
        "waiting": [{"url": row.url, "because": row.because, "due_at": _iso(row.due_at)} for row in schedule.waiting],
        "budgets": [
            {"group": row.group, "visits": row.visits, "tau": row.tau, "expected": row.expected, "spent": row.spent}
            for row in schedule.budgets
        ],
    }


def status(stats: Json) -> Json:
    """``status --json``."""
    counts = {
        name: stats["counts"][name] for name in ("sources", "captures", "payloads", "versions", "links", "underived")
    }
    runs = [
        {**run, "started_at": _iso(run["started_at"]), "finished_at": _iso(run["finished_at"])} for run in stats["runs"]
    ]
    leases = [{**lease, "until_at": _iso(lease["until_at"])} for lease in stats["leases"]]
    plain = {name: stats[name] for name in ("bytes", "tables", "growth", "states")}
    drift = [
        {"host": host.name, "since": iso(host.since), "pages": host.pages, "of": host.of} for host in stats["drift"]
    ]
    errors = [{"url": e.url, "step": e.step, "cause": e.cause, "at": iso(e.failed_at)} for e in stats["errors"]]
    more = {"drift": drift, "lists": stats["lists"], "errors": errors, "runs": runs, "leases": leases}
    queues = {
        name: {"waiting": queue["waiting"], "oldest_at": _iso(queue["oldest_at"])}
        for name, queue in stats["queues"].items()
    }
    newest = {name: _iso(moment) for name, moment in stats["newest"].items()}
    return {"counts": counts, **plain, **more, "queues": queues, "newest": newest, "locks": stats["locks"]}


def report(summary: Report) -> Json:
    """Summary of a run: ``refresh --json``, ``backfill --json``."""
    return {
        "run": summary.run_id,
        "kind": summary.kind,
        "started_at": iso(summary.started_at),
        "finished_at": iso(summary.finished_at),
        "counts": summary.counts,
        "rows": [
            {
                "url": row.url,
                "outcome": row.outcome,
                "versions": row.versions,
                "reason": row.reason,
                "verdict": row.verdict or None,
            }
            for row in summary.rows
        ],
        "changes": [{"url": change.url, **version(change)} for change in summary.changes],
        "archives": [asdict(answer) for answer in summary.archives],
    }


def problem(complaint: Problem) -> Json:
    """One line of ``verify --json``, ``doctor --json``, ``check --json``."""
    return {"what": complaint.what, "where": complaint.where, "todo": complaint.todo}
