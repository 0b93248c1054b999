"""Clusters of copies: all there are, or that of one article.

An article's cluster depends on its connected component alone: the articles that can be reached from it along links
that make clusters, and along labels. So both questions give the same cluster, and the second reads the component only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.copies import LinkGraph
from archive.copies.clusters import MERGING
from archive.urls import url_key
from db.queries import changes as change_queries
from db.queries import labels as label_queries
from db.queries import link_graph
from db.queries import provenance as provenance_queries
from db.records import Relation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from db.reader import Ask
    from db.records import Cluster, Label, Link, VersionRef

ARTICLES = 500
"""Articles of a component that are looked at for one of them: 125,000 links, if each is linked with each. The nearest
come first, of equally near ones the earliest, so that the earliest text linked with an article is never left out."""

_NOT_MERGING = tuple(relation for relation in Relation if relation not in MERGING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """The sources connected with one, their ids by address, and their clusters. ``whole``: no more are connected."""

    ids: Mapping[str, int]
    clusters: tuple[Cluster, ...]
    whole: bool

    def cluster_of(self, url: str) -> Cluster | None:
        """Return the cluster an article is a member of, if any."""
        clusters = (cluster for cluster in self.clusters if any(member.url == url for member in cluster.members))
        return next(clusters, None)


def all_clusters(
    ask: Ask, *, how: Relation | None = None, at: datetime | None = None, evidence: bool = False
) -> tuple[Cluster, ...]:
    """Return every cluster.

    ``how``: only links as close as exact, near or reworded. ``at``: only what was seen by then. With ``evidence`` the
    links of the clusters have their passages.
    """
    return _clusters(ask, None, label_queries.all_labels(ask), how=how, at=at, evidence=evidence)


def component_of(
    ask: Ask,
    source_id: int,
    *,
    how: Relation | None = None,
    at: datetime | None = None,
    evidence: bool = False,
    most: int = ARTICLES,
) -> Component:
    """Return what is connected with a source, ``most`` articles at most; else as ``all_clusters``."""
    source_ids, whole = _connected(ask, source_id, _relations(how), most)
    labels = label_queries.of_sources(ask, sorted(source_ids))
    ids = link_graph.ids_by_url(ask, source_ids)  # now: with many links the time for queries may be over afterwards
    clusters = _clusters(ask, sorted(source_ids), labels, how=how, at=at, evidence=evidence)
    if not whole:
        clusters = tuple(replace(cluster, whole=False) for cluster in clusters)
    return Component(ids=ids, clusters=clusters, whole=whole)


def _relations(how: Relation | None) -> tuple[Relation, ...]:
    return MERGING if how is None else MERGING[: MERGING.index(how) + 1]


def _connected(ask: Ask, source_id: int, relations: Collection[Relation], most: int) -> tuple[frozenset[int], bool]:
    """Return the sources connected with one, ring by ring around it, and True if these are all."""
    connected = {source_id}
    ring = [source_id]
    while ring:
        # So many that, even if all known ones are among them, those that fit are, and one more.
        neighbours = link_graph.linked_sources(ask, ring, relations, limit=2 * most)
        neighbours |= dict.fromkeys(_labelled(ask, ring), 0)
        fresh = sorted(neighbours.keys() - connected, key=lambda neighbour: (neighbours[neighbour], neighbour))
        ring = fresh[: most - len(connected)]
        connected.update(ring)
        if len(ring) < len(fresh):
            return frozenset(connected), False
    return frozenset(connected), True


def _labelled(ask: Ask, source_ids: Sequence[int]) -> Iterable[int]:
    """Return the sources that a person called copies of these, and these."""
    labels = label_queries.of_sources(ask, source_ids)
    return _ids_of(ask, (side for label in labels if label.copy for side in (label.a, label.b)))


def _ids_of(ask: Ask, versions: Iterable[VersionRef]) -> Collection[int]:
    keys = [url_key(url) for url in dict.fromkeys(version.url for version in versions)]
    return change_queries.source_ids(ask, keys).values() if keys else ()


def _clusters(
    ask: Ask,
    source_ids: Sequence[int] | None,
    labels: Sequence[Label],
    *,
    how: Relation | None,
    at: datetime | None,
    evidence: bool,
) -> tuple[Cluster, ...]:
    links = link_graph.links_among(ask, source_ids, _relations(how), evidence=evidence)
    if how is None:  # a label makes a copy of what a link alone does not
        labelled = _ids_of(ask, (side for label in labels if label.copy for side in (label.a, label.b)))
        links += link_graph.links_among(ask, sorted(labelled), _NOT_MERGING, evidence=evidence)
    if at is not None:
        links = [link for link in links if _is_seen_by(link, at)]
        labels = [label for label in labels if _is_seen_by(label, at)]
    graph = LinkGraph(links, labels)
    return graph.clusters(provenance_queries.of_versions(ask, graph.versions))


def _is_seen_by(pair: Link | Label, moment: datetime) -> bool:
    """True if both sides had been seen by then."""
    return all(side.first_seen_at is None or side.first_seen_at <= moment for side in (pair.a, pair.b))
