"""Tests of runs that share an archive: several refreshes at once give the archive that one gives, on both engines.

A world of five sites with feeds, copies, redirects and moves is visited on two days: by one process and by four on two
hosts, in a file and on a server. The names of the hosts differ.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from archive.api import Archive
from archive.pipeline.refresh import parse_shard
from db.dialect.server_address import ServerAddress
from db.errors import BadInput
from db.move import move
from db.queries import statistics
from db.reader import Reader
from db.store import Store
from tests import warm
from tests.builders import DAY, T0
from tests.cable import Cable
from tests.contents import contents
from tests.newsroom import PARAGRAPHS
from tests.newsroom import page as article
from tests.replies import Say, redirect
from tests.replies import page as reply
from tests.site import Site
from tests.warm import KILLED, Warm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.replies import Asked
    from tests.servers import Server

SITES = 4
ALONE = {"workers": 0}
"""A run without processes of its own, which costs half as much."""
DEAD_HOST_LEASE = 4.0
CUT_SECONDS = float(os.environ.get("CUT_SECONDS", "2"))
KILL_ROUNDS = int(os.environ.get("KILLED_SHARED_RUNS", "3"))
HARBOUR = (
    "The harbour master of Velmora closed the eastern basin on Monday after divers found cracks in two of its piers.",
    "Repairs will take until March, the port authority said, and ferries to the islands sail from the north quay.",
    "Fishermen may land their catch at Tarn Bay meanwhile. The port pays for the way, the mayor told the council.",
)


class World:
    """The sites on one loopback port, as of ``day``: on the second, an article was edited at every other site."""

    def __init__(self, site: Site) -> None:
        self.day, self._site = 0, site
        self._silent: dict[str, Path] = {}
        self.asked_at: dict[str, float] = {}
        for number in range(SITES):
            site.pages[f"/{number}/feed.xml"] = self._feed
            site.pages[f"/{number}/talks"] = site.pages[f"/{number}/harbour"] = self._page
        site.pages["/1/late"] = self._page
        site.pages["/old"] = redirect("http://paper1.example/1/late", "301 Moved Permanently")

    def environ(self, db: str) -> dict[str, str]:
        own = {
            "RESOLVE": f"*.example=127.0.0.1:{self._site.port}",
            "CLOCK": (T0 + self.day * DAY).isoformat(),
            "CONTACT": "desk@wire.example",
            "MIN_GAP": "0",
            "DB": db,
        }
        return {f"WIRECOPY_{name}": value for name, value in own.items()}

    def _page(self, request: Asked) -> Say:
        self.asked_at[request.target] = time.time()
        if (noticed := self._silent.get(request.target)) is not None:
            noticed.touch()
            return Say(b"", then="hang")
        site, name = request.target.strip("/").split("/")
        is_edited = self.day > 0 and int(site) % 2 == 0
        tag = f'"{request.target}-{is_edited}"'
        if request.headers.get("if-none-match") == tag:
            return reply(b"", status="304 Not Modified", Content_Type="", ETag=tag)
        own = f"Our reporter {'ABCD'[int(site)]}. Quillan was there and will follow this story in the coming days."
        paragraphs = (*(PARAGRAPHS if name == "talks" else HARBOUR), own)
        edited = [paragraph.replace("300", "30").replace("March", "April") for paragraph in paragraphs]
        return reply(article(*(edited if is_edited else paragraphs), title=f"{name} seen from {site}"), ETag=tag)

    def _feed(self, request: Asked) -> Say:
        site = request.target.strip("/").split("/")[0]
        links = "".join(
            f"<item><title>x</title><link>http://paper{site}.example/{site}/{name}</link></item>"
            for name in ("talks", "harbour")
        )
        document = f"<rss version='2.0'><channel><title>Paper {site}</title>{links}</channel></rss>"
        return reply(document.encode(), Content_Type="application/rss+xml")

    def silence(self, target: str, noticed: Path | None) -> None:
        """Give no answer to requests for ``target``, and make a file of each. None: answer as usual."""
        self._silent = {} if noticed is None else {target: noticed}

    def targets(self) -> Counter[str]:
        """How often each page was asked for since the last call."""
        targets = Counter(self._site.targets())
        self._site.asked.clear()
        return targets


EXPECTED = Counter(
    {f"/{number}/{name}": 1 for number in range(SITES) for name in ("feed.xml", "talks", "harbour")}
    | {"/old": 1, "/1/late": 1}
)
"""How often each page is asked for on a day."""


def test_each_site_belongs_to_one_shard() -> None:
    parts = [parse_shard(f"{number}/4") for number in range(1, 5)]
    owners = [[part.number for part in parts if part.has(f"example,paper{n},)")] for n in range(40)]
    assert all(len(numbers) == 1 for numbers in owners)
    assert {number for (number,) in owners} == {1, 2, 3, 4}


@pytest.mark.parametrize("text", ["0/4", "5/4", "2", "2/", "a/b", "-1/4", "1/0"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="shard"):
        parse_shard(text)


def write_index(folder: Path) -> None:
    rows = "".join(f"| feed {n} | http://paper{n}.example/{n}/feed.xml | feed |\n" for n in range(SITES))
    rows += "| old | http://old.example/old | |\n"
    (folder / "seeds").mkdir()
    (folder / "seeds" / "INDEX.md").write_text(
        f"## press\n\nevery: 1h\n\n| name | url | kind |\n| --- | --- | --- |\n{rows}", encoding="utf-8"
    )


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Site() as site:
        yield World(site)


@pytest.fixture(scope="module")
def hosts() -> Iterator[list[Warm]]:
    """Two warmed processes, on hosts of their own where that is permitted."""
    names = ("", "other-host") if warm.why_no_hosts() is None else ("", "")
    with ExitStack() as stack:
        yield [stack.enter_context(Warm(name)) for name in names]


def shards(number: int) -> list[dict[str, Any]]:
    return [ALONE | {"shard": [shard, number]} for shard in range(1, number + 1)]


def run_day(world: World, hosts: list[Warm], folder: Path, db: str, day: int, **how: Any) -> list[int]:
    """Make four shard runs, two on each host, and return their exit codes."""
    world.day = day
    first, second = shards(4)[::2], shards(4)[1::2]
    hosts[0].begin("refresh", folder, world.environ(db), first, **how)
    hosts[1].begin("refresh", folder, world.environ(db), second)
    return hosts[0].end() + hosts[1].end()


@pytest.fixture(scope="module")
def alone(world: World, hosts: list[Warm], tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The contents after each day of an archive in a file, written by one process."""
    folder = tmp_path_factory.mktemp("alone")
    write_index(folder)
    days = []
    for world.day in range(2):
        assert not hosts[0].run("refresh", folder, world.environ(str(folder / "archive.db")), **ALONE)
        assert world.targets() == EXPECTED
        days.append(dict(contents(folder / "archive.db")))
    assert len(days[1]["versions"]) > len(days[0]["versions"]) >= 2 * SITES
    assert len(days[0]["links"]) > SITES
    assert [row for row in days[0]["sources"] if row[-1]] != []
    return days


