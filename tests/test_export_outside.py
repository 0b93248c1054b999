"""Files of ours under the tools of others, unmodified, and a whole archive there and back.

The tools live in a virtual environment of their own below ``.pytest_cache``, made once, because what they need clashes
with what we need. Where no package index can be reached these tests are skipped.
"""

from __future__ import annotations

import sqlite3
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from archive.export import Chosen, export_cdxj, export_wacz, export_warc
from archive.pipeline.import_files import import_files
from archive.settings import Settings
from examples import play
from tests.environments import commands_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

TOOLS = ("warcio==1.8.1", "fastwarc==2.0.1", "cdxj-indexer==1.5.0", "wacz==0.6.0")
LATER = datetime(2026, 3, 1, tzinfo=UTC)
MIDDLE = datetime(2026, 1, 6, tzinfo=UTC)

FACTS = """
    SELECT s.url_key, s.kind, c.url, c.final_url, c.captured_at, c.reason, c.status, c.headers, c.hops, c.exchange,
           hex(p.sha256), c.part, w.captured_at
    FROM capture c JOIN source s ON s.id = c.source_id
    LEFT JOIN payload p ON p.id = c.payload_id LEFT JOIN capture w ON w.id = c.part_of ORDER BY 1, 5, 12"""
HISTORIES = """
    SELECT url, version, first_seen_at, last_seen_at, captures, kinds, text_sha256 FROM v_versions ORDER BY 1, 2"""


@pytest.fixture(scope="session")
def outside(request: pytest.FixtureRequest) -> Path:
    """The folder of the tools' commands."""
    return commands_of(request, "warc-tools", TOOLS)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the demo: parted articles, probes, lists, error pages, redirects, 304s."""
    folder = tmp_path_factory.mktemp("demo") / "wirecopy-demo"
    play(folder)
    return folder / "data" / "archive.db"


def run(*command: object) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rows(db: Path, question: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as asked:
        return asked.execute(question).fetchall()


def bring(folder: Path, *files: Path) -> Path:
    folder.mkdir()
    settings = Settings(root=folder, db=folder / "archive.db", index=folder / "INDEX.md", clock=LATER)
    assert import_files(settings, files).bad == ()
    return settings.db


def test_every_tool_that_checks_a_warc_is_content(outside: Path, demo: Path, tmp_path: Path) -> None:
    export_warc(demo, tmp_path / "demo.warc.gz")
    run(outside / "warcio", "check", tmp_path / "demo.warc.gz")
    assert "verified successfully" in run(outside / "fastwarc", "check", tmp_path / "demo.warc.gz")


def test_our_index_is_the_one_that_others_make(outside: Path, demo: Path, tmp_path: Path) -> None:
    export_warc(demo, tmp_path / "demo.warc.gz")
    export_cdxj(demo, tmp_path / "demo.cdxj")
    theirs = run(outside / "cdxj-indexer", tmp_path / "demo.warc.gz").splitlines()
    assert (tmp_path / "demo.cdxj").read_text("utf-8").splitlines() == sorted(theirs)


def test_a_package_is_valid(outside: Path, demo: Path, tmp_path: Path) -> None:
    export_wacz(demo, tmp_path / "demo.wacz")
    assert "Validation succeeded" in run(outside / "wacz", "validate", "-f", tmp_path / "demo.wacz")


@pytest.mark.parametrize("name", ["demo.warc.gz", "demo.wacz"])
def test_a_whole_archive_comes_back_with_the_same_captures_and_histories(demo: Path, tmp_path: Path, name: str) -> None:
    (export_wacz if name.endswith("wacz") else export_warc)(demo, tmp_path / name)
    again = bring(tmp_path / "again", tmp_path / name)
    assert rows(again, FACTS) == rows(demo, FACTS)
    assert rows(again, HISTORIES) == rows(demo, HISTORIES)


def test_two_halves_come_back_in_either_order(demo: Path, tmp_path: Path) -> None:
    early, late = tmp_path / "early.warc.gz", tmp_path / "late.wacz"
    assert export_warc(demo, early, Chosen(until=MIDDLE)) + export_wacz(demo, late, Chosen(since=MIDDLE)) == len(
        rows(demo, FACTS)
    )
    for folder, files in (("forth", (early, late)), ("back", (late, early))):
        again = bring(tmp_path / folder, *files)
        assert rows(again, FACTS) == rows(demo, FACTS)
        assert rows(again, HISTORIES) == rows(demo, HISTORIES)
