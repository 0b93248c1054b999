"""First use: typing mistakes, commands without arguments, pages that are gone, and the answers to them."""

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
    return CliRunner().invoke(wirecopy, [str(argument) for argument in arguments], catch_exceptions=False)


def write_pages(path: Path, pages: Iterable[tuple[str, datetime, bytes, int]]) -> None:
    """Write pages to import: address, instant, bytes, status."""
    lines = [
        json.dumps({"url": url, "fetched_at": instant.isoformat(), "html": html.decode(), "status": status})
        for url, instant, html, status in pages
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An article of two versions, gone a day later and still gone the day after; another page was never there."""
    folder = tmp_path_factory.mktemp("first-use")
    first, second = page(), page(PARAGRAPHS[0].replace("300", "30"), *PARAGRAPHS[1:])
    pages = [
        (OTHER, START - HOUR, NOT_FOUND, 404),
        (PACT, START, first, 200),
        (PACT, START + HOUR, second, 200),
        (PACT, START + 2 * HOUR, second, 200),
        (PACT, START + 26 * HOUR, NOT_FOUND, 404),
        (PACT, START + 51 * HOUR, NOT_FOUND, 404),
    ]
    write_pages(folder / "pages.jsonl", pages)
    typed("--db", folder / "archive.db", "import", folder / "pages.jsonl")
    return folder / "archive.db"


# --- questions -------------------------------------------------------------------------------------------------------


def test_list_needs_no_argument(archive: Path) -> None:
    assert PACT in typed("--db", archive, "list").stdout


def test_list_keeps_words_whole_on_a_narrow_terminal(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = typed("--db", archive, "list").stdout.splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[2].startswith("   ")


def test_search_without_words_says_what_is_missing(archive: Path) -> None:
    outcome = typed("--db", archive, "search")
    assert (outcome.exit_code, "Missing argument 'WORDS...'" in outcome.stderr) == (2, True)


def test_an_unknown_group_is_an_error_not_an_empty_list(archive: Path) -> None:
    with pytest.raises(NotArchived, match="no group or seed 'enrgy' in the seed index"):
        typed("--db", archive, "list", "enrgy")


def test_show_says_what_later_checks_found(archive: Path) -> None:
    absence = "later checks: page not found (404), 2026-01-06 10:00 to 2026-01-07 11:00, 2 checks, confirmed"
    assert absence in typed("--db", archive, "show", PACT).stdout
    assert absence in typed("--db", archive, "show", PACT, "--as-of", "2026-01-08").stdout
    assert absence in typed("--db", archive, "show", PACT, "--at", "2026-01-08").stdout


@pytest.mark.parametrize("ref", [PACT + "@1", PACT + "@2026-01-05T08:30Z", PACT + "@2026-01-05T12:00Z"])
def test_show_of_a_time_before_the_absence_does_not_mention_it(archive: Path, ref: str) -> None:
    assert "later checks" not in typed("--db", archive, "show", ref).stdout


@pytest.mark.parametrize("ref", [PACT + "@1", PACT + "@2026-01-05"])
def test_a_version_is_named_in_one_way(archive: Path, ref: str) -> None:
    with pytest.raises(BadInput, match="names a version already"):
        typed("--db", archive, "show", ref, "--as-of", "2026-01-06")


def test_a_search_says_that_the_article_is_gone(archive: Path) -> None:
    absence = "2026-01-05 08:00 to 2026-01-05 10:00, page gone since 2026-01-06 10:00: "
    assert absence in typed("--db", archive, "search", "skippers").stdout
    assert absence in typed("--db", archive, "search", "skippers", "--as-of", "2026-01-08").stdout


def test_a_search_says_that_the_page_was_gone_for_a_time(tmp_path: Path) -> None:
    missing = [(PACT, START + hours * HOUR, NOT_FOUND, 404) for hours in (26, 51)]
    pages = [(PACT, START, page(), 200), *missing, (PACT, START + 98 * HOUR, page(), 200)]
    write_pages(tmp_path / "pages.jsonl", pages)
    db = ("--db", tmp_path / "archive.db")
    typed(*db, "import", tmp_path / "pages.jsonl")
    output = " ".join(typed(*db, "search", "skippers").stdout.split())
    assert "since 2026-01-05 08:00, but gone between 2026-01-05 08:00 and 2026-01-09 10:00: " in output
    (hit,) = json.loads(typed(*db, "search", "skippers", "--json").stdout)["hits"]
    assert hit["gone_between"] == [{"from": "2026-01-05T08:00:00Z", "to": "2026-01-09T10:00:00Z"}]


def test_a_search_as_of_a_time_before_the_absence_does_not_mention_it(archive: Path) -> None:
    output = typed("--db", archive, "search", "skippers", "--as-of", "2026-01-05T10:30Z").stdout
    assert "since 2026-01-05 08:00: " in output
    assert "gone" not in output


def test_only_bytes_of_the_same_page_are_the_same_as_before(archive: Path) -> None:
    """The bytes of the first "not found" are archived already, but as those of another page."""
    rows = typed("--db", archive, "history", PACT, "--checks").stdout.splitlines()[2:]
    assert ["same bytes as before" in row for row in rows] == [False, False, True, False, True]


def test_checks_are_listed_as_they_were_known_then(archive: Path) -> None:
    arguments = ("--db", archive, "history", PACT, "--checks", "--known-at", "2026-01-05T09:30Z")
    assert len(typed(*arguments).stdout.splitlines()[2:]) == 2
    assert len(json.loads(typed(*arguments, "--json").stdout)) == 2
    old_names = ("--db", archive, "history", PACT, "--captures", "--recorded", "2026-01-05T09:30Z", "--json")
    assert typed(*old_names).stdout == typed(*arguments, "--json").stdout


def test_last_seen_does_not_depend_on_the_time_of_the_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for hours in (0, 2, 10):
        instant = START + hours * HOUR
        write_pages(tmp_path / "pages.jsonl", [(PACT, instant, page(), 200)])
        monkeypatch.setenv("WIRECOPY_CLOCK", instant.isoformat())
        typed("--db", tmp_path / "archive.db", "import", tmp_path / "pages.jsonl")
    arguments = ("--db", tmp_path / "archive.db", "show", PACT, "--json", "--known-at")
    versions = [json.loads(typed(*arguments, (START + hours * HOUR).isoformat()).stdout) for hours in (1, 5, 11)]
    assert [version["last_seen_at"][:13] for version in versions] == ["2026-01-05T08", "2026-01-05T10", "2026-01-05T18"]


def test_history_takes_one_way_of_listing(archive: Path) -> None:
    with pytest.raises(BadInput, match="only one of the two"):
        typed("--db", archive, "history", PACT, "--checks", "--states")


def test_the_first_version_of_several_is_not_the_only_one(archive: Path) -> None:
    with pytest.raises(NotArchived, match=f"version 1 of {PACT} has no earlier version .* wirecopy diff {PACT} 1 2"):
        typed("--db", archive, "diff", PACT + "@1")


def test_a_diff_has_no_negative_context(archive: Path) -> None:
    assert typed("--db", archive, "diff", PACT, "--context", "-1").exit_code == 2


def test_a_copy_that_is_gone_is_reported_as_gone(tmp_path: Path) -> None:
    copy = "https://regional.example/pact"
    pages = [
        (PACT, START, page(), 200),
        (copy, START, page(title="Coasts agree on boats"), 200),
        (PACT, START + HOUR, page(PARAGRAPHS[0].replace("300", "30"), *PARAGRAPHS[1:]), 200),
        (copy, START + 26 * HOUR, NOT_FOUND, 404),
        (copy, START + 51 * HOUR, NOT_FOUND, 404),
    ]
    write_pages(tmp_path / "pages.jsonl", pages)
    typed("--db", tmp_path / "archive.db", "import", tmp_path / "pages.jsonl")
    output = typed("--db", tmp_path / "archive.db", "copies", PACT, "--uncorrected").stdout
    assert "said until it was gone: PORT SELWYN" in output
    assert "copy last seen 2026-01-05 08:00, gone since 2026-01-06 10:00" in output


def test_an_interrupted_filter_does_not_promise_to_continue() -> None:
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
    _, errors = child.communicate(timeout=60)
    assert (child.returncode, errors.decode().split()) == (130, ["Interrupted."])


# --- the seed index --------------------------------------------------------------------------------------------------


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
def test_a_new_archive_is_announced_once() -> None:
    creation = "this run created it"
    assert [creation in " ".join(typed("refresh").stderr.split()) for _ in range(2)] == [True, False]


def test_a_run_reports_mistakes_in_the_index(project: Path) -> None:
    write_index(project, f"| url | every |\n| --- | --- |\n| {PACT} | often |")
    assert "INDEX.md:5: cannot use every 'often'" in " ".join(typed("refresh").stderr.split())


def test_no_watch_ends_unnoticed(project: Path) -> None:
    assert "no longer checked" not in typed("refresh").stderr
    write_index(project, f"| url |\n| --- |\n| {OTHER} |")
    assert f"no longer checked, because the seed index does not name them any more: {PACT}." in " ".join(
        typed("refresh").stderr.split()
    )


def test_a_mistake_in_the_index_ends_no_watch(project: Path) -> None:
    typed("refresh")
    write_index(project, f"| url | every |\n| --- | --- |\n| {PACT} | often |\n| {OTHER} | 1d |")
    assert "no longer checked" not in typed("refresh", "--force").stderr
    assert PACT in typed("plan", "--json").stdout
    write_index(project, f"| url |\n| --- |\n| {OTHER} |")
    assert f"no longer checked, because the seed index does not name them any more: {PACT}." in " ".join(
        typed("refresh").stderr.split()
    )


@pytest.mark.usefixtures("project")
def test_an_address_may_be_typed_as_a_browser_shows_it() -> None:
    outcome = typed("refresh", "HTTPS://Daily.Example:443/pact#top", "--json")
    assert json.loads(outcome.stdout)["counts"]["visits"] == 1


def test_a_rejected_run_does_not_look_like_an_empty_one(project: Path) -> None:
    typed("refresh")
    with pytest.raises(SeedError, match="no seed, group or address 'enrgy'"):
        typed("refresh", "enrgy")
    assert "refresh: Rejected because of a wrong name or setting" in " ".join(typed("status").stdout.split())
    assert project.exists()


@pytest.mark.usefixtures("project")
def test_a_dry_backfill_checks_names_and_days() -> None:
    typed("refresh")
    with pytest.raises(SeedError, match="no seed, group or address 'enrgy'"):
        typed("backfill", "enrgy", "--dry-run")
    for source in ("saved", "payloads"):
        arguments = ("backfill", "--dry-run", "--from", source, "--since")
        assert PACT in typed(*arguments, "2001-01-01").stdout
        assert PACT not in typed(*arguments, "2999-01-01").stdout


def test_a_page_that_is_no_feed_is_reported(project: Path) -> None:
    write_index(project, "| url | kind |\n| --- | --- |\n| http://daily.example/feed.xml | feed |")
    with Site() as site:
        site.pages["/feed.xml"] = lambda _request: reply(page(), Content_Type="text/html")
        outcome = CliRunner().invoke(
            wirecopy, ["refresh"], env={"WIRECOPY_RESOLVE": f"*.example=127.0.0.1:{site.port}"}, catch_exceptions=False
        )
    sentence = "it is an article but listed as a feed, so its text is not saved. Set its kind to article (INDEX.md:5)."
    assert outcome.stdout == f"Nothing came of http://daily.example/feed.xml: {sentence}\n"


def test_an_incomplete_list_is_reported(project: Path) -> None:
    feed = b'<rss version="2.0"><channel><item><link>http://daily.example/a-b-c</link></item>'
    write_index(project, "| url | kind |\n| --- | --- |\n| http://daily.example/feed.xml | feed |")
    with Site() as site:
        site.pages["/feed.xml"] = lambda _request: reply(feed, Content_Type="application/rss+xml")
        outcome = CliRunner().invoke(
            wirecopy, ["refresh"], env={"WIRECOPY_RESOLVE": f"*.example=127.0.0.1:{site.port}"}, catch_exceptions=False
        )
    lines = outcome.stdout.splitlines()
    assert lines[:1] == ["page not found (404): http://daily.example/a-b-c"]
    assert lines[2:] == ["list with faults: http://daily.example/feed.xml", "      the feed breaks off after 1 entry"]


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


def test_doctor_counts_mistakes_in_the_index(project: Path) -> None:
    typed("refresh")
    write_index(project, f"| url | every |\n| --- | --- |\n| {PACT} | often |")
    assert "1 mistake in the seed index" in " ".join(typed("doctor").stdout.split())


# --- maintenance -----------------------------------------------------------------------------------------------------


def test_restore_is_refused_while_a_run_is_active(archive: Path, tmp_path: Path) -> None:
    """The run would go on writing to the file that was set aside."""
    path, copy = backup(archive, tmp_path / "archive.db"), backup(archive, tmp_path / "copy.db")
    now = datetime.now(UTC)
    with Store(path) as store:
        owner = lease_owner("refresh")
        store.take_lease("run", owner, now, now + HOUR, owner_is_alive)
        with pytest.raises(StoreBusy, match="a run is active"):
            typed("--db", path, "restore", copy)
        assert sorted(path.name for path in tmp_path.glob("*.replaced*")) == []
        store.release_leases(owner)
    assert f"Restored {path} from {copy}" in typed("--db", path, "restore", copy).stdout


@pytest.mark.parametrize("verb", [["list"], ["events"], ["copies"], ["outlets"], ["search", "strait"]])
def test_an_archive_without_addresses_says_how_to_start(tmp_path: Path, archive: Path, verb: list[str]) -> None:
    Store(tmp_path / "new.db").close()
    assert "Start with: wirecopy add URL" in typed("--db", tmp_path / "new.db", *verb).stderr
    assert "Start with" not in typed("--db", archive, *verb).stderr


def test_a_plan_without_addresses_says_how_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert typed("init").exit_code == 0
    assert "Nothing is watched. Start with: wirecopy add URL" in typed("plan").stderr
    write_index(tmp_path, f"| url |\n| --- |\n| {PACT} |")
    assert typed("plan").stderr == "1 page due now, 0 later.\n"
    assert typed("outlets").stderr.startswith("No articles yet, so there is nothing to count.")


def test_outlets_of_a_period_without_articles_say_so(archive: Path) -> None:
    answer = typed("--db", archive, "outlets", "--until", "2020-01-01")
    assert answer.stdout == ""
    assert answer.stderr.startswith("No articles first seen in this period, so there is nothing to count.")
    assert "wirecopy plan" in answer.stderr


def test_an_empty_file_is_no_archive_to_back_up(tmp_path: Path) -> None:
    (tmp_path / "archive.db").touch()
    with pytest.raises(SchemaMismatch, match="nothing to back up"):
        typed("--db", tmp_path / "archive.db", "backup", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_an_unfinished_run_does_not_look_like_an_empty_one(archive: Path, tmp_path: Path) -> None:
    path = backup(archive, tmp_path / "archive.db")
    with Store(path) as store:
        store.begin_run("refresh", "{}", lease_owner("refresh"), START)
    output = typed("--db", path, "status").stdout
    assert "refresh (unfinished)" in output
    assert "Nothing was due" not in output
