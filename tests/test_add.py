"""Adding addresses: forty kinds get their sentences, lists of every form are read, and INDEX.md keeps its bytes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from archive.cli import wirecopy
from archive.seeds import read_index
from archive.seeds.address_lists import read_address_list
from archive.seeds.index_file import IndexChanged, change_index_file
from commands import call_main
from db.errors import BadInput, SeedError
from db.records import SeedKind
from tests.newsroom import page as article
from tests.replies import page as reply
from tests.replies import redirect
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from commands import Ran

RSS = b'<rss version="2.0"><channel><item><title>Cap</title><link>/a-b-c</link></item></channel></rss>'
ATOM = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Cap</title><link href="/a-b-c"/></entry></feed>'
JSON_FEED = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "http://d.example/a-b-c"}]}'
URLSET = (
    b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>http://d.example/a-b-c</loc></url></urlset>'
)
LINKS = "".join(f'<li><a href="/news/story-{n}-of-the-day">Story {n} of the day</a></li>' for n in range(20))
FEED_LINK = '<link rel="alternate" type="application/rss+xml" href="/rss">'
SECTION = f"<!doctype html><title>News</title><h1>News</h1><ul>{LINKS}</ul>".encode()
FRONT = f"<!doctype html><head>{FEED_LINK}</head><body><ul>{LINKS}</ul></body>".encode()
LINKING = article().replace(b"</head>", f"{FEED_LINK}</head>".encode())
OPML = b'<opml version="2.0"><body>%s</body></opml>' % b"".join(
    b'<outline text="Feed %d" xmlUrl="http://d.example/feeds/%d.xml"/>' % (n, n) for n in range(300)
)
BOMB = (
    b'<!DOCTYPE opml [<!ENTITY a "aaaa">]><opml><body><outline text="&a;" xmlUrl="http://d.example/z"/></body></opml>'
)

PAGES = {
    "/": reply(FRONT),
    "/story": reply(article()),
    "/linking": reply(LINKING),
    "/rss": reply(RSS, Content_Type="application/rss+xml"),
    "/rss-as-html": reply(RSS),
    "/atom": reply(ATOM, Content_Type="application/atom+xml"),
    "/feed.json": reply(JSON_FEED, Content_Type="application/feed+json"),
    "/sitemap.xml": reply(URLSET, Content_Type="text/xml"),
    "/urls.txt": reply(b"http://d.example/a-b-c\nhttp://d.example/d-e-f\n", Content_Type="text/plain"),
    "/news": reply(SECTION),
    "/moved": redirect("/new-home", "301 Moved Permanently"),
    "/new-home": reply(article()),
    "/for-now": redirect("/rss", "302 Found"),
    "/round": redirect("/round", "302 Found"),
    "/photo.png": reply(b"\x89PNG\r\n\x1a\n..", Content_Type="image/png"),
    "/all.zip": reply(b"PK\x03\x04..", Content_Type="application/zip"),
    "/sheet.xlsx": reply(
        b"PK\x03\x04..", Content_Type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ),
    "/data.json": reply(b'{"a": 1}', Content_Type="application/json"),
    "/table.csv": reply(b"a,b\n", Content_Type="text/csv"),
    "/report.pdf": reply(b"%PDF-1.7 ..", Content_Type="application/pdf"),
    "/empty": reply(b""),
    "/no-items": reply(b'<rss version="2.0"><channel></channel></rss>', Content_Type="text/xml"),
    "/feeds.opml": reply(OPML, Content_Type="text/x-opml"),
    "/bomb.opml": reply(BOMB, Content_Type="text/x-opml"),
    "/gone": reply(b"", status="410 Gone"),
    "/wall": reply(b"", status="403 Forbidden"),
    "/login": reply(b"", status="401 Unauthorized"),
    "/broken": reply(b"", status="501 Not Implemented"),
    "/robots.txt": reply(b"User-agent: *\nDisallow: /private", Content_Type="text/plain"),
    "/private": reply(article()),
    "/m%C3%BCnchen": reply(article()),
}
D = "http://d.example"
KINDS = [
    (f"{D}/story", "added as article", "an article"),
    (f"{D}/linking", "added as article", f"an article; its page names the feed {D}/rss"),
    (f"{D}/rss", "added as feed", "a feed: 1 articles, such as \u201cCap\u201d"),
    (f"{D}/rss-as-html", "added as feed", "a feed: 1 articles"),
    (f"{D}/atom", "added as feed", "a feed: 1 articles"),
    (f"{D}/feed.json", "added as feed", "a feed: 1 articles"),
    (f"{D}/sitemap.xml", "added as sitemap", "a sitemap: 1 articles"),
    (f"{D}/urls.txt", "added as sitemap", "a sitemap: 2 articles"),
    (f"{D}/news", "added as section", "a page that lists articles: 20 articles"),
    (f"{D}/", "added as section", "a page that lists articles: 20 articles and 1 lists"),
    (f"{D}/moved", "added as article", f"moved there permanently from {D}/moved"),
    (f"{D}/for-now", "added as feed", f"redirected to {D}/rss"),
    (f"{D}/round", "not added", "redirect loop"),
    (f"{D}/photo.png", "not added", "it is an image, which cannot be watched"),
    (f"{D}/all.zip", "not added", "it is a ZIP archive, which cannot be watched"),
    (f"{D}/sheet.xlsx", "not added", "it is a spreadsheet, which cannot be watched"),
    (f"{D}/data.json", "not added", "it is JSON data, which cannot be watched"),
    (f"{D}/table.csv", "not added", "it is a table (CSV), which cannot be watched"),
    (f"{D}/report.pdf", "added as article", "a PDF"),
    (f"{D}/empty", "not added", "it is an empty answer, which cannot be watched"),
    (f"{D}/no-items", "added as feed", "which names no article now"),
    (f"{D}/bomb.opml", "not added", "it declares XML entities, which may do harm"),
    (f"{D}/missing", "not added", "page not found (404)"),
    (f"{D}/gone", "not added", "page gone (410)"),
    (f"{D}/wall", "added as article", "the visit failed: refused (403)"),
    (f"{D}/login", "added as article", "the visit failed: asks for a login (401)"),
    (f"{D}/broken", "added as article", "the visit failed: check failed (error on the site)"),
    (f"{D}/private", "not added", "not fetched: robots.txt forbids it"),
    ("http://closed.example/", "added as article", "the visit failed: check failed (no connection)"),
    ("closed.example/scheme-less", "added as article  https://closed.example/scheme-less", "the visit failed"),
    (f"{D}/m\u00fcnchen", "added as article", "an article"),
    ("http://m\u00fcnchen.example/story", "added as article", "an article"),
    ("http://10.0.0.1/story", "not added", "is a private address"),
    ("http://169.254.169.254/latest", "not added", "is not an address of the public web"),
    ("ftp://d.example/file", "not added", "only http and https"),
    ("javascript:alert(1)", "not added", "only http and https"),
    ("mailto:desk@d.example", "not added", "only http and https"),
    ("just words", "not added", "is no web address"),
    ("http://user:word@d.example/", "not added", "user name"),
    (f"{D}/watched", "known", "it is watched already: energy/old, line 9"),
]
INDEX = f"""# Ours

