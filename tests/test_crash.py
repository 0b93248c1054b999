"""Tests of interrupted runs: started again, a run continues, and the archive is as if it was never interrupted.

Runs are real child processes of the command line. ``test_killed_runs.py`` kills many more, in less time each.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archive.api import Archive
from archive.api.version_ref import Ref
from archive.demo.folder import prepare_folder, write_project
from archive.demo.script import ROUNDS
from archive.demo.site import Site
from archive.demo.world import World
from archive.pipeline.refresh import refresh
from archive.settings import load_settings
from db import maintenance
from db.errors import StoreBusy
from tests.builders import DAY
from tests.contents import contents

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

# A test run started in the background has Ctrl-C switched off, and its children would inherit that.
HEED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
REFRESH = (sys.executable, "-c", HEED + "from archive.cli import main; main()", "refresh")
MOMENTS = ("0.3 s", "0.6 s", "0.9 s", "2 s", "capture 1", "capture 15", "extraction 1", "version 1", "link 1")
"""When a run is cut off: so long after its start, or as soon as a table has so many rows."""

Child = subprocess.Popen[str]


@dataclass
class Project:
    """A folder in which a part of the news world's first round is archived, by real child processes."""

    folder: Path

    @property
    def db(self) -> Path:
        return self.folder / "data" / "archive.db"

    @property
    def environ(self) -> dict[str, str]:
        return os.environ | {"WIRECOPY_CLOCK": ROUNDS[0].isoformat(), "CRASH_TEST": str(self.folder)}

    def start(self) -> Child:
        pipe = subprocess.PIPE
        return subprocess.Popen(REFRESH, cwd=self.folder, env=self.environ, stdout=pipe, stderr=pipe, text=True)

    def start_and_wait_until(self, moment: str) -> Child:
        child = self.start()
        began = time.monotonic()
        while child.poll() is None and not self._is(moment, time.monotonic() - began):
            time.sleep(0.005)
        assert child.poll() is None, f"over before {moment}: {child.communicate()}"
        return child

    def _is(self, moment: str, seconds: float) -> bool:
        what, _, number = moment.partition(" ")
        return seconds >= float(what) if number == "s" else self.rows(what) >= int(number)

    def rows(self, table: str) -> int:
        """Return the number of rows of a table, 0 while the archive is being created."""
        try:
            with closing(sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)) as connection:
                return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        except sqlite3.OperationalError:
            return 0

    def finish(self) -> None:
        """Run it again, to the end."""
        again = self.start()
        _, errors = again.communicate(timeout=120)
        assert again.returncode == 0, errors

    def children(self) -> list[int]:
        """Processes that were started by a run in this folder and still live."""
        mark = f"CRASH_TEST={self.folder}".encode()
        return [int(proc.name) for proc in Path("/proc").glob("[0-9]*") if mark in _environ(proc).split(b"\0")]


