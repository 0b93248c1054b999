"""The copies of one article, and the archive's groups of copies in pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.api.clusters import ARTICLES, component_of
from archive.api.questions import Listing
from archive.copies.clusters import MERGING
from archive.urls import url_key
from db.queries import changes as change_queries
from db.queries import labels as label_queries
from db.queries import link_graph
from db.queries import links as link_queries
from db.queries import sources as source_queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from db.reader import Ask
    from db.records import Cluster, Link, Source

SOURCES_READ = 400
"""Most sources read for one page of groups, by address: 0.05 s if none has copies."""

WEIGHT = 40_000
"""Most work for the groups of one page: the pairs of their members, 10 us each, and ``_BASE`` per group. A single group
may cost more: with 450 members it takes 1.3 s."""

_BASE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyGroup:
    """A cluster, the source of its original, and the ids of its members' sources by address."""

    source: Source
    cluster: Cluster
    ids: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedCopies:
    """The cluster of an article, if any, and all its links of any relation, the closest first.

    ``ids``: the ids of all these articles' sources by address. ``whole`` is False if the article's component has more
    articles than were read.
    """

    source: Source
    cluster: Cluster | None
    links: tuple[Link, ...]
    ids: Mapping[str, int]
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
        whole=component.whole,
    )


def copy_groups(ask: Ask, *, after: str = "", limit: int = 25) -> Listing[CopyGroup, str]:
    """Return each group of copies once, by the address of its probable original. The key is a url_key.

    A page ends when its groups cost too much. It may have few groups or none although there is a next page.
    """
    labelled = {side.url for label in label_queries.all_labels(ask) if label.copy for side in (label.a, label.b)}
    sources = link_graph.sources_behind(ask, after, SOURCES_READ)
    read: set[int] = set()  # ids of the sources whose component is known
    originals: dict[str, tuple[Cluster, Mapping[str, int]]] = {}
    groups: list[CopyGroup] = []
    spent = 0
    for index, (source_id, url, key) in enumerate(sources):
        weight = 0 if source_id in read else _weight(ask, source_id, labelled=url in labelled)
        if spent and spent + weight > WEIGHT:
            return Listing(tuple(groups), sources[index - 1][2])
        if weight:
            spent += weight
            component = component_of(ask, source_id)
            read.update(component.ids.values())
            originals |= {cluster.original.url: (cluster, component.ids) for cluster in component.clusters}
        if url in originals:
            cluster, ids = originals[url]
            groups.append(CopyGroup(source=source_queries.by_id(ask, source_id), cluster=cluster, ids=ids))
        if len(groups) == limit:
            return Listing(tuple(groups), key)
    return Listing(tuple(groups), sources[-1][2] if len(sources) == SOURCES_READ else None)


def _weight(ask: Ask, source_id: int, *, labelled: bool) -> int:
    """Return the cost of building the group of a source, 0 for a source without copies."""
    copies = len(link_graph.linked_sources(ask, [source_id], MERGING, limit=ARTICLES)) - 1
    return _BASE + copies * copies // 2 if copies > 0 or labelled else 0
