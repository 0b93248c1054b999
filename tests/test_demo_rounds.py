"""The rounds of the news world through real runs, graded: what the archive tells is exactly what was scripted."""

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

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from db.records import Capture

PAGES_ALL_THE_SAME = 0.5
"""At least so much of what is looked at in a round must be pages of which only the furniture changed, if anything."""


@dataclass(frozen=True)
class Played:
    """A world, and the archive that looked at it in every round."""

    world: World
    db: Path

    def grade(self) -> Grade:
        return grade(self.world, findings(read_snapshot(self.db), self.world))


def play(folder: Path, seed: int) -> Played:
    """Archive every round of the world of that seed, in this process."""
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
    return Played(world, settings.db)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(tmp_path_factory.mktemp("world"), seed=0)


def test_the_archive_tells_the_whole_script_and_nothing_else(played: Played) -> None:
    told = played.grade()
    assert (told.missed, told.false) == ((), ())
    assert len(told.found) == len(played.world.events()) - len(told.pending)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_the_grade_is_exact_whoever_the_events_are_dealt_to(tmp_path: Path, seed: int) -> None:
    told = play(tmp_path / "world", seed).grade()
    assert (told.missed, told.false) == ((), ())


def test_pages_of_which_only_the_furniture_changed_open_no_version(played: Played) -> None:
    """Asked of the bytes: other payloads of one text, round for round, and not one version from them."""
    world = played.world
    edits = {
        (turn.article, turn.round) for turn in world.script.turns if turn.event in EDITS | {"returned", "reverted"}
    }
    noisy = [0] * len(ROUNDS)
    with Archive(played.db) as archive:
        for article in world.articles:
            checks = [pair for pair in archive.captures(world.url(article)) if pair[0].url not in world.forms]
            shown = [(one, state) for one, state in checks if state == "ok"]
            versions = {one.first_seen_at for one in archive.history(world.url(article))[1].versions}
            for (before, _), (after, _) in pairwise(shown):
                at = ROUNDS.index(after.captured_at)
                if any((article.id, number) in edits for number in range(ROUNDS.index(before.captured_at) + 1, at + 1)):
                    continue
                noisy[at] += before.payload_sha256 != after.payload_sha256
                assert after.captured_at not in versions, f"{after.url} in round {at}"
    assert [count / len(world.articles) > PAGES_ALL_THE_SAME for count in noisy[1:]] == [True] * 3


def test_an_article_in_parts_is_kept_as_one_text(played: Played) -> None:
    article = played.world.script.articles["wire-lightships"]
    with Archive(played.db) as archive:
        versions = archive.history(played.world.url(article))[1].versions
        told = [archive.text(version).body for version in versions]
    for body, at in zip(told, (0, 2), strict=True):
        places = [body.index(paragraph) for paragraph in played.world.edition(article, at).body]
        assert places == sorted(places)


def test_a_deleted_page_that_never_says_404_is_told_by_what_the_site_says_of_any_page(played: Played) -> None:
    with Archive(played.db) as archive:
        url = played.world.url(played.world.script.articles["gazette-ferry"])
        assert [state for _, state in archive.captures(url)][-1] == "soft_404"
        assert len(archive.captures(probe_url("http://gazette.example/", ROUNDS[0]))) == 1


def test_an_article_without_hurry_is_visited_again_only_when_its_feed_names_an_edit(played: Played) -> None:
    with Archive(played.db) as archive:
        url = played.world.url(played.world.script.articles["gazette-museum"])
        assert [ROUNDS.index(one.captured_at) for one, _ in archive.captures(url)] == [0, 3]


def test_what_is_settled_is_not_due_and_costs_nothing(played: Played) -> None:
    before = contents(played.db)
    again = load_settings({"WIRECOPY_CLOCK": ROUNDS[-1].isoformat()}, start=played.db.parents[1])
    assert asyncio.run(refresh(again)).rows == ()
    assert contents(played.db) == before


# --- the same captures by another way --------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_captures_brought_by_file_in_reverse_give_the_same_versions(played: Played, tmp_path: Path) -> None:
    lines = list(exported(played))
    (tmp_path / "world.jsonl").write_text("".join(f"{line}\n" for line in reversed(lines)), encoding="utf-8")
    settings = load_settings({"WIRECOPY_CLOCK": ROUNDS[-1].isoformat()}, start=tmp_path)
    done = import_files(settings, [tmp_path / "world.jsonl"])
    assert (done.new, done.bad) == (len(lines), ())
    mine, theirs = contents(settings.db), contents(settled(played, tmp_path / "live"))
    slugs = [slug(headline) for headline in UNTOLD]
    for what in ("versions", "links"):
        assert mine[what] == [row for row in theirs[what] if not any(each in str(row) for each in slugs)]
    assert mine["texts"] == [row for row in theirs["texts"] if row[1] not in UNTOLD]


def settled(played: Played, folder: Path) -> Path:
    """A copy of the archive after its upkeep, which learns the furniture of sites as an import does at its end."""
    shutil.copytree(played.db.parents[1], folder)
    settings = load_settings({"WIRECOPY_CLOCK": ROUNDS[-1].isoformat()}, start=folder)
    asyncio.run(upkeep(settings))
    return settings.db


UNTOLD = (
    "The last lightship: a winter on the Harl Bank",
    "Winter ferry to sail only when the harbour master says so",
    "Washed out",
)
"""What lines cannot tell: that a page is part of another, and that one was asked for because it cannot exist."""


def exported(played: Played) -> Iterator[str]:
    """Every capture of an article as a line for import, but for pages that were cut off: a line is a whole page."""
    with Archive(played.db) as archive:
        for source in archive.sources():
            if (
                source.kind is not SeedKind.ARTICLE
                or source.same_as
                or any(slug(each) in source.url for each in UNTOLD)
            ):
                continue
            captures = (capture for capture, _ in archive.captures(source.url))
            yield from (line_of(archive, each) for each in captures if each.reason is not Reason.TRUNCATED)


def line_of(archive: Archive, capture: Capture) -> str:
    """The capture in JSON; a page that had not changed is told as the page it stands for."""
    told = {"url": capture.url, "fetched_at": iso(capture.captured_at), "status": capture.status or 403}
    if capture.payload_sha256 is None:
        return json.dumps(told)
    page = archive.payload(capture).decode(capture.charset or "utf-8", errors="replace")
    return json.dumps(told | {"html": page, "status": 200 if capture.status == 304 else told["status"]})


def test_every_scripted_copy_stands_with_its_original_and_its_lag(played: Played) -> None:
    world = played.world
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
    with Archive(played.db) as archive:
        told = {
            cluster.original.url: {
                member.url: lag.seconds for member, lag in zip(cluster.members, cluster.lags, strict=True) if lag
            }
            for cluster in archive.clusters()
        }
    assert told == scripted
