"""The pages, one module each: a pure ``view`` from records to JSON values, and the queries for its records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.serve.pages import (
    about,
    article,
    as_of,
    audit,
    captures,
    cite,
    clusters,
    copies,
    diff,
    events,
    evidence,
    inbox,
    jobs,
    outlets,
    pasted,
    runs,
    search,
    sources,
    watched,
)

if TYPE_CHECKING:
    from starlette.routing import Route


def routes() -> list[Route]:
    """Return the routes of all pages."""
    modules = (
        inbox,
        events,
        article,
        captures,
        cite,
        diff,
        evidence,
        clusters,
        copies,
        search,
        outlets,
        sources,
        runs,
        as_of,
        about,
        pasted,
        jobs,
        audit,
        watched,
    )
    return [route for module in modules for route in module.routes()]