def address_of(archive: Path) -> str:
    """The value of the setting ``db``."""
    return archive.url if isinstance(archive, ServerAddress) else str(archive)


def check(archive: Path, expected: dict[str, Any], copy: Path | None = None) -> None:
    """Compare an archive with the expected contents: of one on a server, its ``copy`` in a file."""
    with Reader(archive) as reader:
        assert reader.ask("SELECT * FROM lease") == []
    with Archive(archive) as opened:
        assert list(opened.verify(deep=True)) == []
    if copy is not None:
        move(archive, copy)
    assert dict(contents(copy or archive)) == expected


@pytest.mark.slow
def test_four_runs_on_two_hosts_give_the_archive_of_one(
    world: World, hosts: list[Warm], alone: list[dict[str, Any]], tmp_path: Path
) -> None:
    write_index(tmp_path)
    for day in range(2):
        assert run_day(world, hosts, tmp_path, str(tmp_path / "archive.db"), day) == [0, 0, 0, 0]
        assert world.targets() == EXPECTED
        check(tmp_path / "archive.db", alone[day])


# --- runs that are cut off -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_others_finish_what_a_killed_run_had_begun(
    world: World, hosts: list[Warm], alone: list[dict[str, Any]], server: Server, tmp_path: Path
) -> None:
    """One of three is killed at another moment each round: in the first round in a file, then on a server."""
    killed = world.day = 0
    for number in range(KILL_ROUNDS):
        folder = tmp_path / f"round-{number}"
        folder.mkdir()
        write_index(folder)
        archive: Path = server.address(folder) if number else folder / "archive.db"
        environ = world.environ(address_of(archive))
        hosts[0].begin("refresh", folder, environ, shards(3), kill_after=random.Random(number).uniform(0.1, 0.8))
        codes = hosts[0].end()
        assert set(codes[1:]) == {0}, [said.read_text() for said in folder.glob("said-*")]
        killed += codes[0] == KILLED
        assert not hosts[0].run(
            "refresh", folder, environ, **ALONE
        )  # what the killed run left when the others had ended
        assert world.targets().keys() == EXPECTED.keys()
        check(archive, alone[0], folder / "copy.db" if number else None)
    assert killed > 0


