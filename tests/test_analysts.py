"""The archive in an analyst's hands: the notebook is what it shows, and Python needs no SQL."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest

from archive.api import Archive
from archive.api.version_ref import Ref
from archive.export import export_parquet
from db.errors import StoreError
from db.store import Store
from examples import NOTEBOOK, notebook_outputs, notebook_shown, play, tidy
from tests.builders import DAY, T0, URL, add_source, make_history

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One article in two versions."""
    path = tmp_path_factory.mktemp("analyst") / "archive.db"
    with Store(path) as store:
        make_history(store, add_source(store), [("The harbour opens.", T0), ("It closes.", T0 + DAY)], title="Harbour")
    return path


@pytest.mark.slow
def test_the_notebook_holds_what_its_cells_print(tmp_path: Path) -> None:
    play(tmp_path / "wirecopy-demo")
    said = [tidy(text) for text in notebook_outputs(tmp_path)]
    assert said == [tidy(text) for text in notebook_shown()], "run python tests/examples.py if this is meant"


def test_the_notebook_is_one_that_jupyter_opens() -> None:
    book = json.loads(NOTEBOOK.read_text("utf-8"))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])


def test_an_archive_opens_by_name_and_answers_in_dataclasses(db: Path) -> None:
    with Archive.open(str(db)) as archive:
        source, history = archive.history(URL)
        first = archive.version(Ref(url=URL, number=1))
        answers = [
            source,
            history,
            first,
            archive.text(first),
            *archive.changes(since=datetime(2020, 1, 1, tzinfo=UTC)),
        ]
    assert all(dataclasses.is_dataclass(each) for each in answers)
    assert first.first_seen_at == T0


def test_an_archive_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="wirecopy init"):
        Archive.open(tmp_path / "none.db")


def test_duckdb_and_polars_read_the_same_rows(db: Path, tmp_path: Path) -> None:
    export_parquet(db, tmp_path)
    file = tmp_path / "versions.parquet"
    asked = duckdb.sql(f"SELECT version, first_seen_at, text FROM '{file}' ORDER BY version")
    frame = pl.read_parquet(file).sort("version").select("version", "first_seen_at", "text")
    assert asked.fetchall() == frame.rows()
    assert frame["first_seen_at"].to_list() == [T0, T0 + DAY]
