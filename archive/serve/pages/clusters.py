"""Every group of copies, each at its probable original: who had it, who has it too, and how much later."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from archive.api.related_copies import NEIGHBOURS, related_copies
from archive.serve.pages.copies import members_of
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from db.queries import links, source_health, sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import Route

    from archive.api.related_copies import RelatedCopies
    from archive.serve.request_context import RequestContext
    from db.records import Source

    Json = dict[str, Any]

USUAL = 25
"""Groups of a page."""

LOOKED_AT = 400
"""Articles looked at for one page, by address: 0.05 s where none has copies."""

WEIGHED = 4_000
"""What putting together the groups of one page may weigh, and ``_BASE`` what each weighs at least, beside its links
times its neighbours': 0.1 ms each. One group alone may weigh more: with 450 members 0.7 s."""

_BASE = 17


def row(source: Source, members: Sequence[Json]) -> Json:
    """A group as JSON values."""
    original = next(each for each in members if each["original"])
    return {
        "id": source.id,
        "path": f"/g/{source.id}",
        "url": source.url,
        "outlet": original["outlet"],
        "title": original["title"],
        "at": original["at"],
        "count": len(members),
        "outlets": len({each["outlet"] for each in members}),
        "members": list(members),
    }


def view(rows: Sequence[Json], following: str | None) -> Json:
    """The page as JSON values."""
    return {"title": "Copies", "clusters": list(rows), "next": following}


def show(at: RequestContext) -> PageResult:
    """Answer the groups, by the address of their probable original; one page may have few, and still a next.

    With ``since`` and ``until`` only those of which a member was first seen in that time. Raises BadInput.
    """
    asked = at.paging(usual=USUAL)
    since, until = at.moment("since"), at.moment("until", end=True)
    found, behind = _groups(at, asked.behind_text, asked.limit)
    rows = [each for each in found if _seen_between(each, since, until)]
    return PageResult(view=view(rows, at.following(behind)), template="groups.html", rows="clusters")


def _seen_between(group: Json, since: datetime | None, until: datetime | None) -> bool:
    seen = [datetime.fromisoformat(each["first_seen_at"]) for each in group["members"] if each["first_seen_at"]]
    in_time = any((since is None or at >= since) and (until is None or at <= until) for at in seen)
    return in_time or (since is None and until is None)


def _groups(at: RequestContext, after: str, limit: int) -> tuple[list[Json], str | None]:
    """A page of groups, and behind which address to go on; None: there is nothing more."""
    looked = source_health.last_states(at.ask, after=after, limit=LOOKED_AT)
    rows: list[Json] = []
    known: dict[str, RelatedCopies] = {}  # by the address of each member: a group is put together once a page
    weighed = 0
    for place, each in enumerate(looked):
        source = sources.by_id(at.ask, each.source_id)
        if source.url not in known:
            copied = sum(link.relation.is_copy for link in links.of_sources(at.ask, [source.id]))
            weight = (_BASE + copied * min(copied, NEIGHBOURS)) * bool(copied)
            if weighed and weighed + weight > WEIGHED:
                return rows, looked[place - 1].url_key
            weighed += weight
            family = related_copies(at.archive, source) if copied else None
            known |= {ref.url: family for ref in family.cluster.members} if family and family.cluster else {}
        if source.url in known:
            rows += _told_at(source, known[source.url])
        if len(rows) == limit:
            return rows, each.url_key
    return rows, looked[-1].url_key if len(looked) == LOOKED_AT else None


def _told_at(source: Source, family: RelatedCopies) -> list[Json]:
    """The group, at its probable original: each is told once."""
    original = family.cluster.original.url if family.cluster else ""
    return [row(source, members_of(family))] if original == source.url else []


def routes() -> list[Route]:
    """The groups."""
    return page("/g", show)
