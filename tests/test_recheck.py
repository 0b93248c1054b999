"""What is stored of pages is worked out again from their bytes: a single changed row is found, named, and mended."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from archive.extract.worker_pool import Extractors
from archive.pipeline.recheck import NIGHTS, Recheck
from archive.pipeline.recipe import current_recipe
from archive.pipeline.reprocess import reextract, rematch
from archive.pipeline.upkeep import upkeep
from archive.settings import load_settings
from db.reader import Reader
from tests.builders import DAY, T0
from tests.commands import call_main
from tests.contents import contents
from tests.forged import change, make_archive, work_out_again
from tests.forgeries import DERIVED, FACTS, LINKS, TEXTS, VERSIONS

if TYPE_CHECKING:
    from pathlib import Path

    from archive.settings import Settings

ONE_OF_EACH = {
    "the copier becomes the original": VERSIONS["first seen"],
    "a word with its digest": TEXTS["a word, with its digest"],
    "a line of the template": TEXTS["a line of a site template"],
    "an address joined": TEXTS["an address joined"],
    "a reworded copy called exact": LINKS["relation"],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive that the real pipeline made."""
    return make_archive(tmp_path / "archive.db")


def settings_of(path: Path) -> Settings:
    environ = {"WIRECOPY_DB": str(path), "WIRECOPY_CLOCK": (T0 + 3 * DAY).isoformat()}
    return load_settings(environ, start=path.parent)


def test_a_sound_archive_gives_the_same_again(path: Path) -> None:
    problems, counts = work_out_again(path)
    assert problems == []
    assert counts["pages"] == 10
    assert min(counts["histories"], counts["texts"], counts["links"]) > 5
    assert counts["waiting"] == counts["older"] == counts["unclear"] == 0


@pytest.mark.parametrize("statement", ONE_OF_EACH.values(), ids=ONE_OF_EACH.keys())
def test_a_changed_row_is_found_where_it_was_changed(path: Path, statement: str) -> None:
    assert change(path, statement)
    problems, _ = work_out_again(path)
    assert problems
    assert {problem.todo for problem in problems} <= {"wirecopy reextract", "wirecopy rematch"}


def test_a_text_of_an_older_recipe_counts_as_such_and_not_as_wrong(path: Path) -> None:
    with Reader(path) as reader, Extractors(workers=0) as extractors:
        recheck = Recheck(reader, extractors, current_recipe(fast=True))
        assert list(recheck.histories(recheck.sample(99, "seed"))) == []
    assert recheck.counts["older"] == 10


def test_samples_differ_by_seed_and_have_the_size_asked_for(path: Path) -> None:
    with Reader(path) as reader, Extractors(workers=0) as extractors:
        recheck = Recheck(reader, extractors, current_recipe())
        samples = {tuple(recheck.sample(3, f"seed {number}")) for number in range(9)}
    assert {len(sample) for sample in samples} == {3}
    assert len(samples) > 1


@pytest.mark.slow
def test_a_month_of_nights_covers_the_archive_and_doctor_names_what_it_found(path: Path) -> None:
    change(path, VERSIONS["score of an edit"])
    counts = [asyncio.run(upkeep(settings_of(path))).counts for _ in range(7)]
    assert sum(count["rechecked"] for count in counts) == 7  # of seven histories, where a thirtieth is less than one
    assert sum(count["recheck_faults"] for count in counts) == 1
    assert NIGHTS == 30
    assert "1 row of texts, versions or matches" in call_main("--db", path, "doctor", cwd=path.parent).out


@pytest.mark.slow
def test_the_verb_says_what_was_worked_out(path: Path) -> None:
    answer = call_main("--db", path, "verify", "--again", "2", "--json", cwd=path.parent)
    assert answer.code == 0
    assert json.loads(answer.out)["again"]["histories"] == 2
    assert call_main("--db", path, "verify", "--again", "none", cwd=path.parent).code == 2


# --- every kind of forgery -------------------------------------------------------------------------------------------

EVERY = VERSIONS | TEXTS | LINKS | FACTS


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_every_single_change_is_found(path: Path, name: str) -> None:
    assert change(path, EVERY[name])
    assert work_out_again(path)[0]


@pytest.mark.slow
@pytest.mark.parametrize("start", range(8))
def test_reextract_and_rematch_mend_what_was_derived(path: Path, start: int) -> None:
    before = contents(path)
    for statement, _ in list(DERIVED.values())[start::8]:
        change(path, statement)
    asyncio.run(reextract(settings_of(path)))
    asyncio.run(rematch(settings_of(path)))
    assert work_out_again(path)[0] == []
    assert contents(path) == before
