"""What somebody types who has just found it: slips, bare verbs, pages that are gone; and what they are told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from archive.cli import wirecopy
from db.errors import BadInput, NotArchived, SchemaMismatch, SeedError, StoreBusy
from db.lease_owner import lease_owner, owner_is_alive
from db.maintenance import backup
from db.store import Store
from tests.newsroom import PARAGRAPHS, page
from tests.replies import page as reply
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from click.testing import Result

PACT = "https://daily.example/pact"
OTHER = "https://daily.example/never"
HOUR = timedelta(hours=1)
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
NOT_FOUND = b"<html><title>Not found</title><p>There is no such page here.</p></html>"


def typed(*arguments: str | Path) -> Result:
    return CliRunner().invoke(wirecopy, [str(each) for each in arguments], catch_exceptions=False)


def write_pages(path: Path, told: Iterable[tuple[str, datetime, bytes, int]]) -> None:
    """Pages to import: address, instant, bytes, status."""
    lines = [
        json.dumps({"url": url, "fetched_at": at.isoformat(), "html": html.decode(), "status": status})
        for url, at, html, status in told
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An article of two versions, gone a day later and still gone the day after; another page was never there."""
    folder = tmp_path_factory.mktemp("first-use")
    first, second = page(), page(PARAGRAPHS[0].replace("300", "30"), *PARAGRAPHS[1:])
    told = [
        (OTHER, START - HOUR, NOT_FOUND, 404),
        (PACT, START, first, 200),
        (PACT, START + HOUR, second, 200),
        (PACT, START + 2 * HOUR, second, 200),
        (PACT, START + 26 * HOUR, NOT_FOUND, 404),
        (PACT, START + 51 * HOUR, NOT_FOUND, 404),
    ]
    write_pages(folder / "pages.jsonl", told)
    typed("--db", folder / "archive.db", "import", folder / "pages.jsonl")
    return folder / "archive.db"


# --- what is asked ---------------------------------------------------------------------------------------------------


def test_list_needs_no_argument(archive: Path) -> None:
    assert PACT in typed("--db", archive, "list").stdout


