"""The limit of a reader counts the processor time of its queries, not the time that a busy machine lets them wait."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from db.errors import TooSlow
from db.reader import Reader
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
SHORT = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT max(i) AS i FROM n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Store(tmp_path / "archive.db"):
        return tmp_path / "archive.db"


@pytest.fixture
def busy() -> Iterator[None]:
    """Other threads of this process want the processor all the time."""
    stop = threading.Event()

    def turn() -> None:
        while not stop.is_set():
            pass

    threads = [threading.Thread(target=turn) for _ in range(4)]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join()


def test_an_endless_query_ends(path: Path) -> None:
    used = time.thread_time()
    with Reader(path, patience=0.05) as reader, pytest.raises(TooSlow):
        reader.ask(ENDLESS)
    assert time.thread_time() - used >= 0.05


def test_waiting_does_not_count(path: Path) -> None:
    with Reader(path, patience=0.5) as reader:
        time.sleep(0.6)  # longer than the limit, shorter than the eight times of it that may pass
        assert reader.ask(SHORT) == [{"i": 100_000}]


def test_a_query_on_a_busy_machine_may_use_its_whole_limit(path: Path, busy: None) -> None:
    del busy
    used, began = time.thread_time(), time.monotonic()
    with Reader(path, patience=0.05) as reader, pytest.raises(TooSlow):
        reader.ask(ENDLESS)
    assert time.thread_time() - used >= 0.05 or time.monotonic() - began >= 0.4


def test_real_time_has_a_limit_too(path: Path) -> None:
    with Reader(path, patience=0.05) as reader:
        time.sleep(0.45)
        with pytest.raises(TooSlow):
            reader.ask(ENDLESS)
