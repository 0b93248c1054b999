"""Terminal output: widths, whole words, whole addresses, sentences about runs, and errors."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest
from click.testing import CliRunner

from archive.cli import GROUPS, wirecopy
from archive.cli.common import exit_code, print_json, print_json_lists
from archive.cli.output import TIME_ZONE, count, format_minute, format_size, format_stamp, format_table, wrap
from archive.serve.wording import describe_run
from builders import T0
from newsroom import COPY, TALKS, fill

ROOT = Path(__file__).parent.parent
ADDRESS = "https://daily.example/news/2026/01/05/a-very-long-address-that-no-narrow-terminal-can-hold"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("output") / "archive.db"
    fill(path, T0)
    return path


def run(*arguments: str | Path, cwd: Path = ROOT, **environ: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it prints, errors included."""
    code = "from archive.cli import main; main()"
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=120,
    )
    return process.returncode, process.stdout.decode(environ.get("PYTHONIOENCODING", "utf-8"))


# --- layout ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize(
    "arguments", [["history", TALKS], ["diff", TALKS], ["show", TALKS], ["copies"], ["search", "strait"]]
)
def test_no_line_is_wider_than_the_terminal(archive: Path, arguments: list[str], width: int) -> None:
    code, output = run("--db", archive, *arguments, COLUMNS=str(width))
    assert code == 0
    assert [line for line in output.splitlines() if len(line) > width and "://" not in line] == []


def test_times_are_those_of_the_time_zone_and_those_typed_too(archive: Path) -> None:
    zone = {"WIRECOPY_TIME_ZONE": "Europe/Berlin"}
    _, utc = run("--db", archive, "history", TALKS)
    _, local = run("--db", archive, "history", TALKS, **zone)
    assert "first seen (UTC)" in utc
    assert "first seen (Europe/Berlin)" in local
    first = T0.astimezone(ZoneInfo("Europe/Berlin"))
    assert f"1  {T0:%Y-%m-%d %H:%M}" in utc
    assert f"1  {first:%Y-%m-%d %H:%M}" in local
    code, text = run("--db", archive, "show", TALKS, "--as-of", f"{first:%Y-%m-%d %H:%M}", **zone)
    assert (code, "version 1, seen" in text) == (0, True)
    code, _ = run("--db", archive, "show", TALKS, "--as-of", f"{first - timedelta(minutes=1):%Y-%m-%d %H:%M}", **zone)
    assert code == 4, "the article had not been seen then"
    assert run("--db", archive, "history", TALKS, "--json", **zone) == run("--db", archive, "history", TALKS, "--json")


def test_an_unknown_time_zone_gets_a_sentence(archive: Path) -> None:
    code, output = run("--db", archive, "history", TALKS, WIRECOPY_TIME_ZONE="Mars/Base")
    assert code == 2
    assert "time_zone = 'Mars/Base' (WIRECOPY_TIME_ZONE): expected a name of the IANA database" in output


def test_the_hour_that_clocks_show_twice_has_its_offset() -> None:
    with click.Context(wirecopy) as context:
        context.meta[TIME_ZONE] = ZoneInfo("Europe/Berlin")
        hours = [format_minute(datetime(2026, 10, 24, 23, 30, tzinfo=UTC) + timedelta(hours=hour)) for hour in range(4)]
        assert format_stamp(datetime(2026, 7, 1, tzinfo=UTC)) == "2026-07-01 02:00 CEST"
    assert hours == [
        "2026-10-25 01:30",
        "2026-10-25 02:30+0200",
        "2026-10-25 02:30+0100",
        "2026-10-25 03:30",
    ]
    assert format_stamp(datetime(2026, 7, 1, tzinfo=UTC)) == "2026-07-01 00:00 UTC"


def test_lines_are_not_wrapped_in_a_pipe(archive: Path) -> None:
    environ = {"COLUMNS": ""}
    longest = max(len(line) for line in run("--db", archive, "show", TALKS, **environ)[1].splitlines())
    assert longest > 120


def test_an_address_is_never_cut(archive: Path) -> None:
    assert COPY in run("--db", archive, "copies", COLUMNS="20")[1]


def test_words_stay_whole_and_colour_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert wrap("one two three four five", first="- ", then="  ") == "- one two three four\n  five"
    assert wrap(f"see {ADDRESS} for more") == f"see {ADDRESS}\nfor more"
    red = "\x1b[31mone\x1b[0m two three four"
    assert wrap(red) == red
    assert wrap("漢字 漢字 漢字 漢字 漢字") == "漢字 漢字 漢字 漢字\n漢字"


def test_a_last_cell_without_room_goes_below_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    head, row = format_table([("2026-01-05 08:00", "a cell of several words")], heading=("at", "what"))
    assert head.split() == ["at", "what"]
    assert row == "2026-01-05 08:00\n    a cell of several words"


def test_a_table_without_rows_prints_nothing() -> None:
    assert format_table([], heading=("at", "what")) == []


def test_numbers_have_their_nouns_and_units() -> None:
    assert [count(1, "check"), count(1200, "check")] == ["1 check", "1,200 checks"]
    assert [count(1, "copy", "copies"), count(2, "copy", "copies")] == ["1 copy", "2 copies"]
    assert [format_size(12), format_size(184_320), format_size(1_421_312)] == ["12 bytes", "184 kB", "1.4 MB"]


