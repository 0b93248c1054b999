"""Tests of killed runs: started again, a run continues, and the archive is as if it was never killed.

A small world of two news sites, a feed and a web archive goes through eight runs: refreshes of five days on which
pages change, move, vanish and come back, and backfills of every kind. Each round takes the archive before one of these
runs, kills the real run with SIGKILL at a random moment, checks the file, runs it again, and compares the archive with
the one after the uninterrupted run.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from db import maintenance
from tests.builders import DAY, T0
from tests.contents import contents
from tests.newsroom import PARAGRAPHS
from tests.newsroom import page as article
from tests.replies import page as reply
from tests.site import Site
from tests.warm import Warm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.replies import Asked, Say

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("KILLED_RUNS", "100"))

INDEX = """\
# What the desk watches

## daily

every: 1h

| name | url | kind |
| --- | --- | --- |
| feed | http://daily.example/feed.xml | feed |

## regional

every: 1h

| name | url |
| --- | --- |
| strait | http://regional.example/strait |
| mill | http://regional.example/mill |
"""

# --- the world -------------------------------------------------------------------------------------------------------

GRAIN = (
    "Growers on the eastern plain expect the smallest barley harvest in nine years, the chamber of agriculture said.",
    "A dry May cost the fields a third of their yield, and rain in August came too late to make up for any of it.",
    "Mills have begun to buy abroad. Bread will not cost more before the spring, the bakers' guild told its members.",
)
TALKS, HARVEST = article(*PARAGRAPHS), article(*GRAIN, title="Barley harvest smallest in nine years")
EDITED = article(*(paragraph.replace("300", "30") for paragraph in PARAGRAPHS))
GROWN = article(*GRAIN, "The chamber will count again in October.", title="Barley harvest smallest in nine years")
COPY = article(*PARAGRAPHS, title="Strait to reopen, say ministers")
HALF = article(PARAGRAPHS[0])
GONE, MOVED = "404", "-> http://daily.example/2026/talks"

BY_DAY: dict[str, tuple[bytes | str, ...]] = {
    "/talks": (TALKS, EDITED, MOVED, MOVED, MOVED),
    "/2026/talks": (GONE, GONE, EDITED, EDITED, TALKS),
    "/harvest": (HARVEST, GROWN, GROWN, HALF, GROWN),
    "/strait": (COPY, COPY, GONE, GONE, COPY),
    "/mill": (GONE, HARVEST, HARVEST, HARVEST, HARVEST),
}
"""What each page is on each of the five days."""

FEED = (("/talks", "/harvest"), ("/talks", "/harvest"), ("/talks", "/harvest"), ("/harvest",), ("/harvest", "/talks"))
REMEMBERED = {"/talks": (2021, 2022), "/strait": (2021,), "/mill": (2022,)}
"""In which years the web archive saw which pages, twice each."""


@dataclass(frozen=True, slots=True)
class Run:
    """One of the world's runs: its verb and arguments, and the day it is made on."""

    verb: str
    day: int
    how: dict[str, Any] = field(default_factory=dict)


RUNS = (
    Run("refresh", 0),
    Run("backfill", 0, {"source": "archives", "since": "2021-01-01", "until": "2021-12-31"}),
    Run("refresh", 1),
    Run("refresh", 2),
    Run("backfill", 2, {"source": "payloads"}),
    Run("refresh", 3),
    Run("backfill", 4, {"source": "live"}),
    Run("backfill", 4, {"source": "archives", "since": "2022-01-01", "until": "2022-12-31"}),
)


class World:
    """The sites and the web archive on one loopback port, as of ``day``."""

    def __init__(self, site: Site) -> None:
        self.day = 0
        self._site = site
        site.pages["/feed.xml"] = self._feed
        for path in BY_DAY:
            site.pages[path] = self._page
        for path, years in REMEMBERED.items():
            self._remember(path, years)

    def environ(self) -> dict[str, str]:
        own = {
            "RESOLVE": f"*.example=127.0.0.1:{self._site.port}",
            "ARCHIVES": "http://memory.example/timemap/link/",
            "CLOCK": (T0 + self.day * DAY).isoformat(),
            "CONTACT": "desk@wire.example",
            "MIN_GAP": "0",
        }
        return {f"WIRECOPY_{name}": value for name, value in own.items()}

    def _page(self, request: Asked) -> Say:
        what = BY_DAY[request.target][self.day]
        if isinstance(what, bytes):
            tag = f'"{request.target}-{BY_DAY[request.target].index(what)}"'
            if request.headers.get("if-none-match") == tag:
                return reply(b"", status="304 Not Modified", Content_Type="", ETag=tag)
            return reply(what, ETag=tag)
        if what == GONE:
            return reply(b"<h1>Not here</h1>", status="404 Not Found")
        return reply(b"", status="301 Moved Permanently", Location=what.removeprefix("-> "))

    def _feed(self, _: Asked) -> Say:
        links = (f"<item><title>x</title><link>http://daily.example{path}</link></item>" for path in FEED[self.day])
        document = f"<rss version='2.0'><channel><title>Daily</title>{''.join(links)}</channel></rss>"
        return reply(document.encode(), Content_Type="application/rss+xml")

    def _remember(self, path: str, years: tuple[int, ...]) -> None:
        host = "daily" if path == "/talks" else "regional"
        url, links = f"http://{host}.example{path}", []
        for year in years:
            for month, body in ((3, HALF), (9, TALKS)):
                stamp, date = (
                    f"{year}{month:02}01120000",
                    f"{T0.replace(year=year, month=month, day=1, hour=12):%a, %d %b %Y %H:%M:%S} GMT",
                )
                links.append(f'<http://memory.example/web/{stamp}/{url}>; rel="memento"; datetime="{date}"')
                self._site.pages[f"/web/{stamp}id_/{url}"] = reply(body, Memento_Datetime=date)
        listed = ",\n".join([f'<{url}>; rel="original"', *links]).encode()
        self._site.pages[f"/timemap/link/{url}"] = reply(listed, Content_Type="application/link-format")


