"""Clusters of copies: all of them, or the one of an article.

An article's cluster depends only on its connected component: the articles that can be reached from it along merging
links and labels. So both queries give the same cluster, and the second reads only the component.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.copies import LinkGraph
from archive.copies.clusters import MERGING
from archive.copies.dating import is_running, named_days
from archive.copies.house_names import credited_houses
from archive.urls import url_key
from db.queries import changes as change_queries
from db.queries import labels as label_queries
from db.queries import link_graph
from db.queries import provenance as provenance_queries
from db.records import Relation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from db.reader import Ask
    from db.records import Cluster, DeclaredProvenance, Label, Link, VersionRef

ARTICLES = 500
"""Most articles of a component that are read for one article: 125,000 links if all are linked. The nearest come first,
among equally near ones the earliest, so the earliest text linked with an article is never left out."""

_NOT_MERGING = tuple(relation for relation in Relation if relation not in MERGING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """The sources connected with a source: their ids by address, and their clusters.

    ``whole`` is False if more are connected.
    """

    ids: Mapping[str, int]
    clusters: tuple[Cluster, ...]
    whole: bool

    def cluster_of(self, url: str) -> Cluster | None:
        """Return the cluster an article is a member of, if any."""
        clusters = (cluster for cluster in self.clusters if any(member.url == url for member in cluster.members))
        return next(clusters, None)


def all_clusters(
    ask: Ask, *, how: Relation | None = None, as_of: datetime | None = None, evidence: bool = False
) -> tuple[Cluster, ...]:
    """Return every cluster.

    ``how``: only links at least as close as exact, near or reworded. ``as_of``: only versions seen by then.
    ``evidence``: with the passages of the links.
    """
    return _clusters(ask, None, label_queries.all_labels(ask), how=how, as_of=as_of, evidence=evidence)


def component_of(
    ask: Ask,
    source_id: int,
    *,
    how: Relation | None = None,
    as_of: datetime | None = None,
    evidence: bool = False,
    most: int = ARTICLES,
) -> Component:
    """Return the component of a source, of at most ``most`` articles. Other arguments as for ``all_clusters``."""
    return _component(ask, [source_id], how=how, as_of=as_of, evidence=evidence, most=most)


def components_of(ask: Ask, source_ids: Sequence[int]) -> Iterator[Component]:
    """Yield what contains the components of these sources: one part of all if they are small, else one for each.

    Components do not touch each other. So together they have the same clusters as each for itself.
    """
    together = _component(ask, source_ids, most=ARTICLES) if len(source_ids) < ARTICLES else None
    if together is not None and together.whole:
        yield together
        return
    known: set[int] = set()
    for source_id in source_ids:
        if source_id not in known:
            component = component_of(ask, source_id)
            known.update(component.ids.values())
            yield component


def _component(
    ask: Ask,
    starts: Sequence[int],
    *,
    how: Relation | None = None,
    as_of: datetime | None = None,
    evidence: bool = False,
    most: int,
) -> Component:
    source_ids, whole = _connected(ask, starts, _relations(how), most)
    labels = label_queries.of_sources(ask, sorted(source_ids))
    ids = link_graph.ids_by_url(ask, source_ids)  # now: with many links the time for queries may be over afterwards
    clusters = _clusters(ask, sorted(source_ids), labels, how=how, as_of=as_of, evidence=evidence)
    if not whole:
        clusters = tuple(replace(cluster, whole=False) for cluster in clusters)
    return Component(ids=ids, clusters=clusters, whole=whole)


def _relations(how: Relation | None) -> tuple[Relation, ...]:
    return MERGING if how is None else MERGING[: MERGING.index(how) + 1]


def _connected(
    ask: Ask, source_ids: Sequence[int], relations: Collection[Relation], most: int
) -> tuple[frozenset[int], bool]:
    """Return the sources connected with these sources (breadth-first), and True if these are all."""
    connected = set(source_ids)
    ring = list(source_ids)
    while ring:
        # Twice as many, so that enough new ones remain even if all connected ones are among them, and one to spare.
        neighbours = link_graph.linked_sources(ask, ring, relations, limit=2 * most)
        neighbours |= dict.fromkeys(_labelled(ask, ring), 0)
        fresh = sorted(neighbours.keys() - connected, key=lambda neighbour: (neighbours[neighbour], neighbour))
        ring = fresh[: most - len(connected)]
        connected.update(ring)
        if len(ring) < len(fresh):
            return frozenset(connected), False
    return frozenset(connected), True


def _labelled(ask: Ask, source_ids: Sequence[int]) -> Iterable[int]:
    """Return the sources that a label calls copies of these sources, and these sources."""
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
    as_of: datetime | None,
    evidence: bool,
) -> tuple[Cluster, ...]:
    links = link_graph.links_among(ask, source_ids, _relations(how), evidence=evidence)
    if how is None:  # a label merges two articles whose link alone does not
        labelled = _ids_of(ask, (side for label in labels if label.copy for side in (label.a, label.b)))
        links += link_graph.links_among(ask, sorted(labelled), _NOT_MERGING, evidence=evidence)
    if as_of is not None:
        links = [link for link in links if _is_seen_by(link, as_of)]
        labels = [label for label in labels if _is_seen_by(label, as_of)]
    originals = label_queries.originals(ask, source_ids)
    if as_of is not None:
        originals = [label for label in originals if _is_seen(label.version, as_of)]
    graph = LinkGraph(links, labels, originals)
    return graph.clusters(_declared(ask, graph))


def _declared(ask: Ask, graph: LinkGraph) -> Mapping[VersionRef, DeclaredProvenance]:
    """Return what pages declare, with the linked houses and the dates that their texts name."""
    declared = provenance_queries.of_versions(ask, graph.versions)
    sites = {version.url: page.site for version, page in declared.items()}
    for version, page in declared.items():
        text = provenance_queries.body(ask, version)
        houses = {url: sites.get(url) for url in graph.linked(version.url)}
        declared[version] = replace(
            page, named_houses=credited_houses(text, houses), named_days=named_days(text), running=is_running(text)
        )
    return declared


def _is_seen_by(pair: Link | Label, moment: datetime) -> bool:
    """True if both sides had been seen by then."""
    return _is_seen(pair.a, moment) and _is_seen(pair.b, moment)


def _is_seen(version: VersionRef, moment: datetime) -> bool:
    return version.first_seen_at is None or version.first_seen_at <= moment
