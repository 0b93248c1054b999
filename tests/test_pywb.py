"""Against a real pywb on loopback: it replays our WARC files, and we gather its mementos.

pywb cannot be installed next to our own packages: its brotlipy replaces our brotli, and it requires a redis of 2018. It
gets a virtual environment of its own below ``.pytest_cache``, made once. Without a package index the tests are skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from archive.export import export_warc
from archive.pipeline.backfill import backfill
from archive.settings import Settings
from archive.urls import url_key
from db.queries import captures as capture_queries
from db.queries import sources as source_queries
from db.reader import Reader
from db.records import Hop, Reason
from db.store import Store
from tests.builders import DAY, HOUR, T0, a_capture, a_seed, add_source, failed
from tests.environments import commands_of
from tests.newsroom import PARAGRAPHS, page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from db.records import Capture

pytestmark = pytest.mark.slow

PYWB, FASTWARC = "pywb==2.10.0", "fastwarc==2.0.1"
URL = "https://daily.example/strait"
NEW = "https://daily.example/new-strait"
WIRE = "https://wire.example/strait"
FIRST, SECOND = page(*PARAGRAPHS, title="Strait to reopen"), page(*PARAGRAPHS[:3], title="Strait stays shut")
HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Encoding", "gzip"),
    ("ETag", '"a"'),
    ("Content-Length", "7"),
)


@pytest.fixture(scope="session")
def tools(request: pytest.FixtureRequest) -> Path:
    """The folder of pywb's commands."""
    return commands_of(request, "pywb", (PYWB, FASTWARC))


def history(source: int, wire: int) -> list[tuple[Capture, bytes | None]]:
    """Return the captures of a page that is edited, unmodified, moved and missing, and of its copy."""
    whole = a_capture(source, url=URL, at=T0, headers=HEADERS, reason_phrase="OK")
    hop = Hop(url=URL, status=301, location=NEW, reason_phrase="Moved", headers=(("Location", NEW),), at=T0 + 3 * HOUR)
    unmodified = failed(Reason.NOT_MODIFIED, T0 + HOUR, source, url=URL, status=304, reason_phrase="Not Modified")
    return [
        (whole, FIRST),
        (replace(unmodified, headers=(("ETag", '"a"'),), final_url=URL), None),
        (replace(whole, captured_at=T0 + 2 * HOUR, headers=HEADERS[:1]), FIRST),
        (replace(whole, captured_at=T0 + 3 * HOUR, headers=HEADERS[:1], final_url=NEW, hops=(hop,)), SECOND),
        (failed(Reason.TIMEOUT, T0 + 4 * HOUR, source, url=URL, final_url=URL), None),
        (
            failed(
                Reason.MISSING_404,
                T0 + DAY,
                source,
                url=URL,
                final_url=URL,
                status=404,
                reason_phrase="Not Found",
                headers=HEADERS[:1],
            ),
            b"<h1>Not here</h1>",
        ),
        (a_capture(wire, url=WIRE, at=T0 + 5 * HOUR, headers=HEADERS[:1], reason_phrase="OK"), FIRST),
    ]


@pytest.fixture(scope="module")
def warc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history in a WARC file of ours."""
    folder = tmp_path_factory.mktemp("ours")
    with Store(folder / "archive.db") as store:
        store.record(history(add_source(store, URL), add_source(store, WIRE)))
    export_warc(folder / "archive.db", folder / "history.warc.gz")
    return folder / "history.warc.gz"


@pytest.fixture(scope="module")
def pywb(tools: Path, warc: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a pywb collection that has the file."""
    folder = tmp_path_factory.mktemp("pywb")
    for command in (["init", "demo"], ["add", "demo", str(warc)]):
        subprocess.run([tools / "wb-manager", *command], cwd=folder, capture_output=True, check=True, timeout=500)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "log").open("wb") as log:
        command = [tools / "wayback", "-b", "127.0.0.1", "-p", str(port)]
        serving = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        _wait_until_up(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}/demo"
    finally:
        serving.terminate()
        serving.wait(timeout=100)