def _environ(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:  # it has just ended, or is not ours
        return b""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    site = Site(World(0))
    yield site.start()
    site.stop()


@pytest.fixture(scope="module")
def uninterrupted(port: int, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = made(tmp_path_factory.mktemp("whole"), port)
    project.finish()
    assert project.rows("capture") > project.rows("version") > 20  # three lists, and what is asked of every site
    assert project.rows("link") > 0
    return project


@pytest.fixture
def project(port: int, tmp_path: Path) -> Project:
    return made(tmp_path, port)


def made(folder: Path, port: int) -> Project:
    """A project that watches three of the outlets, which keeps a run at a few seconds."""
    prepare_folder(folder)
    write_project(folder, World(0), port)
    index = folder / "seeds" / "INDEX.md"
    head, *groups = index.read_text(encoding="utf-8").split("\n## ")
    watched = [group for group in groups if group.partition("\n")[0] in {"wire", "daily", "mirror"}]
    index.write_text("\n## ".join([head, *watched]), encoding="utf-8")
    return Project(folder)


# --- cut off ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_was_killed_goes_on_when_run_again(project: Project, uninterrupted: Project, moment: str) -> None:
    child = project.start_and_wait_until(moment)
    child.kill()
    child.communicate()
    if project.db.exists():
        maintenance.check_file(project.db, deep=True)
    project.finish()
    assert contents(project.db) == contents(uninterrupted.db)


def test_a_run_killed_again_and_again_gets_there(project: Project, uninterrupted: Project) -> None:
    for seconds in (0.7, 1.0, 1.3, 1.6, 1.9, 2.2, 2.5):
        child = project.start()
        time.sleep(seconds)
        child.kill()
        child.communicate()
    project.finish()
    assert contents(project.db) == contents(uninterrupted.db)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc to look for processes in")
def test_a_killed_run_leaves_no_process_behind(project: Project) -> None:
    child = project.start_and_wait_until("version 1")
    assert len(project.children()) >= 2  # itself and an extraction worker
    child.kill()
    child.communicate()
    began = time.monotonic()
    while project.children() and time.monotonic() - began < 100:
        time.sleep(0.05)
    assert project.children() == []


@pytest.mark.parametrize("moment", ["run 1", "capture 1", "extraction 1", "version 1", "link 1"])
def test_ctrl_c_ends_a_run_soon_with_a_sentence_and_it_goes_on_when_run_again(
    project: Project, uninterrupted: Project, moment: str
) -> None:
    child = project.start_and_wait_until(moment)
    child.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, errors = child.communicate()
    assert time.monotonic() - began < 5
    assert (child.returncode, out) == (130, "")
    assert errors.strip() == "Interrupted. Finished work is saved; run the same command again to continue."
    assert project.rows("lease") == 0
    project.finish()
    assert contents(project.db) == contents(uninterrupted.db)


@pytest.mark.parametrize("moment", ["capture 1", "version 1"])
def test_a_run_that_was_terminated_goes_on_when_run_again(
    project: Project, uninterrupted: Project, moment: str
) -> None:
    child = project.start_and_wait_until(moment)
    child.terminate()
    assert "Traceback" not in child.communicate()[1]
    assert child.returncode == 130
    project.finish()
    assert contents(project.db) == contents(uninterrupted.db)


# --- a full disk -----------------------------------------------------------------------------------------------------


@dataclass
class Disk:
    """A small disk of its own, mounted over a folder."""

    folder: Path

    def mount(self, size: str, *, again: bool = False, read_only: bool = False) -> None:
        how = f"{'remount,' * again}size={size},{'ro' if read_only else 'rw'}"
        command = ["mount", "-t", "tmpfs", "-o", how, "none", str(self.folder)]
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        if process.returncode != 0:
            pytest.skip(f"cannot mount a small disk here: {process.stderr.strip()}")


@pytest.fixture
def disk(project: Project) -> Iterator[Disk]:
    disk = Disk(project.folder / "data")
    disk.folder.mkdir()
    yield disk
    subprocess.run(["umount", str(disk.folder)], capture_output=True, check=False)


# An empty archive takes 380 KiB, the whole one about 710, its log on top: full among captures, texts, and links.
@pytest.mark.parametrize("size", ["472k", "536k", "664k"])
def test_a_full_disk_loses_nothing_and_the_run_goes_on_when_there_is_room(
    project: Project, uninterrupted: Project, disk: Disk, size: str
) -> None:
    disk.mount(size)
    child = project.start()
    out, errors = child.communicate(timeout=120)
    assert (child.returncode, out) == (5, "")
    assert errors.startswith("wirecopy: the disk is full: ")
    assert errors.count("\n") == 1
    maintenance.check_file(project.db, deep=True)
    texts = set(contents(project.db)["texts"])
    assert texts <= set(contents(uninterrupted.db)["texts"])
    disk.mount("64m", again=True)
    project.finish()
    assert contents(project.db) == contents(uninterrupted.db)


def test_a_disk_without_room_for_a_new_archive_says_so(project: Project, disk: Disk) -> None:
    disk.mount("16k")
    child = project.start()
    errors = child.communicate(timeout=120)[1]
    assert child.returncode == 5
    assert errors.startswith("wirecopy: the disk ")
    assert "Traceback" not in errors


# --- a file that cannot be used --------------------------------------------------------------------------------------


@pytest.fixture
def archived(project: Project, uninterrupted: Project) -> Project:
    """A project whose run is done."""
    project.db.parent.mkdir()
    shutil.copyfile(uninterrupted.db, project.db)
    return project


def refused(project: Project) -> str:
    """Return the one-line error of a run that exits with the code for an unusable store."""
    out, errors = project.start().communicate(timeout=120)
    assert out == ""
    assert errors.startswith("wirecopy: ")
    assert errors.count("\n") == 1
    return errors


def test_a_read_only_disk_is_said_and_the_archive_there_can_still_be_asked(
    project: Project, uninterrupted: Project, disk: Disk
) -> None:
    disk.mount("64m")
    shutil.copyfile(uninterrupted.db, project.db)
    disk.mount("64m", again=True, read_only=True)
    assert "archive.db cannot be " in refused(project)
    process = subprocess.run(
        [*REFRESH[:-1], "list", "--json"], cwd=project.folder, env=project.environ, check=True, stdout=-1
    )
    assert len(json.loads(process.stdout)) > 0
    disk.mount("64m", again=True)
    project.finish()
    assert contents(project.db) == contents(uninterrupted.db)


@pytest.mark.parametrize("table", ["capture", "version", "alembic_version", "sqlite_master"])
def test_a_damaged_page_stops_a_run_which_names_the_way_back(
    archived: Project, uninterrupted: Project, table: str
) -> None:
    damage(archived.db, table)
    assert "run: wirecopy restore BACKUP" in refused(archived)
    maintenance.restore(archived.db, uninterrupted.db)
    archived.finish()
    assert contents(archived.db) == contents(uninterrupted.db)


def damage(path: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    with closing(sqlite3.connect(path)) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        row = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table]).fetchone()
    data = bytearray(path.read_bytes())
    start = (row[0] - 1) * size if row else 100  # behind the file's own head
    data[start : start + size // 2] = b"\xff" * (size // 2)
    path.write_bytes(data)


def test_an_archive_of_a_newer_schema_is_left_as_it_is(archived: Project) -> None:
    with closing(sqlite3.connect(archived.db)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = archived.db.read_bytes()
    assert "Install a newer wirecopy" in refused(archived)
    assert archived.db.read_bytes() == before


def test_a_clock_that_goes_backwards_loses_nothing(archived: Project, uninterrupted: Project) -> None:
    """A machine with an empty clock battery dates new captures before older ones."""
    for moment in (ROUNDS[0] - DAY, ROUNDS[0] - 2 * DAY, ROUNDS[0]):
        settings = load_settings({"WIRECOPY_CLOCK": moment.isoformat()}, start=archived.folder)
        asyncio.run(refresh(settings, force=True))
    before, after = contents(uninterrupted.db), contents(archived.db)
    assert set(before["captures"]) <= set(after["captures"])
    assert {row[2] for row in before["versions"]} <= {row[2] for row in after["versions"]}
    assert after["waiting"] == [(0, 0)]
    with Archive(archived.db) as archive:
        assert list(archive.verify(deep=True)) == []
        for version, _ in archive.articles():
            first = archive.version(Ref(url=version.url, number=1))
            assert first.first_seen_at == ROUNDS[0] - 2 * DAY


# --- a lease that was lost -------------------------------------------------------------------------------------------


def test_a_run_whose_lease_was_taken_while_it_slept_stops_and_says_who_works_now(project: Project) -> None:
    """Like a laptop that was closed for an hour. The run notices when it renews the lease, after 30 seconds."""
    settings = load_settings({"WIRECOPY_CLOCK": ROUNDS[0].isoformat()}, start=project.folder)

    async def sleeps(_name: str, _work: object, _ids: list[int]) -> dict[str, int]:
        with closing(sqlite3.connect(project.db, isolation_level=None)) as connection:
            connection.execute("UPDATE lease SET owner = 'refresh@elsewhere:1'")
        await asyncio.sleep(60)
        return {}

    with pytest.raises(StoreBusy, match="refresh@elsewhere:1"):
        asyncio.run(refresh(settings, step=sleeps))
