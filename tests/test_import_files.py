"""Files brought in and pages piped through, as a person does it: by the verbs `import` and `extract`."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from archive.api import Archive
from archive.api.version_ref import Ref
from archive.cli import main
from archive.pipeline.import_files import import_files
from archive.pipeline.refresh import refresh
from archive.pipeline.reprocess import reextract
from archive.settings import load_settings
from archive.timestamps import iso
from db.errors import BadInput
from tests.builders import DAY, HOUR, T0
from tests.contents import contents, sizes
from tests.newsroom import COPY, PARAGRAPHS, TALKS, page

if TYPE_CHECKING:
    from datetime import datetime

    from archive.settings import Settings

ROOT = Path(__file__).parents[1]
FEWER = [each.replace("300", "30") for each in PARAGRAPHS]
NOTE = "http://notes.example/one"


def line(url: str, at: datetime, **more: object) -> str:
    return json.dumps({"url": url, "fetched_at": iso(at), **more})


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
    path.write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")
    return path


def bring(folder: Path, *lines: str, **how: Any) -> Path:
    """Import these lines into the archive of ``folder``; gives the archive."""
    folder.mkdir(exist_ok=True)
    import_files(settings(folder), [write(folder, *lines)], **how)
    return settings(folder).db


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of all the lines, in their order; never changed."""
    return bring(tmp_path_factory.mktemp("import"), *LINES)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WIRECOPY_CLOCK", iso(T0 + 30 * DAY))
    return tmp_path


def called(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(each) for each in arguments])
    return int(ended.value.code or 0)


# --- import ----------------------------------------------------------------------------------------------------------


