"""What every test may ask for. SQLite is always real, the network is always loopback, the present is an argument."""

from __future__ import annotations

import gc
import locale
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

    from db.store import Store
    from tests.servers import Server

ROOT = Path(__file__).resolve().parents[1]

SETTINGS = ("WIRECOPY_", "PREFECT_", "PYTHON", "LC_")
"""Beginnings of variables that change what a test would see. Those of the shell, or of CI, are not the tests' own."""

TERMINAL = {"NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "LANGUAGE"}
"""xdist sets a width as well: answers are as wide as the terminal, and a test's is a pipe."""

WHERE_CODE_LIES = {"PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONPYCACHEPREFIX"}
"""What a child needs to import what this process imports."""


def own_environment(environ: MutableMapping[str, str]) -> None:
    """Take from ``environ`` what a person's shell sets for other programs, and set one locale and one time zone."""
    for name in set(environ) - WHERE_CODE_LIES:
        if name.startswith(SETTINGS) or name in TERMINAL or name.lower().endswith("_proxy"):
            del environ[name]
    environ |= {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "TZ": "UTC"}


# Before anything of ours is imported, for this process and so for its children.
own_environment(os.environ)
time.tzset()
locale.setlocale(locale.LC_ALL, "")
sys.dont_write_bytecode = False  # compiling every module again in every child was a third of the CPU of the fast tests


def pytest_configure(config: pytest.Config) -> None:
    """Set how property tests run: without a deadline, for a busy machine is no bug; with fewer examples when in haste.

    ``make test-slow`` runs them again with ten times the examples: ``--hypothesis-profile thorough``.
    """
    profile = config.getoption("--hypothesis-profile", default=None)
    if config.getoption("numprocesses", default=None) and not hasattr(config, "workerinput") and profile is None:
        return  # this process hands out tests and runs none
    from hypothesis import HealthCheck, settings

    patient = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("wirecopy", max_examples=50, **patient)
    settings.register_profile("thorough", max_examples=500, **patient)
    settings.load_profile(profile or "wirecopy")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give a whole file to one worker, which then makes once what its tests share; both files of Prefect to one."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "tests/test_flows.py" if file == "tests/test_prefect_yaml.py" else file

    config.option.loadscopereorder = False  # the dearest files have few tests, and would come last
    return ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Spare the garbage collector what stays until the end: looking through 4,000 tests again and again took 8 s."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)  # of 700 new objects: hypothesis listens to each collection


@pytest.fixture
def now() -> datetime:
    """The present of every test: a Monday morning."""
    return datetime(2026, 1, 5, 8, tzinfo=UTC)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A private PostgreSQL server; without its programs the asking test is skipped."""
    pytest.importorskip("psycopg", exc_type=ImportError)
    from tests import servers

    if (reason := servers.why_not()) is not None:
        pytest.skip(reason)
    yield from servers.started()


@pytest.fixture
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A new archive, ``archive.db`` in the test's folder, open for writing.

    With TEST_ENGINE=postgresql in the environment it is on a server instead: most tests of the store hold there too.
    """
    if os.environ.get("TEST_ENGINE") == "postgresql":
        from db.store import Store

        with Store(request.getfixturevalue("server").address(tmp_path)) as opened:
            yield opened
        return
    from db.store import Store  # a third of a second, which tests without an archive need not wait
    from tests.builders import new_archive

    with Store(new_archive(tmp_path / "archive.db")) as opened:
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
