"""What can be taken away from a page: a patch, a picture, a lasting link, a citation, tables; captures behind it."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pyarrow.parquet as pq
import pytest

from archive.api import Archive
from archive.api.version_ref import Ref
from archive.serve.charts.card import HEIGHT, WIDTH, Run, Size, wrap
from archive.versions.diff import render_unified
from serving import HOSTILE, OURS, application, client, stocked

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stocked(tmp_path_factory.mktemp("shared") / "archive.db")


@pytest.fixture(scope="module")
def ask(archived: Path) -> TestClient:
    return client(application(archived))


def told(ask: TestClient, path: str) -> Any:
    return ask.get(path, headers={"accept": "application/json"}).json()


# --- a change --------------------------------------------------------------------------------------------------------


def test_the_patch_is_that_of_the_command_line(archived: Path, ask: TestClient) -> None:
    with Archive(archived) as archive:
        url = archive.source("https://daily.example/harbour").url
        found = archive.compare(Ref(url=url, number=1), Ref(url=url, number=2))
    answer = ask.get("/articles/1/diff/1..2.patch")
    assert answer.headers["content-type"] == "text/x-diff; charset=utf-8"
    assert answer.text == render_unified(found.change, found.a_text, found.b_text)
    assert "\n-Three hundred boats wait" in answer.text
    assert "\n+Thirty boats wait" in answer.text


def test_what_did_not_change_has_an_empty_patch_and_still_a_picture(ask: TestClient) -> None:
    assert ask.get("/articles/1/diff/1..1.patch").text == ""
    assert "no change" in ask.get("/articles/1/diff/1..1.svg").text


def test_the_picture_tells_the_change_and_asks_for_nothing(ask: TestClient) -> None:
    answer = ask.get("/articles/1/diff/1..2.svg")
    drawn = ET.fromstring(answer.text)  # noqa: S314 - our own
    said = "".join(drawn.itertext())
    shown = told(ask, "/articles/1/diff/1..2")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert (int(drawn.attrib["width"]), int(drawn.attrib["height"])) == (WIDTH, HEIGHT)
    assert all(shown[side]["text_sha256"] in said for side in "ab")
    assert all(shown[side]["first_seen_at"][:10] in said for side in "ab")
    cut, new = ([each.text for each in drawn.iter(f"{SVG}tspan") if each.get("text-decoration") == how] for how in HOW)
    assert "Three " in cut
    assert "Thirty" in new
    assert {each.tag for each in drawn.iter()} <= {f"{SVG}{name}" for name in ("svg", "rect", "line", "text", "tspan")}
    loads = ("href", "style", "src", "url(", "@import", "<script")
    assert not [each for each in loads if each in answer.text.replace("&lt;script", "")]


HOW = ("line-through", "underline")


def test_a_hostile_headline_is_text_in_a_picture(ask: TestClient) -> None:
    answer = ask.get("/articles/1/diff/1..2.svg")
    assert "<script" not in answer.text
    assert "\u202e" not in answer.text
    assert HOSTILE.partition("\u202e")[0] in "".join(ET.fromstring(answer.text).itertext())  # noqa: S314 - our own


@pytest.mark.parametrize("text", ["word " * 200, "x" * 3000, "\u6f22\u5b57" * 400, "", "\n"])
def test_no_line_of_a_picture_runs_over_its_edge(text: str) -> None:
    size = Size(40, 50)
    lines = list(wrap([{"mark": "same", "text": text}], size, 3))
    assert len(lines) <= 3
    assert all(len("".join(run.text for run in line)) < 110 for line in lines)
    assert (lines[-1][-1:] == [Run("same", "\u2026")]) is (len(text) > 100)


def test_a_page_of_a_change_leads_to_all_that_can_be_taken_away(ask: TestClient) -> None:
    shown = told(ask, "/articles/1/diff/1..2")
    page = ask.get("/articles/1/diff/1..2").text
    for file in shown["files"]:
        assert f'href="{file["path"]}" download="{file["name"]}"' in page
        assert re.fullmatch(r"daily\.example-1-1-2\.(patch|svg)", file["name"])
    answer = ask.get(shown["permalink"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/articles/1/diff/1..2")
    assert ask.get(f"/articles/1/compare?a={'0' * 64}&b=2").status_code == 404


def test_the_counts_of_a_change_lead_to_its_first_marks(ask: TestClient) -> None:
    for mode in ("reading", "changes", "side"):
        page = ask.get(f"/articles/1/diff/1..2?mode={mode}").text
        for name in re.findall(r'href="#(first-\w+)"', page):
            assert page.count(f'id="{name}"') == 1, mode
        assert 'href="#first-cut"' in page
    assert 'href="#first-' not in ask.get("/articles/1/diff/1..1").text


# --- a citation ------------------------------------------------------------------------------------------------------


def test_a_citation_names_instant_and_digests_in_three_forms(ask: TestClient) -> None:
    shown = told(ask, "/articles/1/cite?v=1")
    assert [form["name"] for form in shown["forms"]] == ["APA", "Markdown", "BibTeX"]
    for form in shown["forms"]:
        assert shown["text_sha256"] in form["text"]
        assert shown["captured_at"] in form["text"]
    memento = ask.get(shown["memento"].removeprefix(OURS))
    assert memento.headers["memento-datetime"]
    page = ask.get("/articles/1/cite")
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_a_hostile_headline_breaks_out_of_no_citation(ask: TestClient) -> None:
    _, markdown, bibtex = (form["text"] for form in told(ask, "/articles/1/cite")["forms"])
    assert markdown.startswith("[\\</title\\>\\<script\\>")
    assert bibtex.count("{") == bibtex.count("}")
    assert "\\&" in bibtex


# --- captures --------------------------------------------------------------------------------------------------------


def test_every_number_of_captures_leads_to_so_many(ask: TestClient) -> None:
    article = told(ask, "/articles/1")
    page = ask.get("/articles/1").text
    for each in [*article["versions"], *article["states"]]:
        window = f"since={quote(each['first_seen_at'], safe='')}&amp;until={quote(each['last_seen_at'], safe='')}"
        assert f"/articles/1/captures?{window}" in page
        found = told(ask, f"/articles/1/captures?{window.replace('&amp;', '&')}")["captures"]
        assert len(found) == each.get("captures", each.get("seen"))
    everything = told(ask, "/articles/1/captures")["captures"]
    assert len(everything) == article["checks"]
    assert all(ask.get(each["memento"]).status_code == 200 for each in everything)
    assert told(ask, "/articles/3/captures")["captures"][0]["said"] == "check failed (no answer in time)"


# --- forms -----------------------------------------------------------------------------------------------------------


def test_a_list_is_also_parquet(ask: TestClient) -> None:
    answer = ask.get("/api/v1/versions.parquet")
    table = pq.read_table(io.BytesIO(answer.content))
    rows = told(ask, "/api/v1/versions")["versions"]
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert table.column("text_sha256").to_pylist() == [row["text_sha256"] for row in rows]
    assert str(table.schema.field("first_seen_at").type).startswith("timestamp")
    assert ask.get("/api/v1/texts/x.parquet").status_code == 404


@pytest.mark.parametrize(
    ("path", "accept", "found"),
    [
        ("/sources", "text/csv", "text/csv"),
        ("/sources", "application/json;q=0.5, text/csv", "text/csv"),
        ("/sources", "text/csv;q=0, application/x-ndjson;q=0.1", "application/x-ndjson"),
        ("/sources", "*/*", "text/html"),
        ("/sources", "text/html, text/csv", "text/html"),
        ("/inbox", "application/atom+xml", "application/atom+xml"),
        ("/articles/1/diff/1..2", "text/x-diff", "text/x-diff"),
        ("/api/v1/runs", "text/html", "application/json"),
        ("/api/v1/versions", "application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("/sources", "no media type;;q=x,,", "text/html"),
    ],
)
def test_a_form_is_asked_for_by_accept_as_by_ending(ask: TestClient, path: str, accept: str, found: str) -> None:
    answer = ask.get(path, headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, found)
    assert answer.headers["vary"] == "accept"


def test_a_form_that_a_page_does_not_have_is_refused_in_words(ask: TestClient) -> None:
    for path, accept, status in (("/runs", "application/atom+xml", 406), ("/runs.patch", "*/*", 404)):
        answer = ask.get(path, headers={"accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert answer.json()["hint"]
