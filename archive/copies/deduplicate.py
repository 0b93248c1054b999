"""Deduplicate: show one member of each cluster, for reading each story once.

This is only a view: the other members are named, not dropped.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from archive.copies.clusters import MERGING
from db.records import FoldedCluster, Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from db.records import Cluster, Link

    Item = TypeVar("Item")


def links_as_close_as(links: Iterable[Link], relation: Relation) -> list[Link]:
    """Return the links at least as close as ``relation``: exact, near or reworded."""
    close = MERGING[: MERGING.index(relation) + 1]
    return [link for link in links if link.relation in close]


def fold(
    items: Sequence[Item], url_of: Callable[[Item], str], clusters: Iterable[Cluster]
) -> list[tuple[Item, FoldedCluster | None]]:
    """Return the items of one member of each cluster, at the place of the cluster's first item. None: in no cluster.

    That member is the probable original if it is among the items, else the member whose item comes first.
    """
    of_url = {member.url: cluster for cluster in clusters for member in cluster.members}
    present = dict.fromkeys(map(url_of, items))
    chosen: dict[str, str] = {}  # the URL of the original to the URL of the member that is shown
    for url in present:
        if url in of_url:
            original = of_url[url].original.url
            chosen.setdefault(original, original if original in present else url)
    folded_items: list[tuple[Item, FoldedCluster | None]] = []
    emitted: set[str] = set()
    for url in map(url_of, items):
        cluster = of_url.get(url)
        member_url = url if cluster is None else chosen[cluster.original.url]
        if member_url not in emitted:
            emitted.add(member_url)
            folded = None if cluster is None else _folded(member_url, cluster, present)
            folded_items += [(item, folded) for item in items if url_of(item) == member_url]
    return folded_items


def _folded(url: str, cluster: Cluster, present: Iterable[str]) -> FoldedCluster:
    others = [member.url for member in cluster.members if member.url != url]
    kinds = Counter(_relation_to(url, other, cluster.links) for other in others)
    return FoldedCluster(
        original=cluster.original,
        copies=len(others),
        kinds=tuple(sorted(kinds.items())),
        hidden=tuple(other for other in others if other in set(present)),
    )


def _relation_to(url: str, other: str, links: Sequence[Link]) -> str:
    """Return the relation of a member to the one shown, else to the member closest to it.

    ``label``: a person labelled them as copies.
    """
    member_links = [link for link in links if other in {link.a.url, link.b.url}]
    direct = [link for link in member_links if url in {link.a.url, link.b.url}]
    best = max(direct or member_links, key=lambda link: link.score, default=None)
    return "label" if best is None else str(best.relation)
