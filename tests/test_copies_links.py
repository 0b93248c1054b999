"""Links in an archive: whatever else it holds, and in whatever order it came, two texts are linked or not."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from archive.pipeline.link import link
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
STRANGERS = [name for name in BODIES if name.split(".")[0] in {"tpl", "earn", "quake", "heat"}]


def archive(path: Path, names: Iterable[str]) -> Store:
    """An archive into which these texts came one after another, each linked at once."""
    store = Store(path)
    for name in names:
        record_text(store, add_source(store, f"https://{name}.example/"), BODIES[name], T0)
        derive_all(store)
        link(store, now=NOW)
    return store


def linked(store: Store) -> set[Link]:
    """The links among the story's texts, without what tells the two sides apart."""
    story = {f"https://{name}.example/" for name in STORY}
    return {link for link in link_queries.of_sources(store.ask, []) if {link.a.url, link.b.url} <= story}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> set[Link]:
    with archive(tmp_path_factory.mktemp("alone") / "archive.db", STORY) as store:
        return linked(store)


def test_the_whole_story_is_found(alone):
    copies = {frozenset((link.a.url, link.b.url)) for link in alone if link.relation.is_copy}
    assert len(copies) == 10  # five copies of one text, each linked with each; the report of another house with none
    assert not [pair for pair in copies if "https://talks.ind.example/" in pair]


@pytest.mark.slow
def test_strangers_change_no_link(alone, tmp_path):
    with archive(tmp_path / "archive.db", [*STRANGERS, *STORY]) as store:
        assert linked(store) == alone


def test_the_order_of_arrival_changes_no_link(alone, tmp_path):
    names = [*STORY, *STRANGERS[:6]]
    random.Random(5).shuffle(names)
    with archive(tmp_path / "archive.db", names) as store:
        assert linked(store) == alone


def test_a_link_keeps_its_languages_and_the_names_that_were_broken(alone):
    (translated,) = [
        one for one in alone if {"https://talks.a.example/", "https://talks.tr-es.example/"} == {one.a.url, one.b.url}
    ]
    assert translated.translated
    assert set(translated.languages) == {"en", "es"}
    (bent,) = [
        one for one in alone if {"https://talks.a.example/", "https://talks.bt.example/"} == {one.a.url, one.b.url}
    ]
    assert {frozenset(pair) for pair in bent.broken} >= {frozenset(("mollar", "moulard"))}
    assert [one for one, _ in bent.broken if one in BODIES[bent.a.url[8:-9]].casefold()]


def test_linking_again_changes_nothing(alone, tmp_path):
    with archive(tmp_path / "archive.db", STORY) as store:
        store.drop_links()
        link(store, now=NOW)
        assert linked(store) == alone
