"""Importing files and extracting from pages, as a person does it: by the verbs `import` and `extract`."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from archive.api import Archive
from archive.api.version_ref import Ref
from archive.cli import main
from archive.pipeline.extraction import _batches
from archive.pipeline.import_files import import_files
from archive.pipeline.refresh import refresh
from archive.pipeline.reprocess import reextract
from archive.settings import load_settings
from archive.timestamps import iso
from db.errors import BadInput
from tests.builders import DAY, HOUR, T0, a_capture
from tests.contents import contents, sizes
from tests.newsroom import COPY, PARAGRAPHS, TALKS, page

if TYPE_CHECKING:
    from datetime import datetime

    from archive.settings import Settings

ROOT = Path(__file__).parents[1]
FEWER = [paragraph.replace("300", "30") for paragraph in PARAGRAPHS]
NOTE = "http://notes.example/one"


def line(url: str, instant: datetime, **more: object) -> str:
    return json.dumps({"url": url, "fetched_at": iso(instant), **more})


def html(*paragraphs: str, title: str = "Ministers promise to reopen the strait") -> str:
    return page(*paragraphs, title=title).decode()


LINES = (
    line(TALKS, T0, html=html()),
    line(TALKS, T0 + 4 * HOUR, html=html(*FEWER)),
    line(TALKS, T0 + 30 * HOUR, status=404),
    line(TALKS, T0 + 58 * HOUR, status=404, html="<h1>Not found</h1>"),
    line(TALKS, T0 + 90 * HOUR, html=html(*FEWER)),
    line(COPY, T0 + HOUR, html=html(title="Strait to reopen, say ministers")),
    line(NOTE, T0, text="\n".join(PARAGRAPHS[:3]), title="A note", byline="Ilse Brandvold", language="en"),
    line(NOTE, T0 + DAY, text="Three short words", title="A note"),
)


def settings(folder: Path) -> Settings:
    return load_settings({"WIRECOPY_CLOCK": iso(T0 + 30 * DAY)}, start=folder)


def write(folder: Path, *lines: str, name: str = "articles.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def import_lines(folder: Path, *lines: str, **options: Any) -> Path:
    """Import these lines into the archive of ``folder``, and return its path."""
    folder.mkdir(exist_ok=True)
    import_files(settings(folder), [write(folder, *lines)], **options)
    return settings(folder).db


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of all the lines, in their order. Never changed."""
    return import_lines(tmp_path_factory.mktemp("import"), *LINES)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WIRECOPY_CLOCK", iso(T0 + 30 * DAY))
    return tmp_path


