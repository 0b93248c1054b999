"""Runs from the index to the report: a real loopback site in front, a real archive behind, and bad weather between."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from archive.api import Archive
from archive.cli import main
from archive.crawl.frontier.plan import plan_visits
from archive.pipeline.backfill import backfill as run_backfill
from archive.pipeline.backfill import backfill_scope
from archive.pipeline.refresh import refresh as run_refresh
from archive.pipeline.reprocess import reextract, rematch
from archive.pipeline.run import LEASE, batches
from archive.pipeline.upkeep import upkeep
from archive.settings import load_settings
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
class Desk:
    """A project folder and the site its sources are served by."""

    folder: Path
    site: Site

    @property
    def db(self) -> Path:
        return self.folder / "data" / "archive.db"

    def environ(self, at: datetime = T0, **more: str) -> dict[str, str]:
        mine = {"RESOLVE": f"*.example=127.0.0.1:{self.site.port}", "MIN_GAP": "0", "CLOCK": at.isoformat()}
        return {f"WIRECOPY_{name}": value for name, value in (mine | more).items()}

    def settings(self, at: datetime = T0, **more: str) -> Settings:
        return load_settings(self.environ(at, **more), start=self.folder)

    def write_index(self, text: str) -> None:
        (self.folder / "seeds").mkdir(exist_ok=True)
        (self.folder / "seeds" / "INDEX.md").write_text(text, encoding="utf-8")

    def refresh(self, at: datetime = T0, **how: Any) -> Report:
        """Refresh as of ``at``; afterwards ``asked`` holds the paths this run asked for."""
        self.site.asked.clear()
        return asyncio.run(run_refresh(self.settings(at), **how))

    def backfill(self, at: datetime = T0, **how: Any) -> Report:
        self.site.asked.clear()
        return asyncio.run(run_backfill(self.settings(at), **how))

    @property
    def asked(self) -> list[str]:
        return sorted(self.site.targets())


def checks(db: Path) -> int:
    """How many captures there are of what is watched."""
    with Reader(db) as reader:
        return sum(row["checks"] for row in reader.ask("SELECT checks FROM v_sources"))


@contextmanager
def at_work(folder: Path) -> Iterator[Desk]:
    with Site() as site:
        site.pages["/feed.xml"] = feed("/talks?utm_source=feed", "/harvest")
        site.pages["/talks"] = reply(page(*PARAGRAPHS))
        site.pages["/strait"] = reply(page(*PARAGRAPHS, title="Strait to reopen, say ministers"))
        site.pages["/harvest"] = reply(page(*GRAIN, title="Barley harvest smallest in nine years"))
        yield Desk(folder, site)


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project after one refresh at T0; copied, never changed."""
    with at_work(tmp_path_factory.mktemp("runs")) as desk:
        desk.write_index(INDEX)
        assert desk.refresh().failed == 0
        assert desk.asked == EVERYTHING
    return desk.folder


@pytest.fixture
def desk(first_day: Path, tmp_path: Path) -> Iterator[Desk]:
    """A desk with a day's archive."""
    folder = shutil.copytree(first_day, tmp_path / "desk")
    with at_work(folder) as made:
        yield made


