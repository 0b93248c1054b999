"""One member a cluster is shown when a reader asks for it; the others are named, and none is lost."""

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

STRANGER = "https://daily.example/weather"
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


def shown(items: str, links: list[Link]) -> list[str]:
    return [item for item, _ in fold(items, str, clusters(links))]


def test_the_probable_original_stands_where_the_first_of_its_copies_stood():
    assert shown("xcbaz", LINKS) == ["x", "a", "z"]


def test_where_the_original_is_not_among_them_the_first_is_shown():
    assert shown("cb", LINKS) == ["c"]


def test_the_number_and_kinds_of_the_copies_are_told():
    (_, folded), (_, stranger) = fold("bax", str, clusters(LINKS))
    assert folded is not None
    assert (folded.copies, folded.kinds, folded.hidden) == (2, (("near", 1), ("reworded", 1)), ("b",))
    assert folded.original == A
    assert stranger is None


def test_all_items_of_the_member_shown_stay():
    assert [item for item, _ in fold(["a1", "b1", "a2"], lambda item: item[0], clusters(LINKS))] == ["a1", "a2"]


@pytest.mark.parametrize(("how", "left"), [("exact", ["a", "b", "c"]), ("near", ["a", "c"]), ("reworded", ["a"])])
def test_how_alike_is_the_readers_choice(how: str, left: list[str]):
    assert shown("abc", links_as_close_as(LINKS, Relation(how))) == left


# --- on the command line ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("unique") / "archive.db"
    fill(path, T0)
    with Store(path) as store:
        weather = page(*WEATHER, title="Rain for both coasts")
        gather(store, [answer(T0, weather, url=STRANGER)], add_source(store, STRANGER))
        derive(store, T0)
    return path


def run(archive: Path, *arguments: str) -> str:
    ran = CliRunner().invoke(wirecopy, ["--db", str(archive), *arguments], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def urls(archive: Path, *arguments: str) -> list[str]:
    return [json.loads(line)["url"] for line in run(archive, *arguments, "--jsonl").splitlines()]


def test_list_shows_each_story_once_and_names_what_it_stands_for(archive: Path):
    assert len(urls(archive, "list")) == 3
    assert set(urls(archive, "list", "--unique")) == {TALKS, STRANGER}
    first = next(each for each in json.loads(run(archive, "list", "--unique", "--json"))["articles"] if each["copies"])
    assert first["url"] == first["copies"]["original"]["url"] == TALKS
    assert (first["copies"]["count"], first["copies"]["hidden"]) == (1, [COPY])
    assert sum(first["copies"]["kinds"].values()) == 1
    assert "1 copy beside it: 1 " in run(archive, "list", "--unique")


def test_a_word_after_unique_is_searched_for_unless_it_says_how_alike(archive: Path):
    assert len(set(urls(archive, "search", "fisheries"))) == 2
    assert set(urls(archive, "search", "--unique", "fisheries")) == {TALKS}
    assert set(urls(archive, "search", "--unique", "reworded", "fisheries")) == {TALKS}
    assert set(urls(archive, "search", "--unique=reworded", "fisheries", "--limit", "1")) == {TALKS}


def test_what_had_not_been_seen_by_then_is_not_counted(archive: Path):
    before = json.loads(run(archive, "list", "--unique", "--as-of", "2026-01-05T08:30Z", "--json"))["articles"]
    assert {each["url"]: each["copies"] for each in before} == {TALKS: None, STRANGER: None}


def test_nothing_is_dropped(archive: Path):
    with Archive(archive) as asked:
        assert len(asked.articles()) == 3
        assert PARAGRAPHS[1] in asked.text(asked.articles()[0][0]).body or asked.clusters()