# --- what a run did --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "counts", "sentence"),
    [
        (
            "refresh",
            {"visits": 15, "failed": 1, "new_sources": 9, "derived": 11, "extracted": 11, "versions": 10, "links": 4},
            "Checked 15 pages (1 failed): 10 versions saved, 4 matches found",
        ),
        ("refresh", {"visits": 1, "failed": 0, "versions": 0, "links": 0}, "Checked 1 page: nothing new"),
        ("refresh", {"complaints": 0, "links": 0}, "Nothing was due"),
        (
            "refresh",
            {"complaints": 2, "versions": 1},
            "Finished earlier work: 1 version saved; 2 mistakes in the seed index",
        ),
        ("refresh", {"refused": 1}, "Rejected because of a wrong name or setting; nothing was done"),
        (
            "backfill",
            {"mementos": 3, "archive_failures": 2, "versions": 3},
            "Fetched 3 pages from web archives (2 failed): 3 versions saved",
        ),
        ("backfill", {"queued": 34, "versions": 0}, "Read 34 saved pages again: nothing new"),
        ("reextract", {"queued": 1, "links": 1}, "Read 1 saved page again: 1 match found"),
        ("rematch", {"links": 87}, "Compared all texts again: 87 matches found"),
        ("upkeep", {"backups": 1, "dropped": 1, "rhythms": 8}, "Checked the archive and made a backup"),
    ],
)
def test_a_run_is_summed_up_in_one_sentence(kind: str, counts: dict[str, int], sentence: str) -> None:
    assert describe_run(kind, counts) == sentence


# --- help ------------------------------------------------------------------------------------------------------------


def test_examples_in_help_are_on_lines_of_their_own() -> None:
    for verbs in GROUPS.values():
        for verb in verbs:
            output = CliRunner().invoke(wirecopy, [verb, "--help"]).stdout
            assert "\\b" not in output
            examples = [line for line in output.splitlines() if line.startswith("  wirecopy ")]
            assert all(line.count("wirecopy ") == 1 for line in examples), verb


def test_the_summary_of_every_verb_fits_the_list_of_verbs() -> None:
    output = CliRunner().invoke(wirecopy, ["--help"]).stdout
    assert "..." not in output.replace("COMMAND ...", "")


@pytest.mark.parametrize(
    ("verb", "names"),
    [
        ("history", "--checks, --captures"),
        ("history", "--known-at, --recorded"),
        ("show", "--as-of, --at"),
        ("copies", "--uncorrected, --stale"),
        ("search", "--removed, --gone"),
        ("import", "--store-only, --no-derive"),
        ("serve", "--public-url, --base"),
        ("forget", "--allow-again, --lift"),
        ("backfill", "[live|archives|saved|payloads]"),
    ],
)
def test_an_older_name_of_an_option_still_works(verb: str, names: str) -> None:
    assert names in CliRunner().invoke(wirecopy, [verb, "--help"]).stdout


# --- mistakes --------------------------------------------------------------------------------------------------------


def test_an_excluded_word_is_not_an_option(archive: Path) -> None:
    code, output = run("--db", archive, "search", "strait", "-harbour")
    assert code == 0
    assert 'searched as ("strait") NOT ("harbour")' in output
    assert run("--db", archive, "search", "strait", "--limmit", "3")[0] == 2


def test_one_version_cannot_be_compared(archive: Path) -> None:
    code, output = run("--db", archive, "diff", COPY, "--json")
    assert (code, "only one version so far" in output) == (4, True)


def test_a_side_of_a_comparison_is_a_number_or_an_instant(archive: Path) -> None:
    code, output = run("--db", archive, "diff", TALKS, "first")
    assert (code, "'first' is not a date or time" in output) == (2, True)


def test_a_character_the_terminal_lacks_hides_nothing_else(archive: Path) -> None:
    code, output = run("--db", archive, "search", "strait", PYTHONIOENCODING="latin-1")
    assert (code, "Traceback" in output) == (0, False)
    assert "strait" in output


def test_an_unusable_path_is_named(tmp_path: Path) -> None:
    (tmp_path / "seeds").write_text("in the way")
    code, output = run("init", tmp_path)
    assert (code, "Traceback" in output) == (1, False)
    assert f"{tmp_path / 'seeds'}: File exists" in output


def test_a_system_error_that_names_no_file_is_a_bug() -> None:
    with pytest.raises(OSError, match="odd"):
        exit_code(OSError("odd"))


# --- a first archive -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_newcomer_is_told_the_next_step(tmp_path: Path) -> None:
    code, output = run("init", cwd=tmp_path)
    assert (code, "then wirecopy add URL, then wirecopy refresh" in output) == (0, True)
    deployment = ["flows", "prefect.toml", "prefect.yaml"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", *deployment, "seeds", "wirecopy.toml"]
    assert run("add", "https://daily.example/a", cwd=tmp_path)[0] == 0
    assert "new in the seed index" in run("plan", cwd=tmp_path)[1]
    assert "nothing yet" in run("status", cwd=tmp_path)[1]


@pytest.mark.slow
def test_init_leaves_existing_files_unchanged(tmp_path: Path) -> None:
    (tmp_path / "wirecopy.toml").write_text('contact = "me@daily.example"\n')
    assert "stays unchanged" in run("init", cwd=tmp_path)[1]
    assert (tmp_path / "wirecopy.toml").read_text() == 'contact = "me@daily.example"\n'


@pytest.mark.parametrize(
    "documents", [[], [{"a": '\u00e9"', "b": None}], [{"a": [1, "x"]}, {}, {"a": [], "b": {"c": 1.5}}]]
)
def test_a_list_is_printed_as_its_whole_document(
    documents: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    print_json_lists({"rows": documents})
    streamed = capsys.readouterr().out
    print_json({"rows": documents})
    assert streamed == capsys.readouterr().out
    lists = {"none": [], "rows": documents, "again": documents[:1]}
    print_json_lists(lists)
    streamed = capsys.readouterr().out
    print_json(lists)
    assert streamed == capsys.readouterr().out
