"""The CDX server: every parameter of clients, in both vocabularies, and the differences clients trip over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from archive.api.mementos import MementoIndex
from archive.serve.memento.cdx_index import run_query
from archive.serve.memento.cdx_query import parse_cdx_query
from archive.serve.memento.lookup import key_range
from db.reader import Reader
from db.store import Store
from tests.archived import (
    ALIKE,
    BASE,
    NEW,
    OLD,
    PARTED,
    PORT,
    PROBE,
    QUAY,
    ROBOTS,
    SECOND_PART,
    SPORT,
    STRAIT,
    WIRE,
    app_of,
    make_archive,
)
from tests.builders import LATER, T0, a_capture, add_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_archive(tmp_path_factory.mktemp("index") / "archive.db")


@pytest.fixture(scope="module")
def client(db: Path) -> Iterator[TestClient]:
    with TestClient(app_of(db), BASE, follow_redirects=False) as client:
        yield client


def rows(client: TestClient, /, path: str = "/cdx/search/cdx", **parameters: object) -> list[list[str]]:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return [line.split(" ") for line in answer.text.splitlines()]


def stamps(client: TestClient, /, **parameters: object) -> list[str]:
    return [row[1] for row in rows(client, **parameters)]


ALL = ["20260105080000", "20260105090000", "20260105100000", "20260106080000", "20260107080000", "20260108080000"]


def test_a_line_has_the_seven_fields_every_reader_knows(client) -> None:
    first = rows(client, url=STRAIT)[0]
    assert first[:5] == ["example,daily)/strait", ALL[0], STRAIT, "text/html", "200"]
    assert first[5].startswith("sha256:")
    assert first[6] == "78"


def test_every_response_is_listed_and_no_attempt_without_one(client) -> None:
    assert stamps(client, url=STRAIT) == ALL


def test_a_304_is_a_revisit_of_the_page_before_it(client) -> None:
    page, unmodified = rows(client, url=STRAIT)[:2]
    assert unmodified[3:5] == ["warc/revisit", "-"]
    assert unmodified[5] == page[5]
    assert rows(client, url=STRAIT, resolveRevisits="true")[1][3:] == page[3:]
    assert rows(client, url=STRAIT, resolveRevisits="true", sort="reverse")[4][3:] == page[3:]


@pytest.mark.parametrize("path", ["/cdx/search/cdx", "/cdx/search", "/cdx", "/archive/cdx"])
def test_cdx_answers_under_all_its_paths(client, path: str) -> None:
    assert [row[1] for row in rows(client, path, url=STRAIT)] == ALL


@pytest.mark.parametrize("url", [STRAIT, "daily.example/strait", "http://www.daily.example:80/strait", STRAIT + "#top"])
def test_every_spelling_of_a_url_finds_its_captures(client, url: str) -> None:
    assert stamps(client, url=url) == ALL


# --- match types ------------------------------------------------------------------------------------------------------


def originals(client: TestClient, /, **parameters: object) -> set[str]:
    return {row[2] for row in rows(client, **parameters)}


@pytest.mark.parametrize(
    ("parameters", "urls"),
    [
        ({"url": "https://daily.example/long*"}, {PARTED}),
        ({"url": "daily.example/str", "matchType": "prefix"}, {STRAIT}),
        ({"url": "daily.example/*"}, {STRAIT, QUAY, OLD, PARTED, ROBOTS}),
        ({"url": STRAIT, "matchType": "host"}, {STRAIT, QUAY, OLD, PARTED, ROBOTS}),
        ({"url": "*.daily.example"}, {STRAIT, QUAY, OLD, PARTED, ROBOTS, PORT, SPORT}),
        ({"url": "daily.example", "matchType": "domain"}, {STRAIT, QUAY, OLD, PARTED, ROBOTS, PORT, SPORT}),
        ({"url": "*.example"}, {STRAIT, QUAY, OLD, PARTED, ROBOTS, PORT, SPORT, ALIKE, WIRE}),
    ],
)
def test_a_match_type_selects_its_urls(client, parameters: dict[str, str], urls: set[str]) -> None:
    assert originals(client, **parameters) == urls


def test_a_probe_is_listed_only_under_its_own_url(client) -> None:
    assert originals(client, url=PROBE) == {PROBE}


def test_a_part_is_found_under_its_own_url(client) -> None:
    assert rows(client, url=SECOND_PART)[0][:3] == ["example,daily)/long/2", ALL[0], SECOND_PART]
    assert originals(client, url=PARTED) == {PARTED}


def test_a_redirect_target_lists_the_captures_that_ended_there(client) -> None:
    assert [(row[2], row[4]) for row in rows(client, url=NEW)] == [(OLD, "200")]
    assert rows(client, url=OLD, fl="original,redirect,statuscode") == [[OLD, NEW, "200"], [OLD, "-", "302"]]


# --- filters and order ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"from": "2026", "to": "2026"}, ALL),
        ({"from": "2025", "to": "2025"}, []),
        ({"from": "20260106"}, ALL[3:]),
        ({"to": "2026010509"}, ALL[:2]),
        ({"to": "20260105"}, ALL[:3]),
        ({"from": "20260105090000", "to": "20260105090000"}, ALL[1:2]),
        ({"to": "9"}, ALL),
        ({"limit": "2"}, ALL[:2]),
        ({"limit": "-2"}, ALL[-2:]),
        ({"limit": "-2", "fastLatest": "true"}, ALL[-2:]),
        ({"offset": "4"}, ALL[4:]),
        ({"offset": "1", "limit": "1"}, ALL[1:2]),
        ({"sort": "reverse"}, ALL[::-1]),
        ({"sort": "reverse", "limit": "1"}, ALL[-1:]),
        ({"sort": "closest", "closest": "20260106070000", "limit": "3"}, [ALL[3], ALL[2], ALL[1]]),
        ({"gzip": "false", "_": "1"}, ALL),
        ({"filter": "statuscode:200"}, [ALL[0], ALL[2], ALL[3], ALL[5]]),
        ({"filter": "status:404"}, [ALL[4]]),
        ({"filter": "!statuscode:200"}, [ALL[1], ALL[4]]),
        ({"filter": "=status:404"}, [ALL[4]]),
        ({"filter": "!=status:404"}, [*ALL[:4], ALL[5]]),
        ({"filter": "~status:[45]"}, [ALL[4]]),
        ({"filter": ["mime:text/.*", "statuscode:2.."]}, [ALL[0], ALL[2], ALL[3], ALL[5]]),
        ({"filter": "original:.*/strait"}, ALL),
        ({"filter": "url:.*sport.*"}, []),
        ({"collapse": "digest"}, [ALL[0], *ALL[3:]]),
        ({"collapse": "timestamp:8"}, [ALL[0], *ALL[3:]]),
        ({"collapse": ["timestamp:8", "statuscode"]}, [ALL[0], ALL[4], ALL[5]]),
        ({"collapse": "urlkey"}, ALL[:1]),
        ({"page": "0"}, ALL),
        ({"page": "0", "limit": "1"}, ALL[:1]),
        ({"page": "1"}, []),
        ({"page": "1000000000"}, []),
        ({"page": "999999999999999999"}, []),
    ],
)
def test_a_query_selects_and_orders_captures(client, parameters: dict[str, str], expected: list[str]) -> None:
    assert stamps(client, url=STRAIT, **parameters) == expected


def test_fields_can_be_selected_under_either_name(client) -> None:
    assert rows(client, url=STRAIT, fl="status,timestamp,url", limit=1) == [["200", ALL[0], STRAIT]]


def test_show_dupe_count_counts_repeated_payloads(client) -> None:
    counts = [row[-1] for row in rows(client, url=STRAIT, showDupeCount="true")]
    assert counts == ["0", "1", "2", "0", "0", "3"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"url": ""},
        {"url": "ftp://daily.example/"},
        {"url": "http://[::1"},
        {"url": STRAIT, "matchType": "near"},
        {"url": STRAIT, "from": "zzz"},
        {"url": STRAIT, "from": "20261301"},
        {"url": STRAIT, "to": "2026010508000099"},
        {"url": STRAIT, "limit": "many"},
        {"url": STRAIT, "limit": "9" * 40},
        {"url": STRAIT, "offset": "-1"},
        {"url": STRAIT, "page": "-1"},
        {"url": STRAIT, "pageSize": "0"},
        {"url": STRAIT, "output": "xml"},
        {"url": STRAIT, "fl": "urlkey,secret"},
        {"url": STRAIT, "sort": "random"},
        {"url": STRAIT, "sort": "closest"},
        {"url": STRAIT, "matchType": "host", "sort": "closest", "closest": "2026"},
        {"url": STRAIT, "resumeKey": "WyJhIl0"},
        {"url": STRAIT, "resumeKey": "\x00"},
        {"url": STRAIT, "filter": "statuscode"},
        {"url": STRAIT, "filter": "secret:1"},
        {"url": STRAIT, "filter": "original:(a+"},
        {"url": STRAIT, "filter": "original:" + "a" * 201},
        {"url": STRAIT, "filter": ["status:200"] * 6},
        {"url": STRAIT, "collapse": "timestamp:x"},
    ],
)
def test_a_value_that_makes_no_sense_is_refused_with_a_reason(client, parameters: dict[str, str]) -> None:
    answer = client.get("/cdx/search/cdx", params=parameters)
    assert answer.status_code == 400
    assert len(answer.json()["detail"]) > 20


def test_a_pattern_made_to_backtrack_for_ever_takes_no_time(client) -> None:
    assert stamps(client, url="*.example", filter="original:(.*.*)*(.*a)*(.*.*)*=x") == []


# --- differences clients trip over ------------------------------------------------------------------------------------


def test_gotcha_01_json_is_one_row_a_line(client) -> None:
    text = client.get("/cdx/search/cdx", params={"url": STRAIT, "output": "json"}).text
    lines = text.splitlines()
    assert len(lines) == 7
    assert [json.loads(line.strip("[],").join("[]"))[1] for line in lines] == ["timestamp", *ALL]
    assert [row[1] for row in json.loads(text)[1:]] == ALL
    assert json.loads(client.get("/cdx/search/cdx", params={"url": "x.example", "output": "json"}).text) == []


def test_gotcha_02_a_request_target_may_be_a_whole_url(client) -> None:
    answer = client.get(
        f"/web/{ALL[0]}id_/{STRAIT}", extensions={"target": f"{BASE}/web/{ALL[0]}id_/{STRAIT}".encode()}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("url", [STRAIT, "*.daily.example", "nobody.example", "daily.example/*"])
def test_gotcha_03_there_is_always_at_least_one_page(client, url: str) -> None:
    assert client.get("/cdx/search/cdx", params={"url": url, "showNumPages": "true"}).text == "1\n"


def test_gotcha_04_past_the_last_page_is_an_empty_answer(client) -> None:
    for output in ("text", "json"):
        answer = client.get("/cdx/search/cdx", params={"url": "*.example", "page": "7", "output": output})
        assert (answer.status_code, answer.text) == (200, "")
    no_match = {"url": "*.example", "page": "0", "filter": "status:999", "output": "json"}
    assert client.get("/cdx/search/cdx", params=no_match).text == "[]\n"


def test_gotcha_05_a_page_does_not_depend_on_the_limit(db: Path) -> None:
    with Reader(db) as reader:
        index = MementoIndex(reader.ask)
        whole = run_query(index, parse_cdx_query("url=*.example&page=0"))
        part = run_query(index, parse_cdx_query("url=*.example&page=0&limit=3"))
        assert part.rows == whole.rows[:3]
        assert run_query(index, parse_cdx_query("url=*.example&page=1&limit=3")).rows == []


def test_gotcha_06_resume_keys_visit_every_capture_once_while_others_are_added(tmp_path: Path) -> None:
    path = make_archive(tmp_path / "archive.db")
    app = app_of(path)
    listed: list[str] = []
    with TestClient(app, BASE) as client, Store(path) as store:
        whole = [row[1] + row[2] for row in rows(client, url="*.example")]
        parameters = {"url": "*.example", "limit": "3", "showResumeKey": "true"}
        for _ in range(20):
            lines, _, key = client.get("/cdx/search/cdx", params=parameters).text.partition("\n\n")
            listed += ["".join(line.split(" ")[1:3]) for line in lines.splitlines()]
            if not key:
                break
            parameters["resumeKey"] = key.strip()
            early, instant = add_source(store, "https://aardvark.example/1"), T0 + (LATER - T0) * len(listed)
            store.record([(a_capture(early, url="https://aardvark.example/1", at=instant), b"x")])
    assert listed == whole


def test_a_resume_key_in_json_follows_an_empty_row(client) -> None:
    table = client.get("/cdx", params={"url": STRAIT, "limit": "1", "showResumeKey": "true", "output": "json"}).json()
    assert table[-2] == []
    assert [row[1] for row in rows(client, url=STRAIT, resumeKey=table[-1][0])] == ALL[1:]
    assert "\n\n" not in client.get("/cdx", params={"url": STRAIT, "limit": "6", "showResumeKey": "true"}).text


def test_pywb_json_is_one_object_a_line_with_its_field_names(client) -> None:
    lines = client.get("/archive/cdx", params={"url": STRAIT, "output": "json"}).text.splitlines()
    first = json.loads(lines[0])
    assert (first["url"], first["status"], first["mime"], first["timestamp"]) == (STRAIT, "200", "text/html", ALL[0])
    cdxj = client.get("/archive/cdx", params={"url": STRAIT, "output": "cdxj"}).text.splitlines()[0]
    assert cdxj.startswith(f"example,daily)/strait {ALL[0]} {{")


# --- cost -------------------------------------------------------------------------------------------------------------


def test_pages_share_no_capture_and_leave_none_out(db: Path) -> None:
    with Reader(db) as reader:
        index, everything = MementoIndex(reader.ask), key_range("http://example/", "domain")
        total = index.count(everything)
        pages = [index.page_bounds(everything, start, 3) for start in range(0, total + 3, 3)]
    assert pages[-1] is None
    assert [page[1] for page in pages[:-1]] == [*(page[0] for page in pages[1:-1]), None]


def test_no_list_is_sorted_by_the_database(db: Path) -> None:
    plans: list[str] = []
    with Reader(db) as reader:

        def explain(sql: str, /, **values: object) -> list[dict[str, object]]:
            plans.extend(row["detail"] for row in reader.ask(f"EXPLAIN QUERY PLAN {sql}", **values))
            return reader.ask(sql, **values)

        index = MementoIndex(explain)
        run_query(index, parse_cdx_query("url=*.example&limit=3"))
        run_query(index, parse_cdx_query("url=*.example&limit=-3"))
        index.nearest(key_range(STRAIT, "prefix"), T0, "example,daily,)/strait")
    assert not [plan for plan in plans if plan.startswith("SCAN") and "json_each" not in plan]
    assert not [plan for plan in plans if "TEMP B-TREE FOR ORDER BY" in plan]
    assert any("url_key>?" in plan for plan in plans)