@pytest.mark.slow
def test_a_dead_host_costs_one_lease_and_the_others_take_over_its_sites(
    world: World, hosts: list[Warm], alone: list[dict[str, Any]], server: Server, tmp_path: Path
) -> None:
    """Killed while it waits for an answer, under another name of host, where nobody sees that its process is gone."""
    if (reason := warm.why_no_hosts()) is not None:
        pytest.skip(reason)
    write_index(tmp_path)
    address, is_waiting = server.address(tmp_path), tmp_path / "waiting"
    world.day = 0
    world.targets()
    environ = world.environ(address.url)
    world.silence("/1/talks", is_waiting)
    hosts[1].begin("refresh", tmp_path, environ, [ALONE | {"lease": DEAD_HOST_LEASE}], kill_after=str(is_waiting))
    assert hosts[1].end() == [KILLED]
    world.silence("/1/talks", None)
    with Reader(address) as reader:
        (lapse,) = [row["until_at"] / 1e6 for row in reader.ask("SELECT until_at FROM lease WHERE name LIKE 'run:%'")]
        held = {row["name"] for row in reader.ask("SELECT name FROM lease WHERE name LIKE 'fetch %'")}
    assert "fetch example,paper1,)" in held
    world.targets()
    hosts[0].begin("refresh", tmp_path, environ, shards(2))
    assert hosts[0].end() == [0, 0], [said.read_text() for said in tmp_path.glob("said-*")]
    assert world.asked_at["/1/talks"] >= lapse
    check(address, alone[0], tmp_path / "copy.db")


@pytest.mark.slow
def test_runs_go_on_when_the_server_was_restarted(
    world: World, hosts: list[Warm], alone: list[dict[str, Any]], server: Server, tmp_path: Path
) -> None:
    """It is stopped as by kill -9, so what it had not written is lost, and stays away for a moment."""
    write_index(tmp_path)
    address = server.address(tmp_path)
    begin_on_server(world, hosts, tmp_path, address, address.url)
    sessions = _sessions(server)
    server.stop()
    time.sleep(CUT_SECONDS)
    server.start()
    assert hosts[0].end() + hosts[1].end() == [0, 0, 0, 0], [said.read_text() for said in tmp_path.glob("said-*")]
    assert sessions > 0
    assert world.targets() == EXPECTED
    check(address, alone[0], tmp_path / "copy.db")


@pytest.mark.slow
@pytest.mark.parametrize("lease", [90.0, 1.0])
def test_a_host_that_was_cut_off_goes_on_or_sees_that_it_was_replaced(
    world: World, hosts: list[Warm], alone: list[dict[str, Any]], server: Server, tmp_path: Path, lease: float
) -> None:
    """The first host loses its connection to the server, the other does not. The cut is longer than the short lease."""
    write_index(tmp_path)
    address = server.address(tmp_path)
    with Cable(server.socket_path) as cable:
        begin_on_server(world, hosts, tmp_path, address, through(cable, address), lease)
        time.sleep(0.3)
        connections = cable.cut()
        time.sleep(CUT_SECONDS)
        cable.mend()
        codes = hosts[0].end() + hosts[1].end()
    said = [path.read_text() for path in tmp_path.glob("said-*")]
    assert connections > 0
    assert codes[2:] == [0, 0], said
    if lease > CUT_SECONDS:
        assert codes[:2] == [0, 0], said
        assert world.targets() == EXPECTED
    assert not hosts[0].run("refresh", tmp_path, world.environ(address.url), **ALONE)
    check(address, alone[0], tmp_path / "copy.db")


def through(cable: Cable, address: ServerAddress) -> str:
    """The address through a cable."""
    _, options = address.url.split("&", 1)
    return f"postgresql://postgres@127.0.0.1:{cable.port}/wirecopy?{options}"


@pytest.mark.slow
def test_four_runs_on_a_server_give_the_archive_of_one_in_a_file_although_connections_are_lost(
    world: World, hosts: list[Warm], alone: list[dict[str, Any]], server: Server, tmp_path: Path
) -> None:
    """While all four are at work, the server ends the sessions of the archive a dozen times."""
    write_index(tmp_path)
    address = server.address(tmp_path)
    begin_on_server(world, hosts, tmp_path, address, address.url)
    ended = sum(_end_sessions(server) for _ in range(12))
    assert hosts[0].end() + hosts[1].end() == [0, 0, 0, 0], [said.read_text() for said in tmp_path.glob("said-*")]
    assert ended > 0
    assert world.targets() == EXPECTED
    check(address, alone[0], tmp_path / "copy.db")


def begin_on_server(
    world: World, hosts: list[Warm], folder: Path, address: ServerAddress, first_url: str, lease: float = 90.0
) -> None:
    """Begin four shard runs, two on each host, and wait until all are at work.

    The first host has the archive at ``first_url``, and leases of so many seconds.
    """
    with Store(address) as store:
        world.day = 0
        world.targets()
        own = [number | {"lease": lease} for number in shards(4)[::2]]
        hosts[0].begin("refresh", folder, world.environ(first_url), own)
        hosts[1].begin("refresh", folder, world.environ(address.url), shards(4)[1::2])
        while len(statistics.runs(store.ask, limit=5)) < 4:
            time.sleep(0.02)


def _end_sessions(server: Server) -> int:
    return _sessions(server, "pg_terminate_backend(pid)")


def _sessions(server: Server, expression: str = "pid") -> int:
    """Number of sessions of runs after a moment. ``expression`` is evaluated for each."""
    import psycopg

    time.sleep(0.25)
    with psycopg.connect(server.url(), autocommit=True) as connection:
        sql = f"SELECT {expression} FROM pg_stat_activity WHERE application_name = 'wirecopy'"
        return len(connection.execute(sql.encode()).fetchall())
