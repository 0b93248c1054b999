"""Tests of concurrent writers: four processes write to one archive while a reader queries it. No loss, no lock error.

Each writer does what runs do, through the real store: it records batches of captures, derives the ledger (also captures
of other writers), settles histories, links texts, takes leases and releases them. Run as a program, this file is such a
writer: ``test_writers.py ARCHIVE NUMBER SECONDS`` prints the captures it recorded.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

import pytest

from archive.api import Archive
from archive.api.version_ref import Ref
from archive.pipeline.derive import derive as derive_captures
from archive.urls import url_key
from db import maintenance
from db.errors import StoreBusy
from db.lease_owner import lease_owner, owner_is_alive
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.reader import Reader
from db.store import Store
from tests.builders import DAY, HOUR, LATER, RECIPE, T0, a_capture, an_extraction
from tests.contents import contents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from db.records import Capture, Extraction, Page

WRITERS, SOURCES, BATCH = 4, 30, 10
WORDS = (
    "harbour",
    "barge",
    "council",
    "river",
    "tide",
    "mayor",
    "storm",
    "grain",
    "strike",
    "ruling",
    "budget",
    "mill",
)


class Reading:
    """A replacement for the extractor's workers that returns the page as its text."""

    def map(self, pages: Iterable[Page]) -> Iterator[Extraction]:
        for page in pages:
            yield an_extraction(page.payload.decode(), title="")


def url_of(number: int) -> str:
    return f"https://paper{number % 5}.example/report/{number}"


# --- a writer --------------------------------------------------------------------------------------------------------


def write(path: Path, number: int, seconds: float) -> None:
    dice, me = random.Random(number), lease_owner(f"writer-{number}")
    stored: list[tuple[int, str]] = []
    deadline = time.monotonic() + seconds
    with Store(path) as store:
        store.use_recipe(RECIPE, T0)
        while time.monotonic() < deadline:
            batch = [page(dice, len(stored) + place, number) for place in range(BATCH)]
            store.record(batch)
            stored += [(capture.source_id, capture.captured_at.isoformat()) for capture, _ in batch]
            derive(store, 2 * BATCH)
            take_turns(store, me, f"lane {dice.randrange(2)}")
    json.dump(stored, sys.stdout)


def derive(store: Store, together: int) -> None:
    while waiting := capture_queries.underived(store.ask, together):
        derive_captures(store, Reading(), waiting, recipe=RECIPE, now=LATER)


def page(dice: random.Random, turn: int, number: int) -> tuple[Capture, bytes]:
    """Return a page of a shared source, at an instant of this writer alone. Some pages repeat an earlier text."""
    source = dice.randint(1, SOURCES)
    words = " ".join(dice.choices(WORDS, k=60)) if turn % 3 else f"What source {source} said before. " * 10
    instant = T0 + turn * HOUR + number * HOUR / WRITERS
    return a_capture(source, at=instant, url=url_of(source)), words.encode()


def take_turns(store: Store, me: str, name: str) -> None:
    """Take a lease and release it. Another writer may have it, but the file must never be locked."""
    try:
        store.take_lease(name, me, LATER, LATER + DAY, owner_is_alive)
    except StoreBusy as busy:
        assert "another run is at work" in str(busy)  # noqa: PT017  # another writer has the lease
    else:
        store.release_leases(me)


# --- the result ------------------------------------------------------------------------------------------------------


def read(path: Path, until: list[subprocess.Popen[str]]) -> int:
    """Query like a reader until the writers are done, and return how often. Raises what the archive raises."""
    queries = 0
    while any(process.poll() is None for process in until):
        with Archive(path) as archive:
            for version, _ in archive.articles()[:3]:
                _, history = archive.history(version.url)
                assert [version.number for version in history.versions] == list(range(1, len(history.versions) + 1))
                archive.text(archive.version(Ref(url=version.url, at=version.first_seen_at)))
            archive.search("harbour")
            archive.status(LATER)
        queries += 1
        time.sleep(0.05)
    return queries


def write_together(folder: Path, seconds: float) -> tuple[set[tuple[int, str]], int]:
    """Run the writers. Return the captures they recorded (source, instant), and the number of queries meanwhile."""
    path = folder / "archive.db"
    with Store(path) as store:
        for number in range(1, SOURCES + 1):
            store.add_source(url_of(number), url_key(url_of(number)), T0)
    says = [folder / f"writer-{number}" for number in range(WRITERS)]
    writers = [start(path, number, seconds, says[number]) for number in range(WRITERS)]
    try:
        queries = read(path, writers)
    finally:
        for process in writers:
            process.kill()
            process.wait()
    reports = [file.read_text() for file in says]
    assert [process.returncode for process in writers] == [0] * WRITERS, reports
    return {(source, instant) for report in map(json.loads, reports) for source, instant in report}, queries


def start(path: Path, number: int, seconds: float, says: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, __file__, str(path), str(number), str(seconds)]
    with says.open("wb") as out:
        return subprocess.Popen(command, stdout=out, stderr=out)


def check(folder: Path, seconds: float) -> None:
    stored, queries = write_together(folder, seconds)
    path = folder / "archive.db"
    assert len(stored) >= WRITERS * BATCH
    assert queries > 0
    with Reader(path) as reader:
        sources = [record.id for record in source_queries.all_sources(reader.ask)]
        archived = {
            (source, instant.isoformat())
            for source in sources
            for instant in capture_queries.instants(reader.ask, source)
        }
    assert archived == stored
    maintenance.check_file(path, deep=True)
    with Archive(path) as archive:
        assert list(archive.verify(deep=True)) == []
    before = contents(path)
    assert before["waiting"] == [(0, 0)]
    again(path, sources)
    assert contents(path) == before


def again(path: Path, sources: list[int]) -> None:
    """Derive everything once more, by one process alone."""
    with Store(path) as store:
        store.requeue_sources(sources, None, None)
        derive(store, 100)


@pytest.mark.slow  # four interpreters that import all of this cost 4 s of CPU before they write
def test_four_writers_and_a_reader_lose_nothing(tmp_path: Path) -> None:
    check(tmp_path, 8)


@pytest.mark.slow
def test_four_writers_and_a_reader_lose_nothing_in_a_minute(tmp_path: Path) -> None:
    check(tmp_path, 60)


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
