"""What people say of two texts is evidence of its own: kept, honoured, exported, and gone when one is forgotten."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from archive.api import Archive, curation
from archive.api.version_ref import Ref
from archive.cli import wirecopy
from archive.settings import load_settings
from builders import DAY, OTHER_RECIPE, T0, add_source, derive_all, make_history
from contents import contents
from db.errors import BadInput
from db.queries import labels as label_queries
from db.records import Relation
from db.store import Store
from newsroom import COPY, TALKS, answer, derive, fill, gather, page

if TYPE_CHECKING:
    from pathlib import Path

    from archive.settings import Settings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    where = tmp_path / "archive.db"
    fill(where, T0)
    return where


@pytest.fixture
def settings(path: Path) -> Settings:
    return load_settings({}, start=path.parent, overrides={"db": str(path)})


def run(path: Path, *arguments: str) -> str:
    ran = CliRunner().invoke(wirecopy, ["--db", str(path), *arguments], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def pairs(path: Path) -> list[set[str]]:
    with Archive(path) as archive:
        return [{member.url for member in cluster.members} for cluster in archive.clusters()]


def test_a_label_parts_and_joins_what_copies_shows(path: Path):
    assert pairs(path) == [{TALKS, COPY}]
    run(path, "label", f"{TALKS}@1", COPY, "not-copy", "--note", "own reporter")
    assert pairs(path) == []
    run(path, "label", COPY, f"{TALKS}@1", "copy")
    assert pairs(path) == [{TALKS, COPY}]
    assert "a person said copy of" in " ".join(run(path, "copies").split())
    assert "a person said copy of" in " ".join(run(path, "explain", f"{TALKS}@1", COPY).split())
    assert json.loads(run(path, "explain", f"{TALKS}@1", COPY, "--json"))["label"]["label"] == "copy"
    assert json.loads(run(path, "explain", TALKS, COPY, "--json"))["label"] is None


def test_saying_it_twice_changes_nothing(path: Path, settings: Settings):
    _, new = curation.label(settings, Ref(url=TALKS), Ref(url=COPY), copy=False, note="x")
    before = contents(path)
    _, again = curation.label(settings, Ref(url=COPY), Ref(url=TALKS), copy=False, note="x")
    _, without = curation.label(settings, Ref(url=TALKS), Ref(url=COPY), copy=False)
    assert (new, again, without) == (True, False, False)
    assert contents(path) == before
    assert len(before["labels"]) == 1


def test_the_export_is_labelled_pairs_with_their_texts(path: Path):
    run(path, "label", f"{TALKS}@1", COPY, "copy", "--note", "seen on paper")
    (line,) = run(path, "label", "--export").splitlines()
    told = json.loads(line)
    assert (told["label"], told["note"]) == ("copy", "seen on paper")
    assert told["machine"] in {"exact", "near"}
    assert {told["a"]["url"], told["b"]["url"]} == {TALKS, COPY}
    assert all("300 inspection posts" in told[side]["text"] for side in "ab")
    assert json.loads(run(path, "label", "--json"))["labels"][0]["label"] == "copy"
    assert "seen on paper" in run(path, "label")


def test_two_versions_of_one_article_are_not_labelled(settings: Settings):
    with pytest.raises(BadInput, match="versions of one article"):
        curation.label(settings, Ref(url=TALKS, number=1), Ref(url=TALKS, number=2), copy=True)


def test_a_label_outlasts_new_links_and_a_new_recipe(tmp_path: Path):
    where = tmp_path / "archive.db"
    with Store(where) as store:
        one, other = add_source(store), add_source(store, "https://copy.example/a")
        made = [*make_history(store, one, [("one", T0)]), *make_history(store, other, [("two", T0 + DAY)])]
        sides = [(one, made[0].text_sha256, T0), (other, made[1].text_sha256, T0 + DAY)]
        assert store.add_label(sides[0], sides[1], copy=True, note="", now=T0)
        (said,) = label_queries.all_labels(store.ask)
        store.drop_links()
        derive_all(store, recipe=OTHER_RECIPE, title="read otherwise")
        (later,) = label_queries.of_sources(store.ask, [other])
    assert (later.a.text_sha256, later.b.text_sha256) == (said.a.text_sha256, said.b.text_sha256)
    assert (later.a.version, later.b.version) == (1, 1), "that stand today where the labelled texts stood"
    assert later.a.title == "read otherwise"


def test_a_label_is_forgotten_with_either_article(path: Path, settings: Settings):
    run(path, "label", f"{TALKS}@1", COPY, "copy")
    curation.forget(settings, COPY)
    assert contents(path)["labels"] == []


def test_the_relation_that_was_found_stands_beside_the_label(path: Path, settings: Settings):
    said, _ = curation.label(settings, Ref(url=TALKS, number=1), Ref(url=COPY), copy=True)
    with Archive(path) as archive:
        found = {(link.a.text_sha256, link.b.text_sha256): link.relation for link in archive.copies(COPY)}
    assert said.machine in {Relation.EXACT, Relation.NEAR}
    assert said.machine in found.values()


# --- links made again ------------------------------------------------------------------------------------------------


def newsroom(path: Path, order: list[int]) -> None:
    """The same three articles, gathered and derived one by one in this order."""
    urls = (TALKS, COPY, "https://third.example/pact")
    pages = (page(), page(title="Strait to reopen"), page(title="A pact on fish, again"))
    with Store(path) as store:
        sources = [add_source(store, url) for url in urls]
        for each in order:
            gather(store, [answer(T0 + each * DAY, pages[each], url=urls[each])], sources[each])
            derive(store, T0 + 9 * DAY)


@pytest.mark.slow
def test_the_order_of_arrival_and_a_rematch_change_no_link_and_no_cluster(tmp_path: Path):
    told = []
    for number, order in enumerate(([0, 1, 2], [2, 1, 0], [1, 2, 0])):
        where = tmp_path / f"{number}.db"
        newsroom(where, order)
        before = contents(where)
        run(where, "rematch")
        assert contents(where) == before
        told.append((before["links"], run(where, "copies", "--json")))
    assert told[0] == told[1] == told[2]
    assert len(json.loads(told[0][1])["clusters"][0]["members"]) == 3


def test_a_rematch_touches_no_version(path: Path):
    import sqlite3

    def versions() -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT * FROM version ORDER BY id").fetchall()

    before, links = versions(), contents(path)["links"]
    run(path, "label", f"{TALKS}@1", COPY, "not-copy")
    run(path, "rematch")
    assert versions() == before
    assert contents(path)["links"] == links
    assert pairs(path) == []
