"""The page of an article's copies: members over time, the probable original, and two texts side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archive.api import serialize
from archive.api.version_ref import Ref
from archive.copies.dating import trusted
from archive.serve import charts, paths, wording
from archive.serve.bounded_diff import check_judged_in_time
from archive.serve.pages.parameters import number_of, source_of
from archive.serve.request_context import PageResult
from archive.serve.responses import page
from archive.serve.side_by_side import Pair, link_of, side_by_side, version_fields
from archive.timestamps import iso
from db.errors import NotArchived
from db.records import VersionRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.routing import Route

    from archive.api.related_copies import RelatedCopies
    from archive.serve.request_context import RequestContext
    from db.records import Cluster, Label, Lag, Link, Source

    Json = dict[str, Any]

RELATED = 120
"""Most related articles outside of the group, the closest ones. A text with more is boilerplate, not news."""

_BY = {"published": "by the dates on both pages", "first_seen": "by first sight", "mixed": "at most"}


def members_of(cluster: Cluster | None, ids: Mapping[str, int]) -> list[Json]:
    """Return the members of a cluster, the earliest first; an empty list without a cluster."""
    if cluster is None:
        return []
    original = cluster.original
    links = {_other(link, original.url): link for link in cluster.links if original.url in {link.a.url, link.b.url}}
    lags = cluster.lags or (None,) * len(cluster.members)
    rows = (
        member_row(member, lag, links.get(member.url), ids, cluster=cluster)
        for member, lag in zip(cluster.members, lags, strict=True)
    )
    return sorted(rows, key=lambda row: (row["at"] or "", row["url"]))


def member_row(
    member: VersionRef, lag: Lag | None, link: Link | None, ids: Mapping[str, int], *, cluster: Cluster
) -> Json:
    """Return a member of a cluster: its version, its time, and the share of it in the probable original.

    ``link`` is its link with the original, if any.
    """
    doubt = dict(cluster.doubtful).get(member.url)
    declared = None if doubt else trusted(member)
    moment = declared or member.first_seen_at
    side = "a" if link and link.a.url == member.url else "b"
    shared = None if link is None else link.coverage["ab".index(side)]
    source_id = ids.get(member.url)
    return {
        "id": source_id,
        "path": paths.article(source_id) if source_id else None,
        **version_fields(member),
        "at": iso(moment) if moment else None,
        "at_by": "date on the page" if declared else "first seen",
        "first_seen_at": iso(member.first_seen_at) if member.first_seen_at else None,
        "published_at": iso(member.published_at) if member.published_at else None,
        "byline": member.byline,
        "date_doubted": doubt,
        "original": member == cluster.original,
        "relation": str(link.relation) if link else None,
        "shared": None if shared is None else round(shared, 4),
        "shared_said": "" if shared is None else f"{shared:.0%}",
        "lag": None if lag is None else {"seconds": lag.seconds, "by": lag.by, "said": wording.lag(lag.seconds)},
        "lag_by": None if lag is None else _BY[lag.by],
        "residue": [line[3:] for line in link.residue if line[:1] == side] if link else [],
        "translated": bool(link and link.translated),
    }


def _other(link: Link, url: str) -> str:
    """Return the address on the other side of a link."""
    return link.b.url if link.a.url == url else link.a.url


def _between(links: Iterable[Link], url: str, other: str) -> Link | None:
    """Return the link of highest score between two articles."""
    return max((link for link in links if {link.a.url, link.b.url} == {url, other}), key=_score, default=None)


def _score(link: Link) -> float:
    return link.score


def view(related: RelatedCopies, pair: Pair | None) -> Json:
    """Return the page as JSON values."""
    source, cluster = related.source, related.cluster
    members = members_of(cluster, related.ids)
    outlets = len({row["outlet"] for row in members})
    outside = _outside(related)
    rows = [_related(link, related) for link in outside[:RELATED]]
    labels = dict.fromkeys([*(cluster.labels if cluster else ()), *related.labels])
    articles = f"{wording.many(len(members), 'article')} of {wording.many(outlets, 'outlet')} over time"
    return {
        "id": source.id,
        "path": paths.copies(source.id),
        "article": paths.article(source.id),
        "url": source.url,
        "title": (cluster.original.title if cluster else _own_title(related)) or source.url,
        "summary": f"{articles}. The table below has the same data.",
        "members": members,
        "original": next((row for row in members if row["original"]), None),
        "standing": cluster.standing if cluster else None,
        "certainty": cluster.certainty if cluster else None,
        "standing_said": wording.standing(cluster.standing, cluster.certainty) if cluster else "",
        "doubtful": dict(cluster.doubtful) if cluster else {},
        "original_labels": [serialize.original_label(row) for row in cluster.original_labels] if cluster else [],
        "credited": cluster.credited if cluster else None,
        "reasons": list(cluster.reasons) if cluster else [],
        "labels": [serialize.label(label) for label in labels],
        "pair": None if pair is None else side_by_side(pair),
        "pair_label": next((serialize.label(label) for label in labels if pair and _is_of(label, pair)), None),
        "pairs": steps(members, rows, pair, source),
        "related": rows,
        "whole": related.whole and len(outside) <= RELATED,
        "evidence": None,
    }


def _own_title(related: RelatedCopies) -> str:
    """Return the newest headline that the article has on a side of a link, empty without links."""
    sides = (side for link in related.links for side in (link.a, link.b) if side.url == related.source.url)
    return max(sides, key=lambda side: side.version, default=VersionRef(url="", version=0)).title


def _is_of(label: Label, pair: Pair) -> bool:
    return {label.a.url, label.b.url} == {pair.link.a.url, pair.link.b.url}


def steps(members: Sequence[Json], related: Sequence[Json], pair: Pair | None, source: Source) -> list[Json]:
    """Return the pairs to step through, one of them ``chosen``: the probable original with every copy, by time.

    If the page shows another pair: the pairs of this article with related articles outside of the group.
    """
    chosen = {pair.link.a.url, pair.link.b.url} if pair else set()
    original = next((row for row in members if row["original"] and row["id"]), None)
    inside = [
        _step(paths.copies(original["id"], row["id"]), row, chosen=chosen == {original["url"], row["url"]})
        for row in members
        if original and row is not original and row["id"]
    ]
    if any(step["chosen"] for step in inside):
        return inside
    outside = [_step(row["pair"], row, chosen=chosen == {source.url, row["url"]}) for row in related]
    return outside if any(step["chosen"] for step in outside) else inside


def _step(path: str, row: Json, *, chosen: bool) -> Json:
    text = row.get("shared_said") or wording.relation(row["relation"] or "")
    return {"path": f"{path}#pair", "outlet": row["outlet"], "title": row["title"], "said": text, "chosen": chosen}


def _outside(related: RelatedCopies) -> list[Link]:
    """Return the closest link to each article outside of the cluster, copies first."""
    url, cluster = related.source.url, related.cluster
    inside = {member.url for member in cluster.members} if cluster else {url}
    best: dict[str, Link] = {}
    for link in sorted(related.links, key=lambda link: (not link.relation.is_copy, -link.score)):
        other = _other(link, url)
        if other not in inside and (other not in best or link.score > best[other].score):
            best[other] = link
    return list(best.values())


def _related(link: Link, related: RelatedCopies) -> Json:
    source_id = related.source.id
    other = link.b if link.a.url == related.source.url else link.a
    other_id = related.ids.get(other.url)
    return {
        "id": other_id,
        "path": paths.article(other_id),
        "pair": paths.copies(source_id, other_id),
        "url": other.url,
        "outlet": wording.host(other.url),
        "title": other.title,
        "relation": str(link.relation),
        "score": round(link.score, 4),
        "because": link.because,
        "at": iso(other.first_seen_at) if other.first_seen_at else None,
    }


# --- requests --------------------------------------------------------------------------------------------------------


def show(context: RequestContext) -> PageResult:
    """Answer with the copies around one article; ``with`` is the other article of the pair shown side by side.

    Raises BadInput, NotArchived.
    """
    source = source_of(context)
    related = context.archive.related_copies(source)
    copies = view(related, _pair(context, related, number_of(context.query.get("with", ""))))
    if copies["pair"] and context.state.evidence is not None:
        a, b = (copies["pair"][side] for side in ("a", "b"))
        copies["evidence"] = paths.evidence(a["id"], a["version"], other=(b["id"], b["version"]))
    drawn = {"lanes": charts.lanes(copies), "threads": charts.threads(copies["pair"]) if copies["pair"] else ""}
    return PageResult(view=copies, template="copies.html", rows="members", drawn=drawn)


def _pair(context: RequestContext, related: RelatedCopies, other_id: int | None) -> Pair | None:
    """Return the requested pair, else that with the probable original, else the closest link."""
    source = related.source
    link = _default_link(related) if other_id is None else _requested_link(context, related, other_id)
    if other_id is not None and link is None:
        raise NotArchived(f"there is no other article {other_id} to compare {source.url} with")
    if link is None:
        return None
    a, b = (context.archive.text_by_digest(side.text_sha256) for side in (link.a, link.b))
    return Pair(link=link, a=a, b=b, ids=context.archive.source_ids([link.a.url, link.b.url]))


def _requested_link(context: RequestContext, related: RelatedCopies, other_id: int) -> Link | None:
    source = related.source
    try:
        other = context.archive.source_by_id(other_id)
    except NotArchived:
        return None
    if other.id == source.id:
        return None
    link = _between(related.links, source.url, other.url)
    if link is not None and link.relation.is_copy:
        return link
    judged = _judge_now(context, source, other)  # which knows originals that both have in common
    return judged if link is None or judged.relation.is_copy else link


def _default_link(related: RelatedCopies) -> Link | None:
    url, cluster = related.source.url, related.cluster
    if cluster is not None and cluster.original.url != url:
        direct = _between(related.links, cluster.original.url, url)
        if direct is not None:
            return direct
    return max((link for link in related.links if link.relation.is_copy), key=_score, default=None)


def _judge_now(context: RequestContext, source: Source, other: Source) -> Link:
    """Compare the two newest texts now. For an unlinked pair ``because`` gives the reason."""
    archive = context.archive
    versions = [archive.version(Ref(url=article.url)) for article in (source, other)]
    a, b = sorted(versions, key=lambda version: (version.dated_at or version.first_seen_at, version.url))
    check_judged_in_time(archive.text(a), archive.text(b))
    _, _, judgement = archive.judge(a, b)
    return link_of(VersionRef.of(a), VersionRef.of(b), judgement)


def routes() -> list[Route]:
    """Return the routes of the copies of an article, by its id. Every member of a group has its own page."""
    return page(paths.COPIES_OF, show)
