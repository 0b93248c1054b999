"""Routes of the HTTP API: the same queries as the pages, with keyset pagination of lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from archive.api import serialize
from archive.serve import paths, side_by_side, wording
from archive.serve.api.document import document
from archive.serve.bounded_diff import check_judged_in_time, compare_in_time
from archive.serve.pages import (
    article,
    as_of,
    captures,
    clusters,
    copies,
    events,
    outlets,
    parameters,
    runs,
    search,
    sources,
)
from archive.serve.request_context import PageResult, kind_of
from archive.serve.responses import page
from archive.versions.diff import edits_json
from db.errors import BadInput, NotArchived

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from archive.api.changes import DatedVersion
    from archive.serve.request_context import RequestContext
    from db.records import Text

    Json = dict[str, Any]

_DIGEST = re.compile(r"[0-9a-f]{64}")
USUAL = 100
"""Default rows of a list."""


# --- lists -----------------------------------------------------------------------------------------------------------


def _list_versions(context: RequestContext, name: str, *, firsts: bool) -> PageResult:
    paging = context.paging(usual=USUAL)
    listing = context.archive.versions_by_time(
        since=context.moment("since"),
        until=context.moment("until", end=True),
        firsts=firsts,
        source_id=parameters.number_of(context.query.get("source", "")),
        kind=kind_of(context.query.get("kind", "")),
        after=paging.behind_place,
        limit=paging.limit,
    )
    following = context.following(listing.next_key)
    return PageResult(view={name: [_version(row) for row in listing.rows], "next": following}, rows=name)


def _version(row: DatedVersion) -> Json:
    version, source_id = row.version, row.source_id
    number = version.number
    return serialize.version(version) | {
        "id": source_id,
        "url": version.url,
        "outlet": wording.host(version.url),
        "path": paths.article(source_id, number),
        "diff": paths.change(source_id, number - 1, number) if number > 1 else None,
    }


def _versions(context: RequestContext) -> PageResult:
    return _list_versions(context, "versions", firsts=True)


def _changes(context: RequestContext) -> PageResult:
    return _list_versions(context, "changes", firsts=False)


def _articles(context: RequestContext) -> PageResult:
    return as_of.answer(context, context.moment("at", end=True) or context.now, template=None)


def _snapshots(context: RequestContext) -> PageResult:
    source_id = parameters.number_of(context.query.get("source", ""))
    if source_id is None:
        raise BadInput("source= is required: the id of a source from /api/v1/sources")
    listing = captures.read(context, [source_id], usual=USUAL)
    rows = [captures.row(capture) for capture in listing.rows]
    return PageResult(view={"snapshots": rows, "next": context.following(listing.next_key)}, rows="snapshots")


# --- single things ---------------------------------------------------------------------------------------------------


def _source(context: RequestContext) -> PageResult:
    return PageResult(view=sources.one(context, parameters.source_of(context).id))


def _article(context: RequestContext) -> PageResult:
    source = parameters.source_of(context)
    number = parameters.number_of(context.query.get("v", ""))
    return PageResult(view=article.view(article.facts_of(context, source, number)), rows="versions")


def _text(context: RequestContext) -> PageResult:
    text = _text_of(context, context.path["sha256"])
    view = {"text_sha256": text.sha256, "title": text.title, "text": text.body}
    return PageResult(view=view | {"language": text.language, "byline": text.byline}, etag=text.sha256)


def _diff(context: RequestContext) -> PageResult:
    a, b = (_text_of(context, context.path[side]) for side in "ab")
    view = {"a": a.sha256, "b": b.sha256} | edits_json(compare_in_time(a, b), a, b)
    return PageResult(view=view, rows="edits", etag=f"{a.sha256}{b.sha256}")


def _passages(context: RequestContext) -> PageResult:
    from archive.copies import judge

    a, b = (_text_of(context, context.path[side]) for side in "ab")
    check_judged_in_time(a, b)
    judged = judge(a, b)
    view: Json = {
        "a": a.sha256,
        "b": b.sha256,
        "relation": None if judged.relation is None else str(judged.relation),
        "score": round(judged.score, 4),
        "coverage": [round(share, 4) for share in judged.coverage],
        "passages": side_by_side.passages(judged.passages),
        "because": judged.because,
        "longest_run": judged.longest_run,
        "method": judged.method,
        "residue": list(judged.residue),
    }
    return PageResult(view=view, rows="passages")


def _text_of(context: RequestContext, digest: str) -> Text:
    if not _DIGEST.fullmatch(digest):
        raise NotArchived(f"{digest[:70]} is not the sha256 of a text")
    return context.archive.text_by_digest(digest)


def _describe(request: Request) -> Response:
    base = request.app.state.shared.base or str(request.base_url).rstrip("/")
    return JSONResponse(document(base), headers={"cache-control": "no-cache"})


def routes() -> list[Route]:
    """Return the routes of the HTTP API."""
    answers = {
        "sources": sources.show,
        "sources/{id:int}": _source,
        "articles": _articles,
        "articles/{id:int}": _article,
        "versions": _versions,
        "changes": _changes,
        "events": events.show,
        "snapshots": _snapshots,
        "texts/{sha256}": _text,
        "diffs/{a}..{b}": _diff,
        "passages/{a}..{b}": _passages,
        "clusters": clusters.show,
        "clusters/{id:int}": copies.show,
        "search": search.show,
        "outlets": outlets.show,
        "outlets/{outlet}": outlets.show_one,
        "runs": runs.show,
    }
    return [
        Route("/openapi.json", _describe),
        *(route for path, function in answers.items() for route in reversed(page(f"/api/v1/{path}", function))),
    ]
