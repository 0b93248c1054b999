"""The search page: versions that match a query, and the period each was online."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from archive.api import serialize
from archive.serve import charts, paths, wording
from archive.serve.request_context import PageResult, kind_of
from archive.serve.responses import page
from archive.timestamps import iso
from db.errors import BadInput
from db.records import SNIPPET_MARKS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.routing import Route

    from archive.api.search import SearchAnswer
    from archive.serve.request_context import RequestContext
    from db.records import Facets, Match

    Json = dict[str, Any]

USUAL = 20
"""Default hits of a page."""

MOST_OUTLETS = 12
"""Most outlets listed next to the hits."""


def view(
    query: Mapping[str, str], answer: SearchAnswer | None, hits: Sequence[Json], *, following: str | None = None
) -> Json:
    """Return the page as JSON values; ``answer`` None: there was no search, and ``remark`` gives the reason."""
    spread = answer.spread if answer else None
    return {
        "title": "Search",
        "q": query.get("q", ""),
        "at": query.get("at", ""),
        "gone": query.get("gone") == "1",
        "searched_as": answer.searched_as if answer else "",
        "hits": list(hits),
        "articles": spread.articles if spread else 0,
        "whole": spread.whole if spread else True,
        "kind": query.get("kind", ""),
        "since": query.get("since", ""),
        "until": query.get("until", ""),
        **_facets(query, hits, spread),
        "remark": "",
        "feed": f"/search.atom?{urlencode({'q': query['q']})}" if query.get("q") else "",
        "next": following,
    }


def _facets(query: Mapping[str, str], hits: Sequence[Json], spread: Facets | None) -> Json:
    """Return the facets of a search (outlet, time, kind of change), each with the address of the narrower search."""
    kinds = Counter(kind for hit in hits for kind in hit["kinds"])
    return {
        "by_outlet": [
            {"outlet": name, "count": count, "path": _narrowed(query, f"site:{name}")}
            for name, count in (spread.by_host[:MOST_OUTLETS] if spread else ())
        ],
        "by_time": [
            {"when": period, "count": count, "path": _narrowed(query, f"after:{period} before:{period_after(period)}")}
            for period, count in (spread.by_time if spread else ())
        ],
        "by_kind": [
            {"kind": kind, "count": count, "path": _narrowed(query, "", kind=kind)}
            for kind, count in kinds.most_common()
        ],
    }


def _narrowed(query: Mapping[str, str], more_words: str, **parameters: str) -> str:
    """Return the address of the same search with words or parameters added."""
    others = {name: value for name, value in query.items() if name not in {"after", "limit"} and value}
    words = f"{query.get('q', '')} {more_words}".strip()
    return f"{paths.SEARCH}?{urlencode(others | parameters | {'q': words})}"


def period_after(period: str) -> str:
    """Return the day after a day, the month after a month."""
    first = date.fromisoformat(f"{period}-01"[:10])
    if period == f"{first:%Y-%m}":
        return f"{first + timedelta(days=32):%Y-%m}"
    return f"{first + timedelta(days=1)}"


def hit_row(match: Match, ids: Mapping[str, int]) -> Json:
    """Return one hit: a period of matching versions of one article."""
    version = match.version
    source_id = ids.get(version.url)
    absent = match.absent_since
    return {
        "id": source_id,
        "path": paths.article(source_id, version.number),
        "url": version.url,
        "outlet": wording.host(version.url),
        "title": version.title,
        "version": version.number,
        "kinds": [str(kind) for kind in version.kinds],
        "snippet": snippet(match.snippet),
        "present_from": iso(match.present_from),
        "present_to": iso(match.present_to),
        "absent_since": absent,
        "gone_between": serialize.gaps(match),
        "newest": match.newest,
        "diff": paths.change(source_id, absent - 1, absent) if absent else None,
    }


def snippet(marked: str) -> list[Json]:
    """Return a snippet in runs of text. Matching words have the mark ``hit``."""
    start, end, _ = SNIPPET_MARKS
    runs: list[Json] = []
    for place, piece in enumerate(marked.replace("\n", " ").split(start)):
        inside, _, rest = piece.partition(end) if place else ("", "", piece)
        runs += [{"mark": "hit", "text": inside}] * bool(inside)
        runs += [{"mark": "same", "text": rest.replace(end, "")}] * bool(rest)
    return runs


def show(context: RequestContext) -> PageResult:
    """Answer with the results of a search, or with help if there are no words. Raises BadInput.

    On the HTML page an invalid query is a remark, not an error.
    """
    query, paging = context.query, context.paging(usual=USUAL)
    words = query.get("q", "")
    if not words.strip():
        return _nothing(context, "")
    since, until = context.moment("since"), context.moment("until", end=True)
    kind, after = kind_of(query.get("kind", "")), paging.behind_rank
    try:
        answer = context.archive.search_page(
            words,
            as_of=context.moment("at", end=True),
            removed=query.get("gone") == "1",
            since=since,
            until=until,
            kind=kind,
            limit=paging.limit,
            after=after,
        )
    except BadInput as error:
        if context.form != "html":
            raise
        return _nothing(context, str(error))
    ids = context.archive.source_ids(match.version.url for match in answer.matches)
    hits = [hit_row(match, ids) for match in answer.matches]
    result = view(query, answer, hits, following=context.following(answer.next_key))
    chart = charts.columns(result["by_time"], f"articles with {words} by the time of first sight")
    return PageResult(view=result, template="search.html", rows="hits", feed=_feed(result), drawn={"chart": chart})


def _nothing(context: RequestContext, remark: str) -> PageResult:
    """Answer with the search form and help, or with the reason why the query is invalid."""
    result = view(context.query, None, ()) | {"remark": remark}
    return PageResult(view=result, template="search.html", rows="hits", drawn={"chart": ""})


def _feed(result: Json) -> Json:
    hits = sorted(result["hits"], key=lambda hit: hit["present_from"], reverse=True)
    return {
        "title": f"wirecopy: {result['q']}",
        "path": result["feed"],
        "page": f"{paths.SEARCH}?{urlencode({'q': result['q']})}",
        "entries": [_entry(hit) for hit in hits],
    }


def _entry(hit: Json) -> Json:
    absence = f"; absent since version {hit['absent_since']}" if hit["absent_since"] else ""
    period = f"present from {hit['present_from']} to {hit['present_to']}{absence}. "
    return {
        "id": f"tag:wirecopy,2026:{hit['url']}@{hit['present_from']}",
        "title": hit["title"],
        "path": hit["path"],
        "updated": hit["present_from"],
        "author": hit["outlet"],
        "summary": period + "".join(run["text"] for run in hit["snippet"]),
    }


def routes() -> list[Route]:
    """Return the routes of the search. Its address holds the query."""
    return page(paths.SEARCH, show)
