"""Runs from the index to the report: a real archive, and a loopback site that may fail."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from archive.api import Archive
from archive.cli import main
from archive.pipeline.backfill import backfill as run_backfill
from archive.pipeline.backfill import backfill_scope
from archive.pipeline.refresh import refresh as run_refresh
from archive.pipeline.reprocess import reextract, rematch
from archive.pipeline.run import batches
from archive.pipeline.upkeep import upkeep
from archive.seeds.frontier.plan import plan_visits
from archive.settings import LEASE, load_settings
from archive.urls import host_of, url_key
from db import maintenance
from db.errors import BadInput, ConfigError, SeedError, StoreBusy, StoreError
from db.lease_owner import owner_is_alive
from db.queries import sources as source_queries
from db.queries import statistics
from db.reader import Reader
from db.records import SeedKind, Visit
from db.store import Store
from tests.builders import DAY, HOUR, T0, a_seed
from tests.contents import contents, sizes
from tests.newsroom import PARAGRAPHS, answer, gather, page
from tests.replies import page as reply
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from archive.pipeline.run import Work
    from archive.settings import Settings
    from db.records import Report
    from tests.replies import Asked, Say

FEED, TALKS, HARVEST = "http://daily.example/feed.xml", "http://daily.example/talks", "http://daily.example/harvest"
STRAIT = "http://regional.example/strait"
EVERYTHING = ["/feed.xml", "/harvest", "/strait", "/talks"]
INDEX = f"""\
# What the desk watches

## daily

every: 1h

| name | url | kind |
| --- | --- | --- |
| feed | {FEED} | feed |

## regional

every: 1h

| name | url |
| --- | --- |
| strait | {STRAIT} |
"""
GRAIN = (
    "Growers on the eastern plain expect the smallest barley harvest in nine years, the chamber of agriculture said.",
    "A dry May cost the fields a third of their yield, and rain in August came too late to make up for any of it.",
    "Mills have begun to buy abroad. Bread will not cost more before the spring, the bakers' guild told its members.",
)


def feed(*paths: str) -> Say:
    items = "".join(f"<item><title>Item</title><link>http://daily.example{path}</link></item>" for path in paths)
    document = f"<rss version='2.0'><channel><title>Daily</title>{items}</channel></rss>"
    return reply(document.encode(), Content_Type="application/rss+xml")


@dataclass
class Project:
    """A project folder, and the site that serves its sources."""

    folder: Path
    site: Site

    @property
    def db(self) -> Path:
        return self.folder / "data" / "archive.db"

    def environ(self, instant: datetime = T0, **more: str) -> dict[str, str]:
        own = {"RESOLVE": f"*.example=127.0.0.1:{self.site.port}", "MIN_GAP": "0", "CLOCK": instant.isoformat()}
        return {f"WIRECOPY_{name}": value for name, value in (own | more).items()}

    def settings(self, instant: datetime = T0, **more: str) -> Settings:
        return load_settings(self.environ(instant, **more), start=self.folder)

    def write_index(self, text: str) -> None:
        (self.folder / "seeds").mkdir(exist_ok=True)
        (self.folder / "seeds" / "INDEX.md").write_text(text, encoding="utf-8")

    def refresh(self, instant: datetime = T0, **options: Any) -> Report:
        """Refresh as of ``instant``. Afterwards ``requested`` has the paths that this run requested."""
        self.site.asked.clear()
        return asyncio.run(run_refresh(self.settings(instant), **options))

    def backfill(self, instant: datetime = T0, **options: Any) -> Report:
        self.site.asked.clear()
        return asyncio.run(run_backfill(self.settings(instant), **options))

    @property
    def requested(self) -> list[str]:
        return sorted(self.site.targets())


def checks(db: Path) -> int:
    """Return the number of captures of all sources."""
    with Reader(db) as reader:
        return sum(row["checks"] for row in reader.ask("SELECT checks FROM v_sources"))


@contextmanager
def serve_project(folder: Path) -> Iterator[Project]:
    with Site() as site:
        site.pages["/feed.xml"] = feed("/talks?utm_source=feed", "/harvest")
        site.pages["/talks"] = reply(page(*PARAGRAPHS))
        site.pages["/strait"] = reply(page(*PARAGRAPHS, title="Strait to reopen, say ministers"))
        site.pages["/harvest"] = reply(page(*GRAIN, title="Barley harvest smallest in nine years"))
        yield Project(folder, site)


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project after one refresh at T0. Copied by the tests, never changed."""
    with serve_project(tmp_path_factory.mktemp("runs")) as project:
        project.write_index(INDEX)
        assert project.refresh().failed == 0
        assert project.requested == EVERYTHING
    return project.folder