@pytest.fixture
def new_desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with an index and no archive yet."""
    with at_work(tmp_path) as made:
        made.write_index(INDEX)
        yield made


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


def test_when_nothing_is_due_nobody_is_asked_and_nothing_changes(desk: Desk) -> None:
    before = contents(desk.db)
    report = desk.refresh(T0 + timedelta(minutes=5))
    assert (desk.asked, report.rows, report.counts) == ([], (), {"complaints": 0, "links": 0})
    assert contents(desk.db) == before


def test_what_is_due_is_visited_again_and_an_edit_becomes_the_second_version(desk: Desk) -> None:
    desk.site.pages["/talks"] = reply(page(*(each.replace("300", "30") for each in PARAGRAPHS)))
    report = desk.refresh(T0 + HOUR)
    assert desk.asked == EVERYTHING
    assert [(change.url, change.number, change.kinds) for change in report.changes] == [(TALKS, 2, ("number",))]
    assert {row.url: row.versions for row in report.rows} == {FEED: 0, HARVEST: 0, TALKS: 1, STRAIT: 0}


def test_force_visits_everything_once_due_or_not(desk: Desk) -> None:
    report = desk.refresh(T0 + timedelta(minutes=5), force=True)
    assert desk.asked == EVERYTHING
    assert report.counts["versions"] == 0


@pytest.mark.parametrize(
    ("only", "asked"),
    [
        (["regional"], ["/strait"]),
        (["daily/feed"], ["/feed.xml", "/harvest", "/talks"]),
        (["strait"], ["/strait"]),
        ([HARVEST], ["/harvest"]),
        (["regional", TALKS], ["/strait", "/talks"]),
    ],
)
def test_only_what_is_named_is_visited(desk: Desk, only: list[str], asked: list[str]) -> None:
    desk.refresh(T0 + HOUR, only=only)
    assert desk.asked == asked


def test_an_unknown_name_is_refused_with_the_groups_there_are(desk: Desk) -> None:
    before = contents(desk.db)
    with pytest.raises(SeedError, match=r"'regionl' in the index; groups are: daily, regional"):
        desk.refresh(T0 + HOUR, only=["regional", "regionl"])
    assert desk.asked == []
    assert contents(desk.db) == before
    assert holders(desk.db, desk.settings()) == []


def test_a_seed_taken_out_is_retired_with_what_it_found_and_put_back_is_watched_again(desk: Desk) -> None:
    desk.write_index(INDEX.replace(f"| feed | {FEED} | feed |\n", ""))
    desk.refresh(T0 + HOUR)
    assert desk.asked == ["/strait"]
    assert {url for url, state in states(desk.db).items() if state.source.retired_at} == {FEED, TALKS, HARVEST}
    with Archive(desk.db) as archive:
        assert len(archive.history(TALKS)[1].versions) == 1
    desk.write_index(INDEX)
    desk.refresh(T0 + 2 * HOUR)
    assert desk.asked == EVERYTHING
    assert not any(state.source.retired_at for state in states(desk.db).values())


def test_a_broken_row_is_counted_and_hides_none_of_the_good_ones(new_desk: Desk) -> None:
    broken = "| bad | htp:/daily.example | feed |\n| worse | http://daily.example/x | fed |\n"
    new_desk.write_index(INDEX.replace("\n## regional", broken + "\n## regional", 1).replace("|\n\n| bad", "|\n| bad"))
    del new_desk.site.pages["/strait"]
    report = new_desk.refresh(only=["regional"])
    assert report.counts["complaints"] == 2
    assert new_desk.asked == ["/strait"]
    assert FEED in states(new_desk.db)


def test_without_an_index_a_run_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match="wirecopy init"):
        asyncio.run(run_refresh(load_settings({}, start=tmp_path)))
    assert list(tmp_path.iterdir()) == []


def test_without_a_contact_the_open_web_is_not_asked_and_nothing_is_lost(desk: Desk) -> None:
    before = sizes(desk.db)
    desk.write_index(INDEX + "| open | https://news.wirecopy-test.org/a |\n")
    with pytest.raises(ConfigError, match=r"contact is not set, and news\.wirecopy-test\.org is on the open web"):
        desk.refresh(T0 + HOUR)
    assert desk.asked == []
    after = sizes(desk.db)
    assert {name for name in before if after[name] != before[name]} == {"seed", "source", "run"}
    assert holders(desk.db, desk.settings()) == []


# --- one at a time ---------------------------------------------------------------------------------------------------


def test_of_two_runs_at_once_the_second_is_refused_by_name_and_the_first_finishes(desk: Desk) -> None:
    reached, may_answer = threading.Event(), threading.Event()

    async def slow(_: Asked) -> AsyncIterator[bytes]:
        reached.set()
        await asyncio.to_thread(may_answer.wait, 300)
        yield reply(page(*PARAGRAPHS)).raw

    desk.site.pages["/talks"] = slow
    done: list[Report] = []
    first = threading.Thread(target=lambda: done.append(asyncio.run(run_refresh(desk.settings(T0 + HOUR)))))
    first.start()
    try:
        assert reached.wait(300)
        (holder,) = holders(desk.db, desk.settings())
        for second in (run_refresh, run_backfill, upkeep, reextract, rematch):
            with pytest.raises(StoreBusy) as refused:
                asyncio.run(second(desk.settings(T0 + HOUR)))
            assert holder in str(refused.value)
    finally:
        may_answer.set()
        first.join()
    assert done[0].counts["visits"] == 4
    assert desk.asked == EVERYTHING
    assert holders(desk.db, desk.settings()) == []


def test_a_run_takes_over_from_a_process_that_died(desk: Desk) -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    wall = desk.settings().wall()
    with Store(desk.db) as store:
        gone = f"refresh@{socket.gethostname()}:{int(ended.stdout)}:12345#abcdef"
        store.take_lease("run", gone, wall, wall + LEASE, owner_is_alive)
    desk.refresh(T0 + HOUR)
    assert desk.asked == EVERYTHING


# --- batches ---------------------------------------------------------------------------------------------------------


def test_batches_hold_at_most_200_visits_and_keep_an_origin_together() -> None:
    numbers = {"small.example": 60, "large.example": 450, "other.example": 150}
    urls = [f"http://{host}/{n}" for host, number in numbers.items() for n in range(number)]
    urls.sort(key=lambda url: url.rpartition("/")[2])  # in turns, as a plan has them
    visits = [Visit(source_id=number, url=url) for number, url in enumerate(urls)]
    made = batches(visits)
    assert sorted(visit.source_id for batch in made for visit in batch) == list(range(len(visits)))
    assert max(len(batch) for batch in made) == 200
    spread = {host: sum(any(host_of(visit.url) == host for visit in batch) for batch in made) for host in numbers}
    assert spread == {"small.example": 1, "large.example": 3, "other.example": 1}


@pytest.mark.slow
def test_a_step_of_ones_own_around_each_batch_gives_the_same_archive(first_day: Path, new_desk: Desk) -> None:
    batches_seen: list[tuple[str, int, dict[str, int]]] = []

    async def step(name: str, work: Work, ids: list[int]) -> dict[str, int]:
        assert all(isinstance(each, int) for each in ids)
        counts = await asyncio.create_task(work(ids))
        batches_seen.append((name, len(ids), counts))
        return counts

    report = new_desk.refresh(step=step)
    assert contents(new_desk.db) == contents(first_day / "data" / "archive.db")
    assert [(name, size) for name, size, _ in batches_seen] == [("gather", 2), ("gather", 2), ("derive", 3)]
    assert sum(counts.get("visits", 0) for _, _, counts in batches_seen) == report.counts["visits"]


# --- backfill --------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_days(desk: Desk) -> Desk:
    """A desk whose feed named a third article, missing so far, a day later."""
    desk.site.pages["/feed.xml"] = feed("/late")
    desk.refresh(T0 + DAY, only=[FEED])
    assert desk.asked == ["/feed.xml"]
    return desk


@pytest.mark.parametrize(
    ("since", "until", "asked"),
    [
        (None, None, sorted([*EVERYTHING, "/late"])),
        (T0 + DAY, None, ["/late"]),
        (None, T0, EVERYTHING),
        (T0, T0 + DAY, sorted([*EVERYTHING, "/late"])),
        (T0 + 2 * DAY, None, []),
    ],
)
def test_a_live_backfill_visits_what_was_first_seen_in_the_window_due_or_not(
    two_days: Desk, since: datetime | None, until: datetime | None, asked: list[str]
) -> None:
    window = {"since": since and since.date(), "until": until and until.date()}
    scope = backfill_scope(two_days.settings(), **window)
    two_days.backfill(T0 + DAY + HOUR, **window)
    assert two_days.asked == asked
    assert sorted(url.removeprefix("http://").partition("/")[2] for url in scope) == [each[1:] for each in asked]


def test_an_empty_window_is_refused(desk: Desk) -> None:
    window = {"since": date(2026, 1, 2), "until": date(2026, 1, 1)}
    with pytest.raises(BadInput, match="until 2026-01-01 lies before since 2026-01-02"):
        desk.backfill(**window)
    with pytest.raises(BadInput, match="the window is empty"):
        backfill_scope(desk.settings(), **window)


def test_a_backfill_of_payloads_derives_the_captures_of_the_window_again_offline(desk: Desk) -> None:
    desk.refresh(T0 + DAY)
    before = contents(desk.db)
    day = (T0 + DAY).date()
    report = desk.backfill(T0 + 2 * DAY, source="payloads", since=day, until=day)
    assert (report.counts["queued"], report.counts["derived"], desk.asked) == (3, 3, [])  # a feed has no text
    assert desk.backfill(T0 + 2 * DAY, source="payloads", only=["regional"]).counts["queued"] == 2
    assert contents(desk.db) == before


def test_a_backfill_cut_off_goes_on_with_what_it_had_not_visited(desk: Desk) -> None:
    async def never(_: Asked) -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""

    async def cut_off() -> None:
        running = asyncio.create_task(run_backfill(desk.settings(T0 + HOUR)))
        # Three more than there were: all but the one that hangs.
        while checks(desk.db) < 7:  # noqa: ASYNC110 (what is waited for stands in the file)
            await asyncio.sleep(0.02)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    whole, desk.site.pages["/strait"] = desk.site.pages["/strait"], never
    asyncio.run(cut_off())
    assert holders(desk.db, desk.settings()) == []
    desk.site.pages["/strait"] = whole
    report = desk.backfill(T0 + 2 * HOUR)
    assert desk.asked == ["/strait"]
    assert report.counts["derived"] == 3
    desk.backfill(T0 + 2 * HOUR + timedelta(minutes=1))
    assert desk.asked == EVERYTHING  # the run before had finished: this is another one


def test_a_backfill_of_another_window_does_not_take_up_the_one_cut_off(desk: Desk) -> None:
    async def fails(_name: str, _work: Work, _ids: list[int]) -> dict[str, int]:
        raise KeyError

    with suppress(KeyError):
        desk.backfill(T0 + HOUR, step=fails)
    ids = [desk.backfill(T0 + HOUR, only=only).run_id for only in ((), ("regional",), ())]
    assert ids == sorted(set(ids))


# --- upkeep, offline work --------------------------------------------------------------------------------------------


def test_upkeep_makes_a_checked_backup_and_keeps_the_newest_seven(desk: Desk) -> None:
    before = contents(desk.db)
    dropped = 0
    for day in range(9):
        dropped += asyncio.run(upkeep(desk.settings(T0 + day * DAY))).counts["dropped"]
    spares = sorted((desk.folder / "data" / "backups").iterdir())
    assert dropped == 2
    assert [spare.name for spare in spares] == [f"archive-202601{day:02}T080000Z.db" for day in range(7, 14)]
    maintenance.check_file(spares[-1], deep=True)
    assert contents(spares[-1]) == contents(desk.db) == before


def test_upkeep_learns_when_articles_are_edited_for_the_plan(desk: Desk) -> None:
    desk.refresh(T0 + HOUR, force=True)
    desk.refresh(T0 + DAY, force=True)
    assert asyncio.run(upkeep(desk.settings(T0 + DAY))).counts["rhythms"] == 2
    with Archive(desk.db) as archive:
        learned = {one.seed_key.partition("/")[0]: one for one in archive.rhythms()}
    assert {one.articles for one in learned.values()} == {1, 2}
    assert all(len(one.hazard) == 16 and one.learned_at == T0 + DAY for one in learned.values())


@pytest.mark.parametrize("work", [reextract, rematch])
def test_offline_work_changes_nothing_in_a_settled_archive(desk: Desk, work: Any) -> None:
    before = contents(desk.db)
    report = asyncio.run(work(desk.settings(T0 + DAY)))
    assert contents(desk.db) == before
    assert (report.changes, desk.asked) == ((), [])


# --- bad weather -----------------------------------------------------------------------------------------------------


def test_without_a_network_every_visit_fails_plainly_and_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "| a | https://one.invalid/a |\n| b | https://two.invalid/b |\n"
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "INDEX.md").write_text(f"## far\n\n| name | url |\n| --- | --- |\n{rows}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WIRECOPY_CONTACT", "desk@wire.example")
    monkeypatch.setenv("WIRECOPY_CLOCK", T0.isoformat())
    assert called(["refresh"]) == 3
    said = capsys.readouterr()
    assert "no network: 2 sources unreachable (name resolution)" in said.err
    assert [f"https://{name}.invalid/" in said.out for name in ("one", "two")] == [True, True]
    waits = {
        state.source.url: (state.last_reason, state.failures) for state in states(tmp_path / "data/archive.db").values()
    }
    assert waits == {"https://one.invalid/a": ("dns", 1), "https://two.invalid/b": ("dns", 1)}


def called(arguments: Sequence[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def test_a_page_that_robots_forbid_is_not_asked_for_and_says_so(new_desk: Desk) -> None:
    new_desk.site.pages["/robots.txt"] = reply(b"User-agent: *\nDisallow: /strait\n", Content_Type="text/plain")
    report = new_desk.refresh(only=["regional"])
    assert new_desk.asked == []
    assert [(row.url, row.outcome) for row in report.rows] == [(STRAIT, "robots_denied")]
    assert report.failed == 1


def test_a_wait_that_the_server_asks_for_is_kept_even_when_forced(desk: Desk) -> None:
    busy = reply(b"<h1>Busy</h1>", status="503 Service Unavailable", Retry_After="7200")
    desk.site.pages["/strait"] = busy
    report = desk.refresh(T0 + HOUR)
    assert [(row.url, row.outcome) for row in report.rows if row.reason] == [(STRAIT, "server_error")]
    later = T0 + HOUR + timedelta(minutes=110)
    with Reader(desk.db) as reader:
        found = plan_visits(source_queries.states(reader.ask), now=later)
    (waiting,) = [each for each in found.waiting if each.url == STRAIT]
    assert waiting.because.startswith("asked to wait until 2026-01-05T11:00")
    desk.refresh(later, force=True)
    assert "/strait" not in desk.asked
    desk.site.pages["/strait"] = reply(page(*PARAGRAPHS, title="Strait to reopen, say ministers"))
    desk.refresh(T0 + 4 * HOUR)
    assert "/strait" in desk.asked
    with Archive(desk.db) as archive:
        assert len(archive.history(STRAIT)[1].versions) == 1


@pytest.mark.parametrize("path", ["/gzip-cut", "/reset-at-once", "/length-too-long"])
def test_weather_on_one_page_leaves_its_neighbours_alone(desk: Desk, path: str) -> None:
    desk.site.pages["/strait"] = desk.site.pages[path]
    report = desk.refresh(T0 + HOUR)
    assert report.counts["visits"] == 4
    assert [row.url for row in report.rows if row.outcome not in {"page", "not_modified"}] == [STRAIT]
    with Archive(desk.db) as archive:
        assert len(archive.history(STRAIT)[1].versions) == 1


class FullDisk(Store):
    """A store that cannot take new sources any more."""

    def add_found(self, *_: object) -> list[int]:
        raise StoreError("the disk is full")


def test_a_list_counts_as_seen_only_when_its_articles_are_noted(tmp_path: Path) -> None:
    """A list answers 304 once it was seen: articles that were not noted by then would never be."""
    listed = feed("/one", "/two").raw.partition(b"\r\n\r\n")[2]
    seen = answer(T0, listed, url=FEED, content_type="text/xml", etag='"1"')
    with FullDisk(tmp_path / "archive.db") as store:
        store.sync_seeds([a_seed(url=FEED, kind=SeedKind.FEED)], {FEED: url_key(FEED)}, T0)
        with pytest.raises(ExceptionGroup):
            gather(store, [seen], 1, kind=SeedKind.FEED)
        (state,) = source_queries.states(store.ask)
        assert (state.last_visit_at, state.etag) == (None, None)
    with Store(tmp_path / "archive.db") as store:
        gather(store, [seen], 1, kind=SeedKind.FEED)
        assert len(source_queries.states(store.ask)) == 3
