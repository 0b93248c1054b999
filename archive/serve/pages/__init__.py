"""The pages, one module each: a pure ``view`` from facts to JSON values, and below it who asks for the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.serve.pages import (
    about,
    article,
    captures,
    cite,
    copies,
    diff,
    groups,
    inbox,
    runs,
    search,
    sources,
    standing,
)

if TYPE_CHECKING:
    from starlette.routing import Route


def routes() -> list[Route]:
    """The routes of every page."""
    modules = (inbox, article, captures, cite, diff, groups, copies, search, sources, runs, standing, about)
    return [route for module in modules for route in module.routes()]