@pytest.fixture
def project(first_day: Path, tmp_path: Path) -> Iterator[Project]:
    """A project with an archive of one day."""
    folder = shutil.copytree(first_day, tmp_path / "project")
    with serve_project(folder) as served:
        yield served


@pytest.fixture
def new_project(tmp_path: Path) -> Iterator[Project]:
    """A project with an index and no archive yet."""
    with serve_project(tmp_path) as served:
        served.write_index(INDEX)
        yield served


def states(db: Path) -> dict[str, Any]:
    with Reader(db) as reader:
        return {state.source.url: state for state in source_queries.states(reader.ask)}


def holders(db: Path, settings: Settings) -> list[str]:
    with Reader(db) as reader:
        return [lease["owner"] for lease in statistics.leases(reader.ask, settings.wall())]


# --- refresh ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_refresh_goes_from_the_index_over_the_feed_to_versions_and_copies(first_day: Path) -> None:
    with Archive(first_day / "data" / "archive.db") as archive:
        assert [source.url for source in archive.sources()] == [FEED, HARVEST, TALKS, STRAIT]
        assert [archive.history(url)[1].versions[0].title for url in (TALKS, STRAIT)] == [
            "Ministers promise to reopen the strait",
            "Strait to reopen, say ministers",
        ]
        (link,) = archive.copies()
        assert {link.a.url, link.b.url} == {TALKS, STRAIT}
        assert archive.history(FEED)[1].versions == ()


def test_when_nothing_is_due_nothing_is_requested_and_nothing_changes(project: Project) -> None:
    before = contents(project.db)
    report = project.refresh(T0 + timedelta(minutes=5))
    assert (project.requested, report.rows, report.counts) == ([], (), {"complaints": 0, "links": 0})
    assert contents(project.db) == before


def test_what_is_due_is_visited_again_and_an_edit_becomes_the_second_version(project: Project) -> None:
    project.site.pages["/talks"] = reply(page(*(paragraph.replace("300", "30") for paragraph in PARAGRAPHS)))
    report = project.refresh(T0 + HOUR)
    assert project.requested == EVERYTHING
    assert [(change.url, change.number, change.kinds) for change in report.changes] == [(TALKS, 2, ("number",))]
    assert {row.url: row.versions for row in report.rows} == {FEED: 0, HARVEST: 0, TALKS: 1, STRAIT: 0}


def test_force_visits_everything_once_due_or_not(project: Project) -> None:
    report = project.refresh(T0 + timedelta(minutes=5), force=True)
    assert project.requested == EVERYTHING
    assert report.counts["versions"] == 0


@pytest.mark.parametrize(
    ("only", "paths"),
    [
        (["regional"], ["/strait"]),
        (["daily/feed"], ["/feed.xml", "/harvest", "/talks"]),
        (["strait"], ["/strait"]),
        ([HARVEST], ["/harvest"]),
        (["regional", TALKS], ["/strait", "/talks"]),
    ],
)
def test_only_selected_sources_are_visited(project: Project, only: list[str], paths: list[str]) -> None:
    project.refresh(T0 + HOUR, only=only)
    assert project.requested == paths


def test_an_unknown_name_is_refused_with_the_groups_there_are(project: Project) -> None:
    before = contents(project.db)
    with pytest.raises(SeedError, match=r"'regionl' in the index; groups are: daily, regional"):
        project.refresh(T0 + HOUR, only=["regional", "regionl"])
    assert project.requested == []
    assert contents(project.db) == before
    assert holders(project.db, project.settings()) == []


