"""The Memento protocol (RFC 7089) over HTTP: TimeGate, TimeMap, mementos, availability."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from archive.formats.timemap import parse_timemap
from archive.serve.memento.datetime14 import earliest, format_datetime14, latest, midpoint
from archive.serve.memento.rewrite import escape_url, page_url
from archive.serve.memento.routes import MAX_LISTED
from db.errors import BadInput
from db.store import Store
from tests.archived import (
    BASE,
    FIRST,
    LOST,
    NEW,
    OLD,
    PARTED,
    PORT,
    PROBE,
    QUAY,
    ROBOTS,
    SECOND,
    SECOND_PART,
    STRAIT,
    app_of,
    make_archive,
)
from tests.builders import DAY, HOUR, T0, a_capture, add_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from httpx import Response

FIRST_AT, EDITED_AT, LAST_AT = "20260105080000", "20260106080000", "20260108080000"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    db = make_archive(tmp_path_factory.mktemp("memento") / "archive.db")
    with TestClient(app_of(db), BASE, follow_redirects=False) as client:
        yield client


# --- timestamps and URLs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("digits", "first", "last"),
    [
        ("2021", "20210101000000", "20211231235959"),
        ("2", "20000101000000", "29991231235959"),
        ("20211", "20211001000000", "20211231235959"),
        ("20210", "20210101000000", "20210930235959"),
        ("202102", "20210201000000", "20210228235959"),
        ("20211008", "20211008000000", "20211008235959"),
        ("202110081", "20211008100000", "20211008195959"),
        ("20211008120000", "20211008120000", "20211008120000"),
    ],
)
def test_fewer_digits_mean_a_span_of_time(digits: str, first: str, last: str) -> None:
    assert (format_datetime14(earliest(digits)), format_datetime14(latest(digits))) == (first, last)
    assert earliest(digits) <= midpoint(digits) <= latest(digits)


BAD_TIMES = ["", "x", "20211301", "20210230", "2021023", "2021012x", "20210101250000", "1" * 15, "0000"]


@pytest.mark.parametrize("digits", BAD_TIMES)
def test_digits_that_are_no_time_are_refused(digits: str) -> None:
    with pytest.raises(BadInput):
        earliest(digits)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("https://daily.example/a", "https://daily.example/a"),
        ("https:/daily.example/a", "https://daily.example/a"),
        ("HTTP://daily.example/a", "http://daily.example/a"),
        ("daily.example/a?u=https://x.example/", "http://daily.example/a?u=https://x.example/"),
        ("https%3A%2F%2Fdaily.example%2Fa%3Fb%3D1", "https://daily.example/a?b=1"),
        ("https%3A//daily.example/a%3Fb%3D%25C3%25A9", "https://daily.example/a?b=%C3%A9"),
        ("https://daily.example/%23!x", "https://daily.example/#!x"),
    ],
)
def test_every_spelling_of_a_page_url_is_understood(written: str, canonical: str) -> None:
    assert page_url(written) == canonical


# --- TimeGate ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept_datetime", "stamp"),
    [
        (None, LAST_AT),
        ("Tue, 06 Jan 2026 07:00:00 GMT", EDITED_AT),
        ("Mon, 05 Jan 2026 08:00:00 GMT", FIRST_AT),
        ("Thu, 01 Jan 1970 00:00:00 GMT", FIRST_AT),
        ("Fri, 01 Jan 2100 00:00:00 GMT", LAST_AT),
    ],
)
@pytest.mark.parametrize("root", ["/web", "/archive"])
def test_the_timegate_redirects_to_the_memento_nearest_in_time(
    client, root: str, accept_datetime: str | None, stamp: str
) -> None:
    headers = {} if accept_datetime is None else {"Accept-Datetime": accept_datetime}
    for answer in (client.get(f"{root}/{STRAIT}", headers=headers), client.head(f"{root}/{STRAIT}", headers=headers)):
        assert answer.status_code == 302
        assert answer.headers["location"] == f"{BASE}{root}/{stamp}/{STRAIT}"
        assert answer.headers["vary"] == "accept-datetime"
        assert "memento-datetime" not in answer.headers
        links = answer.headers["link"]
        assert f'<{STRAIT}>; rel="original"' in links
        assert f'<{BASE}{root}/{STRAIT}>; rel="timegate"' in links
        assert f'<{BASE}{root}/timemap/link/{STRAIT}>; rel="timemap"; type="application/link-format"' in links


def test_the_timegate_refuses_a_header_that_is_no_date(client) -> None:
    answer = client.get(f"/web/{STRAIT}", headers={"Accept-Datetime": "yesterday"})
    assert answer.status_code == 400
    assert "HTTP date" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/web/{}", "/web/2026/{}", "/web/timemap/link/{}", "/web/20260105080000id_/{}"])
def test_a_page_that_was_never_captured_is_not_found(client, path: str) -> None:
    assert client.get(path.format("https://nobody.example/")).status_code == 404


@pytest.mark.parametrize("path", ["ftp://daily.example/", "2026/javascript:alert(1)", "timemap/xml/x.example", ""])
def test_an_unusable_url_or_form_is_refused(client, path: str) -> None:
    assert client.get(f"/web/{path}").status_code == 400


# --- TimeMap ----------------------------------------------------------------------------------------------------------


def test_the_timemap_has_every_memento_one_link_a_line(client) -> None:
    answer = client.get(f"/web/timemap/link/{STRAIT}")
    assert answer.headers["content-type"] == "application/link-format"
    lines = answer.text.split(",\n")
    assert lines[0] == f'<{STRAIT}>; rel="original"'
    assert [re.search(r'rel="([^"]*)"', line)[1] for line in lines[3:]] == [
        "first memento",
        *["memento"] * 4,
        "last memento",
    ]
    assert not answer.text.rstrip().endswith(",")
    mementos = parse_timemap(answer.text, base=BASE)
    assert [format_datetime14(memento.captured_at) for memento in mementos][::5] == [FIRST_AT, LAST_AT]
    assert mementos[0].url == f"{BASE}/web/{FIRST_AT}/{STRAIT}"


def test_the_timemap_is_served_as_json_and_cdxj(client) -> None:
    document = client.get(f"/web/timemap/json/{STRAIT}").json()
    assert document["original_uri"] == STRAIT
    assert document["mementos"]["list"][0]["datetime"] == "2026-01-05T08:00:00Z"
    assert document["mementos"]["last"]["uri"] == f"{BASE}/web/{LAST_AT}/{STRAIT}"
    lines = client.get(f"/web/timemap/cdxj/{STRAIT}").text.splitlines()
    assert [line[:14] for line in lines if not line.startswith("!")][::5] == [FIRST_AT, LAST_AT]
    pywb = client.get(f"/archive/timemap/json/{STRAIT}").text.splitlines()
    assert len(pywb) == 6


@pytest.mark.slow
def test_a_timemap_too_long_for_one_answer_names_the_next(tmp_path: Path) -> None:
    with Store(tmp_path / "archive.db") as store:
        source = add_source(store, STRAIT)
        store.record([(a_capture(source, url=STRAIT, at=T0 + number * HOUR), b"x") for number in range(MAX_LISTED + 3)])
    with TestClient(app_of(tmp_path / "archive.db"), BASE) as client:
        text = client.get(f"/web/timemap/link/{STRAIT}").text
        next_url = re.search(r'<([^>]*)>; rel="timemap"', text)[1]
        rest = client.get(next_url).text
    assert len(parse_timemap(text, base=BASE)) == MAX_LISTED
    assert [memento.captured_at for memento in parse_timemap(rest, base=BASE)] == [
        T0 + (MAX_LISTED + n) * HOUR for n in range(3)
    ]
    assert ("last memento" in text, "first memento" in rest, "last memento" in rest) == (False, False, True)


def test_gotcha_09_first_and_last_mementos_have_the_relations_of_the_rfc(client) -> None:
    text = client.get(f"/web/timemap/link/{STRAIT}").text
    assert (text.count('rel="first memento"'), text.count('rel="last memento"')) == (1, 1)


def test_gotcha_10_links_are_one_a_line_and_all_but_the_last_end_in_a_comma(client) -> None:
    lines = client.get(f"/web/timemap/link/{STRAIT}").text.splitlines()
    assert all(line.endswith(",") for line in lines[:-1])
    assert not lines[-1].endswith(",")


# --- mementos ---------------------------------------------------------------------------------------------------------


def raw(client: TestClient, stamp: str, url: str, **headers: str) -> Response:
    return client.get(f"/web/{stamp}id_/{url}", headers=headers)


def test_a_raw_memento_is_the_bytes_and_type_as_captured(client) -> None:
    answer = raw(client, EDITED_AT, STRAIT)
    assert (answer.status_code, answer.content) == (200, SECOND)
    assert answer.headers["content-type"] == "text/html; charset=iso-8859-1"
    assert answer.headers["memento-datetime"] == "Tue, 06 Jan 2026 08:00:00 GMT"
    assert "content-encoding" not in answer.headers
    assert "content-disposition" not in answer.headers


def test_a_memento_links_to_its_neighbours(client) -> None:
    links = raw(client, "20260105100000", STRAIT).headers["link"]
    rels = dict(re.findall(r'/web/(\d{14})id_/[^>]*>; rel="([^"]*)"', links))
    assert rels == {
        FIRST_AT: "first memento",
        "20260105090000": "prev memento",
        "20260105100000": "memento",
        EDITED_AT: "next memento",
        LAST_AT: "last memento",
    }


@pytest.mark.parametrize(
    ("stamp", "url", "status", "body"),
    [
        ("20260105090000", STRAIT, 200, FIRST),  # a 304 refers to the page before it
        ("20260105100000", STRAIT, 200, FIRST),  # the same payload again
        ("20260107080000", STRAIT, 404, LOST),
        (FIRST_AT, QUAY, 200, FIRST),
        (FIRST_AT, PORT, 200, FIRST),
        (FIRST_AT, PARTED, 200, FIRST),
        (FIRST_AT, SECOND_PART, 200, SECOND),
        (FIRST_AT, NEW, 200, SECOND),
        (FIRST_AT, OLD, 200, SECOND),
        (FIRST_AT, ROBOTS, 200, b"User-agent: *\n"),
        (FIRST_AT, PROBE, 200, b"User-agent: *\n"),
    ],
)
def test_a_memento_has_the_status_and_body_that_were_captured(
    client, stamp: str, url: str, status: int, body: bytes
) -> None:
    answer = raw(client, stamp, url)
    assert (answer.status_code, answer.content) == (status, body)
    assert "memento-datetime" in answer.headers


@pytest.mark.parametrize("mode", ["", "id_"])
def test_another_instant_redirects_to_the_nearest_memento_in_the_same_mode(client, mode: str) -> None:
    for digits in ("20260106070000", "20260106", "202601060800"):
        answer = client.get(f"/web/{digits}{mode}/{STRAIT}")
        assert (answer.status_code, answer.headers["location"]) == (302, f"{BASE}/web/{EDITED_AT}{mode}/{STRAIT}")
        assert "memento-datetime" not in answer.headers


def test_a_capture_late_in_a_second_belongs_to_that_second(tmp_path: Path) -> None:
    with Store(tmp_path / "archive.db") as store:
        source = add_source(store, STRAIT)
        instants = {T0 + timedelta(milliseconds=999): b"a", T0 + DAY: b"b"}
        store.record([(a_capture(source, url=STRAIT, at=instant), body) for instant, body in instants.items()])
    with TestClient(app_of(tmp_path / "archive.db"), BASE, follow_redirects=False) as client:
        assert raw(client, FIRST_AT, STRAIT).content == b"a"
        assert client.get(f"/web/20260105080001/{STRAIT}").headers["location"].startswith(f"{BASE}/web/{FIRST_AT}/")


def test_gotcha_07_captured_headers_get_names_of_their_own_and_always_a_date(client) -> None:
    headers = raw(client, FIRST_AT, STRAIT).headers
    assert headers["x-archive-orig-date"] == "Mon, 05 Jan 2026 07:59:58 GMT"
    assert headers["x-archive-orig-set-cookie"] == "id=1; Path=/"
    assert "set-cookie" not in headers
    assert headers["x-archive-wire-content-encoding"] == "gzip"
    assert raw(client, FIRST_AT, ROBOTS).headers["x-archive-orig-date"] == "Mon, 05 Jan 2026 08:00:00 GMT"


def test_gotcha_08_the_original_is_the_captured_url_not_the_requested_one(client) -> None:
    for url in ("http://www.daily.example/strait", STRAIT):
        answer = client.get(f"/web/{FIRST_AT}id_/{url}")
        assert f'<{STRAIT}>; rel="original"' in answer.headers["link"]


def test_gotcha_11_links_begin_with_the_configured_base(client) -> None:
    answer = client.get(f"/web/{STRAIT}", headers={"Host": "localhost"})
    assert answer.headers["location"].startswith(BASE)
    document = client.get("/wayback/available", params={"url": STRAIT}, headers={"Host": "localhost"}).json()
    assert document["archived_snapshots"]["closest"]["url"].startswith(BASE)


def test_a_range_of_a_memento_can_be_requested(client) -> None:
    whole = raw(client, EDITED_AT, STRAIT)
    assert whole.headers["accept-ranges"] == "bytes"
    for byte_range, content_range, body in (
        ("bytes=2-5", "bytes 2-5/74", SECOND[2:6]),
        ("bytes=70-", "bytes 70-73/74", SECOND[70:]),
        ("bytes=-3", "bytes 71-73/74", SECOND[-3:]),
        ("bytes=0-999999999999999", "bytes 0-73/74", SECOND),
    ):
        answer = raw(client, EDITED_AT, STRAIT, Range=byte_range)
        assert (answer.status_code, answer.headers["content-range"], answer.content) == (206, content_range, body)
    assert raw(client, EDITED_AT, STRAIT, Range="bytes=74-").status_code == 416
    for byte_range in ("bytes=1-2,4-5", "lines=1-2", "bytes=-", "bytes=5-2"):
        assert raw(client, EDITED_AT, STRAIT, Range=byte_range).status_code in {200, 416}
    assert raw(client, EDITED_AT, STRAIT, **{"If-None-Match": whole.headers["etag"]}).status_code == 304


# --- availability -----------------------------------------------------------------------------------------------------


def test_availability_names_the_nearest_memento(client) -> None:
    document = client.get("/wayback/available", params={"url": STRAIT, "timestamp": "20260106"}).json()
    assert document["archived_snapshots"]["closest"] == {
        "status": "200",
        "available": True,
        "url": f"{BASE}/web/{EDITED_AT}/{STRAIT}",
        "timestamp": EDITED_AT,
    }
    assert client.get("/wayback/available", params={"url": "nobody.example"}).json()["archived_snapshots"] == {}
    assert client.get("/wayback/available").status_code == 400


# --- hostile URLs -----------------------------------------------------------------------------------------------------

HOSTILE = [
    'https://x.example/">\r\nSet-Cookie: a=b',
    "https://x.example/a>;rel=b,<c",
    "https://x.example/é\u2028\u202e",
    "x\x00y",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_attack_48_no_url_breaks_out_of_a_header_or_a_list(url: str, tmp_path: Path) -> None:
    with Store(tmp_path / "archive.db") as store:
        source = add_source(store, "https://x.example/a")
        store.record([(a_capture(source, url=url, at=T0), b"x")])
    with TestClient(app_of(tmp_path / "archive.db"), BASE, follow_redirects=False) as client:
        answer = client.get(f"/web/{FIRST_AT}id_/https://x.example/a")
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert answer.headers["link"].count("<") == answer.headers["link"].count('rel="')
        assert answer.headers["link"].isascii()
        lines = client.get("/web/timemap/link/https://x.example/a").text.split(",\n")
        assert len(lines) == 4
        assert [len(line.split(" ")) for line in client.get("/cdx?url=x.example/a").text.splitlines()] == [7]
        assert escape_url(url) in lines[3]


@pytest.mark.parametrize(
    "path",
    [
        "/web//evil.example/",
        "/web/https://evil.example/",
        "/web/2026/https://evil.example/",
        "/web/2026id_/%2f%2fevil.example/",
        "/web/*/https://daily.example/strait",
        "/web/*/%0d%0aLocation:%20https://evil.example/",
        f"/web/20260105090000/{OLD}",
        f"/web/20260105090000id_/{OLD}",
        f"/archive/20260105090000id_/{OLD}",
        f"/web/{STRAIT}",
        "/web/@evil.example/",
        "/web/\\evil.example/",
    ],
)
def test_attack_49_no_url_redirects_off_our_own_origin(client, path: str) -> None:
    answer = client.get(path)
    assert answer.headers.get("location", f"{BASE}/").startswith(f"{BASE}/")
    assert "refresh" not in answer.headers


def test_a_captured_redirect_stays_in_the_archive(client) -> None:
    answer = raw(client, "20260105090000", OLD)
    assert answer.status_code == 302
    assert answer.headers["location"] == f"{BASE}/web/20260105090000id_/https://elsewhere.example/"
    assert answer.headers["memento-datetime"] == "Mon, 05 Jan 2026 09:00:00 GMT"
