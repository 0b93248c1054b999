"""The web interface: every page is its JSON, errors say what to do, marks are kept, and lists end."""

from __future__ import annotations

import csv
import io
import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate

from archive.serve.api.schemas import MEANINGS, PARTS, SHAPES, TYPES, one_of
from archive.serve.charts.axis import axis_over
from archive.serve.charts.timeline import WIDTH, timeline
from archive.serve.jobs import MOST_RUNNING
from archive.serve.pages.search import period_after
from archive.serve.pagination import key_of
from archive.serve.serializers import to_csv
from archive.serve.templating import moment, period
from builders import DAY, HOUR, T0
from db.store import Store
from serving import HOSTILE, OURS, TOKEN, a_project, application, client, stocked

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

PAGES = (
    "/inbox",
    "/events",
    "/events?kind=gone,edited",
    "/articles/1",
    "/articles/3",
    "/articles/1/diff/1..2",
    "/copies",
    "/copies/1",
    "/copies/1?with=4",
    "/search?q=harbour",
    "/search",
    "/sources",
    "/sources?troubled=1",
    "/outlets",
    "/outlets/daily.example",
    "/runs",
    "/as-of/2026-01-05",
    "/about/api",
    "/articles/1/cite",
    "/articles/1/captures",
)
MODES = ("side", "changes", "raw", "machine")


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stocked(tmp_path_factory.mktemp("served") / "archive.db")


@pytest.fixture(scope="module")
def ask(archived: Path) -> TestClient:
    return client(application(archived))


def json_of(page: str) -> str:
    path, mark, query = page.partition("?")
    return f"{path}.json{mark}{query}"


# --- pages and their data --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [*PAGES, *(f"/articles/1/diff/1..2?mode={mode}" for mode in MODES)])
def test_every_page_is_there_for_people_and_for_programs(ask: TestClient, page: str) -> None:
    shown, told = ask.get(page), ask.get(json_of(page))
    assert (shown.status_code, told.status_code) == (200, 200), shown.text
    assert "<h1" in shown.text
    assert isinstance(told.json(), dict)
    assert "<script>alert" not in shown.text
    assert "\u202e" not in shown.text, "nothing archived turns the direction of a page"


def test_a_hostile_headline_is_text(ask: TestClient) -> None:
    assert "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in ask.get("/articles/1").text
    assert ask.get("/articles/1.json").json()["title"].startswith(HOSTILE)


@pytest.mark.parametrize(
    "feed", ["/feed.atom", "/inbox.atom", "/articles/1/feed.atom", "/articles/1.atom", "/search.atom?q=harbour"]
)
def test_every_feed_is_well_formed_whatever_a_headline_says(ask: TestClient, feed: str) -> None:
    answer = ask.get(feed)
    root = ET.fromstring(answer.text)  # noqa: S314 - our own
    entries = root.findall("{http://www.w3.org/2005/Atom}entry")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert entries
    for name in ("id", "title", "updated", "link"):
        assert all(entry.find(f"{{http://www.w3.org/2005/Atom}}{name}") is not None for entry in entries)


def test_an_unknown_form_or_page_says_what_to_do(ask: TestClient) -> None:
    for path, status in (("/nothing", 404), ("/runs.atom", 404), ("/articles/99", 404), (f"/articles/{10**30}", 404)):
        answer = ask.get(path, headers={"accept": "application/json"})
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["hint"]


BAD = (
    "/inbox.json?kind=nonsense",
    "/inbox.json?after=xyz",
    "/inbox.json?limit=501",
    "/inbox.json?since=never",
    "/as-of/neverday",
    f"/sources.json?after={key_of([1, 2])}",
    f"/inbox.json?after={key_of([2**80, 1])}",
    "/articles/1/diff/1..2?mode=x",
    "/articles/1?v=x",
    "/search.json?q=harbour&kind=nonsense",
    "/search.json?q=harbour&since=never",
    "/runs.json?until=never",
    "/api/v1/snapshots",
    "/search.json?q=-x",
)


