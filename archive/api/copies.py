"""Queries about copies: links, clusters and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.api.articles import ArticleQuestions
from db.queries import labels as label_queries
from db.queries import links as link_queries
from db.queries import source_health as health_queries
from db.queries import tombstones as tombstone_queries
from db.queries import versions as version_queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from archive.api.questions import Listing
    from archive.api.related_copies import CopyGroup, RelatedCopies
    from db.records import (
        Cluster,
        Judgement,
        Label,
        Link,
        OriginalLabel,
        Relation,
        Source,
        Text,
        UncorrectedCopy,
        Version,
        VersionRef,
    )


class CopyQuestions(ArticleQuestions):
    """Questions about links between versions, clusters of copies and labels."""

    def copies(self, url: str | None = None) -> list[Link]:
        """Return the links between versions, all or those of one article, the closest pair of two articles first."""
        source_ids = [] if url is None else [self.source(url).id]
        return link_queries.of_sources(self._ask, source_ids)

    def clusters(
        self,
        url: str | None = None,
        *,
        how: Relation | None = None,
        as_of: datetime | None = None,
        evidence: bool = True,
    ) -> tuple[Cluster, ...]:
        """Return the clusters of copies, each with its probable original. Labels override links.

        ``url``: only the cluster of that article, none if it has no copies. ``how``: only links at least as close as
        exact, near or reworded. ``as_of``: only versions seen by then. ``evidence``: with the passages of the links.
        """
        from archive.api.clusters import all_clusters, component_of

        if url is None:
            return all_clusters(self._ask, how=how, as_of=as_of, evidence=evidence)
        source = self.source(url)
        cluster = component_of(self._ask, source.id, how=how, as_of=as_of, evidence=evidence).cluster_of(source.url)
        return () if cluster is None else (cluster,)

    def related_copies(self, source: Source) -> RelatedCopies:
        """Return the cluster of an article, and all its links."""
        from archive.api.related_copies import related_copies

        return related_copies(self._ask, source)

    def copy_groups(
        self, *, after: tuple[int, int] | None = None, limit: int = 25
    ) -> Listing[CopyGroup, tuple[int, int]]:
        """Return a page of the groups of copies, that with the newest member first."""
        from archive.api.related_copies import copy_groups

        return copy_groups(self._ask, after=after, limit=limit)

    def count_copies(self, source_id: int, text_sha256: str) -> int:
        """Return how many other articles have this text of an article, or one linked to it as a copy."""
        return health_queries.count_copies(self._ask, text_sha256, source_id=source_id)

    def labels(self, url: str | None = None) -> list[Label]:
        """Return the labels that people gave to pairs of texts, all or those of one article."""
        if url is None:
            return label_queries.all_labels(self._ask)
        return label_queries.of_sources(self._ask, [self.source(url).id])

    def original_labels(self, url: str | None = None) -> list[OriginalLabel]:
        """Return what people said of which text is an original, of all articles or of one."""
        return label_queries.originals(self._ask, None if url is None else [self.source(url).id])

    def history_source_ids(self, url: str) -> list[int]:
        """Return the ids of the sources in the history of an article. Raises NotArchived."""
        return tombstone_queries.history_source_ids(self._ask, self.source(url).id)

    def label_of(self, a: Version, b: Version) -> Label | None:
        """Return the label of the texts of two versions, None if there is none."""
        sides = {(a.url, a.text_sha256), (b.url, b.text_sha256)}
        labels = self.labels(a.url)
        return next(
            (label for label in labels if {(side.url, side.text_sha256) for side in (label.a, label.b)} == sides), None
        )

    def stale(self, url: str) -> list[UncorrectedCopy]:
        """Return the passages that an article has corrected and copies of it still have, by the copy's address."""
        from archive.api.uncorrected import Copy, find_uncorrected

        source = self.source(url)
        rejected = {side.url for label in self.labels(url) if not label.copy for side in (label.a, label.b)}
        links = [link for link in self.copies(url) if link.relation.is_copy and link.a.url == source.url]
        others = sorted({link.b.url for link in links} - rejected)
        versions = version_queries.of_source(self._ask, source.id) if others else []
        history = [(version, self.text(version)) for version in versions]
        passages: list[UncorrectedCopy] = []
        for other in others:
            newest = version_queries.of_source(self._ask, self.source(other).id)[-1]
            aligned = {
                link.a.version: link.passages
                for link in links
                if (link.b.url, link.b.version) == (other, newest.number)
            }
            passages += find_uncorrected(history, Copy(version=newest, text=self.text(newest), passages=aligned))
        return passages

    def judge(self, a: Version, b: Version) -> tuple[Text, Text, Judgement]:
        """Compare two versions now, linked or not. Return both texts and the judgement with all its evidence.

        Two texts that are no copies when compared alone may be copies through a common original in the archive.
        """
        from archive.api.judging_process import judge_texts

        a_text, b_text = self.text(a), self.text(b)
        judgement = judge_texts(a_text, b_text)
        if judgement.relation is None or not judgement.relation.is_copy:
            judgement = self._through_original(a, b, judgement) or judgement
        return a_text, b_text, judgement

    def _through_original(self, a: Version, b: Version, alone: Judgement) -> Judgement | None:
        from archive.api.judging_process import judge_texts
        from archive.copies.siblings import through_original

        label = self.label_of(a, b)
        if label is not None and not label.copy:
            return None
        for original in self._common_originals(a, b):
            text = self.text_by_digest(original.text_sha256)
            first, second = (judge_texts(self.text(version), text) for version in (a, b))
            judgement = through_original(alone, first, second, f"{original.url}@{original.version}")
            if judgement is not None:
                return judgement
        return None

    def _common_originals(self, a: Version, b: Version) -> Sequence[VersionRef]:
        """Return the texts of which both are linked as whole copies, those with the highest scores first."""
        from archive.copies.siblings import THIRDS_COMPARED

        first, second = (self._whole_copies(version) for version in (a, b))
        both = {ref: min(score, second[ref]) for ref, score in first.items() if ref in second}
        return sorted(both, key=lambda ref: (-both[ref], ref.url, ref.version))[:THIRDS_COMPARED]

    def _whole_copies(self, version: Version) -> dict[VersionRef, float]:
        """Return the versions of other articles that are linked with the text of a version as a whole, with scores."""
        from archive.copies.clusters import MERGING

        linked: dict[VersionRef, float] = {}
        for link in self.copies(version.url):
            one, other = (link.a, link.b) if link.a.url == version.url else (link.b, link.a)
            if link.relation in MERGING and one.text_sha256 == version.text_sha256 and other.url != version.url:
                linked[other] = max(link.score, linked.get(other, 0.0))
        return linked
