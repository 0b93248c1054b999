"""Eight clients of web archives by other authors, unmodified, against our server on loopback.

Some take the URL of an archive. The others know one web archive by name, and find our server in its place: with a
certificate authority of the tests, and a ``sitecustomize`` that resolves its names to our ports and refuses every other
name. Nothing can leave the machine.
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
class Clients:
    """The clients' commands, their environment variables, the folder they may write to, and our base URL."""

    commands: Path
    environment: dict[str, str]
    folder: Path
    base: str

    def run(self, command: str, *arguments: str, code: int = 0, **more: str) -> str:
        """Run a command, which must end with ``code``, and return its output and errors."""
        process = subprocess.run(
            [self.commands / command, *arguments],
            env=self.environment | more,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=500,
        )
        output = process.stdout + process.stderr
        assert process.returncode == code, output
        return output

    def python(self, *lines: str) -> list[object]:
        """Run a script in the clients' environment, and return its variable ``result``."""
        script = "\n".join(("import json", *lines, "print(json.dumps(result))"))
        output = self.run("python", "-W", "ignore", "-c", script)
        return json.loads(output.splitlines()[-1])


@pytest.fixture(scope="module")
def clients(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    pins = (request.path.parent / "clients.txt").read_text("utf-8").splitlines()
    commands = commands_of(request, "clients", [line for line in pins if not line.startswith("#")])
    folder = tmp_path_factory.mktemp("clients")
    db = make_archive(folder / "archive.db")
    with Store(db) as store:
        for number in range(MANY):
            url = f"https://many.example/{number:02}"
            capture = a_capture(add_source(store, url), url=url, at=T0 + number * HOUR)
            store.record([(capture, b"Page %d" % number)])
    authority, keys = make_certificates(folder, (*ARCHIVE, ORIGINAL))
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(NAMES_ONLY_OURS, "utf-8")
    with ExitStack() as stack:
        plain = stack.enter_context(served(lambda port: app_of(db, f"http://127.0.0.1:{port}")))
        hosts = (*ARCHIVE, ORIGINAL)
        secure = stack.enter_context(served(lambda _: app_of(db, f"https://{ARCHIVE[0]}", hosts), tls=keys))
        insecure = stack.enter_context(served(lambda _: app_of(db, f"https://{ARCHIVE[0]}", hosts)))
        ports = {f"{name}:443": secure for name in hosts} | {f"{name}:80": insecure for name in hosts}
        environment = bare_environment(
            PYTHONPATH=str(folder / "site"),
            TEST_PORTS=json.dumps(ports),
            REQUESTS_CA_BUNDLE=str(authority),
            SSL_CERT_FILE=str(authority),
            HOME=str(folder),
            NO_COLOR="1",
            COLUMNS="200",
        )
        yield Clients(commands=commands, environment=environment, folder=folder, base=f"http://127.0.0.1:{plain}")


def test_nothing_can_leave_the_machine(clients: Clients) -> None:
    output = clients.run("python", "-c", "import requests; requests.get('https://elsewhere.example/')", code=1)
    assert "is not of this test" in output


# --- clients that take a URL ------------------------------------------------------------------------------------------


def cdxt(clients: Clients, *arguments: str) -> str:
    return clients.run("cdxt", "--source", f"{clients.base}/cdx/search/cdx", "--wb", f"{clients.base}/web", *arguments)


def test_cdx_toolkit_lists_captures(clients: Clients) -> None:
    output = cdxt(clients, "iter", "--all-fields", STRAIT)
    assert output.count(STRAIT) == 6
    assert "20260106080000" in output


def test_cdx_toolkit_reads_a_whole_domain_page_by_page(clients: Clients) -> None:
    output = cdxt(clients, "--limit", "60", "iter", "*.example")
    assert len([line for line in output.splitlines() if "http" in line]) == 60
    assert cdxt(clients, "iter", "many.example/*").count("many.example") >= MANY


def test_cdx_toolkit_filters_and_finds_the_closest(clients: Clients) -> None:
    assert cdxt(clients, "--filter", "=status:404", "iter", "daily.example/*").count("status 404") == 1
    closest = cdxt(clients, "--get", "--closest", "20260106070000", "--limit", "1", "iter", STRAIT)
    assert "20260106080000" in closest
    assert int(cdxt(clients, "size", "many.example/*").split()[-1]) > 0


def test_cdx_toolkit_writes_a_warc_with_the_captured_bytes_and_date(clients: Clients) -> None:
    cdxt(clients, "--limit", "1", "warc", "--prefix", "TOOK", STRAIT)
    with next(clients.folder.glob("TOOK*.warc.gz")).open("rb") as stream:
        records = [(r.rec_type, r.rec_headers, r.content_stream().read()) for r in ArchiveIterator(stream)]
    record_type, headers, body = records[-1]
    assert (record_type, body) == ("response", FIRST)
    assert headers["WARC-Date"] == "2026-01-05T07:59:58Z"
    assert headers["WARC-Target-URI"] == STRAIT


def test_cdxsummary_counts_the_captures_of_a_domain(clients: Clients) -> None:
    urls = {"CDXAPI": f"{clients.base}/cdx/search/cdx", "REPLAYURL": f"{clients.base}/web"}
    output = clients.run("cdxsummary", "-a", "matchType=domain", "--json", "many.example", **urls)
    summary = json.loads(output[output.index("{") : output.rindex("}") + 1])
    assert str(MANY) in json.dumps(summary)


def test_memento_client_finds_the_memento_and_its_neighbours(clients: Clients) -> None:
    urls = clients.python(
        "import datetime",
        "from memento_client import MementoClient",
        f"client = MementoClient(timegate_uri='{clients.base}/web/', check_native_timegate=False)",
        f"mementos = client.get_memento_info('{STRAIT}', datetime.datetime(2026, 1, 6, 7))['mementos']",
        "result = {name: mementos[name]['uri'][0] for name in mementos}",
    )
    assert urls["closest"] == f"{clients.base}/web/20260106080000/{STRAIT}"
    assert urls["first"] == f"{clients.base}/web/20260105080000/{STRAIT}"
    assert urls["last"] == f"{clients.base}/web/20260108080000/{STRAIT}"


def test_memento_cli_lists_the_mementos_between_the_first_and_the_last(clients: Clients) -> None:
    output = clients.run("memento", "list", f"{clients.base}/web/20260105080000/{STRAIT}")
    assert [line.split("/web/")[1][:14] for line in output.splitlines() if "/web/" in line] == [
        "20260105090000",
        "20260105100000",
        "20260106080000",
        "20260107080000",
    ]


# --- clients that know one archive by name ----------------------------------------------------------------------------

WAYBACK = (
    "import os, requests, wayback",
    "from wayback import WaybackClient, WaybackSession, Mode",
    "session = WaybackSession(); session.verify = os.environ['REQUESTS_CA_BUNDLE']",
    "client = WaybackClient(session)",
)


def test_wayback_searches_and_reads_mementos(clients: Clients) -> None:
    mementos = clients.python(
        *WAYBACK,
        f"captures = list(client.search('{STRAIT}'))",
        "result = [[str(c.timestamp), c.status_code, client.get_memento(c).content.decode('latin-1')]",
        "          for c in captures if c.status_code]",
    )
    assert [(status, body.encode("latin-1")) for _, status, body in mementos] == [
        *[(200, FIRST)] * 3,  # it requests resolved revisits
        (200, SECOND),
        (404, LOST),
        (200, FIRST),
    ]


def test_wayback_follows_resume_keys_through_everything(clients: Clients) -> None:
    urls = clients.python(
        *WAYBACK, "result = [c.url for c in client.search('many.example', match_type='host', limit=20)]"
    )
    assert len(urls) == len(set(urls)) == MANY


def test_wayback_takes_the_nearest_memento_and_reports_missing_ones(clients: Clients) -> None:
    answers = clients.python(
        *WAYBACK,
        "result = []",
        f"near = client.get_memento('{STRAIT}', '20260106070000', exact=False)",
        "result.append([str(near.timestamp), near.memento_url])",
        f"view = client.get_memento('{STRAIT}', '20260106080000', mode=Mode.view)",
        "result.append(view.ok)",
        f"for url in ('{STRAIT}', 'https://nobody.example/'):",
        "    try:",
        "        client.get_memento(url, '20260106070000')",
        "    except wayback.exceptions.WaybackException as error:",
        "        result.append(type(error).__name__)",
    )
    assert answers[0][0].startswith("2026-01-06 08:00:00")
    assert answers[1:] == [True, "MementoPlaybackError", "NoMementoError"]


def test_waybackpy_queries_cdx_and_the_nearest_memento(clients: Clients) -> None:
    assert clients.run("waybackpy", "--url", STRAIT, "--cdx").count(f" {STRAIT} ") == 6
    near = ("--near", "--year", "2026", "--month", "1", "--day", "6", "--hour", "7")
    assert f"/20260106080000/{STRAIT}" in clients.run("waybackpy", "--url", STRAIT, *near)
    assert f"/20260105080000/{STRAIT}" in clients.run("waybackpy", "--url", STRAIT, "--oldest")
    assert f"/20260108080000/{STRAIT}" in clients.run("waybackpy", "--url", STRAIT, "--newest")


def test_waybackpy_reads_a_host_page_by_page(clients: Clients) -> None:
    paged = ("--cdx", "--match-type", "host", "--use-pagination")
    output = clients.run("waybackpy", "--url", "https://many.example/00", *paged)
    assert output.count(" https://many.example/") == MANY


def test_waybackpack_lists_and_downloads(clients: Clients, tmp_path: Path) -> None:
    assert clients.run("waybackpack", STRAIT, "--list").count(f"/{STRAIT}") == 6
    assert clients.run("waybackpack", STRAIT, "--uniques-only", "--list").count(f"/{STRAIT}") == 3
    clients.run("waybackpack", STRAIT, "-d", str(tmp_path), "--raw", "--quiet")
    bodies = {path.parts[-3]: path.read_bytes() for path in tmp_path.rglob("strait")}
    assert bodies["20260106080000"] == SECOND
    assert bodies["20260105090000"] == FIRST


def test_pywaybackup_downloads_every_capture(clients: Clients, tmp_path: Path) -> None:
    clients.run("waybackup", "-u", STRAIT, "-a", "--explicit", "-o", str(tmp_path))
    bodies = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and "strait" in str(path)]
    assert FIRST in bodies
    assert SECOND in bodies
