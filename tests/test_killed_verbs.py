"""Verbs that write are killed at each of their steps, and meet a full disk: nothing is lost, and they can be repeated.

Each round takes a fresh folder, cuts off the verb, checks that the archive is whole, calls the same verb again, and
compares the folder with that of a call that was not cut off. ``KILLED_VERBS``: rounds of each verb, or ``all``.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from archive.api import Archive, signed_log
from db import maintenance
from db.store import Store
from tests.builders import DAY, T0, URL, a_capture, add_source, derive_all, make_history
from tests.contents import contents
from tests.newsroom import PARAGRAPHS
from tests.newsroom import page as article
from tests.test_clock import YEAR
from tests.test_mementos import wayback
from tests.test_migrations import drop_new_facts, of_before
from tests.test_repair_clock import TALKS, TODAY, filled
from tests.verb_forks import KILLED, VerbForks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

ROUNDS = os.environ.get("KILLED_VERBS", "2")
NAME = "daily.example/archive"
STORY = "The ministers of Velmora and Oskany met on Monday to end the long quarrel over the river Tal. " * 5

# --- the verbs -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A verb with its arguments. ``prepare`` makes its files, beside the archive that all cases begin with."""

    arguments: tuple[str, ...]
    prepare: Callable[[Path], None] = lambda _: None
    extra: tuple[str, ...] = ()
    """Files that more than one call leaves, such as the archive that a second restore replaced."""
    farewell: int = 0
    """Its last steps, when all is done: a verb that was cut off there is not repeated."""


def add_key(folder: Path) -> None:
    signed_log.create_key(db_of(folder), NAME, seed=bytes(32), now=T0)


def add_backup(folder: Path) -> None:
    maintenance.backup(db_of(folder), folder / "copy.db")
    with Store(db_of(folder)) as store:
        store.record([(a_capture(add_source(store), at=T0 + DAY), b"<p>Newer than the backup.</p>")])


def add_pages(folder: Path) -> None:
    for number in range(3):
        paragraphs = (f"{text} It was day {number}." for text in PARAGRAPHS)
        html = article(*paragraphs).decode()
        row = {
            "url": f"https://new.example/{number}",
            "html": html,
            "fetched_at": f"{T0 + number * DAY:%Y-%m-%dT%H:%M:%SZ}",
        }
        (folder / f"pages-{number}.jsonl").write_text(json.dumps(row) + "\n")


def make_old(folder: Path) -> None:
    """Replace the archive by one of the first release."""
    now = folder / "now.db"
    with Store(now) as store:
        make_history(store, add_source(store), [("one", T0), ("two", T0 + DAY)])
        drop_new_facts(store)
    db_of(folder).unlink()
    of_before(now, db_of(folder), "0001")
    now.unlink()


PAGES = tuple(f"pages-{number}.jsonl" for number in range(3))
CASES = {
    "restore": Case(("restore", "copy.db"), add_backup, ("archive.db.replaced-2",)),
    "upgrade": Case(("upgrade",), make_old),
    "repair-clock": Case(("repair-clock", "3"), farewell=8),
    "repair-clock by": Case(("repair-clock", "3", "--by", "-365d"), farewell=8),
    "evidence": Case(("evidence", TALKS, "talks.wacz"), add_key),
    "import": Case(("import", *PAGES), add_pages),
    "log key": Case(("log", "key", "--create", NAME)),
    "log new": Case(("log", "new", "--because", "a test"), add_key),
    "log memento": Case(("log", "memento", URL, "--archive"), add_key),
}
FULL = {
    "import": CASES["import"],
    "evidence": CASES["evidence"],
    "export": Case(("export", "wacz", "news.wacz")),
    "backup": Case(("backup", "copy.db")),
    "offload": Case(("offload", "--all")),
    "restore": CASES["restore"],
    "log key": CASES["log key"],
}
ROOMS = (0, 60_000)
"""Bytes that are free on a disk that becomes full."""
FULL_CODES = {"evidence": {2}, "export": {2}, "log key": {1, 5}}
"""Exit codes on a full disk: that of the archive, but where it is another file that cannot be written."""


@pytest.fixture(scope="module")
def forks() -> Iterator[VerbForks]:
    with VerbForks() as running:
        yield running


@pytest.fixture(scope="module")
def second_archive() -> Iterator[str]:
    with wayback({T0: STORY}) as site:
        yield site.url("/timemap/link/")


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of four runs, the third of which had a wrong clock, and of one more article."""
    db = tmp_path_factory.mktemp("start") / "archive.db"
    filled(db, TODAY, YEAR, True)
    with Store(db) as store:
        store.record([(a_capture(add_source(store, URL), url=URL, at=T0), STORY.encode())])
        derive_all(store, title="Talks")
    return db


@dataclass(frozen=True)
class Calls:
    """Calls of one case, each in a folder."""

    case: Case
    start: Path
    forks: VerbForks
    second_archive: str

    def prepare(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        shutil.copyfile(self.start, db_of(folder))
        self.case.prepare(folder)

    def __call__(self, folder: Path, kill_at: int = 0) -> Any:
        environ = {
            "WIRECOPY_DB": str(db_of(folder)),
            "WIRECOPY_CLOCK": TODAY.isoformat(),
            "WIRECOPY_ALLOW_PRIVATE": "true",
            "WIRECOPY_MIN_GAP": "0",
            "WIRECOPY_CONTACT": "desk@wire.example",
            "WIRECOPY_OBJECTS": (folder / "packs").as_uri(),
            "WIRECOPY_WORKERS": "1",
        }
        is_memento = self.case.arguments[-1] == "--archive"
        more = (self.second_archive,) if is_memento else ()
        return self.forks.call(folder, environ, *self.case.arguments, *more, kill_at=kill_at)


def db_of(folder: Path) -> Path:
    return folder / "archive.db"


# --- what must hold --------------------------------------------------------------------------------------------------


def files_in(folder: Path) -> set[str]:
    """The names of the files in a folder, without SQLite's own beside an archive and what a digest names."""
    names = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return {name for name in names if not name.endswith(("-wal", "-shm")) and "/" not in name}


