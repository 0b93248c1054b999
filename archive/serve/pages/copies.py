"""Who copied whom: lanes over time, who had it first and why, and two texts side by side with swapped words marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.api import serialize
from archive.api.related_copies import related_copies
from archive.api.version_ref import Ref
from archive.serve import charts, wording
from archive.serve.bounded_diff import check_judged_in_time
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.serve.side_by_side import Pair, named, side_by_side
from archive.timestamps import iso
from db.errors import NotArchived
from db.queries import sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.routing import Route

    from archive.api.related_copies import RelatedCopies
    from archive.serve.request_context import RequestContext
    from db.records import Link, Relation, Source, VersionRef

    Json = dict[str, Any]

_BY = {"published": "by the dates both declare", "first_seen": "by when we first saw them", "mixed": "at most"}


def copy_row(family: RelatedCopies, ref: VersionRef, place: int) -> Json:
    """A member of a cluster: where and when it was seen, and how much of it the probable original holds."""
    cluster = family.cluster
    original = cluster.original if cluster else ref
    link = _between(cluster.links, original.url, ref.url) if cluster else None
    shared = None if link is None else link.coverage[0 if link.a.url == ref.url else 1]
    lag = cluster.lags[place] if cluster and cluster.lags else None
    at = ref.published_at if _declared(ref) else ref.first_seen_at
    source_id = family.ids.get(ref.url)
    return {
        "id": source_id,
        "path": f"/a/{source_id}" if source_id else None,
        **named(ref),
        "at": iso(at) if at else None,
        "at_by": "its own date" if _declared(ref) else "first seen by us",
        "first_seen_at": iso(ref.first_seen_at) if ref.first_seen_at else None,
        "published_at": iso(ref.published_at) if ref.published_at else None,
        "byline": ref.byline,
        "original": ref == original,
        "relation": str(link.relation) if link else None,
        "shared": None if shared is None else round(shared, 4),
        "shared_said": "" if shared is None else f"{shared:.0%}",
        "lag": None if lag is None else {"seconds": lag.seconds, "by": lag.by, "said": wording.lag(lag.seconds)},
        "lag_by": None if lag is None else _BY[lag.by],
        "residue": [line[3:] for line in link.residue if line[:1] == ("a" if link.a.url == ref.url else "b")]
        if link
        else [],
        "translated": bool(link and link.translated),
    }


def members_of(family: RelatedCopies) -> list[Json]:
    """The members of a cluster in the order of time; none where there is no cluster."""
    cluster = family.cluster
    members = [copy_row(family, ref, place) for place, ref in enumerate(cluster.members)] if cluster else []
    return sorted(members, key=lambda row: (row["at"] or "", row["url"]))


def _declared(ref: VersionRef) -> bool:
    """True where the page's own date can be believed: it does not lie after our first sight of the page."""
    seen = ref.first_seen_at
    return ref.published_at is not None and (seen is None or ref.published_at <= seen)


def _between(links: Sequence[Link], one: str, other: str) -> Link | None:
    found = [link for link in links if {link.a.url, link.b.url} == {one, other}]
    return max(found, key=lambda link: link.score, default=None)


def view(source: Source, family: RelatedCopies, pair: Pair | None) -> Json:
    """The page as JSON values."""
    cluster = family.cluster
    members = members_of(family)
    outlets = len({row["outlet"] for row in members})
    related = [_related(link, source, family) for link in _others(family, source)]
    said = f"{wording.many(len(members), 'article')} of {wording.many(outlets, 'outlet')} over time"
    return {
        "id": source.id,
        "path": f"/g/{source.id}",
        "article": f"/a/{source.id}",
        "url": source.url,
        "title": (cluster.original.title if cluster else "") or source.url,
        "summary": f"{said}. The table below says the same in words.",
        "members": members,
        "original": next((row for row in members if row["original"]), None),
        "credited": cluster.credited if cluster else None,
        "reasons": list(cluster.reasons) if cluster else [],
        "labels": [serialize.label(each) for each in cluster.labels] if cluster else [],
        "pair": None if pair is None else side_by_side(pair, family.ids),
        "pairs": steps(members, related, pair, source),
        "related": related,
        "whole": family.whole,
    }