def test_list_keeps_words_whole_on_a_narrow_terminal(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = typed("--db", archive, "list").stdout.splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[2].startswith("   ")


def test_search_without_words_says_what_is_missing(archive: Path) -> None:
    ran = typed("--db", archive, "search")
    assert (ran.exit_code, "Missing argument 'WORDS...'" in ran.stderr) == (2, True)


def test_a_group_that_is_not_there_is_no_empty_list(archive: Path) -> None:
    with pytest.raises(NotArchived, match="no group or seed 'enrgy' is watched"):
        typed("--db", archive, "list", "enrgy")


def test_show_says_what_the_checks_met_since(archive: Path) -> None:
    met = "met since then: missing_404, 2026-01-06 10:00 to 2026-01-07 11:00, 2 checks, confirmed"
    assert met in typed("--db", archive, "show", PACT).stdout
    assert met in typed("--db", archive, "show", PACT, "--at", "2026-01-08").stdout


@pytest.mark.parametrize("ref", [PACT + "@1", PACT + "@2026-01-05T08:30Z", PACT + "@2026-01-05T12:00Z"])
def test_show_of_a_time_when_it_stood_says_nothing_of_later(archive: Path, ref: str) -> None:
    assert "met since then" not in typed("--db", archive, "show", ref).stdout


@pytest.mark.parametrize("ref", [PACT + "@1", PACT + "@2026-01-05"])
def test_a_version_is_named_in_one_way(archive: Path, ref: str) -> None:
    with pytest.raises(BadInput, match="names a version already"):
        typed("--db", archive, "show", ref, "--at", "2026-01-06")


def test_a_search_says_that_the_article_is_gone(archive: Path) -> None:
    gone = "2026-01-05 08:00 to 2026-01-05 10:00, gone since 2026-01-06 10:00: "
    assert gone in typed("--db", archive, "search", "skippers").stdout
    assert gone in typed("--db", archive, "search", "skippers", "--as-of", "2026-01-08").stdout


def test_a_search_says_that_the_page_was_gone_for_a_time(tmp_path: Path) -> None:
    missing = [(PACT, START + hours * HOUR, NOT_FOUND, 404) for hours in (26, 51)]
    told = [(PACT, START, page(), 200), *missing, (PACT, START + 98 * HOUR, page(), 200)]
    write_pages(tmp_path / "pages.jsonl", told)
    known = ("--db", tmp_path / "archive.db")
    typed(*known, "import", tmp_path / "pages.jsonl")
    said = " ".join(typed(*known, "search", "skippers").stdout.split())
    assert "since 2026-01-05 08:00, but gone between 2026-01-05 08:00 and 2026-01-09 10:00: " in said
    (hit,) = json.loads(typed(*known, "search", "skippers", "--json").stdout)["hits"]
    assert hit["gone_between"] == [{"from": "2026-01-05T08:00:00Z", "to": "2026-01-09T10:00:00Z"}]


def test_a_search_as_of_a_time_when_it_stood_does_not(archive: Path) -> None:
    told = typed("--db", archive, "search", "skippers", "--as-of", "2026-01-05T10:30Z").stdout
    assert "since 2026-01-05 08:00: " in told
    assert "gone" not in told


def test_only_what_a_page_showed_before_is_the_same_as_before(archive: Path) -> None:
    """The first "not found" is held already, as that of another page."""
    rows = typed("--db", archive, "history", PACT, "--captures").stdout.splitlines()[2:]
    assert ["same bytes as before" in row for row in rows] == [False, False, True, False, True]


def test_checks_are_listed_as_they_were_known_then(archive: Path) -> None:
    asked = ("--db", archive, "history", PACT, "--captures", "--recorded", "2026-01-05T09:30Z")
    assert len(typed(*asked).stdout.splitlines()[2:]) == 2
    assert len(json.loads(typed(*asked, "--json").stdout)) == 2


def test_a_version_was_last_seen_when_it_was_seen_not_when_one_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours in (0, 2, 10):
        at = START + hours * HOUR
        write_pages(tmp_path / "pages.jsonl", [(PACT, at, page(), 200)])
        monkeypatch.setenv("WIRECOPY_CLOCK", at.isoformat())
        typed("--db", tmp_path / "archive.db", "import", tmp_path / "pages.jsonl")
    asked = ("--db", tmp_path / "archive.db", "show", PACT, "--json", "--recorded")
    told = [json.loads(typed(*asked, (START + hours * HOUR).isoformat()).stdout) for hours in (1, 5, 11)]
    assert [each["last_seen_at"][:13] for each in told] == ["2026-01-05T08", "2026-01-05T10", "2026-01-05T18"]


def test_history_takes_one_way_of_listing(archive: Path) -> None:
    with pytest.raises(BadInput, match="take one of the two"):
        typed("--db", archive, "history", PACT, "--captures", "--states")


def test_the_first_version_of_several_is_not_the_only_one(archive: Path) -> None:
    with pytest.raises(NotArchived, match=f"version 1 is the first of 2 of {PACT}; .* wirecopy diff {PACT} 1 2"):
        typed("--db", archive, "diff", PACT + "@1")


def test_a_diff_has_no_negative_context(archive: Path) -> None:
    assert typed("--db", archive, "diff", PACT, "--context", "-1").exit_code == 2


def test_a_copy_that_is_gone_says_nothing_any_more(tmp_path: Path) -> None:
    copy = "https://regional.example/pact"
    told = [
        (PACT, START, page(), 200),
        (copy, START, page(title="Coasts agree on boats"), 200),
        (PACT, START + HOUR, page(PARAGRAPHS[0].replace("300", "30"), *PARAGRAPHS[1:]), 200),
        (copy, START + 26 * HOUR, NOT_FOUND, 404),
        (copy, START + 51 * HOUR, NOT_FOUND, 404),
    ]
    write_pages(tmp_path / "pages.jsonl", told)
    typed("--db", tmp_path / "archive.db", "import", tmp_path / "pages.jsonl")
    said = typed("--db", tmp_path / "archive.db", "copies", PACT, "--stale").stdout
    assert "said, and is gone: PORT SELWYN" in said
    assert "copy last seen 2026-01-05 08:00, gone since 2026-01-06 10:00" in said


def test_an_interrupted_filter_has_nothing_to_go_on_with() -> None:
    code = "from archive.cli import main; main(['extract', '--workers', '0'])"
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps({"id": 1, "url": PACT, "html": page().decode()}).encode() + b"\n")
    child.stdin.flush()
    assert json.loads(child.stdout.readline())["id"] == 1
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=500)
    assert (child.returncode, said.decode().split()) == (130, ["wirecopy:", "interrupted"])


