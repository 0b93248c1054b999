"""Datasette on an archive, as analysts open it: with our settings and without, alone and beside a writer."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from archive.export import export_datasette
from archive.urls import url_key
from db.schema import metadata
from db.store import Store
from tests.builders import DAY, HOUR, T0, a_seed, add_source, make_history

if TYPE_CHECKING:
    from pathlib import Path

datasette = pytest.importorskip("datasette.app")

STORY, COPY = "https://daily.example/story", "https://mirror.example/story"


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A story whose headline softened, and a copy."""
    path = tmp_path_factory.mktemp("datasette") / "archive.db"
    with Store(path) as store:
        seed = a_seed("story", url=STORY)
        store.sync_seeds([seed], {STORY: url_key(STORY)}, T0)
        make_history(store, 1, [("The López harbour opens.", T0)], title="Ministers promise")
        make_history(store, 1, [("The harbour stays shut.", T0 + DAY)], title="Ministers consider")
        make_history(
            store, add_source(store, COPY), [("The López harbour opens.", T0 + HOUR)], title="Ministers promise"
        )
    return path


@pytest.fixture(scope="module")
def settings(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "datasette.yaml").read_text("utf-8"))


def answers(db: Path, *paths: str, settings: dict[str, Any] | None = None, immutable: bool = False) -> list[Any]:
    """What Datasette answers: JSON where a path asks for it, else the page."""

    async def ask() -> list[Any]:
        given = {"immutables": [str(db)]} if immutable else {"files": [str(db)]}
        patient = {"num_sql_threads": 1, "sql_time_limit_ms": 100_000, "facet_time_limit_ms": 100_000}
        app = datasette.Datasette(**given, metadata=settings, settings=patient)
        await app.invoke_startup()
        try:
            return [await one(app, path) for path in paths]
        finally:
            for held in app.databases.values():
                held.close() if hasattr(held, "close") else None
            if app.executor is not None:
                app.executor.shutdown()

    async def one(app: Any, path: str) -> Any:
        reply = await app.client.get(path)
        assert reply.status_code == 200, (path, reply.text[:500])
        return reply.json() if ".json" in path else reply.text

    return asyncio.run(ask())


@pytest.mark.parametrize("immutable", [False, True], ids=["plain", "-i"])
def test_without_any_settings_the_views_read_well_and_the_search_searches(db: Path, *, immutable: bool) -> None:
    if immutable:  # as an analyst is handed a file: whole, without a log beside it
        with closing(sqlite3.connect(db)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    changes, found, page = answers(
        db,
        "/archive/v_changes.json?_shape=array",
        "/archive/text.json?_shape=array&_search=lopez",
        "/archive/v_articles",
        immutable=immutable,
    )
    assert [(row["title_before"], row["title"], row["seen_at"]) for row in changes] == [
        ("Ministers promise", "Ministers consider", "2026-01-06T08:00:00Z")
    ]
    assert [row["body"] for row in found] == ["The López harbour opens."]
    assert "Ministers consider" in page


def test_with_the_shipped_settings_only_what_is_for_people_is_listed(db: Path, settings: dict[str, Any]) -> None:
    (about,) = answers(db, "/archive.json", settings=settings)
    shown = {table["name"] for table in about["tables"] if not table["hidden"]}
    assert shown == {"text", "capture", "run"}
    names = {view["name"] for view in about["views"]}
    documents = {"v_article_edits", "v_articles", "v_changes", "v_copies", "v_inbox", "v_links", "v_outlets"}
    assert names == documents | {"v_sources", "v_versions"}


def test_versions_can_be_searched_faceted_and_followed_by_label(db: Path, settings: dict[str, Any]) -> None:
    found, facets, captures = answers(
        db,
        "/archive/v_versions.json?_shape=array&_search=shut",
        "/archive/v_sources.json",
        "/archive/capture",
        settings=settings,
    )
    assert [(row["url"], row["version"]) for row in found] == [(STORY, 2)]
    assert set(facets["facet_results"]) == {"state", "kind", "seed"}
    assert f">{STORY}</a>" in captures


def test_every_canned_question_is_answered(db: Path, settings: dict[str, Any]) -> None:
    asked = {"copies_of": "&article=story", "stood_there": "&article=story&instant=2026-01-05T12:00:00Z"}
    names = list(settings["databases"]["archive"]["queries"])
    paths = [f"/archive/{name}.json?_shape=array{asked.get(name, '')}" for name in names]
    told = dict(zip(names, answers(db, *paths, settings=settings), strict=True))
    assert told["biggest_headline_changes"][0]["title"] == "Ministers consider"
    assert [row["version"] for row in told["silent_edits"]] == [2]
    assert [row["copy_url"] for row in told["copies_of"]] == [COPY]
    assert [row["version"] for row in told["stood_there"]] == [1, 1]
    assert told["most_copied"][0]["copies"] == 1


def test_every_table_is_described_or_hidden(db: Path, settings: dict[str, Any]) -> None:
    told = settings["databases"]["archive"]["tables"]
    assert {table.name for table in metadata.sorted_tables} <= set(told)
    with closing(sqlite3.connect(db)) as connection:
        for name in told:
            known = {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
            assert set(told[name].get("columns", ())) <= known, name


def test_reading_beside_a_writer_holds_nobody_up(db: Path, settings: dict[str, Any], tmp_path: Path) -> None:
    beside = tmp_path / "archive.db"
    with closing(sqlite3.connect(db)) as held, closing(sqlite3.connect(beside)) as copy:
        held.backup(copy)
    with Store(beside) as store:
        make_history(store, 1, [("The harbour is sold.", T0 + 2 * DAY)], title="Ministers sell")
        assert beside.with_name("archive.db-wal").stat().st_size > 0
        (page,) = answers(beside, "/archive/v_articles", settings=settings)
        assert "Ministers sell" in page
        make_history(store, 1, [("The harbour is bought.", T0 + 3 * DAY)], title="Ministers buy")


def test_an_archive_of_another_name_gets_settings_of_its_own(db: Path, tmp_path: Path) -> None:
    mine = tmp_path / "my news.db"
    with closing(sqlite3.connect(db)) as held, closing(sqlite3.connect(mine)) as copy:
        held.backup(copy)
    export_datasette(mine, tmp_path / "datasette.yaml")
    told = yaml.safe_load((tmp_path / "datasette.yaml").read_text("utf-8"))
    assert list(told["databases"]) == ["my news"]
    assert "/my%20news/v_changes" in told["databases"]["my news"]["description_html"]