def steps(members: Sequence[Json], related: Sequence[Json], pair: Pair | None, source: Source) -> list[Json]:
    """The pairs to step through, one of them ``chosen``: the probable original with every copy in the order of time.

    Where another pair is shown, those of this article with its relatives outside of the group.
    """
    shown = {pair.link.a.url, pair.link.b.url} if pair else set()
    first = next((row for row in members if row["original"] and row["id"]), None)
    copied = [row for row in members if row is not first and row["id"]] if first else []
    told = [
        _step(f"/g/{first['id']}?with={row['id']}", row, chosen=shown == {first["url"], row["url"]})
        for row in copied
        if first
    ]
    if any(each["chosen"] for each in told):
        return told
    others = [_step(row["pair"], row, chosen=shown == {source.url, row["url"]}) for row in related]
    return others if any(each["chosen"] for each in others) else told


def _step(path: str, row: Json, *, chosen: bool) -> Json:
    said = row.get("shared_said") or wording.relation(row["relation"] or "")
    return {"path": f"{path}#pair", "outlet": row["outlet"], "title": row["title"], "said": said, "chosen": chosen}


def _others(family: RelatedCopies, source: Source) -> list[Link]:
    """The closest link to each article outside of the cluster."""
    inside = {ref.url for ref in family.cluster.members} if family.cluster else {source.url}
    best: dict[str, Link] = {}
    for link in sorted(family.links, key=lambda link: (not link.relation.is_copy, -link.score)):
        other = link.b.url if link.a.url == source.url else link.a.url
        if other not in inside and (other not in best or link.score > best[other].score):
            best[other] = link
    return list(best.values())


def _related(link: Link, source: Source, family: RelatedCopies) -> Json:
    other = link.b if link.a.url == source.url else link.a
    source_id = family.ids.get(other.url)
    return {
        "id": source_id,
        "path": f"/a/{source_id}",
        "pair": f"/g/{source.id}?with={source_id}",
        "url": other.url,
        "outlet": wording.host(other.url),
        "title": other.title,
        "relation": str(link.relation),
        "score": round(link.score, 4),
        "because": link.because,
        "at": iso(other.first_seen_at) if other.first_seen_at else None,
    }


# --- asking ----------------------------------------------------------------------------------------------------------


def show(at: RequestContext) -> PageResult:
    """Answer the copies around one article; ``with`` is the other article of the pair shown side by side."""
    from archive.serve.pages.parameters import number_of, source_of

    source = source_of(at)
    family = related_copies(at.archive, source)
    shown = view(source, family, _pair(at, source, family, number_of(at.query.get("with", ""))))
    drawn = {"lanes": charts.lanes(shown), "threads": charts.threads(shown["pair"]) if shown["pair"] else ""}
    return PageResult(view=shown, template="copies.html", rows="members", drawn=drawn)


def _pair(at: RequestContext, source: Source, family: RelatedCopies, other: int | None) -> Pair | None:
    """The pair that was asked for, else the probable original and this article, else its closest link."""
    if other is not None:
        found = sources.history_root(at.ask, other) if other != source.id else None
        link = found and (_between(family.links, source.url, found.url) or _judged(at, source, found))
        if not link:
            raise NotArchived(f"there is no other article {other} to compare {source.url} with")
    else:
        link = _usual(source, family)
    if link is None:
        return None
    a, b = (at.archive.text_by_digest(ref.text_sha256) for ref in (link.a, link.b))
    return Pair(link=link, a=a, b=b)


def _usual(source: Source, family: RelatedCopies) -> Link | None:
    cluster = family.cluster
    if cluster is not None and cluster.original.url != source.url:
        direct = _between(family.links, cluster.original.url, source.url)
        if direct is not None:
            return direct
    copied = [link for link in family.links if link.relation.is_copy]
    return max(copied, key=lambda link: link.score, default=None)


def _judged(at: RequestContext, source: Source, other: Source) -> Link:
    """The two newest texts compared now; where the pair is not linked, that is told as such."""
    from db.records import Link, Relation, VersionRef

    one, two = (at.archive.version(Ref(url=each.url)) for each in (source, other))
    one, two = sorted((one, two), key=lambda each: (each.dated_at or each.first_seen_at, each.url))
    check_judged_in_time(at.archive.text(one), at.archive.text(two))
    _, _, judged = at.archive.judge(one, two)
    relation: Relation = judged.relation or Relation.POSSIBLE
    return Link(
        a=VersionRef.of(one),
        b=VersionRef.of(two),
        relation=relation,
        score=judged.score,
        coverage=judged.coverage,
        passages=judged.passages,
        because=judged.because if judged.relation else f"not linked: {judged.because}",
        longest_run=judged.longest_run,
        residue=judged.residue,
        method=judged.method,
    )


def routes() -> list[Route]:
    """The copies around one article, known by its id, which every member of a cluster has of its own."""
    return page("/g/{id:int}", show)
