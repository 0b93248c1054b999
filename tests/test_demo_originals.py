"""The demo's script knows who copied whom: in no group of copies does the archive name a copy of another member."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from archive.api import Archive
from archive.demo.script import ROUNDS
from archive.demo.world import World
from archive.pipeline.import_files import import_files
from archive.settings import Settings
from archive.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archive.demo.texts import Article
    from db.records import Cluster

pytestmark = pytest.mark.slow


def captures(world: World) -> Iterator[dict[str, str]]:
    """Every whole page that an article shows in a round, each once, as a line of an import."""
    shown: set[tuple[str, bytes]] = set()
    for number, moment in enumerate(ROUNDS):
        for place, article in enumerate(world.articles):
            url = world.url(article, number)
            parts = urlsplit(url)
            reply = world.respond(number, parts.hostname or "", parts.path, {})
            if article.appears > number or reply.status != 200 or reply.missing or (url, reply.body) in shown:
                continue
            shown.add((url, reply.body))
            seen_at = iso(moment + timedelta(seconds=place))
            yield {"url": url, "fetched_at": seen_at, "html": reply.body.decode("utf-8", "replace")}


def sources_of(article: Article, world: World) -> set[str]:
    """The articles that one was copied from, over any number of steps."""
    direct = {base for _, base in article.copies}
    return direct.union(*(sources_of(world.script.articles[base], world) for base in direct))


@pytest.mark.parametrize("seed", [0, 5])
def test_every_original_is_the_first_of_its_group(seed: int, tmp_path: Path) -> None:
    world = World(seed)
    (tmp_path / "pages.jsonl").write_text("\n".join(map(json.dumps, captures(world))), encoding="utf-8")
    settings = Settings(
        root=tmp_path, db=tmp_path / "archive.db", index=tmp_path / "INDEX.md", clock=ROUNDS[-1] + timedelta(days=1)
    )
    import_files(settings, [tmp_path / "pages.jsonl"])
    with Archive(settings.db) as archive:
        clusters = archive.clusters()
    assert len(clusters) > 10
    assert not [cluster.original.url for cluster in clusters if names_a_copy(cluster, world)]


def names_a_copy(cluster: Cluster, world: World) -> bool:
    """True if the original of a group was copied from another member."""
    articles = {world.url(article, number): article for article in world.articles for number in range(len(ROUNDS))}
    members = {articles[member.url].id for member in cluster.members if member.url in articles}
    return not members.isdisjoint(sources_of(articles[cluster.original.url], world))
