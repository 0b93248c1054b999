"""What a page costs the client: CPU of fetching 60 kB pages from 200 origins at once, ours beside other people's.

Ours is the whole way to an outcome (lanes, address guard, robots.txt, raw bytes, bounded decoding, digests), without
the database. Each client is a process of its own, the server another; the rounds take turns, and the median is shown.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from origins import Origins

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNIT = "ms CPU"

ROUNDS = 3
ORIGINS = 200
PAGES = {"aiohttp": 1_400, "ours": 1_400, "scrapy": 1_400, "httpx": 500}
"""Asked for in a round, the first of each origin to warm up. httpx in one pool takes ten times as long, so it gets
fewer."""

NAMES = {"aiohttp": "aiohttp", "ours": "wirecopy", "scrapy": "scrapy, the whole crawler", "httpx": "httpx, one pool"}
CLIENTS = Path(__file__).with_name("clients.py")


def client(name: str, origins: int, pages: int, port: int, *more: str) -> dict[str, float]:
    """What ``clients.py`` reports. Raises SystemExit when pages were lost, for then the figures mean nothing."""
    command = [sys.executable, str(CLIENTS), name, str(origins), str(pages), str(port), *more]
    told: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    if told["lost"] and name != "httpx":  # whose pool does lose some at 200 hosts
        raise SystemExit(f"{name} lost {told['lost']} of {pages} pages")
    return told


def absent() -> list[str]:
    """The clients that are not installed."""
    return [name for name in PAGES if name != "ours" and importlib.util.find_spec(name) is None]


def figures() -> Iterator[tuple[str, float]]:
    names = [name for name in PAGES if name not in absent()]
    took: dict[str, list[float]] = {name: [] for name in names}
    with Origins(ORIGINS) as origins:
        for _ in range(ROUNDS):
            for name in names:
                told = client(name, ORIGINS, PAGES[name], origins.port)
                took[name].append(1_000 * told["cpu"] / told["pages"])
    for name in names:
        yield NAMES[name], statistics.median(took[name])


def findings(found: Mapping[str, float]) -> Iterator[str]:
    ours = found[NAMES["ours"]]
    if NAMES["aiohttp"] in found:
        yield f"wirecopy / aiohttp = {ours / found[NAMES['aiohttp']]:.2f}, wanted: at most 5"
    if NAMES["scrapy"] in found:
        yield f"scrapy / wirecopy = {found[NAMES['scrapy']] / ours:.2f}, wanted: at least 2"
    if absent():
        yield f"not installed, so not compared: {', '.join(absent())}. Install them: pip install -e '.[bench]'"
