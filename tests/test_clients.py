"""Eight clients of web archives, none of them ours and none of them changed, against our server on loopback.

Those that can be told where to ask are told. The others know one web archive only, by name, and find our server in its
place: with a certificate authority of the tests, and a ``sitecustomize`` that gives our ports for its names and refuses
every other name, so that nothing can leave the machine.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from warcio.archiveiterator import ArchiveIterator

from db.store import Store
from tests.archived import FIRST, LOST, SECOND, STRAIT, app_of, make_archive
from tests.builders import HOUR, T0, a_capture, add_source
from tests.environments import bare_environment, commands_of
from tests.sockets import make_certificates, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

ARCHIVE = ("web.archive.org", "archive.org")
ORIGINAL = "daily.example"  # memento-client asks the page's own server too
MANY = 49
NAMES_ONLY_OURS = """\
import json
import os
import socket

PORTS = json.loads(os.environ["TEST_PORTS"])
look_up = socket.getaddrinfo


def getaddrinfo(host, port, *rest, **more):
    name = host.decode() if isinstance(host, bytes) else host
    if name in ("127.0.0.1", "localhost"):
        return look_up(host, port, *rest, **more)
    if f"{name}:{port}" in PORTS:
        return look_up("127.0.0.1", PORTS[f"{name}:{port}"], *rest, **more)
    raise socket.gaierror(socket.EAI_NONAME, f"{name}:{port} is not of this test")


