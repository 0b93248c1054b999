"""The addresses: TimeGate, TimeMap, mementos, availability and index, each also in pywb's spelling."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from archive.formats.http_date import http_date as read_http_date
from archive.serve.memento.cdx_index import few, look_up, pages, walk
from archive.serve.memento.cdx_query import read_question
from archive.serve.memento.datetime14 import SECOND, first_of, middle_of, stamp
from archive.serve.memento.lookup import place_of
from archive.serve.memento.replay import POLICY, Replay, respond
from archive.serve.memento.rewrite import Links, behind, page_url, read_memento, safe
from archive.serve.memento.serialize import LINK_FORMAT, TIMEMAPS, TimeMap, link, memento_link, write_answer
from archive.serve.request_context import request_context
from archive.timestamps import iso
from archive.urls import url_key
from db.errors import BadInput, NotArchived
from db.queries import captures as capture_queries
from db.queries import cdx as cdx_queries
from db.queries.cdx import Position

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request

    from archive.serve.request_context import RequestContext
    from db.queries.cdx import CdxEntry, Scope
    from db.reader import Ask

    Answer = Callable[[RequestContext], Response]

MOST_LISTED: Final = 5000
"""Mementos in one TimeMap: 800 kB of links, written in 30 ms; a longer list names the one that goes on."""

_EXACT: Final = 14


def routes() -> list[Route]:
    """Every route, in the order they are matched: ``/web`` as the Wayback Machine spells it, ``/archive`` as pywb."""
    return [
        *(Route(path, _answering(_index)) for path in ("/cdx/search/cdx", "/cdx/search", "/cdx")),
        Route("/wayback/available", _answering(_available)),
        Route("/archive/cdx", _answering(partial(_index, lines=True))),
        Route("/web/timemap/{form}/{rest:path}", _answering(partial(_timemap, root="/web"))),
        Route("/archive/timemap/{form}/{rest:path}", _answering(partial(_timemap, root="/archive"))),
        Route("/web/{rest:path}", _answering(partial(_page, root="/web"))),
        Route("/archive/{rest:path}", _answering(partial(_page, root="/archive"))),
    ]


def _answering(answer: Answer) -> Callable[[Request], Response]:
    def endpoint(request: Request) -> Response:
        with request_context(request, "") as at:
            return answer(at)

    return endpoint


# --- the index -------------------------------------------------------------------------------------------------------


def _index(at: RequestContext, *, lines: bool = False) -> Response:
    question = read_question(at.request.url.query, lines=lines)
    if question.counts_pages:
        return Response(f"{pages(at.ask, question)}\n", media_type="text/plain")
    text, media_type = write_answer(look_up(at.ask, question), question)
    return Response(text, headers={"content-type": media_type, "cache-control": "no-cache"})


def _available(at: RequestContext) -> Response:
    """The memento nearest to a time, or the newest, as JSON; ``{}`` where there is none."""
    url, digits = at.query.get("url", ""), at.query.get("timestamp", "")
    if not url:
        raise BadInput("url is missing: ask for an address, like url=https://news.example/page")
    found = _page_at(at.ask, page_url(url), middle_of(digits) if digits else None)
    told: dict[str, object] = {"url": url, "archived_snapshots": {}}
    if found is not None:
        address = Links(f"{at.base}/web").memento(found.at, found.url)
        status = "200" if found.unmodified or found.status is None else str(found.status)
        closest = {"status": status, "available": True, "url": address, "timestamp": stamp(found.at)}
        told["archived_snapshots"] = {"closest": closest}
    return JSONResponse(told | ({"timestamp": digits} if digits else {}))


# --- one page's list -------------------------------------------------------------------------------------------------


def _timemap(at: RequestContext, *, root: str) -> Response:
    form = at.path["form"]
    if form not in TIMEMAPS:
        raise BadInput(f"there is no TimeMap as {form[:40]!r}; there are {', '.join(TIMEMAPS)}")
    text = behind(at.request.scope, f"{root}/timemap/{form}/")
    since = text[:_EXACT] if text[:_EXACT].isdigit() and text[_EXACT:].startswith("/") else ""
    url = page_url(text.removeprefix(f"{since}/") if since else text)
    place = place_of(at.ask, url, since=first_of(since) if since else None)
    listed, following = few(walk(at.ask, place), MOST_LISTED)
    if not listed:
        raise _nothing(url)
    if root == "/archive" and form != "link":
        return _as_pywb_lists(at, url, form)
    write, media_type = TIMEMAPS[form]
    told = TimeMap(url=url, listed=listed, links=Links(f"{at.base}{root}"), begun=not since, following=following)
    return Response(write(told), headers={"content-type": media_type, "cache-control": "no-cache"})


def _as_pywb_lists(at: RequestContext, url: str, form: str) -> Response:
    """What pywb in these two forms is what its index answers."""
    question = replace(read_question("url=x.example"), url=url, output={"json": "jsonl"}.get(form, form))
    text, media_type = write_answer(look_up(at.ask, question), question)
    return Response(text, headers={"content-type": media_type})


# --- one page at a moment --------------------------------------------------------------------------------------------


def _page(at: RequestContext, *, root: str) -> Response:
    """What stands behind ``/web/``: a memento's address, a star and an address, or an address alone, the TimeGate."""
    text = behind(at.request.scope, f"{root}/")
    links = Links(f"{at.base}{root}")
    if text.startswith("*/"):
        return RedirectResponse(links.timemap(page_url(text.removeprefix("*/"))))
    asked = read_memento(text)
    if asked is None:
        return _timegate(at, page_url(text), links)
    url = page_url(asked.url)
    place = place_of(at.ask, url)
    if len(asked.digits) == _EXACT:
        start = first_of(asked.digits)
        exact = cdx_queries.list_captures(at.ask, replace(place, since=start, until=start + SECOND), limit=1)
        if exact:
            return _memento(at, exact[0], place, links, raw=asked.mode == "id_")
    found = cdx_queries.nearest_capture(at.ask, place, middle_of(asked.digits), url_key(url))
    if found is None:
        raise _nothing(url)
    return _led_to(links.memento(found.at, found.url, asked.mode))


