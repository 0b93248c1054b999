"""From a function that answers to a route, and from what it says to a response in the form that was asked for."""

from __future__ import annotations

import json
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from archive.serve import feeds, formats
from archive.serve.desk import Reply, desk
from archive.serve.drawing import draw
from archive.serve.problems import wants_html

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from archive.serve.desk import Desk

    Page = Callable[[Desk], Reply | Response]

MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "atom": "application/atom+xml",
}
"""The forms an answer can have, by the ending of the path."""

_FOR_EVER = "public, max-age=31536000, immutable"


class Form(Convertor[str]):
    """The ending of a path that says which form is wanted."""

    regex = "json|csv|ndjson|atom"

    def convert(self, value: str) -> str:
        """As it stands."""
        return value

    def to_string(self, value: str) -> str:
        """As it stands."""
        return value


register_url_convertor("form", Form())


def page(path: str, function: Page, *, named: str = "") -> list[Route]:
    """The routes of a page: at its path, and with an ending for every other form (at ``named`` where that is /)."""
    answer = partial(_answer, function)
    return [Route(path, answer), Route((named or path) + ".{form:form}", answer)]


def _answer(function: Page, request: Request) -> Response:
    form = request.path_params.get("form") or ("html" if _for_people(request) else "json")
    with desk(request, form) as at:
        reply = function(at)
        if isinstance(reply, Response):
            return reply
        if form == "html" and reply.template is None:
            form = "json"
        return _if_new(request, _response(at, reply, form))


def _for_people(request: Request) -> bool:
    """True for a browser, and for who does not say what it wants of a page."""
    machine = request.url.path.startswith("/api/") or "json" in request.headers.get("accept", "")
    return wants_html(request.scope) or not machine


def _response(at: Desk, reply: Reply, form: str) -> Response:
    if form == "html":
        body = draw(reply.template or "", reply.view, at=at, **reply.drawn)
    elif form == "json":
        body = json.dumps(reply.view, ensure_ascii=False)
    elif form == "atom" and reply.feed is not None:
        body = feeds.to_atom(reply.feed, base=at.base, now=at.now)
    elif form in {"csv", "ndjson"} and reply.rows is not None:
        rows = reply.view[reply.rows]
        body = formats.to_csv(rows) if form == "csv" else formats.to_ndjson(rows)
    else:
        raise HTTPException(404, f"this page is not to be had as {form}")
    headers = {"cache-control": _FOR_EVER if reply.etag and form != "html" else "no-cache", "vary": "accept"}
    following = reply.view.get("next")
    if following:
        headers["link"] = f'<{at.base}{following}>; rel="next"'
    return Response(body, headers=headers, media_type=MEDIA_TYPES[form])


def _if_new(request: Request, response: Response) -> Response:
    """304 for who has this very answer already: its ETag is the digest of its bytes."""
    etag = f'"{sha256(bytes(response.body)).hexdigest()[:32]}"'
    response.headers["etag"] = etag
    held = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if etag not in held and "*" not in held:
        return response
    kept = {name: response.headers[name] for name in ("etag", "cache-control", "vary") if name in response.headers}
    return Response(status_code=304, headers=kept)
