"""The page of events: everything worth telling, the newest first, by kind, outlet of origin, weight and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.api import serialize_events
from archive.api.event_wording import LABELS
from archive.serve import paths
from archive.serve.pages import parameters
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from db.errors import BadInput
from db.records import EventFilter, EventKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import Route

    from archive.serve.request_context import RequestContext

    Json = dict[str, Any]

USUAL = 50
"""Default events of a page."""


def show(context: RequestContext) -> PageResult:
    """Answer with the events, newest first, filtered by kind, source, weight and time. Raises BadInput."""
    paging = context.paging(usual=USUAL)
    listing = context.archive.events(filters_of(context), after=paging.behind_event, limit=paging.limit)
    rows = [serialize_events.event(event) for event in listing.rows]
    view: Json = {
        "title": "Events",
        "events": rows,
        "kinds": _choices(context.query.get("kind", "")),
        "feed": "/events.atom",
        "next": context.following(list(listing.next_key) if listing.next_key else None),
    }
    return PageResult(view=view, template="events.html", rows="events", feed=feed(rows))


def filters_of(context: RequestContext) -> EventFilter:
    """Return the filters in the address. Raises BadInput."""
    query = context.query
    try:
        least = float(query.get("least") or 0)
    except ValueError as error:
        raise BadInput(f"least={query['least'][:20]} is not a number from 0 to 1") from error
    return EventFilter(
        kinds=kinds_of(query.get("kind", "")),
        source_id=parameters.number_of(query.get("source", "")),
        least=least,
        since=context.moment("since"),
        until=context.moment("until", end=True),
    )


def kinds_of(text: str) -> tuple[EventKind, ...]:
    """Return the kinds of event in a list with commas, empty for all. Raises BadInput."""
    names = [name.strip().lower().replace("-", "_") for name in text.split(",") if name.strip()]
    unknown = next((name for name in names if name not in set(EventKind)), None)
    if unknown is not None:
        raise BadInput(f"no such kind of event: {unknown[:20]}; choose from: {', '.join(EventKind)}")
    return tuple(EventKind(name) for name in names)


def _choices(chosen: str) -> list[Json]:
    rows = [{"label": "all", "path": paths.EVENTS, "chosen": not chosen}]
    rows += [
        {"label": label, "path": f"{paths.EVENTS}?kind={kind}", "chosen": chosen == kind}
        for kind, label in LABELS.items()
    ]
    return rows


def feed(rows: Sequence[Json]) -> Json:
    """Return events as a feed."""
    return {
        "title": "wirecopy: events",
        "path": "/events.atom",
        "page": paths.EVENTS,
        "entries": [entry(row) for row in rows],
    }


def entry(row: Json) -> Json:
    """Return an event as an entry of a feed."""
    return {
        "id": f"tag:wirecopy,2026:event/{row['id']}",
        "title": f"{row['label']}: {row['title'] or row['url']}",
        "path": row["path"],
        "updated": row["at"],
        "author": row["outlet"] or "wirecopy",
        "summary": row["summary"],
    }


def routes() -> list[Route]:
    """Return the routes of the events."""
    return page(paths.EVENTS, show)