<!-- a comment -->

##   Energy

| Name | URL | Note |
| :--- | --- | ---: |
| old | {D}/watched | <b>keep</b>   me |

Prose with  two blanks.

* {D}/listed \t
"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as server:
        server.pages.update(PAGES)
        yield server


@pytest.fixture
def root(tmp_path: Path, site: Site) -> Path:
    hosts = {"d.example": site.port, "xn--mnchen-3ya.example": site.port, "closed.example": 1}
    resolve = ", ".join(f'"{host}" = "127.0.0.1:{port}"' for host, port in hosts.items())
    settings = f'contact = "me@d.example"\nmin_gap = 0\nresolve = {{{resolve}}}\n'
    (tmp_path / "wirecopy.toml").write_text(settings, encoding="utf-8")
    (tmp_path / "seeds").mkdir()
    index_of(tmp_path).write_bytes(INDEX.encode())
    return tmp_path


def index_of(root: Path) -> Path:
    return root / "seeds" / "INDEX.md"


def add(root: Path, *arguments: str) -> Ran:
    return call_main("add", *arguments, cwd=root, WIRECOPY_DB=str(root / "archive.db"))


def rows_of(root: Path) -> dict[str, SeedKind]:
    index = read_index(index_of(root).read_text(encoding="utf-8"), file="INDEX.md")
    assert index.complaints == ()
    return {seed.url: seed.kind for seed in index.seeds}


