"""What programs ask: the same questions as the pages, each list with keys to go on by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from archive.api import serialize
from archive.serve import side_by_side, wording
from archive.serve.api.document import document
from archive.serve.bounded_diff import check_judged_in_time, compare_in_time
from archive.serve.pages import article, as_of, captures, clusters, copies, parameters, runs, search, sources
from archive.serve.request_context import PageResult, kind_of
from archive.serve.responses import page
from archive.versions.diff import edits_json
from db.errors import BadInput, NotArchived
from db.queries import changes, source_health

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from archive.serve.request_context import RequestContext
    from db.records import Text, Version

    Json = dict[str, Any]

_DIGEST = re.compile(r"[0-9a-f]{64}")
USUAL = 100
"""Rows of a list unless it is asked for more or fewer."""


# --- lists -----------------------------------------------------------------------------------------------------------


def _versions(at: RequestContext, name: str, *, firsts: bool) -> PageResult:
    asked = at.paging(usual=USUAL)
    kind = kind_of(at.query.get("kind", ""))
    window = {"since": at.moment("since"), "until": at.moment("until", end=True)}
    found, place = changes.versions_by_time(
        at.ask,
        **window,
        firsts=firsts,
        source=parameters.number_of(at.query.get("source", "")),
        kind=kind,
        after=asked.behind_place,
        limit=asked.limit,
    )
    following = at.following(place)
    return PageResult(view={name: [_version(*each) for each in found], "next": following}, rows=name)


def _version(each: Version, source_id: int) -> Json:
    path = f"/a/{source_id}"
    return serialize.version(each) | {
        "id": source_id,
        "url": each.url,
        "outlet": wording.host(each.url),
        "path": f"{path}?v={each.number}",
        "diff": f"{path}/diff/{each.number - 1}..{each.number}" if each.number > 1 else None,
    }


def _all_versions(at: RequestContext) -> PageResult:
    return _versions(at, "versions", firsts=True)


def _changes(at: RequestContext) -> PageResult:
    return _versions(at, "changes", firsts=False)


def _articles(at: RequestContext) -> PageResult:
    when = at.moment("at", end=True) or at.now
    asked = at.paging(usual=USUAL)
    found, behind = source_health.articles_as_of(at.ask, when, after=asked.behind_text, limit=asked.limit)
    return PageResult(view=as_of.view(found, when, at.following(behind)), rows="articles")


def _snapshots(at: RequestContext) -> PageResult:
    source_id = parameters.number_of(at.query.get("source", ""))
    if source_id is None:
        raise BadInput("source= is needed: the id of a source, as /api/v1/sources gives it")
    asked = at.paging(usual=USUAL)
    found, place = captures.read(at, [source_id], limit=asked.limit, after=asked.behind_place)
    rows = [captures.row(each) for each in found]
    return PageResult(view={"snapshots": rows, "next": at.following(place)}, rows="snapshots")


# --- single things ---------------------------------------------------------------------------------------------------


def _source(at: RequestContext) -> PageResult:
    found = parameters.source_of(at)
    return PageResult(view=sources.one(at, found.id))


def _article(at: RequestContext) -> PageResult:
    found = parameters.source_of(at)
    number = parameters.number_of(at.query.get("v", ""))
    return PageResult(view=article.view(article.facts_of(at, found, number)), rows="versions")


def _text(at: RequestContext) -> PageResult:
    found = _held(at, at.path["sha256"])
    told = {"text_sha256": found.sha256, "title": found.title, "text": found.body}
    return PageResult(view=told | {"language": found.language, "byline": found.byline}, etag=found.sha256)


def _diff(at: RequestContext) -> PageResult:
    a, b = (_held(at, at.path[side]) for side in "ab")
    told = {"a": a.sha256, "b": b.sha256} | edits_json(compare_in_time(a, b), a, b)
    return PageResult(view=told, rows="edits", etag=f"{a.sha256}{b.sha256}")


def _passages(at: RequestContext) -> PageResult:
    from archive.copies import judge

    a, b = (_held(at, at.path[side]) for side in "ab")
    check_judged_in_time(a, b)
    judged = judge(a, b)
    told: Json = {"a": a.sha256, "b": b.sha256, "relation": None if judged.relation is None else str(judged.relation)}
    told |= {"score": round(judged.score, 4), "coverage": [round(share, 4) for share in judged.coverage]}
    told["passages"] = side_by_side.passages(judged.passages)
    more = {name: getattr(judged, name) for name in ("because", "longest_run", "method")}
    return PageResult(view=told | more | {"residue": list(judged.residue)}, rows="passages")


def _held(at: RequestContext, digest: str) -> Text:
    if not _DIGEST.fullmatch(digest):
        raise NotArchived(f"{digest[:70]} is not the sha256 of a text")
    return at.archive.text_by_digest(digest)


def _described(request: Request) -> Response:
    house = request.app.state.house
    base = house.base or str(request.base_url).rstrip("/")
    return JSONResponse(document(base), headers={"cache-control": "no-cache"})


def routes() -> list[Route]:
    """The interface for programs."""
    asked = {
        "sources": sources.show,
        "sources/{id:int}": _source,
        "articles": _articles,
        "articles/{id:int}": _article,
        "versions": _all_versions,
        "changes": _changes,
        "snapshots": _snapshots,
        "texts/{sha256}": _text,
        "diffs/{a}..{b}": _diff,
        "passages/{a}..{b}": _passages,
        "clusters": clusters.show,
        "clusters/{id:int}": copies.show,
        "search": search.show,
        "runs": runs.show,
    }
    return [
        Route("/openapi.json", _described),
        *(route for path, function in asked.items() for route in reversed(page(f"/api/v1/{path}", function))),
    ]
