"""What a page costs the server: CPU and time of answers in process, 10,000 articles in 15,000 versions; median and p95.

Asked are the pages a reader opens, of articles drawn at random, all of it twice: first to warm the file, then for the
figures. CPU is what the page costs on a machine with nothing else to do; the time has the others' work in it. The words
sought are as frequent as words are (``large``): rare ones, ordinary ones, the commonest, a phrase, a prefix. The last
figures are of a server on a port: the time of a 404 on a kept-alive connection, which costs the archive nothing.
``BENCH_ARTICLES=100000`` makes the archive of 100,000 articles, 150,000 versions and 1,000,000 captures.
"""

from __future__ import annotations

import http.client
import os
import random
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from large import GROUPS, PAPERS, WORDS, Size, make
from starlette.testclient import TestClient

from archive.serve.app import create_app
from archive.serve.server import Impatient, listen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNIT = "ms"

ARTICLES = int(os.environ.get("BENCH_ARTICLES", "10000"))
SIZE = Size(sources=ARTICLES, versions=ARTICLES * 3 // 2, captures=ARTICLES * 10, words=250)
WANTED = 150.0
ASKED = 25
RARE, ORDINARY, COMMON = slice(5_000, 5_500), slice(200, 2_000), slice(0, 10)
"""Which words are sought, by how frequent they are."""


def figures() -> Iterator[tuple[str, float]]:
    with archive() as path:
        app = create_app(path, clock=lambda: SIZE.until)
        asked = TestClient(app, base_url="http://127.0.0.1:8020", headers={"accept": "text/html"})
        for name, pages in questions(random.Random(7)).items():
            for page in pages:
                asked.get(page)
            cpu, wall = answer(asked, pages)
            yield f"{name}, CPU (median)", middle(cpu)
            yield f"{name}, CPU", highest(cpu)
            yield f"{name}, time (median)", middle(wall)
            yield f"{name}, time", highest(wall)
        wall = kept_alive(path)
        yield "404, kept-alive connection, time (median)", middle(wall)
        yield "404, kept-alive connection, time", highest(wall)


def findings(found: dict[str, float]) -> Iterator[str]:
    """The figures beside what is wanted of them: p95 under 150 ms."""
    for name, value in found.items():
        if name.endswith((", CPU", ", time")):
            verdict = "as wanted" if value < WANTED else f"wanted under {WANTED:.0f} ms"
            yield f"{name}: p95 {value:.0f} ms, {verdict}"


@contextmanager
def archive() -> Iterator[Path]:
    """A generated archive; the one at ``BENCH_ARCHIVE``, made there if there is none, or a passing one."""
    kept = os.environ.get("BENCH_ARCHIVE")
    with tempfile.TemporaryDirectory() as name:
        path = Path(kept or Path(name) / "archive.db")
        if not path.exists():
            make(path, SIZE)
        yield path


def questions(dice: random.Random) -> dict[str, list[str]]:
    """By name what is asked, in the paths of pages."""

    def some(words: slice) -> str:
        return dice.choice(WORDS[words])

    edited = range(1, SIZE.versions - SIZE.sources + 1)
    linked = range(1, SIZE.sources, 100)
    outlets = [f"paper{dice.randrange(PAPERS)}.example" for _ in range(ASKED)]
    searches: dict[str, Callable[[], str]] = {
        "rare": lambda: some(RARE),
        "ordinary": lambda: some(ORDINARY),
        "two ordinary": lambda: f"{some(ORDINARY)}+{some(ORDINARY)}",
        "very common": lambda: some(COMMON),
        "phrase": lambda: f"%22{some(COMMON)}+{some(COMMON)}%22",
        "prefix": lambda: f"{some(ORDINARY)[:4]}*",
        "short prefix": lambda: f"{some(ORDINARY)[:3]}*",
        "one site": lambda: f"{some(ORDINARY)}+site:{dice.choice(outlets)}",
    }
    return {
        "inbox": ["/"] * ASKED,
        "inbox, filtered": ["/?kind=wording", "/?kind=correction", *(f"/?outlet={each}" for each in outlets)],
        "article": [f"/articles/{dice.randint(1, SIZE.sources)}" for _ in range(ASKED)],
        "diff": [f"/articles/{dice.choice(edited)}/diff/1..2" for _ in range(ASKED)],
        "copies": [f"/copies/{dice.choice(linked)}" for _ in range(ASKED)],
        **{f"search, {name}": [f"/search?q={word()}" for _ in range(ASKED)] for name, word in searches.items()},
        "search, gone": [f"/search?gone=1&q={some(ORDINARY)}" for _ in range(ASKED)],
        "sources": ["/sources", *(f"/sources?group=group{number:02}" for number in range(GROUPS))],
        "sources, troubled": ["/sources?troubled=1"] * 5,
        "runs": ["/runs"] * 5,
        "events": ["/events"] * 5,
        "events, gone": ["/events?kind=gone"] * 5,
        "outlets": ["/outlets"] * 5,
        "at": ["/as-of/2020-01-05", "/as-of/2020-01-15", "/as-of/2019-01-01", "/as-of/now"] * 3,
        "changes API": ["/api/v1/changes?limit=500", "/api/v1/changes", "/api/v1/changes?kind=correction"] * 3,
    }


def answer(asked: TestClient, pages: list[str]) -> tuple[list[float], list[float]]:
    """CPU and time of each page, in ms."""
    cpu, wall = [], []
    for page in pages:
        begun, spent = time.perf_counter(), time.process_time()
        found = asked.get(page)
        cpu.append((time.process_time() - spent) * 1000)
        wall.append((time.perf_counter() - begun) * 1000)
        if found.status_code not in {200, 503}:  # 503: cut off as too slow, which the time says
            raise RuntimeError(f"{page}: {found.status_code} {found.text[:500]}")
    return cpu, wall


def kept_alive(path: Path) -> list[float]:
    """Milliseconds of each 404 of ``ASKED`` on one connection to a server of its own."""
    app = create_app(path, clock=lambda: SIZE.until)
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(app, http=Impatient, ws="none", lifespan="off", log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        connection = http.client.HTTPConnection(*listener.getsockname())
        wall = []
        for _ in range(ASKED):
            begun = time.perf_counter()
            connection.request("GET", "/no-such-page")
            connection.getresponse().read()
            wall.append((time.perf_counter() - begun) * 1000)
        connection.close()
        server.should_exit = True
        thread.join()
    return wall


def middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def highest(values: list[float]) -> float:
    """The 95th percentile."""
    return sorted(values)[min(len(values) * 95 // 100, len(values) - 1)]
