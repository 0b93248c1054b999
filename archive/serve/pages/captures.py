"""The captures behind a number: every check of one article in a window of time, each with the bytes it brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.api import serialize
from archive.serve import wording
from archive.serve.pages.article import CHECKS
from archive.serve.pages.parameters import source_of
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.timestamps import iso
from db.microseconds import instant, micros
from db.queries import captures, source_health, sources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from starlette.routing import Route

    from archive.serve.request_context import RequestContext
    from db.records import Capture, Source

    Json = dict[str, Any]
    Place = tuple[int, int]

USUAL = 100
"""Captures of a page."""


def row(each: Capture) -> Json:
    """A capture as JSON values, with the path of its bytes."""
    held = each.payload_sha256 is not None
    memento = f"/web/{each.captured_at:%Y%m%d%H%M%S}id_/{each.url}" if held else None
    return {"id": each.id} | serialize.capture_of(each) | {"memento": memento}


def view(
    source: Source, found: Sequence[Capture], met: dict[datetime, str], *, window: Json, following: str | None
) -> Json:
    """The page as JSON values; ``met`` are states by instant, as far as they are known."""
    rows = []
    for each in found:
        state = str(each.reason or met.get(each.captured_at) or "fetched")
        rows.append(row(each) | {"state": state, "said": wording.state(state), "health": wording.health(state)})
    return {
        "id": source.id,
        "article": f"/a/{source.id}",
        "url": source.url,
        "title": "Captures",
        **window,
        "captures": rows,
        "next": following,
    }


def read(
    at: RequestContext, ids: Sequence[int], *, limit: int, after: Place | None
) -> tuple[list[Capture], Place | None]:
    """The captures of these sources in the window the request asks for, in the order of time; and where to go on.

    Raises BadInput.
    """
    window = at.moment("since") or instant(0), at.moment("until", end=True) or at.now
    lots = (captures.of_source_in_window(at.ask, each, window, after=after, limit=limit + 1) for each in ids)
    found = sorted((one for lot in lots for one in lot), key=lambda one: (one.captured_at, one.id or 0))
    shown = found[:limit]
    return shown, (micros(shown[-1].captured_at), shown[-1].id or 0) if len(found) > limit else None


def show(at: RequestContext) -> PageResult:
    """Answer the captures of an article, under whatever addresses it was found."""
    source = source_of(at)
    asked = at.paging(usual=USUAL)
    ids = [each.id for each in sources.aliases(at.ask, source.id)]
    found, place = read(at, ids, limit=asked.limit, after=asked.behind_place)
    met = {each.at: each.state for each in source_health.checks(at.ask, source.id, limit=CHECKS)}
    window = {name: iso(moment) if (moment := at.moment(name)) else None for name in ("since", "until")}
    told = view(source, found, met, window=window, following=at.following(place))
    return PageResult(view=told, template="captures.html", rows="captures")


def routes() -> list[Route]:
    """The captures of one article."""
    return page("/a/{id:int}/captures", show)
