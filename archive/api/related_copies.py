"""The copies of one article, and the archive's groups of copies in pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.api.clusters import ARTICLES, component_of
from archive.api.questions import Listing
from archive.copies.clusters import MERGING
from archive.urls import url_key
from db.microseconds import instant
from db.queries import changes as change_queries
from db.queries import labels as label_queries
from db.queries import link_graph
from db.queries import links as link_queries
from db.queries import sources as source_queries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from db.reader import Ask
    from db.records import Cluster, Label, Link, Source

SOURCES_READ = 400
"""Most articles read for one page of groups, the newest first: 0.05 s if none has copies."""

WEIGHT = 40_000
"""Most work for the groups of one page: the pairs of their members, 10 us each, and ``_BASE`` per group. A single group
may cost more: with 450 members it takes 1.3 s."""

_BASE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyGroup:
    """A cluster, the source of its original, and the ids of its members' sources by address.

    ``newest_at``: the first sight of its newest member.
    """

    source: Source
    cluster: Cluster
    ids: Mapping[str, int]
    newest_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedCopies:
    """The cluster of an article, if any, and all its links of any relation, the closest first.

    ``ids``: the ids of all these articles' sources by address. ``labels``: those of the article, also with articles
    outside of the cluster. ``whole`` is False if the article's component has more articles than were read.
    """

    source: Source
    cluster: Cluster | None
    links: tuple[Link, ...]
    ids: Mapping[str, int]
    labels: tuple[Label, ...]
    whole: bool


def related_copies(ask: Ask, source: Source) -> RelatedCopies:
    """Return the copies of an article."""
    links = sorted(link_queries.of_sources(ask, [source.id]), key=lambda link: -link.score)
    keys = {url: url_key(url) for link in links for url in (link.a.url, link.b.url)}
    linked = change_queries.source_ids(ask, list(keys.values()))
    component = component_of(ask, source.id)
    return RelatedCopies(
        source=source,
        cluster=component.cluster_of(source.url),
        links=tuple(links),
        ids={url: linked[key] for url, key in keys.items() if key in linked} | dict(component.ids),
        labels=tuple(label_queries.of_sources(ask, [source.id])),
        whole=component.whole,
    )


def copy_groups(
    ask: Ask, *, after: tuple[int, int] | None = None, limit: int = 25
) -> Listing[CopyGroup, tuple[int, int]]:
    """Return each group of copies once, that with the newest member first. The key is a ``FirstSight``.

    A group is where its newest member is among the first sights of all articles. A page ends when its groups cost too
    much. It may have few groups or none although there is a next page.
    """
    labelled = {side.url for label in label_queries.all_labels(ask) if label.copy for side in (label.a, label.b)}
    articles = link_graph.articles_before(ask, after, SOURCES_READ)
    read: set[int] = set()  # ids of the sources whose component is known
    newest: dict[int, tuple[Cluster, Mapping[str, int]]] = {}  # by the id of the newest member
    groups: list[CopyGroup] = []
    spent = 0
    for index, (sight, url) in enumerate(articles):
        weight = 0 if sight.source_id in read else _weight(ask, sight.source_id, labelled=url in labelled)
        if spent and spent + weight > WEIGHT:
            return Listing(tuple(groups), articles[index - 1][0])
        if weight:
            spent += weight
            component = component_of(ask, sight.source_id)
            read.update(component.ids.values())
            sights = link_graph.first_sights(ask, component.ids.values())
            for cluster in component.clusters:
                members = (sights[component.ids[member.url]] for member in cluster.members)
                newest[max(members).source_id] = cluster, component.ids
        if sight.source_id in newest:
            cluster, ids = newest[sight.source_id]
            original = source_queries.by_id(ask, ids[cluster.original.url])
            groups.append(CopyGroup(source=original, cluster=cluster, ids=ids, newest_at=instant(sight.first_seen_at)))
        if len(groups) == limit:
            return Listing(tuple(groups), sight)
    return Listing(tuple(groups), articles[-1][0] if len(articles) == SOURCES_READ else None)


def _weight(ask: Ask, source_id: int, *, labelled: bool) -> int:
    """Return the cost of building the group of a source, 0 for a source without copies."""
    copies = len(link_graph.linked_sources(ask, [source_id], MERGING, limit=ARTICLES)) - 1
    return _BASE + copies * copies // 2 if copies > 0 or labelled else 0
