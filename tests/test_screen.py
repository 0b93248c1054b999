"""What a person at a terminal sees: widths, whole words, whole addresses, and what mistakes look like."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive.cli import GROUPS, wirecopy
from archive.cli.common import exit_code
from archive.cli.output import columns, count, fold, size, tally
from builders import T0
from newsroom import COPY, TALKS, fill
from tests.commands import call_main

ROOT = Path(__file__).parent.parent
ADDRESS = "https://daily.example/news/2026/01/05/a-very-long-address-that-no-narrow-terminal-can-hold"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("screen") / "archive.db"
    fill(path, T0)
    return path


def typed(*arguments: str | Path, cwd: Path = ROOT, **environ: str) -> tuple[int, str]:
    """How a command ends, and what it prints, errors included."""
    ran = call_main(*arguments, cwd=cwd, together=True, **environ)
    return ran.code, ran.out


# --- layout ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize(
    "asked", [["history", TALKS], ["diff", TALKS], ["show", TALKS], ["copies"], ["search", "strait"]]
)
def test_no_line_is_wider_than_the_terminal(archive: Path, asked: list[str], width: int) -> None:
    code, said = typed("--db", archive, *asked, COLUMNS=str(width))
    assert code == 0
    assert [line for line in said.splitlines() if len(line) > width and "://" not in line] == []


def test_lines_stay_whole_in_a_pipe(archive: Path) -> None:
    environ = {"COLUMNS": ""}
    longest = max(len(line) for line in typed("--db", archive, "show", TALKS, **environ)[1].splitlines())
    assert longest > 120


def test_an_address_is_never_cut(archive: Path) -> None:
    assert COPY in typed("--db", archive, "copies", COLUMNS="20")[1]


def test_words_stay_whole_and_colour_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert fold("one two three four five", first="- ", then="  ") == "- one two three four\n  five"
    assert fold(f"see {ADDRESS} for more") == f"see {ADDRESS}\nfor more"
    red = "\x1b[31mone\x1b[0m two three four"
    assert fold(red) == red
    assert fold("漢字 漢字 漢字 漢字 漢字") == "漢字 漢字 漢字 漢字\n漢字"


def test_a_last_cell_without_room_stands_below_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    head, row = columns([("2026-01-05 08:00", "a cell of several words")], heading=("at", "what"))
    assert head.split() == ["at", "what"]
    assert row == "2026-01-05 08:00\n    a cell of several words"


def test_a_table_without_rows_prints_nothing() -> None:
    assert columns([], heading=("at", "what")) == []


def test_numbers_are_said_as_people_say_them() -> None:
    assert [count(1, "check"), count(1200, "check")] == ["1 check", "1,200 checks"]
    assert [size(12), size(184_320), size(1_421_312)] == ["12 bytes", "184 kB", "1.4 MB"]
    assert tally({"visits": 45, "failed": 0, "new_sources": 1}) == "45 visits, 1 new source"


# --- help ------------------------------------------------------------------------------------------------------------


def test_examples_in_help_stand_on_lines_of_their_own() -> None:
    for verbs in GROUPS.values():
        for verb in verbs:
            said = CliRunner().invoke(wirecopy, [verb, "--help"]).stdout
            assert "\\b" not in said
            examples = [line for line in said.splitlines() if line.startswith("  wirecopy ")]
            assert all(line.count("wirecopy ") == 1 for line in examples), verb


def test_what_a_verb_does_fits_the_list_of_verbs() -> None:
    said = CliRunner().invoke(wirecopy, ["--help"]).stdout
    assert "..." not in said.replace("VERB ...", "")


# --- mistakes --------------------------------------------------------------------------------------------------------


def test_an_unwanted_word_is_no_option(archive: Path) -> None:
    code, said = typed("--db", archive, "search", "strait", "-harbour")
    assert code == 0
    assert 'searched as ("strait") NOT ("harbour")' in said
    assert typed("--db", archive, "search", "strait", "--limmit", "3")[0] == 2


def test_one_version_is_nothing_to_compare(archive: Path) -> None:
    code, said = typed("--db", archive, "diff", COPY, "--json")
    assert (code, "one version so far" in said) == (4, True)


def test_a_side_of_a_comparison_is_a_number_or_an_instant(archive: Path) -> None:
    code, said = typed("--db", archive, "diff", TALKS, "first")
    assert (code, "'first' is not a date or time" in said) == (2, True)


def test_a_letter_the_terminal_does_not_know_hides_nothing_else(archive: Path) -> None:
    code = "from archive.cli import main; main()"
    command = [sys.executable, "-c", code, "--db", archive, "search", "strait"]
    environ = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "latin-1"}
    pipe = subprocess.PIPE
    ran = subprocess.run(command, cwd=ROOT, env=environ, stdout=pipe, stderr=subprocess.STDOUT, check=False)
    assert (ran.returncode, b"Traceback" in ran.stdout) == (0, False)
    assert "strait" in ran.stdout.decode("latin-1")


def test_a_path_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "seeds").write_text("in the way")
    code, said = typed("init", tmp_path)
    assert (code, "Traceback" in said) == (1, False)
    assert f"{tmp_path / 'seeds'}: File exists" in said


def test_an_error_of_the_system_that_names_no_file_is_a_bug() -> None:
    with pytest.raises(OSError, match="odd"):
        exit_code(OSError("odd"))


# --- a first archive -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_newcomer_is_told_what_comes_next(tmp_path: Path) -> None:
    code, said = typed("init", cwd=tmp_path)
    assert (code, "then wirecopy add URL, then wirecopy refresh" in said) == (0, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "seeds", "wirecopy.toml"]
    assert typed("add", "https://daily.example/a", cwd=tmp_path)[0] == 0
    assert "1 new seed of the index will be visited" in typed("plan", cwd=tmp_path)[1]
    assert "nothing yet" in typed("status", cwd=tmp_path)[1]


@pytest.mark.slow
def test_what_is_there_already_stays(tmp_path: Path) -> None:
    (tmp_path / "wirecopy.toml").write_text('contact = "me@daily.example"\n')
    assert "stays as it is" in typed("init", cwd=tmp_path)[1]
    assert (tmp_path / "wirecopy.toml").read_text() == 'contact = "me@daily.example"\n'
