"""Parts of the news world alone: why a page waits or does not, and what four rounds are too few to see."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from archive.api import Archive
from archive.crawl.frontier.plan import plan_visits
from archive.demo.folder import seed_index, write_project
from archive.demo.script import ROUNDS
from archive.demo.site import Site
from archive.demo.world import World
from archive.pipeline.refresh import refresh
from archive.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.settings import Settings
    from db.records import Report

pytestmark = pytest.mark.slow  # every look starts the extractor's workers


@dataclass(frozen=True)
class Desk:
    """An archive in ``folder`` that watches a part of the world served there."""

    folder: Path
    site: Site

    def watch(self, *rows: str) -> None:
        """Watch only what these words name: the lines of the demo's index that have one of them, and all headings."""
        index = seed_index(self.site.world).splitlines()
        kept = [
            line for line in index if not line.startswith("| ") or any(row in line for row in (*rows, "---", "name"))
        ]
        (self.folder / "seeds" / "INDEX.md").write_text("\n".join(kept), encoding="utf-8")

    def settings(self, at: datetime) -> Settings:
        """The settings of a run at that instant."""
        return load_settings({"WIRECOPY_CLOCK": at.isoformat()}, start=self.folder)

    def look(self, at: datetime, *only: str) -> Report:
        """Visit what is due at that instant, or of it what is named."""
        return asyncio.run(refresh(self.settings(at), only=only))

    def waits(self, url: str, at: datetime) -> str:
        """Why a page is or is not visited at that instant."""
        with Archive(self.settings(at).db) as archive:
            plan = plan_visits(archive.states(), now=at)
        return next(each.because for each in (*plan.visits, *plan.waiting) if each.url == url)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    site = Site(World(0))
    write_project(tmp_path, site.world, site.start())
    yield Desk(tmp_path, site)
    site.stop()


def url_of(desk: Desk, name: str) -> str:
    return desk.site.world.url(desk.site.world.deal.articles[name])


def test_a_feed_found_on_the_front_page_makes_an_edited_article_due_that_would_wait_for_weeks(desk: Desk) -> None:
    desk.watch("gazette.example")
    museum = url_of(desk, "gazette-museum")
    desk.look(ROUNDS[0])
    assert "next check in " in desk.waits(museum, ROUNDS[3])
    desk.site.round = 3
    desk.look(ROUNDS[3], "http://gazette.example/latest.atom")
    assert "a list says it was updated at 2026-01-07T17:00:00Z" in desk.waits(museum, ROUNDS[3])


def test_a_pause_that_a_site_asked_for_is_kept_by_the_next_run_for_all_its_pages(desk: Desk) -> None:
    desk.watch("port.example")
    desk.look(ROUNDS[0])
    desk.site.round = 1
    assert desk.look(ROUNDS[1]).counts.get("visits", 0) == 0
    for name in ("port-balizas", "port-tarifas"):
        assert desk.waits(url_of(desk, name), ROUNDS[1]) == "asked to wait until 2026-01-05T16:00:00Z"


def test_the_tenth_visit_asks_for_the_whole_page_and_finds_the_edit_that_a_lying_etag_hid(desk: Desk) -> None:
    desk.watch("beacons")
    beacons = url_of(desk, "ministry-beacons")
    for desk.site.round in (0, 1, 2):
        desk.look(ROUNDS[desk.site.round])
    for hour in range(1, 11):  # the world stands still in round 2, where the tag is that of round 1
        desk.look(ROUNDS[2] + timedelta(hours=hour))
    with Archive(desk.settings(ROUNDS[2]).db) as archive:
        captures = archive.captures(beacons)
        versions = archive.history(beacons)[1].versions
    believed = [capture.status for capture, _ in captures if capture.captured_at >= ROUNDS[2]]
    assert believed == [*[304] * 9, 200, 200]
    found = captures[-2][0]
    assert "validator-lied" in found.flags
    assert [str(kind) for kind in versions[-1].kinds] == ["number"]
    assert versions[-1].first_seen_at == found.captured_at
