"""Permanent redirects from the short addresses that pages had at first, so that old links and bookmarks work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

MOVED = {"/a": "/articles", "/g": "/copies", "/s": "/sources", "/at": "/as-of"}
"""New prefixes of paths by old prefix. The rest of a path stays unchanged."""


def _redirect(request: Request) -> Response:
    """Redirect with status 308, which keeps the method of a form. Path and query stay percent-encoded as they came."""
    path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
    old = next(old for old in MOVED if path == old or path.startswith((f"{old}/", f"{old}.")))
    query = request.url.query
    return RedirectResponse(f"{MOVED[old]}{path.removeprefix(old)}{f'?{query}' if query else ''}", 308)


def routes() -> list[Route]:
    """Return the routes of the old addresses: pages, their other formats, and paths below them.

    There never was a page of all articles, at ``/a``.
    """
    endings = ("", ".{form:form}", "/{rest:path}")
    addresses = [f"{old}{ending}" for old in MOVED for ending in endings if old != "/a" or ending == endings[-1]]
    return [Route(address, _redirect, methods=["GET", "POST"]) for address in addresses]
