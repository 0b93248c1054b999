"""The OpenAPI 3.1 description of the HTTP API. A test validates every response against it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from archive.api.query_parser import SYNTAX
from archive.serve.api.schemas import one_of, schemas, shape
from archive.serve.pagination import MOST

Json = dict[str, Any]

_PARAMETERS: dict[str, tuple[str, str]] = {
    "after": ("text", "key of the page, from next"),
    "limit": ("count", "most rows of a page"),
    "source": ("count", "only the source with this id"),
    "since": ("text", "only from this instant on (also: a day, or 7d)"),
    "until": ("text", "only up to this instant"),
    "kind": ("text", "only changes (or runs) of this kind"),
    "group": ("text", "only this group of the seed index, or the seed with this key"),
    "at": ("text", "only versions current at this instant"),
    "q": ("text", f"what to search for: {SYNTAX}"),
    "gone": ("text", "1: only text that an article no longer has"),
    "with": ("count", "id of the other article of a pair, for the comparison side by side"),
    "v": ("count", "number of the version"),
}
_BOUNDS = {"limit": {"minimum": 1, "maximum": MOST}}
_WINDOW = "after limit source since until kind"
_TWO_TEXTS = {"a": "digest", "b": "digest"}

_PATHS: dict[str, Json] = {
    "sources": {
        "says": "Sources by address, each with its last checks",
        "rows": "sources=Source*",
        "takes": "after limit group",
    },
    "sources/{id}": {"says": "One source", "gives": "Source", "path": {"id": "count"}},
    "articles": {
        "says": "The whole archive as of an instant, by address",
        "rows": "articles=ArticleAsOf* at",
        "takes": "after limit at",
    },
    "articles/{id}": {
        "says": "One article: its text, versions, states, copies",
        "gives": "Article",
        "takes": "v",
        "path": {"id": "count"},
    },
    "versions": {"says": "Versions by first sight, newest first", "rows": "versions=Change*", "takes": _WINDOW},
    "changes": {"says": "Changes, newest first", "rows": "changes=Change*", "takes": _WINDOW},
    "events": {
        "says": "Everything worth telling, newest first: edits, pages gone or back, copies, broken lists, failed runs",
        "rows": "events=Event*",
        "takes": "after limit source since until kind",
    },
    "snapshots": {
        "says": "Captures of one source, oldest first",
        "rows": "snapshots=Snapshot*",
        "takes": "after limit source since until",
        "needs": "source",
    },
    "texts/{sha256}": {
        "says": "A text by its digest; it never changes",
        "gives": "Text",
        "path": {"sha256": "digest"},
    },
    "diffs/{a}..{b}": {
        "says": "Differences of two texts, with moves; it never changes",
        "gives": "Diff",
        "path": _TWO_TEXTS,
    },
    "passages/{a}..{b}": {
        "says": "Passages shared by two texts, compared now",
        "gives": "Passages",
        "path": _TWO_TEXTS,
    },
    "clusters": {
        "says": "Groups of copies, that with the newest member first",
        "rows": "clusters=Group*",
        "takes": "after limit since until",
    },
    "clusters/{id}": {
        "says": "Copies of one article, and the probable original",
        "gives": "Cluster",
        "takes": "with",
        "path": {"id": "count"},
    },
    "search": {
        "says": "Versions that match a query, best first, with the period they were online",
        "rows": "hits=Hit* q searched_as articles whole",
        "takes": "q after limit since until kind at gone",
        "needs": "q",
    },
    "outlets": {
        "says": "Outlets and what they do: edits, corrections, disappearances, copies; shares with 95 % intervals",
        "rows": "outlets=Outlet* months=Outlet* flows=Flow* whole",
        "takes": "since until",
    },
    "outlets/{outlet}": {
        "says": "One outlet by month, and whom it copies or is copied by",
        "rows": "months=Outlet* outlets=Outlet* flows=Flow* whole",
        "takes": "since until",
        "path": {"outlet": "text"},
    },
    "runs": {"says": "Runs, newest first", "rows": "runs=Run*", "takes": "after limit since until kind"},
}
"""Paths of the API. ``says``: summary. ``rows``: shape of a list. ``gives``: schema of one object. ``takes``: query
parameters. ``needs``: the required one. ``path``: path parameters."""


def document(base: str) -> Json:
    """Return the OpenAPI description for the server at ``base``."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "wirecopy",
            "version": version("wirecopy"),
            "summary": "What changed in the news, when, and who copied whom.",
            "description": "Read-only. Errors are application/problem+json with a hint. Lists have keyset pagination.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base}],
        "paths": _paths(),
        "components": {"schemas": schemas()},
    }


def _paths() -> Json:
    return {f"/api/v1/{path}": {"get": _get(**operation)} for path, operation in _PATHS.items()}


def _get(
    *, says: str, rows: str = "", gives: str = "", takes: str = "", needs: str = "", path: Json | None = None
) -> Json:
    """Return the GET operation of a path."""
    path_parameters = [
        {"name": name, "in": "path", "required": True, "schema": one_of(kind)} for name, kind in (path or {}).items()
    ]
    query_parameters = [_parameter(name, needed=name == needs) for name in takes.split()]
    schema = shape(f"{rows} next?") if rows else one_of(gives)
    problem = {"content": {"application/problem+json": {"schema": one_of("Problem")}}}
    return {
        "summary": says,
        "parameters": [*path_parameters, *query_parameters],
        "responses": {
            "200": {"description": says, "content": {"application/json": {"schema": schema}}},
            "304": {"description": "Not modified since If-None-Match"},
            "400": {"description": "A parameter is invalid"} | problem,
            "404": {"description": "Not archived"} | problem,
        },
    }


def _parameter(name: str, *, needed: bool) -> Json:
    kind, description = _PARAMETERS[name]
    schema = one_of(kind) | _BOUNDS.get(name, {})
    return {"name": name, "in": "query", "required": needed, "description": description, "schema": schema}