def _wait_until_up(url: str) -> None:
    for _ in range(1000):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=500):  # noqa: S310 (our own server)
            return
        time.sleep(0.25)
    pytest.fail("pywb does not come up")


def replayed(pywb: str, stamp: str, url: str) -> tuple[int, bytes]:
    """Return the status and body of pywb for a raw memento, without following redirects."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    try:
        with urllib.request.build_opener(Stay).open(f"{pywb}/{stamp}id_/{url}", timeout=100) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def settings(folder: Path, archive: str) -> Settings:
    return Settings(
        root=folder,
        db=folder / "archive.db",
        index=folder / "INDEX.md",
        archives=(archive,),
        clock=T0 + 30 * DAY,
        min_gap=0.0,
        allow_private=True,
    )


def captures_in(db: Path) -> list[Capture]:
    with Reader(db) as reader:
        known = {source.url: source.id for source in source_queries.all_sources(reader.ask)}
        histories = [capture_queries.of_source(reader.ask, known[url]) for url in (URL, WIRE) if url in known]
    return [capture for captures in histories for capture in captures]


def replayable(captures: list[Capture]) -> list[tuple[object, ...]]:
    """Return the facts that another archive can have of captures: those with a response."""
    return [
        (c.url, c.final_url, c.captured_at, c.reason, c.status, c.payload_sha256, len(c.hops))
        for c in captures
        if c.status is not None
    ]


# --- ours in theirs --------------------------------------------------------------------------------------------------


def test_fastwarc_verifies_every_digest(tools: Path, warc: Path) -> None:
    command = [tools / "fastwarc", "check", warc]
    process = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert process.returncode == 0, process.stdout + process.stderr
    assert "verified successfully" in process.stdout


def test_pywb_replays_our_file_byte_for_byte_with_revisits_resolved(pywb: str) -> None:
    assert replayed(pywb, "20260105080000", URL) == (200, FIRST)
    assert replayed(pywb, "20260105090000", URL)[0] == 304
    assert replayed(pywb, "20260105100000", URL) == (200, FIRST)  # a revisit of the same page
    assert replayed(pywb, "20260105110000", URL)[0] == 301
    assert replayed(pywb, "20260105110000", NEW) == (200, SECOND)
    assert replayed(pywb, "20260106080000", URL) == (404, b"<h1>Not here</h1>")
    assert replayed(pywb, "20260105130000", WIRE) == (200, FIRST)  # a revisit of another page


# --- theirs in ours --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", ["/timemap/link/", "/cdx?url=", "/cdx?output=text&url="])
def test_captures_gathered_from_pywb_equal_the_originals(pywb: str, warc: Path, tmp_path: Path, endpoint: str) -> None:
    ours = settings(tmp_path, pywb + endpoint)
    with Store(ours.db) as store:
        seeds = [a_seed("strait", url=URL), a_seed("wire", url=WIRE)]
        store.sync_seeds(seeds, {seed.url: url_key(seed.url) for seed in seeds}, T0)
    first = asyncio.run(backfill(ours, source="archives"))
    assert (first.counts["mementos"], first.counts["archive_failures"]) == (6, 0)
    assert replayable(captures_in(ours.db)) == replayable(captures_in(warc.with_name("archive.db")))
    again = asyncio.run(backfill(ours, source="archives"))
    assert (again.counts["mementos"], again.counts["archive_failures"]) == (0, 0)


def test_only_mementos_in_the_window_are_gathered(pywb: str, tmp_path: Path) -> None:
    ours = settings(tmp_path, f"{pywb}/cdx?url=")
    with Store(ours.db) as store:
        store.sync_seeds([a_seed("strait", url=URL)], {URL: url_key(URL)}, T0)
    day = (T0 + timedelta(days=1)).date()
    report = asyncio.run(backfill(ours, source="archives", since=day, until=day))
    assert [capture.captured_at for capture in captures_in(ours.db)] == [T0 + DAY]
    assert report.counts["mementos"] == 1
