"""Fast questions give what counting by hand gives, whatever the histories: dealt by a seed, put in as rows."""

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
from db.records import Cause, Kind, NewsFilters, Relation
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
class Dealt:
    """An archive of articles numbered from 1, and the rows of their versions as they were put in."""

    path: Path
    rows: Sequence[dict[str, Any]]

    def believed(self, source: int, recorded: int | None = None) -> list[dict[str, Any]]:
        """Today's history of an article, or that of a day, oldest first."""
        rows = [row for row in self.rows if row["source_id"] == source and _stood(row, recorded)]
        return sorted(rows, key=lambda row: (row["first_seen_at"], row["number"]))


def _stood(row: dict[str, Any], recorded: int | None) -> bool:
    if recorded is None:
        return row["superseded_at"] is None
    return bool(row["recorded_at"] <= recorded and (row["superseded_at"] or EVERYTHING) > recorded)


def insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))


def a_version(dice: random.Random, source: int, number: int, at: int, day: datetime) -> dict[str, Any]:
    cause = Cause.FIRST if number == 1 else dice.choice(CAUSES)
    kinds = dice.choice(KINDS) if cause is not Cause.FIRST else ()
    told = {"source_id": source, "number": number, "title": f"Report {source}.{number}", "language": "en"}
    told |= {"cause": str(cause), "kinds": json.dumps(kinds), "score": dice.choice((0.0, 0.04, 0.3, 0.8))}
    told |= {
        "first_seen_at": at,
        "last_seen_at": at,
        "dated_at": at - dice.choice((0, 5)) * 3600 * 10**6,
        "captures": 1,
        "recipe_id": "dealt",
    }
    return told | {"first_capture_id": 1, "last_capture_id": 1, "recorded_at": micros(day), "superseded_at": None}


def histories(dice: random.Random, articles: int) -> list[dict[str, Any]]:
    """Versions at instants that articles share; a third of the histories was cut otherwise until the tenth day."""
    rows: list[dict[str, Any]] = []
    for source in range(1, articles + 1):
        for recut in range(1 + (dice.random() < 0.3)):
            day = T0 + (10 if recut else 0) * DAY
            hours = sorted(dice.sample(range(40), dice.randint(1, 6)))
            if recut:
                before = [row for row in rows if row["source_id"] == source]
                for row in before:
                    row["superseded_at"] = micros(day)
            at = [micros(T0 + hour * HOUR) for hour in hours]
            rows += [a_version(dice, source, number, each, day) for number, each in enumerate(at, 1)]
    return [row | {"id": place, "text_id": place} for place, row in enumerate(rows, 1)]


def deal(path: Path, rows: list[dict[str, Any]], articles: int) -> Dealt:
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        insert(connection, "recipe", {"id": "dealt", "first_used_at": 0})
        for number in range(1, articles + 1):
            url = f"https://{HOSTS[number % 3]}/{number}"
            found = {"kind": "article", "found_at": 0}
            insert(connection, "source", {"id": number, "url": url, "url_key": url_key(url)} | found)
        for row in rows:
            insert(connection, "text", {"id": row["id"], "sha256": row["id"].to_bytes(32), "body": "said"})
            insert(connection, "version", row)
    return Dealt(path=path, rows=rows)


@pytest.fixture(scope="module")
def dealt(tmp_path_factory: pytest.TempPathFactory) -> Dealt:
    dice = random.Random(9)
    made = deal(tmp_path_factory.mktemp("dealt") / "archive.db", histories(dice, ARTICLES), ARTICLES)
    texts = [row["text_id"] for row in made.rows if row["source_id"] <= LINKED]
    with closing(sqlite3.connect(made.path)) as connection, connection:
        for a, b in {tuple(sorted(dice.sample(texts, 2))) for _ in range(LINKS)}:
            told = {"a_text_id": a, "b_text_id": b, "relation": str(dice.choice(RELATIONS)), "score": 0.5}
            covers = {"coverage_a": 0.5, "coverage_b": 0.5, "longest_run": 9, "judged_at": 0}
            insert(connection, "link", told | covers)
    return made


