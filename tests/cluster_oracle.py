"""The plain way to build clusters: every group is tried for every source, which costs the square of their number.

``archive.copies.clusters`` tries only groups that share a link with the source. The tests hold it to this.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from archive.copies.clusters import MERGING
from archive.copies.dating import age, seen
from archive.copies.provenance import gather_evidence, probable_original

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from db.records import DeclaredProvenance, Label, Link, VersionRef

    Pair = frozenset[str]

MEMBERS_COMPARED, ELDERS = 5, 20


class Oracle:
    """Links and labels by pair, what pages declare, and the groups so far."""

    def __init__(
        self, links: Iterable[Link], labels: Iterable[Label], declared: Mapping[VersionRef, DeclaredProvenance]
    ) -> None:
        self.declared = declared
        self.labels = newest(labels)
        self.links: dict[Pair, Link] = {}
        sides: list[VersionRef] = []
        for link in sorted(links, key=closeness):
            pair = frozenset({link.a.url, link.b.url})
            label = self.labels.get(pair)
            counts = label.copy if label else link.relation in MERGING
            if len(pair) > 1 and counts:
                self.links.setdefault(pair, link)
                sides += [link.a, link.b]
        together = [label for pair, label in self.labels.items() if label.copy and pair not in self.links]
        sides += [side for label in together for side in (label.a, label.b)]
        self.versions: dict[str, VersionRef] = {}
        for version in sorted(sides, key=seen):
            self.versions.setdefault(version.url, version)
        self.groups: list[list[str]] = []

    def clusters(self) -> set[tuple[str, frozenset[str]]]:
        """The original and the members of each cluster, by their addresses."""
        for url in sorted(self.versions, key=lambda url: age(self.versions[url])):
            self.place(url)
        self.join_labelled()
        groups = (group for group in self.groups if len(group) > 1)
        return {(self.original(group), frozenset(group)) for group in groups}

    def place(self, url: str) -> None:
        taking = [group for group in self.groups if self.takes(group, url)]
        if not taking:
            self.groups.append([url])
            return
        home = max(
            taking,
            key=lambda group: (self.count(group, url), self.coverage(group, url), -self.groups.index(group)),
        )
        home.append(url)
        for other in taking:
            if other is not home and not self.rejected(home, other) and self.two_bridges(home, other):
                self.join(home, other)

    def takes(self, group: Sequence[str], url: str) -> bool:
        if not self.count(group, url) or self.rejected(group, [url]):
            return False
        original = self.original(group[:ELDERS])
        compared = [original, *(member for member in group if member != original)][:MEMBERS_COMPARED]
        linked = self.count(compared, url)
        return linked > 0 and 2 * linked >= len(compared) and (linked > 1 or self.alike(original, url))

    def join(self, home: list[str], other: list[str]) -> None:
        home.extend(other)
        home.sort(key=lambda url: age(self.versions[url]))
        self.groups = [group for group in self.groups if group is not other]

    def join_labelled(self) -> None:
        for pair in sorted(tuple(sorted(pair)) for pair, label in self.labels.items() if label.copy):
            home, other = (next(group for group in self.groups if url in group) for url in pair)
            if home is not other and not self.rejected(home, other):
                self.join(home, other)

    def original(self, group: Sequence[str]) -> str:
        pairs = map(frozenset, combinations(group, 2))
        links = sorted((self.links[pair] for pair in pairs if pair in self.links), key=closeness)
        members = sorted((self.versions[url] for url in group), key=seen)
        return probable_original(gather_evidence(members, links, self.declared)).member.url

    def alike(self, first: str, second: str) -> bool:
        link = self.links.get(frozenset({first, second}))
        return link is not None and link.relation in MERGING

    def count(self, group: Sequence[str], url: str) -> int:
        return sum(self.alike(member, url) for member in group)

    def coverage(self, group: Sequence[str], url: str) -> float:
        links = (self.links.get(frozenset({member, url})) for member in group)
        return max((min(link.coverage) for link in links if link is not None), default=0.0)

    def rejected(self, home: Iterable[str], other: Sequence[str]) -> bool:
        labels = (self.labels.get(frozenset({first, second})) for first in home for second in other)
        return any(label is not None and not label.copy for label in labels)

    def two_bridges(self, home: Sequence[str], other: Sequence[str]) -> bool:
        bridges = [(first, second) for first in home for second in other if self.alike(first, second)]
        return any(a != c and b != d for (a, b), (c, d) in combinations(bridges, 2))


def newest(labels: Iterable[Label]) -> dict[Pair, Label]:
    ordered = sorted(
        labels, key=lambda label: (label.labelled_at, label.copy, label.a.text_sha256, label.b.text_sha256)
    )
    return {frozenset({label.a.url, label.b.url}): label for label in ordered if label.a.url != label.b.url}


def closeness(link: Link) -> tuple[int, float, str, int, str, int]:
    order = [*MERGING, "partial", "possible", "same_event"]
    return order.index(link.relation), -link.score, link.a.url, link.a.version, link.b.url, link.b.version
