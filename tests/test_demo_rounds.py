"""The rounds of the news world through real runs: the archive reports exactly the events of the script."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from archive.api import Archive
from archive.crawl.soft404 import probe_url
from archive.demo.folder import prepare_folder, write_project
from archive.demo.grade import Grade, findings, grade
from archive.demo.outlets import slug
from archive.demo.script import ROUNDS
from archive.demo.site import Site
from archive.demo.snapshot import read_snapshot
from archive.demo.texts import EDITS
from archive.demo.world import World
from archive.pipeline.import_files import import_files
from archive.pipeline.refresh import refresh
from archive.pipeline.upkeep import upkeep
from archive.settings import load_settings
from archive.timestamps import iso
from db.records import Reason, SeedKind
from tests.contents import contents
from tests.scripted_outlets import differences

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from db.records import Capture

PAGES_ALL_THE_SAME = 0.5
"""The least share of pages in a round of which nothing or only the furniture changed."""


@dataclass(frozen=True)
class Run:
    """A world, and an archive that visited it in every round."""

    world: World
    db: Path

    def grade(self) -> Grade:
        return grade(self.world, findings(read_snapshot(self.db), self.world))

    def outlet_differences(self) -> list[str]:
        with Archive(self.db) as archive:
            return differences(self.world, archive.outlets())


def play(folder: Path, seed: int) -> Run:
    """Archive every round of a seed's world in this process."""
    world = World(seed)
    prepare_folder(folder)
    site = Site(world)
    write_project(folder, world, site.start())
    try:
        for number, instant in enumerate(ROUNDS):
            site.round = number
            settings = load_settings({"WIRECOPY_CLOCK": instant.isoformat()}, start=folder)
            asyncio.run(refresh(settings))
    finally:
        site.stop()
    return Run(world, settings.db)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return play(tmp_path_factory.mktemp("world"), seed=0)


def test_the_archive_reports_the_whole_script_and_nothing_else(run: Run) -> None:
    result = run.grade()
    assert (result.missed, result.false) == ((), ())
    assert len(result.found) == len(run.world.events()) - len(result.pending)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_the_grade_is_exact_for_other_seeds(tmp_path: Path, seed: int) -> None:
    run = play(tmp_path / "world", seed)
    result = run.grade()
    assert (result.missed, result.false) == ((), ())
    assert run.outlet_differences() == []


def test_the_figures_of_outlets_are_those_of_the_script(run: Run) -> None:
    """By another path than the archive's: from the script, the texts of the world and the dates on its pages."""
    assert run.outlet_differences() == []


def test_a_page_with_only_furniture_changed_opens_no_version(run: Run) -> None:
    """Compares payloads: every round has many that differ although the text is the same, and none opens a version."""
    world = run.world
    edit_events = EDITS | {"returned", "reverted"}
    edits = {(turn.article, turn.round) for turn in world.script.turns if turn.event in edit_events}
    noisy = [0] * len(ROUNDS)
    with Archive(run.db) as archive:
        for article in world.articles:
            checks = [pair for pair in archive.captures(world.url(article)) if pair[0].url not in world.forms]
            readable = [capture for capture, state in checks if state == "ok"]
            versions = {version.first_seen_at for version in archive.history(world.url(article))[1].versions}
            for before, after in pairwise(readable):
                start, end = ROUNDS.index(before.captured_at), ROUNDS.index(after.captured_at)
                if any((article.id, number) in edits for number in range(start + 1, end + 1)):
                    continue
                noisy[end] += before.payload_sha256 != after.payload_sha256
                assert after.captured_at not in versions, f"{after.url} in round {end}"
    assert [count / len(world.articles) > PAGES_ALL_THE_SAME for count in noisy[1:]] == [True] * 3


def test_an_article_in_parts_has_one_text(run: Run) -> None:
    article = run.world.script.articles["wire-lightships"]
    with Archive(run.db) as archive:
        versions = archive.history(run.world.url(article))[1].versions
        bodies = [archive.text(version).body for version in versions]
    for body, number in zip(bodies, (0, 2), strict=True):
        positions = [body.index(paragraph) for paragraph in run.world.edition(article, number).body]
        assert positions == sorted(positions)


def test_a_deleted_page_of_a_site_that_hides_404_is_recognized_by_a_probe(run: Run) -> None:
    with Archive(run.db) as archive:
        url = run.world.url(run.world.script.articles["gazette-ferry"])
        assert [state for _, state in archive.captures(url)][-1] == "soft_404"
        assert len(archive.captures(probe_url("http://gazette.example/", ROUNDS[0]))) == 1