def test_each_kind_of_address_gets_its_sentence_and_the_index_only_gains_rows(root: Path) -> None:
    ran = add(root, *(text for text, _, _ in KINDS))
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert len(lines) == len(KINDS)
    for line, (text, status, sentence) in zip(lines, KINDS, strict=True):
        assert line.startswith(f"{status}"), (text, line)
        assert sentence in line, (text, line)
    text = index_of(root).read_text(encoding="utf-8")
    assert text.startswith(INDEX)
    assert re.fullmatch(r"\n## added\n\n(\|[^\n]*\|\n)+", text.removeprefix(INDEX))
    added = sum(status.startswith("added") for _, status, _ in KINDS)
    assert len(rows_of(root)) == 2 + added
    assert "Added" in ran.err
    again = add(root, *(text for text, _, _ in KINDS))
    assert index_of(root).read_text(encoding="utf-8") == text
    assert not any(line.startswith("added") for line in again.out.splitlines())


# --- lists -----------------------------------------------------------------------------------------------------------


def test_an_opml_list_of_300_on_the_web_or_in_a_file_is_300_feeds(root: Path) -> None:
    assert add(root, f"{D}/feeds.opml").code == 0
    feeds = {f"{D}/feeds/{n}.xml": SeedKind.FEED for n in range(300)}
    assert {url: kind for url, kind in rows_of(root).items() if "/feeds/" in url} == feeds
    (root / "my.opml").write_bytes(OPML)
    assert all(line.startswith("known  ") for line in add(root, "my.opml").out.splitlines())