def exit_code_of(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


# --- import ----------------------------------------------------------------------------------------------------------


def test_an_import_creates_the_archive_and_all_questions_work_afterwards(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of("import", write(here, *LINES)) == 0
    assert "Read 8 pages: 8 new, 6 versions saved, " in capsys.readouterr().err
    with Archive(here / "data" / "archive.db") as archive:
        history = archive.history(TALKS)[1]
        causes = [(version.number, version.cause) for version in history.versions]
        assert causes == [(1, "first"), (2, "changed"), (3, "returned")]
        assert [(run.state, run.seen, run.confirmed) for run in history.stretches] == [("missing_404", 2, True)]
        assert {url for link in archive.copies(TALKS) for url in (link.a.url, link.b.url)} == {TALKS, COPY, NOTE}
        assert archive.search("inspection posts")[1]


def test_a_text_of_three_words_is_an_article(imported: Path) -> None:
    with Archive(imported) as archive:
        first, second = archive.history(NOTE)[1].versions
        assert (first.byline, first.language) == ("Ilse Brandvold", "en")
        text = archive.text(archive.version(Ref(url=NOTE, number=2)))
        assert (second.title, text.title, text.body) == ("A note", "A note", "Three short words")
        assert [state for _, state in archive.captures(NOTE)] == ["ok", "ok"]


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    db = import_lines(tmp_path, *LINES)
    before, sizes_before = contents(db), sizes(db)
    again = import_files(settings(tmp_path), [write(tmp_path, *LINES)])
    assert (again.read, again.new, again.versions, again.links) == (8, 0, 0, 0)
    assert (contents(db), sizes(db)) == (before, sizes_before)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_import_changes_nothing(imported: Path, tmp_path: Path, seed: int) -> None:
    lines = [*LINES]
    random.Random(seed).shuffle(lines)
    cut = 1 + seed
    import_lines(tmp_path, *lines[:cut])
    assert contents(import_lines(tmp_path, *lines[cut:])) == contents(imported)


def test_a_malformed_line_is_named_and_the_rest_is_kept(
    here: Path, imported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(here, *LINES[:3], '{"url": "https://daily.example/x", "fetched_at": ', *LINES[3:], '{"url": 3}')
    assert exit_code_of("import", path) == 1
    stderr = capsys.readouterr().err
    assert f"{path}:4: not JSON" in stderr
    assert f"{path}:10: " in stderr
    assert "2 lines could not be used" in stderr
    assert contents(here / "data" / "archive.db") == contents(imported)


def test_refused_lines_are_in_the_json_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(here, LINES[6], "nonsense")
    assert exit_code_of("import", path, "--json") == 1
    payload = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads((ROOT / "docs/json/import.schema.json").read_text())).validate(payload)
    assert payload["counts"] == {"read": 1, "new": 1, "versions": 1, "links": 0, "passed_over": 0, "no_article": 0}
    assert [(bad["file"], bad["line"]) for bad in payload["bad"]] == [(str(path), 2)]


def test_a_missing_file_is_noticed_before_anything_is_done(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of("import", write(here, *LINES), here / "typo.jsonl") == 2
    assert f"{here / 'typo.jsonl'} does not exist" in capsys.readouterr().err
    assert not (here / "data").exists()


@pytest.mark.slow
@pytest.mark.parametrize("run", [refresh, reextract])
def test_captures_may_be_derived_by_the_next_run(tmp_path: Path, run: Any) -> None:
    later = import_lines(tmp_path / "later", LINES[5], LINES[7], derive=False)
    assert contents(later)["versions"] == []
    (tmp_path / "later" / "seeds").mkdir()
    (tmp_path / "later" / "seeds" / "INDEX.md").write_text("# Nothing to watch yet\n")
    assert asyncio.run(run(settings(tmp_path / "later"))).counts["derived"] == 2
    assert contents(later) == contents(import_lines(tmp_path / "at-once", LINES[5], LINES[7]))


def test_an_import_interrupted_before_deriving_resumes_when_run_again(imported: Path, tmp_path: Path) -> None:
    import_lines(tmp_path, *LINES, derive=False)
    again = import_files(settings(tmp_path), [write(tmp_path, *LINES)])
    assert (again.new, again.versions) == (0, 6)
    assert contents(settings(tmp_path).db) == contents(imported)


def test_a_capture_dated_in_the_future_is_refused_by_the_clock_given(tmp_path: Path) -> None:
    late = line(NOTE, T0 + 40 * DAY, text="Too early")
    (bad,) = import_files(settings(tmp_path), [write(tmp_path, late)]).bad
    assert "lies in the future" in bad.problem


def test_an_import_into_a_file_that_is_no_archive_leaves_it_alone(here: Path) -> None:
    other = here / "photos.db"
    other.write_bytes(b"not a database" * 500)
    assert exit_code_of("--db", other, "import", write(here, *LINES)) == 5
    assert other.read_bytes() == b"not a database" * 500


def test_a_file_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot tell what this holds"):
        import_files(settings(tmp_path), [write(tmp_path, name="articles.csv")])


def test_an_answer_not_modified_counts_as_a_sighting_whichever_came_first(tmp_path: Path) -> None:
    lines = (line(TALKS, T0, html=html()), line(TALKS, T0 + HOUR, status=304))
    in_order, reversed_order = import_lines(tmp_path / "in", *lines), import_lines(tmp_path / "out", *lines[::-1])
    with Archive(in_order) as archive:
        assert [version.captures for version in archive.history(TALKS)[1].versions] == [2]
    assert contents(in_order) == contents(reversed_order)


# --- extract ---------------------------------------------------------------------------------------------------------

PAGES = (
    {"id": "talks", "url": TALKS, "html": html()},
    {"id": 7, "url": COPY, "html": html(*FEWER, title="Strait to reopen")},
    {"id": None, "url": "https://daily.example/empty", "html": ""},
    {"id": ["a", 1], "url": NOTE, "html": "<p>Three short words", "fetched_at": iso(T0)},
)


ExtractOutput = tuple[int, list[dict[str, Any]], str]
"""The exit code of the filter, the objects it wrote to stdout, and its stderr."""


def run_extract(*lines: object) -> ExtractOutput:
    """Run `wirecopy extract` on these lines."""
    stdin = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    command = [sys.executable, "-c", "from archive.cli import main; main()", "extract"]
    ended = subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, text=True, check=False, timeout=120)
    return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()], ended.stderr


@pytest.fixture(scope="module")
def extract_output() -> ExtractOutput:
    """One run of the filter over all the lines that the tests below need."""
    dated = html().replace("</head>", '<meta property="article:published_time" content="{}"></head>')
    ahead = dated.format(iso(T0 + 4000 * DAY))
    broken = ("nonsense", '{"id": 1, "url": "https://daily.example/x"}', "[]", "", {"id": 1, "url": TALKS, "html": 3})
    return run_extract(
        PAGES[0],
        *broken,
        *PAGES[1:],
        {"id": "ahead", "url": TALKS, "html": ahead},
        {"id": "seen", "url": TALKS, "html": ahead, "fetched_at": iso(T0)},
    )


@pytest.mark.slow
def test_extract_keeps_order_and_ids_and_matches_the_schema(
    extract_output: ExtractOutput,
) -> None:
    _, objects, _ = extract_output
    assert [item["id"] for item in objects] == ["talks", 7, None, ["a", 1], "ahead", "seen"]
    schema = Draft202012Validator(json.loads((ROOT / "docs/json/extract-line.schema.json").read_text()))
    for item in objects:
        schema.validate(item)
    assert "open 300 inspection posts" in objects[0]["text"]
    assert objects[0]["title"] == "Ministers promise to reopen the strait"


def test_extract_gives_the_best_text_whatever_the_verdict(extract_output: ExtractOutput) -> None:
    objects = {str(item["id"]): item for item in extract_output[1]}
    assert (objects["None"]["verdict"], objects["None"]["text"]) == ("empty", "")
    short = objects["['a', 1]"]
    assert (short["verdict"], short["text"]) == ("thin", "Three short words")


def test_extract_names_bad_lines_and_exits_with_1(extract_output: ExtractOutput) -> None:
    code, _, stderr = extract_output
    assert code == 1
    assert [f"standard input:{number}:" in stderr for number in range(1, 8)] == [
        False,
        True,
        True,
        True,
        False,
        True,
        False,
    ]
    assert "Traceback" not in stderr


def test_extract_believes_dates_by_the_time_of_fetching_and_never_by_today(
    extract_output: ExtractOutput,
) -> None:
    dates = {item["id"]: item["date"] for item in extract_output[1] if isinstance(item["id"], str)}
    assert dates == {"talks": None, "ahead": iso(T0 + 4000 * DAY), "seen": None}


@pytest.mark.slow
def test_extract_gives_the_same_output_twice(extract_output: ExtractOutput) -> None:
    code, objects, stderr = run_extract(*PAGES)
    assert (code, stderr) == (0, "")
    assert objects == extract_output[1][: len(PAGES)]


def test_large_pages_are_extracted_in_smaller_batches() -> None:
    """Memory is bounded by bytes too: a hundred pages of 20 MB would be 2 GB."""
    small, large = a_capture(1), replace(a_capture(1), payload_length=20 << 20)
    assert [len(batch) for batch in _batches([small] * 250)] == [100, 100, 50]
    assert [len(batch) for batch in _batches([large] * 3)] == [1, 1, 1]
    assert list(_batches([])) == []