socket.getaddrinfo = getaddrinfo
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Where the clients' commands are, what they are started with, where they may write, and our address."""

    commands: Path
    environment: dict[str, str]
    folder: Path
    base: str

    def run(self, command: str, *arguments: str, code: int = 0, **more: str) -> str:
        """What a command prints, errors too; it must end with ``code``."""
        done = subprocess.run(
            [self.commands / command, *arguments],
            env=self.environment | more,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def python(self, *lines: str) -> list[object]:
        """What a script in the clients' environment prints as JSON."""
        told = self.run("python", "-W", "ignore", "-c", "\n".join(("import json", *lines, "print(json.dumps(told))")))
        return json.loads(told.splitlines()[-1])


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    listed = (request.path.parent / "clients.txt").read_text("utf-8").splitlines()
    commands = commands_of(request, "clients", [line for line in listed if not line.startswith("#")])
    folder = tmp_path_factory.mktemp("clients")
    db = make_archive(folder / "archive.db")
    with Store(db) as store:
        for number in range(MANY):
            url = f"https://many.example/{number:02}"
            at = T0 + number * HOUR
            store.record([(a_capture(add_source(store, url), url=url, at=at), b"Page %d" % number)])
    authority, keys = make_certificates(folder, (*ARCHIVE, ORIGINAL))
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(NAMES_ONLY_OURS, "utf-8")
    with ExitStack() as stack:
        plain = stack.enter_context(served(lambda port: app_of(db, f"http://127.0.0.1:{port}")))
        hosts = (*ARCHIVE, ORIGINAL)
        secure = stack.enter_context(served(lambda _: app_of(db, f"https://{ARCHIVE[0]}", hosts), tls=keys))
        named = stack.enter_context(served(lambda _: app_of(db, f"https://{ARCHIVE[0]}", hosts)))
        ports = {f"{name}:443": secure for name in hosts} | {f"{name}:80": named for name in hosts}
        environment = bare_environment(
            PYTHONPATH=str(folder / "site"),
            TEST_PORTS=json.dumps(ports),
            REQUESTS_CA_BUNDLE=str(authority),
            SSL_CERT_FILE=str(authority),
            HOME=str(folder),
            NO_COLOR="1",
            COLUMNS="200",
        )
        yield World(commands=commands, environment=environment, folder=folder, base=f"http://127.0.0.1:{plain}")


def test_nothing_can_leave_the_machine(world: World) -> None:
    told = world.run("python", "-c", "import requests; requests.get('https://elsewhere.example/')", code=1)
    assert "is not of this test" in told


# --- told where to ask ------------------------------------------------------------------------------------------------


def cdxt(world: World, *arguments: str) -> str:
    return world.run("cdxt", "--source", f"{world.base}/cdx/search/cdx", "--wb", f"{world.base}/web", *arguments)


def test_cdx_toolkit_lists_what_is_held(world: World) -> None:
    told = cdxt(world, "iter", "--all-fields", STRAIT)
    assert told.count(STRAIT) == 6
    assert "20260106080000" in told


def test_cdx_toolkit_reads_a_whole_domain_page_by_page(world: World) -> None:
    told = cdxt(world, "--limit", "60", "iter", "*.example")
    assert len([line for line in told.splitlines() if "http" in line]) == 60
    assert cdxt(world, "iter", "many.example/*").count("many.example") >= MANY


def test_cdx_toolkit_filters_and_finds_the_closest(world: World) -> None:
    assert cdxt(world, "--filter", "=status:404", "iter", "daily.example/*").count("status 404") == 1
    closest = cdxt(world, "--get", "--closest", "20260106070000", "--limit", "1", "iter", STRAIT)
    assert "20260106080000" in closest
    assert int(cdxt(world, "size", "many.example/*").split()[-1]) > 0


def test_cdx_toolkit_writes_a_warc_with_the_bytes_and_the_day_of_then(world: World) -> None:
    cdxt(world, "--limit", "1", "warc", "--prefix", "TOOK", STRAIT)
    with next(world.folder.glob("TOOK*.warc.gz")).open("rb") as stream:
        records = [(one.rec_type, one.rec_headers, one.content_stream().read()) for one in ArchiveIterator(stream)]
    kind, headers, body = records[-1]
    assert (kind, body) == ("response", FIRST)
    assert headers["WARC-Date"] == "2026-01-05T07:59:58Z"
    assert headers["WARC-Target-URI"] == STRAIT


def test_cdxsummary_counts_the_captures_of_a_domain(world: World) -> None:
    where = {"CDXAPI": f"{world.base}/cdx/search/cdx", "REPLAYURL": f"{world.base}/web"}
    told = world.run("cdxsummary", "-a", "matchType=domain", "--json", "many.example", **where)
    found = json.loads(told[told.index("{") : told.rindex("}") + 1])
    assert str(MANY) in json.dumps(found)


def test_memento_client_finds_the_memento_and_its_neighbours(world: World) -> None:
    told = world.python(
        "import datetime",
        "from memento_client import MementoClient",
        f"client = MementoClient(timegate_uri='{world.base}/web/', check_native_timegate=False)",
        f"found = client.get_memento_info('{STRAIT}', datetime.datetime(2026, 1, 6, 7))['mementos']",
        "told = {name: found[name]['uri'][0] for name in found}",
    )
    assert told["closest"] == f"{world.base}/web/20260106080000/{STRAIT}"
    assert told["first"] == f"{world.base}/web/20260105080000/{STRAIT}"
    assert told["last"] == f"{world.base}/web/20260108080000/{STRAIT}"


def test_memento_cli_lists_the_mementos_between_the_first_and_the_last(world: World) -> None:
    told = world.run("memento", "list", f"{world.base}/web/20260105080000/{STRAIT}")
    assert [line.split("/web/")[1][:14] for line in told.splitlines() if "/web/" in line] == [
        "20260105090000",
        "20260105100000",
        "20260106080000",
        "20260107080000",
    ]


# --- in the place of the one they know --------------------------------------------------------------------------------

WAYBACK = (
    "import os, requests, wayback",
    "from wayback import WaybackClient, WaybackSession, Mode",
    "session = WaybackSession(); session.verify = os.environ['REQUESTS_CA_BUNDLE']",
    "client = WaybackClient(session)",
)


def test_wayback_searches_and_reads_what_it_found(world: World) -> None:
    told = world.python(
        *WAYBACK,
        f"found = list(client.search('{STRAIT}'))",
        "told = [[str(one.timestamp), one.status_code, client.get_memento(one).content.decode('latin-1')]",
        "        for one in found if one.status_code]",
    )
    assert [(status, body.encode("latin-1")) for _, status, body in told] == [
        *[(200, FIRST)] * 3,  # it asks for revisits to be resolved
        (200, SECOND),
        (404, LOST),
        (200, FIRST),
    ]


def test_wayback_follows_keys_through_everything(world: World) -> None:
    told = world.python(
        *WAYBACK, "told = [one.url for one in client.search('many.example', match_type='host', limit=20)]"
    )
    assert len(told) == len(set(told)) == MANY


def test_wayback_takes_the_nearest_and_says_what_is_missing(world: World) -> None:
    told = world.python(
        *WAYBACK,
        "told = []",
        f"near = client.get_memento('{STRAIT}', '20260106070000', exact=False)",
        "told.append([str(near.timestamp), near.memento_url])",
        f"view = client.get_memento('{STRAIT}', '20260106080000', mode=Mode.view)",
        "told.append(view.ok)",
        f"for url in ('{STRAIT}', 'https://nobody.example/'):",
        "    try:",
        "        client.get_memento(url, '20260106070000')",
        "    except wayback.exceptions.WaybackException as error:",
        "        told.append(type(error).__name__)",
    )
    assert told[0][0].startswith("2026-01-06 08:00:00")
    assert told[1:] == [True, "MementoPlaybackError", "NoMementoError"]


def test_waybackpy_asks_the_index_and_for_the_nearest(world: World) -> None:
    assert world.run("waybackpy", "--url", STRAIT, "--cdx").count(f" {STRAIT} ") == 6
    near = ("--near", "--year", "2026", "--month", "1", "--day", "6", "--hour", "7")
    assert f"/20260106080000/{STRAIT}" in world.run("waybackpy", "--url", STRAIT, *near)
    assert f"/20260105080000/{STRAIT}" in world.run("waybackpy", "--url", STRAIT, "--oldest")
    assert f"/20260108080000/{STRAIT}" in world.run("waybackpy", "--url", STRAIT, "--newest")


def test_waybackpy_reads_a_host_page_by_page(world: World) -> None:
    paged = ("--cdx", "--match-type", "host", "--use-pagination")
    told = world.run("waybackpy", "--url", "https://many.example/00", *paged)
    assert told.count(" https://many.example/") == MANY


def test_waybackpack_lists_and_downloads(world: World, tmp_path: Path) -> None:
    assert world.run("waybackpack", STRAIT, "--list").count(f"/{STRAIT}") == 6
    assert world.run("waybackpack", STRAIT, "--uniques-only", "--list").count(f"/{STRAIT}") == 3
    world.run("waybackpack", STRAIT, "-d", str(tmp_path), "--raw", "--quiet")
    bodies = {path.parts[-3]: path.read_bytes() for path in tmp_path.rglob("strait")}
    assert bodies["20260106080000"] == SECOND
    assert bodies["20260105090000"] == FIRST


def test_pywaybackup_downloads_every_capture(world: World, tmp_path: Path) -> None:
    world.run("waybackup", "-u", STRAIT, "-a", "--explicit", "-o", str(tmp_path))
    bodies = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and "strait" in str(path)]
    assert FIRST in bodies
    assert SECOND in bodies