# --- what stood there ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recorded", [None, T0 - HOUR, T0, T0 + 9 * DAY, T0 + 10 * DAY])
def test_what_stood_at_an_instant_is_the_last_that_was_first_seen_by_then(
    dealt: Dealt, recorded: datetime | None
) -> None:
    then = None if recorded is None else micros(recorded)
    found = 0
    with Reader(dealt.path) as reader:
        for hour in (-1, 0, 3, 11, 20, 39):
            at = T0 + hour * HOUR
            told = {version.id for version, _ in version_queries.standing(reader.ask, when=at, recorded=recorded)}
            by_hand = [
                [row for row in dealt.believed(source, then) if row["first_seen_at"] <= micros(at)]
                for source in range(1, ARTICLES + 1)
            ]
            assert told == {rows[-1]["id"] for rows in by_hand if rows}
            found += len(told)
            if recorded is None:
                asked = [version_queries.at(reader.ask, source, at) for source in range(1, ARTICLES + 1)]
                assert {each.id for each in asked if each is not None} == told
    assert (found > 0) == (recorded != T0 - HOUR)


# --- what is new -----------------------------------------------------------------------------------------------------


def news_by_hand(
    dealt: Dealt, marks: dict[int, int], caught_up: int | None, wanted: NewsFilters
) -> list[tuple[Any, ...]]:
    """What ``changes.news`` says of all articles: source, newest and seen version, kinds, score, how many changes."""
    found = []
    for source in range(1, ARTICLES + 1):
        history = dealt.believed(source)
        edits = [row for row in history if row["number"] > 1 and row["cause"] != Cause.RECIPE]
        seen_at = None if wanted.everything else marks.get(source, caught_up)
        looked = [row for row in history if seen_at is not None and row["first_seen_at"] <= seen_at]
        base = (looked or history)[-1 if looked else 0]
        since = [row for row in edits if row["number"] > base["number"]]
        kinds = tuple(dict.fromkeys(kind for row in since for kind in json.loads(row["kinds"])))
        score = max((row["score"] for row in since), default=0)
        fits = not wanted.kinds or set(wanted.kinds) & set(kinds)
        host = HOSTS[source % 3].removeprefix("www.")
        if since and fits and score >= wanted.least and wanted.host in {None, host}:
            place = (since[-1]["first_seen_at"], since[-1]["id"])
            if (wanted.since is None or wanted.since <= instant(place[0])) and (
                wanted.until is None or instant(place[0]) < wanted.until
            ):
                found.append((place, source, history[-1]["id"], base["id"], kinds, score, len(since)))
    return sorted(found, reverse=True)


def mark(path: Path, marks: dict[int, int], caught_up: int | None) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM seen")
        connection.execute("DELETE FROM caught_up")
        for source, until in marks.items():
            insert(connection, "seen", {"source_id": source, "until_at": until, "marked_at": 0})
        if caught_up is not None:
            insert(connection, "caught_up", {"until_at": caught_up, "marked_at": 0})


def all_news(reader: Reader, wanted: NewsFilters, limit: int) -> list[tuple[Any, ...]]:
    """What ``changes.news`` says page after page."""
    found: list[tuple[Any, ...]] = []
    place, going = None, True
    while going:
        some, place = changes.news(reader.ask, wanted, after=place, limit=limit)
        going = place is not None
        found += [
            (each.place, each.source_id, each.newest.id, each.seen.id, each.kinds, each.score, each.changes)
            for each in some
        ]
    return found