@pytest.mark.parametrize("path", BAD)
def test_what_cannot_be_used_is_refused_in_words(ask: TestClient, path: str) -> None:
    answer = ask.get(path, headers={"accept": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"]


# --- the inbox -------------------------------------------------------------------------------------------------------


def post(asked: TestClient, path: str, **form: str) -> int:
    return asked.post(path, data={"token": TOKEN} | form, headers={"origin": OURS}).status_code


def test_what_was_seen_is_no_news_until_that_is_taken_back(tmp_path: Path) -> None:
    asked = client(application(stocked(tmp_path / "archive.db")))
    first = asked.get("/inbox.json").json()
    (row,) = first["changes"]
    assert (row["id"], row["from"], row["to"]) == (1, 1, 2)
    assert "headline" in row["kinds"]
    assert len(first["small"]) == 1
    assert post(asked, "/articles/1/seen", until=row["at"]) == 303
    assert asked.get("/inbox.json").json()["changes"] == []
    assert post(asked, "/articles/1/seen", until=row["seen_until"]) == 303
    assert [each["id"] for each in asked.get("/inbox.json").json()["changes"]] == [1]
    assert post(asked, "/seen") == 303
    empty = asked.get("/inbox.json").json()
    assert (empty["changes"], empty["small"]) == ([], [])
    assert empty["caught_up"] == row["at"]
    assert len(asked.get("/inbox.json?all=1").json()["changes"]) == 1
    assert "Nothing new" in asked.get("/").text


@pytest.mark.parametrize(
    ("query", "found"),
    [("kind=headline", 1), ("kind=correction", 0), ("outlet=daily.example", 1), ("outlet=x", 0), ("least=0.9", 0)],
)
def test_filters_are_addresses(ask: TestClient, query: str, found: int) -> None:
    told = ask.get(f"/inbox.json?{query}").json()
    assert len(told["changes"]) == found


def test_the_original_is_named_and_taken_back_on_the_page_of_its_group(tmp_path: Path) -> None:
    asked = client(application(stocked(tmp_path / "archive.db")))
    before = asked.get("/copies/1.json").json()["original"]["id"]
    other = 3 - before
    assert post(asked, "/copies/1/original", say="original", of=str(other), note="seen on paper") == 303
    group = asked.get("/copies/1.json").json()
    assert (group["original"]["id"], group["standing"], group["certainty"]) == (other, "labelled", 1.0)
    assert "original, labelled by a person" in asked.get("/copies").text.lower()
    assert "seen on paper" in asked.get("/copies/1").text
    assert post(asked, "/copies/1/original", say="undo", of=str(other)) == 303
    assert asked.get("/copies/1.json").json()["original"]["id"] == before
    assert post(asked, "/copies/1/original", say="perhaps", of="1") == 400


def test_a_label_is_kept_and_shown(tmp_path: Path) -> None:
    asked = client(application(stocked(tmp_path / "archive.db")))
    pair = asked.get("/copies/2.json").json()["pair"]
    sides = {side["id"]: side["text_sha256"] for side in (pair["a"], pair["b"])}
    digests = {"a": sides[2], "b": sides[1]}
    assert post(asked, "/copies/2/label", say="copy", note="seen on paper", **{"with": "1"}, **digests) == 303
    assert asked.get("/copies/2.json").json()["labels"][0]["note"] == "seen on paper"
    assert post(asked, "/copies/2/label", say="maybe", **{"with": "1"}) == 400


def test_a_page_keeps_headline_pair_and_label_when_a_label_dissolves_its_group(tmp_path: Path) -> None:
    asked = client(application(stocked(tmp_path / "archive.db")))
    before = asked.get("/copies/2.json?with=1").json()
    sides = {side["id"]: side["text_sha256"] for side in (before["pair"]["a"], before["pair"]["b"])}
    assert before["pair_label"] is None
    digests = {"a": sides[2], "b": sides[1]}
    assert post(asked, "/copies/2/label", say="not-copy", note="two desks", **{"with": "1"}, **digests) == 303
    after, page = asked.get("/copies/2.json?with=1").json(), asked.get("/copies/2?with=1").text
    assert (before["members"] != [], after["members"]) == (True, [])
    assert after["title"] == "https://copy.example/harbour"  # the headline of this archive's article 2
    assert after["pair"] == before["pair"]
    assert (after["pair_label"]["label"], after["pair_label"]["note"]) == ("not-copy", "two desks")
    assert "it is not a copy" in page
    assert "two desks" in page


def test_check_now_asks_who_can(archived: Path) -> None:
    project, started = a_project()
    asked = client(application(archived, project=project))
    assert post(asked, "/articles/2/check") == 303
    assert started[0].given == (["https://copy.example/harbour"],)
    assert post(client(application(archived)), "/articles/2/check") == 501


def test_a_redirect_stays_here(tmp_path: Path) -> None:
    asked = client(application(stocked(tmp_path / "archive.db")))
    for back in ("https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nset-cookie: x=1"):
        form = {"token": TOKEN, "until": "2026-01-05", "back": back}
        answer = asked.post("/articles/1/seen", data=form, headers={"origin": OURS})
        assert answer.headers["location"] == "/articles/1"


# --- copies ----------------------------------------------------------------------------------------------------------


def test_copies_stand_side_by_side_with_swapped_words_marked(ask: TestClient) -> None:
    told = ask.get("/copies/1.json?with=2").json()
    assert {row["outlet"] for row in told["members"]} == {"daily.example", "copy.example"}
    assert told["original"]["outlet"] in told["reasons"][0] or told["reasons"]
    again = ask.get("/copies/1.json?with=4").json()["pair"]
    assert again["because"].startswith("not linked") or again["relation"]


def test_lists_end_and_no_row_is_told_twice(ask: TestClient) -> None:
    for path, rows in (
        ("/api/v1/sources", "sources"),
        ("/api/v1/versions", "versions"),
        ("/as-of/2026-02-01.json", "articles"),
    ):
        whole = ask.get(f"{path}?limit=500").json()[rows]
        page, met = f"{path}?limit=1", []
        while page:
            answer = ask.get(page)
            met += answer.json()[rows]
            page = answer.json()["next"]
            assert (f'<{OURS}{page}>; rel="next"' == answer.headers.get("link")) == bool(page)
        assert met == whole
        assert len(met) > 2


def test_what_did_not_change_is_not_sent_again(ask: TestClient) -> None:
    for path in ("/", "/articles/1", "/articles/1.json", "/feed.atom", "/api/v1/runs"):
        etag = ask.get(path).headers["etag"]
        again = ask.get(path, headers={"if-none-match": f'"other", W/{etag}'})
        assert (again.status_code, again.content) == (304, b""), path
    digest = ask.get("/articles/1.json").json()["text_sha256"]
    assert "immutable" in ask.get(f"/api/v1/texts/{digest}").headers["cache-control"]
    assert ask.get("/articles/1.json").headers["cache-control"] == "no-cache"


# --- search, sources, runs -------------------------------------------------------------------------------------------


def test_a_facet_is_the_address_of_the_search_for_that_alone(ask: TestClient) -> None:
    told = ask.get("/search.json?q=harbour").json()
    for facet in [*told["by_outlet"], *told["by_time"]]:
        again = ask.get(json_of(facet["path"])).json()
        assert again["articles"] == facet["count"]
        assert f'href="{facet["path"].replace("&", "&amp;")}"' in ask.get("/search?q=harbour").text
    assert {each["kind"] for each in told["by_kind"]} >= {"headline", "number"}
    for facet in told["by_kind"]:
        hits = ask.get(json_of(facet["path"])).json()["hits"]
        assert len(hits) == facet["count"]
        assert all(facet["kind"] in hit["kinds"] for hit in hits)


def test_a_month_is_narrowed_to_before_the_next_one(ask: TestClient) -> None:
    paths = [each["path"] for each in ask.get("/search.json?q=harbour").json()["by_time"]]
    assert "/search?q=harbour+after%3A2026-01-05+before%3A2026-01-06" in paths
    assert period_after("2025-12") == "2026-01"
    assert period_after("2026-02-28") == "2026-03-01"


def test_a_search_for_a_kind_of_change_goes_on_until_it_has_a_page_and_misses_none(ask: TestClient) -> None:
    whole = ask.get("/search.json?q=harbour&kind=number&limit=500").json()
    page, met = "/search.json?q=harbour&kind=number&limit=1", []
    while page:
        answer = ask.get(page).json()
        met += answer["hits"]
        page = answer["next"]
    assert met == whole["hits"]
    assert len(met) == 1


def test_a_search_takes_a_window_of_time(ask: TestClient) -> None:
    assert ask.get("/api/v1/search?q=harbour&since=2026-01-06").json()["articles"] == 2
    assert ask.get("/api/v1/search?q=harbour&until=2026-01-05").json()["articles"] == 3


def test_a_source_tells_how_it_goes_and_can_be_checked_now(archived: Path, ask: TestClient) -> None:
    rows = {row["id"]: row for row in ask.get("/sources.json").json()["sources"]}
    assert (rows[1]["streak"], rows[3]["streak"]) == (2, 1)
    assert rows[1]["usual_length"] > 50
    assert rows[3]["usual_length"] is None
    assert rows[1]["changes_a_week"] == round(1 / (30 / 7), 2)
    assert "Check now" not in ask.get("/sources").text, "this server cannot"
    project, started = a_project()
    asked = client(application(archived, project=project))
    assert asked.get("/sources?troubled=1").text.count('action="/articles/3/check"') == 1
    answer = asked.post("/articles/3/check", data={"token": TOKEN}, headers={"origin": OURS})
    running = asked.get(answer.headers["location"])
    assert "Running for" in running.text
    assert running.headers["refresh"] == "2"
    started[0].end(message="1 page checked.")
    ended = asked.get(answer.headers["location"])
    assert "refresh" not in ended.headers
    assert "check failed (no answer in time)" in ended.text


def test_a_check_that_could_not_run_says_why_and_an_unknown_job_is_not_found(archived: Path) -> None:
    project, started = a_project()
    asked = client(application(archived, project=project))
    path = asked.post("/articles/3/check", data={"token": TOKEN}, headers={"origin": OURS}).headers["location"]
    started[0].end(code=5, message="wirecopy: another run works on this archive; try again soon\n")
    assert "another run works on this archive" in asked.get(path).text
    assert asked.get("/jobs/77").status_code == 404


def test_too_many_jobs_at_once_are_refused(archived: Path) -> None:
    project, started = a_project()
    asked = client(application(archived, project=project))
    assert [post(asked, "/articles/3/check") for _ in range(MOST_RUNNING + 1)] == [303] * MOST_RUNNING + [400]
    started[0].end()
    assert post(asked, "/articles/3/check") == 303


def test_runs_are_narrowed_by_kind_and_time_and_each_has_an_address(tmp_path: Path) -> None:
    path = stocked(tmp_path / "archive.db")
    with Store(path) as store:
        for day, kind in enumerate(("refresh", "backfill", "refresh", "refresh")):
            begun = store.begin_run(kind, "{}", "tests", T0 + day * DAY)
            store.end_run(begun, {"new": day}, T0 + day * DAY + HOUR)
    asked = client(application(path))

    def found(query: str) -> list[int]:
        return [run["id"] for run in asked.get(f"/runs.json?{query}").json()["runs"]]

    assert found("") == [4, 3, 2, 1]
    assert found("kind=refresh") == [4, 3, 1]
    assert found("since=2026-01-07") == [4, 3]
    assert found("until=2026-01-06") == [2, 1]
    first = asked.get("/runs.json?kind=refresh&limit=2").json()
    assert [run["id"] for run in asked.get(first["next"]).json()["runs"]] == [1]
    assert asked.get("/runs/2.json").json()["runs"][0]["kind"] == "backfill"
    words = asked.get("/runs/2", headers={"accept": "text/html"}).text
    assert "No page belongs to those days; nothing was done" in words, "in the words of the command"
    assert asked.get("/runs/9").status_code == asked.get(f"/runs/{10**30}").status_code == 404
    assert "No further run is scheduled" in _empty_inbox(asked)


def _empty_inbox(asked: TestClient) -> str:
    assert post(asked, "/seen") == 303
    return asked.get("/").text


# --- forms -----------------------------------------------------------------------------------------------------------


def test_no_cell_of_a_table_is_a_formula() -> None:
    rows = [{"a": "=cmd|' /C calc'!A0", "b": "@SUM(1)"}, {"a": "+1", "b": "-1"}, {"a": "plain", "b": 3}]
    told = list(csv.reader(io.StringIO(to_csv(rows))))
    assert told[1:3] == [["'=cmd|' /C calc'!A0", "'@SUM(1)"], ["'+1", "'-1"]]
    assert told[3] == ["plain", "3"]


def test_a_list_is_also_lines_and_a_table(ask: TestClient) -> None:
    lines = ask.get("/sources.ndjson").text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [
        row["id"] for row in ask.get("/sources.json").json()["sources"]
    ]
    assert len(list(csv.reader(io.StringIO(ask.get("/sources.csv").text)))) == len(lines) + 1


# --- the description -------------------------------------------------------------------------------------------------


def test_the_description_is_openapi_and_the_answers_are_as_it_says(ask: TestClient) -> None:
    described = ask.get("/openapi.json").json()
    validate(described)
    digests = [row["text_sha256"] for row in ask.get("/api/v1/versions?source=1").json()["versions"]]
    fill = {"{id}": "1", "{outlet}": "daily.example", "{sha256}": digests[0], "{a}..{b}": "..".join(reversed(digests))}
    needed = {"/api/v1/search": "?q=harbour", "/api/v1/snapshots": "?source=1", "/api/v1/clusters/{id}": "?with=2"}
    for path, told in described["paths"].items():
        asked = path + needed.get(path, "")
        for name, value in fill.items():
            asked = asked.replace(name, value)
        answer = ask.get(asked)
        assert answer.status_code == 200, answer.text
        schema = told["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": described["components"]}
        Draft202012Validator(whole, format_checker=FormatChecker()).validate(answer.json())
    problem = {**described["components"]["schemas"]["Problem"]}
    Draft202012Validator(problem).validate(ask.get("/api/v1/sources/99").json())


def test_every_shape_and_every_name_that_means_something_is_used() -> None:
    lines = " ".join([*SHAPES.values(), *PARTS.values()])
    named = {word.partition("=")[0].rstrip("*?") for word in lines.split()}
    kinds = {word.partition("=")[2].rstrip("*?") for word in lines.split()} | set(MEANINGS.values())
    assert set(MEANINGS) - named == {"next"}, "which lists have besides their rows"
    assert set(PARTS) - kinds == set()
    assert set(TYPES) - kinds == set()
    assert all(one_of(kind) for kind in kinds if kind)


def test_ops_with_offsets_make_the_newer_text_of_the_older(ask: TestClient) -> None:
    digests = [row["text_sha256"] for row in reversed(ask.get("/api/v1/versions?source=1").json()["versions"])]
    a, b = (ask.get(f"/api/v1/texts/{digest}").json()["text"] for digest in digests)
    told = ask.get(f"/api/v1/diffs/{digests[0]}..{digests[1]}").json()
    kept = {"equal": "a", "move": "a", "insert": "b", "replace": "b"}
    made = "".join(
        (a if kept[op["op"]] == "a" else b)[slice(*op[kept[op["op"]]])] for op in told["edits"] if op["op"] in kept
    )
    assert made == b


# --- the timeline ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [4, 40, 90])
@pytest.mark.parametrize("start", [0, 15, 30])
def test_versions_minutes_apart_are_legible_on_a_timeline_of_a_month(count: int, start: int) -> None:
    """Each dot has room for its number, in order and within the picture; as many as fit."""
    checks = [{"at": (T0 + day * DAY).isoformat(), "state": "ok", "health": "fine"} for day in range(31)]
    instants = [T0 + start * DAY + minutes * HOUR / 20 for minutes in range(count)]
    versions = [
        {"version": number, "from": at.isoformat(), "to": at.isoformat(), "score": number % 3 / 2, "kinds": []}
        for number, at in enumerate(instants, start=1)
    ]
    drawing = timeline({"checks": checks, "versions": versions, "runs": [], "summary": ""})
    circles = [
        (float(x), float(r)) for x, r in re.findall(r'class="version \w+" cx="([\d.]+)" cy="\d+" r="([\d.]+)"', drawing)
    ]
    assert len(circles) == count
    gaps = [after - before for (before, _), (after, _) in pairwise(circles)]
    assert min(gaps) >= min(16.0, 690 / count) - 0.2
    assert all(x - r >= 0 and x + r <= WIDTH for x, r in (circles[0], circles[-1]))


def test_versions_days_apart_are_where_they_were_seen() -> None:
    checks = [{"at": (T0 + day * DAY).isoformat(), "state": "ok", "health": "fine"} for day in range(31)]
    versions = [
        {"version": number, "from": check["at"], "to": check["at"], "score": 0.2, "kinds": []}
        for number, check in enumerate(checks[2:29:5], start=1)
    ]
    drawing = timeline({"checks": checks, "versions": versions, "runs": [], "summary": ""})
    axis = axis_over([check["at"] for check in checks], left=14, right=WIDTH - 14)
    drawn = [float(x) for x in re.findall(r'class="version \w+" cx="([\d.]+)"', drawing)]
    assert drawn == [axis.x(version["from"]) for version in versions]


def test_a_period_within_one_minute_is_one_instant() -> None:
    assert period("2026-01-05T08:00:00Z", "2026-01-05T08:00:30Z") == moment("2026-01-05T08:00:00Z")
    assert "8:00</time> to <time" in period("2026-01-05T08:00:00Z", "2026-01-06T08:00:00Z")