def test_an_import_needs_nothing_beforehand_and_all_can_be_asked_afterwards(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("import", write(here, *LINES)) == 0
    assert "8 captures read, 8 new, 6 versions, " in capsys.readouterr().err
    with Archive(here / "data" / "archive.db") as archive:
        told = archive.history(TALKS)[1]
        assert [(one.number, one.cause) for one in told.versions] == [(1, "first"), (2, "changed"), (3, "returned")]
        assert [(run.state, run.seen, run.confirmed) for run in told.stretches] == [("missing_404", 2, True)]
        assert {url for link in archive.copies(TALKS) for url in (link.a.url, link.b.url)} == {TALKS, COPY, NOTE}
        assert archive.search("inspection posts")[1]


def test_a_text_of_three_words_is_an_article(brought: Path) -> None:
    with Archive(brought) as archive:
        first, second = archive.history(NOTE)[1].versions
        assert (first.byline, first.language) == ("Ilse Brandvold", "en")
        text = archive.text(archive.version(Ref(url=NOTE, number=2)))
        assert (second.title, text.title, text.body) == ("A note", "A note", "Three short words")
        assert [state for _, state in archive.captures(NOTE)] == ["ok", "ok"]


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    db = bring(tmp_path, *LINES)
    said, counted = contents(db), sizes(db)
    again = import_files(settings(tmp_path), [write(tmp_path, *LINES)])
    assert (again.read, again.new, again.versions, again.links) == (8, 0, 0, 0)
    assert (contents(db), sizes(db)) == (said, counted)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_import_does_not_show(brought: Path, tmp_path: Path, seed: int) -> None:
    lines = [*LINES]
    random.Random(seed).shuffle(lines)
    cut = 1 + seed
    bring(tmp_path, *lines[:cut])
    assert contents(bring(tmp_path, *lines[cut:])) == contents(brought)


def test_a_malformed_line_is_named_and_the_rest_is_kept(
    here: Path, brought: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(here, *LINES[:3], '{"url": "https://daily.example/x", "fetched_at": ', *LINES[3:], '{"url": 3}')
    assert called("import", path) == 1
    said = capsys.readouterr().err
    assert f"{path}:4: not JSON" in said
    assert f"{path}:10: " in said
    assert "2 lines refused" in said
    assert contents(here / "data" / "archive.db") == contents(brought)


def test_refused_lines_are_told_in_json_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(here, LINES[6], "nonsense")
    assert called("import", path, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    Draft202012Validator(json.loads((ROOT / "docs/json/import.schema.json").read_text())).validate(told)
    assert told["counts"] == {"read": 1, "new": 1, "versions": 1, "links": 0, "passed_over": 0}
    assert [(bad["file"], bad["line"]) for bad in told["bad"]] == [(str(path), 2)]


def test_a_missing_file_is_noticed_before_anything_is_done(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert called("import", write(here, *LINES), here / "typo.jsonl") == 2
    assert f"{here / 'typo.jsonl'} does not exist" in capsys.readouterr().err
    assert not (here / "data").exists()


@pytest.mark.slow
@pytest.mark.parametrize("run", [refresh, reextract])
def test_captures_may_wait_and_are_derived_by_the_next_run(tmp_path: Path, run: Any) -> None:
    later = bring(tmp_path / "later", LINES[5], LINES[7], derive=False)
    assert contents(later)["versions"] == []
    (tmp_path / "later" / "seeds").mkdir()
    (tmp_path / "later" / "seeds" / "INDEX.md").write_text("# Nothing to watch yet\n")
    assert asyncio.run(run(settings(tmp_path / "later"))).counts["derived"] == 2
    assert contents(later) == contents(bring(tmp_path / "at-once", LINES[5], LINES[7]))


def test_an_import_cut_off_before_it_derived_goes_on_when_run_again(brought: Path, tmp_path: Path) -> None:
    bring(tmp_path, *LINES, derive=False)
    again = import_files(settings(tmp_path), [write(tmp_path, *LINES)])
    assert (again.new, again.versions) == (0, 6)
    assert contents(settings(tmp_path).db) == contents(brought)


def test_a_capture_dated_in_the_future_is_refused_by_the_clock_given(tmp_path: Path) -> None:
    late = line(NOTE, T0 + 40 * DAY, text="Too early")
    (bad,) = import_files(settings(tmp_path), [write(tmp_path, late)]).bad
    assert "lies in the future" in bad.problem


def test_an_import_into_a_file_that_is_no_archive_leaves_it_alone(here: Path) -> None:
    other = here / "photos.db"
    other.write_bytes(b"not a database" * 500)
    assert called("--db", other, "import", write(here, *LINES)) == 5
    assert other.read_bytes() == b"not a database" * 500


def test_a_file_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot tell what this holds"):
        import_files(settings(tmp_path), [write(tmp_path, name="articles.csv")])


def test_an_answer_not_modified_counts_as_a_sighting_whichever_came_first(tmp_path: Path) -> None:
    lines = (line(TALKS, T0, html=html()), line(TALKS, T0 + HOUR, status=304))
    one, other = bring(tmp_path / "in", *lines), bring(tmp_path / "out", *lines[::-1])
    with Archive(one) as archive:
        assert [version.captures for version in archive.history(TALKS)[1].versions] == [2]
    assert contents(one) == contents(other)


# --- extract ---------------------------------------------------------------------------------------------------------

PAGES = (
    {"id": "talks", "url": TALKS, "html": html()},
    {"id": 7, "url": COPY, "html": html(*FEWER, title="Strait to reopen")},
    {"id": None, "url": "https://daily.example/empty", "html": ""},
    {"id": ["a", 1], "url": NOTE, "html": "<p>Three short words", "fetched_at": iso(T0)},
)


Filtered = tuple[int, list[dict[str, Any]], str]
"""How the filter ended, the objects it wrote, and what it said."""


def filtered(*lines: object, workers: int = 0) -> Filtered:
    """What `wirecopy extract` makes of these lines; without workers a second of CPU less."""
    given = "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in lines)
    command = [sys.executable, "-c", "from archive.cli import main; main()", "extract", "--workers", str(workers)]
    ran = subprocess.run(command, cwd=ROOT, input=given, capture_output=True, text=True, check=False, timeout=500)
    return ran.returncode, [json.loads(each) for each in ran.stdout.splitlines()], ran.stderr


@pytest.fixture(scope="module")
def extracted() -> Filtered:
    """One run of the filter over all that the tests below ask about."""
    dated = html().replace("</head>", '<meta property="article:published_time" content="{}"></head>')
    ahead = dated.format(iso(T0 + 4000 * DAY))
    broken = ("nonsense", '{"id": 1, "url": "https://daily.example/x"}', "[]", "", {"id": 1, "url": TALKS, "html": 3})
    return filtered(
        PAGES[0],
        *broken,
        *PAGES[1:],
        {"id": "ahead", "url": TALKS, "html": ahead},
        {"id": "seen", "url": TALKS, "html": ahead, "fetched_at": iso(T0)},
    )


@pytest.mark.slow
def test_extract_keeps_order_and_identity_and_the_published_shape(
    extracted: Filtered,
) -> None:
    _, told, _ = extracted
    assert [one["id"] for one in told] == ["talks", 7, None, ["a", 1], "ahead", "seen"]
    schema = Draft202012Validator(json.loads((ROOT / "docs/json/extract-line.schema.json").read_text()))
    for one in told:
        schema.validate(one)
    assert "open 300 inspection posts" in told[0]["text"]
    assert told[0]["title"] == "Ministers promise to reopen the strait"


def test_extract_gives_the_best_text_whatever_the_verdict(extracted: Filtered) -> None:
    told = {str(one["id"]): one for one in extracted[1]}
    assert (told["None"]["verdict"], told["None"]["text"]) == ("empty", "")
    short = told["['a', 1]"]
    assert (short["verdict"], short["text"]) == ("thin", "Three short words")


def test_extract_names_bad_lines_and_ends_with_one(extracted: Filtered) -> None:
    code, _, said = extracted
    assert code == 1
    assert [f"standard input:{number}:" in said for number in range(1, 8)] == [
        False,
        True,
        True,
        True,
        False,
        True,
        False,
    ]
    assert "Traceback" not in said


def test_extract_believes_dates_by_the_time_of_fetching_and_never_by_today(
    extracted: Filtered,
) -> None:
    dates = {one["id"]: one["date"] for one in extracted[1] if isinstance(one["id"], str)}
    assert dates == {"talks": None, "ahead": iso(T0 + 4000 * DAY), "seen": None}


@pytest.mark.slow
def test_extract_says_the_same_twice(extracted: Filtered) -> None:
    code, told, said = filtered(*PAGES, workers=2)
    assert (code, said) == (0, "")
    assert told == extracted[1][: len(PAGES)]