def in_view(reader: Reader) -> list[tuple[Any, ...]]:
    """What ``v_inbox`` says: source, seen and newest version, score, how many changes."""
    sql = """
        SELECT i.id, b.id AS seen, n.id AS newest, i.score, i.changes FROM v_inbox i
        JOIN v_versions b ON b.source_id = i.id AND b.version = i.version_seen
        JOIN v_versions n ON n.source_id = i.id AND n.version = i.version ORDER BY i.id"""
    return [tuple(row.values()) for row in reader.ask(sql)]


def _source(told: tuple[Any, ...]) -> int:
    return int(told[1])


def a_mark(dice: random.Random) -> int:
    return micros(T0 + dice.randint(-2, 42) * HOUR)


@pytest.mark.parametrize(
    "wanted",
    [
        NewsFilters(),
        NewsFilters(everything=True),
        NewsFilters(kinds=("correction", "headline")),
        NewsFilters(host="weekly.example", least=0.3),
        NewsFilters(since=T0 + 10 * HOUR, until=T0 + 30 * HOUR),
    ],
    ids=["first look", "everything", "kinds", "host and weight", "time"],
)
def test_the_inbox_holds_what_counting_by_hand_finds(dealt: Dealt, wanted: NewsFilters) -> None:
    dice = random.Random(3)
    found = 0
    for turn in range(6):
        marks = {source: a_mark(dice) for source in dice.sample(range(1, ARTICLES + 1), 12)} if turn else {}
        caught_up = a_mark(dice) if turn % 2 else None
        mark(dealt.path, marks, caught_up)
        by_hand = news_by_hand(dealt, marks, caught_up, wanted)
        with Reader(dealt.path) as reader:
            for limit in (3, 25, 100):
                assert all_news(reader, wanted, limit) == by_hand
            if wanted == NewsFilters():
                assert in_view(reader) == [(of[1], of[3], of[2], of[-2], of[-1]) for of in sorted(by_hand, key=_source)]
        found += len(by_hand)
    assert found > 10


def test_an_article_put_back_behind_everything_seen_is_found_however_old(tmp_path: Path) -> None:
    """More articles than are looked up at once are newer than it, and all of them were looked at."""
    dice = random.Random(1)
    rows: list[dict[str, Any]] = []
    for source in range(1, 221):
        for number in (1, 2):
            row = a_version(dice, source, number, micros(T0 + (source + 300 * number) * HOUR), T0)
            rows.append(row | {"cause": "changed", "id": len(rows) + 1, "text_id": len(rows) + 1})
    put = deal(tmp_path / "archive.db", rows, 220)
    mark(put.path, {1: micros(T0 + 301 * HOUR)}, micros(T0 + 900 * HOUR))
    with Reader(put.path) as reader:
        assert [each[1] for each in all_news(reader, NewsFilters(), 25)] == [1]


# --- who has it from whom --------------------------------------------------------------------------------------------


def test_a_copy_is_what_no_earlier_link_says_the_other_way_round(dealt: Dealt) -> None:
    with Reader(dealt.path) as reader:
        links = link_queries.of_sources(reader.ask, [])
        sql = "SELECT of_url, of_version, copy_url, copy_version FROM v_copies"
        told = sorted(tuple(row.values()) for row in reader.ask(sql))
    today = {(row["source_id"], row["number"]): row for row in dealt.rows if row["superseded_at"] is None}

    def age(ref: VersionRef) -> tuple[int, int, str]:
        row = today[int(ref.url.rpartition("/")[2]), ref.version]
        return row["dated_at"], row["first_seen_at"], url_key(ref.url)

    def turned(link: Link) -> bool:
        """True where an earlier link says that its original is the copy."""
        return any(
            other.relation.is_copy
            and (other.a.url, other.b.url) == (link.b.url, link.a.url)
            and age(other.a) < age(link.a)
            for other in links
        )

    kept = [link for link in links if not turned(link)]
    assert told == sorted((link.a.url, link.a.version, link.b.url, link.b.version) for link in kept)
    assert 0 < len(kept) < len(links) - 10
