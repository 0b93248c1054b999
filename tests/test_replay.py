"""Replay of hostile captures: media types, headers and policies. See test_replay_browser.py for a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from archive.serve.memento.replay import INLINE, POLICY
from db.store import Store
from tests.archived import BASE, app_of
from tests.builders import T0, a_capture, add_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from httpx import Response

AT = "20260105080000"
STATUSES = (101, 204, 206, 301, 304, 401, 407, 426, 503, 999)
SCRIPT = b"<script>alert(1)</script>"
TRICKS = {
    "sniffed": ("text/plain", SCRIPT),
    "utf-7": ("text/html; charset=utf-7", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-"),
    "wrong-charset": ("text/html; charset=x-user-defined", SCRIPT),
    "mhtml": ("multipart/related; boundary=a", b"--a\r\nContent-Type: text/html\r\n\r\n" + SCRIPT),
    "mail": ("message/rfc822", b"Content-Type: text/html\r\n\r\n" + SCRIPT),
    "svg": ("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    "xslt": ("text/xml", b'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#a"?><a/>'),
    "xhtml": ("application/xhtml+xml", b'<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>'),
    "pdf": ("application/pdf", b"%PDF-1.7"),
    "manifest": ("text/cache-manifest", b"CACHE MANIFEST"),
    "script": ("text/javascript", b"alert(1)"),
    "none": ("", SCRIPT),
    "nonsense": ("text/html\r\nX-Bad: 1", SCRIPT),
    "two": ("text/html, image/svg+xml", SCRIPT),
}
USES = (
    "script", "style", "worker", "sharedworker", "serviceworker", "audioworklet", "paintworklet", "xslt", "manifest",
    "iframe", "frame", "embed", "object", "image", "font", "document",
)  # fmt: skip
MAY_BE_SHOWN = {"sniffed", "utf-7", "wrong-charset", "xhtml"}
LIVE = (
    ("Set-Cookie", "id=1"),
    ("Set-Cookie", "other=2"),
    ("Refresh", "0;url=https://evil.example/"),
    ("Location", "https://evil.example/"),
    ("Access-Control-Allow-Origin", "*"),
    ("Clear-Site-Data", '"*"'),
    ("Service-Worker-Allowed", "/"),
    ("Content-Security-Policy", "default-src *"),
    ("WWW-Authenticate", "Basic"),
    ("Strict-Transport-Security", "max-age=9"),
    ("Link", "<https://evil.example/>; rel=preload"),
    ("X-Split", "a\r\nSet-Cookie: b=c"),
    ("Bad Name", "x"),
    ("X-Long", "y" * 100_000),
    ("X" * 500, "z"),
    *((f"X-Many-{number}", "1") for number in range(500)),
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    path = tmp_path_factory.mktemp("replay") / "archive.db"
    with Store(path) as store:
        for name, (media_type, body) in TRICKS.items():
            url = f"https://odd.example/{name}"
            capture = a_capture(add_source(store, url), url=url, at=T0, content_type=media_type)
            store.record([(capture, body)])
        url = "https://odd.example/headers"
        store.record([(a_capture(add_source(store, url), url=url, at=T0, headers=LIVE), SCRIPT)])
        for status in STATUSES:
            url = f"https://odd.example/status-{status}"
            store.record([(a_capture(add_source(store, url), url=url, at=T0, status=status), SCRIPT)])
    with TestClient(app_of(path), BASE, follow_redirects=False) as client:
        yield client


def get(client: TestClient, name: str, mode: str = "", **headers: str) -> Response:
    return client.get(f"/web/{AT}{mode}/https://odd.example/{name}", headers=headers)


@pytest.mark.parametrize("name", TRICKS)
@pytest.mark.parametrize("mode", ["", "id_"])
def test_every_memento_has_the_policy_headers(client, name: str, mode: str) -> None:
    answer = get(client, name, mode)
    assert answer.content == TRICKS[name][1]
    assert {header: answer.headers[header] for header in POLICY} == POLICY
    assert "sandbox; default-src 'none'" in answer.headers["content-security-policy"]


def test_a_page_for_a_frame_gets_the_safe_view(client) -> None:
    for mode in ("if_", "mp_"):
        answer = get(client, "xslt", mode)
        assert answer.headers["content-disposition"].startswith("attachment")
        assert {header: answer.headers[header] for header in POLICY} == POLICY


@pytest.mark.parametrize("name", TRICKS)
def test_attack_33_types_that_may_not_be_shown_are_served_as_a_file(client, name: str) -> None:
    answer = get(client, name)
    is_inline = answer.headers["content-type"].partition(";")[0] in INLINE
    assert is_inline == (name in MAY_BE_SHOWN)
    assert is_inline != answer.headers.get("content-disposition", "").startswith("attachment; filename=")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", TRICKS)
def test_raw_bytes_are_a_file_to_a_person_and_as_captured_to_programs(client, name: str) -> None:
    typed = get(client, name, "id_", **{"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"})
    assert "attachment" in typed.headers["content-disposition"]
    plain = get(client, name, "id_")
    assert "content-disposition" not in plain.headers
    assert plain.headers["content-type"] in {TRICKS[name][0], "application/octet-stream"}


@pytest.mark.parametrize("purpose", USES)
def test_raw_bytes_are_refused_to_pages_that_would_run_or_show_them(client, purpose: str) -> None:
    for name in ("script", "xslt", "headers", "status-301"):
        answer = get(client, name, "id_", **{"Sec-Fetch-Dest": purpose, "Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 403, name
        assert answer.headers["content-type"].startswith("text/plain")
        assert "alert" not in answer.text
        assert "location" not in answer.headers
    assert get(client, "sniffed", **{"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "same-origin"}).status_code == 200


@pytest.mark.parametrize("mode", ["", "id_"])
def test_attack_34_captured_headers_never_take_effect(client, mode: str) -> None:
    answer = get(client, "headers", mode)
    alive = {"set-cookie", "refresh", "location", "clear-site-data", "www-authenticate", "service-worker-allowed"}
    assert not alive & set(answer.headers)
    assert not {"access-control-allow-origin", "strict-transport-security", "bad name"} & set(answer.headers)
    assert "evil" not in answer.headers["link"]
    assert answer.headers["x-archive-orig-set-cookie"] == "id=1, other=2"
    assert answer.headers["x-archive-orig-refresh"].startswith("0;url=")
    assert answer.headers["x-archive-orig-x-split"] == "a Set-Cookie: b=c"
    assert len(answer.headers["x-archive-orig-x-long"]) == 4096
    assert len(answer.headers) < 100
    assert sum(len(name) + len(value) for name, value in answer.headers.items()) < 16_000


@pytest.mark.parametrize(
    ("captured", "served"),
    [
        (101, 200),
        (204, 200),
        (206, 200),
        (301, 200),
        (304, 200),
        (401, 401),
        (407, 200),
        (426, 200),
        (503, 503),
        (999, 200),
    ],
)
def test_a_captured_status_asks_nothing_of_the_client(client, captured: int, served: int) -> None:
    answer = get(client, f"status-{captured}", "id_")
    assert (answer.status_code, answer.content) == (served, SCRIPT)
    assert answer.headers.get("x-archive-orig-status") == (None if served == captured else str(captured))


def test_attack_51_deep_and_large_pages_are_served_in_ranges(tmp_path: Path) -> None:
    deep = b"<div>" * 400_000
    url = "https://odd.example/deep"
    with Store(tmp_path / "archive.db") as store:
        store.record([(a_capture(add_source(store, url), url=url, at=T0), deep)])
    with TestClient(app_of(tmp_path / "archive.db"), BASE) as client:
        assert get(client, "deep").content == deep
        answer = get(client, "deep", "id_", Range="bytes=1000000-1000004")
        assert (answer.status_code, answer.content) == (206, b"<div>")
        assert client.head(f"/web/{AT}/{url}").headers["content-length"] == str(len(deep))