def pages_in(*paths: Path) -> set[str]:
    """The digests of the pages in some of these archives."""
    digests: set[str] = set()
    for path in paths:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            digests |= {row[0] for row in connection.execute("SELECT hex(sha256) FROM payload")}
    return digests


def check_whole(folder: Path, before: set[str]) -> None:
    """Assert that no page is lost and that the archives are sound."""
    archives = [path for path in (db_of(folder), *folder.glob("archive.db.replaced*")) if is_archive(path)]
    assert before <= pages_in(*archives)
    for path in archives:
        maintenance.check_file(path, deep=True)


def is_archive(path: Path) -> bool:
    return path.is_file() and not path.name.endswith(("-wal", "-shm"))


def check_same(folder: Path, whole: Path, case: Case) -> None:
    """Assert that a folder is as after a call that was not cut off, and that its archive proves itself."""
    assert contents(db_of(folder)) == contents(db_of(whole))
    with Archive(db_of(folder)) as archive:
        assert list(archive.verify(deep=True)) == []
    assert files_in(folder) - set(case.extra) == files_in(whole)
    if signed_log.key_path(db_of(folder)).exists():
        assert signed_log.fork_problem(db_of(folder)) is None or case.arguments[0] == "restore"


def check_sentence(text: str) -> None:
    assert "Traceback" not in text
    assert any(line.startswith("wirecopy: ") for line in text.splitlines()), text


@pytest.mark.parametrize("name", CASES)
def test_a_verb_killed_at_any_step_loses_nothing_and_can_be_repeated(
    forks: VerbForks, start: Path, second_archive: str, tmp_path: Path, name: str
) -> None:
    calls, whole = Calls(CASES[name], start, forks, second_archive), tmp_path / "whole"
    calls.prepare(whole)
    uninterrupted = calls(whole)
    assert uninterrupted.code == 0, uninterrupted.text
    assert uninterrupted.steps > 3
    for kill_at in moments(name, uninterrupted.steps - CASES[name].farewell):
        folder = tmp_path / f"{kill_at}"
        calls.prepare(folder)
        before = pages_in(db_of(folder))
        assert calls(folder, kill_at).code == KILLED
        check_whole(folder, before)
        again = calls(folder)
        assert again.code == 0, (kill_at, again.text)
        check_whole(folder, before)
        check_same(folder, whole, CASES[name])
        shutil.rmtree(folder)


def moments(name: str, steps: int) -> list[int]:
    """The steps before which a verb is killed: all, or a sample that has the last."""
    if ROUNDS == "all":
        return [*range(1, steps + 1)]
    return sorted({*random.Random(name).sample(range(1, steps), min(int(ROUNDS), steps) - 1), steps})


# --- a full disk -----------------------------------------------------------------------------------------------------


class Disk:
    """A small disk of its own, mounted over a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def leave(self, size: int) -> None:
        """Leave so many bytes free, by a file that takes the others."""
        free = os.statvfs(self.folder)
        with self._filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(free.f_bavail * free.f_frsize - size, 1))

    def make_room(self) -> None:
        self._filler.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(folder)]
    process = subprocess.run(mount, capture_output=True, text=True, check=False)
    if process.returncode != 0:
        pytest.skip(f"cannot mount a small disk here: {process.stderr.strip()}")
    yield Disk(folder)
    subprocess.run(["umount", str(folder)], capture_output=True, check=False)


@pytest.mark.parametrize("name", FULL)
def test_a_verb_on_a_full_disk_says_so_loses_nothing_and_can_be_repeated(
    forks: VerbForks, start: Path, tmp_path: Path, disk: Disk, name: str
) -> None:
    calls, whole = Calls(FULL[name], start, forks, ""), tmp_path / "whole"
    calls.prepare(whole)
    assert calls(whole).code == 0
    refused = 0
    for size in ROOMS:
        calls.prepare(disk.folder)
        before, names = pages_in(db_of(disk.folder)), files_in(disk.folder)
        disk.leave(size)
        full = calls(disk.folder)
        disk.make_room()
        check_whole(disk.folder, before)
        if full.code != 0:
            refused += 1
            check_sentence(full.text)
            assert full.code in FULL_CODES.get(name, {5}), full.text
            assert files_in(disk.folder) <= names | {"archive.db.log-key.part"}
            again = calls(disk.folder)
            assert again.code == 0, (size, again.text)
        check_same(disk.folder, whole, FULL[name])
        for path in disk.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert refused > 0