# --- what is watched -------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one seed; its site is down."""
    (tmp_path / "seeds").mkdir()
    lines = ('contact = "me@wirecopy.example"', "min_gap = 0", 'resolve = {"*.example" = "127.0.0.1:1"}')
    (tmp_path / "wirecopy.toml").write_text("\n".join(lines), encoding="utf-8")
    write_index(tmp_path, f"| url |\n| --- |\n| {PACT} |")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_index(root: Path, table: str) -> None:
    (root / "seeds" / "INDEX.md").write_text(f"## g\n\n{table}\n", encoding="utf-8")


@pytest.mark.usefixtures("project")
def test_a_new_archive_is_said_once() -> None:
    begun = "it was begun with this run"
    assert [begun in " ".join(typed("refresh").stderr.split()) for _ in range(2)] == [True, False]


def test_a_slip_in_the_index_is_said_by_the_run(project: Path) -> None:
    write_index(project, f"| url | every |\n| --- | --- |\n| {PACT} | often |")
    assert "INDEX.md:5: cannot use every 'often'" in " ".join(typed("refresh").stderr.split())


def test_no_watch_ends_unseen(project: Path) -> None:
    assert "retired" not in typed("refresh").stderr
    write_index(project, f"| url |\n| --- |\n| {OTHER} |")
    assert f"retired, because the index names them no longer: {PACT}." in " ".join(typed("refresh").stderr.split())


def test_a_slip_in_the_index_ends_no_watch(project: Path) -> None:
    typed("refresh")
    write_index(project, f"| url | every |\n| --- | --- |\n| {PACT} | often |\n| {OTHER} | 1d |")
    assert "retired" not in typed("refresh", "--force").stderr
    watched = json.loads(typed("plan", "--json").stdout)
    assert PACT in json.dumps(watched)
    write_index(project, f"| url |\n| --- |\n| {OTHER} |")
    assert f"retired, because the index names them no longer: {PACT}." in " ".join(typed("refresh").stderr.split())


@pytest.mark.usefixtures("project")
def test_an_address_may_be_typed_as_a_browser_shows_it() -> None:
    ran = typed("refresh", "HTTPS://Daily.Example:443/pact#top", "--json")
    assert json.loads(ran.stdout)["counts"]["visits"] == 1


def test_a_run_that_was_refused_is_not_one_with_nothing_to_do(project: Path) -> None:
    typed("refresh")
    with pytest.raises(SeedError, match="no seed, group or address 'enrgy'"):
        typed("refresh", "enrgy")
    assert "refresh: 1 refused" in typed("status").stdout
    assert project.exists()


@pytest.mark.usefixtures("project")
def test_a_dry_backfill_knows_names_and_days() -> None:
    typed("refresh")
    with pytest.raises(SeedError, match="no seed, group or address 'enrgy'"):
        typed("backfill", "enrgy", "--dry-run")
    asked = ("backfill", "--dry-run", "--from", "payloads", "--since")
    assert PACT in typed(*asked, "2001-01-01").stdout
    assert PACT not in typed(*asked, "2999-01-01").stdout


def test_a_page_that_is_no_feed_is_said_to_be_none(project: Path) -> None:
    write_index(project, "| url | kind |\n| --- | --- |\n| http://daily.example/feed.xml | feed |")
    with Site() as site:
        site.pages["/feed.xml"] = lambda _asked: reply(page(), Content_Type="text/html")
        ran = CliRunner().invoke(
            wirecopy, ["refresh"], env={"WIRECOPY_RESOLVE": f"*.example=127.0.0.1:{site.port}"}, catch_exceptions=False
        )
    assert ran.stdout.splitlines() == ["page  http://daily.example/feed.xml", "      it is no feed"]


