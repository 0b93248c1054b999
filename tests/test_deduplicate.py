"""Deduplication shows one member of each cluster on request. The others are named, and none is lost."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from archive.api import Archive
from archive.cli import wirecopy
from archive.copies import clusters, fold, links_as_close_as
from builders import T0, add_source
from db.records import Link, Relation, VersionRef
from db.store import Store
from newsroom import COPY, PARAGRAPHS, TALKS, answer, derive, fill, gather, page

if TYPE_CHECKING:
    from pathlib import Path

UNRELATED = "https://daily.example/weather"
WEATHER = (
    "OLDMOOR - Heavy rain is expected along the whole valley from Monday on, the weather service said at noon.",
    "Up to 80 millimetres may fall within a day, as much as in an ordinary month, and brooks could leave their beds.",
    '"Clear your gutters and look after your neighbours," said Perla Tamsin, who leads the service, on the radio.',
    "Schools in the upper valley stay closed until Thursday, and the night train goes by way of Castell.",
)


def ref(name: str, hours: float = 0) -> VersionRef:
    return VersionRef(url=name, version=1, text_sha256=name, first_seen_at=T0 + timedelta(hours=hours))


A, B, C = (ref(name, hours) for hours, name in enumerate("abc"))


def link(a: VersionRef, b: VersionRef, relation: Relation) -> Link:
    return Link(a=a, b=b, relation=relation, score=0.9, coverage=(0.9, 0.9))


LINKS = [link(A, B, Relation.NEAR), link(A, C, Relation.REWORDED), link(B, C, Relation.REWORDED)]


def folded_items(items: str, links: list[Link]) -> list[str]:
    return [item for item, _ in fold(items, str, clusters(links))]


def test_the_probable_original_takes_the_place_of_its_first_copy():
    assert folded_items("xcbaz", LINKS) == ["x", "a", "z"]


def test_if_the_original_is_not_among_the_items_the_first_is_shown():
    assert folded_items("cb", LINKS) == ["c"]


def test_the_number_and_relations_of_the_copies_are_given():
    (_, folded), (_, stranger) = fold("bax", str, clusters(LINKS))
    assert folded is not None
    assert (folded.copies, folded.kinds, folded.hidden) == (2, (("near", 1), ("reworded", 1)), ("b",))
    assert folded.original == A
    assert stranger is None


def test_all_items_of_the_member_shown_stay():
    assert [item for item, _ in fold(["a1", "b1", "a2"], lambda item: item[0], clusters(LINKS))] == ["a1", "a2"]


@pytest.mark.parametrize(("relation", "left"), [("exact", ["a", "b", "c"]), ("near", ["a", "c"]), ("reworded", ["a"])])
def test_the_reader_chooses_the_relation(relation: str, left: list[str]):
    assert folded_items("abc", links_as_close_as(LINKS, Relation(relation))) == left


# --- on the command line ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("unique") / "archive.db"
    fill(path, T0)
    with Store(path) as store:
        weather = page(*WEATHER, title="Rain for both coasts")
        gather(store, [answer(T0, weather, url=UNRELATED)], add_source(store, UNRELATED))
        derive(store, T0)
    return path


def run(archive: Path, *arguments: str) -> str:
    ran = CliRunner().invoke(wirecopy, ["--db", str(archive), *arguments], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def urls(archive: Path, *arguments: str) -> list[str]:
    return [json.loads(line)["url"] for line in run(archive, *arguments, "--jsonl").splitlines()]


def test_list_shows_each_story_once_and_names_its_copies(archive: Path):
    assert len(urls(archive, "list")) == 3
    assert set(urls(archive, "list", "--unique")) == {TALKS, UNRELATED}
    first = next(
        article for article in json.loads(run(archive, "list", "--unique", "--json"))["articles"] if article["copies"]
    )
    assert first["url"] == first["copies"]["original"]["url"] == TALKS
    assert (first["copies"]["count"], first["copies"]["hidden"]) == (1, [COPY])
    assert sum(first["copies"]["kinds"].values()) == 1
    assert "and 1 copy (" in run(archive, "list", "--unique")


def test_a_word_after_unique_is_a_search_term_unless_it_is_a_relation(archive: Path):
    assert len(set(urls(archive, "search", "fisheries"))) == 2
    assert set(urls(archive, "search", "--unique", "fisheries")) == {TALKS}
    assert set(urls(archive, "search", "--unique", "reworded", "fisheries")) == {TALKS}
    assert set(urls(archive, "search", "--unique=reworded", "fisheries", "--limit", "1")) == {TALKS}


def test_copies_not_seen_by_then_are_not_counted(archive: Path):
    before = json.loads(run(archive, "list", "--unique", "--as-of", "2026-01-05T08:30Z", "--json"))["articles"]
    assert {article["url"]: article["copies"] for article in before} == {TALKS: None, UNRELATED: None}


def test_nothing_is_dropped(archive: Path):
    with Archive(archive) as opened:
        assert len(opened.articles()) == 3
        assert PARAGRAPHS[1] in opened.text(opened.articles()[0][0]).body or opened.clusters()
