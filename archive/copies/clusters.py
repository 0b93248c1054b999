"""Clusters of copies, derived from links and never chained: a friend of a friend is not yet of the family.

A source joins a cluster when it is linked to at least half of up to five of its members, the probable original among
those asked; two clusters become one only through two links that share no member. Plain union-find does as well where
all links are right (an adjusted Rand index of 0.98 on the development stories, this rule 0.979); one wrong link merges
for good there. What a person said of two articles stands above all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING

from archive.copies.provenance import age, credited_agency, family_of, lag, probable_original, seen
from db.records import Cluster, Relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from archive.copies.provenance import Family
    from db.records import DeclaredProvenance, Label, Link, VersionRef

    Pair = frozenset[str]  # the addresses of two articles

MEMBERS_ASKED = 5
"""A newcomer is compared with this many members at most: the probable original, then the oldest first."""

_ELDERS = 20  # members among which the original is looked for while a cluster grows; comparing all costs the square

MERGING = (Relation.EXACT, Relation.NEAR, Relation.REWORDED)
"""Relations that make a cluster, closest first. A round-up, a ``partial`` copy of five stories, would chain them."""

_CLOSEST_FIRST = (*MERGING, Relation.PARTIAL, Relation.POSSIBLE, Relation.SAME_EVENT)
_UNKNOWN: Mapping[VersionRef, DeclaredProvenance] = MappingProxyType({})


def clusters(
    links: Iterable[Link], labels: Iterable[Label] = (), pedigrees: Mapping[VersionRef, DeclaredProvenance] = _UNKNOWN
) -> tuple[Cluster, ...]:
    """The clusters of two and more sources, ordered by their first member; the order of ``links`` does not matter.

    A source is known by its URL; of several links between two sources the closest counts. ``Cluster.links`` holds the
    links inside it, ``members`` are ordered by when we first saw them. ``labels``: the newest of two articles decides
    whether they belong together, whatever the links say. ``pedigrees``: what pages say of where their texts come from,
    by the earliest linked version of each article (``representative_versions`` lists those).
    """
    found = _known(links, labels, pedigrees)
    groups: list[list[str]] = []
    for url in sorted(found.refs, key=lambda url: age(found.refs[url])):
        _place(url, groups, found)
    _join_as_said(groups, found)
    made = (_cluster(group, found) for group in groups if len(group) > 1)
    return tuple(sorted(made, key=lambda cluster: seen(cluster.members[0])))


def representative_versions(links: Iterable[Link], labels: Iterable[Label] = ()) -> tuple[VersionRef, ...]:
    """The version that stands for each article that may be in a cluster: the earliest that is linked."""
    return tuple(_known(links, labels, _UNKNOWN).refs.values())


@dataclass(frozen=True, slots=True)
class _Known:
    """Between two articles the closest link and the newest label; of each article the version that stands for it."""

    edges: Mapping[Pair, Link]
    labels: Mapping[Pair, Label]
    refs: Mapping[str, VersionRef]
    pedigrees: Mapping[VersionRef, DeclaredProvenance]

    def alike(self, one: str, other: str) -> bool:
        """True when two articles are linked, and nobody said that they are no copies."""
        link = self.edges.get(frozenset({one, other}))
        return link is not None and link.relation in MERGING

    def apart(self, one: Iterable[str], other: Sequence[str]) -> bool:
        """True when a person said of any member of one group and any of the other that they are no copies."""
        pairs = (frozenset({x, y}) for x in one for y in other)
        return any((label := self.labels.get(pair)) is not None and not label.copy for pair in pairs)

    def family(self, group: Sequence[str]) -> Family:
        """What is known of the members of a group, ordered by when we first saw them."""
        inside = [self.edges[pair] for pair in map(frozenset, combinations(group, 2)) if pair in self.edges]
        members = tuple(sorted((self.refs[url] for url in group), key=seen))
        return family_of(members, tuple(sorted(inside, key=_closeness)), self.pedigrees)


def _known(
    links: Iterable[Link], labels: Iterable[Label], pedigrees: Mapping[VersionRef, DeclaredProvenance]
) -> _Known:
    said = _newest(labels)
    together = {pair for pair, label in said.items() if label.copy}
    apart = said.keys() - together
    edges: dict[Pair, Link] = {}
    sides: list[VersionRef] = []
    for link in sorted(links, key=_closeness):
        pair = frozenset({link.a.url, link.b.url})
        if len(pair) > 1 and pair not in apart and (link.relation in MERGING or pair in together):
            edges.setdefault(pair, link)
            sides += [link.a, link.b]
    sides += [side for pair in together - edges.keys() for side in (said[pair].a, said[pair].b)]
    refs: dict[str, VersionRef] = {}
    for ref in sorted(sides, key=seen):
        refs.setdefault(ref.url, ref)
    return _Known(edges, said, refs, pedigrees)


def _newest(labels: Iterable[Label]) -> dict[Pair, Label]:
    ordered = sorted(labels, key=lambda each: (each.labelled_at, each.copy, each.a.text_sha256, each.b.text_sha256))
    return {frozenset({each.a.url, each.b.url}): each for each in ordered if each.a.url != each.b.url}


def _closeness(link: Link) -> tuple[int, float, str, int, str, int]:
    place = _CLOSEST_FIRST.index(link.relation)
    return place, -link.score, link.a.url, link.a.version, link.b.url, link.b.version


# --- growing ---------------------------------------------------------------------------------------------------------


def _place(url: str, groups: list[list[str]], found: _Known) -> None:
    """Put a source into the group that takes it, and join groups that it and another link both bridge."""
    taking = [group for group in groups if _takes(group, url, found)]
    if not taking:
        groups.append([url])
        return
    home = max(taking, key=lambda group: (_linked(group, url, found), _shared(group, url, found), -groups.index(group)))
    home.append(url)
    for other in taking:
        if other is not home and not found.apart(home, other) and _two_bridges(home, other, found):
            _join(home, other, groups, found)


def _join(home: list[str], other: list[str], groups: list[list[str]], found: _Known) -> None:
    home.extend(other)
    home.sort(key=lambda url: age(found.refs[url]))
    groups[:] = [group for group in groups if group is not other]


def _join_as_said(groups: list[list[str]], found: _Known) -> None:
    """Join the groups of articles that a person called copies, unless another part of them was said to be none."""
    for pair in sorted(tuple(sorted(pair)) for pair, label in found.labels.items() if label.copy):
        home, other = (next(group for group in groups if url in group) for url in pair)
        if home is not other and not found.apart(home, other):
            _join(home, other, groups, found)


def _takes(group: Sequence[str], url: str, found: _Known) -> bool:
    if not _linked(group, url, found) or found.apart(group, [url]):
        return False
    original = probable_original(found.family(group[:_ELDERS]))[0].url
    asked = [original, *(each for each in group if each != original)][:MEMBERS_ASKED]
    linked = _linked(asked, url, found)
    return linked > 0 and 2 * linked >= len(asked) and (linked > 1 or found.alike(original, url))


def _linked(group: Sequence[str], url: str, found: _Known) -> int:
    return sum(found.alike(member, url) for member in group)


def _shared(group: Sequence[str], url: str, found: _Known) -> float:
    """How much a source and its closest relative in a group have of each other: the story before the bulletin in it."""
    links = (found.edges.get(frozenset({member, url})) for member in group)
    return max((min(link.coverage) for link in links if link is not None), default=0.0)


def _two_bridges(home: Sequence[str], other: Sequence[str], found: _Known) -> bool:
    """True when two links between the groups share no member: one wrong link can never merge them."""
    bridges = [(x, y) for x in home for y in other if found.alike(x, y)]
    return any(x1 != x2 and y1 != y2 for (x1, y1), (x2, y2) in combinations(bridges, 2))


# --- telling ---------------------------------------------------------------------------------------------------------


def _cluster(group: Sequence[str], found: _Known) -> Cluster:
    family = found.family(group)
    original, reasons = probable_original(family)
    agency = credited_agency(original, family)
    if agency is not None:
        crediting = sum(agency in family.pedigree(ref).agencies for ref in family.members)
        whole = f"{crediting} of the {len(family.members)} credit {agency}"
        reasons = (f"{whole}, whose own page is not archived", *reasons)
    inside = (label for pair, label in found.labels.items() if pair <= set(group))
    return Cluster(
        members=tuple(family.members),
        original=original,
        reasons=reasons,
        links=tuple(family.links),
        lags=tuple(lag(original, member) for member in family.members),
        credited=agency,
        labels=tuple(sorted(inside, key=lambda label: (label.a.url, label.b.url))),
    )
