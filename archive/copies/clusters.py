"""Clusters of copies, built from links. Links are not transitive: a copy of a copy alone joins nothing.

A source joins a cluster when it is linked to at least half of up to five of its members, the probable original among
the compared ones. Two clusters become one only through two links that share no member. Plain union-find does as well
where all links are right (an adjusted Rand index of 0.98 on the development stories, this rule 0.979). One wrong link
merges for good there. A label that a person gave two articles overrides every link.

Only clusters with a member that is linked to a source can take that source. An index from member to cluster finds
those, so building is linear in the number of links where they join disjoint pairs.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from archive.copies.dating import age, lag, seen
from archive.copies.provenance import credited_agency, gather_evidence, probable_original
from db.records import Cluster, Relation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from archive.copies.provenance import Evidence
    from db.records import DeclaredProvenance, Label, Link, OriginalLabel, VersionRef

    Declared = Mapping[VersionRef, DeclaredProvenance]

MEMBERS_COMPARED = 5
"""A source is compared with this many members at most: the probable original, then the oldest."""

_ELDERS = 20  # members among which the original is looked for while a cluster grows; comparing all costs the square

MERGING = (Relation.EXACT, Relation.NEAR, Relation.REWORDED)
"""Relations that make a cluster, closest first. A round-up, a ``partial`` copy of five stories, would chain them."""

_CLOSEST_FIRST = (*MERGING, Relation.PARTIAL, Relation.POSSIBLE, Relation.SAME_EVENT)
_NOTHING_DECLARED: Declared = MappingProxyType({})
_NOBODY: frozenset[str] = frozenset()


def clusters(
    links: Iterable[Link], labels: Iterable[Label] = (), declared: Declared = _NOTHING_DECLARED
) -> tuple[Cluster, ...]:
    """Return the clusters of two and more sources, ordered by their first member.

    The order of ``links`` does not matter. A source is known by its URL, and of several links between two sources the
    closest counts. ``Cluster.links`` holds the links inside it, ``members`` are ordered by first sight. The newest of
    the ``labels`` of two articles decides whether they belong together, whatever the links say. ``declared`` is what
    pages say of where their texts come from, by the version that represents each article.
    """
    return LinkGraph(links, labels).clusters(declared)


class LinkGraph:
    """Articles, known by their URLs, with the closest link and the newest label of each two.

    ``originals`` are the words of people on which article is an original; the newest of each article counts.
    """

    def __init__(
        self, links: Iterable[Link], labels: Iterable[Label] = (), originals: Iterable[OriginalLabel] = ()
    ) -> None:
        self._labels = _newest(labels)
        self._originals = {label.version.url: label for label in sorted(originals, key=lambda label: label.labelled_at)}
        self._links: defaultdict[str, dict[str, Link]] = defaultdict(dict)
        self._versions: dict[str, VersionRef] = {}
        for link in links:
            label = self.label(link.a.url, link.b.url)
            if link.a.url != link.b.url and (link.relation in MERGING if label is None else label.copy):
                self._add(link)
        for label in self.copy_labels():
            if label.b.url not in self._links.get(label.a.url, {}):
                self._represent(label.a)
                self._represent(label.b)
        self._merging = {
            url: frozenset(other for other, link in linked.items() if link.relation in MERGING)
            for url, linked in self._links.items()
        }
        self._rejected = {
            url: frozenset(other for other, label in labelled.items() if not label.copy)
            for url, labelled in self._labels.items()
        }

    def _add(self, link: Link) -> None:
        closest = self._links[link.a.url].get(link.b.url)
        if closest is None or _closeness(link) < _closeness(closest):
            self._links[link.a.url][link.b.url] = self._links[link.b.url][link.a.url] = link
        self._represent(link.a)
        self._represent(link.b)

    def _represent(self, version: VersionRef) -> None:
        earliest = self._versions.setdefault(version.url, version)
        if version is not earliest and seen(version) < seen(earliest):
            self._versions[version.url] = version

    @property
    def versions(self) -> Collection[VersionRef]:
        """The version that represents each article that may be in a cluster: its earliest linked one."""
        return self._versions.values()

    def clusters(self, declared: Declared = _NOTHING_DECLARED) -> tuple[Cluster, ...]:
        """Return the clusters of two and more articles, as the function ``clusters`` does."""
        growth = _Growth(self, declared)
        for version in sorted(self._versions.values(), key=age):
            growth.place(version.url)
        growth.join_labelled()
        clusters = (_cluster(group.members, self, declared) for group in growth.groups() if len(group.members) > 1)
        return tuple(sorted(clusters, key=lambda cluster: seen(cluster.members[0])))

    def age(self, url: str) -> tuple[float, float, int, str]:
        """Return the sort key of an article by the version that represents it."""
        return age(self._versions[url])

    def linked(self, url: str) -> Collection[str]:
        """Return the articles linked to one by any relation."""
        return self._links.get(url, {}).keys()

    def merging(self, url: str) -> frozenset[str]:
        """Return the articles linked to one by a relation that makes a cluster."""
        return self._merging.get(url, _NOBODY)

    def rejected(self, url: str) -> frozenset[str]:
        """Return the articles that a person called no copies of one, nor it of them."""
        return self._rejected.get(url, _NOBODY)

    def label(self, url: str, other: str) -> Label | None:
        """Return the newest label of two articles."""
        return self._labels.get(url, {}).get(other)

    def copy_labels(self) -> Iterable[Label]:
        """Return the newest label of each two articles that it calls copies."""
        return (
            label
            for url, labelled in self._labels.items()
            for other, label in labelled.items()
            if label.copy and url < other
        )

    def links_to(self, url: str, others: Collection[str]) -> Iterable[Link]:
        """Return the closest link, of whatever relation, of an article to each of some others."""
        return (link for other, link in self._links.get(url, {}).items() if other in others)

    def labels_among(self, urls: Collection[str]) -> Iterable[Label]:
        """Return the newest label of each two of some articles, by their addresses."""
        pairs = ((url, other) for url in urls for other in self._labels.get(url, {}) if other in urls and url < other)
        return sorted((self._labels[url][other] for url, other in pairs), key=lambda label: (label.a.url, label.b.url))

    def evidence(self, urls: Sequence[str], declared: Declared) -> Evidence:
        """Return what is known of the members of a cluster, ordered by first sight."""
        inside = set(urls)
        links = [
            link for url in urls for other, link in self._links.get(url, {}).items() if other in inside and url < other
        ]
        members = sorted((self._versions[url] for url in urls), key=seen)
        labels = {url: self._originals[url] for url in urls if url in self._originals}
        return gather_evidence(tuple(members), tuple(sorted(links, key=_closeness)), declared, labels)


def _newest(labels: Iterable[Label]) -> dict[str, dict[str, Label]]:
    """Return by both addresses the newest label of each two articles."""
    newest: defaultdict[str, dict[str, Label]] = defaultdict(dict)
    for label in sorted(
        labels, key=lambda label: (label.labelled_at, label.copy, label.a.text_sha256, label.b.text_sha256)
    ):
        if label.a.url != label.b.url:
            newest[label.a.url][label.b.url] = newest[label.b.url][label.a.url] = label
    return newest


def _closeness(link: Link) -> tuple[int, float, str, int, str, int]:
    place = _CLOSEST_FIRST.index(link.relation)
    return place, -link.score, link.a.url, link.a.version, link.b.url, link.b.version


# --- growing ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Group:
    """A cluster while it grows: addresses ordered by age, and when it was begun (its number)."""

    number: int
    members: list[str]
    urls: set[str] = field(init=False)
    original: str | None = None  # the probable original among the elders, until these change

    def __post_init__(self) -> None:
        self.urls = set(self.members)

    def add(self, url: str) -> None:
        """Add a source that is younger than all members."""
        if len(self.members) < _ELDERS:
            self.original = None
        self.members.append(url)
        self.urls.add(url)


class _Growth:
    """The groups so far, and the group of each article placed."""

    def __init__(self, graph: LinkGraph, declared: Declared) -> None:
        self._graph = graph
        self._declared = declared
        self._group_of: dict[str, _Group] = {}
        self._begun = 0

    def groups(self) -> Iterable[_Group]:
        """Return every group once."""
        return dict.fromkeys(self._group_of.values())

    def place(self, url: str) -> None:
        """Put an article into the group that takes it, and join groups that it and another link both bridge."""
        linked = {self._group_of[other] for other in self._graph.merging(url) if other in self._group_of}
        taking = [group for group in sorted(linked, key=lambda group: group.number) if self._takes(group, url)]
        if not taking:
            self._group_of[url] = _Group(self._begun, [url])
            self._begun += 1
            return
        home = max(taking, key=lambda group: (self._count_links(group, url), self._coverage(group, url), -group.number))
        home.add(url)
        self._group_of[url] = home
        for other in taking:
            if other is not home and not self._is_rejected(home, other) and self._has_two_bridges(home, other):
                self._join(home, other)

    def join_labelled(self) -> None:
        """Join the groups of articles that a person called copies, unless other members of them were called none."""
        for first, second in sorted(tuple(sorted((label.a.url, label.b.url))) for label in self._graph.copy_labels()):
            home, other = self._group_of[first], self._group_of[second]
            if home is not other and not self._is_rejected(home, other):
                self._join(home, other)

    def _join(self, home: _Group, other: _Group) -> None:
        home.members.extend(other.members)
        home.members.sort(key=self._graph.age)
        home.urls |= other.urls
        home.original = None
        self._group_of.update(dict.fromkeys(other.members, home))

    def _takes(self, group: _Group, url: str) -> bool:
        if not self._graph.rejected(url).isdisjoint(group.urls):
            return False
        if group.original is None:
            elders = self._graph.evidence(group.members[:_ELDERS], self._declared)
            group.original = probable_original(elders).member.url
        oldest = (member for member in group.members[: MEMBERS_COMPARED + 1] if member != group.original)
        compared = [group.original, *oldest][:MEMBERS_COMPARED]
        merging = self._graph.merging(url)
        linked = len(merging.intersection(compared))
        return 2 * linked >= len(compared) and (linked > 1 or (linked == 1 and group.original in merging))

    def _count_links(self, group: _Group, url: str) -> int:
        return len(self._graph.merging(url) & group.urls)

    def _coverage(self, group: _Group, url: str) -> float:
        """Return how much an article and its closest relative in a group cover each other.

        It prefers the story to the bulletin that contains it.
        """
        return max((min(link.coverage) for link in self._graph.links_to(url, group.urls)), default=0.0)

    def _is_rejected(self, home: _Group, other: _Group) -> bool:
        """True if a person called a member of one group and one of the other no copies."""
        return any(not self._graph.rejected(url).isdisjoint(other.urls) for url in home.members)

    def _has_two_bridges(self, home: _Group, other: _Group) -> bool:
        """True if two links between the groups share no member: one wrong link can never merge them.

        Links between two groups that pairwise share a member all share one and the same, on one of the two sides.
        """
        bridges = [ends for url in home.members if (ends := self._graph.merging(url) & other.urls)]
        return len(bridges) > 1 and len(frozenset().union(*bridges)) > 1


# --- describing ------------------------------------------------------------------------------------------------------


def _cluster(urls: Sequence[str], graph: LinkGraph, declared: Declared) -> Cluster:
    evidence = graph.evidence(urls, declared)
    probable = probable_original(evidence)
    original, reasons = probable.member, probable.reasons
    agency = credited_agency(original, evidence)
    local = {member.url for member in evidence.members if evidence.declared_by(member).local_time}
    unclear = evidence.uncompared | local
    if agency is not None:
        crediting = sum(agency in evidence.declared_by(member).agencies for member in evidence.members)
        credit = f"{crediting} of the {len(evidence.members)} credit {agency}"
        reasons = (f"{credit}, whose own page is not archived", *reasons)
    return Cluster(
        members=tuple(evidence.members),
        original=original,
        reasons=reasons,
        links=tuple(evidence.links),
        lags=tuple(lag(original, member, unclear) for member in evidence.members),
        credited=agency,
        labels=tuple(graph.labels_among(set(urls))),
        certainty=probable.certainty,
        standing=probable.standing,
        doubtful=tuple(sorted(evidence.doubtful.items())),
        original_labels=tuple(evidence.labels[url] for url in sorted(evidence.labels)),
    )
