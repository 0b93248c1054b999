"""All answers of a small archive at one moment, read once and kept as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive.api import Archive, serialize
from archive.api.version_ref import Ref

if TYPE_CHECKING:
    from pathlib import Path

    from archive.demo.grade import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The data behind ``Answers`` and ``DemoAnswers``. Keys are URLs; those of ``changes`` are URL and version."""

    source_rows: list[Json] = field(default_factory=list)
    histories: dict[str, Json] = field(default_factory=dict)
    checks: dict[str, list[Json]] = field(default_factory=dict)
    links: list[Json] = field(default_factory=list)
    groups: list[Json] = field(default_factory=list)
    changes: dict[tuple[str, int], Json] = field(default_factory=dict)

    def history(self, url: str) -> Json:
        """Return the article's versions, stretches and moves."""
        return self.histories[url]

    def captures(self, url: str) -> list[Json]:
        """Return every check of the article with its state."""
        return self.checks[url]

    def copies(self) -> list[Json]:
        """Return every link."""
        return self.links

    def sources(self) -> list[Json]:
        """Return every source."""
        return self.source_rows

    def clusters(self) -> list[Json]:
        """Return the clusters of copies."""
        return self.groups

    def change(self, url: str, version: int) -> Json:
        """Return how the version before became this one."""
        return self.changes[url, version]


def read_snapshot(db: Path) -> Snapshot:
    """Read all answers of a small archive. Raises the errors of ``Archive``."""
    with Archive(db) as archive:
        source_rows = [{"url": source.url, "kind": str(source.kind)} for source in archive.sources()]
        urls = [source["url"] for source in source_rows]
        histories = {url: serialize.history(*archive.history(url)) for url in urls}
        later = [(url, version["version"]) for url, history in histories.items() for version in history["versions"][1:]]
        return Snapshot(
            source_rows=source_rows,
            histories=histories,
            checks={url: _checks(archive, url) for url in urls},
            links=[serialize.link(link) for link in archive.copies()],
            groups=[serialize.cluster(cluster) for cluster in archive.clusters()],
            changes={key: _change(archive, *key) for key in later},
        )


def _checks(archive: Archive, url: str) -> list[Json]:
    """Return the captures of a URL. Further parts of multi-page articles belong to the check of the first part."""
    return [serialize.capture_of(capture, state) for capture, state in archive.captures(url) if capture.part == 1]


def _change(archive: Archive, url: str, number: int) -> Json:
    return serialize.comparison(archive.compare(Ref(url=url, number=number - 1), Ref(url=url, number=number)))
