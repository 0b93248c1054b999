"""Two texts from outside the archive: the verdict of the archive, sentences for what cannot be compared, no trace."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from archive.api.judging_process import judge_in_child
from archive.api.pasted_texts import MOST_CHARACTERS
from archive.copies import judge
from commands import call_main
from db.errors import BadInput
from db.records import Text
from serving import OURS, TOKEN, application, client, stocked

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

OURS_SAYS = """The harbour of Verrin opens on Monday after eleven weeks of repairs, minister Ana Sorel said on Friday.

Three hundred boats wait outside the breakwater, and 140 of them carry grain that was sold in March.

Sorel said the repairs had cost 4.2 million crowns, twice as much as the council of Verrin had planned."""
THEIRS_SAYS = OURS_SAYS.replace("boats", "ships").replace("twice as much as", "double what").replace("opens", "reopens")
HEADER = "title: Harbour to open\nlanguage: en\npublished_at: 2026-01-05T08:00:00Z\n\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ours.txt").write_text(HEADER + OURS_SAYS, encoding="utf-8")
    (tmp_path / "theirs.txt").write_text(THEIRS_SAYS, encoding="utf-16")
    return tmp_path


def test_two_files_get_the_verdict_of_archived_texts_without_an_archive(folder: Path, root: Path) -> None:
    ran = call_main("compare", "ours.txt", "theirs.txt", "--json", cwd=folder)
    answer = json.loads(ran.out)
    schema = json.loads((root / "docs" / "json" / "compare.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(answer)
    ours, theirs = (Text(sha256="", title="", body=body, language="en") for body in (OURS_SAYS, THEIRS_SAYS))
    verdict = judge(ours, theirs)
    assert (answer["relation"], answer["coverage"]) == (str(verdict.relation), list(verdict.coverage))
    assert len(answer["passages"]) == len(verdict.passages) > 0
    assert answer["a"]["title"] == "Harbour to open"
    assert {path.name for path in folder.iterdir()} == {"ours.txt", "theirs.txt"}


def test_the_terminal_shows_both_texts_and_what_a_reader_must_know(folder: Path) -> None:
    (folder / "unknown.txt").write_text("Zzyx qwrt plok mnbv " * 12, encoding="utf-8")
    ran = call_main("compare", "unknown.txt", "ours.txt", cwd=folder, COLUMNS="100")
    assert "not linked" in ran.out
    assert "The language of unknown.txt is not known" in " ".join(ran.out.split())
    assert ran.code == 0


@pytest.mark.parametrize(
    ("name", "payload", "sentence"),
    [
        ("empty.txt", b" \n", "empty.txt is empty"),
        ("empty.html", b"", "empty.html is empty"),
        ("binary.txt", b"some words\x00\x01\x02 and more", "not text"),
        ("scan.txt", b"%PDF-1.7 ...", "a PDF"),
        ("huge.txt", b"word " * (MOST_CHARACTERS // 5 + 1), "120,005 characters, at most 120,000"),
        ("figures.txt", b"1 2 3\n4 5", "has no words"),
    ],
)
def test_input_that_cannot_be_compared_gets_a_sentence(folder: Path, name: str, payload: bytes, sentence: str) -> None:
    (folder / name).write_bytes(payload)
    ran = call_main("compare", "ours.txt", name, cwd=folder)
    assert ran.code == 2
    assert sentence in ran.err
    assert ran.out == ""


def test_a_comparison_ends_when_its_time_is_over() -> None:
    text = Text(sha256="", title="", body=OURS_SAYS)
    with pytest.raises(BadInput, match=r"more than 0\.01 seconds"):
        judge_in_child(text, text, seconds=0.01)


@pytest.mark.slow
def test_a_page_is_extracted_as_an_archived_one(folder: Path) -> None:
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in OURS_SAYS.split("\n\n"))
    menu = "<nav><a href=/>Home</a> <a href=/news>News</a></nav>"
    page = f"<!doctype html><html><body>{menu}<article><h1>Harbour</h1>{paragraphs}</article></body></html>"
    (folder / "ours.html").write_text(page, encoding="utf-8")
    answer = json.loads(call_main("compare", "ours.html", "ours.txt", "--json", cwd=folder).out)
    assert (answer["relation"], answer["a"]["title"]) == ("exact", "Harbour")
    assert answer["remarks"] == ["The two texts are identical, character for character."]
    (folder / "bare.html").write_text("<html><body><img src=a.png></body></html>", encoding="utf-8")
    refused = call_main("compare", "bare.html", "ours.txt", cwd=folder)
    assert (refused.code, "without an article" in refused.err) == (2, True)


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stocked(tmp_path_factory.mktemp("compared") / "archive.db")


@pytest.fixture(scope="module")
def reader(archived: Path) -> TestClient:
    return client(application(archived), origin=OURS)


def test_pasted_texts_are_shown_side_by_side_and_not_stored(archived: Path, reader: TestClient) -> None:
    before = archived.read_bytes()
    form = {
        "token": TOKEN,
        "a_text": OURS_SAYS,
        "b_text": f"{THEIRS_SAYS}\n<script>alert(1)</script>",
        "a_title": "Verrin",
    }
    answer = reader.post("/compare", data=form)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "passage 1" in answer.text
    assert "“boats” → “ships”" in answer.text
    assert "<script>alert" not in answer.text
    assert archived.read_bytes() == before


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"b_text": ""}, "The second text is empty"),
        ({"b_text": "a\x00b"}, "The second text is not text"),
        ({"b_text": "w" * (MOST_CHARACTERS + 1)}, "The second text is too large"),
        ({"b_text": "words", "a_date": "soon"}, "is not a date"),
    ],
)
def test_a_text_that_cannot_be_compared_is_given_back_with_a_sentence(
    reader: TestClient, fields: dict[str, str], sentence: str
) -> None:
    answer = reader.post("/compare", data={"token": TOKEN, "a_text": OURS_SAYS} | fields)
    assert answer.status_code == 400
    assert sentence in answer.text.replace("&#39;", "'")
    assert "Three hundred boats" in answer.text


def test_the_form_is_refused_without_its_token_and_above_its_size(reader: TestClient) -> None:
    assert reader.post("/compare", data={"a_text": "a", "b_text": "b"}).status_code == 403
    assert reader.post("/compare", data={"token": TOKEN, "a_text": "w" * 2_500_000}).status_code == 413
    other = {"origin": "https://evil.example"}
    assert reader.post("/compare", data={"token": TOKEN}, headers=other).status_code == 403


def test_without_forms_the_page_names_the_command(archived: Path) -> None:
    answer = client(application(archived, token=None)).get("/compare")
    assert "<textarea" not in answer.text
    assert "wirecopy compare A.txt B.txt" in answer.text
