"""The whole archive as of one instant: of every article the version that stood there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse

from archive.serve import wording
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.timestamps import iso, parse_instant
from db.queries import source_health

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from starlette.responses import Response
    from starlette.routing import Route

    from archive.serve.request_context import RequestContext
    from db.queries.source_health import ArticleAsOf

    Json = dict[str, Any]

USUAL = 100
"""Articles of a page."""


def row(each: ArticleAsOf, when: datetime) -> Json:
    """An article as it stood: its headline then, and whether the archive had seen it around that instant."""
    version = each.version
    return {
        "id": each.source_id,
        "path": f"/a/{each.source_id}?v={version.number}",
        "url": version.url,
        "outlet": wording.host(version.url),
        "group": each.group,
        "title": version.title,
        "version": version.number,
        "first_seen_at": iso(version.first_seen_at),
        "last_seen_at": iso(version.last_seen_at),
        "confirmed": version.last_seen_at >= when,
        "text_sha256": version.text_sha256,
    }


def view(found: Sequence[ArticleAsOf], when: datetime, following: str | None) -> Json:
    """The page as JSON values."""
    return {
        "title": "The archive as of",
        "at": iso(when),
        "articles": [row(each, when) for each in found],
        "next": following,
    }


def show(at: RequestContext) -> PageResult:
    """Answer what stood where at the instant in the path. Raises BadInput."""
    when = parse_instant(at.path["at"], now=at.now, end=True)
    asked = at.paging(usual=USUAL)
    found, behind = source_health.articles_as_of(at.ask, when, after=asked.behind_text, limit=asked.limit)
    return PageResult(view=view(found, when, at.following(behind)), template="standing.html", rows="articles")


def choose(at: RequestContext) -> Response:
    """Go to the page of the instant that was typed. Raises BadInput."""
    when = parse_instant(at.query.get("when") or "now", now=at.now, end=True)
    return RedirectResponse(f"/at/{iso(when.replace(microsecond=0))}", 303)


def routes() -> list[Route]:
    """The page of an instant, and the form that leads to it."""
    return [page("/at", choose)[0], *page("/at/{at}", show)[::-1]]