# --- the uninterrupted runs ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Course:
    """The archive before each run and after the last, what it says then, and how many seconds each run took."""

    folder: Path
    contents: list[dict[str, Any]]
    seconds: list[float]

    def before(self, number: int) -> Path:
        return self.folder / f"before-{number}.db"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Site() as site:
        yield World(site)


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm() as running:
        yield running


@pytest.fixture(scope="module")
def course(world: World, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Course:
    course = Course(tmp_path_factory.mktemp("course"), [], [])
    write_index(course.folder)
    for number in range(len(RUNS)):
        began = time.monotonic()
        assert not make(warm, world, course.folder, RUNS[number])
        course.seconds.append(time.monotonic() - began)
        course.contents.append(told(course.folder))
        shutil.copyfile(db_of(course.folder), course.before(number + 1))
    return course


def make(warm: Warm, world: World, folder: Path, run: Run, kill_after: float | None = None) -> bool:
    world.day = run.day
    return warm.run(run.verb, folder, world.environ(), kill_after=kill_after, **run.how)


def told(folder: Path) -> dict[str, Any]:
    return dict(contents(db_of(folder)))


def differences(expected: dict[str, Any], actual: dict[str, Any]) -> dict[str, Any]:
    """By table, the rows that are missing and those that are too many."""
    tables = {
        name: (set(expected[name]) - set(actual[name]), set(actual[name]) - set(expected[name])) for name in expected
    }
    return {name: both for name, both in tables.items() if expected[name] != actual[name]}


def write_index(folder: Path) -> None:
    (folder / "seeds").mkdir()
    (folder / "seeds" / "INDEX.md").write_text(INDEX, encoding="utf-8")


def db_of(folder: Path) -> Path:
    return folder / "data" / "archive.db"


def test_the_course_has_something_of_everything(course: Course) -> None:
    """Otherwise a round proves little."""
    last = course.contents[-1]
    states = {row[4] for row in last["captures"]}
    assert {"ok", "not_modified", "missing_404"} <= states
    assert {"first", "changed"} <= {row[7] for row in last["versions"]}
    assert len(last["links"]) >= 2
    assert [row[-1] for row in last["sources"] if row[-1]] != []
    assert all(report["waiting"] == [(0, 0)] for report in course.contents)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_run_killed_at_any_moment_leaves_no_trace(
    course: Course, world: World, warm: Warm, tmp_path: Path, number: int
) -> None:
    which = number % len(RUNS)
    write_index(tmp_path)
    moment = random.Random(number).uniform(0, course.seconds[which])
    while True:
        start_from(course, which, tmp_path)
        if make(warm, world, tmp_path, RUNS[which], kill_after=moment):
            break
        moment *= 0.8  # the machine is less busy than it was: it was over by then
    if db_of(tmp_path).exists():
        whole(db_of(tmp_path))
    if runs_ended(db_of(tmp_path)) == which:  # else it was killed on its way out, and has nothing left to do
        make(warm, world, tmp_path, RUNS[which])
    assert differences(course.contents[which], told(tmp_path)) == {}
    maintenance.check_file(db_of(tmp_path), deep=True)


def start_from(course: Course, which: int, folder: Path) -> None:
    """Restore the archive as of before this run. Before the first run there is none."""
    shutil.rmtree(folder / "data", ignore_errors=True)
    if which:
        db_of(folder).parent.mkdir()
        shutil.copyfile(course.before(which), db_of(folder))


def runs_ended(path: Path) -> int:
    """Return the number of finished runs, 0 while the archive is being created."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(finished_at) FROM run").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def whole(path: Path) -> None:
    """Assert that SQLite finds no damage. An archive that is still being created has no tables yet."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
