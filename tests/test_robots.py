"""robots.txt kept as evidence: what it said yesterday holds today, also for a process that was not there."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from archive.crawl.fetch import Fetcher
from archive.pipeline import side_captures
from archive.pipeline.run import recall_from
from archive.timestamps import iso
from archive.urls import url_key
from db.queries import captures as capture_queries
from db.queries import origins as origin_queries
from db.queries import sources as source_queries
from db.queries import statistics
from db.records import Outcome, Reason, SeedKind
from db.store import Store
from tests.builders import a_seed, new_archive
from tests.fetching import HOST, NOON, Clock, policy_for, visit
from tests.replies import Say, page, raw
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from db.records import Capture, HostState

ROBOTS = f"{HOST}/robots.txt"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHUT = page(b"User-agent: *\nDisallow: /page", Content_Type="text/plain", ETag='"r1"')
OPEN = page(b"User-agent: *\nDisallow: /secret", Content_Type="text/plain", ETag='"r2"')
BROKEN = page(status="500 Oops")


@dataclass
class Days:
    """A store that outlives its fetchers: each ``visit`` is made by a process of its own, at its own time."""

    store: Store
    site: Site
    policy: dict[str, object] = field(default_factory=dict)

    def visit(self, path: str = "/page", *, after: timedelta = timedelta()) -> Outcome:
        clock = Clock()
        clock.at = NOON + after
        self.site.asked.clear()

        async def work() -> Outcome:
            policy = policy_for(self.site, **self.policy)
            recall = recall_from(self.store)
            async with Fetcher(policy, now=clock.now, sleep=clock.sleep, recall=recall) as fetcher:
                outcome = await fetcher.fetch(visit(path))
                side_captures.record_side_captures(self.store, fetcher.asides(), run_id=None, now=clock.at)
                return outcome

        return asyncio.run(work())

    def says(self, robots: Say) -> None:
        self.site.pages["/robots.txt"] = robots

    @property
    def asked(self) -> list[str]:
        return [asked.target for asked in self.site.asked]

    @property
    def kept(self) -> list[Capture]:
        source = source_queries.by_url_key(self.store.ask, url_key(ROBOTS))
        assert source is not None
        assert (source.kind, source.seed_key) == (SeedKind.ROBOTS, None)
        return capture_queries.of_source(self.store.ask, source.id)

    @property
    def remembered(self) -> HostState:
        found = origin_queries.manners(self.store.ask, f"{HOST}:80")
        assert found is not None
        return found


@contextmanager
def at(path: Path) -> Iterator[Days]:
    with Store(path if path.exists() else new_archive(path)) as store, Site() as site:
        yield Days(store, site)


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    with at(tmp_path / "archive.db") as days:
        yield days


# --- kept, and read again --------------------------------------------------------------------------------------------


def test_a_restart_within_a_day_reads_the_rules_from_the_archive(days: Days) -> None:
    days.says(SHUT)
    assert days.visit().reason is Reason.ROBOTS_DENIED
    assert days.asked == ["/robots.txt"]
    assert days.visit(after=23 * HOUR).reason is Reason.ROBOTS_DENIED
    assert days.asked == []
    assert days.visit("/gzip", after=23 * HOUR).reason is None
    assert days.asked == ["/gzip"]


def test_after_a_day_it_is_asked_whether_the_rules_still_stand(days: Days) -> None:
    def conditionally(asked: object) -> Say:
        return page(b"", status="304 Not Modified") if "if-none-match" in asked.headers else SHUT

    days.says(conditionally)
    days.visit()
    refused = days.visit(after=25 * HOUR)
    assert (refused.reason, days.asked) == (Reason.ROBOTS_DENIED, ["/robots.txt"])
    assert [capture.reason for capture in days.kept] == [None, Reason.NOT_MODIFIED]
    days.visit(after=48 * HOUR)  # confirmed at 25 h, which holds for a day
    assert days.asked == []
    days.visit(after=50 * HOUR)
    assert [asked.headers.get("if-none-match") for asked in days.site.asked] == ['"r1"']


def test_new_rules_hold_from_the_day_they_are_read(days: Days) -> None:
    days.says(SHUT)
    days.visit()
    days.says(OPEN)
    assert days.visit(after=25 * HOUR).reason is None
    assert days.asked == ["/robots.txt", "/page"]


def test_a_refusal_names_the_capture_that_decided(days: Days) -> None:
    days.says(SHUT)
    days.visit()
    later = days.visit(after=HOUR)
    (capture,) = days.kept
    assert iso(capture.captured_at) in later.detail
    assert capture_queries.payload(days.store.ask, capture.payload_sha256 or "").startswith(b"User-agent")


def test_a_crawl_delay_is_kept_after_a_restart(days: Days) -> None:
    days.policy["min_gap"] = 1
    days.says(page(b"User-agent: *\nCrawl-delay: 7", Content_Type="text/plain"))
    days.visit()
    clock = Clock()

    async def work() -> None:
        recall = recall_from(days.store)
        async with Fetcher(policy_for(days.site, min_gap=1), now=clock.now, sleep=clock.sleep, recall=recall) as again:
            await again.fetch(visit("/page"))
            await again.fetch(visit("/page"))

    asyncio.run(work())
    assert clock.slept == [7.0, 7.0]  # before the first, too: the run before had just asked


def test_http_and_https_have_rules_of_their_own(days: Days) -> None:
    days.says(SHUT)
    days.visit()
    assert recall_from(days.store)(f"{HOST}:80").robots is not None
    assert recall_from(days.store)("https://daily.example:443").robots is None


def test_no_robots_txt_is_remembered_as_no_rules(days: Days) -> None:
    assert days.visit().reason is None
    assert days.visit(after=HOUR).reason is None
    assert days.asked == ["/page"]
    assert [capture.reason for capture in days.kept] == [Reason.MISSING_404]


def test_of_a_file_without_end_the_first_half_mebibyte_is_read_kept_and_remembered(days: Days) -> None:
    days.says(page(b"User-agent: *\nDisallow: /page\n" + b"# filler\n" * 400_000, Content_Type="text/plain"))
    assert days.visit().reason is Reason.ROBOTS_DENIED
    (capture,) = days.kept
    assert capture.reason is Reason.TOO_LARGE
    assert 512 * 1024 <= (capture.payload_length or 0) < 1024 * 1024
    assert days.visit(after=HOUR).reason is Reason.ROBOTS_DENIED
    assert days.asked == []


# --- closed while it cannot be had -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how", [BROKEN, page(status="429 Slow down"), raw("HTTP/1.1 200 OK\nContent-Length: 99", b"U")]
)
def test_a_site_whose_robots_txt_cannot_be_had_is_closed_and_since_when_is_remembered(days: Days, how: Say) -> None:
    days.says(how)
    assert days.visit().reason is Reason.ROBOTS_DENIED
    assert "/page" not in days.asked
    assert days.remembered.robots_failing_since_at == NOON
    assert days.visit(after=DAY).reason is Reason.ROBOTS_DENIED
    assert days.remembered.robots_failing_since_at == NOON


def test_a_closed_site_is_not_asked_again_for_ten_minutes_not_even_by_another_process(days: Days) -> None:
    days.says(BROKEN)
    days.visit()
    assert days.visit(after=timedelta(minutes=9)).reason is Reason.ROBOTS_DENIED
    assert days.asked == []
    days.says(OPEN)
    assert days.visit(after=timedelta(minutes=10)).reason is None


def test_after_thirty_days_of_that_it_counts_as_none(days: Days) -> None:
    days.says(BROKEN)
    days.visit()
    assert days.visit(after=29 * DAY).reason is Reason.ROBOTS_DENIED
    assert days.visit(after=30 * DAY).reason is None
    assert days.remembered.robots_failing_since_at == NOON
    assert days.visit(after=30 * DAY + HOUR).reason is None  # and holds for a day
    assert days.asked == ["/page"]


def test_an_answer_ends_the_count(days: Days) -> None:
    days.says(BROKEN)
    days.visit()
    days.says(OPEN)
    days.visit(after=20 * DAY)
    assert days.remembered.robots_failing_since_at is None
    days.says(BROKEN)
    assert days.visit(after=31 * DAY).reason is Reason.ROBOTS_DENIED


def test_a_pause_says_nothing_about_robots_txt(days: Days) -> None:
    days.says(OPEN)
    days.site.pages["/page"] = page(status="429 Slow down", Retry_After="86400")
    days.visit()
    before = days.kept
    assert days.visit(after=25 * HOUR - timedelta(hours=2)).reason is Reason.RATE_LIMITED
    assert (days.asked, days.kept) == ([], before)


# --- evidence, not an article ----------------------------------------------------------------------------------------


def test_robots_txt_is_kept_without_being_watched_read_or_counted(days: Days) -> None:
    days.says(SHUT)
    days.visit()
    assert len(days.kept) == 1
    assert capture_queries.underived(days.store.ask, 10) == []
    assert source_queries.states(days.store.ask) == []
    assert source_queries.everything(days.store.ask) == []
    assert statistics.counts(days.store.ask)["sources"] == 0
    assert days.store.ask("SELECT * FROM v_sources") == []
    assert source_queries.similar_urls(days.store.ask, "robots.txt") == []


def test_who_watches_a_robots_txt_keeps_doing_so(days: Days) -> None:
    days.store.sync_seeds([a_seed("rules", url=ROBOTS)], {ROBOTS: url_key(ROBOTS)}, NOON)
    days.visit()
    source = source_queries.by_url_key(days.store.ask, url_key(ROBOTS))
    assert source is not None
    assert (source.kind, source.seed_key) == (SeedKind.ARTICLE, "daily/rules")
