"""One, two and four runs that share an archive on a PostgreSQL server: time a page, and what they wait for.

Each run is a process of its own and extracts and compares by itself, as on a host of its own. The pages are made up, of
some 250 words, on a loopback server; a third of them are copies of another site's. The server's lock table is looked at
a hundred times a second: who waits for the lock of the writers, and in which step its holder is.
"""

from __future__ import annotations

import random
import resource
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from db.queries import statistics
from db.reader import Reader
from tests import servers
from tests.builders import T0
from tests.newsroom import PARAGRAPHS
from tests.newsroom import page as article
from tests.replies import page as reply
from tests.site import Site
from tests.warm import Warm

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from db.dialect.server_address import ServerAddress

UNIT = "ms a page"
PROCESSES = (1, 2, 4)
SITES, PAGES = 16, 12

_LOOK = """
    SELECT l.granted, coalesce(substring(a.query FROM 'lease|underived|chain|payload|capture|near_key|link|text'
                               '|extraction|derivation|version|claim|source'), '') AS step, a.state
    FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory'"""

_WORDS = [word for paragraph in PARAGRAPHS for word in paragraph.split()]


class Watch:
    """Counts, while its block runs, who waits for the lock of the writers, and what its holder does."""

    def __init__(self, server: servers.Server) -> None:
        self.looks = self.waiting = self.held = self.idle = 0
        self.steps = Counter[str]()
        self._server, self._is_over = server, threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        with psycopg.connect(self._server.url(), autocommit=True) as connection:
            while not self._is_over.wait(0.01):
                rows = connection.execute(_LOOK).fetchall()
                self.looks += 1
                self.waiting += sum(not granted for granted, *_ in rows)
                for granted, step, state in rows:
                    if granted:
                        self.held += 1
                        self.idle += state == "idle in transaction"
                        self.steps[step] += 1


def figures() -> Iterator[tuple[str, float]]:
    with Site() as site:
        for name in range(SITES):
            for number in range(PAGES):
                site.pages[f"/{name}/{number}"] = reply(article(*_paragraphs(name, number), title=f"{name} {number}"))
        for server in servers.started():
            for number in PROCESSES:
                with TemporaryDirectory() as folder:
                    yield from _measured(server, site, Path(folder), number)


def _measured(server: servers.Server, site: Site, folder: Path, number: int) -> Iterator[tuple[str, float]]:
    address = server.address(folder)
    _write_index(folder)
    shards = [{"workers": 0, "shard": [shard, number]} for shard in range(1, number + 1)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with Warm() as warm:
        started = time.perf_counter()
        with Watch(server) as watch:
            warm.begin("refresh", folder, _environ(site, address), shards)
            assert warm.end() == [0] * number
        seconds = time.perf_counter() - started
    with Reader(address) as reader:
        pages = statistics.counts(reader.ask)["versions"]
    assert pages == SITES * PAGES, pages
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    runs = "1 run" if number == 1 else f"{number} runs"
    yield f"{runs}: time a page", seconds / pages * 1e3
    yield f"{runs}: CPU a page in the runs", cpu / pages * 1e3
    yield f"{runs}: time a page with the lock held", seconds * watch.held / watch.looks / pages * 1e3
    yield f"{runs}: % of a run's time waiting for the lock", 100 * watch.waiting / watch.looks / number
    yield f"{runs}: % of the time the lock is held", 100 * watch.held / watch.looks
    yield f"{runs}: % of that its holder is not asking", 100 * watch.idle / max(watch.held, 1)
    for step, times in watch.steps.most_common():
        yield f"{runs}: % of that in {step or 'other'}", 100 * times / watch.held


def findings(measured: Mapping[str, float]) -> Iterator[str]:
    one = measured["1 run: time a page"]
    for number in PROCESSES[1:]:
        yield f"{number} runs: {one / measured[f'{number} runs: time a page']:.2f} times the pages of one run"


def _paragraphs(site: int, number: int) -> list[str]:
    """Five paragraphs. Every third page has those of its neighbour site, and a line of its own."""
    dice = random.Random(f"{site - site % 2 if number % 3 == 0 else site} {number}")
    texts = [" ".join(dice.choices(_WORDS, k=50)).capitalize() + "." for _ in range(5)]
    return [*texts, f"Our reporter in town number {site} writes on."]


def _write_index(folder: Path) -> None:
    rows = "".join(
        f"| {name}-{number} | http://paper{name}.example/{name}/{number} |\n"
        for name in range(SITES)
        for number in range(PAGES)
    )
    (folder / "seeds").mkdir()
    text = f"## press\n\nevery: 1h\n\n| name | url |\n| --- | --- |\n{rows}"
    (folder / "seeds" / "INDEX.md").write_text(text, encoding="utf-8")


def _environ(site: Site, address: ServerAddress) -> dict[str, str]:
    values = {"RESOLVE": f"*.example=127.0.0.1:{site.port}", "CLOCK": T0.isoformat(), "CONTACT": "desk@wire.example"}
    values |= {"MIN_GAP": "0", "PROBE": "no", "DB": address.url}
    return {f"WIRECOPY_{name}": value for name, value in values.items()}
