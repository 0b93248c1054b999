"""The faster way of extraction, selected for an entire archive: a recipe of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from archive.pipeline.import_files import import_files
from archive.pipeline.recipe import current_recipe
from archive.settings import load_settings
from db.store import Store
from tests.hostile import ARTICLE, page

if TYPE_CHECKING:
    from pathlib import Path

DATED = "https://daily.example/2024/01/04/bridge"
"""An address from which the date of a page without one is guessed. The faster way does not guess."""


def test_fast_reading_is_a_recipe_of_its_own() -> None:
    whole, fast = current_recipe(), current_recipe(fast=True)
    assert whole.id != fast.id
    assert {*whole.facts} ^ {*fast.facts} == {("extract mode", "whole"), ("extract mode", "fast")}


@pytest.mark.parametrize("is_fast", [False, True])
def test_a_setting_decides_how_an_archive_is_read(tmp_path: Path, is_fast: bool) -> None:
    line = {"url": DATED, "fetched_at": "2026-01-05T08:00:00Z", "html": page(ARTICLE).decode()}
    (tmp_path / "pages.jsonl").write_text(json.dumps(line))
    (tmp_path / "wirecopy.toml").write_text(f"fast = {str(is_fast).lower()}\nclock = 2026-01-06T08:00:00Z\n")
    settings = load_settings({}, start=tmp_path)
    import_files(settings, [tmp_path / "pages.jsonl"])
    with Store(settings.db) as store:
        (row,) = store.ask("SELECT recipe_id, facts FROM extraction")
    assert row["recipe_id"] == current_recipe(fast=is_fast).id
    assert ("address" in row["facts"]) is not is_fast
