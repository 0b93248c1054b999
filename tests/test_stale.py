"""A copy of an older version may still say what the original has taken back; that is shown, with when and where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from archive.api.uncorrected import Copy, stale
from archive.cli import wirecopy
from builders import DAY, HOUR, T0, a_version, digest_of
from db.records import Passage, Text
from newsroom import COPY, TALKS, fill

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from db.records import UncorrectedCopy, Version

FIRST = "The company expects to hire 300 people in the first year. The plant opens in May.\nUnions were not asked."
THEN = "The company expects to hire 30 people in the first year. The plant opens in May.\nUnions were not asked."


def versions(*bodies: str, url: str = TALKS) -> list[tuple[Version, Text]]:
    """A history with a version a day."""
    made = []
    for number, body in enumerate(bodies, 1):
        version = a_version(number, at=T0 + (number - 1) * DAY, url=url, text_sha256=digest_of("", body))
        made.append((version, Text(sha256=version.text_sha256, title="", body=body, language="en")))
    return made


def carried(history: Sequence[str], copy: str, *passages: Passage, seen_at: int = 5) -> tuple[UncorrectedCopy, ...]:
    """What a copy, last seen so many hours after the first version, still carries of this history."""
    ((version, text),) = versions(copy, url=COPY)
    seen = {"last_seen_at": T0 + seen_at * HOUR}
    mine = a_version(1, url=COPY, text_sha256=version.text_sha256, **seen)
    return stale(versions(*history), Copy(version=mine, text=text, passages={1: passages}))


def test_a_passage_copied_word_for_word_and_corrected_since_is_found():
    (found,) = carried([FIRST, THEN], f"Oddly said. {FIRST}", seen_at=30)
    assert found.passage == "The company expects to hire 300 people in the first year."
    assert found.now == "The company expects to hire 30 people in the first year."
    assert found.copied == found.passage
    assert f"Oddly said. {FIRST}"[slice(*found.span)] == found.copied
    assert (found.version, found.corrected_at, found.copy_seen_at) == (1, T0 + DAY, T0 + 30 * HOUR)
    assert found.confirmed


def test_a_copy_last_seen_before_the_correction_may_have_followed_since():
    (found,) = carried([FIRST, THEN], FIRST, seen_at=3)
    assert not found.confirmed


def test_a_copy_that_followed_is_not_stale():
    assert carried([FIRST, THEN], THEN) == ()
    assert carried([FIRST, THEN], f"Corrected: {THEN}") == ()


def test_a_reworded_passage_counts_when_it_holds_what_was_taken_back():
    copy = "Bosses want. In year one the firm means to employ 300 workers. It opens soon."
    at = Passage(a=(0, 57), b=(0, len(copy)), similarity=0.5)
    (found,) = carried([FIRST, THEN], copy, at)
    assert found.copied == "In year one the firm means to employ 300 workers."
    assert carried([FIRST, THEN], copy.replace("300", "30"), at) == ()
    assert carried([FIRST, THEN], copy) == (), "without an aligned passage a number alone proves nothing"


def test_what_was_taken_out_altogether_has_nothing_in_its_place():
    (found,) = carried(
        [FIRST, FIRST.partition("\n")[0]], f"News. {FIRST}".replace("Unions were not asked.", "Unions were not asked. ")
    )
    assert (found.passage, found.now) == ("Unions were not asked.", None)


def test_what_was_put_back_is_no_correction():
    assert carried([FIRST, THEN, FIRST], FIRST) == ()


def test_since_when_is_the_first_version_without_the_passage():
    (found,) = carried([FIRST, THEN, f"{THEN}\nMore is to come from the ministry on Monday."], FIRST)
    assert found.corrected_at == T0 + DAY


@pytest.mark.parametrize(
    "body", [FIRST.replace("expects to hire", "expects  to hire"), f"{FIRST}\nAn added line of text."]
)
def test_spaces_and_additions_take_nothing_back(body: str):
    assert carried([FIRST, body], FIRST) == ()


# --- on the command line ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stale") / "archive.db"
    fill(path, T0)
    return path


def run(archive: Path, *arguments: str) -> str:
    ran = CliRunner().invoke(wirecopy, ["--db", str(archive), *arguments], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def test_copies_that_still_carry_what_was_corrected_are_listed(archive: Path):
    said = " ".join(run(archive, "copies", TALKS, "--stale").split())
    assert f"{COPY}@1 still says:" in said
    assert "would open 300 inspection posts" in said
    assert "would open 30 inspection posts" in said
    assert "corrected by 2026-01-05 12:00" in said
    (found,) = json.loads(run(archive, "copies", TALKS, "--stale", "--json"))["stale"]
    assert (found["copy"]["url"], found["version"]) == (COPY, 1)
    assert json.loads(run(archive, "copies", TALKS, "--stale", "--jsonl")) == found


def test_the_original_is_no_stale_copy_of_its_copy(archive: Path):
    assert run(archive, "copies", COPY, "--stale") == ""
