"""From a function that answers to a route, and from what it says to a response in the form that was asked for."""

from __future__ import annotations

import json
import re
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from archive.serve import feeds, serializers
from archive.serve.problem_details import wants_html
from archive.serve.request_context import PageResult, request_context
from archive.serve.templating import draw

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from archive.serve.request_context import RequestContext

    Page = Callable[[RequestContext], PageResult | Response]

MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "atom": "application/atom+xml",
    "patch": "text/x-diff; charset=utf-8",
    "svg": "image/svg+xml",
}
"""The forms an answer can have, by the ending of the path."""

_ACCEPTED = {media_type.partition(";")[0]: form for form, media_type in MEDIA_TYPES.items() if form != "svg"}

_FOR_EVER = "public, max-age=31536000, immutable"
_MOST_ACCEPTED = 20  # types in a header that are looked at; a browser names eight
_WEIGHT = re.compile(r"[01](?:\.\d{0,3})?", re.ASCII)


class Form(Convertor[str]):
    """The ending of a path that says which form is wanted."""

    regex = "|".join(form for form in MEDIA_TYPES if form != "html")

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
    form = request.path_params.get("form") or _asked_for(request)
    with request_context(request, form) as at:
        reply = function(at)
        if isinstance(reply, Response):
            return reply
        if form == "html" and reply.template is None:
            form = "json"
        return _if_new(request, _response(at, reply, form))


def _asked_for(request: Request) -> str:
    """The form that ``Accept`` asks for: of a page HTML unless it says otherwise, of the interface never that."""
    if wants_html(request.scope):
        return "html"
    interface = request.url.path.startswith("/api/")
    told = [_ACCEPTED.get(one, "") for one in _by_preference(request.headers.get("accept", ""))]
    found = (form for form in told if form and not (interface and form == "html"))
    return next(found, "json" if interface else "html")


def _by_preference(accept: str) -> list[str]:
    """The media types of an ``Accept`` header, the most wanted first (RFC 9110, section 12.5.1)."""
    weighed: list[tuple[float, str]] = []
    for each in accept.lower().split(",")[:_MOST_ACCEPTED]:
        media_type, *more = (part.strip() for part in each.split(";"))
        weight = next((part[2:] for part in more if part.startswith("q=")), "1")
        weighed.append((float(weight) if _WEIGHT.fullmatch(weight) else 0.0, media_type))
    return [media_type for weight, media_type in sorted(weighed, key=lambda one: -one[0]) if weight]


def _response(at: RequestContext, reply: PageResult, form: str) -> Response:
    body: str | bytes
    if form == "html":
        body = draw(reply.template or "", reply.view, at=at, **reply.drawn)
    elif form == "json":
        body = json.dumps(reply.view, ensure_ascii=False)
    elif form == "atom" and reply.feed is not None:
        body = feeds.to_atom(reply.feed, base=at.base, now=at.now)
    elif form in serializers.TABLES and reply.rows is not None:
        body = serializers.TABLES[form](reply.view[reply.rows])
    elif form in reply.files:
        body = reply.files[form]()
    else:
        raise HTTPException(404 if "form" in at.path else 406, f"this page is not to be had as {form}")
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
