"""The routes of the protocols: TimeGate, TimeMap, mementos, availability and CDX, each also in pywb's spelling."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from archive.api.mementos import MementoIndex, Position
from archive.formats.http_date import parse_http_date
from archive.serve.memento.cdx_index import count_pages, run_query, split_at, walk
from archive.serve.memento.cdx_query import parse_cdx_query
from archive.serve.memento.datetime14 import SECOND, earliest, format_datetime14, midpoint
from archive.serve.memento.lookup import find_scope
from archive.serve.memento.replay import POLICY, Replay, respond
from archive.serve.memento.rewrite import Links, escape_url, page_url, parse_memento_url, target_after
from archive.serve.memento.serialize import LINK_FORMAT, TIMEMAPS, TimeMap, link, memento_link, serialize_result
from archive.serve.request_context import request_context
from archive.urls import url_key
from db.errors import BadInput, NotArchived

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request

    from archive.api.mementos import CdxEntry, Scope
    from archive.serve.request_context import RequestContext

    Handler = Callable[[RequestContext], Response]

MAX_LISTED: Final = 5000
"""Mementos in one TimeMap: 800 kB of links, written in 30 ms. A longer list names the one that continues it."""

_WHOLE_STAMP: Final = 14  # digits; fewer mean a span of time


def routes() -> list[Route]:
    """Return every route, in matching order: ``/web`` as the Wayback Machine spells it, ``/archive`` as pywb."""
    return [
        *(Route(path, _endpoint(_cdx)) for path in ("/cdx/search/cdx", "/cdx/search", "/cdx")),
        Route("/wayback/available", _endpoint(_availability)),
        Route("/archive/cdx", _endpoint(partial(_cdx, json_lines=True))),
        Route("/web/timemap/{form}/{rest:path}", _endpoint(partial(_timemap, root="/web"))),
        Route("/archive/timemap/{form}/{rest:path}", _endpoint(partial(_timemap, root="/archive"))),
        Route("/web/{rest:path}", _endpoint(partial(_page, root="/web"))),
        Route("/archive/{rest:path}", _endpoint(partial(_page, root="/archive"))),
    ]


def _endpoint(handler: Handler) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        with request_context(request, "") as context:
            return handler(context)

    return endpoint


def _index(context: RequestContext) -> MementoIndex:
    return MementoIndex(context.archive.ask)


# --- CDX and availability --------------------------------------------------------------------------------------------


def _cdx(context: RequestContext, *, json_lines: bool = False) -> Response:
    query = parse_cdx_query(context.request.url.query, json_lines=json_lines)
    if query.show_num_pages:
        return Response(f"{count_pages(_index(context), query)}\n", media_type="text/plain")
    text, media_type = serialize_result(run_query(_index(context), query), query)
    return Response(text, headers={"content-type": media_type, "cache-control": "no-cache"})


def _availability(context: RequestContext) -> Response:
    """Return the memento nearest to a time, or the newest, as JSON. Without any, ``archived_snapshots`` is empty."""
    url, digits = context.query.get("url", ""), context.query.get("timestamp", "")
    if not url:
        raise BadInput("url is missing: ask for an address, like url=https://news.example/page")
    index, page = _index(context), page_url(url)
    capture = _nearest_or_newest(index, find_scope(index, page), page, midpoint(digits) if digits else None)
    snapshots: dict[str, object] = {}
    if capture is not None:
        memento = Links(f"{context.base}/web").memento(capture.at, capture.url)
        status = "200" if capture.unmodified or capture.status is None else str(capture.status)
        timestamp = format_datetime14(capture.at)
        snapshots["closest"] = {"status": status, "available": True, "url": memento, "timestamp": timestamp}
    document = {"url": url, "archived_snapshots": snapshots}
    return JSONResponse(document | ({"timestamp": digits} if digits else {}))


def _nearest_or_newest(index: MementoIndex, scope: Scope, url: str, instant: datetime | None) -> CdxEntry | None:
    return index.newest(scope) if instant is None else index.nearest(scope, instant, url_key(url))


# --- TimeMaps --------------------------------------------------------------------------------------------------------


def _timemap(context: RequestContext, *, root: str) -> Response:
    form = context.path["form"]
    if form not in TIMEMAPS:
        raise BadInput(f"there is no TimeMap as {form[:40]!r}; there are {', '.join(TIMEMAPS)}")
    text = target_after(context.request.scope, f"{root}/timemap/{form}/")
    since = text[:_WHOLE_STAMP] if text[:_WHOLE_STAMP].isdigit() and text[_WHOLE_STAMP:].startswith("/") else ""
    url = page_url(text.removeprefix(f"{since}/") if since else text)
    index = _index(context)
    scope = find_scope(index, url, since=earliest(since) if since else None)
    captures, next_capture = split_at(walk(index, scope), MAX_LISTED)
    if not captures:
        raise _not_archived(url)
    if root == "/archive" and form != "link":
        return _pywb_timemap(index, url, form)
    write, media_type = TIMEMAPS[form]
    timemap = TimeMap(
        url=url,
        captures=captures,
        links=Links(f"{context.base}{root}"),
        is_first=not since,
        next_capture=next_capture,
    )
    return Response(write(timemap), headers={"content-type": media_type, "cache-control": "no-cache"})


def _pywb_timemap(index: MementoIndex, url: str, form: str) -> Response:
    """Return a TimeMap as pywb writes it in the forms json and cdxj: the rows of its index."""
    query = replace(parse_cdx_query("url=x.example"), url=url, output={"json": "jsonl"}.get(form, form))
    text, media_type = serialize_result(run_query(index, query), query)
    return Response(text, headers={"content-type": media_type})


# --- TimeGate and mementos -------------------------------------------------------------------------------------------


def _page(context: RequestContext, *, root: str) -> Response:
    """Answer for ``/web/...``: a memento's URL, a star and a URL (the TimeMap), or a URL alone (the TimeGate)."""
    text = target_after(context.request.scope, f"{root}/")
    links = Links(f"{context.base}{root}")
    if text.startswith("*/"):
        return RedirectResponse(links.timemap(page_url(text.removeprefix("*/"))))
    target = parse_memento_url(text)
    if target is None:
        return _timegate(context, page_url(text), links)
    url = page_url(target.url)
    index = _index(context)
    scope = find_scope(index, url)
    if len(target.digits) == _WHOLE_STAMP:
        start = earliest(target.digits)
        matches = index.captures(replace(scope, since=start, until=start + SECOND), limit=1)
        if matches:
            return _memento(context, matches[0], scope, links, raw=target.mode == "id_")
    capture = index.nearest(scope, midpoint(target.digits), url_key(url))
    if capture is None:
        raise _not_archived(url)
    return _redirect(links.memento(capture.at, capture.url, target.mode))


