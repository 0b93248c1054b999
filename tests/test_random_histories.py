"""Queries give the answers of a plain count by hand, for random histories inserted as rows."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from archive.urls import url_key
from db.microseconds import instant, micros
from db.queries import changes
from db.queries import links as link_queries
from db.queries import versions as version_queries
from db.reader import Reader
from db.records import Cause, InboxFilter, Kind, Relation
from db.store import Store
from tests.builders import DAY, HOUR, T0

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from db.records import Link, VersionRef

ARTICLES = 50
LINKED, LINKS = 5, 150
EVERYTHING = 1 << 62
HOSTS = ("daily.example", "www.weekly.example", "evening.example")
CAUSES = (Cause.CHANGED, Cause.CHANGED, Cause.REVERTED, Cause.RECIPE)
RELATIONS = (Relation.NEAR, Relation.REWORDED, Relation.SAME_EVENT, Relation.POSSIBLE)
KINDS = ((), (Kind.WORDING,), (Kind.NUMBER, Kind.WORDING), (Kind.CORRECTION,), (Kind.HEADLINE, Kind.NUMBER))


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomArchive:
    """An archive of articles numbered from 1, and the rows of their versions as inserted."""

    path: Path
    rows: Sequence[dict[str, Any]]

    def history(self, source: int, recorded: int | None = None) -> list[dict[str, Any]]:
        """Return the history of an article, oldest first: today's, or as recorded at an instant."""
        rows = [row for row in self.rows if row["source_id"] == source and _is_current(row, recorded)]
        return sorted(rows, key=lambda row: (row["first_seen_at"], row["number"]))


def _is_current(row: dict[str, Any], recorded: int | None) -> bool:
    if recorded is None:
        return row["superseded_at"] is None
    return bool(row["recorded_at"] <= recorded and (row["superseded_at"] or EVERYTHING) > recorded)


def insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))


def a_version(dice: random.Random, source: int, number: int, seen_at: int, day: datetime) -> dict[str, Any]:
    cause = Cause.FIRST if number == 1 else dice.choice(CAUSES)
    kinds = dice.choice(KINDS) if cause is not Cause.FIRST else ()
    row = {"source_id": source, "number": number, "title": f"Report {source}.{number}", "language": "en"}
    row |= {"cause": str(cause), "kinds": json.dumps(kinds), "score": dice.choice((0.0, 0.04, 0.3, 0.8))}
    row |= {
        "first_seen_at": seen_at,
        "last_seen_at": seen_at,
        "dated_at": seen_at - dice.choice((0, 5)) * 3600 * 10**6,
        "captures": 1,
        "recipe_id": "dealt",
    }
    return row | {"first_capture_id": 1, "last_capture_id": 1, "recorded_at": micros(day), "superseded_at": None}


def histories(dice: random.Random, articles: int) -> list[dict[str, Any]]:
    """Return versions at instants that articles share.

    A third of the histories was different until the tenth day.
    """
    rows: list[dict[str, Any]] = []
    for source in range(1, articles + 1):
        for revision in range(1 + (dice.random() < 0.3)):
            day = T0 + (10 if revision else 0) * DAY
            hours = sorted(dice.sample(range(40), dice.randint(1, 6)))
            if revision:
                before = [row for row in rows if row["source_id"] == source]
                for row in before:
                    row["superseded_at"] = micros(day)
            instants = [micros(T0 + hour * HOUR) for hour in hours]
            rows += [a_version(dice, source, number, seen_at, day) for number, seen_at in enumerate(instants, 1)]
    return [row | {"id": row_id, "text_id": row_id} for row_id, row in enumerate(rows, 1)]


def build_archive(path: Path, rows: list[dict[str, Any]], articles: int) -> RandomArchive:
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        insert(connection, "recipe", {"id": "dealt", "first_used_at": 0})
        for number in range(1, articles + 1):
            url = f"https://{HOSTS[number % 3]}/{number}"
            constants = {"kind": "article", "found_at": 0}
            insert(connection, "source", {"id": number, "url": url, "url_key": url_key(url)} | constants)
        for row in rows:
            insert(connection, "text", {"id": row["id"], "sha256": row["id"].to_bytes(32), "body": "said"})
            insert(connection, "version", row)
    return RandomArchive(path=path, rows=rows)


