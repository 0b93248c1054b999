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

from archive.copies.provenance import age, credited_agency, gather_evidence, lag, probable_original, seen
from db.records import Cluster, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from archive.copies.provenance import Evidence
    from db.records import DeclaredProvenance, Label, Link, VersionRef

    Pair = frozenset[str]  # the addresses of two articles
    Neighbours = Mapping[str, frozenset[str]]  # by the address of an article those of others

MEMBERS_COMPARED = 5
"""A source is compared with this many members at most: the probable original, then the oldest."""

_ELDERS = 20  # members among which the original is looked for while a cluster grows; comparing all costs the square

MERGING = (Relation.EXACT, Relation.NEAR, Relation.REWORDED)
"""Relations that make a cluster, closest first. A round-up, a ``partial`` copy of five stories, would chain them."""

_CLOSEST_FIRST = (*MERGING, Relation.PARTIAL, Relation.POSSIBLE, Relation.SAME_EVENT)
_UNKNOWN: Mapping[VersionRef, DeclaredProvenance] = MappingProxyType({})
_NOBODY: frozenset[str] = frozenset()


def clusters(
    links: Iterable[Link], labels: Iterable[Label] = (), declared: Mapping[VersionRef, DeclaredProvenance] = _UNKNOWN
) -> tuple[Cluster, ...]:
    """Return the clusters of two and more sources, ordered by their first member.

    The order of ``links`` does not matter. A source is known by its URL, and of several links between two sources the
    closest counts. ``Cluster.links`` holds the links inside it, ``members`` are ordered by first sight. The newest of
    the ``labels`` of two articles decides whether they belong together, whatever the links say. ``declared`` is what
    pages say of where their texts come from, by the earliest linked version of each article (``earliest_linked``).
    """
    graph = _build_graph(links, labels, declared)
    growth = _Growth(graph)
    for url in sorted(graph.versions, key=lambda url: age(graph.versions[url])):
        growth.place(url)
    growth.join_labelled()
    found = (_cluster(group.members, graph) for group in growth.groups() if len(group.members) > 1)
    return tuple(sorted(found, key=lambda cluster: seen(cluster.members[0])))


