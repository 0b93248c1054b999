"""What fetching holds: the most memory of a process, at rest and with 1,000 pages of 60 kB under way at once.

The server keeps every page back until all 1,000 requests wait for one, each at an origin of its own, and the client
keeps every page it gets until the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench_fetch import NAMES, absent, client
from origins import Origins

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNIT = "MB"

AT_ONCE = 1_000
WANTED = 150  # MB at most


def figures() -> Iterator[tuple[str, float]]:
    yield "wirecopy, at rest", client("ours", 0, 0, 0)["rss"]
    for name in ("ours", "aiohttp"):
        if name not in absent():
            with Origins(AT_ONCE, together=AT_ONCE) as origins:
                yield f"{NAMES[name]}, all pages", client(name, AT_ONCE, AT_ONCE, origins.port, "--hold")["rss"]


def findings(found: Mapping[str, float]) -> Iterator[str]:
    yield f"wirecopy with {AT_ONCE:,} pages: {found['wirecopy, all pages']:.0f} MB, wanted: at most {WANTED}"
