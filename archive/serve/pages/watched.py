"""The pages of the seed index: what is watched, a form for one row, and a form to add addresses.

Nothing here visits or writes. The forms are in ``archive.serve.watch_forms``.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException

from archive.api import seed_index
from archive.serve import paths
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from db.errors import NotArchived, SeedError
from db.records import Role

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.routing import Route

    from archive.api.seed_index import IndexPage, IndexRow
    from archive.serve.request_context import RequestContext

    Json = dict[str, Any]

DEFAULT_GROUP: Final = "added"
"""The group of new rows in an index without groups, as `wirecopy add` has it."""

_LONGEST_ADDRESS: Final = 2_000


def index_of(context: RequestContext) -> Path:
    """Return the path of the seed index. Raises a 404 for a server that has none."""
    index = context.state.project.index
    if index is None:
        raise HTTPException(404, "this server shows an archive without its seed index")
    return index


def box(context: RequestContext, text: str = "") -> Json | None:
    """Return the values of the form that adds addresses; None for who may not, or where the server cannot."""
    project, identity = context.state.project, context.identity
    if project.index is None or project.look is None or not identity.form_token or not identity.may(Role.MANAGE):
        return None
    index = readable_index(context)
    groups = index.groups if index else ()
    return {
        "groups": list(groups),
        "group": next(iter(groups), DEFAULT_GROUP),
        "text": text,
        "has_contact": project.has_contact(),
        "bookmarklet": bookmarklet(context.base),
    }


def readable_index(context: RequestContext) -> IndexPage | None:
    """Return the seed index for a page that is not about it: None if there is none, or it cannot be read."""
    path = context.state.project.index
    if path is None:
        return None
    try:
        return seed_index.read_page(path)
    except SeedError:
        return None


def bookmarklet(base: str) -> str:
    """Return a link for the bar of a browser: it opens the form with the address of the page one reads."""
    address = f"{base}{paths.WATCHED_ADD}?url=".replace("'", "%27")
    return f"javascript:location.href='{address}'+encodeURIComponent(location.href)"


def show(context: RequestContext) -> PageResult:
    """Answer with the rows of the seed index by group, and its mistakes. Raises SeedError."""
    path = index_of(context)
    index = seed_index.read_page(path)
    ordered = sorted(index.rows, key=lambda row: row.group)
    view = {
        "title": "Watched",
        "file": path.name,
        "rows": [row_json(row) for row in index.rows],
        "groups": [{"name": name, "rows": [row_json(row) for row in rows]} for name, rows in _by_group(ordered)],
        "complaints": [_complaint(index, number) for number in range(len(index.complaints))],
        "problem": index.problem,
        "box": box(context),
        "may_manage": context.identity.may(Role.MANAGE),
    }
    return PageResult(view=view, template="watched.html", rows="rows")


def _by_group(rows: list[IndexRow]) -> list[tuple[str, list[IndexRow]]]:
    return [(name, list(members)) for name, members in groupby(rows, key=lambda row: row.group)]


def _complaint(index: IndexPage, number: int) -> Json:
    mistake = index.complaints[number]
    return {
        "line": mistake.line,
        "problem": mistake.problem,
        "expected": mistake.expected,
        "example": mistake.example,
    }


def row_json(row: IndexRow) -> Json:
    """Return a row as JSON values."""
    return {
        "key": row.key,
        "group": row.group,
        "name": row.name,
        "url": row.url,
        "kind": row.kind,
        "every": row.every,
        "note": row.note,
        "line": row.line,
        "paused": row.is_paused,
    }


def show_row(context: RequestContext) -> PageResult:
    """Answer with the form of one row, named by ``seed``. Raises NotArchived, SeedError."""
    index = seed_index.read_page(index_of(context))
    row = index.row(context.query.get("seed", ""))
    try:
        source_id = context.archive.source(row.url).id if row.kind != "file" else None
    except NotArchived:
        source_id = None
    view = {
        "title": row.name,
        "row": row_json(row),
        "digest": index.digest,
        "problem": index.problem,
        "kinds": seed_index.kinds(),
        "groups": [group for group in index.groups if group != row.group],
        "article": None if source_id is None else paths.article(source_id),
        "can_check": context.state.project.check is not None and row.kind != "file",
        "may_manage": context.identity.may(Role.MANAGE),
    }
    return PageResult(view=view, template="watched_row.html")


def show_form(context: RequestContext) -> PageResult:
    """Answer with the form that adds addresses, filled in with ``url``. It visits nothing before it is sent."""
    index_of(context)
    text = context.query.get("url", "")[:_LONGEST_ADDRESS]
    return PageResult(view={"title": "Watch an address", "box": box(context, text)}, template="watched_add.html")


def routes() -> list[Route]:
    """Return the routes of these pages."""
    return [*page(paths.WATCHED, show), *page(paths.WATCHED_ROW, show_row), *page(paths.WATCHED_ADD, show_form)[:1]]
