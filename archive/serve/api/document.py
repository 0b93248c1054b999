"""The description of the interface, OpenAPI 3.1; a test holds every answer to it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from archive.api.query_parser import SYNTAX
from archive.serve.api.schemas import one_of, schemas, shape
from archive.serve.pagination import MOST

Json = dict[str, Any]

_PARAMETERS: dict[str, tuple[str, str]] = {
    "after": ("text", "the key of the page, from next"),
    "limit": ("count", "rows of a page"),
    "source": ("count", "only of the source with this id"),
    "since": ("text", "only from this instant on (also: a day, 7d)"),
    "until": ("text", "only up to this instant"),
    "kind": ("text", "only changes (of a list of runs: runs) of this kind"),
    "group": ("text", "only of this group of the seed index, or of the seed with this key"),
    "at": ("text", "as the web stood at this instant"),
    "q": ("text", f"what to search for: {SYNTAX}"),
    "gone": ("text", "1: only what an article no longer says"),
    "with": ("count", "the id of the other article of the pair shown side by side"),
    "v": ("count", "the number of the version to read"),
}
_BOUNDS = {"limit": {"minimum": 1, "maximum": MOST}}
_WINDOW = "after limit source since until kind"
_TWO_TEXTS = {"a": "digest", "b": "digest"}

_PATHS: dict[str, Json] = {
    "sources": {
        "says": "What is watched, by address, each with its last checks",
        "rows": "sources=Source*",
        "takes": "after limit group",
    },
    "sources/{id}": {"says": "One source", "one": "Source", "path": {"id": "count"}},
    "articles": {
        "says": "The whole archive as of an instant, by address",
        "rows": "articles=ArticleAsOf* at",
        "takes": "after limit at",
    },
    "articles/{id}": {
        "says": "One article: its text, versions, states, copies",
        "one": "Article",
        "takes": "v",
        "path": {"id": "count"},
    },
    "versions": {"says": "Versions, the newest first sight first", "rows": "versions=Change*", "takes": _WINDOW},
    "changes": {"says": "Versions that changed another, the newest first", "rows": "changes=Change*", "takes": _WINDOW},
    "snapshots": {
        "says": "Every capture of one source, in the order of time",
        "rows": "snapshots=Snapshot*",
        "takes": "after limit source since until",
        "needs": "source",
    },
    "texts/{sha256}": {"says": "A text by its digest; it never changes", "one": "Text", "path": {"sha256": "digest"}},
    "diffs/{a}..{b}": {
        "says": "How one text became another, with moves; it never changes",
        "one": "Diff",
        "path": _TWO_TEXTS,
    },
    "passages/{a}..{b}": {"says": "What two texts share, compared now", "one": "Passages", "path": _TWO_TEXTS},
    "clusters": {
        "says": "Every group of copies, by the address of its probable original",
        "rows": "clusters=Group*",
        "takes": "after limit since until",
    },
    "clusters/{id}": {
        "says": "The copies around one article, and who had it first",
        "one": "Cluster",
        "takes": "with",
        "path": {"id": "count"},
    },
    "search": {
        "says": "Versions with words, best first, and from when to when they stood",
        "rows": "hits=Hit* q searched_as articles whole",
        "takes": "q after limit since until kind at gone",
        "needs": "q",
    },
    "runs": {"says": "What ran, the newest first", "rows": "runs=Run*", "takes": "after limit since until kind"},
}
"""Every path of the interface: what it ``says``, the ``rows`` of its list or the ``one`` thing it answers, what it
``takes`` behind the question mark and ``needs`` of that, and what stands in the ``path``."""


def document(base: str) -> Json:
    """The whole description, of the server at ``base``."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "wirecopy",
            "version": version("wirecopy"),
            "summary": "What changed in the news, when, and who copied whom.",
            "description": "Read-only. Errors are application/problem+json with a hint. Lists are paged by keys.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base}],
        "paths": _paths(),
        "components": {"schemas": schemas()},
    }


def _paths() -> Json:
    return {f"/api/v1/{path}": {"get": _get(**operation)} for path, operation in _PATHS.items()}


def _get(
    *, says: str, rows: str = "", one: str = "", takes: str = "", needs: str = "", path: Json | None = None
) -> Json:
    """A path that is read."""
    path_parameters = [
        {"name": name, "in": "path", "required": True, "schema": one_of(kind)} for name, kind in (path or {}).items()
    ]
    query_parameters = [_parameter(name, needed=name == needs) for name in takes.split()]
    answer = shape(f"{rows} next?") if rows else one_of(one)
    problem = {"content": {"application/problem+json": {"schema": one_of("Problem")}}}
    return {
        "summary": says,
        "parameters": [*path_parameters, *query_parameters],
        "responses": {
            "200": {"description": says, "content": {"application/json": {"schema": answer}}},
            "304": {"description": "The answer is still that of If-None-Match"},
            "400": {"description": "A parameter cannot be used"} | problem,
            "404": {"description": "Not archived"} | problem,
        },
    }


def _parameter(name: str, *, needed: bool) -> Json:
    kind, description = _PARAMETERS[name]
    schema = one_of(kind) | _BOUNDS.get(name, {})
    return {"name": name, "in": "query", "required": needed, "description": description, "schema": schema}
