"""Search over all versions: where words stood from when to when, and since when they do not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from archive.api import serialize
from archive.api.query_parser import parse_query
from archive.serve import charts, wording
from archive.serve.request_context import PageResult, kind_of
from archive.serve.responses import page
from archive.timestamps import iso
from archive.urls import url_key
from db.errors import BadInput
from db.queries import changes
from db.queries.facets import count_facets
from db.queries.search import SNIPPET_MARKS, search_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.routing import Route

    from archive.api.query_parser import ParsedQuery
    from archive.serve.pagination import Paging
    from archive.serve.request_context import RequestContext
    from db.queries.facets import Facets
    from db.queries.search import Match, Page

    Json = dict[str, Any]

USUAL = 20
"""Hits of a page."""

MOST_OUTLETS = 12
"""Outlets that are named beside the hits."""

MOST_LOTS = 5
"""Times a search for one kind of change goes on to look for hits; what is behind them stands on the next page."""


def view(
    asked: Mapping[str, str],
    sought: ParsedQuery | None,
    found: Sequence[Json],
    told: Facets | None,
    *,
    following: str | None = None,
) -> Json:
    """The page as JSON values; ``remark`` says why there is nothing to search for, where ``sought`` is None."""
    return {
        "title": "Search",
        "q": asked.get("q", ""),
        "at": asked.get("at", ""),
        "gone": asked.get("gone") == "1",
        "searched_as": sought.said if sought else "",
        "hits": list(found),
        "articles": told.articles if told else 0,
        "whole": told.whole if told else True,
        "kind": asked.get("kind", ""),
        "since": asked.get("since", ""),
        "until": asked.get("until", ""),
        **_facets(asked, found, told),
        "remark": "",
        "feed": f"/search.atom?{urlencode({'q': asked.get('q', '')})}",
        "next": following,
    }


def _facets(asked: Mapping[str, str], found: Sequence[Json], told: Facets | None) -> Json:
    """Where, when and with which change the words came: each with the address of the search for that alone."""
    kinds = Counter(kind for row in found for kind in row["kinds"])
    return {
        "by_outlet": [
            {"outlet": name, "count": count, "path": _narrowed(asked, f"site:{name}")}
            for name, count in (told.by_host[:MOST_OUTLETS] if told else ())
        ],
        "by_time": [
            {"when": when, "count": count, "path": _narrowed(asked, f"after:{when} before:{span_behind(when)}")}
            for when, count in (told.by_time if told else ())
        ],
        "by_kind": [
            {"kind": kind, "count": count, "path": _narrowed(asked, "", kind=kind)}
            for kind, count in kinds.most_common()
        ],
    }


def _narrowed(asked: Mapping[str, str], words_too: str, **more: str) -> str:
    """The address of the same search with words or parameters added."""
    kept = {name: value for name, value in asked.items() if name not in {"after", "limit"} and value}
    said = f"{asked.get('q', '')} {words_too}".strip()
    return f"/search?{urlencode(kept | more | {'q': said})}"


def span_behind(when: str) -> str:
    """The day after a day, the month after a month."""
    month = date.fromisoformat(f"{when}-01"[:10])
    if when == f"{month:%Y-%m}":
        return f"{month + timedelta(days=32):%Y-%m}"
    return f"{month + timedelta(days=1)}"


def hit(each: Match, ids: Mapping[str, int]) -> Json:
    """One stretch of matching versions of one article."""
    found = each.version
    source_id = ids.get(found.url)
    return {
        "id": source_id,
        "path": f"/a/{source_id}?v={found.number}",
        "url": found.url,
        "outlet": wording.host(found.url),
        "title": found.title,
        "version": found.number,
        "kinds": [str(kind) for kind in found.kinds],
        "snippet": snippet(each.snippet),
        "present_from": iso(each.present_from),
        "present_to": iso(each.present_to),
        "absent_since": each.absent_since,
        "gone_between": serialize.gaps(each),
        "newest": each.newest,
        "diff": f"/a/{source_id}/diff/{each.absent_since - 1}..{each.absent_since}" if each.absent_since else None,
    }


def snippet(marked: str) -> list[Json]:
    """The words around what was found, what was found being marked ``hit``."""
    start, end, _ = SNIPPET_MARKS
    runs: list[Json] = []
    for place, piece in enumerate(marked.replace("\n", " ").split(start)):
        inside, _, rest = piece.partition(end) if place else ("", "", piece)
        runs += [{"mark": "hit", "text": inside}] * bool(inside)
        runs += [{"mark": "same", "text": rest.replace(end, "")}] * bool(rest)
    return runs


def show(at: RequestContext) -> PageResult:
    """Answer a search; without words, the box and how to use it."""
    said = at.query.get("q", "")
    asked = at.paging(usual=USUAL)
    if not said.strip():
        return _nothing(at, "")
    try:
        sought = parse_query(said, when=at.moment("at", end=True), gone=at.query.get("gone") == "1")
    except BadInput as error:
        if at.form != "html":
            raise
        return _nothing(at, str(error))
    sought = _in_window(at, sought)
    found, matches, place = _matches(at, sought, asked)
    keys = {each.version.url: url_key(each.version.url) for each in matches}
    known = changes.source_ids(at.ask, list(keys.values()))
    ids = {url: known[key] for url, key in keys.items() if key in known}
    hits = [hit(each, ids) for each in matches]
    shown = view(at.query, sought, hits, count_facets(at.ask, found, sought.only), following=at.following(place))
    chart = charts.columns(shown["by_time"], f"articles with {said} by when they were first seen with it")
    return PageResult(view=shown, template="search.html", rows="hits", feed=_feed(shown), drawn={"chart": chart})


def _in_window(at: RequestContext, sought: ParsedQuery) -> ParsedQuery:
    """The search within ``since`` and ``until`` of the address, where it names them. Raises BadInput."""
    since, until, only = at.moment("since"), at.moment("until", end=True), sought.only
    return replace(sought, only=replace(only, since=since or only.since, until=until or only.until))


def _matches(at: RequestContext, sought: ParsedQuery, asked: Paging) -> tuple[Page, list[Match], Any]:
    """The first page that was found, the matches (of ``kind`` alone if one is named), and where to go on.

    Raises BadInput.
    """
    kind = kind_of(at.query.get("kind", ""))
    first = page_found = search_page(at.ask, sought.query, limit=asked.limit, only=sought.only, place=asked.behind_rank)
    matches = [each for each in first.matches if kind is None or kind in each.version.kinds]
    for _ in range(MOST_LOTS - 1):
        room, place = asked.limit - len(matches), page_found.following
        if kind is None or not room or place is None:
            break
        page_found = search_page(at.ask, sought.query, limit=room, only=sought.only, place=place)
        matches += [each for each in page_found.matches if kind in each.version.kinds]
    return first, matches, page_found.following


def _nothing(at: RequestContext, remark: str) -> PageResult:
    """The box and how to use it, or why nothing could be searched for."""
    told = view(at.query, None, (), None) | {"remark": remark}
    return PageResult(view=told, template="search.html", rows="hits", drawn={"chart": ""})


def _feed(shown: Json) -> Json:
    return {
        "title": f"wirecopy: {shown['q']}",
        "path": shown["feed"],
        "page": f"/search?{urlencode({'q': shown['q']})}",
        "entries": [_entry(each) for each in sorted(shown["hits"], key=lambda hit: hit["present_from"], reverse=True)],
    }


def _entry(each: Json) -> Json:
    gone = f"; absent since version {each['absent_since']}" if each["absent_since"] else ""
    stood = f"present from {each['present_from']} to {each['present_to']}{gone}. "
    return {
        "id": f"tag:wirecopy,2026:{each['url']}@{each['present_from']}",
        "title": each["title"],
        "path": each["path"],
        "updated": each["present_from"],
        "author": each["outlet"],
        "summary": stood + "".join(run["text"] for run in each["snippet"]),
    }


def routes() -> list[Route]:
    """The page of a search; its address is the search."""
    return page("/search", show)