def _timegate(context: RequestContext, url: str, links: Links) -> Response:
    """Redirect to the memento nearest to ``Accept-Datetime``, to the newest without one (RFC 7089, section 4.1)."""
    header = context.request.headers.get("accept-datetime")
    instant = parse_http_date(header) if header else None
    if header and instant is None:
        raise BadInput(f"Accept-Datetime: {header[:60]!r} is not an HTTP date, like Mon, 05 Jan 2026 08:00:00 GMT")
    index = _index(context)
    scope = find_scope(index, url)
    capture = _nearest_or_newest(index, scope, url, instant)
    if capture is None:
        raise _not_archived(url)
    response = _redirect(links.memento(capture.at, capture.url))
    response.headers["vary"] = "accept-datetime"
    response.headers["link"] = _link_header(index, scope, capture, links, "")
    return response


def _memento(context: RequestContext, memento: CdxEntry, scope: Scope, links: Links, *, raw: bool) -> Response:
    index = _index(context)
    stored = index.response(memento)
    link_header = _link_header(index, scope, memento, links, "id_" if raw else "")
    replay = Replay(memento=memento, source=stored.capture, payload=stored.payload, raw=raw, link_header=link_header)
    return respond(replay, links, context.request.headers)


def _link_header(index: MementoIndex, scope: Scope, memento: CdxEntry, links: Links, mode: str) -> str:
    """Return the ``Link`` header: the page's URL as it was captured, its TimeGate and TimeMap, the mementos around."""
    position = Position(memento.url_key, memento.at, memento.id)
    neighbours = {
        "first": index.captures(scope, limit=1),
        "prev": index.captures(scope, after=position, reverse=True, limit=1),
        "next": index.captures(scope, after=position, limit=1),
        "last": index.captures(scope, reverse=True, limit=1),
    }
    mementos = {capture.id: capture for captures in neighbours.values() for capture in captures}
    mementos |= {memento.id: memento}
    values = [
        link(escape_url(memento.url), "original"),
        link(links.timegate(memento.url), "timegate"),
        link(links.timemap(memento.url), "timemap", f'type="{LINK_FORMAT}"'),
    ]
    for capture in sorted(mementos.values(), key=lambda capture: (capture.at, capture.id)):
        relations = [name for name, captures in neighbours.items() if captures and captures[0].id == capture.id]
        values.append(memento_link(links, capture, " ".join((*relations, "memento")), mode))
    return ", ".join(values)


def _redirect(url: str) -> Response:
    """Return a redirect within the archive, with the headers of a memento: a frame may be on its way to one."""
    return Response(b"", 302, POLICY | {"location": url, "cache-control": "no-cache"})


def _not_archived(url: str) -> NotArchived:
    return NotArchived(f"there is no memento of {url} in this archive")
