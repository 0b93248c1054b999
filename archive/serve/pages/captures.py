"""The page of an article's captures in a period, each with its payload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.api import serialize
from archive.serve import paths, wording
from archive.serve.pages.article import CHECKS
from archive.serve.pages.parameters import source_of
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from starlette.routing import Route

    from archive.api import Listing
    from archive.serve.request_context import RequestContext
    from db.records import Capture, Source

    Json = dict[str, Any]

USUAL = 100
"""Default captures of a page."""


def row(capture: Capture) -> Json:
    """Return a capture as JSON values, with the path of its bytes."""
    has_bytes = capture.payload_sha256 is not None
    memento = f"/web/{capture.captured_at:%Y%m%d%H%M%S}id_/{capture.url}" if has_bytes else None
    return {"id": capture.id} | serialize.capture_of(capture) | {"memento": memento}


def view(
    source: Source,
    captures: Sequence[Capture],
    states: Mapping[datetime, str],
    *,
    window: Json,
    following: str | None,
) -> Json:
    """Return the page as JSON values; ``states`` has the known states of checks by instant."""
    rows = []
    for capture in captures:
        state = str(capture.reason or states.get(capture.captured_at) or "fetched")
        rows.append(row(capture) | {"state": state, "said": wording.state(state), "health": wording.health(state)})
    return {
        "id": source.id,
        "article": paths.article(source.id),
        "url": source.url,
        "title": "Checks",
        **window,
        "captures": rows,
        "next": following,
    }


def read(context: RequestContext, source_ids: Sequence[int], *, usual: int) -> Listing[Capture, tuple[int, int]]:
    """Return the captures of these sources for the requested period and page. Raises BadInput."""
    paging = context.paging(usual=usual)
    return context.archive.captures_between(
        source_ids,
        since=context.moment("since"),
        until=context.moment("until", end=True) or context.now,
        limit=paging.limit,
        after=paging.behind_place,
    )


def show(context: RequestContext) -> PageResult:
    """Answer with the captures of an article, under all its addresses."""
    source = source_of(context)
    listing = read(context, [alias.id for alias in context.archive.aliases(source.id)], usual=USUAL)
    states = {check.at: check.state for check in context.archive.checks(source.id, limit=CHECKS)}
    window = {name: iso(moment) if (moment := context.moment(name)) else None for name in ("since", "until")}
    captures = view(source, listing.rows, states, window=window, following=context.following(listing.next_key))
    return PageResult(view=captures, template="captures.html", rows="captures")


def routes() -> list[Route]:
    """Return the routes of the captures of one article."""
    return page(f"{paths.ARTICLE}/captures", show)
