"""The views people query with any SQL tool: they read well, and every query the documents show runs."""

from __future__ import annotations

import re
import shutil
import sqlite3
import textwrap
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from archive.urls import url_key
from db.reader import Reader
from db.records import DiscoveredUrl, Reason, Relation, SeedKind
from db.schema import metadata
from db.store import Store
from tests.builders import (
    DAY,
    HOUR,
    T0,
    a_judgement,
    a_seed,
    add_source,
    derive_all,
    digest_of,
    failed,
    make_history,
    move,
    settle,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FEED = a_seed("feed", kind=SeedKind.FEED)
STORY, COPY = "https://daily.example/story", "https://mirror.example/story"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small newsroom: a feed, a story in three versions, its copy at another address, a deleted page."""
    where = tmp_path_factory.mktemp("views") / "archive.db"
    with Store(where) as store:
        seeds = [FEED, a_seed("gone"), a_seed("never")]
        store.sync_seeds(seeds, {seed.url: url_key(seed.url) for seed in seeds}, T0)
        (story,) = store.add_discovered([(DiscoveredUrl(url=STORY), url_key(STORY))], 1, T0)
        make_history(store, story, [("The harbour opens.", T0)], title="Harbour opens")
        make_history(store, story, [("The harbour closes.", T0 + HOUR)], title="Harbour closes")
        make_history(store, story, [("The harbour closes on Friday.", T0 + DAY)], title="Harbour closes")
        copy = add_source(store, COPY)
        make_history(store, copy, [("The harbour closes.", T0 + 2 * HOUR)], title="Harbour closes")
        spun = add_source(store, "https://spinner.example/port")
        make_history(store, spun, [("The port shuts.", T0 + 3 * HOUR)], title="Port shuts")
        store.record_links(4, [(2, a_judgement(Relation.REWORDED, coverage=(0.7, 0.4)))], "of the tests", T0)
        store.record([(failed(Reason.GONE_410, T0 + 3 * DAY, 2, status=410), None)])
        move(store, story, "https://daily.example/moved")
    return where


@pytest.fixture
def reader(path: Path) -> Iterator[Reader]:
    with Reader(path) as opened:
        yield opened


def rows(reader: Reader, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in reader.ask(sql)]


# --- they read well --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["v_sources", "v_articles", "v_versions", "v_changes", "v_inbox"])
def test_every_time_is_iso_8601_and_every_row_has_a_title(reader: Reader, view: str) -> None:
    selected = reader.ask(f"SELECT * FROM {view}")
    assert selected
    for row in selected:
        assert row["title"]
        times = [value for name, value in row.items() if name.endswith("_at") and value is not None]
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", time) for time in times)


def test_sources_say_how_they_are(reader: Reader) -> None:
    selected = rows(reader, "SELECT title, seed, state, checks, versions, last_checked_at FROM v_sources ORDER BY id")
    assert selected == [
        (FEED.url, "daily/feed", "unvisited", 0, 0, None),
        ("https://daily.example/gone", "daily/gone", "gone_410", 1, 0, "2026-01-08T08:00:00Z"),
        ("https://daily.example/never", "daily/never", "unvisited", 0, 0, None),
        (STORY, "daily/feed", "ok", 3, 3, "2026-01-06T08:00:00Z"),
        (COPY, None, "ok", 1, 1, "2026-01-05T10:00:00Z"),
        ("https://spinner.example/port", None, "ok", 1, 1, "2026-01-05T11:00:00Z"),
        ("https://daily.example/moved", None, "unvisited", 0, 0, None),
    ]


def test_a_joined_source_names_the_one_that_has_its_history(reader: Reader) -> None:
    sql = "SELECT history_of FROM v_sources WHERE title = 'https://daily.example/moved'"
    assert rows(reader, sql) == [(4,)]


def test_versions_hold_the_text_and_its_digest(reader: Reader) -> None:
    sql = "SELECT version, title, text, text_sha256, cause FROM v_versions WHERE url = :url ORDER BY version"
    first, *_ = [tuple(row.values()) for row in reader.ask(sql, url=STORY)]
    digest = digest_of("Harbour opens", "The harbour opens.")
    assert first == (1, "Harbour opens", "The harbour opens.", digest, "first")


def test_articles_show_the_newest_version(reader: Reader) -> None:
    selected = rows(reader, "SELECT title, versions, text FROM v_articles ORDER BY id")
    assert selected == [
        ("Harbour closes", 3, "The harbour closes on Friday."),
        ("Harbour closes", 1, "The harbour closes."),
        ("Port shuts", 1, "The port shuts."),
    ]


def test_changes_show_the_headline_before(reader: Reader) -> None:
    selected = rows(reader, "SELECT title_before, title, version, seen_at FROM v_changes ORDER BY version")
    assert selected == [
        ("Harbour opens", "Harbour closes", 2, "2026-01-05T09:00:00Z"),
        ("Harbour closes", "Harbour closes", 3, "2026-01-06T08:00:00Z"),
    ]


def test_copies_point_from_the_earlier_text_to_the_later(reader: Reader) -> None:
    sql = "SELECT relation, of_url, of_version, copy_url, copy_version, of_coverage, copy_coverage FROM v_copies"
    spun = "https://spinner.example/port"
    assert sorted(rows(reader, sql)) == [
        ("exact", STORY, 2, COPY, 1, 1.0, 1.0),
        ("reworded", STORY, 2, spun, 1, 0.4, 0.7),
        ("reworded", COPY, 1, spun, 1, 0.4, 0.7),
    ]


def test_an_original_edited_again_is_no_copy_of_its_copy(tmp_path: Path) -> None:
    """Its third version came after the copy and still resembles it. The link stays, but is not a copy that way."""
    with Store(tmp_path / "archive.db") as store:
        texts = [("The harbour opens.", T0), ("The harbour shuts.", T0 + HOUR), ("The harbour is shut.", T0 + DAY)]
        make_history(store, add_source(store, STORY), texts)
        make_history(store, add_source(store, COPY), [("The harbour shuts, we hear.", T0 + 2 * HOUR)])
        store.record_links(2, [(4, a_judgement())], "of the tests", T0)
        store.record_links(3, [(4, a_judgement())], "of the tests", T0)
        links = "SELECT a.url, a.version FROM v_links l JOIN v_versions a ON a.id = l.a_id ORDER BY a.url"
        assert [(row["url"], row["version"]) for row in store.ask(links)] == [(STORY, 2), (COPY, 1)]
        copies = store.ask("SELECT of_url, of_version, copy_url, copy_version FROM v_copies")
        assert [tuple(row.values()) for row in copies] == [(STORY, 2, COPY, 1)]


@pytest.mark.parametrize("relation", [None, Relation.SAME_EVENT, Relation.POSSIBLE])
def test_an_older_article_that_takes_another_ones_text_later_is_its_copy(
    tmp_path: Path, relation: Relation | None
) -> None:
    """Not even where the two reported of one event before: who was first on the web does not decide, the links do."""
    with Store(tmp_path / "archive.db") as store:
        texts = [("Fog over the bay.", T0), ("Boats stay in, we hear.", T0 + DAY)]
        make_history(store, add_source(store, COPY), texts)
        make_history(store, add_source(store, STORY), [("Boats stay in.", T0 + HOUR)])
        store.record_links(2, [(3, a_judgement())], "of the tests", T0)
        if relation is not None:
            store.record_links(1, [(3, a_judgement(relation))], "of the tests", T0)
        copies = "SELECT of_url, copy_url, copy_version FROM v_copies WHERE relation NOT IN ('same_event', 'possible')"
        assert [tuple(row.values()) for row in store.ask(copies)] == [(STORY, COPY, 2)]


def test_the_inbox_shows_an_article_once_beside_what_was_seen_last(path: Path, tmp_path: Path) -> None:
    sql = "SELECT id, title_before, title, version_seen, version, seen_at, changes FROM v_inbox"
    newest = "2026-01-06T08:00:00Z"
    shutil.copy(path, tmp_path / "marked.db")
    with Store(tmp_path / "marked.db") as store:
        assert [tuple(row.values()) for row in store.ask(sql)] == [
            (4, "Harbour opens", "Harbour closes", 1, 3, newest, 2)
        ]
        store.mark_read(4, T0 + HOUR, T0 + DAY)
        assert [tuple(row.values()) for row in store.ask(sql)] == [
            (4, "Harbour closes", "Harbour closes", 2, 3, newest, 1)
        ]
        store.mark_read(None, T0 + DAY, T0 + DAY)
        assert store.ask(sql) == []


def test_superseded_versions_are_not_shown(tmp_path: Path) -> None:
    with Store(tmp_path / "archive.db") as store:
        source = add_source(store)
        make_history(store, source, [("one", T0)])
        store.settle(source, lambda *_: [], T0)
        assert store.ask("SELECT * FROM v_versions") == []
        assert store.ask("SELECT * FROM v_articles") == []
        settle(store, source)
        assert len(store.ask("SELECT * FROM v_versions")) == 1


def test_the_same_event_is_linked_within_three_days_only(tmp_path: Path) -> None:
    with Store(tmp_path / "archive.db") as store:
        for number, days in enumerate((0, 2, 9), 1):
            make_history(
                store, add_source(store, f"https://n{number}.example/"), [(f"quake {number}", T0 + days * DAY)]
            )
        for other in (2, 3):
            store.record_links(1, [(other, a_judgement(Relation.SAME_EVENT))], "of the tests", T0)
        assert [row["copy_url"] for row in store.ask("SELECT copy_url FROM v_copies")] == ["https://n2.example/"]


def test_two_versions_of_one_page_are_never_copies_of_each_other(tmp_path: Path) -> None:
    with Store(tmp_path / "archive.db") as store:
        make_history(store, add_source(store), [("one", T0), ("two", T0 + DAY), ("one", T0 + 2 * DAY)])
        store.record_links(1, [(2, a_judgement())], "of the tests", T0)
        derive_all(store)
        assert store.ask("SELECT * FROM v_links") == []


# --- the documents ---------------------------------------------------------------------------------------------------


def queries(root: Path) -> list[tuple[str, str]]:
    text = (root / "docs" / "schema.md").read_text(encoding="utf-8")
    return re.findall(r"\*\*(.+?)\*\*\n+```sql\n(.+?)```", text, flags=re.DOTALL)


def test_the_documents_show_ten_queries_or_more(root: Path) -> None:
    assert len(queries(root)) >= 10


def test_every_query_of_the_documents_runs_and_finds_something(root: Path, path: Path) -> None:
    # As the sqlite3 shell and Datasette run it: without anything of ours.
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        empty = [title for title, sql in queries(root) if not connection.execute(sql).fetchall()]
    assert empty == []


def test_the_documents_ask_the_stable_views_only(root: Path) -> None:
    tables = {name for name in metadata.tables if name != "text"}
    queried = {word for _, sql in queries(root) for word in re.findall(r"(?:FROM|JOIN)\s+(\w+)", sql)}
    assert queried.isdisjoint(tables)


def picture() -> str:
    """Return the foreign keys as a Mermaid diagram: a bar for a required row, a ring for an optional one."""
    lines = ["erDiagram"]
    for table in metadata.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda key: list(table.c).index(key.parent)):
            end = "|o" if key.parent.nullable else "||"
            lines.append(f"    {key.column.table.name} {end}--o{{ {table.name} : {key.parent.name}")
    return "\n".join(lines)


def columns() -> str:
    """Return every table with its columns. A question mark means that it may be NULL."""
    lines = []
    for name, table in sorted(metadata.tables.items()):
        names = " ".join(f"{column.name}{'?' if column.nullable else ''}" for column in table.columns)
        lines.append(textwrap.fill(f"{name:<12}{names}", width=118, subsequent_indent=" " * 12))
    return "\n".join(lines)


@pytest.mark.parametrize(("language", "draw"), [("mermaid", picture), ("text", columns)], ids=["picture", "columns"])
def test_the_documents_draw_the_tables_as_they_are(root: Path, language: str, draw: Callable[[], str]) -> None:
    text = (root / "docs" / "schema.md").read_text(encoding="utf-8")
    (drawn,) = re.findall(rf"```{language}\n(.+?)\n```", text, flags=re.DOTALL)
    assert drawn == draw(), f"put this into docs/schema.md:\n{draw()}"


def test_every_column_of_a_view_is_explained(root: Path, reader: Reader) -> None:
    text = (root / "docs" / "schema.md").read_text(encoding="utf-8")
    views = (
        "v_sources",
        "v_articles",
        "v_versions",
        "v_changes",
        "v_inbox",
        "v_copies",
        "v_article_edits",
        "v_outlets",
    )
    for view in views:
        (documented,) = re.findall(rf"^\| `{view}` \|.*\| (.+?) \|$", text, flags=re.MULTILINE)
        names = [row["name"] for row in reader.ask("SELECT name FROM pragma_table_info(:view)", view=view)]
        assert re.findall(r"\w+", documented) == names