def test_a_removed_seed_is_retired_with_its_articles_and_watched_again_when_put_back(project: Project) -> None:
    project.write_index(INDEX.replace(f"| feed | {FEED} | feed |\n", ""))
    project.refresh(T0 + HOUR)
    assert project.requested == ["/strait"]
    assert {url for url, state in states(project.db).items() if state.source.retired_at} == {FEED, TALKS, HARVEST}
    with Archive(project.db) as archive:
        assert len(archive.history(TALKS)[1].versions) == 1
    project.write_index(INDEX)
    project.refresh(T0 + 2 * HOUR)
    assert project.requested == EVERYTHING
    assert not any(state.source.retired_at for state in states(project.db).values())


def test_a_broken_row_is_counted_and_hides_none_of_the_good_ones(new_project: Project) -> None:
    broken = "| bad | htp:/daily.example | feed |\n| worse | http://daily.example/x | fed |\n"
    new_project.write_index(
        INDEX.replace("\n## regional", broken + "\n## regional", 1).replace("|\n\n| bad", "|\n| bad")
    )
    del new_project.site.pages["/strait"]
    report = new_project.refresh(only=["regional"])
    assert report.counts["complaints"] == 2
    assert new_project.requested == ["/strait"]
    assert FEED in states(new_project.db)


def test_without_an_index_a_run_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match="wirecopy init"):
        asyncio.run(run_refresh(load_settings({}, start=tmp_path)))
    assert list(tmp_path.iterdir()) == []


def test_without_a_contact_the_open_web_is_not_visited_and_nothing_is_lost(project: Project) -> None:
    before = sizes(project.db)
    project.write_index(INDEX + "| open | https://news.wirecopy-test.org/a |\n")
    with pytest.raises(ConfigError, match=r"contact is not set, and news\.wirecopy-test\.org is on the open web"):
        project.refresh(T0 + HOUR)
    assert project.requested == []
    after = sizes(project.db)
    assert {name for name in before if after[name] != before[name]} == {"seed", "source", "run"}
    assert holders(project.db, project.settings()) == []


# --- one at a time ---------------------------------------------------------------------------------------------------


def test_a_run_that_shares_the_archive_with_none_is_refused_by_name_and_another_refresh_waits(project: Project) -> None:
    reached, may_answer = threading.Event(), threading.Event()

    async def slow(_: Asked) -> AsyncIterator[bytes]:
        reached.set()
        await asyncio.to_thread(may_answer.wait, 300)
        yield reply(page(*PARAGRAPHS)).raw

    project.site.pages["/talks"] = slow
    reports: list[Report] = []
    first, second = (
        threading.Thread(target=lambda: reports.append(asyncio.run(run_refresh(project.settings(T0 + HOUR)))))
        for _ in range(2)
    )
    first.start()
    try:
        assert reached.wait(30)
        (holder,) = holders(project.db, project.settings())
        for alone in (run_backfill, upkeep, reextract, rematch):
            with pytest.raises(StoreBusy) as refused:
                asyncio.run(alone(project.settings(T0 + HOUR)))
            assert holder in str(refused.value)
        second.start()
        deadline = time.monotonic() + 60
        while len(holders(project.db, project.settings())) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        may_answer.set()
        for thread in (first, second):
            thread.join()
    assert sorted(report.counts.get("visits", 0) for report in reports) == [0, 4]
    assert project.requested == EVERYTHING
    assert holders(project.db, project.settings()) == []


def test_a_run_takes_over_from_a_process_that_died(project: Project) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    wall = project.settings().wall()
    with Store(project.db) as store:
        dead_owner = f"refresh@{socket.gethostname()}:{int(ended.stdout)}:12345#abcdef"
        store.take_lease("run", dead_owner, wall, wall + LEASE, owner_is_alive)
    project.refresh(T0 + HOUR)
    assert project.requested == EVERYTHING


# --- batches ---------------------------------------------------------------------------------------------------------


