"""The page of sources: their health in words, their last checks as a chart, and their next checks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import takewhile
from statistics import median
from typing import TYPE_CHECKING, Any

from archive.api import Listing
from archive.api.empty_advice import advice
from archive.serve import charts, paths, wording
from archive.serve.pages import watched
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.timestamps import format_duration, iso
from db.errors import TooSlow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from starlette.routing import Route

    from archive.serve.pagination import Paging
    from archive.serve.request_context import RequestContext
    from db.records import Check, Plan, SeedKind, SourceHealth

    Json = dict[str, Any]

USUAL = 50
"""Default sources of a page."""

STATES_READ = 500
"""Sources read for one page of those in trouble. The next page continues after them."""


def row(health: SourceHealth, now: datetime, plan: Plan | None) -> Json:
    """Return one source as JSON values: its state, last checks, change rate and next check.

    ``streak`` counts the last checks with a similar result. ``usual_length`` is the median of their texts in
    characters. ``due_at`` is None for a source that is not scheduled, and without a plan.
    """
    source = health.source
    checks = tuple(_as_state_of_kind(check, source.kind) for check in health.checks)
    last = checks[-1] if checks else None
    fine = [check for check in checks if _is_fine(check)]
    state = last.state if last else "unvisited"
    due_at = plan.due_at(source.id) if plan else None
    streak = list(takewhile(lambda check: wording.health(check.state) == wording.health(state), reversed(checks)))
    weeks = max((now - source.found_at) / timedelta(weeks=1), 1.0)
    return {
        "id": source.id,
        "path": paths.article(source.same_as or source.id),
        "url": source.url,
        "outlet": wording.host(source.url),
        "where": source.url.partition("://")[2].partition("/")[2],
        "kind": str(source.kind),
        "group": health.group,
        "seed": source.seed_key,
        "state": state,
        "said": describe(checks, state),
        "health": wording.health(state),
        "last_checked_at": iso(last.at) if last else None,
        "last_fine_at": iso(fine[-1].at) if fine else None,
        "checks": health.count,
        "streak": len(streak),
        "usual_length": round(median(check.length for check in fine)) if fine else None,
        "versions": health.versions,
        "changes_a_week": round(max(health.versions - 1, 0) / weeks, 2),
        "changed_at": iso(health.changed_at) if health.changed_at else None,
        "every": health.every if isinstance(health.every, str | None) else format_duration(health.every),
        "due_at": iso(due_at.replace(microsecond=0)) if due_at else None,
        "due": plan is not None and plan.is_due(source.id),
        "waits_until": iso(health.waits_until) if health.waits_until else None,
        "list_note": health.list_note or None,
        "nothing": advice(health.empty) if health.empty else None,
        "same_as": source.same_as,
        "retired_at": iso(source.retired_at) if source.retired_at else None,
        "last_checks": [
            {"at": iso(check.at), "state": check.state, "health": wording.health(check.state), "length": check.length}
            for check in checks
        ],
        "summary": f"{len(fine)} of the last {wording.many(len(checks), 'check')} brought the text",
    }


def _as_state_of_kind(check: Check, kind: SeedKind) -> Check:
    return replace(check, state=_state_of_kind(check.state, kind))


def _state_of_kind(state: str, kind: SeedKind) -> str:
    """Return the state for pages. A feed has no article text, so a fetched one is fine."""
    return "list" if kind.is_list and state == "underived" else state


def _is_fine(check: Check) -> bool:
    return wording.health(check.state) == "fine"


def describe(checks: Sequence[Check], state: str) -> str:
    """Return the state in plain words, with its start and the length of the text before."""
    if not checks or wording.health(state) == "fine":
        return wording.state(state)
    run = list(takewhile(lambda check: check.state == state, reversed(checks)))
    since = run[-1].at
    before = [check.length for check in checks if _is_fine(check) and check.at < since]
    text = f"{wording.state(state)}, {wording.many(len(run), 'check')} since {since.day} {since:%b}"
    shrank = before and run[0].length
    return f"{text}: {before[-1]:,} \u2192 {run[0].length:,} characters" if shrank else text


def view(
    rows: Sequence[Json], *, query: Mapping[str, str], groups: Sequence[str], planned: bool, following: str | None
) -> Json:
    """Return the page as JSON values; ``planned`` is False if computing the due times took too long."""
    return {
        "title": "Sources",
        "sources": list(rows),
        "groups": list(groups),
        "group": query.get("group", ""),
        "troubled": query.get("troubled") == "1",
        "planned": planned,
        "next": following,
    }


def show(context: RequestContext) -> PageResult:
    """Answer with the sources by address. ``troubled=1``: only those whose last check found no article text."""
    archive, query, paging = context.archive, context.query, context.paging(usual=USUAL)
    group = query.get("group") or None
    if query.get("troubled") == "1":
        listing = _troubled(context, paging, group)
    else:
        listing = archive.health(after=paging.behind_text, limit=paging.limit, group=group)
    groups = archive.groups()
    plan = _plan(context, listing.rows)
    rows = [row(health, context.now, plan) for health in listing.rows]
    following = context.following(listing.next_key)
    sources = view(rows, query=query, groups=groups, planned=plan is not None, following=following)
    box = watched.box(context) if context.form == "html" else None
    sparks = {source["id"]: charts.sparkline(source["last_checks"], source["summary"]) for source in rows}
    return PageResult(view=sources, template="sources.html", rows="sources", drawn={"sparks": sparks, "box": box})


def _plan(context: RequestContext, rows: Sequence[SourceHealth]) -> Plan | None:
    """Return the plan of these sources, None if it takes too long because a large group shares a budget."""
    try:
        return context.archive.plan(context.now, source_ids=[health.source.id for health in rows])
    except TooSlow:
        return None


def one(context: RequestContext, source_id: int) -> Json:
    """Return the row of one source; it must exist."""
    health = context.archive.source_health(source_id)
    return row(health, context.now, _plan(context, [health]))


def _troubled(context: RequestContext, paging: Paging, group: str | None) -> Listing[SourceHealth, str]:
    """Return a page of sources whose last check found no article text."""
    archive = context.archive
    states = archive.last_states(after=paging.behind_text, limit=STATES_READ, group=group)
    troubled: list[SourceHealth] = []
    for last in states.rows:
        if last.state != "unvisited" and wording.health(_state_of_kind(last.state, last.kind)) != "fine":
            troubled.append(archive.source_health(last.source_id))
        if len(troubled) == paging.limit:
            return Listing(tuple(troubled), last.url_key)
    return Listing(tuple(troubled), states.next_key)


def routes() -> list[Route]:
    """Return the routes of the sources."""
    return page(paths.SOURCES, show)
