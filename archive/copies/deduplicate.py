"""One member a cluster, for who wants to read each story once. A way of looking: the others are named, not dropped."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from archive.copies.clusters import MERGING
from db.records import FoldedCluster, Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from db.records import Cluster, Link

    Item = TypeVar("Item")


def as_alike(links: Iterable[Link], how: Relation) -> list[Link]:
    """The links at least as close as ``how``: exact, near or reworded."""
    close = MERGING[: MERGING.index(how) + 1]
    return [link for link in links if link.relation in close]


def fold(
    items: Sequence[Item], url_of: Callable[[Item], str], clusters: Iterable[Cluster]
) -> list[tuple[Item, FoldedCluster | None]]:
    """Of every cluster the items of one member, where the first item of any of them stood; None: in no cluster.

    That member is the probable original where it is among the items, else the one whose item comes first.
    """
    of_url = {member.url: cluster for cluster in clusters for member in cluster.members}
    present = dict.fromkeys(map(url_of, items))
    chosen: dict[str, str] = {}  # by the address of the original: the member that is shown
    for url in present:
        if url in of_url:
            original = of_url[url].original.url
            chosen.setdefault(original, original if original in present else url)
    shown: list[tuple[Item, FoldedCluster | None]] = []
    told: set[str] = set()
    for url in map(url_of, items):
        cluster = of_url.get(url)
        mine = url if cluster is None else chosen[cluster.original.url]
        if mine not in told:
            told.add(mine)
            folded = None if cluster is None else _folded(mine, cluster, present)
            shown += [(item, folded) for item in items if url_of(item) == mine]
    return shown


def _folded(url: str, cluster: Cluster, present: Iterable[str]) -> FoldedCluster:
    others = [member.url for member in cluster.members if member.url != url]
    kinds = Counter(_kind(url, other, cluster.links) for other in others)
    return FoldedCluster(
        original=cluster.original,
        copies=len(others),
        kinds=tuple(sorted(kinds.items())),
        hidden=tuple(other for other in others if other in set(present)),
    )


def _kind(url: str, other: str, links: Sequence[Link]) -> str:
    """How a member relates to the one shown, else to the member it is closest to; ``label``: a person says so."""
    mine = [link for link in links if other in {link.a.url, link.b.url}]
    direct = [link for link in mine if url in {link.a.url, link.b.url}]
    best = max(direct or mine, key=lambda link: link.score, default=None)
    return "label" if best is None else str(best.relation)
