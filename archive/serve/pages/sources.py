"""The health of what is watched, in plain words, with the last checks as a picture."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import takewhile
from statistics import median
from typing import TYPE_CHECKING, Any

from archive.crawl.frontier.change_rate import believed
from archive.serve import charts, wording
from archive.serve.next_visits import due_about
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.timestamps import format_duration, iso
from db.queries import change_rate, source_health

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from starlette.routing import Route

    from archive.crawl.frontier.change_rate import Hazard
    from archive.serve.pagination import Paging
    from archive.serve.request_context import RequestContext
    from db.queries.source_health import Check, SourceHealth
    from db.records import SeedKind

    Json = dict[str, Any]

USUAL = 50
"""Sources of a page."""


LOOKED_AT = 500
"""Sources looked at for one page of troubled ones; the next page goes on behind them."""


def row(each: SourceHealth, now: datetime, hazards: Mapping[str, Hazard]) -> Json:
    """One source: how it is, since when, how its last checks went, how often it changes and when it is due.

    ``streak`` counts the last checks that met the like, ``usual_length`` is the median of the texts they brought, in
    characters, ``due_at`` about right (``upcoming.due_about``).
    """
    each = replace(each, checks=tuple(_known(check, each) for check in each.checks))
    last = each.checks[-1] if each.checks else None
    fine = [check for check in each.checks if wording.health(check.state) == "fine"]
    state = last.state if last else "unvisited"
    due_at = due_about(each, hazards)
    alike = list(takewhile(lambda check: wording.health(check.state) == wording.health(state), reversed(each.checks)))
    weeks = max((now - each.source.found_at) / timedelta(weeks=1), 1.0)
    return {
        "id": each.source.id,
        "path": f"/a/{each.source.same_as or each.source.id}",
        "url": each.source.url,
        "outlet": wording.host(each.source.url),
        "where": each.source.url.partition("://")[2].partition("/")[2],
        "kind": str(each.source.kind),
        "group": each.group,
        "seed": each.source.seed_key,
        "state": state,
        "said": said(each, state),
        "health": wording.health(state),
        "last_checked_at": iso(last.at) if last else None,
        "last_fine_at": iso(fine[-1].at) if fine else None,
        "checks": each.count,
        "streak": len(alike),
        "usual_length": round(median(check.length for check in fine)) if fine else None,
        "versions": each.versions,
        "changes_a_week": round(max(each.versions - 1, 0) / weeks, 2),
        "changed_at": iso(each.changed_at) if each.changed_at else None,
        "every": every(each.every),
        "due_at": iso(due_at.replace(microsecond=0)) if due_at else None,
        "due": due_at is not None and due_at <= now,
        "waits_until": iso(each.waits_until) if each.waits_until else None,
        "same_as": each.source.same_as,
        "retired_at": iso(each.source.retired_at) if each.source.retired_at else None,
        "last_checks": [
            {"at": iso(c.at), "state": c.state, "health": wording.health(c.state), "length": c.length}
            for c in each.checks
        ],
        "summary": _summary(each.checks),
    }


def _state(state: str, kind: SeedKind) -> str:
    """Nobody derives a text from a feed: fetched is all that it can be."""
    return "list" if kind.is_list and state == "underived" else state


def _known(check: Check, each: SourceHealth) -> Check:
    return replace(check, state=_state(check.state, each.source.kind))


def every(how: timedelta | str | None) -> str | None:
    """How often a source is due, as the index says it."""
    return how if how is None or isinstance(how, str) else format_duration(how)


def said(each: SourceHealth, state: str) -> str:
    """The state in plain words: since when, and what the text was like before."""
    if not each.checks:
        return wording.state("unvisited")
    run = list(takewhile(lambda check: check.state == state, reversed(each.checks)))
    since = run[-1].at
    if wording.health(state) == "fine":
        return wording.state(state)
    before = [check.length for check in each.checks if wording.health(check.state) == "fine" and check.at < since]
    told = f"{wording.state(state)}, {wording.many(len(run), 'check')} since {since.day} {since:%b}"
    shrank = before and run[0].length
    return f"{told}: {before[-1]:,} \u2192 {run[0].length:,} characters" if shrank else told


def _summary(checks: Sequence[Check]) -> str:
    fine = sum(wording.health(check.state) == "fine" for check in checks)
    return f"{fine} of the last {wording.many(len(checks), 'check')} brought the text"


def view(rows: Sequence[Json], *, asked: Mapping[str, str], groups: Sequence[str], following: str | None) -> Json:
    """The page as JSON values."""
    return {
        "title": "Sources",
        "sources": list(rows),
        "groups": list(groups),
        "group": asked.get("group", ""),
        "troubled": asked.get("troubled") == "1",
        "next": following,
    }


def show(at: RequestContext) -> PageResult:
    """Answer the sources, by address; with ``troubled=1`` only those whose last check did not bring the text."""
    asked, group = at.paging(usual=USUAL), at.query.get("group") or None
    if at.query.get("troubled") == "1":
        found, behind = _troubled(at, asked, group)
    else:
        found = source_health.list_health(at.ask, after=asked.behind_text, limit=asked.limit, group=group)
        behind = found[-1].source.url_key if len(found) == asked.limit else None
    hazards = believed(change_rate.change_rates(at.ask))
    rows = [row(each, at.now, hazards) for each in found]
    shown = view(rows, asked=at.query, groups=source_health.seed_groups(at.ask), following=at.following(behind))
    sparks = {each["id"]: charts.sparkline(each["last_checks"], each["summary"]) for each in rows}
    return PageResult(view=shown, template="sources.html", rows="sources", drawn={"sparks": sparks})


def one(at: RequestContext, source_id: int) -> Json:
    """The row of one source; it must exist."""
    return row(source_health.of_source(at.ask, source_id), at.now, believed(change_rate.change_rates(at.ask)))


def _troubled(at: RequestContext, asked: Paging, group: str | None) -> tuple[list[SourceHealth], str | None]:
    """A page of sources whose last check did not bring the text, and behind which to go on."""
    found: list[SourceHealth] = []
    looked = source_health.last_states(at.ask, after=asked.behind_text, limit=LOOKED_AT, group=group)
    for each in looked:
        if each.state != "unvisited" and wording.health(_state(each.state, each.kind)) != "fine":
            found.append(source_health.of_source(at.ask, each.source_id))
        if len(found) == asked.limit:
            return found, each.url_key
    return found, looked[-1].url_key if len(looked) == LOOKED_AT else None


def routes() -> list[Route]:
    """The sources, under two addresses."""
    return [*page("/s", show), *page("/sources", show)]