@pytest.fixture(scope="module")
def random_archive(tmp_path_factory: pytest.TempPathFactory) -> RandomArchive:
    dice = random.Random(9)
    built = build_archive(tmp_path_factory.mktemp("dealt") / "archive.db", histories(dice, ARTICLES), ARTICLES)
    texts = [row["text_id"] for row in built.rows if row["source_id"] <= LINKED]
    with closing(sqlite3.connect(built.path)) as connection, connection:
        for a, b in {tuple(sorted(dice.sample(texts, 2))) for _ in range(LINKS)}:
            link = {"a_text_id": a, "b_text_id": b, "relation": str(dice.choice(RELATIONS)), "score": 0.5}
            covers = {"coverage_a": 0.5, "coverage_b": 0.5, "longest_run": 9, "judged_at": 0}
            insert(connection, "link", link | covers)
    return built


# --- versions at an instant ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recorded", [None, T0 - HOUR, T0, T0 + 9 * DAY, T0 + 10 * DAY])
def test_the_version_at_an_instant_is_the_last_that_was_first_seen_by_then(
    random_archive: RandomArchive, recorded: datetime | None
) -> None:
    then = None if recorded is None else micros(recorded)
    total = 0
    with Reader(random_archive.path) as reader:
        for hour in (-1, 0, 3, 11, 20, 39):
            moment = T0 + hour * HOUR
            version_ids = {
                version.id for version, _ in version_queries.versions_as_of(reader.ask, when=moment, recorded=recorded)
            }
            by_hand = [
                [row for row in random_archive.history(source, then) if row["first_seen_at"] <= micros(moment)]
                for source in range(1, ARTICLES + 1)
            ]
            assert version_ids == {rows[-1]["id"] for rows in by_hand if rows}
            total += len(version_ids)
            if recorded is None:
                answers = [version_queries.version_at(reader.ask, source, moment) for source in range(1, ARTICLES + 1)]
                assert {version.id for version in answers if version is not None} == version_ids
    assert (total > 0) == (recorded != T0 - HOUR)


# --- the inbox -------------------------------------------------------------------------------------------------------


def news_by_hand(
    archive: RandomArchive, marks: dict[int, int], caught_up: int | None, filters: InboxFilter
) -> list[tuple[Any, ...]]:
    """Compute the answer of ``changes.news`` for all articles.

    Source, newest and seen version, kinds, score and number of changes.
    """
    news = []
    for source in range(1, ARTICLES + 1):
        history = archive.history(source)
        edits = [row for row in history if row["number"] > 1 and row["cause"] != Cause.RECIPE]
        seen_at = None if filters.everything else marks.get(source, caught_up)
        seen_versions = [row for row in history if seen_at is not None and row["first_seen_at"] <= seen_at]
        base = (seen_versions or history)[-1 if seen_versions else 0]
        since = [row for row in edits if row["number"] > base["number"]]
        kinds = tuple(dict.fromkeys(kind for row in since for kind in json.loads(row["kinds"])))
        score = max((row["score"] for row in since), default=0)
        fits = not filters.kinds or set(filters.kinds) & set(kinds)
        host = HOSTS[source % 3].removeprefix("www.")
        if since and fits and score >= filters.least and filters.host in {None, host}:
            place = (since[-1]["first_seen_at"], since[-1]["id"])
            if (filters.since is None or filters.since <= instant(place[0])) and (
                filters.until is None or instant(place[0]) < filters.until
            ):
                news.append((place, source, history[-1]["id"], base["id"], kinds, score, len(since)))
    return sorted(news, reverse=True)


def mark(path: Path, marks: dict[int, int], caught_up: int | None) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM seen")
        connection.execute("DELETE FROM caught_up")
        for source, until in marks.items():
            insert(connection, "seen", {"source_id": source, "until_at": until, "marked_at": 0})
        if caught_up is not None:
            insert(connection, "caught_up", {"until_at": caught_up, "marked_at": 0})


def all_news(reader: Reader, filters: InboxFilter, limit: int) -> list[tuple[Any, ...]]:
    """Return the answer of ``changes.news``, page by page."""
    news: list[tuple[Any, ...]] = []
    place, has_more = None, True
    while has_more:
        page_rows, place = changes.inbox(reader.ask, filters, after=place, limit=limit)
        has_more = place is not None
        news += [
            (item.place, item.source_id, item.newest.id, item.seen.id, item.kinds, item.score, item.changes)
            for item in page_rows
        ]
    return news


