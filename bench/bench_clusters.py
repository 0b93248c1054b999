"""What it costs to cluster copies: all of an archive, and those of one article, by how many links there are.

The links join disjoint pairs of articles, so that clustering all should cost twice as much for twice the links, and the
cluster of one article the same whatever else there is. Figures are CPU in this process, the better of two.
``BENCH_LINKS=4000`` stops at so many links.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from large import Size, make, url_of

from archive.api import Archive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNIT = "s CPU"

LINKS = [
    links for links in (1_000, 2_000, 4_000, 8_000, 16_000) if links <= int(os.environ.get("BENCH_LINKS", "16000"))
]


def figures() -> Iterator[tuple[str, float]]:
    alone = []
    for links in LINKS:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "archive.db"
            make(path, Size(sources=2 * links, versions=2 * links, captures=2 * links, words=20, linked=2))
            with Archive(path) as archive:
                assert len(archive.clusters(evidence=False)) == links
                yield f"cluster all, {links:,} links", cpu(lambda: archive.clusters(evidence=False))
                alone.append((f"copies URL, {links:,} links", cpu(lambda: copies(archive))))
    yield from alone


def findings(found: dict[str, float]) -> Iterator[str]:
    """The cost of so many times the links: linear is wanted for all, constant for one article."""
    growth = LINKS[-1] / LINKS[0]
    for name, wanted in (("cluster all", growth), ("copies URL", 1.0)):
        ratio = found[f"{name}, {LINKS[-1]:,} links"] / found[f"{name}, {LINKS[0]:,} links"]
        yield f"{name}: {growth:.0f} times the links cost {ratio:.1f} times as much, wanted about {wanted:.0f}"


def copies(archive: Archive) -> None:
    """What ``wirecopy copies URL`` asks."""
    (cluster,) = archive.clusters(url_of(1), evidence=False)
    assert len(cluster.members) == len(archive.copies(url_of(1))) + 1


def cpu(function: Callable[[], object]) -> float:
    def once() -> float:
        begun = time.process_time()
        function()
        return time.process_time() - begun

    return min(once() for _ in range(2))