PASTED = f"""\
# my list
- {D}/story
2. [News]({D}/news), read daily
<{D}/rss>
hello there
d.example/x https://other.example/y.
"""
LISTS = {
    "lines": (PASTED.encode(), [f"{D}/story", f"{D}/news", f"{D}/rss", "", "https://other.example/y"]),
    "utf-16": (PASTED.encode("utf-16"), [f"{D}/story", f"{D}/news", f"{D}/rss", "", "https://other.example/y"]),
    "windows": (f"- {D}/story caf\u00e9".encode("cp1252"), [f"{D}/story"]),
    "comma": (f'name,url,kind\nOne,{D}/1,feed\n"Two, or",{D}/2,\n'.encode(), [f"{D}/1", f"{D}/2"]),
    "semicolon": (f"Titel;Adresse\nEins;{D}/1\nZwei;{D}/2\n".encode(), [f"{D}/1", f"{D}/2"]),
    "tab": (f"{D}/1\tOne\n{D}/2\tTwo\n".encode(), [f"{D}/1", f"{D}/2"]),
    "url of many": (f"url\td\nnot one\tx\n{D}/2\ty\n".encode(), ["not one", f"{D}/2"]),
    "opml": (b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>' + OPML[:200] + b"</body></opml>", None),
    "latin-1 opml": (
        f'<?xml version="1.0" encoding="iso-8859-1"?><opml><body><outline text="caf\u00e9" xmlurl="{D}/r"/>'
        f'<outline type="link" url="{D}/p"/></body></opml>'.encode("latin-1"),
        [f"{D}/r", f"{D}/p"],
    ),
    "bookmarks": (
        f'<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p><DT><A HREF="{D}/1" ADD_DATE="1">One</A>\n'
        f'<DT><A HREF="{D}/site" FEEDURL="{D}/2">Two</A>\n</DL>'.encode(),
        [f"{D}/1", f"{D}/2"],
    ),
    "json bookmarks": (json.dumps({"children": [{"uri": f"{D}/1"}, {"uri": f"{D}/2"}]}).encode(), [f"{D}/1", f"{D}/2"]),
}


@pytest.mark.parametrize(("data", "addresses"), LISTS.values(), ids=LISTS)
def test_lists_of_every_form_are_read(data: bytes, addresses: list[str] | None) -> None:
    entries = read_address_list(data, name="list")
    if addresses is not None:
        assert [entry.text for entry in entries] == addresses
    assert all("\u00c3" not in entry.title for entry in entries)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (BOMB, "it declares XML entities"),
        (BOMB.decode().encode("utf-16"), "it declares XML entities"),
        (b"", "the list is empty"),
        (b"<opml><body/></opml>", "it names no address"),
        (b"\x00\x01\x02", "it is no text"),
        (json.dumps([f"{D}/{n}" for n in range(5_001)]).encode(), "more than 5,000 addresses"),
    ],
)
def test_a_list_that_is_not_read_says_why(data: bytes, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        read_address_list(data, name="list")


def test_a_list_may_be_piped_in_and_options_hold_for_all_rows(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    arguments = ["add", "--kind", "feed", "--group", "Piped", "--every", "1h", "--json"]
    pasted = f"{D}/one\nhello\n{D}/watched\n{D}/two\n"
    document = json.loads(CliRunner().invoke(wirecopy, arguments, input=pasted).stdout)
    assert [row["status"] for row in document["additions"]] == ["added", "refused", "known", "added"]
    seeds = read_index(index_of(root).read_text(encoding="utf-8"), file="").seeds
    assert [(seed.group, str(seed.every)) for seed in seeds if seed.kind is SeedKind.FEED] == [("piped", "1:00:00")] * 2


def test_one_unreadable_list_costs_no_other_and_a_dry_run_writes_nothing(root: Path) -> None:
    (root / "bomb.opml").write_bytes(BOMB)
    before = index_of(root).read_bytes()
    ran = add(root, "--file", "bomb.opml", "--file", "none.txt", f"{D}/one", "--kind", "article", "--dry-run")
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[0] == f"would add as article  {D}/one: not visited yet"
    assert ["bomb.opml" in lines[1], "none.txt" in lines[2]] == [True, True]
    assert index_of(root).read_bytes() == before
    with pytest.raises(BadInput, match="expected auto, once, paused, or a duration"):
        add_raising(root, f"{D}/one", "--every", "often")


def add_raising(root: Path, *arguments: str) -> None:
    ran = add(root, *arguments)
    raise BadInput(ran.err)


# --- the file --------------------------------------------------------------------------------------------------------


def test_the_file_keeps_its_line_ends_its_mark_its_permissions_and_its_link(root: Path) -> None:
    target = root / "elsewhere.md"
    target.write_bytes(b"\xef\xbb\xbf" + INDEX.replace("\n", "\r\n").encode())
    target.chmod(0o640)
    index_of(root).unlink()
    index_of(root).symlink_to(target)
    assert add(root, f"{D}/one", "--kind", "article", "--group", "energy").code == 0
    assert index_of(root).is_symlink()
    data = target.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\r\n") == data.count(b"\n")
    assert target.stat().st_mode & 0o777 == 0o640
    row = f"| d-example-one | {D}/one | |".encode() + b"\r\n"
    assert data.replace(row, b"") == b"\xef\xbb\xbf" + INDEX.replace("\n", "\r\n").encode()


def test_a_read_only_index_is_left_alone_with_a_sentence(root: Path) -> None:
    index_of(root).chmod(0o444)
    ran = add(root, f"{D}/one", "--kind", "article")
    assert (ran.code, "the file is read-only, so nothing was written" in ran.err) == (2, True)
    assert index_of(root).read_bytes() == INDEX.encode()
    assert [path.name for path in index_of(root).parent.iterdir()] == ["INDEX.md"]


def test_an_edit_by_someone_else_is_kept_and_the_rows_are_added_to_it(root: Path) -> None:
    path = index_of(root)
    texts: list[str] = []

    def change(text: str) -> str:
        texts.append(text)
        if len(texts) == 1:  # someone saves the file while the rows are made
            path.write_text(text + "theirs\n", encoding="utf-8")
        return text + "ours\n"

    change_index_file(path, change)
    assert path.read_text(encoding="utf-8") == INDEX + "theirs\nours\n"


def test_a_file_that_never_rests_is_not_overwritten(root: Path) -> None:
    path = index_of(root)

    def change(text: str) -> str:
        path.write_text(text + "theirs\n", encoding="utf-8")
        return text + "ours\n"

    with pytest.raises(IndexChanged, match="someone else is saving the file; nothing was written"):
        change_index_file(path, change)
    assert "ours" not in path.read_text(encoding="utf-8")
    with pytest.raises(SeedError, match="there is no seed index"):
        change_index_file(root / "none.md", str.upper)
