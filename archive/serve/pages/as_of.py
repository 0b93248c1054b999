"""The page of the archive as of an instant, with the version of every article at that time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse

from archive.serve import paths, wording
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.timestamps import iso, parse_past

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from starlette.responses import Response
    from starlette.routing import Route

    from archive.serve.request_context import RequestContext
    from archive.versions.absences import Absence
    from db.records import ArticleAsOf

    Json = dict[str, Any]

USUAL = 100
"""Default articles of a page."""


def row(standing: ArticleAsOf, moment: datetime, absence: Absence | None) -> Json:
    """Return an article as of an instant. ``confirmed``: it was seen both before and after.

    ``absent`` is gone, paywalled, blocked or None, ``absent_from`` its first check.
    """
    version = standing.version
    return {
        "id": standing.source_id,
        "path": paths.article(standing.source_id, version.number),
        "url": version.url,
        "outlet": wording.host(version.url),
        "group": standing.group,
        "title": version.title,
        "version": version.number,
        "first_seen_at": iso(version.first_seen_at),
        "last_seen_at": iso(version.last_seen_at),
        "confirmed": version.last_seen_at >= moment,
        "absent": absence.kind if absence else None,
        "absent_from": iso(absence.since) if absence else None,
        "absent_said": wording.absence(absence.kind) if absence else None,
        "text_sha256": version.text_sha256,
    }


def view(
    articles: Sequence[ArticleAsOf], moment: datetime, following: str | None, absences: Mapping[int, Absence]
) -> Json:
    """Return the page as JSON values."""
    return {
        "title": "The archive as of",
        "at": iso(moment),
        "articles": [row(standing, moment, absences.get(standing.source_id)) for standing in articles],
        "next": following,
    }


def answer(context: RequestContext, moment: datetime, *, template: str | None) -> PageResult:
    """Answer with a page of the archive as of an instant. Raises BadInput."""
    paging = context.paging(usual=USUAL)
    listing = context.archive.articles_at(moment, after=paging.behind_text, limit=paging.limit)
    unseen = [article.source_id for article in listing.rows if article.version.last_seen_at < moment]
    absences = context.archive.absences_at(moment, unseen)
    articles = view(listing.rows, moment, context.following(listing.next_key), absences)
    return PageResult(view=articles, template=template, rows="articles")


def show(context: RequestContext) -> PageResult:
    """Answer with the archive as of the instant in the path. Raises BadInput."""
    moment = parse_past(context.path["instant"], now=context.now)
    return answer(context, moment, template="standing.html")


def choose(context: RequestContext) -> Response:
    """Redirect to the page of the instant in the form. Raises BadInput."""
    moment = parse_past(context.query.get("when") or "now", now=context.now)
    return RedirectResponse(paths.as_of(iso(moment.replace(microsecond=0))), 303)


def routes() -> list[Route]:
    """Return the routes of the page of an instant, and of the form that leads to it."""
    return [page(paths.AS_OF, choose)[0], *page(paths.AS_OF_INSTANT, show)[::-1]]
