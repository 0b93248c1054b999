"""Single outlets of the news world: why a page waits or is due, and cases that need more than four rounds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from archive.api import Archive
from archive.demo.folder import seed_index, write_project
from archive.demo.script import ROUNDS
from archive.demo.site import Site
from archive.demo.world import World
from archive.pipeline.refresh import refresh
from archive.seeds.frontier.plan import plan_visits
from archive.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.settings import Settings
    from db.records import Report

pytestmark = pytest.mark.slow  # every visit starts the extractor's workers


@dataclass(frozen=True)
class Watch:
    """An archive in ``folder`` that watches a part of a world that ``site`` serves."""

    folder: Path
    site: Site

    def select(self, *words: str) -> None:
        """Watch only the rows of the demo's seed index that have one of these words. Headings stay."""
        index = seed_index(self.site.world).splitlines()
        lines = [
            line for line in index if not line.startswith("| ") or any(word in line for word in (*words, "---", "name"))
        ]
        (self.folder / "seeds" / "INDEX.md").write_text("\n".join(lines), encoding="utf-8")

    def settings(self, instant: datetime) -> Settings:
        """Return the settings of a run at that instant."""
        return load_settings({"WIRECOPY_CLOCK": instant.isoformat()}, start=self.folder)

    def refresh(self, instant: datetime, *only: str) -> Report:
        """Visit the sources that are due at that instant, or ``only`` some of them."""
        return asyncio.run(refresh(self.settings(instant), only=only))

    def reason(self, url: str, instant: datetime) -> str:
        """Return why a page is or is not visited at that instant."""
        with Archive(self.settings(instant).db) as archive:
            plan = plan_visits(archive.states(), now=instant)
        return next(entry.because for entry in (*plan.visits, *plan.waiting) if entry.url == url)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    site = Site(World(0))
    write_project(tmp_path, site.world, site.start())
    yield Watch(tmp_path, site)
    site.stop()


def url_of(watch: Watch, name: str) -> str:
    return watch.site.world.url(watch.site.world.script.articles[name])


def test_a_feed_found_on_the_front_page_makes_an_edited_article_due_that_would_wait_for_weeks(watch: Watch) -> None:
    watch.select("gazette.example")
    museum = url_of(watch, "gazette-museum")
    watch.refresh(ROUNDS[0])
    assert "next check in " in watch.reason(museum, ROUNDS[3])
    watch.site.round = 3
    watch.refresh(ROUNDS[3], "http://gazette.example/latest.atom")
    assert "a list says it was updated at 2026-01-07T17:00:00Z" in watch.reason(museum, ROUNDS[3])


def test_the_next_run_keeps_a_pause_that_a_site_asked_for_on_all_its_pages(watch: Watch) -> None:
    watch.select("port.example")
    watch.refresh(ROUNDS[0])
    watch.site.round = 1
    assert watch.refresh(ROUNDS[1]).counts.get("visits", 0) == 0
    for name in ("port-balizas", "port-tarifas"):
        assert watch.reason(url_of(watch, name), ROUNDS[1]) == "asked to wait until 2026-01-05T16:00:00Z"


def test_the_tenth_visit_requests_the_whole_page_and_finds_the_edit_behind_a_stale_etag(watch: Watch) -> None:
    watch.select("beacons")
    beacons = url_of(watch, "ministry-beacons")
    for watch.site.round in (0, 1, 2):
        watch.refresh(ROUNDS[watch.site.round])
    for hour in range(1, 11):  # the world stands still in round 2, where the tag is that of round 1
        watch.refresh(ROUNDS[2] + timedelta(hours=hour))
    with Archive(watch.settings(ROUNDS[2]).db) as archive:
        captures = archive.captures(beacons)
        versions = archive.history(beacons)[1].versions
    statuses = [capture.status for capture, _ in captures if capture.captured_at >= ROUNDS[2]]
    assert statuses == [*[304] * 9, 200, 200]
    unconditional = captures[-2][0]
    assert "validator-lied" in unconditional.flags
    assert [str(kind) for kind in versions[-1].kinds] == ["number"]
    assert versions[-1].first_seen_at == unconditional.captured_at
