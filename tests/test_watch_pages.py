"""What is watched, in the pages: look, add, edit, pause, move, retire, check; roles, stale forms, read-only files."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from archive.api import Archive, curation
from archive.seeds import read_index
from db.maintenance import upgrade
from db.records import Actor, Role
from serving import NOW, OURS, TOKEN, Started, a_project, application, client

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

INDEX = """\
# Seeds <!-- kept -->

## energy
every: 4h

| name | url | kind | every | note |
| --- | --- | --- | --- | --- |
| grid | https://daily.example/grid | article | | first |
"""
FOUND = [
    {"text": "news.example", "url": "https://news.example/", "status": "added", "kind": "section",
     "because": "a page that lists articles: 20 articles", "title": ""},
    {"text": "b", "url": "https://b.example/rss", "status": "added", "kind": "feed", "because": "a feed",
     "title": "B | C"},
    {"text": "x", "url": "", "status": "refused", "kind": None, "because": "'x' is no web address", "title": ""},
]  # fmt: skip


class Desk:
    """A browser before an archive with an index: its page, and the commands that were started."""

    def __init__(self, folder: Path, token: str = TOKEN) -> None:
        self.db, self.index = folder / "archive.db", folder / "INDEX.md"
        upgrade(self.db)
        if not self.index.exists():
            self.index.write_text(INDEX, encoding="utf-8")
        project, self.started = a_project(self.index)
        self.ask: TestClient = client(
            application(self.db, project=project, guarded=True), authorization=f"Bearer {token}"
        )

    def text(self, path: str) -> str:
        answer = self.ask.get(path)
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    def post(self, path: str, **form: str) -> tuple[int, str]:
        token = self.ask.get("/compare").text.partition('name="token" value="')[2].partition('"')[0]
        answer = self.ask.post(path, data={"token": token} | form, headers={"origin": OURS})
        return answer.status_code, answer.headers.get("location", unescape(answer.text))

    def digest(self) -> str:
        match = re.search(r'name="digest" value="(\w+)"', self.ask.get("/watched/row?seed=energy/grid").text)
        assert match is not None
        return match[1]

    def change(self, action: str, **form: str) -> tuple[int, str]:
        return self.post("/watched/row", seed="energy/grid", action=action, digest=self.digest(), **form)

    def rows(self) -> dict[str, tuple[str, str]]:
        seeds = read_index(self.index.read_text(encoding="utf-8"), file="").seeds
        return {seed.key: (str(seed.kind), str(seed.every)) for seed in seeds}

    def look(self, urls: str = "news.example\nb\nx", found: object = FOUND) -> tuple[str, Started]:
        status, path = self.post("/watched/add", urls=urls, group="News room")
        assert status == 303
        self.started[-1].end(output=json.dumps({"additions": found, "problems": []}))
        return path, self.started[-1]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_an_empty_archive_leads_to_its_first_address(tmp_path: Path) -> None:
    (tmp_path / "INDEX.md").write_text("# Seeds\n", encoding="utf-8")
    desk = Desk(tmp_path)
    start = desk.text("/")
    assert "Watch your first address" in start
    assert 'action="/watched/add"' in start
    assert "javascript:location.href='http://127.0.0.1:8020/watched/add?url='+encodeURIComponent" in start
    (tmp_path / "INDEX.md").write_text(INDEX, encoding="utf-8")
    assert "lists 1 address, and none was visited yet" in " ".join(desk.text("/").split())


def test_an_address_is_looked_at_before_anything_is_written(desk: Desk) -> None:
    path, started = desk.look()
    assert started.given == (["news.example", "b", "x"], "News room")
    assert desk.index.read_text(encoding="utf-8") == INDEX
    page = desk.text(path)
    assert "A page that lists articles: 20 articles" in page
    assert "'x' is no web address" in page


def test_what_was_found_is_added_checked_at_once_and_audited(desk: Desk) -> None:
    path, _ = desk.look()
    digest = re.search(r'name="found" value="(\w+)"', desk.text(path))
    assert digest is not None
    form = {"found": digest[1], "picked": "1", "use-1": "1", "every": "2h"}
    status, checked = desk.post(f"{path}/add", **form)
    assert (status, checked) == (303, "/jobs/2")
    assert desk.started[-1].given == (["https://b.example/rss"],)
    assert desk.rows() == {"energy/grid": ("article", "4:00:00"), "news-room/b-example-rss": ("feed", "2:00:00")}
    assert desk.index.read_text(encoding="utf-8").startswith(INDEX)
    with Archive(desk.db) as archive:
        (entry,) = archive.audit().rows
    assert (entry.action, entry.subject, entry.actor.via) == ("added a row", "https://b.example/rss", "web")


def test_only_what_the_look_found_can_be_added(desk: Desk) -> None:
    """A form names a look and its answer, never an address."""
    path, _ = desk.look()
    assert desk.post(f"{path}/add", found="0" * 64)[0] == 400
    assert desk.post(f"{path}/add", found="0" * 64, url="http://169.254.169.254/")[0] == 400
    assert desk.post("/jobs/99/add", found="0" * 64)[0] == 404
    status, running = desk.post("/watched/add", urls="https://slow.example")
    assert desk.post(f"{running}/add", found="", every="")[0] == 400
    assert status == 303
    assert desk.index.read_text(encoding="utf-8") == INDEX


def test_a_look_that_failed_says_why(desk: Desk) -> None:
    _, path = desk.post("/watched/add", urls="https://a.example")
    desk.started[-1].end(code=2, message="wirecopy: INDEX.md:3: not UTF-8; save the file with that encoding\n")
    assert "not UTF-8; save the file" in desk.text(path)
    assert desk.post("/watched/add", urls=" \n ")[0] == 400


def test_a_long_list_is_taken_and_an_endless_one_is_not(desk: Desk) -> None:
    urls = "\n".join(f"https://news.example/story/{number}" for number in range(1000))
    assert desk.post("/watched/add", urls=urls)[0] == 303
    assert len(desk.started[-1].given[0]) == 1000
    assert desk.post("/watched/add", urls=urls * 4)[0] == 413


def test_a_row_is_edited_paused_resumed_moved_and_retired(desk: Desk) -> None:
    assert desk.change("save", kind="section", every="1h", note="second") == (303, "/watched/row?seed=energy%2Fgrid")
    assert desk.rows() == {"energy/grid": ("section", "1:00:00")}
    assert desk.change("pause")[0] == 303
    assert desk.rows() == {"energy/grid": ("section", "paused")}
    assert "End the pause" in desk.text("/watched/row?seed=energy/grid")
    assert desk.change("save", kind="article", every="2h", note="")[0] == 303
    assert desk.rows() == {"energy/grid": ("article", "paused")}, "editing ends no pause"
    assert desk.change("resume")[0] == 303
    assert desk.rows() == {"energy/grid": ("article", "2:00:00")}
    assert desk.change("move", group="Night desk") == (303, "/watched/row?seed=night-desk%2Fgrid")
    form = {"seed": "night-desk/grid", "action": "retire", "digest": _digest_of(desk, "night-desk/grid")}
    assert desk.post("/watched/row", **form) == (303, "/watched")
    assert desk.rows() == {}
    assert desk.index.read_text(encoding="utf-8").startswith(INDEX.rpartition("| grid")[0])
    with Archive(desk.db) as archive:
        actions = [entry.action for entry in archive.audit().rows]
    assert actions == [
        "retired a row",
        "moved a row",
        "ended a pause",
        "changed a row",
        "paused a row",
        "changed a row",
    ]


def _digest_of(desk: Desk, key: str) -> str:
    return re.findall(r'name="digest" value="(\w+)"', desk.text(f"/watched/row?seed={quote(key)}"))[0]


def test_a_change_of_somebody_else_is_said_and_kept(desk: Desk) -> None:
    digest = desk.digest()
    desk.index.write_text(INDEX + "A line of Ben.\n", encoding="utf-8")
    status, text = desk.post("/watched/row", seed="energy/grid", action="retire", digest=digest)
    assert (status, "was changed by somebody else meanwhile" in text) == (409, True)
    assert desk.index.read_text(encoding="utf-8") == INDEX + "A line of Ben.\n"


def test_without_a_digest_nothing_is_changed(desk: Desk) -> None:
    assert desk.post("/watched/row", seed="energy/grid", action="retire")[0] == 409
    assert desk.index.read_text(encoding="utf-8") == INDEX


def test_a_file_that_is_read_only_is_said_before_and_after(desk: Desk) -> None:
    digest = desk.digest()
    desk.index.chmod(0o444)
    page = desk.text("/watched/row?seed=energy/grid")
    assert "the file is read-only" in page
    assert 'value="retire"' not in page
    assert 'action="/watched/add"' not in desk.text("/watched")
    status, text = desk.post("/watched/row", seed="energy/grid", action="retire", digest=digest)
    assert (status, "the file is read-only" in text) == (409, True)
    assert desk.index.read_text(encoding="utf-8") == INDEX


def test_reading_the_pages_visits_and_changes_nothing(desk: Desk) -> None:
    path, _ = desk.look()
    before, jobs = desk.index.read_bytes(), len(desk.started)
    for address in (
        "/watched",
        "/watched/row?seed=energy/grid&action=retire&token=" + TOKEN,
        "/watched/add?url=https://a.example&urls=https://a.example&token=" + TOKEN,
        path,
        path + "?found=1",
    ):
        desk.text(address)
    for address in (f"{path}/add", "/watched/check"):
        assert desk.ask.get(address).status_code in {404, 405}
    assert (desk.index.read_bytes(), len(desk.started)) == (before, jobs)


def test_a_row_can_be_checked_before_any_run_knows_it(desk: Desk) -> None:
    assert desk.post("/watched/check", seed="energy/grid") == (303, "/jobs/1")
    assert desk.started[0].given == (["https://daily.example/grid"],)
    assert desk.post("/watched/check", seed="energy/none")[0] == 404


def test_who_may_not_manage_reads_the_list_and_gets_no_form(tmp_path: Path) -> None:
    Desk(tmp_path)
    reader = "wc_the-token-of-ana"
    curation.add_token(tmp_path / "archive.db", "ana", reader, [Role.LABEL], now=NOW, actor=Actor())
    ana = Desk(tmp_path, reader)
    pages = [ana.text(path) for path in ("/", "/sources", "/watched", "/watched/add", "/watched/row?seed=energy/grid")]
    assert "https://daily.example/grid" in pages[2]
    assert not any('action="/watched/add"' in page or 'action="/watched/row"' in page for page in pages)
    assert 'action="/watched/check"' in pages[4]
    for path in ("/watched/add", "/watched/row", "/jobs/1/add"):
        assert ana.post(path, urls="https://a.example", seed="energy/grid", action="retire", digest="x")[0] == 403


def test_mistakes_and_hostile_notes_are_shown_as_text(desk: Desk) -> None:
    row = "| x | https://x.example/a | article | often | <script>alert(1)</script> |\n"
    desk.index.write_text(INDEX + row, encoding="utf-8")
    answer = desk.ask.get("/watched")
    assert "1 mistake in the file" in answer.text
    assert "<script>alert" not in answer.text


def test_an_index_that_cannot_be_read_costs_no_other_page(desk: Desk) -> None:
    desk.index.write_bytes("## g\n\n\u00dcber".encode("latin-1"))
    assert desk.ask.get("/").status_code == desk.ask.get("/sources").status_code == 200
    answer = desk.ask.get("/watched")
    assert (answer.status_code, "not UTF-8" in answer.text) == (409, True)


def test_a_server_without_an_index_says_so(tmp_path: Path) -> None:
    upgrade(tmp_path / "archive.db")
    ask = client(application(tmp_path / "archive.db"))
    assert ask.get("/watched").status_code == 404
    assert "wirecopy add" in ask.get("/").text
