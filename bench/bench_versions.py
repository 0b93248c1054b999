"""Questions to a large archive: 1,000,000 versions of 20,000 articles, generated; figures are p95 unless they say not.

Asked is what a person asks: one article at an instant, the whole archive at an instant, words in all versions. "SQL" is
the bare look-up through the sqlite3 module, "API" the call of ``archive.api`` up to the finished values. Every version
has a text of its own, of some 60 words that are as frequent as words are (Zipf), and differs from the one before in six
of them. ``BENCH_VERSIONS=50000`` generates fewer. The file is warm, all of it was written a moment ago: so CPU is told,
which on a machine with nothing else to do is the time. Of captures recorded it is the time, disk and all.
"""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import tempfile
import time
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING

from archive.api import Archive
from archive.errors import NotArchived
from archive.refs import Ref
from archive.urls import url_key
from db.questions import versions as questions
from db.records import Capture, Reason
from db.store import Store
from db.times import micros

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNIT = "ms"

SOURCES = 20_000
VERSIONS = int(os.environ.get("BENCH_VERSIONS", "1000000"))
EACH = max(1, VERSIONS // SOURCES)
SINCE = datetime(2020, 1, 1, tzinfo=UTC)
APART = timedelta(days=20)
SYLLABLES = [first + vowel + last for first in "bdfgklmnprst" for vowel in "aeiou" for last in "lnr"]
WORDS = [one + two for one in SYLLABLES for two in SYLLABLES][:20_000]
SOUGHT = slice(200, 5_000)
"""Which words are searched for, by how frequent they are: neither "and" nor one that nobody writes."""
PER_TEXT, EDITED = 60, 6
AT_ONCE = 5_000
BATCH = 100

_VERSION = """INSERT INTO version (source_id, number, text_id, title, language, cause, kinds, score, first_seen_at,
    last_seen_at, dated_at, captures, first_capture_id, last_capture_id, recipe_id, recorded_at)
    VALUES (?, ?, ?, ?, 'en', ?, '["wording"]', 0.5, ?, ?, ?, 1, 1, 1, 'bench', ?)"""


def figures() -> Iterator[tuple[str, float]]:
    dice = random.Random(4)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "archive.db"
        fill(path, dice)
        with closing(sqlite3.connect(path)) as connection, Archive(path) as archive:
            yield from one_article(Asking(connection), archive, dice)
            yield from everything(connection, archive, dice)
            yield from words(archive, dice)
        yield "a capture recorded (a 304), ms of all", recorded(path, payload=False)
        yield "a capture recorded (a page held already)", recorded(path, payload=True)


def findings(found: dict[str, float]) -> Iterator[str]:
    """The figures beside what is wanted of them."""
    wanted = {
        "one article at an instant, SQL": 0.05,
        "one article at an instant, API": 1.0,
        "the whole archive at an instant, SQL (median)": 50.0,
        "a capture recorded (a 304), ms of all": 1.0,
        "a capture recorded (a page held already)": 1.0,
    }
    for name, most in wanted.items():
        yield f"{name}: {found[name]:.3f} ms, wanted at most {most:g} {'ok' if found[name] <= most else 'MISSED'}"


# --- what is asked ---------------------------------------------------------------------------------------------------


class Asking:
    """Asks as ``db.connect.Reader`` does, and counts the seconds that SQLite alone takes.

    The rows are fetched in that time; or, ``inside``, only counted where they are found, which is what is left if
    Python does not have to make values of them.
    """

    def __init__(self, connection: sqlite3.Connection, *, inside: bool = False) -> None:
        self._connection = connection
        self._inside = inside
        self.seconds = 0.0

    def __call__(self, sql: str, /, **values: object) -> list[dict[str, object]]:
        timed = f"SELECT count(*) FROM ({sql})" if self._inside else sql  # noqa: S608  # our own question
        began = time.thread_time()
        cursor = self._connection.execute(timed, values)
        found = cursor.fetchall()
        self.seconds += time.thread_time() - began
        names = [column[0] for column in cursor.description]
        return [] if self._inside else [dict(zip(names, row, strict=True)) for row in found]


def one_article(ask: Asking, archive: Archive, dice: random.Random) -> Iterator[tuple[str, float]]:
    def api(recorded: datetime | None = None) -> None:
        with suppress(NotArchived):  # a moment before its first version
            archive.version(Ref(url=url_of(dice.randint(1, SOURCES)), at=moment(dice)), recorded=recorded)

    yield (
        "one article at an instant, SQL",
        p95(lambda: questions.at(ask, dice.randint(1, SOURCES), moment(dice)), 5_000, ask),
    )
    yield "one article at an instant, API", p95(api, 2_000)
    yield "the same, as believed on a day, API", p95(lambda: api(moment(dice)), 500)


def everything(connection: sqlite3.Connection, archive: Archive, dice: random.Random) -> Iterator[tuple[str, float]]:
    def sql(ask: Asking, recorded: datetime | None = None) -> Callable[[], object]:
        return lambda: questions.standing(ask, when=moment(dice), recorded=recorded)

    ask, inside = Asking(connection), Asking(connection, inside=True)
    yield "the whole archive at an instant, SQL (median)", median(sql(inside), 9, inside)
    yield "the same, its rows fetched (median)", median(sql(ask), 9, ask)
    yield "the same, as believed on a day (median)", median(sql(ask, moment(dice)), 9, ask)
    yield "the whole archive at an instant, API (median)", median(lambda: archive.articles(at=moment(dice)), 5)
    yield "the whole archive today, API (median)", median(archive.articles, 5)


def words(archive: Archive, dice: random.Random) -> Iterator[tuple[str, float]]:
    def search(number: int, **more: datetime | bool) -> None:
        archive.search(" ".join(dice.sample(WORDS[SOUGHT], number)), **more)

    yield "a word in all versions, API (median)", median(lambda: search(1), 50)
    yield "a word in all versions, API", p95(lambda: search(1), 50)
    yield "two words in all versions, API", p95(lambda: search(2), 50)
    yield "a word at an instant, API", p95(lambda: search(1, at=moment(dice)), 20)
    yield "a word that is gone, API", p95(lambda: search(1, gone=True), 20)


def recorded(path: Path, *, payload: bool, captures: int = 5_000) -> float:
    """Milliseconds a capture through ``Store.record`` in batches of a hundred."""
    page = b"<h1>A page that is held already</h1>" * 50
    since = SINCE - timedelta(days=1 + payload)
    with Store(path) as store:
        if payload:
            store.record([(a_capture(1, since, payload=True), page)])
        began = time.perf_counter()
        for start in range(1, captures, BATCH):
            found = [a_capture(each, since, payload=payload) for each in range(start, start + BATCH)]
            store.record([(each, page if payload else None) for each in found])
        return (time.perf_counter() - began) / captures * 1e3


def a_capture(source_id: int, at: datetime, *, payload: bool) -> Capture:
    url = url_of(source_id)
    reason = None if payload else Reason.NOT_MODIFIED
    status = 200 if payload else 304
    at += timedelta(seconds=source_id)
    return Capture(source_id=source_id, url=url, final_url=url, captured_at=at, reason=reason, status=status)


def p95(call: Callable[[], object], times: int, ask: Asking | None = None) -> float:
    return spent(call, times, ask)[int(times * 0.95)]


def median(call: Callable[[], object], times: int, ask: Asking | None = None) -> float:
    return spent(call, times, ask)[times // 2]


def spent(call: Callable[[], object], times: int, ask: Asking | None = None) -> list[float]:
    """CPU milliseconds of each of so many calls (or of their SQL, given ``ask``), the least first; one goes ahead."""
    call()
    took = []
    for _ in range(times):
        began = time.thread_time() if ask is None else ask.seconds
        call()
        took.append(((time.thread_time() if ask is None else ask.seconds) - began) * 1e3)
    return sorted(took)


def moment(dice: random.Random) -> datetime:
    return SINCE + dice.random() * EACH * APART


# --- the archive -----------------------------------------------------------------------------------------------------


def fill(path: Path, dice: random.Random) -> None:
    """An archive of the real schema, its rows put in as they are, by the thousands: settling them would take hours."""
    with Store(path) as store:
        store.add_source(url_of(1), url_key(url_of(1)), SINCE)
        store.record([(a_capture(1, SINCE, payload=False), None)])  # the evidence of all of them
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000")
        with connection:
            connection.execute("INSERT INTO recipe (id, first_used_at) VALUES ('bench', 0)")
            connection.executemany(
                "INSERT INTO source (id, url, url_key, kind, found_at) VALUES (?, ?, ?, 'article', ?)",
                ((each, url_of(each), url_key(url_of(each)), micros(SINCE)) for each in range(2, SOURCES + 1)),
            )
            rows = told(dice)
            while some := list(islice(rows, AT_ONCE)):
                connection.executemany("INSERT INTO text (id, sha256, title, body) VALUES (?, ?, ?, ?)",
                                       [text for text, _ in some])  # fmt: skip
                connection.executemany(_VERSION, [version for _, version in some])
            connection.execute("INSERT INTO text_fts (text_fts) VALUES ('rebuild')")
        connection.execute("PRAGMA optimize")


def told(dice: random.Random) -> Iterator[tuple[tuple[object, ...], tuple[object, ...]]]:
    """Rows of texts and of versions, in the order in which an archive gets them: all sources, round after round."""
    frequent = list(accumulate(1 / rank for rank in range(1, len(WORDS) + 1)))

    def some(number: int) -> list[str]:
        return dice.choices(WORDS, cum_weights=frequent, k=number)

    texts = [some(PER_TEXT) for _ in range(SOURCES)]
    for number in range(1, EACH + 1):
        for source, text in enumerate(texts, 1):
            if number > 1:
                for place, word in zip(dice.sample(range(PER_TEXT), EDITED), some(EDITED), strict=True):
                    text[place] = word
            yield rows_of(source, number, text, dice)


def rows_of(
    source: int, number: int, text: list[str], dice: random.Random
) -> tuple[tuple[object, ...], tuple[object, ...]]:
    text_id = (number - 1) * SOURCES + source
    title, body = f"Report {source}", " ".join(text)
    digest = hashlib.sha256(f"{title}\n\n{body}\n{text_id}".encode()).digest()
    first = micros(SINCE + (number - 1 + dice.random()) * APART)
    cause = "first" if number == 1 else "changed"
    dated = (source, number, text_id, title, cause, first, first + 10**9, first, first)
    return (text_id, digest, title, body), dated


def url_of(source: int) -> str:
    return f"https://paper{source % 200}.example/report/{source}"


if __name__ == "__main__":
    for _name, _value in figures():
        print(f"{_name:<50} {_value:10.3f}", flush=True)
