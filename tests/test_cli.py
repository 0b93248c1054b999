"""The command line as a shell sees it: output, exit codes, what is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from archive.cli import GROUPS, main, wirecopy
from archive.cli.common import exit_code
from builders import DAY, T0, URL, add_source, make_history, record_text
from db.store import Store
from newsroom import COPY, TALKS, fill

ROOT = Path(__file__).parent.parent
SCHEMAS = ROOT / "docs" / "json"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "archive.db"
    fill(path, T0)
    run(path, "label", f"{TALKS}@1", COPY, "copy", "--note", "the same reporter's name")
    return path


class Process:
    """One call of the command line: its exit code and output."""

    def __init__(self, *arguments: str | Path, stdin: bytes | None = None) -> None:
        code = "import sys; from archive.cli import main; main()"
        process = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)],
            cwd=ROOT,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=120,
        )
        self.code, self.out, self.err = process.returncode, process.stdout.decode(), process.stderr.decode()


def run(archive: Path, *arguments: str) -> str:
    """Call a verb in this process on an archive; it must succeed."""
    outcome = CliRunner().invoke(wirecopy, ["--db", str(archive), *arguments], catch_exceptions=False)
    assert outcome.return_value in {None, 0}
    return outcome.stdout


ANSWERS = {
    "events": ["events", "--json"],
    "history": ["history", TALKS, "--json"],
    "captures": ["history", TALKS, "--captures", "--json"],
    "show": ["show", TALKS, "--json"],
    "diff": ["diff", TALKS, "1", "3", "--json"],
    "copies": ["copies", "--json"],
    "outlets": ["outlets", "--json"],
    "stale": ["copies", TALKS, "--stale", "--json"],
    "label": ["label", "--json"],
    "explain": ["explain", f"{TALKS}@2", "--json"],
    "explain-two": ["explain", TALKS, COPY, "--json"],
    "search": ["search", "joint register", "--json"],
    "list": ["list", "--unique", "--json"],
    "status": ["status", "--json"],
    "plan": ["plan", "--json"],
    "verify": ["verify", "--deep", "--json"],
}
LINES = {
    "events-line": ["events", "--kind", "edited,copied", "--jsonl"],
    "copies-line": ["copies", "--jsonl"],
    "search-line": ["search", "strait", "--jsonl"],
    "list-line": ["list", "--unique", "--jsonl"],
    "label-line": ["label", "--export"],
}


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))


@pytest.mark.parametrize("name", ANSWERS)
def test_every_json_answer_keeps_to_its_published_shape(archive: Path, name: str) -> None:
    schema(name).validate(json.loads(run(archive, *ANSWERS[name])))


@pytest.mark.parametrize("name", LINES)
def test_every_jsonl_line_keeps_to_its_published_shape(archive: Path, name: str) -> None:
    lines = run(archive, *LINES[name]).splitlines()
    assert lines
    for line in lines:
        schema(name).validate(json.loads(line))


def test_history_lists_versions_with_what_changed(archive: Path) -> None:
    answer = json.loads(run(archive, "history", TALKS, "--json"))
    assert [(version["version"], version["cause"], version["kinds"]) for version in answer["versions"]] == [
        (1, "first", []),
        (2, "changed", ["number"]),
        (3, "changed", ["headline"]),
    ]
    assert [stretch["state"] for stretch in answer["stretches"]] == ["missing_404"]


def test_show_answers_for_an_instant(archive: Path) -> None:
    before = run(archive, "show", TALKS, "--at", "2026-01-05T09:00Z")
    after = run(archive, "show", TALKS, "--at", "2026-01-05")
    assert "300 inspection posts" in before
    assert "open 30 inspection posts" in after


def test_show_raw_gives_the_fetched_bytes(archive: Path) -> None:
    process = Process("--db", archive, "show", f"{TALKS}@1", "--raw")
    assert process.out.startswith("<!doctype html>")


def test_passages_of_a_copy_point_into_the_printed_texts(archive: Path) -> None:
    for line in run(archive, "copies", "--jsonl").splitlines():
        link = json.loads(line)
        texts = {side: _text(archive, link[side]) for side in "ab"}
        for passage in link["passages"]:
            for side in "ab":
                start, end = passage[side]
                assert texts[side][start:end].strip()


def _text(archive: Path, side: dict[str, object]) -> str:
    return str(json.loads(run(archive, "show", f"{side['url']}@{side['version']}", "--json"))["text"])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["history", "https://nowhere.example/x"], 4, "not in this archive"),
        (["show", f"{TALKS}@9"], 4, "has versions 1 to 3"),
        (["show", TALKS, "--at", "2025-01-01"], 4, "nothing of"),
        (["show", TALKS, "--at", "yesteryear"], 2, "yesteryear"),
        (["history", "not a url"], 2, "not a url"),
        (["search", "..."], 2, "cannot search"),
        (["histroy"], 2, "Did you mean history?"),
        (["refresh", "--since", "x"], 2, "No such option"),
    ],
)
def test_a_mistake_ends_with_its_code_and_a_remedy(
    archive: Path, arguments: list[str], code: int, message: str
) -> None:
    process = Process("--db", archive, *arguments)
    assert process.code == code
    assert message in process.err
    assert "Traceback" not in process.err


def test_a_missing_archive_names_the_command_that_makes_one(tmp_path: Path) -> None:
    process = Process("--db", tmp_path / "none.db", "status")
    assert process.code == 5
    assert "wirecopy init" in process.err


@pytest.mark.slow
def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.db"
    bad.write_bytes(b"not a database" * 500)
    for arguments in (["status"], ["import", str(ROOT / "README.md")]):
        process = Process("--db", bad, *arguments)
        assert (process.code, "Traceback" in process.err) == (5, False) or arguments[0] == "import"
    assert bad.read_bytes() == b"not a database" * 500


@pytest.mark.parametrize("verb", ["history", "show", "diff", "copies", "explain"])
def test_a_read_verb_imports_neither_prefect_nor_trafilatura_nor_the_web_stack(archive: Path, verb: str) -> None:
    code = (
        "import sys\nfrom archive.cli import main\ntry:\n    main()\nfinally:\n"
        "    heavy = {'prefect', 'trafilatura', 'httpx', 'fastapi', 'sqlalchemy', 'lxml'} & set(sys.modules)\n"
        "    print('HEAVY', sorted(heavy), file=sys.stderr)\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, "--db", archive, verb, TALKS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "HEAVY []" in process.stderr


def test_every_verb_has_help_with_an_example_or_a_plain_sentence() -> None:
    for verbs in GROUPS.values():
        for verb in verbs:
            outcome = CliRunner().invoke(wirecopy, [verb, "--help"], catch_exceptions=False)
            assert outcome.exit_code == 0
            assert len(outcome.stdout) > 80


def test_text_of_a_page_cannot_steer_the_terminal() -> None:
    from archive.cli.output import sanitize

    assert "\x1b" not in sanitize("\x1b[31mred\x1b[0m \u202eevil")
    assert "\u202e" not in sanitize("\u202eevil")


def test_a_bug_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        exit_code(ZeroDivisionError())


def test_main_exits_with_zero_on_success(archive: Path) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--db", str(archive), "status"])
    assert exit_.value.code == 0


def test_history_does_not_say_that_unread_checks_have_no_text(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Store(path) as store:
        source = add_source(store)
        make_history(store, source, [("The harbour opens.", T0)])
        record_text(store, source, "The harbour shuts.", T0 + DAY)
    output = CliRunner().invoke(wirecopy, ["--db", str(path), "history", URL]).output
    assert "1 version in 2 checks; 1 check not read yet: wirecopy refresh." in output
    assert "found no article text" not in output