def earliest_linked(links: Iterable[Link], labels: Iterable[Label] = ()) -> tuple[VersionRef, ...]:
    """Return the version that represents each article that may be in a cluster: its earliest linked one."""
    return tuple(_build_graph(links, labels, _UNKNOWN).versions.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Graph:
    """The closest link and the newest label of each pair of articles, and the version that represents each article.

    ``linked`` has the neighbours by any link that counts, ``merging`` those by a link that makes a cluster,
    ``labelled`` those by a label, and ``rejected`` those of them that a person called no copies.
    """

    links: Mapping[Pair, Link]
    labels: Mapping[Pair, Label]
    versions: Mapping[str, VersionRef]
    declared: Mapping[VersionRef, DeclaredProvenance]
    linked: Neighbours
    merging: Neighbours
    labelled: Neighbours
    rejected: Neighbours

    def evidence(self, urls: Sequence[str]) -> Evidence:
        """Return what is known of these members, ordered by first sight."""
        inside = set(urls)
        pairs = {frozenset({url, other}) for url in urls for other in self.linked.get(url, _NOBODY) & inside}
        members = tuple(sorted((self.versions[url] for url in urls), key=seen))
        links = tuple(sorted((self.links[pair] for pair in pairs), key=_closeness))
        return gather_evidence(members, links, self.declared)


def _build_graph(
    links: Iterable[Link], labels: Iterable[Label], declared: Mapping[VersionRef, DeclaredProvenance]
) -> _Graph:
    newest = _newest(labels)
    together = {pair for pair, label in newest.items() if label.copy}
    rejected = newest.keys() - together
    closest: dict[Pair, Link] = {}
    sides: list[VersionRef] = []
    for link in sorted(links, key=_closeness):
        pair = frozenset({link.a.url, link.b.url})
        if len(pair) > 1 and pair not in rejected and (link.relation in MERGING or pair in together):
            closest.setdefault(pair, link)
            sides += [link.a, link.b]
    sides += [side for pair in together - closest.keys() for side in (newest[pair].a, newest[pair].b)]
    versions: dict[str, VersionRef] = {}
    for version in sides:
        earliest = versions.setdefault(version.url, version)
        if version is not earliest and seen(version) < seen(earliest):
            versions[version.url] = version
    return _Graph(
        links=closest,
        labels=newest,
        versions=versions,
        declared=declared,
        linked=_neighbours(closest),
        merging=_neighbours(pair for pair, link in closest.items() if link.relation in MERGING),
        labelled=_neighbours(newest),
        rejected=_neighbours(rejected),
    )


def _newest(labels: Iterable[Label]) -> dict[Pair, Label]:
    ordered = sorted(
        labels, key=lambda label: (label.labelled_at, label.copy, label.a.text_sha256, label.b.text_sha256)
    )
    return {frozenset({label.a.url, label.b.url}): label for label in ordered if label.a.url != label.b.url}


def _neighbours(pairs: Iterable[Pair]) -> Neighbours:
    neighbours: defaultdict[str, set[str]] = defaultdict(set)
    for first, second in pairs:
        neighbours[first].add(second)
        neighbours[second].add(first)
    return {url: frozenset(others) for url, others in neighbours.items()}


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
    """The groups so far, and the group of each source placed."""

    def __init__(self, graph: _Graph) -> None:
        self._graph = graph
        self._group_of: dict[str, _Group] = {}
        self._begun = 0

    def groups(self) -> Iterable[_Group]:
        """Return every group once."""
        return dict.fromkeys(self._group_of.values())

    def place(self, url: str) -> None:
        """Put a source into the group that takes it, and join groups that it and another link both bridge."""
        linked = (self._group_of.get(other) for other in self._graph.merging.get(url, _NOBODY))
        candidates = sorted({group for group in linked if group is not None}, key=lambda group: group.number)
        taking = [group for group in candidates if self._takes(group, url)]
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
        together = (pair for pair, label in self._graph.labels.items() if label.copy)
        for first, second in sorted(tuple(sorted(pair)) for pair in together):
            home, other = self._group_of[first], self._group_of[second]
            if home is not other and not self._is_rejected(home, other):
                self._join(home, other)

    def _join(self, home: _Group, other: _Group) -> None:
        home.members.extend(other.members)
        home.members.sort(key=lambda url: age(self._graph.versions[url]))
        home.urls |= other.urls
        home.original = None
        self._group_of.update(dict.fromkeys(other.members, home))

    def _takes(self, group: _Group, url: str) -> bool:
        graph = self._graph
        if not graph.rejected.get(url, _NOBODY).isdisjoint(group.urls):
            return False
        if group.original is None:
            group.original = probable_original(graph.evidence(group.members[:_ELDERS]))[0].url
        elders = (member for member in group.members[: MEMBERS_COMPARED + 1] if member != group.original)
        compared = [group.original, *elders][:MEMBERS_COMPARED]
        linked = len(graph.merging[url].intersection(compared))
        return 2 * linked >= len(compared) and (linked > 1 or (linked == 1 and group.original in graph.merging[url]))

    def _count_links(self, group: _Group, url: str) -> int:
        return len(self._graph.merging[url] & group.urls)

    def _coverage(self, group: _Group, url: str) -> float:
        """Return how much a source and its closest relative in a group cover each other.

        It prefers the story to the bulletin that contains it.
        """
        others = self._graph.linked[url] & group.urls
        links = (self._graph.links[frozenset({member, url})] for member in others)
        return max((min(link.coverage) for link in links), default=0.0)

    def _is_rejected(self, home: _Group, other: _Group) -> bool:
        """True if a person called a member of one group and one of the other no copies."""
        rejected = self._graph.rejected
        return any(not rejected.get(url, _NOBODY).isdisjoint(other.urls) for url in home.members)

    def _has_two_bridges(self, home: _Group, other: _Group) -> bool:
        """True if two links between the groups share no member: one wrong link can never merge them.

        Links between two groups that pairwise share a member all share one and the same, on one of the two sides.
        """
        bridges = {url: self._graph.merging.get(url, _NOBODY) & other.urls for url in home.members}
        ends = set().union(*bridges.values())
        return len(ends) > 1 and sum(map(bool, bridges.values())) > 1


# --- describing ------------------------------------------------------------------------------------------------------


def _cluster(urls: Sequence[str], graph: _Graph) -> Cluster:
    evidence = graph.evidence(urls)
    original, reasons = probable_original(evidence)
    agency = credited_agency(original, evidence)
    if agency is not None:
        crediting = sum(agency in evidence.declared_by(member).agencies for member in evidence.members)
        credit = f"{crediting} of the {len(evidence.members)} credit {agency}"
        reasons = (f"{credit}, whose own page is not archived", *reasons)
    inside = set(urls)
    labelled = {frozenset({url, other}) for url in urls for other in graph.labelled.get(url, _NOBODY) & inside}
    return Cluster(
        members=tuple(evidence.members),
        original=original,
        reasons=reasons,
        links=tuple(evidence.links),
        lags=tuple(lag(original, member) for member in evidence.members),
        credited=agency,
        labels=tuple(sorted((graph.labels[pair] for pair in labelled), key=lambda label: (label.a.url, label.b.url))),
    )
