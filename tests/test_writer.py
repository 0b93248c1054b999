"""Tests of db.writer: commits wait for the disk, except commits of derived data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from db.store import Store
from db.writer import open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

NORMAL, FULL = 1, 2  # as PRAGMA synchronous says them


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    Store(tmp_path / "archive.db").close()
    opened = open_engine(tmp_path / "archive.db")
    yield opened
    opened.dispose()


def level(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())


def test_a_commit_waits_for_the_disk_but_where_it_is_told_not_to(engine: Engine) -> None:
    for _ in range(2):  # the second time over connections that were used both ways
        with engine.begin() as connection:
            assert level(connection) == FULL
        with engine.execution_options(durable=False).begin() as connection:
            assert level(connection) == NORMAL


def test_two_connections_do_not_mix_it_up(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as asking:
        with engine.execution_options(durable=False).begin() as deriving:
            assert (level(asking), level(deriving)) == (FULL, NORMAL)
        with engine.begin() as keeping:
            assert level(keeping) == FULL
