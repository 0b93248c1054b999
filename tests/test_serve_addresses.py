"""Addresses of the pages: plain ones that every link names, and permanent redirects from the short ones of before."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from serving import OURS, TOKEN, a_project, application, client, stocked
from test_serve import PAGES, json_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient

SHORT = re.compile(r"""["'>]((?:https?://[^/"'<>]+)?/(?:a|g|s|at)(?:[/?.][^"'<]*)?)["'<]""")
DATA = (*map(json_of, PAGES), "/inbox.atom", "/feed.atom", "/articles/1/feed.atom", "/search.atom?q=harbour")
API = ("sources", "articles", "articles/1", "versions", "changes", "clusters", "clusters/1?with=4", "search?q=harbour")


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stocked(tmp_path_factory.mktemp("addressed") / "archive.db")


@pytest.fixture(scope="module")
def ask(archived: Path) -> TestClient:
    return client(application(archived, project=a_project()[0]))


@pytest.mark.parametrize(
    ("short", "plain"),
    [
        ("/a/1", "/articles/1"),
        ("/a/1?v=2", "/articles/1?v=2"),
        ("/a/1.json", "/articles/1.json"),
        ("/a/1/feed.atom", "/articles/1/feed.atom"),
        ("/a/1/diff/1..2?mode=side", "/articles/1/diff/1..2?mode=side"),
        ("/a/1/diff/1..2.patch", "/articles/1/diff/1..2.patch"),
        ("/a/1/compare?a=1&b=2", "/articles/1/compare?a=1&b=2"),
        ("/a/1/captures?since=2026-01-05T08%3A00%3A00Z", "/articles/1/captures?since=2026-01-05T08%3A00%3A00Z"),
        ("/a/1/cite?v=1", "/articles/1/cite?v=1"),
        ("/g", "/copies"),
        ("/g.json?limit=1", "/copies.json?limit=1"),
        ("/g/1?with=4", "/copies/1?with=4"),
        ("/g/1.json", "/copies/1.json"),
        ("/s", "/sources"),
        ("/s?troubled=1&group=a+b", "/sources?troubled=1&group=a+b"),
        ("/s.csv", "/sources.csv"),
        ("/at?when=now", "/as-of?when=now"),
        ("/at/2026-01-05", "/as-of/2026-01-05"),
        ("/at/2026-01-05T12%3A00Z.json", "/as-of/2026-01-05T12%3A00Z.json"),
    ],
)
def test_a_short_address_leads_to_the_plain_one_for_good(ask: TestClient, short: str, plain: str) -> None:
    answer = ask.get(short)
    assert (answer.status_code, answer.headers["location"]) == (308, plain)
    assert ask.get(plain).status_code in {200, 303}


def test_a_form_sent_to_a_short_address_arrives(ask: TestClient) -> None:
    form = {"token": TOKEN, "until": "2026-01-05T08:00:00Z"}
    answer = ask.post("/a/1/seen", data=form, headers={"origin": OURS})
    assert (answer.status_code, answer.headers["location"]) == (308, "/articles/1/seen")
    followed = ask.post("/a/1/seen", data=form, headers={"origin": OURS}, follow_redirects=True)
    assert followed.history[1].status_code == 303
    assert urlsplit(str(followed.url)).path == "/articles/1"


@pytest.mark.parametrize(
    "path", ["/a//evil.example", "/a/%2F%2Fevil.example", "/at/\\evil.example", "/s.json%0d%0aX:1"]
)
def test_a_redirect_stays_here(ask: TestClient, path: str) -> None:
    answer = ask.get(path)
    assert answer.status_code in {308, 404}
    assert answer.headers.get("location", "/articles").startswith(("/articles", "/as-of/", "/sources"))
    assert "x" not in answer.headers


def test_what_only_begins_like_a_short_address_is_none(ask: TestClient) -> None:
    for path in ("/apples", "/g.exe", "/sx", "/attic/1"):
        assert ask.get(path).status_code == 404, path


@pytest.mark.parametrize("path", [*PAGES, "/", *DATA, *(f"/api/v1/{path}" for path in API)])
def test_no_page_feed_or_answer_names_a_short_address(ask: TestClient, path: str) -> None:
    answer = ask.get(path)
    assert answer.status_code == 200
    assert SHORT.findall(answer.text) == []
    assert SHORT.findall(f'"{answer.headers.get("link", "")}"') == []


def paths_in(value: object) -> Iterator[str]:
    """Every path of ours in an answer: ``path``, ``diff``, ``pair`` and the like."""
    match value:
        case dict():
            for name, member in value.items():
                if name in {"path", "diff", "pair", "article", "feed", "permalink", "next"} and isinstance(member, str):
                    yield member
                yield from paths_in(member)
        case list():
            for member in value:
                yield from paths_in(member)


def test_every_path_that_an_answer_names_leads_to_a_page(ask: TestClient) -> None:
    named = {
        path.partition("#")[0]
        for page in (*map(json_of, PAGES), *(f"/api/v1/{path}" for path in API))
        for path in paths_in(json.loads(ask.get(page).text))
        if not path.startswith("/api/")
    }
    assert len(named) > 20
    assert {path: status for path in sorted(named) if (status := ask.get(path).status_code) not in {200, 303}} == {}


def test_every_link_on_a_page_leads_to_a_page(ask: TestClient) -> None:
    linked = {
        link.replace("&amp;", "&").partition("#")[0]
        for page in ("/", *PAGES)
        for link in re.findall(r'href="(/[^"]*)"', ask.get(page).text)
    }
    assert len(linked) > 40
    assert {link: status for link in sorted(linked) if (status := ask.get(link).status_code) not in {200, 303}} == {}
