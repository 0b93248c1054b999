"""Sources of which nothing came: refresh, status and the web pages say why, and which row to change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from commands import call_main
from serving import application, client
from tests.newsroom import page as article
from tests.replies import page as reply
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.replies import Say

RSS = b'<?xml version="1.0"?><rss version="2.0"><channel><item><link>/a/first-story</link></item></channel></rss>'
NO_ITEMS = b'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title></channel></rss>'
BOMB = b'<!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"><channel><item><link>/a</link></item></channel></rss>'
URLSET = (
    b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>http://d.example/a-b-c</loc></url></urlset>'
)
LINKS = "".join(f'<li><a href="/news/story-{n}-of-the-day">Story {n} of the day</a></li>' for n in range(20))
SECTION = f"<!doctype html><title>News</title><h1>News</h1><ul>{LINKS}</ul>".encode()
JSON_FEED = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "http://d.example/a-b-c"}]}'
WORDS = b"<!doctype html><title>Soon</title><p>Soon.</p>"

CASES = {
    "rss": ("article", reply(RSS, Content_Type="text/html"), "it is a feed but listed as an article", "kind to feed"),
    "atom": ("article", reply(b"<feed xmlns='http://www.w3.org/2005/Atom'/>"), "a feed but listed", "kind to feed"),
    "json": ("article", reply(JSON_FEED, Content_Type="application/json"), "a feed but listed", "kind to feed"),
    "map": ("article", reply(URLSET, Content_Type="application/xml"), "it is a sitemap but", "kind to sitemap"),
    "text-map": (
        "article",
        reply(b"http://d.example/a-b-c\n", Content_Type="text/plain"),
        "it is a sitemap",
        "sitemap",
    ),
    "news": ("article", reply(SECTION), "it is a page that lists articles but listed as an article", "kind to section"),
    "opml": (
        "article",
        reply(b'<opml version="2.0"><body/></opml>', Content_Type="text/xml"),
        "an OPML list",
        "wirecopy add http://d.example/opml",
    ),
    "photo": (
        "article",
        reply(b"\x89PNG\r\n\x1a\n..", Content_Type="image/png"),
        "it is an image, which cannot",
        "Remove",
    ),
    "zip": ("article", reply(b"PK\x03\x04..", Content_Type="application/zip"), "it is a ZIP archive, which", "Remove"),
    "sheet": (
        "article",
        reply(b"PK\x03\x04..", Content_Type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        "it is a spreadsheet, which cannot be watched",
        "Remove the row",
    ),
    "table": ("feed", reply(b"a,b\n1,2\n", Content_Type="text/csv"), "it is a table (CSV), which", "Remove the row"),
    "page": ("feed", reply(article()), "it is an article but listed as a feed, so its text is not saved", "to article"),
    "page2": ("sitemap", reply(article()), "it is an article but listed as a sitemap", "kind to article"),
    "list": ("feed", reply(SECTION), "it is a page that lists articles but listed as a feed", "kind to section"),
    "quiet": (
        "feed",
        reply(NO_ITEMS, Content_Type="text/xml"),
        "it names no article and no list",
        "wirecopy add ADDRESS",
    ),
    "bomb": (
        "feed",
        reply(BOMB, Content_Type="text/xml"),
        "the feed was not read: it declares entities",
        "wirecopy add",
    ),
    "short": ("article", reply(WORDS), "too little text to be an article", "set its kind to section"),
    "lost": ("article", reply(b"no", status="404 Not Found"), "page not found (404)", "Compare the address"),
}
FINE = {
    "story": ("article", reply(article())),
    "feed-as-section": ("section", reply(RSS)),
    "feed": ("feed", reply(RSS)),
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as server:
        replies: dict[str, Say] = {name: case[1] for name, case in (CASES | FINE).items()}
        server.pages.update({f"/{name}": said for name, said in replies.items()})
        server.pages["/a/first-story"] = reply(article())
        yield server


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Path:
    """A project whose index has each case as a row, in order from line 5 on."""
    root = tmp_path_factory.mktemp("empty")
    settings = f'resolve = {{"d.example" = "127.0.0.1:{site.port}"}}\ncontact = "me@d.example"\n'
    (root / "wirecopy.toml").write_text(f"min_gap = 0\nprobe = false\n{settings}", encoding="utf-8")
    rows = [f"| {name} | http://d.example/{name} | {case[0]} |" for name, case in (CASES | FINE).items()]
    (root / "seeds").mkdir()
    write(root, rows)
    return root


def write(root: Path, rows: list[str]) -> None:
    table = "\n".join(["| name | url | kind |", "| --- | --- | --- |", *rows])
    (root / "seeds" / "INDEX.md").write_text(f"## g\n\n{table}\n", encoding="utf-8")


def run(root: Path, *arguments: str) -> tuple[int, str]:
    ran = call_main(*arguments, cwd=root, WIRECOPY_DB=str(root / "data" / "archive.db"))
    return ran.code, ran.out


@pytest.fixture(scope="module")
def refreshed(project: Path) -> tuple[int, str]:
    return run(project, "refresh")


def test_refresh_says_of_each_source_why_nothing_came_and_which_line_to_change(refreshed: tuple[int, str]) -> None:
    code, output = refreshed
    assert code == 3
    lines = output.splitlines()
    failed = lines.index("page not found (404): http://d.example/lost")
    assert lines[failed + 1].strip() == "HTTP 404 Not Found"
    place = f"(INDEX.md:{4 + len(CASES)})"
    todo = f"Compare the address with the one in your browser {place}."
    assert lines[failed + 2].strip() == f"No check of it brought anything yet. {todo}"
    for number, (name, (_, _, reason, remedy)) in enumerate(CASES.items(), 5):
        if name == "lost":
            continue
        (sentence,) = [line for line in lines if line.startswith(f"Nothing came of http://d.example/{name}: ")]
        assert reason in sentence
        assert remedy in sentence
        assert sentence.endswith(f"(INDEX.md:{number}).")
    for name in FINE:
        assert not any(f"http://d.example/{name}:" in line for line in lines)


def test_a_row_that_needs_a_person_is_no_failed_fetch(project: Path, refreshed: tuple[int, str]) -> None:
    assert refreshed[0] == 3  # one of all the pages is gone
    assert run(project, "refresh", "http://d.example/photo", "--force")[0] == 1


def test_status_counts_what_was_not_visited_and_lists_what_brought_nothing(
    project: Path, refreshed: tuple[int, str]
) -> None:
    del refreshed
    index = project / "seeds" / "INDEX.md"
    before = index.read_text(encoding="utf-8")
    index.write_text(before + "| later | http://d.example/later | |\n", encoding="utf-8")
    try:
        status = json.loads(run(project, "status", "--json")[1])
        assert "1 address. Next: wirecopy refresh" in run(project, "status")[1]
    finally:
        index.write_text(before, encoding="utf-8")
    assert status["unvisited"] == 1
    assert set(status["nothing"]) == {f"http://d.example/{name}" for name in CASES}


def test_the_web_pages_say_the_same_with_the_key_of_the_row(project: Path, refreshed: tuple[int, str]) -> None:
    del refreshed
    browser = client(application(project / "data" / "archive.db"))
    sources = {source["url"]: source for source in browser.get("/sources.json").json()["sources"]}
    for name, (_, _, reason, _) in CASES.items():
        source = sources[f"http://d.example/{name}"]
        assert reason in source["nothing"]
        assert f"the row g/{name} of the seed index" in source["nothing"]
        if source["kind"] == "article":
            assert reason in browser.get(f"{source['path']}.json").json()["nothing"]
    assert all(sources[f"http://d.example/{name}"]["nothing"] is None for name in FINE)
    assert "it is a feed but listed as an article" in browser.get("/sources").text


def test_a_row_with_its_kind_corrected_is_read_although_the_server_says_unchanged(
    tmp_path: Path, project: Path, site: Site
) -> None:
    (tmp_path / "wirecopy.toml").write_text((project / "wirecopy.toml").read_text("utf-8"), encoding="utf-8")
    (tmp_path / "seeds").mkdir()
    site.pages["/tagged"] = lambda asked: (
        reply(b"", status="304 Not Modified") if "if-none-match" in asked.headers else reply(RSS, ETag='"1"')
    )
    write(tmp_path, ["| feed | http://d.example/tagged | article |"])
    assert "Set its kind to feed" in run(tmp_path, "refresh")[1]
    write(tmp_path, ["| feed | http://d.example/tagged | feed |"])
    code, output = run(tmp_path, "refresh", "--force")
    assert (code, "Nothing came" in output) == (0, False)
    assert "http://d.example/a/first-story" in run(tmp_path, "list")[1]


def test_any_address_of_the_index_can_be_explained(project: Path, refreshed: tuple[int, str]) -> None:
    del refreshed
    code, output = run(project, "explain", "g/rss")
    assert code == 0
    assert "article, g/rss, INDEX.md:5" in output
    assert "it is a feed but listed as an article" in output
    feed = json.loads(run(project, "explain", "http://d.example/feed", "--json")[1])
    assert (feed["kind"], feed["state"], feed["nothing"]) == ("feed", "list", None)
    assert "checked" in feed["next"]
    assert run(project, "explain", "http://d.example/unheard-of")[0] == 4
    assert "it is the first text found here" in run(project, "explain", "http://d.example/story")[1]