def test_batches_hold_at_most_200_visits_and_keep_a_site_together() -> None:
    numbers = {"small.example": 60, "large.example": 450, "other.example": 150}
    urls = [f"http://{host}/{n}" for host, number in numbers.items() for n in range(number)]
    urls.sort(key=lambda url: url.rpartition("/")[2])  # in turns, as a plan has them
    visits = [Visit(source_id=number, url=url) for number, url in enumerate(urls)]
    all_batches = batches(visits)
    assert sorted(visit.source_id for batch in all_batches for visit in batch) == list(range(len(visits)))
    assert max(len(batch) for batch in all_batches) == 200
    spread = {
        host: sum(any(host_of(visit.url) == host for visit in batch) for batch in all_batches) for host in numbers
    }
    assert spread == {"small.example": 1, "large.example": 3, "other.example": 1}


@pytest.mark.slow
def test_a_custom_step_around_each_batch_gives_the_same_archive(first_day: Path, new_project: Project) -> None:
    batches_seen: list[tuple[str, int, dict[str, int]]] = []

    async def step(name: str, work: Work, ids: list[int]) -> dict[str, int]:
        assert all(isinstance(source_id, int) for source_id in ids)
        counts = await asyncio.create_task(work(ids))
        batches_seen.append((name, len(ids), counts))
        return counts

    report = new_project.refresh(step=step)
    assert contents(new_project.db) == contents(first_day / "data" / "archive.db")
    assert [(name, size) for name, size, _ in batches_seen] == [("gather", 2), ("gather", 2), ("derive", 3)]
    assert sum(counts.get("visits", 0) for _, _, counts in batches_seen) == report.counts["visits"]


# --- backfill --------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_days(project: Project) -> Project:
    """A project whose feed listed a third article a day later, which is still missing."""
    project.site.pages["/feed.xml"] = feed("/late")
    project.refresh(T0 + DAY, only=[FEED])
    assert project.requested == ["/feed.xml"]
    return project


@pytest.mark.parametrize(
    ("since", "until", "paths"),
    [
        (None, None, sorted([*EVERYTHING, "/late"])),
        (T0 + DAY, None, ["/late"]),
        (None, T0, EVERYTHING),
        (T0, T0 + DAY, sorted([*EVERYTHING, "/late"])),
        (T0 + 2 * DAY, None, []),
    ],
)
def test_a_live_backfill_visits_what_was_first_seen_in_the_window_due_or_not(
    two_days: Project, since: datetime | None, until: datetime | None, paths: list[str]
) -> None:
    window = {"since": since and since.date(), "until": until and until.date()}
    scope = backfill_scope(two_days.settings(), **window)
    two_days.backfill(T0 + DAY + HOUR, **window)
    assert two_days.requested == paths
    assert sorted(url.removeprefix("http://").partition("/")[2] for url in scope) == [path[1:] for path in paths]


def test_an_empty_window_is_refused(project: Project) -> None:
    window = {"since": date(2026, 1, 2), "until": date(2026, 1, 1)}
    with pytest.raises(BadInput, match="until 2026-01-01 is earlier than since 2026-01-02"):
        project.backfill(**window)
    with pytest.raises(BadInput, match="the window is empty"):
        backfill_scope(project.settings(), **window)


def test_a_backfill_reads_new_seeds_of_the_index_first(tmp_path: Path) -> None:
    with serve_project(tmp_path) as project:
        project.write_index("## g\n\n- http://daily.example/talks\n- file: captures/old.warc\n")
        settings = project.settings()
        assert backfill_scope(settings) == ["http://daily.example/talks"]
        assert backfill_scope(settings, since=(T0 + DAY).date()) == []
        report = project.backfill(only=("g",))
    assert (report.counts["visits"], report.counts["versions"]) == (1, 1)


def test_a_backfill_counts_for_each_archive_and_names_the_failure(tmp_path: Path) -> None:
    with serve_project(tmp_path) as project:
        project.write_index("## g\n\n- http://daily.example/talks\n- http://daily.example/strait\n")
        dead, empty = "http://127.0.0.1:1/timemap/link/", project.site.url("/timemap/link/")
        settings = project.settings(ARCHIVES=f"{dead},{empty}", ALLOW_PRIVATE="yes")
        assert len(backfill_scope(settings, source="archives")) == 2
        report = asyncio.run(run_backfill(settings, source="archives"))
    first, second = report.archives
    assert (first.name, first.pages, first.recorded, first.failures) == ("127.0.0.1:1", 2, 0, 2)
    assert (first.reason, report.failed) == ("connect", 2)
    assert (second.pages, second.failures) == (2, 0)


