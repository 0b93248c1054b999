"""Attacks on the web interface itself: names, origins, tokens, paths, sizes; numbered as in the attack list."""

from __future__ import annotations

import asyncio
import base64
import re
from typing import TYPE_CHECKING

import pytest
from starlette.routing import Route

from archive.serve.access import Door
from archive.serve.middleware import Guard, Rules
from archive.serve.security_headers import content_security_policy
from serving import OURS, TOKEN, application, client, stocked

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient
    from starlette.types import Message


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stocked(tmp_path_factory.mktemp("guarded") / "archive.db")


@pytest.fixture(scope="module")
def ask(archived: Path) -> TestClient:
    return client(application(archived))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("", 400),
        ("localhost:80@evil", 400),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("127.0.0.1:8020", 200),
        ("[::1]:8020", 200),
        ("news.example", 200),
    ],
)
def test_35_only_our_own_names_are_answered(archived: Path, host: str, status: int) -> None:
    app = application(archived, base="https://news.example")
    assert client(app).get("/runs", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": OURS},
        {"sec-fetch-site": "none"},
    ],
)
def test_36_nothing_is_changed_for_another_site(ask: TestClient, headers: dict[str, str]) -> None:
    before = ask.get("/inbox.json").json()
    assert ask.post("/seen", data={"token": TOKEN}, headers=headers).status_code == 403
    assert ask.get("/inbox.json").json() == before


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN[:-1], "\u00e9"])
def test_36_nothing_is_changed_without_the_token(ask: TestClient, token: str) -> None:
    same = {"origin": OURS, "sec-fetch-site": "same-origin"}
    assert ask.post("/seen", data={"token": token}, headers=same).status_code == 403
    assert ask.post(f"/seen?token={TOKEN}", headers=same).status_code == 403


def test_36_reading_changes_nothing(archived: Path, ask: TestClient) -> None:
    before = archived.read_bytes()
    routes = [route.path for route in application(archived).routes if isinstance(route, Route)]
    for path in routes:
        example = re.sub(r"\{[a-z_]+(:[a-z]+)?\}", "1", path)
        assert ask.get(f"{example}?q=harbour&token={TOKEN}&until=2026-01-06&say=copy").status_code < 500, path
    assert len(routes) > 30
    for path in ("/seen", "/articles/1/seen", "/articles/1/check", "/copies/1/label"):
        assert ask.get(path).status_code in {404, 405}
    assert archived.read_bytes() == before


def test_36_a_form_of_more_fields_than_ours_is_refused(ask: TestClient) -> None:
    fields = "&".join(f"a{number}=1" for number in range(99)) + f"&token={TOKEN}"
    same = {"origin": OURS, "sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
    assert ask.post("/seen", content=fields, headers=same).status_code == 403


def test_36_without_a_token_nothing_can_be_changed(archived: Path) -> None:
    asked = client(application(archived, token=None))
    assert asked.post("/seen", data={"token": ""}, headers={"origin": OURS}).status_code == 403
    assert '<form class="act"' not in asked.get("/").text


def test_37_other_sites_may_not_read(ask: TestClient) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "GET"}
    assert ask.options("/inbox.json", headers=asked).status_code == 403
    assert "access-control-allow-origin" not in ask.get("/inbox.json", headers=asked).headers


def test_38_every_answer_has_its_policy_and_no_cookie(ask: TestClient) -> None:
    for path in ("/", "/articles/1", "/articles/1.json", "/nothing", "/static/app.css", "/feed.atom", "/openapi.json"):
        headers = ask.get(path).headers
        assert headers["content-security-policy"] == content_security_policy("127.0.0.1:8020"), path
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers


@pytest.mark.parametrize(
    ("host", "base", "own"),
    [
        ("127.0.0.1:8020", None, "127.0.0.1:8020/static/"),
        ("LOCALHOST", None, "localhost/static/"),
        ("127.0.0.1", "https://news.example:8443", "127.0.0.1/static/ news.example:8443/static/"),
        ("[::1]:8020", None, "'self'"),  # browsers match no such address by host
    ],
)
def test_scripts_and_styles_come_from_the_folder_of_our_own(
    archived: Path, host: str, base: str | None, own: str
) -> None:
    policy = (
        client(application(archived, base=base)).get("/", headers={"host": host}).headers["content-security-policy"]
    )
    for rule in (f"script-src {own};", f"style-src {own};", f"img-src {own} data:;", "frame-ancestors 'none'"):
        assert rule in policy
    assert policy.startswith("default-src 'none'; ")


@pytest.mark.parametrize("host", ["x'self'", "192.0.2.7", "a_b.example", "*.example", "a.example;b", "a.example b"])
def test_a_name_that_no_policy_can_hold_is_not_written_into_one(host: str) -> None:
    assert "script-src 'self';" in content_security_policy(host)


