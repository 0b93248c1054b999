"""Politeness across runs: whole refreshes of one archive, each with its own store and fetcher."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from archive.api import Archive
from archive.crawl.fetch import Fetcher
from archive.crawl.soft404 import is_probe
from archive.pipeline import side_captures
from archive.pipeline.gather import gather
from archive.pipeline.refresh import refresh as run_refresh
from archive.pipeline.run import recall_from
from archive.seeds import load_index
from archive.seeds.frontier.plan import plan_visits
from archive.settings import load_settings
from archive.urls import url_key
from db.queries import origins as origin_queries
from db.queries import sources as source_queries
from db.reader import Reader
from db.records import DiscoveredUrl, Reason, Visit
from db.store import Store
from tests.builders import HOUR, T0, a_capture, add_source
from tests.fetching import policy_for
from tests.newsroom import PARAGRAPHS, derive
from tests.newsroom import page as article
from tests.replies import Asked, Say, page
from tests.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from db.records import Capture, Plan

TALKS, HARVEST = "http://daily.example/talks", "http://daily.example/harvest"
INDEX = f"## daily\n\nevery: 1h\n\n| url |\n| --- |\n| {TALKS} |\n| {HARVEST} |\n"
EDITED = [paragraph.replace("300", "30") for paragraph in PARAGRAPHS]


@dataclass
class Desk:
    """A project folder and the site that serves its sources."""

    folder: Path
    site: Site

    @property
    def db(self) -> Path:
        return self.folder / "data" / "archive.db"

    def refresh(self, moment: datetime = T0, *, force: bool = False) -> list[str]:
        """Refresh at ``moment`` and return all requested paths."""
        self.site.asked.clear()
        values = {"RESOLVE": f"*.example=127.0.0.1:{self.site.port}", "MIN_GAP": "0", "CLOCK": moment.isoformat()}
        settings = load_settings({f"WIRECOPY_{name}": value for name, value in values.items()}, start=self.folder)
        asyncio.run(run_refresh(settings, force=force))
        return sorted(request.target for request in self.site.asked)

    def gather(self, moment: datetime, *, probe: bool = True) -> list[str]:
        """Gather like ``refresh``, but derive nothing, which makes it ten times as fast."""
        self.site.asked.clear()
        index = load_index(self.folder / "seeds" / "INDEX.md").seeds
        self.db.parent.mkdir(exist_ok=True)

        async def work(store: Store) -> None:
            policy = policy_for(self.site, probe=probe)
            async with Fetcher(policy, now=lambda: moment, recall=recall_from(store)) as fetcher:
                due = plan_visits(source_queries.states(store.ask), now=moment).visits
                await gather(store, fetcher, due, run_id=run_id, now=moment)
                await fetcher.finish_probes()
                side_captures.record_side_captures(store, fetcher.side_captures(), run_id=run_id, now=moment)

        with Store(self.db) as store:
            store.sync_seeds(index, {seed.url: url_key(seed.url) for seed in index}, moment)
            run_id = store.begin_run("refresh", "{}", "test", moment)
            asyncio.run(work(store))
        return sorted(request.target for request in self.site.asked)

    def plan(self, moment: datetime, *, force: bool = False) -> Plan:
        with Reader(self.db) as reader:
            return plan_visits(source_queries.states(reader.ask), now=moment, force=force)

    def captures(self, url: str = TALKS) -> list[Capture]:
        with Archive(self.db) as archive:
            return [capture for capture, _ in archive.captures(url)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "INDEX.md").write_text(INDEX, encoding="utf-8")
    with Site() as site:
        site.pages["/talks"] = page(article())
        site.pages["/harvest"] = page(article(*PARAGRAPHS[::-1], title="Barley harvest smallest in nine years"))
        yield Desk(tmp_path, site)


# --- pauses ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_pause_from_one_page_holds_for_its_whole_origin_even_with_force(desk: Desk) -> None:
    desk.gather(T0)
    desk.site.pages["/talks"] = page(status="503 Busy", Retry_After="36000")
    desk.gather(T0 + HOUR)
    assert desk.refresh(T0 + 2 * HOUR, force=True) == []
    desk.site.pages["/talks"] = page(article())
    assert desk.refresh(T0 + 11 * HOUR, force=True) == ["/harvest", "/talks"]


def test_the_plan_gives_the_pause_of_the_origin_as_the_reason(desk: Desk) -> None:
    desk.gather(T0)
    desk.site.pages["/talks"] = page(status="429 Slow down", Retry_After="7200")
    desk.gather(T0 + HOUR)
    for force in (False, True):
        plan = desk.plan(T0 + 2 * HOUR, force=force)
        assert plan.visits == ()
        assert {wait.because for wait in plan.waiting} == {"asked to wait until 2026-01-05T11:00:00Z"}


def test_a_recorded_batch_includes_its_host_states(tmp_path: Path) -> None:
    """The process may be killed right after ``gather``: nothing is closed, no other method is called."""
    with Site() as site, Store(tmp_path / "archive.db") as store:
        site.pages["/talks"] = page(status="429 Slow down", Retry_After="7200")
        source_id = add_source(store, TALKS)
        run = store.begin_run("refresh", "{}", "test", T0)

        async def work() -> None:
            fetcher = Fetcher(policy_for(site), now=lambda: T0, recall=recall_from(store))
            visit = Visit(source_id=source_id, url=TALKS)
            await gather(store, fetcher, [visit], run_id=run, now=T0)
            state = origin_queries.host_state(store.ask, "http://daily.example:80")
            assert state is not None
            assert state.paused_until_at == T0 + 2 * HOUR
            assert recall_from(store)("http://daily.example:80").robots is not None
            await fetcher.__aexit__(None, None, None)

        asyncio.run(work())


# --- validators ------------------------------------------------------------------------------------------------------


def fixed_validator(bodies: dict[str, bytes]) -> object:
    """Return a server whose validator never changes, even if the page does."""

    def respond(request: Asked) -> Say:
        if "if-none-match" in request.headers:
            return page(b"", status="304 Not Modified", ETag='"same"')
        return page(bodies["now"], ETag='"same"')

    return respond


def visit_hourly(desk: Desk, count: int, *, start: int = 0) -> list[bool]:
    """Gather every hour. Return for each visit of the talks whether it was conditional."""
    conditional = []
    for hour in range(start, start + count):
        desk.gather(T0 + hour * HOUR)
        conditional += ["if-none-match" in request.headers for request in desk.site.asked if request.target == "/talks"]
    return conditional


@pytest.mark.slow
def test_every_tenth_check_of_a_page_that_never_changes_is_unconditional(desk: Desk) -> None:
    desk.site.pages["/talks"] = fixed_validator({"now": article()})
    assert visit_hourly(desk, 21) == [False, *[True] * 9, False, *[True] * 9, False]
    assert not any("validator-lied" in capture.flags for capture in desk.captures())


@pytest.mark.slow
def test_a_page_that_changed_under_its_validator_is_then_always_fetched_whole(desk: Desk) -> None:
    bodies = {"now": article()}
    desk.site.pages["/talks"] = fixed_validator(bodies)
    visit_hourly(desk, 5)
    bodies["now"] = article(*EDITED)
    assert visit_hourly(desk, 8, start=5) == [*[True] * 5, False, False, False]
    assert [capture.payload_sha256 is not None for capture in desk.captures()] == [True, *[False] * 9, *[True] * 3]
    assert ["validator-lied" in capture.flags for capture in desk.captures()].index(True) == 10
    with Store(desk.db) as store:
        derive(store, T0 + 20 * HOUR)
    with Archive(desk.db) as archive:
        _, history = archive.history(TALKS)
        assert [version.number for version in history.versions] == [1, 2]


def test_the_plan_says_why_a_visit_is_unconditional(desk: Desk) -> None:
    desk.site.pages["/talks"] = fixed_validator({"now": article()})
    visit_hourly(desk, 10)
    (due,) = [visit for visit in desk.plan(T0 + 10 * HOUR).visits if visit.url == TALKS]
    assert (due.etag, due.last_modified) == (None, None)
    assert due.because.endswith("fetched in full: the site said 9 times in a row that nothing changed")


def test_validators_are_planned_with_their_url_and_codings(desk: Desk) -> None:
    desk.site.pages["/old"] = page(b"", status="302 Found", Location="/talks")
    (desk.folder / "seeds" / "INDEX.md").write_text(INDEX.replace(TALKS, "http://daily.example/old"), encoding="utf-8")
    desk.site.pages["/talks"] = page(article(), ETag='"v1"')
    desk.gather(T0)
    (planned,) = [planned_visit for planned_visit in desk.plan(T0 + HOUR).visits if planned_visit.url.endswith("/old")]
    assert (planned.etag, planned.validators_url) == ('"v1"', TALKS)
    assert planned.validators_coding in {None, "gzip, deflate, br, zstd"}
    desk.gather(T0 + HOUR)
    sent_etags = {request.target: request.headers.get("if-none-match") for request in desk.site.asked}
    assert sent_etags["/old"] is None
    assert sent_etags["/talks"] == '"v1"'


def test_a_validator_without_the_page_it_came_with_is_not_used(desk: Desk) -> None:
    desk.gather(T0)
    with Store(desk.db) as store:
        capture = a_capture(1, at=T0 + HOUR, url=TALKS, reason=Reason.NOT_MODIFIED, etag='"v9"')
        source_id = store.add_source("http://other.example/a", "example,other,)/a", T0)
        store.record([(replace(capture, source_id=source_id), None)])
        store.add_discovered([(DiscoveredUrl(url="http://other.example/a"), "example,other,)/a")], 1, T0)
        (state,) = [candidate for candidate in source_queries.states(store.ask) if candidate.source.id == source_id]
    assert (state.last_reason, state.etag, state.validators_url) == (Reason.NOT_MODIFIED, None, None)


# --- side captures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "expected"), [(12, []), (24, ["/robots.txt"]), (7 * 24, ["/robots.txt", "probe"])])
def test_robots_txt_is_asked_for_once_a_day_and_a_probe_once_a_week(
    desk: Desk, hours: int, expected: list[str]
) -> None:
    def side_requests(moment: datetime) -> list[str]:
        desk.gather(moment)
        targets = [request.target for request in desk.site.asked if request.target not in {"/talks", "/harvest"}]
        return ["probe" if is_probe(target) else target for target in targets]

    assert side_requests(T0) == ["/robots.txt", "probe"]
    assert side_requests(T0 + hours * HOUR) == expected


@pytest.mark.slow
def test_the_soft_404s_of_a_site_are_detected_in_one_run(desk: Desk) -> None:
    sorry = ("We have looked everywhere.", "What you asked for may have moved.", "Our librarian is in on Tuesdays.") * 4
    apology = page(article(*sorry, title="The Daily"))
    desk.site.pages["/talks"] = apology
    desk.site.pages = {"/harvest": desk.site.pages["/harvest"], "/robots.txt": page(status="404 No")}
    desk.site.pages = AnswersAll(desk.site.pages, apology)
    desk.refresh()
    with Archive(desk.db) as archive:
        assert [state for _, state in archive.captures(TALKS)] == ["soft_404"]
        assert [state for _, state in archive.captures(HARVEST)] == ["ok"]
        assert [source.url for source in archive.sources()] == [HARVEST, TALKS]
        assert archive.status(T0)["counts"]["sources"] == 2


@pytest.mark.slow
def test_a_run_makes_the_probe_that_an_interrupted_run_left_out(desk: Desk) -> None:
    desk.gather(T0, probe=False)
    assert [is_probe(target) for target in desk.refresh()] == [True]
    assert desk.refresh() == []


class AnswersAll(dict[str, Say]):
    """Pages of a site that answers every unknown path with the same page."""

    def __init__(self, known: dict[str, Say], unknown: Say) -> None:
        super().__init__(known)
        self._unknown = unknown

    def get(self, key: str, default: object = None) -> Say:
        del default
        return super().get(key, self._unknown)


def test_the_history_of_a_robots_txt_can_be_asked_for(desk: Desk) -> None:
    desk.site.pages["/robots.txt"] = page(b"User-agent: *\nDisallow: /talks", Content_Type="text/plain")
    desk.gather(T0)
    desk.gather(T0 + 25 * HOUR)
    with Archive(desk.db) as archive:
        source, history = archive.history("http://daily.example/robots.txt")
        assert (source.kind, history.versions) == ("robots", ())
        (first, _), (second, _) = archive.captures("http://daily.example/robots.txt")
        assert archive.payload(first) == archive.payload(second) == b"User-agent: *\nDisallow: /talks"
        refused = [capture for capture, _ in archive.captures(TALKS)]
        assert [capture.reason for capture in refused] == [Reason.ROBOTS_DENIED] * 2
        assert first.captured_at.isoformat().removesuffix("+00:00") in refused[0].detail