def test_what_was_left_out_of_a_list_is_said(project: Path) -> None:
    feed = b'<!DOCTYPE rss [<!ENTITY a "b">]><rss version="2.0"><channel><item><link>/a</link></item></channel></rss>'
    write_index(project, "| url | kind |\n| --- | --- |\n| http://daily.example/feed.xml | feed |")
    with Site() as site:
        site.pages["/feed.xml"] = lambda _asked: reply(feed, Content_Type="application/rss+xml")
        lines = CliRunner().invoke(
            wirecopy, ["refresh"], env={"WIRECOPY_RESOLVE": f"*.example=127.0.0.1:{site.port}"}, catch_exceptions=False
        )
    told = ["page  http://daily.example/feed.xml", "      the feed was not read: it declares entities"]
    assert (lines.exit_code, lines.stdout.splitlines()) == (0, told)


def test_an_index_in_another_encoding_cannot_be_added_to(project: Path) -> None:
    index = project / "seeds" / "INDEX.md"
    index.write_bytes("## g\n\nÜber".encode("latin-1"))
    with pytest.raises(SeedError, match=r"INDEX\.md:3: not UTF-8"):
        typed("add", OTHER)
    assert index.read_bytes() == "## g\n\nÜber".encode("latin-1")


def test_a_window_of_an_export_that_ends_before_it_begins_is_refused(archive: Path, tmp_path: Path) -> None:
    window = ("--since", "2026-01-06", "--until", "2026-01-05")
    with pytest.raises(BadInput, match="the window is empty"):
        typed("--db", archive, "export", "jsonl", tmp_path / "none.jsonl", *window)


def test_doctor_finds_a_webhook_that_cannot_be_signed(project: Path) -> None:
    typed("refresh")
    assert "WIRECOPY_NOTIFY_SECRET" not in typed("doctor").stdout
    with (project / "wirecopy.toml").open("a", encoding="utf-8") as file:
        file.write('\nnotify = ["https://hooks.example/a-key"]\n')
    assert "Set WIRECOPY_NOTIFY_SECRET" in " ".join(typed("doctor").stdout.split())


def test_doctor_counts_one_complaint(project: Path) -> None:
    typed("refresh")
    write_index(project, f"| url | every |\n| --- | --- |\n| {PACT} | often |")
    assert "1 complaint about the seed index" in " ".join(typed("doctor").stdout.split())


# --- what is cared for -----------------------------------------------------------------------------------------------


def test_nothing_is_restored_over_a_run_at_work(archive: Path, tmp_path: Path) -> None:
    """What the run goes on to fetch would be kept in the file that was set aside."""
    path, spare = backup(archive, tmp_path / "archive.db"), backup(archive, tmp_path / "spare.db")
    now = datetime.now(UTC)
    with Store(path) as store:
        me = lease_owner("refresh")
        store.take_lease("run", me, now, now + HOUR, owner_is_alive)
        with pytest.raises(StoreBusy, match="a run is at work"):
            typed("--db", path, "restore", spare)
        assert sorted(each.name for each in tmp_path.glob("*.replaced*")) == []
        store.release_leases(me)
    assert "is now" in typed("--db", path, "restore", spare).stdout


def test_an_empty_file_is_no_archive_to_back_up(tmp_path: Path) -> None:
    (tmp_path / "archive.db").touch()
    with pytest.raises(SchemaMismatch, match="nothing to back up"):
        typed("--db", tmp_path / "archive.db", "backup", tmp_path / "spare.db")
    assert not (tmp_path / "spare.db").exists()


def test_a_run_that_has_not_ended_has_yet_to_say_what_it_did(archive: Path, tmp_path: Path) -> None:
    path = backup(archive, tmp_path / "archive.db")
    with Store(path) as store:
        store.begin_run("refresh", "{}", lease_owner("refresh"), START)
    told = typed("--db", path, "status").stdout
    assert "refresh (unfinished)" in told
    assert "nothing was due" not in told
