"""What every test may ask for. SQLite is always real, the network is always loopback, the present is an argument."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.store import Store

# Answers are as wide as the terminal; a test's is a pipe, whatever stands around the test run (xdist sets a width).
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def now() -> datetime:
    """The present of every test: a Monday morning."""
    return datetime(2026, 1, 5, 8, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new archive, ``archive.db`` in the test's folder, open for writing."""
    from db.store import Store  # a third of a second, which tests without an archive need not wait

    with Store(tmp_path / "archive.db") as opened:
        yield opened


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's own folder."""
    return ROOT


@pytest.fixture(scope="session")
def data() -> Path:
    """Labelled pages, pairs and histories, too large for the repository; without them the asking test is skipped."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no data")
    return folder
