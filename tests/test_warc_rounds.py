"""The demo's rounds as WARC files, imported into an empty archive in any order: the same archive and grade."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from archive.demo.grade import Grade, findings, grade
from archive.demo.script import ROUNDS
from archive.demo.snapshot import read_snapshot
from archive.demo.world import World
from archive.export import build_selection, export_warc
from archive.pipeline.import_files import import_files
from archive.pipeline.upkeep import upkeep
from archive.settings import Settings, load_settings
from examples import play
from tests.contents import contents

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
ENDS = (*ROUNDS, ROUNDS[-1] + timedelta(days=1))
ALIKE = ("texts", "versions", "links", "waiting")


def settings_in(folder: Path) -> Settings:
    """The settings of a project in this folder, at the end of the last round."""
    return load_settings({"WIRECOPY_CLOCK": ROUNDS[-1].isoformat()}, start=folder)


def graded(db: Path) -> Grade:
    world = World(0)
    return grade(world, findings(read_snapshot(db), world))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's archive after its upkeep, which learns site templates as an import does at its end."""
    folder = tmp_path_factory.mktemp("demo")
    play(folder)
    asyncio.run(upkeep(settings_in(folder)))
    return settings_in(folder).db


@pytest.fixture(scope="module")
def files(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One WARC file per round."""
    folder = tmp_path_factory.mktemp("files")
    paths = []
    for number, (since, end) in enumerate(pairwise(ENDS)):
        chosen = build_selection(demo, since=since, until=end - timedelta(seconds=1))
        paths.append(folder / f"round-{number}.warc.gz")
        assert export_warc(demo, paths[-1], chosen) > 0
    return paths


@pytest.mark.parametrize("order", [(2, 0, 3, 1), (3, 1, 0, 2)], ids=str)
def test_rounds_that_come_as_files_in_any_order_give_the_same_archive_and_an_exact_grade(
    demo: Path, files: list[Path], tmp_path: Path, order: tuple[int, ...]
) -> None:
    settings = settings_in(tmp_path)
    for number in order:
        assert import_files(settings, [files[number]]).bad == ()
    imported, original = contents(settings.db), contents(demo)
    assert {what: imported[what] for what in ALIKE} == {what: original[what] for what in ALIKE}
    grade, original_grade = graded(settings.db), graded(demo)
    assert original_grade.exact
    assert grade == original_grade
