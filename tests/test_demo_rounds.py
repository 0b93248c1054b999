"""The rounds of the news world through real runs, graded: what the archive tells is exactly what was scripted."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from archive.api import Archive
from archive.demo.folder import prepare_folder, write_project
from archive.demo.grade import Grade, findings, grade
from archive.demo.script import ROUNDS
from archive.demo.site import Site
from archive.demo.snapshot import read_snapshot
from archive.demo.texts import EDITS
from archive.demo.world import World
from archive.files import import_files
from archive.runs import refresh
from archive.settings import load_settings
from archive.when import iso
from db.records import SeedKind
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
    edits = {(turn.article, turn.round) for turn in world.deal.turns if turn.event in EDITS | {"returned", "reverted"}}
    noisy = [0] * len(ROUNDS)
    with Archive(played.db) as archive:
        for article in world.articles:
            shown = [(one, state) for one, state in archive.captures(world.url(article)) if state == "ok"]
            versions = {one.first_seen_at for one in archive.history(world.url(article))[1].versions}
            for (before, _), (after, _) in pairwise(shown):
                at = ROUNDS.index(after.captured_at)
                if any((article.id, number) in edits for number in range(ROUNDS.index(before.captured_at) + 1, at + 1)):
                    continue
                noisy[at] += before.payload_sha256 != after.payload_sha256
                assert after.captured_at not in versions, f"{after.url} in round {at}"
    assert [count / len(world.articles) > PAGES_ALL_THE_SAME for count in noisy[1:]] == [True] * 3


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
    mine, theirs = contents(settings.db), contents(played.db)
    assert [mine[what] == theirs[what] for what in ("versions", "links", "texts")] == [True, True, True]


def exported(played: Played) -> Iterator[str]:
    """Every capture of an article as a line for import."""
    with Archive(played.db) as archive:
        for source in archive.sources():
            if source.kind is SeedKind.ARTICLE and source.same_as is None:
                yield from (line_of(archive, capture) for capture, _ in archive.captures(source.url))


def line_of(archive: Archive, capture: Capture) -> str:
    """The capture in JSON; a page that had not changed is told as the page it stands for."""
    told = {"url": capture.url, "fetched_at": iso(capture.captured_at), "status": capture.status or 403}
    if capture.payload_sha256 is None:
        return json.dumps(told)
    page = archive.payload(capture).decode(capture.charset or "utf-8", errors="replace")
    return json.dumps(told | {"html": page, "status": 200 if capture.status == 304 else told["status"]})
