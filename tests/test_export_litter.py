"""Exports that are cut off leave nothing beside the file, whatever cut them off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from archive.export.atomic_file import scratch_folder
from archive.resources import code_environ
from db.store import Store
from tests.builders import DAY, T0, a_capture, add_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXPORT = "import sys; from archive.cli import main; main(sys.argv[1:])"
PAGES = 1_500


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that takes a second to export."""
    path = tmp_path_factory.mktemp("litter") / "archive.db"
    with Store(path) as store:
        source = add_source(store)
        pages = (os.urandom(2_000) for _ in range(PAGES))
        store.record([(a_capture(source, at=T0 + number * DAY), page) for number, page in enumerate(pages)])
    return path


def left(folder: Path) -> Iterator[str]:
    return (path.name for path in folder.iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["terminated", "killed"])
def test_an_export_that_is_cut_off_leaves_no_litter(db: Path, tmp_path: Path, number: signal.Signals) -> None:
    """A killed process cannot tidy up: then the next export to the same file does."""
    command = [sys.executable, "-c", EXPORT, "--db", str(db), "export", "wacz", str(tmp_path / "news.wacz")]
    with subprocess.Popen(command, env=code_environ(dict(os.environ)), stderr=subprocess.DEVNULL) as export:
        while not [*left(tmp_path)] and export.poll() is None:
            time.sleep(0.005)
        export.send_signal(number)
    assert export.returncode
    if number == signal.SIGTERM:
        assert [*left(tmp_path)] == []
    subprocess.run(command, env=code_environ(dict(os.environ)), check=True, capture_output=True)
    assert [*left(tmp_path)] == ["news.wacz"]


def test_a_scratch_folder_is_empty_and_goes(tmp_path: Path) -> None:
    stale = tmp_path / ".x.wacz.wirecopy-parts"
    stale.mkdir()
    (stale / "old").touch()
    with suppress(ValueError), scratch_folder(tmp_path / "x.wacz") as folder:
        assert [*left(folder)] == []
        (folder / "new").touch()
        raise ValueError
    assert [*left(tmp_path)] == []
