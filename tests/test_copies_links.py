"""The link between two texts does not depend on what else an archive holds, or on the order of arrival."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archive.pipeline.link import link
from archive.pipeline.workers import open_workers
from db.queries import links as link_queries
from db.store import Store
from tests.builders import T0, add_source, derive_all, record_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.records import Link

NOW = datetime(2032, 1, 1, tzinfo=UTC)
LINES = (Path(__file__).parent / "pairs" / "texts.jsonl").read_text(encoding="utf-8").splitlines()
BODIES = {row["id"]: row["body"] for row in map(json.loads, LINES)}
STORY = ("talks.a", "talks.repost", "talks.bt", "talks.spun3", "talks.ind", "talks.tr-es")
UNRELATED = [name for name in BODIES if name.split(".")[0] in {"tpl", "earn", "quake", "heat"}]


def archive(path: Path, names: Iterable[str]) -> Store:
    """Return an archive to which these texts were added one after another, each linked at once."""
    store = Store(path)
    for name in names:
        record_text(store, add_source(store, f"https://{name}.example/"), BODIES[name], T0)
        derive_all(store)
        link(store, now=NOW)
    return store


def story_links(store: Store) -> set[Link]:
    """Return the links among the story's texts. The two sides of a link are interchangeable."""
    story = {f"https://{name}.example/" for name in STORY}
    return {link for link in link_queries.of_sources(store.ask, []) if {link.a.url, link.b.url} <= story}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> set[Link]:
    with archive(tmp_path_factory.mktemp("alone") / "archive.db", STORY) as store:
        return story_links(store)


def test_the_whole_story_is_found(alone):
    copies = {frozenset((link.a.url, link.b.url)) for link in alone if link.relation.is_copy}
    assert (
        len(copies) == 10
    )  # five copies of one text, all linked with each other; the report of another paper with none
    assert not [pair for pair in copies if "https://talks.ind.example/" in pair]


@pytest.mark.slow
def test_unrelated_texts_change_no_link(alone, tmp_path):
    with archive(tmp_path / "archive.db", [*UNRELATED, *STORY]) as store:
        assert story_links(store) == alone


def test_the_order_of_arrival_changes_no_link(alone, tmp_path):
    names = [*STORY, *UNRELATED[:6]]
    random.Random(5).shuffle(names)
    with archive(tmp_path / "archive.db", names) as store:
        assert story_links(store) == alone


def test_a_link_has_its_languages_and_respelled_names(alone):
    (translated,) = [
        link
        for link in alone
        if {"https://talks.a.example/", "https://talks.tr-es.example/"} == {link.a.url, link.b.url}
    ]
    assert translated.translated
    assert set(translated.languages) == {"en", "es"}
    (retranslated,) = [
        link for link in alone if {"https://talks.a.example/", "https://talks.bt.example/"} == {link.a.url, link.b.url}
    ]
    assert {frozenset(pair) for pair in retranslated.broken} >= {frozenset(("mollar", "moulard"))}
    assert [name for name, _ in retranslated.broken if name in BODIES[retranslated.a.url[8:-9]].casefold()]


def test_linking_again_changes_nothing(alone, tmp_path):
    with archive(tmp_path / "archive.db", STORY) as store:
        store.drop_links()
        link(store, now=NOW)
        assert story_links(store) == alone


@pytest.mark.slow
def test_workers_find_the_same_links(alone, tmp_path):
    with archive(tmp_path / "archive.db", STORY) as store, open_workers(2, fast=False) as workers:
        store.drop_links()
        assert link(store, now=NOW, run=workers.run) == len(alone)
        assert story_links(store) == alone
