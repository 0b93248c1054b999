"""The index as clients ask it: every parameter they send, in both vocabularies, and what they stumble over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from archive.serve.memento.cdx_index import look_up
from archive.serve.memento.cdx_query import read_question
from archive.serve.memento.lookup import keys_of
from db.queries import cdx as cdx_queries
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
    with TestClient(app_of(db), BASE, follow_redirects=False) as made:
        yield made


def rows(client: TestClient, /, path: str = "/cdx/search/cdx", **asked: object) -> list[list[str]]:
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return [line.split(" ") for line in answer.text.splitlines()]


def stamps(client: TestClient, /, **asked: object) -> list[str]:
    return [row[1] for row in rows(client, **asked)]


ALL = ["20260105080000", "20260105090000", "20260105100000", "20260106080000", "20260107080000", "20260108080000"]


def test_a_line_has_the_seven_fields_every_reader_knows(client) -> None:
    first = rows(client, url=STRAIT)[0]
    assert first[:5] == ["example,daily)/strait", ALL[0], STRAIT, "text/html", "200"]
    assert first[5].startswith("sha256:")
    assert first[6] == "78"


def test_every_answer_is_listed_and_no_attempt_without_one(client) -> None:
    assert stamps(client, url=STRAIT) == ALL


def test_a_304_is_a_revisit_of_the_page_before_it(client) -> None:
    page, unmodified = rows(client, url=STRAIT)[:2]
    assert unmodified[3:5] == ["warc/revisit", "-"]
    assert unmodified[5] == page[5]
    assert rows(client, url=STRAIT, resolveRevisits="true")[1][3:] == page[3:]
    assert rows(client, url=STRAIT, resolveRevisits="true", sort="reverse")[4][3:] == page[3:]


@pytest.mark.parametrize("path", ["/cdx/search/cdx", "/cdx/search", "/cdx", "/archive/cdx"])
def test_the_index_answers_under_all_its_names(client, path: str) -> None:
    assert [row[1] for row in rows(client, path, url=STRAIT)] == ALL


@pytest.mark.parametrize("url", [STRAIT, "daily.example/strait", "http://www.daily.example:80/strait", STRAIT + "#top"])
def test_an_address_is_found_however_it_is_written(client, url: str) -> None:
    assert stamps(client, url=url) == ALL


# --- how wide ---------------------------------------------------------------------------------------------------------


def originals(client: TestClient, /, **asked: object) -> set[str]:
    return {row[2] for row in rows(client, **asked)}


@pytest.mark.parametrize(
    ("asked", "found"),
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
def test_a_question_is_as_wide_as_it_says(client, asked: dict[str, str], found: set[str]) -> None:
    assert originals(client, **asked) == found


def test_a_probe_is_listed_only_to_who_names_it(client) -> None:
    assert originals(client, url=PROBE) == {PROBE}


def test_a_part_is_found_under_its_own_address(client) -> None:
    assert rows(client, url=SECOND_PART)[0][:3] == ["example,daily)/long/2", ALL[0], SECOND_PART]
    assert originals(client, url=PARTED) == {PARTED}


def test_where_pages_moved_to_shows_what_was_seen_there(client) -> None:
    assert [(row[2], row[4]) for row in rows(client, url=NEW)] == [(OLD, "200")]
    assert rows(client, url=OLD, fl="original,redirect,statuscode") == [[OLD, NEW, "200"], [OLD, "-", "302"]]


# --- which, and in which order ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "found"),
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
def test_a_question_gets_what_it_asks_for(client, asked: dict[str, str], found: list[str]) -> None:
    assert stamps(client, url=STRAIT, **asked) == found


def test_fields_are_those_asked_for_under_either_name(client) -> None:
    assert rows(client, url=STRAIT, fl="status,timestamp,url", limit=1) == [["200", ALL[0], STRAIT]]


def test_repeats_are_counted_where_that_is_asked_for(client) -> None:
    counts = [row[-1] for row in rows(client, url=STRAIT, showDupeCount="true")]
    assert counts == ["0", "1", "2", "0", "0", "3"]


@pytest.mark.parametrize(
    "asked",
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
def test_a_value_that_makes_no_sense_is_refused_with_a_reason(client, asked: dict[str, str]) -> None:
    answer = client.get("/cdx/search/cdx", params=asked)
    assert answer.status_code == 400
    assert len(answer.json()["detail"]) > 20


def test_a_pattern_made_to_take_for_ever_takes_no_time(client) -> None:
    assert stamps(client, url="*.example", filter="original:(.*.*)*(.*a)*(.*.*)*=x") == []


# --- what clients stumble over ---------------------------------------------------------------------------


def test_gotcha_01_json_is_one_row_a_line(client) -> None:
    text = client.get("/cdx/search/cdx", params={"url": STRAIT, "output": "json"}).text
    lines = text.splitlines()
    assert len(lines) == 7
    assert [json.loads(line.strip("[],").join("[]"))[1] for line in lines] == ["timestamp", *ALL]
    assert [row[1] for row in json.loads(text)[1:]] == ALL
    assert json.loads(client.get("/cdx/search/cdx", params={"url": "x.example", "output": "json"}).text) == []


def test_gotcha_02_a_request_target_may_be_a_whole_address(client) -> None:
    answer = client.get(
        f"/web/{ALL[0]}id_/{STRAIT}", extensions={"target": f"{BASE}/web/{ALL[0]}id_/{STRAIT}".encode()}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("url", [STRAIT, "*.daily.example", "nobody.example", "daily.example/*"])
def test_gotcha_03_there_is_always_a_page_whatever_is_matched(client, url: str) -> None:
    assert client.get("/cdx/search/cdx", params={"url": url, "showNumPages": "true"}).text == "1\n"


def test_gotcha_04_past_the_last_page_is_an_empty_answer(client) -> None:
    for output in ("text", "json"):
        answer = client.get("/cdx/search/cdx", params={"url": "*.example", "page": "7", "output": output})
        assert (answer.status_code, answer.text) == (200, "")
    nothing = {"url": "*.example", "page": "0", "filter": "status:999", "output": "json"}
    assert client.get("/cdx/search/cdx", params=nothing).text == "[]\n"


def test_gotcha_05_a_page_does_not_depend_on_the_limit(db: Path) -> None:
    with Reader(db) as reader:
        whole = look_up(reader.ask, read_question("url=*.example&page=0"))
        part = look_up(reader.ask, read_question("url=*.example&page=0&limit=3"))
        assert part.rows == whole.rows[:3]
        assert look_up(reader.ask, read_question("url=*.example&page=1&limit=3")).rows == []


def test_gotcha_06_keys_lead_through_everything_once_whatever_is_added_meanwhile(tmp_path: Path) -> None:
    path = make_archive(tmp_path / "archive.db")
    app = app_of(path)
    seen: list[str] = []
    with TestClient(app, BASE) as client, Store(path) as store:
        whole = [row[1] + row[2] for row in rows(client, url="*.example")]
        asked = {"url": "*.example", "limit": "3", "showResumeKey": "true"}
        for _ in range(20):
            told, _, key = client.get("/cdx/search/cdx", params=asked).text.partition("\n\n")
            seen += ["".join(line.split(" ")[1:3]) for line in told.splitlines()]
            if not key:
                break
            asked["resumeKey"] = key.strip()
            early = add_source(store, "https://aardvark.example/1")
            store.record([(a_capture(early, url="https://aardvark.example/1", at=T0 + (LATER - T0) * len(seen)), b"x")])
    assert seen == whole


def test_a_resume_key_in_json_stands_behind_an_empty_row(client) -> None:
    told = client.get("/cdx", params={"url": STRAIT, "limit": "1", "showResumeKey": "true", "output": "json"}).json()
    assert told[-2] == []
    assert [row[1] for row in rows(client, url=STRAIT, resumeKey=told[-1][0])] == ALL[1:]
    assert "\n\n" not in client.get("/cdx", params={"url": STRAIT, "limit": "6", "showResumeKey": "true"}).text


def test_pywb_gets_its_json_one_object_a_line_with_its_names(client) -> None:
    lines = client.get("/archive/cdx", params={"url": STRAIT, "output": "json"}).text.splitlines()
    first = json.loads(lines[0])
    assert (first["url"], first["status"], first["mime"], first["timestamp"]) == (STRAIT, "200", "text/html", ALL[0])
    cdxj = client.get("/archive/cdx", params={"url": STRAIT, "output": "cdxj"}).text.splitlines()[0]
    assert cdxj.startswith(f"example,daily)/strait {ALL[0]} {{")


# --- what it costs ----------------------------------------------------------------------------------------------------


def test_pages_share_no_capture_and_leave_none_out(db: Path) -> None:
    with Reader(db) as reader:
        everything = keys_of("http://example/", "domain")
        total = cdx_queries.count_captures(reader.ask, everything)
        pages = [cdx_queries.page_bounds(reader.ask, everything, start, 3) for start in range(0, total + 3, 3)]
    assert pages[-1] is None
    assert [page[1] for page in pages[:-1]] == [*(page[0] for page in pages[1:-1]), None]


def test_no_list_is_sorted_by_the_database(db: Path) -> None:
    plans: list[str] = []
    with Reader(db) as reader:

        def explained(sql: str, /, **values: object) -> list[dict[str, object]]:
            plans.extend(row["detail"] for row in reader.ask(f"EXPLAIN QUERY PLAN {sql}", **values))
            return reader.ask(sql, **values)

        look_up(explained, read_question("url=*.example&limit=3"))
        look_up(explained, read_question("url=*.example&limit=-3"))
        cdx_queries.nearest_capture(explained, keys_of(STRAIT, "prefix"), T0, "example,daily,)/strait")
    assert not [plan for plan in plans if plan.startswith("SCAN") and "json_each" not in plan]
    assert not [plan for plan in plans if "TEMP B-TREE FOR ORDER BY" in plan]
    assert any("url_key>?" in plan for plan in plans)