def test_a_backfill_of_payloads_derives_the_captures_of_the_window_again_offline(project: Project) -> None:
    project.refresh(T0 + DAY)
    before = contents(project.db)
    day = (T0 + DAY).date()
    report = project.backfill(T0 + 2 * DAY, source="payloads", since=day, until=day)
    assert (report.counts["queued"], report.counts["derived"], project.requested) == (3, 3, [])  # a feed has no text
    assert project.backfill(T0 + 2 * DAY, source="payloads", only=["regional"]).counts["queued"] == 2
    assert contents(project.db) == before


def test_an_interrupted_backfill_resumes_with_what_it_had_not_visited(project: Project) -> None:
    async def never(_: Asked) -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""

    async def cut_off() -> None:
        running = asyncio.create_task(run_backfill(project.settings(T0 + HOUR)))
        # Three more than there were: all but the one that hangs.
        while checks(project.db) < 7:  # noqa: ASYNC110 (another process writes the file)
            await asyncio.sleep(0.02)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    whole, project.site.pages["/strait"] = project.site.pages["/strait"], never
    asyncio.run(cut_off())
    assert holders(project.db, project.settings()) == []
    project.site.pages["/strait"] = whole
    report = project.backfill(T0 + 2 * HOUR)
    assert project.requested == ["/strait"]
    assert report.counts["derived"] == 3
    project.backfill(T0 + 2 * HOUR + timedelta(minutes=1))
    assert project.requested == EVERYTHING  # the run before had finished: this is another one


def test_a_backfill_of_another_window_does_not_resume_the_interrupted_one(project: Project) -> None:
    async def fails(_name: str, _work: Work, _ids: list[int]) -> dict[str, int]:
        raise KeyError

    with suppress(KeyError):
        project.backfill(T0 + HOUR, step=fails)
    ids = [project.backfill(T0 + HOUR, only=only).run_id for only in ((), ("regional",), ())]
    assert ids == sorted(set(ids))


# --- upkeep, offline work --------------------------------------------------------------------------------------------


def test_upkeep_makes_a_checked_backup_and_keeps_the_newest_seven(project: Project) -> None:
    before = contents(project.db)
    dropped = 0
    for day in range(9):
        dropped += asyncio.run(upkeep(project.settings(T0 + day * DAY))).counts["dropped"]
    backups = sorted((project.folder / "data" / "backups").iterdir())
    assert dropped == 2
    assert [backup.name for backup in backups] == [f"archive-202601{day:02}T080000Z.db" for day in range(7, 14)]
    maintenance.check_file(backups[-1], deep=True)
    assert contents(backups[-1]) == contents(project.db) == before


def test_upkeep_learns_when_articles_are_edited_for_the_plan(project: Project) -> None:
    project.refresh(T0 + HOUR, force=True)
    project.refresh(T0 + DAY, force=True)
    assert asyncio.run(upkeep(project.settings(T0 + DAY))).counts["rhythms"] == 2
    with Archive(project.db) as archive:
        rates = archive.rhythms()
    assert {rate.articles for rate in rates} == {1, 2}
    assert all(len(rate.hazard) == 16 and rate.learned_at == T0 + DAY for rate in rates)


@pytest.mark.parametrize("work", [reextract, rematch])
def test_offline_work_changes_nothing_in_a_settled_archive(project: Project, work: Any) -> None:
    before = contents(project.db)
    report = asyncio.run(work(project.settings(T0 + DAY)))
    assert contents(project.db) == before
    assert (report.changes, project.requested) == ((), [])


# --- network failures ------------------------------------------------------------------------------------------------