def _timegate(at: RequestContext, url: str, links: Links) -> Response:
    """To the memento nearest to the ``Accept-Datetime`` of a request; to the newest without one (RFC 7089, 4.1)."""
    asked = at.request.headers.get("accept-datetime")
    moment = read_http_date(asked) if asked else None
    if asked and moment is None:
        raise BadInput(f"Accept-Datetime: {asked[:60]!r} is not an HTTP date, like Mon, 05 Jan 2026 08:00:00 GMT")
    place = place_of(at.ask, url)
    found = _page_at(at.ask, url, moment, place)
    if found is None:
        raise _nothing(url)
    response = _led_to(links.memento(found.at, found.url))
    response.headers["vary"] = "accept-datetime"
    response.headers["link"] = _links(at.ask, place, found, links, "")
    return response


def _page_at(ask: Ask, url: str, moment: datetime | None, place: Scope | None = None) -> CdxEntry | None:
    place = place or place_of(ask, url)
    if moment is not None:
        return cdx_queries.nearest_capture(ask, place, moment, url_key(url))
    return next(iter(cdx_queries.list_captures(ask, place, back=True, limit=1)), None)


def _memento(at: RequestContext, one: CdxEntry, place: Scope, links: Links, *, raw: bool) -> Response:
    shown = capture_queries.by_id(at.ask, one.id)
    if one.unmodified:
        page = cdx_queries.page_behind_304(at.ask, one.source_id, one.at)
        if page is None:
            raise NotArchived(f"{one.url} was found unmodified at {iso(one.at)}, but the page it speaks of is not held")
        shown = capture_queries.by_id(at.ask, page.id)
    payload = b"" if shown.payload_sha256 is None else capture_queries.payload(at.ask, shown.payload_sha256)
    told = _links(at.ask, place, one, links, "id_" if raw else "")
    replay = Replay(one=one, shown=shown, payload=payload, raw=raw, links=told)
    return respond(replay, links, at.request.headers)


def _links(ask: Ask, place: Scope, one: CdxEntry, links: Links, mode: str) -> str:
    """The ``Link`` header: the page's own address as it was captured, its gate and list, and the mementos around."""
    here = Position(one.url_key, one.at, one.id)
    around = {
        "first": cdx_queries.list_captures(ask, place, limit=1),
        "prev": cdx_queries.list_captures(ask, place, behind=here, back=True, limit=1),
        "next": cdx_queries.list_captures(ask, place, behind=here, limit=1),
        "last": cdx_queries.list_captures(ask, place, back=True, limit=1),
    }
    named = {each.id: each for found in around.values() for each in found} | {one.id: one}
    told = [
        link(safe(one.url), "original"),
        link(links.timegate(one.url), "timegate"),
        link(links.timemap(one.url), "timemap", f'type="{LINK_FORMAT}"'),
    ]
    for each in sorted(named.values(), key=lambda listed: (listed.at, listed.id)):
        rels = [name for name, found in around.items() if found and found[0].id == each.id]
        told.append(memento_link(links, each, " ".join((*rels, "memento")), mode))
    return ", ".join(told)


def _led_to(address: str) -> Response:
    """A redirect within the archive, under the same policy as a memento: a frame may be on its way to one."""
    return Response(b"", 302, POLICY | {"location": address, "cache-control": "no-cache"})


def _nothing(url: str) -> NotArchived:
    return NotArchived(f"no memento of {url} is held")
