"""The page of a job: that it runs, reloaded by the browser, and then its outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from archive.serve import paths
from archive.serve.pages import sources
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from db.errors import NotArchived

if TYPE_CHECKING:
    from starlette.routing import Route

    from archive.serve.jobs import Job, JobResult
    from archive.serve.request_context import RequestContext

    Json = dict[str, Any]

RELOAD_SECONDS: Final = 2
"""Seconds after which a browser asks again for a job that runs. It needs no script."""

MOST_PICKED: Final = 12
"""Addresses that can be left out one by one. Of more, all are added."""

_UNUSABLE: Final = frozenset({2, 5})  # exit codes: wrong usage, and a store that is busy or of another version
_MOST_LINES: Final = 12


def show(context: RequestContext) -> PageResult:
    """Answer with a job. Raises NotArchived."""
    job = context.state.jobs.get(context.path["id"])
    result = job.process.result()
    if result is None:
        seconds = round((context.now - job.started_at).total_seconds())
        view = _view(job) | {"running": True, "seconds": max(seconds, 0)}
        return PageResult(view=view, template="job.html", reload_seconds=RELOAD_SECONDS)
    if job.kind == "look":
        return PageResult(view=_view(job) | _look(job, result), template="look.html")
    return PageResult(view=_view(job) | _outcome(context, job, result), template="job.html")


def _view(job: Job) -> Json:
    title = {"check": "Check now", "look": "Look at addresses"}[job.kind]
    return {
        "title": title,
        "kind": job.kind,
        "path": job.path,
        "urls": list(job.urls),
        "running": False,
        "failed": False,
        "lines": [],
        "sources": [],
    }


def _outcome(context: RequestContext, job: Job, result: JobResult) -> Json:
    lines = [line.strip() for line in result.message.splitlines() if line.strip()]
    return {
        "code": result.code,
        "failed": result.code in _UNUSABLE,
        "lines": lines[-_MOST_LINES:],
        "sources": [row for url in job.urls if (row := _source(context, url))],
    }


def _look(job: Job, result: JobResult) -> Json:
    findings = job.findings()
    new = findings.new
    return {
        "group": job.group,
        "new": new,
        "others": [_without_options(addition) for addition in findings.additions if addition["status"] != "added"],
        "problems": list(findings.problems),
        "digest": findings.digest,
        "picked": len(new) <= MOST_PICKED,
        "failed": not findings.additions,
        "lines": [line.strip() for line in result.message.splitlines() if line.strip()][-_MOST_LINES:],
    }


def _without_options(addition: Json) -> Json:
    """Return an addition without advice about options, which only the command line has."""
    return {**addition, "because": addition["because"].partition("; to add it all the same")[0]}


def _source(context: RequestContext, url: str) -> Json | None:
    try:
        return sources.one(context, context.archive.source(url).id)
    except NotArchived:
        return None


def routes() -> list[Route]:
    """Return the route of a job."""
    return page(paths.JOB, show)
