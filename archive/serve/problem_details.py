"""Errors as RFC 9457 problem documents, or as a page for browsers, with a hint about what to do next."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from archive.serve.security_headers import HEADERS, content_security_policy
from db.errors import ArchiveError, BadInput, NotArchived, SeedError, StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import Scope

MEDIA_TYPE = "application/problem+json"

_STATUS: tuple[tuple[type[ArchiveError], int, str], ...] = (
    (NotArchived, 404, "Search for its address or its words: /search"),
    (BadInput, 400, "/about/api describes the parameters of each page"),
    (SeedError, 409, "Look at the list again: /watched. wirecopy check names its mistakes"),
    (StoreError, 503, "Try again in a moment; wirecopy doctor shows details"),
    (ArchiveError, 500, "Run wirecopy doctor"),
)
_HINTS = {
    404: "Start from the front page, or search: /search",
    405: "Use POST for changes and GET for everything else",
    406: "/about/api lists the formats",
    400: "/about/api describes the parameters of each page",
}


def problem(scope: Scope, status: int, detail: str, hint: str) -> Response:
    """Return the response for an error: JSON, or a page for a browser."""
    headers = HEADERS | {"cache-control": "no-store"} | (_ASK if status == HTTPStatus.UNAUTHORIZED else {})
    body = document(status, detail, hint, scope.get("path", ""))
    if not wants_html(scope):
        return JSONResponse(body, status, headers, MEDIA_TYPE)
    from archive.serve.templating import draw

    return Response(draw("problem.html", body), status, headers, "text/html")


_ASK = {"www-authenticate": 'Basic realm="wirecopy", charset="UTF-8"'}


def document(status: int, detail: str, hint: str, instance: str) -> dict[str, Any]:
    """Return the members of a problem document."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "hint": hint,
        "instance": instance,
    }


def wants_html(scope: Scope) -> bool:
    """True if the client prefers a page: a browser, on an address without a machine format."""
    path = scope.get("path", "")
    machine = path.startswith(("/api/", "/openapi", "/cdx", "/wayback/")) or path.endswith(
        (".json", ".csv", ".ndjson", ".parquet", ".atom", ".patch", ".svg")
    )
    return not machine and "text/html" in Headers(scope=scope).get("accept", "")


def handlers() -> dict[Any, Callable[[Request, Exception], Response | Awaitable[Response]]]:
    """Return Starlette's exception handlers."""
    return {HTTPException: _http, ArchiveError: _ours, Exception: _bug}


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else ""
    if status == HTTPStatus.NOT_FOUND and detail == "Not Found":
        detail = "there is no such page"
    return problem(request.scope, status, detail, _HINTS.get(status, "Start from the front page: /"))


def _ours(request: Request, error: Exception) -> Response:
    status, hint = next((status, hint) for kind, status, hint in _STATUS if isinstance(error, kind))
    return problem(request.scope, status, str(error), hint)


def _bug(request: Request, error: Exception) -> Response:
    del error  # its message may quote the archive; the server's log has the traceback
    response = problem(
        request.scope, 500, "a bug in wirecopy made this page fail", "The log of wirecopy serve has details"
    )
    # This response does not pass the middleware, which sets the policy of all others.
    public = urlsplit(request.app.state.shared.base or "").netloc
    response.headers["content-security-policy"] = content_security_policy(request.headers.get("host", ""), public)
    return response
