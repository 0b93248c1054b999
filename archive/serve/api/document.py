"""The description of the interface, OpenAPI 3.1; a test holds every answer to it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from archive.search import SYNTAX
from archive.serve.api.schemas import COUNT, DIGEST, NEXT, TEXT, WHEN, YES, many, of, one_of, schemas
from archive.serve.paging import MOST

Json = dict[str, Any]

_LIMIT = {"type": "integer", "minimum": 1, "maximum": MOST}
_PARAMETERS: dict[str, tuple[str, Json]] = {
    "after": ("the key of the page, from next", TEXT),
    "limit": ("rows of a page", _LIMIT),
    "source": ("only of the source with this id", COUNT),
    "since": ("only from this instant on (also: a day, 7d)", TEXT),
    "until": ("only up to this instant", TEXT),
    "kind": ("only changes of this kind", TEXT),
    "group": ("only of this group of the seed index, or of the seed with this key", TEXT),
    "at": ("as the web stood at this instant", TEXT),
    "q": (f"what to search for: {SYNTAX}", TEXT),
    "gone": ("1: only what an article no longer says", TEXT),
    "with": ("the id of the other article of the pair shown side by side", COUNT),
    "v": ("the number of the version to read", COUNT),
}
_NEEDED = frozenset({"q"})


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
    return {
        "/api/v1/sources": _get(
            "What is watched, by address, each with its last checks", _page("sources", "Source"), "after limit group"
        ),
        "/api/v1/sources/{id}": _get("One source", one_of("Source"), path={"id": COUNT}),
        "/api/v1/articles": _get(
            "The whole archive as of an instant, by address", _page("articles", "Standing", at=WHEN), "after limit at"
        ),
        "/api/v1/articles/{id}": _get(
            "One article: its text, versions, states, copies", one_of("Article"), "v", path={"id": COUNT}
        ),
        "/api/v1/versions": _get(
            "Versions, the newest first sight first", _page("versions", "Change"), "after limit source since until kind"
        ),
        "/api/v1/changes": _get(
            "Versions that changed another, the newest first",
            _page("changes", "Change"),
            "after limit source since until kind",
        ),
        "/api/v1/snapshots": _get(
            "Every capture of one source, in the order of time",
            _page("snapshots", "Snapshot"),
            "after limit source since until",
            needed=frozenset({"source"}),
        ),
        "/api/v1/texts/{sha256}": _get(
            "A text by its digest; it never changes", one_of("Text"), path={"sha256": DIGEST}
        ),
        "/api/v1/diffs/{a}..{b}": _get(
            "How one text became another, with moves; it never changes", one_of("Diff"), path={"a": DIGEST, "b": DIGEST}
        ),
        "/api/v1/passages/{a}..{b}": _get(
            "What two texts share, compared now", one_of("Passages"), path={"a": DIGEST, "b": DIGEST}
        ),
        "/api/v1/clusters/{id}": _get(
            "The copies around one article, and who had it first", one_of("Cluster"), "with", path={"id": COUNT}
        ),
        "/api/v1/search": _get(
            "Versions with words, best first, and from when to when they stood",
            _page("hits", "Hit", q=TEXT, searched_as=TEXT, articles=COUNT, whole=YES),
            "q after limit at gone",
        ),
        "/api/v1/runs": _get("What ran, the newest first", _page("runs", "Run"), "after limit"),
    }


def _page(name: str, shape: str, **more: Json) -> Json:
    return of(**{name: many(one_of(shape))}, next=NEXT, **more)


def _get(
    summary: str, shape: Json, query: str = "", *, path: Json | None = None, needed: frozenset[str] = _NEEDED
) -> Json:
    """A path that is read."""
    asked = [_parameter(name, needed=name in needed) for name in query.split()]
    named = [{"name": name, "in": "path", "required": True, "schema": kind} for name, kind in (path or {}).items()]
    problem = {"content": {"application/problem+json": {"schema": one_of("Problem")}}}
    return {
        "get": {
            "summary": summary,
            "parameters": [*named, *asked],
            "responses": {
                "200": {"description": summary, "content": {"application/json": {"schema": shape}}},
                "304": {"description": "The answer is still that of If-None-Match"},
                "400": {"description": "A parameter cannot be used"} | problem,
                "404": {"description": "Not archived"} | problem,
            },
        }
    }


def _parameter(name: str, *, needed: bool) -> Json:
    said, kind = _PARAMETERS[name]
    return {"name": name, "in": "query", "required": needed, "description": said, "schema": kind}
