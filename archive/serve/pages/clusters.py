"""The page of all groups of copies, each with its probable original, its copies and their delays."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from archive.serve import paths, wording
from archive.serve.pages.copies import members_of
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import Route

    from archive.api.related_copies import CopyGroup
    from archive.serve.request_context import RequestContext

    Json = dict[str, Any]

USUAL = 25
"""Default groups of a page."""


def row(group: CopyGroup) -> Json:
    """Return a group as JSON values."""
    members = members_of(group.cluster, group.ids)
    original = next(member for member in members if member["original"])
    return {
        "id": group.source.id,
        "path": paths.copies(group.source.id),
        "url": group.source.url,
        "outlet": original["outlet"],
        "title": original["title"],
        "at": original["at"],
        "newest_at": iso(group.newest_at),
        "standing": group.cluster.standing,
        "certainty": group.cluster.certainty,
        "standing_said": wording.standing(group.cluster.standing, group.cluster.certainty),
        "count": len(members),
        "outlets": len({member["outlet"] for member in members}),
        "members": members,
    }


def view(rows: Sequence[Json], following: str | None) -> Json:
    """Return the page as JSON values."""
    return {"title": "Copies", "clusters": list(rows), "next": following}


def show(context: RequestContext) -> PageResult:
    """Answer with the groups, that with the newest member first. A page may have few although there is a next.

    ``since`` and ``until``: only groups with a member first seen in that period. Raises BadInput.
    """
    paging = context.paging(usual=USUAL)
    since, until = context.moment("since"), context.moment("until", end=True)
    listing = context.archive.copy_groups(after=paging.behind_place, limit=paging.limit)
    rows = [group for group in map(row, listing.rows) if _is_seen_between(group, since, until)]
    following = context.following(list(listing.next_key) if listing.next_key else None)
    return PageResult(view=view(rows, following), template="groups.html", rows="clusters")


def _is_seen_between(group: Json, since: datetime | None, until: datetime | None) -> bool:
    moments = [
        datetime.fromisoformat(member["first_seen_at"]) for member in group["members"] if member["first_seen_at"]
    ]
    in_time = any((since is None or moment >= since) and (until is None or moment <= until) for moment in moments)
    return in_time or (since is None and until is None)


def routes() -> list[Route]:
    """Return the routes of the groups."""
    return page(paths.COPIES, show)
