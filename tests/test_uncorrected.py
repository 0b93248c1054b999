"""Uncorrected copies: passages that an original has corrected since and a copy still carries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from archive.api.uncorrected import Copy, find_uncorrected
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
    """Return a history with a version a day."""
    pairs = []
    for number, body in enumerate(bodies, 1):
        version = a_version(number, at=T0 + (number - 1) * DAY, url=url, text_sha256=digest_of("", body))
        pairs.append((version, Text(sha256=version.text_sha256, title="", body=body, language="en")))
    return pairs


def carried(history: Sequence[str], copy: str, *passages: Passage, seen_at: int = 5) -> tuple[UncorrectedCopy, ...]:
    """Return what a copy still carries of this history; it was last seen so many hours after the first version."""
    ((version, text),) = versions(copy, url=COPY)
    last_seen_at = T0 + seen_at * HOUR
    latest = a_version(1, url=COPY, text_sha256=version.text_sha256, last_seen_at=last_seen_at)
    return find_uncorrected(versions(*history), Copy(version=latest, text=text, passages={1: passages}))


def test_a_passage_copied_word_for_word_and_corrected_since_is_found():
    (passage,) = carried([FIRST, THEN], f"Oddly said. {FIRST}", seen_at=30)
    assert passage.passage == "The company expects to hire 300 people in the first year."
    assert passage.now == "The company expects to hire 30 people in the first year."
    assert passage.copied == passage.passage
    assert f"Oddly said. {FIRST}"[slice(*passage.span)] == passage.copied
    assert (passage.version, passage.corrected_at, passage.copy_seen_at) == (1, T0 + DAY, T0 + 30 * HOUR)
    assert passage.confirmed


def test_a_copy_last_seen_before_the_correction_may_have_followed_since():
    (passage,) = carried([FIRST, THEN], FIRST, seen_at=3)
    assert not passage.confirmed


def test_a_copy_that_followed_is_not_stale():
    assert carried([FIRST, THEN], THEN) == ()
    assert carried([FIRST, THEN], f"Corrected: {THEN}") == ()


def test_a_reworded_passage_counts_if_it_contains_the_corrected_number():
    copy = "Bosses want. In year one the firm means to employ 300 workers. It opens soon."
    aligned = Passage(a=(0, 57), b=(0, len(copy)), similarity=0.5)
    (passage,) = carried([FIRST, THEN], copy, aligned)
    assert passage.copied == "In year one the firm means to employ 300 workers."
    assert carried([FIRST, THEN], copy.replace("300", "30"), aligned) == ()
    assert carried([FIRST, THEN], copy) == (), "without an aligned passage a number alone proves nothing"


def test_a_removed_passage_has_no_replacement():
    (passage,) = carried(
        [FIRST, FIRST.partition("\n")[0]], f"News. {FIRST}".replace("Unions were not asked.", "Unions were not asked. ")
    )
    assert (passage.passage, passage.now) == ("Unions were not asked.", None)


def test_a_passage_that_was_put_back_is_no_correction():
    assert carried([FIRST, THEN, FIRST], FIRST) == ()


def test_the_correction_dates_from_the_first_version_without_the_passage():
    (passage,) = carried([FIRST, THEN, f"{THEN}\nMore is to come from the ministry on Monday."], FIRST)
    assert passage.corrected_at == T0 + DAY


@pytest.mark.parametrize(
    "body", [FIRST.replace("expects to hire", "expects  to hire"), f"{FIRST}\nAn added line of text."]
)
def test_spaces_and_additions_correct_nothing(body: str):
    assert carried([FIRST, body], FIRST) == ()


# --- on the command line ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stale") / "archive.db"
    fill(path, T0)
    return path


def run(archive: Path, *arguments: str) -> str:
    outcome = CliRunner().invoke(wirecopy, ["--db", str(archive), *arguments], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def test_copies_that_still_carry_what_was_corrected_are_listed(archive: Path):
    output = " ".join(run(archive, "copies", TALKS, "--uncorrected").split())
    assert f"{COPY}@1 still says:" in output
    assert "would open 300 inspection posts" in output
    assert "would open 30 inspection posts" in output
    assert "correction seen 2026-01-05 12:00" in output
    (passage,) = json.loads(run(archive, "copies", TALKS, "--uncorrected", "--json"))["stale"]
    assert (passage["copy"]["url"], passage["version"]) == (COPY, 1)
    assert json.loads(run(archive, "copies", TALKS, "--stale", "--jsonl")) == passage, "the option's old name"


def test_the_original_is_no_stale_copy_of_its_copy(archive: Path):
    assert run(archive, "copies", COPY, "--uncorrected") == ""