def test_an_old_article_is_visited_again_only_when_its_feed_names_an_edit(run: Run) -> None:
    with Archive(run.db) as archive:
        url = run.world.url(run.world.script.articles["gazette-museum"])
        assert [ROUNDS.index(capture.captured_at) for capture, _ in archive.captures(url)] == [0, 3]


def test_a_second_refresh_at_the_same_instant_changes_nothing(run: Run) -> None:
    before = contents(run.db)
    again = load_settings({"WIRECOPY_CLOCK": ROUNDS[-1].isoformat()}, start=run.db.parents[1])
    assert asyncio.run(refresh(again)).rows == ()
    assert contents(run.db) == before


# --- import ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_captures_imported_in_reverse_order_give_the_same_versions(run: Run, tmp_path: Path) -> None:
    lines = list(export_lines(run))
    (tmp_path / "world.jsonl").write_text("".join(f"{line}\n" for line in reversed(lines)), encoding="utf-8")
    settings = load_settings({"WIRECOPY_CLOCK": ROUNDS[-1].isoformat()}, start=tmp_path)
    report = import_files(settings, [tmp_path / "world.jsonl"])
    assert (report.new, report.bad) == (len(lines), ())
    imported, live = contents(settings.db), contents(copy_after_upkeep(run, tmp_path / "live"))
    omitted = [slug(headline) for headline in NOT_IN_LINES]
    for table in ("versions", "links"):
        assert imported[table] == [row for row in live[table] if not any(name in str(row) for name in omitted)]
    assert imported["texts"] == [row for row in live["texts"] if row[1] not in NOT_IN_LINES]


def copy_after_upkeep(run: Run, folder: Path) -> Path:
    """Return a copy of the archive after upkeep, which learns the furniture of sites as an import does at its end."""
    shutil.copytree(run.db.parents[1], folder)
    settings = load_settings({"WIRECOPY_CLOCK": ROUNDS[-1].isoformat()}, start=folder)
    asyncio.run(upkeep(settings))
    return settings.db


NOT_IN_LINES = (
    "The last lightship: a winter on the Harl Bank",
    "Winter ferry to sail only when the harbour master says so",
    "Washed out",
)
"""Headlines of captures that JSONL lines cannot describe: further parts of an article, and soft-404 probes."""


def export_lines(run: Run) -> Iterator[str]:
    """Yield every capture of an article as a line for import, without truncated pages: a line is a whole page."""
    with Archive(run.db) as archive:
        for source in archive.sources():
            if (
                source.kind is not SeedKind.ARTICLE
                or source.same_as
                or any(slug(headline) in source.url for headline in NOT_IN_LINES)
            ):
                continue
            captures = (capture for capture, _ in archive.captures(source.url))
            yield from (line_of(archive, capture) for capture in captures if capture.reason is not Reason.TRUNCATED)


def line_of(archive: Archive, capture: Capture) -> str:
    """Return a capture as JSON. A 304 is written as the page it refers to."""
    fields = {"url": capture.url, "fetched_at": iso(capture.captured_at), "status": capture.status or 403}
    if capture.payload_sha256 is None:
        return json.dumps(fields)
    page = archive.payload(capture).decode(capture.charset or "utf-8", errors="replace")
    return json.dumps(fields | {"html": page, "status": 200 if capture.status == 304 else fields["status"]})


def test_every_scripted_copy_has_its_original_and_its_lag(run: Run) -> None:
    world = run.world
    made_from = {
        article.id: base
        for article in world.articles
        for relation, base in article.copies
        if relation in {"exact", "near", "reworded"}
    }

    def original_of(article: str) -> str:
        return original_of(made_from[article]) if article in made_from else article

    scripted: dict[str, dict[str, float]] = {}
    for copy in made_from:
        first, late = world.script.articles[original_of(copy)], world.script.articles[copy]
        lags = scripted.setdefault(world.url(first), {})
        lags[world.url(late)] = (late.published_at - first.published_at).total_seconds()
    with Archive(run.db) as archive:
        reported = {
            cluster.original.url: {
                member.url: lag.seconds for member, lag in zip(cluster.members, cluster.lags, strict=True) if lag
            }
            for cluster in archive.clusters()
        }
    assert reported == scripted
