"""The page of the audit: who labelled, deleted, held, or changed what is watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

from archive.api import serialize_access
from archive.serve import paths
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from db.records import Role

if TYPE_CHECKING:
    from starlette.routing import Route

    from archive.serve.request_context import RequestContext

USUAL: Final = 100
"""Default changes of a page."""


def show(context: RequestContext) -> PageResult:
    """Answer with the changes that people made, newest first, to people who manage."""
    if not context.identity.may(Role.MANAGE):
        raise HTTPException(403, "the audit needs the role manage")
    paging = context.paging(usual=USUAL)
    place = paging.behind_place
    listing = context.archive.audit(before=place[1] if place else None, limit=paging.limit)
    rows = [serialize_access.audit_entry(entry) | {"who": serialize_access.who(entry.actor)} for entry in listing.rows]
    key = None if listing.next_key is None else [0, listing.next_key]
    view = {"title": "Who changed what", "audit": rows, "next": context.following(key)}
    return PageResult(view=view, template="audit.html", rows="audit")


def routes() -> list[Route]:
    """Return the routes of the audit."""
    return page(paths.AUDIT, show)
