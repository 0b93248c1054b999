"""The page about the interfaces for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.serve.api.document import document
from archive.serve.request_context import PageResult
from archive.serve.responses import page

if TYPE_CHECKING:
    from starlette.routing import Route

    from archive.serve.request_context import RequestContext

    Json = dict[str, Any]

_FORMS = (
    (".json", "the data of a page"),
    (".csv", "its list for spreadsheets, without formulas"),
    (".ndjson", "its list, one JSON object a line"),
    (".parquet", "its list for DuckDB, Polars and pandas, where pyarrow is installed"),
    (".atom", "its list as a feed: the inbox, an article, a search"),
    (".patch, .svg", "a change as a unified diff, and as a picture to share"),
)


def view(description: Json, base: str) -> Json:
    """Return the page as JSON values."""
    operations = [
        {"path": path, "summary": path_item["get"]["summary"], "description": path_item["get"].get("description", "")}
        for path, path_item in description["paths"].items()
    ]
    return {
        "title": "For programs",
        "base": base,
        "openapi": "/openapi.json",
        "forms": [{"ending": ending, "what": what} for ending, what in _FORMS],
        "operations": operations,
    }


def show(context: RequestContext) -> PageResult:
    """Answer with the description of the interfaces."""
    return PageResult(view=view(document(context.base), context.base), template="about.html", rows="operations")


def routes() -> list[Route]:
    """Return the routes of the page about the interface."""
    return page("/about/api", show)
