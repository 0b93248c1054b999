"""Routes of pages, and responses in the requested format: html, json, csv, ndjson, atom and others."""

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
"""Media types by the ending of the path."""

_ACCEPTED = {media_type.partition(";")[0]: form for form, media_type in MEDIA_TYPES.items() if form != "svg"}

_FOR_EVER = "public, max-age=31536000, immutable"
_MOST_ACCEPTED = 20  # most types read from a header; a browser sends eight
_WEIGHT = re.compile(r"[01](?:\.\d{0,3})?", re.ASCII)


class Form(Convertor[str]):
    """Path convertor for the ending of a format."""

    regex = "|".join(form for form in MEDIA_TYPES if form != "html")

    def convert(self, value: str) -> str:
        """Return the ending unchanged."""
        return value

    def to_string(self, value: str) -> str:
        """Return the ending unchanged."""
        return value


register_url_convertor("form", Form())


def page(path: str, function: Page, *, stem: str = "") -> list[Route]:
    """Return the routes of a page: its path, and the path with each other ending (``stem`` replaces /)."""
    answer = partial(_answer, function)
    return [Route(path, answer), Route((stem or path) + ".{form:form}", answer)]


def _answer(function: Page, request: Request) -> Response:
    form = request.path_params.get("form") or _negotiate(request)
    with request_context(request, form) as context:
        result = function(context)
        if isinstance(result, Response):
            return result
        if form == "html" and result.template is None:
            form = "json"
        return _if_new(request, _response(context, result, form))


def _negotiate(request: Request) -> str:
    """Return the format for ``Accept``: HTML by default for a page, never HTML for the API."""
    if wants_html(request.scope):
        return "html"
    is_api = request.url.path.startswith("/api/")
    forms = [_ACCEPTED.get(media_type, "") for media_type in _by_preference(request.headers.get("accept", ""))]
    acceptable = (form for form in forms if form and not (is_api and form == "html"))
    return next(acceptable, "json" if is_api else "html")


def _by_preference(accept: str) -> list[str]:
    """Return the media types of an ``Accept`` header, in order of preference (RFC 9110, section 12.5.1)."""
    weighed: list[tuple[float, str]] = []
    for element in accept.lower().split(",")[:_MOST_ACCEPTED]:
        media_type, *parameters = (part.strip() for part in element.split(";"))
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        weighed.append((float(weight) if _WEIGHT.fullmatch(weight) else 0.0, media_type))
    return [media_type for weight, media_type in sorted(weighed, key=lambda pair: -pair[0]) if weight]


def _response(context: RequestContext, result: PageResult, form: str) -> Response:
    body: str | bytes
    if form == "html":
        body = draw(result.template or "", result.view, context=context, **result.drawn)
    elif form == "json":
        body = json.dumps(result.view, ensure_ascii=False)
    elif form == "atom" and result.feed is not None:
        body = feeds.to_atom(result.feed, base=context.base, now=context.now)
    elif form in serializers.TABLES and result.rows is not None:
        body = serializers.TABLES[form](result.view[result.rows])
    elif form in result.files:
        body = result.files[form]()
    else:
        raise HTTPException(404 if "form" in context.path else 406, f"this page is not available as {form}")
    headers = {"cache-control": _FOR_EVER if result.etag and form != "html" else "no-cache", "vary": "accept"}
    if result.reload_seconds is not None:  # as a header: a reader of the page meets no tag that reloads it
        headers["refresh"] = str(result.reload_seconds)
    following = result.view.get("next")
    if following:
        headers["link"] = f'<{context.base}{following}>; rel="next"'
    return Response(body, headers=headers, media_type=MEDIA_TYPES[form])


def _if_new(request: Request, response: Response) -> Response:
    """Return 304 if the client has this response already. The ETag is the digest of its bytes."""
    etag = f'"{sha256(bytes(response.body)).hexdigest()[:32]}"'
    response.headers["etag"] = etag
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if etag not in known and "*" not in known:
        return response
    headers = {name: response.headers[name] for name in ("etag", "cache-control", "vary") if name in response.headers}
    return Response(status_code=304, headers=headers)