def test_without_a_network_every_visit_fails_plainly_and_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "| a | https://one.invalid/a |\n| b | https://two.invalid/b |\n"
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "INDEX.md").write_text(f"## far\n\n| name | url |\n| --- | --- |\n{rows}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WIRECOPY_CONTACT", "desk@wire.example")
    monkeypatch.setenv("WIRECOPY_CLOCK", T0.isoformat())
    assert exit_code_of(["refresh"]) == 3
    output = capsys.readouterr()
    assert "No host name could be resolved. Is the network down?" in output.err
    assert [f"https://{name}.invalid/" in output.out for name in ("one", "two")] == [True, True]
    waits = {
        state.source.url: (state.last_reason, state.failures) for state in states(tmp_path / "data/archive.db").values()
    }
    assert waits == {"https://one.invalid/a": ("dns", 1), "https://two.invalid/b": ("dns", 1)}


def exit_code_of(arguments: Sequence[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def test_a_page_that_robots_txt_disallows_is_not_requested_and_says_so(new_project: Project) -> None:
    new_project.site.pages["/robots.txt"] = reply(b"User-agent: *\nDisallow: /strait\n", Content_Type="text/plain")
    report = new_project.refresh(only=["regional"])
    assert new_project.requested == []
    assert [(row.url, row.outcome) for row in report.rows] == [(STRAIT, "robots_denied")]
    assert report.failed == 1


def test_a_wait_that_the_server_asks_for_is_kept_even_when_forced(project: Project) -> None:
    busy = reply(b"<h1>Busy</h1>", status="503 Service Unavailable", Retry_After="7200")
    project.site.pages["/strait"] = busy
    report = project.refresh(T0 + HOUR)
    assert [(row.url, row.outcome) for row in report.rows if row.reason] == [(STRAIT, "server_error")]
    later = T0 + HOUR + timedelta(minutes=110)
    with Reader(project.db) as reader:
        plan = plan_visits(source_queries.states(reader.ask), now=later)
    (waiting,) = [entry for entry in plan.waiting if entry.url == STRAIT]
    assert waiting.because.startswith("asked to wait until 2026-01-05T11:00")
    project.refresh(later, force=True)
    assert "/strait" not in project.requested
    project.site.pages["/strait"] = reply(page(*PARAGRAPHS, title="Strait to reopen, say ministers"))
    project.refresh(T0 + 4 * HOUR)
    assert "/strait" in project.requested
    with Archive(project.db) as archive:
        assert len(archive.history(STRAIT)[1].versions) == 1


@pytest.mark.parametrize("path", ["/gzip-cut", "/reset-at-once", "/length-too-long"])
def test_a_failure_of_one_page_does_not_affect_the_others(project: Project, path: str) -> None:
    project.site.pages["/strait"] = project.site.pages[path]
    report = project.refresh(T0 + HOUR)
    assert report.counts["visits"] == 4
    assert [row.url for row in report.rows if row.outcome not in {"page", "not_modified"}] == [STRAIT]
    with Archive(project.db) as archive:
        assert len(archive.history(STRAIT)[1].versions) == 1


class FullDisk(Store):
    """A store that cannot add sources."""

    def add_discovered(self, *_: object, **__: object) -> list[int]:
        raise StoreError("the disk is full")


def test_a_list_is_recorded_only_after_its_articles_are_added(tmp_path: Path) -> None:
    """After the first visit a list answers 304, so articles that were not added by then never would be."""
    document = feed("/one", "/two").raw.partition(b"\r\n\r\n")[2]
    outcome = answer(T0, document, url=FEED, content_type="text/xml", etag='"1"')
    with FullDisk(tmp_path / "archive.db") as store:
        store.sync_seeds([a_seed(url=FEED, kind=SeedKind.FEED)], {FEED: url_key(FEED)}, T0)
        with pytest.raises(ExceptionGroup):
            gather(store, [outcome], 1, kind=SeedKind.FEED)
        (state,) = source_queries.states(store.ask)
        assert (state.last_visit_at, state.etag) == (None, None)
    with Store(tmp_path / "archive.db") as store:
        gather(store, [outcome], 1, kind=SeedKind.FEED)
        assert len(source_queries.states(store.ask)) == 3