LOADS = [
    {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
    {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"},
    {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"},
    {"sec-fetch-mode": "same-origin", "sec-fetch-dest": "sharedworker"},
    {"sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
    {"sec-fetch-mode": "navigate", "sec-fetch-dest": "object"},
]


@pytest.mark.parametrize("load", LOADS)
def test_37_pages_of_other_sites_may_link_here_and_load_nothing(ask: TestClient, load: dict[str, str]) -> None:
    window = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    for path in ("/", "/articles/1", "/articles/1.json", "/search?q=harbour", "/static/app.js", "/nothing"):
        for site in ("cross-site", "same-site"):
            assert ask.get(path, headers={"sec-fetch-site": site} | load).status_code == 403
            assert ask.get(path, headers={"sec-fetch-site": site} | window).status_code == ask.get(path).status_code
        for site in ("same-origin", "none"):
            assert ask.get(path, headers={"sec-fetch-site": site} | load).status_code == ask.get(path).status_code


def test_a_link_in_a_replayed_page_within_a_frame_leads_to_the_next_one(ask: TestClient) -> None:
    """A sandboxed page has no origin, so its links are those of another site."""
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
    path = "/web/20260105080000/https://daily.example/harbour"
    assert ask.get(path, headers=link).status_code == ask.get(path).status_code == 200


NO_CREDENTIALS = (
    b"Basic \xe9", b"Basic \xff\xfe", b"Basic =", b"Basic a", b"Basic", b"", b"\xe9 x", b"Bearer \xe9", b"Bearer",
    b"Basic " + base64.b64encode(b"\xff:\xff"), b"Basic " + b"A" * 30_000, b"Bearer  a b", b"Digest a=b",
)  # fmt: skip


@pytest.mark.parametrize("credentials", NO_CREDENTIALS)
def test_malformed_credentials_are_wrong_ones(archived: Path, credentials: bytes) -> None:
    guarded = client(application(archived, guarded=True))
    assert guarded.get("/", headers={b"authorization": credentials}).status_code == 401


NO_ORIGINS = (
    b"http://[", b"http://[::1", b"http://]", b"http://[v1.x]:a", b"\xe9", b"http://\xe2\x84\x80.example", b"", b"//",
    b"x", b"http://127.0.0.1:8020:1", b"http://127.0.0.1:99999999", b"http://a@127.0.0.1:8020",
)  # fmt: skip


@pytest.mark.parametrize("origin", NO_ORIGINS)
def test_a_malformed_origin_is_another_site(ask: TestClient, origin: bytes) -> None:
    before = ask.get("/inbox.json").json()
    assert ask.post("/seen", data={"token": TOKEN}, headers={b"origin": origin}).status_code == 403
    assert ask.get("/inbox.json").json() == before


def test_a_form_that_never_ends_is_given_up() -> None:
    """The limit of the test is a twentieth of a second; its receiver never answers."""

    async def stalled() -> list[Message]:
        answers: list[Message] = []

        async def receive() -> Message:
            await asyncio.sleep(60)
            return {"type": "http.request", "body": b"", "more_body": True}

        async def send(message: Message) -> None:
            answers.append(message)

        async def app(*_: object) -> None:
            raise AssertionError

        headers = [(b"host", b"127.0.0.1"), (b"origin", b"http://127.0.0.1")]
        scope = {"type": "http", "method": "POST", "path": "/seen", "raw_path": b"/seen", "headers": headers}
        await Guard(app, Rules(door=Door(token=TOKEN), body_seconds=0.05))(scope, receive, send)
        return answers

    assert asyncio.run(stalled())[0]["status"] == 408


def test_39_with_a_token_nobody_reads_without_it(archived: Path) -> None:
    asked = client(application(archived, guarded=True))
    assert asked.get("/").status_code == 401
    assert "Basic" in asked.get("/").headers["www-authenticate"]
    for scheme, given, status in (
        ("Bearer", TOKEN, 200),
        ("Bearer", "wrong", 401),
        ("Basic", base64.b64encode(f"anybody:{TOKEN}".encode()).decode(), 200),
        ("Basic", "!!!", 401),
        ("Basic", base64.b64encode(b"anybody:wrong").decode(), 401),
    ):
        assert asked.get("/", headers={"authorization": f"{scheme} {given}"}).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/%00",
        "/static/..%5capp.py",
        "/static/C:%5cx",
    ],
)
def test_40_only_what_is_meant_to_be_is_read_from_the_disk(ask: TestClient, path: str) -> None:
    assert ask.get(path).status_code == 404


def test_a_whole_address_as_request_target_is_its_path(ask: TestClient) -> None:
    from archive.serve.middleware import in_origin_form

    scope = {"type": "http", "path": "http://elsewhere.example/runs", "raw_path": b"http://elsewhere.example/runs"}
    assert in_origin_form(scope)["path"] == "/runs"
    kept = {"type": "http", "path": "/web/2020/http://x.example/", "raw_path": b"/web/2020/http://x.example/"}
    assert in_origin_form(kept) is kept
    assert ask.get("/runs").status_code == 200


def test_a_form_is_small(ask: TestClient) -> None:
    form = {"token": TOKEN, "note": "x" * 20_000}
    assert ask.post("/copies/1/label", data=form, headers={"origin": OURS}).status_code == 403


SEARCHES = (
    "U.S.", "back-up", "AT&T", "don't", "C++", "a)", "-x", '"', "*", "NEAR(", "title:", "a OR", "\x00", "AND", "(((",
    "x:y", "\u202e", "' OR 1=1 --", "%", "\ud7ff", "a" * 5000, "a " * 10_000, "{", "^a", "+", "NOT", '"a" NEAR/3 "b"',
)  # fmt: skip


@pytest.mark.parametrize("said", SEARCHES)
def test_46_no_search_fails(ask: TestClient, said: str) -> None:
    answer = ask.get("/search", params={"q": said})
    assert answer.status_code in {200, 400, 503}, answer.text
    assert "Internal" not in answer.text
