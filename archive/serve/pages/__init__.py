"""The pages, one module each: a pure ``view`` from facts to JSON values, and below it who asks for the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.serve.pages import (
    about,
    article,
    as_of,
    captures,
    cite,
    clusters,
    copies,
    diff,
    inbox,
    runs,
    search,
    sources,
)

if TYPE_CHECKING:
    from starlette.routing import Route


def routes() -> list[Route]:
    """The routes of every page."""
    modules = (inbox, article, captures, cite, diff, clusters, copies, search, sources, runs, as_of, about)
    return [route for module in modules for route in module.routes()]
