"""A real run under a wrong clock: libfaketime changes what the system says. Skipped where that library is missing."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.newsroom import PARAGRAPHS, page

if TYPE_CHECKING:
    from collections.abc import Iterator

INDEX = "# Seeds\n\n## Desk\n\n| name | url |\n| --- | --- |\n"
HOSTS = ("daily", "wire")


def library() -> Path | None:
    """The library of Debian's package faketime, or of the Python package libfaketime."""
    places = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    spec = importlib.util.find_spec("libfaketime")
    for folder in spec.submodule_search_locations or () if spec is not None else ():
        places += sorted(Path(folder).rglob("libfaketime.so.1"))
    return places[0] if places else None


class Page(BaseHTTPRequestHandler):
    """The same article at every address, with the right time in its Date header."""

    def do_GET(self) -> None:
        content = b"" if self.path == "/robots.txt" else page(*PARAGRAPHS)
        self.send_response(200 if content else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def refresh(folder: Path, port: int, ahead: str | None) -> tuple[int, str]:
    """Exit code and messages of a refresh in a process whose clock is ahead by so much."""
    own = {"RESOLVE": f"*.example=127.0.0.1:{port}", "CONTACT": "desk@wire.example", "MIN_GAP": "0", "PROBE": "no"}
    environ = {**os.environ, **{f"WIRECOPY_{name}": value for name, value in own.items()}}
    environ |= {"PYTHONPATH": str(Path(__file__).parents[1])}
    if ahead is not None:
        environ |= {"LD_PRELOAD": str(library()), "FAKETIME": ahead, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    code = "from archive.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "refresh", "--force"], cwd=folder, env=environ, capture_output=True, check=False
    )
    return done.returncode, done.stderr.decode()


def captures(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "data" / "archive.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM capture").fetchone()[0])


@pytest.mark.slow
@pytest.mark.skipif(library() is None, reason="libfaketime is missing: apt-get install faketime")
def test_a_run_under_a_wrong_clock_records_nothing_and_says_why(tmp_path: Path, port: int) -> None:
    (tmp_path / "seeds").mkdir()
    rows = [f"| {host} | http://{host}.example/talks |" for host in HOSTS]
    (tmp_path / "seeds" / "INDEX.md").write_text(INDEX + "\n".join(rows) + "\n")
    assert refresh(tmp_path, port, None)[0] == 0
    before = captures(tmp_path)
    for ahead in ("+365d", "-365d", "+2d", "-2d"):
        code, messages = refresh(tmp_path, port, ahead)
        assert (code, captures(tmp_path)) == (2, before), (ahead, messages)
        assert "the clock of this machine says" in messages, ahead
    assert refresh(tmp_path, port, None)[0] == 0
    assert captures(tmp_path) > before
