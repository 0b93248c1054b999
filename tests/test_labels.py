"""Labels of people: stored, applied to clusters, exported, and deleted with either article."""

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
    db = tmp_path / "archive.db"
    fill(db, T0)
    return db


@pytest.fixture
def settings(path: Path) -> Settings:
    return load_settings({}, start=path.parent, overrides={"db": str(path)})


def run(path: Path, *arguments: str) -> str:
    outcome = CliRunner().invoke(wirecopy, ["--db", str(path), *arguments], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def pairs(path: Path) -> list[set[str]]:
    with Archive(path) as archive:
        return [{member.url for member in cluster.members} for cluster in archive.clusters()]


def test_a_label_separates_and_joins_the_members_of_a_cluster(path: Path):
    assert pairs(path) == [{TALKS, COPY}]
    run(path, "label", f"{TALKS}@1", COPY, "not-copy", "--note", "own reporter")
    assert pairs(path) == []
    run(path, "label", COPY, f"{TALKS}@1", "copy")
    assert pairs(path) == [{TALKS, COPY}]
    assert "labelled by a person: copy, " in " ".join(run(path, "copies").split())
    assert "labelled by a person: copy, " in " ".join(run(path, "explain", f"{TALKS}@1", COPY).split())
    assert json.loads(run(path, "explain", f"{TALKS}@1", COPY, "--json"))["label"]["label"] == "copy"
    assert json.loads(run(path, "explain", TALKS, COPY, "--json"))["label"] is None


def test_labelling_twice_changes_nothing(path: Path, settings: Settings):
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
    pair = json.loads(line)
    assert (pair["label"], pair["note"]) == ("copy", "seen on paper")
    assert pair["machine"] in {"exact", "near"}
    assert {pair["a"]["url"], pair["b"]["url"]} == {TALKS, COPY}
    assert all("300 inspection posts" in pair[side]["text"] for side in "ab")
    assert json.loads(run(path, "label", "--json"))["labels"][0]["label"] == "copy"
    assert "seen on paper" in run(path, "label")


def test_two_versions_of_one_article_are_not_labelled(settings: Settings):
    with pytest.raises(BadInput, match="versions of one article"):
        curation.label(settings, Ref(url=TALKS, number=1), Ref(url=TALKS, number=2), copy=True)


def test_a_label_outlasts_new_links_and_a_new_recipe(tmp_path: Path):
    with Store(tmp_path / "archive.db") as store:
        first, other = add_source(store), add_source(store, "https://copy.example/a")
        versions = [*make_history(store, first, [("one", T0)]), *make_history(store, other, [("two", T0 + DAY)])]
        sides = [(first, versions[0].text_sha256, T0), (other, versions[1].text_sha256, T0 + DAY)]
        assert store.add_label(sides[0], sides[1], copy=True, note="", now=T0)
        (label,) = label_queries.all_labels(store.ask)
        store.drop_links()
        derive_all(store, recipe=OTHER_RECIPE, title="read otherwise")
        (later,) = label_queries.of_sources(store.ask, [other])
    assert (later.a.text_sha256, later.b.text_sha256) == (label.a.text_sha256, label.b.text_sha256)
    assert (later.a.version, later.b.version) == (1, 1), "the versions that take the place of the labelled texts"
    assert later.a.title == "read otherwise"


def test_a_label_is_forgotten_with_either_article(path: Path, settings: Settings):
    run(path, "label", f"{TALKS}@1", COPY, "copy")
    curation.forget(settings, COPY)
    assert contents(path)["labels"] == []


def test_the_relation_that_was_found_is_stored_with_the_label(path: Path, settings: Settings):
    label, _ = curation.label(settings, Ref(url=TALKS, number=1), Ref(url=COPY), copy=True)
    with Archive(path) as archive:
        relations = {(link.a.text_sha256, link.b.text_sha256): link.relation for link in archive.copies(COPY)}
    assert label.machine in {Relation.EXACT, Relation.NEAR}
    assert label.machine in relations.values()


# --- linking again ---------------------------------------------------------------------------------------------------


def newsroom(path: Path, order: list[int]) -> None:
    """Gather and derive the same three articles one by one in this order."""
    urls = (TALKS, COPY, "https://third.example/pact")
    pages = (page(), page(title="Strait to reopen"), page(title="A pact on fish, again"))
    with Store(path) as store:
        sources = [add_source(store, url) for url in urls]
        for number in order:
            gather(store, [answer(T0 + number * DAY, pages[number], url=urls[number])], sources[number])
            derive(store, T0 + 9 * DAY)


@pytest.mark.slow
def test_the_order_of_arrival_and_a_rematch_change_no_link_and_no_cluster(tmp_path: Path):
    answers = []
    for number, order in enumerate(([0, 1, 2], [2, 1, 0], [1, 2, 0])):
        db = tmp_path / f"{number}.db"
        newsroom(db, order)
        before = contents(db)
        run(db, "rematch")
        assert contents(db) == before
        answers.append((before["links"], run(db, "copies", "--json")))
    assert answers[0] == answers[1] == answers[2]
    assert len(json.loads(answers[0][1])["clusters"][0]["members"]) == 3


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


# --- the original ----------------------------------------------------------------------------------------------------


def original(path: Path) -> tuple[str, str]:
    with Archive(path) as archive:
        (cluster,) = archive.clusters()
    return cluster.original.url, cluster.standing


def test_the_original_that_a_person_names_wins_until_it_is_taken_back(path: Path):
    before, standing = original(path)
    other = COPY if before == TALKS else TALKS
    assert standing != "labelled"
    run(path, "label", other, "--original", "--note", "their scoop")
    assert original(path) == (other, "labelled")
    printed = " ".join(run(path, "copies").split())
    assert "original, labelled by a person" in printed
    assert "(their scoop)" in printed
    assert f"labelled by a person: original, {other}@" in printed
    listed = json.loads(run(path, "label", "--json"))
    assert (listed["labels"], [row["label"] for row in listed["originals"]]) == ([], ["original"])
    run(path, "label", other, "--undo-original")
    assert original(path) == (before, standing)
    assert json.loads(run(path, "label", "--json"))["originals"] == []


def test_what_a_person_calls_no_original_is_none_and_the_pair_stays_together(path: Path):
    before, _ = original(path)
    run(path, "label", before, "--not-original")
    assert original(path)[0] != before
    assert pairs(path) == [{TALKS, COPY}]
    with Archive(path) as archive:
        assert archive.labels() == []
        assert archive.stale(TALKS) is not None


def test_a_label_of_an_original_goes_with_its_article(path: Path, settings: Settings):
    curation.label_original(settings, Ref(url=COPY), original=True)
    curation.forget(settings, COPY)
    with Archive(path) as archive:
        assert archive.original_labels() == []


def test_two_addresses_are_no_original(path: Path):
    outcome = CliRunner().invoke(wirecopy, ["--db", str(path), "label", TALKS, COPY, "--original"])
    assert isinstance(outcome.exception, BadInput)