def in_view(reader: Reader) -> list[tuple[Any, ...]]:
    """Return the rows of ``v_inbox``: source, seen and newest version, score and number of changes."""
    sql = """
        SELECT i.id, b.id AS seen, n.id AS newest, i.score, i.changes FROM v_inbox i
        JOIN v_versions b ON b.source_id = i.id AND b.version = i.version_seen
        JOIN v_versions n ON n.source_id = i.id AND n.version = i.version ORDER BY i.id"""
    return [tuple(row.values()) for row in reader.ask(sql)]


def _source(row: tuple[Any, ...]) -> int:
    return int(row[1])


def a_mark(dice: random.Random) -> int:
    return micros(T0 + dice.randint(-2, 42) * HOUR)


@pytest.mark.parametrize(
    "filters",
    [
        InboxFilter(),
        InboxFilter(everything=True),
        InboxFilter(kinds=("correction", "headline")),
        InboxFilter(host="weekly.example", least=0.3),
        InboxFilter(since=T0 + 10 * HOUR, until=T0 + 30 * HOUR),
    ],
    ids=["first look", "everything", "kinds", "host and weight", "time"],
)
def test_the_inbox_equals_a_count_by_hand(random_archive: RandomArchive, filters: InboxFilter) -> None:
    dice = random.Random(3)
    total = 0
    for turn in range(6):
        marks = {source: a_mark(dice) for source in dice.sample(range(1, ARTICLES + 1), 12)} if turn else {}
        caught_up = a_mark(dice) if turn % 2 else None
        mark(random_archive.path, marks, caught_up)
        by_hand = news_by_hand(random_archive, marks, caught_up, filters)
        with Reader(random_archive.path) as reader:
            for limit in (3, 25, 100):
                assert all_news(reader, filters, limit) == by_hand
            if filters == InboxFilter():
                assert in_view(reader) == [
                    (row[1], row[3], row[2], row[-2], row[-1]) for row in sorted(by_hand, key=_source)
                ]
        total += len(by_hand)
    assert total > 10


def test_an_old_article_with_unseen_changes_is_found_behind_seen_ones(tmp_path: Path) -> None:
    """All newer articles were seen, and they are more than one look-up reads."""
    dice = random.Random(1)
    rows: list[dict[str, Any]] = []
    for source in range(1, 221):
        for number in (1, 2):
            row = a_version(dice, source, number, micros(T0 + (source + 300 * number) * HOUR), T0)
            rows.append(row | {"cause": "changed", "id": len(rows) + 1, "text_id": len(rows) + 1})
    archive = build_archive(tmp_path / "archive.db", rows, 220)
    mark(archive.path, {1: micros(T0 + 301 * HOUR)}, micros(T0 + 900 * HOUR))
    with Reader(archive.path) as reader:
        assert [row[1] for row in all_news(reader, InboxFilter(), 25)] == [1]


# --- copies ----------------------------------------------------------------------------------------------------------


def test_a_link_is_a_copy_unless_an_earlier_link_has_the_opposite_direction(random_archive: RandomArchive) -> None:
    with Reader(random_archive.path) as reader:
        links = link_queries.of_sources(reader.ask, [])
        sql = "SELECT of_url, of_version, copy_url, copy_version FROM v_copies"
        rows = sorted(tuple(row.values()) for row in reader.ask(sql))
    today = {(row["source_id"], row["number"]): row for row in random_archive.rows if row["superseded_at"] is None}

    def age(ref: VersionRef) -> tuple[int, int, str]:
        row = today[int(ref.url.rpartition("/")[2]), ref.version]
        return row["dated_at"], row["first_seen_at"], url_key(ref.url)

    def is_reversed(link: Link) -> bool:
        """True if an earlier link says that its original is the copy."""
        return any(
            other.relation.is_copy
            and (other.a.url, other.b.url) == (link.b.url, link.a.url)
            and age(other.a) < age(link.a)
            for other in links
        )

    copies = [link for link in links if not is_reversed(link)]
    assert rows == sorted((link.a.url, link.a.version, link.b.url, link.b.version) for link in copies)
    assert 0 < len(copies) < len(links) - 10
