"""Questions to a large archive: 1,000,000 versions of 20,000 articles (``large``); figures are p95 unless they say not.

Asked is what a person asks: one article at an instant, the whole archive at an instant, words in all versions. "SQL" is
the bare look-up through the sqlite3 module, "API" the call of ``archive.api`` up to the finished values. Every version
has a text of its own, of 60 words. ``BENCH_VERSIONS=50000`` generates fewer. The file is warm, all of it was written a
moment ago: so CPU is told, which on a machine with nothing else to do is the time. Of captures recorded it is the time,
disk and all.
"""

from __future__ import annotations

import os
import random
import sqlite3
import tempfile
import time
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from large import APART, SINCE, WORDS, Size, make, url_of

from archive.api import Archive
from archive.api.version_ref import Ref
from db.errors import NotArchived
from db.microseconds import micros
from db.queries import changes
from db.queries import versions as questions
from db.records import Capture, InboxFilter, Reason
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

UNIT = "ms"

SIZE = Size(sources=20_000, versions=int(os.environ.get("BENCH_VERSIONS", "1000000")))
SOURCES = SIZE.sources
SOUGHT = slice(200, 5_000)
"""Which words are searched for, by how frequent they are: neither "and" nor one that nobody writes."""
BATCH = 100


def figures() -> Iterator[tuple[str, float]]:
    dice = random.Random(4)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "archive.db"
        make(path, SIZE)
        with closing(sqlite3.connect(path)) as connection, Archive(path) as archive:
            yield from one_article(Asking(connection), archive, dice)
            yield from everything(connection, archive, dice)
            yield from inbox(archive, dice)
            yield from words(archive, dice)
            yield from copies(archive, dice)
        yield "a capture recorded (a 304), ms of all", recorded(path, payload=False)
        yield "a capture recorded (a page held already)", recorded(path, payload=True)


def findings(found: dict[str, float]) -> Iterator[str]:
    """The figures beside what is wanted of them."""
    wanted = {
        "one article at an instant, SQL": 0.05,
        "one article at an instant, API": 1.0,
        "the whole archive at an instant, SQL (median)": 50.0,
        "the links of one article, API": 5.0,
        "a capture recorded (a 304), ms of all": 1.0,
        "a capture recorded (a page held already)": 1.0,
    }
    for name, most in wanted.items():
        yield f"{name}: {found[name]:.3f} ms, wanted at most {most:g} {'ok' if found[name] <= most else 'MISSED'}"


# --- what is asked ---------------------------------------------------------------------------------------------------


class Asking:
    """Asks as ``db.reader.Reader`` does, and counts the seconds that SQLite alone takes.

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
        p95(lambda: questions.version_at(ask, dice.randint(1, SOURCES), moment(dice)), 5_000, ask),
    )
    yield "one article at an instant, API", p95(api, 2_000)
    yield "the same, as believed on a day, API", p95(lambda: api(moment(dice)), 500)


def everything(connection: sqlite3.Connection, archive: Archive, dice: random.Random) -> Iterator[tuple[str, float]]:
    def sql(ask: Asking, recorded: datetime | None = None) -> Callable[[], object]:
        return lambda: questions.versions_as_of(ask, when=moment(dice), recorded=recorded)

    ask, inside = Asking(connection), Asking(connection, inside=True)
    yield "the whole archive at an instant, SQL (median)", median(sql(inside), 9, inside)
    yield "the same, its rows fetched (median)", median(sql(ask), 9, ask)
    yield "the same, as believed on a day (median)", median(sql(ask, moment(dice)), 9, ask)
    yield "the whole archive at an instant, API (median)", median(lambda: archive.articles(as_of=moment(dice)), 5)
    yield "the whole archive today, API (median)", median(archive.articles, 5)


def inbox(archive: Archive, dice: random.Random) -> Iterator[tuple[str, float]]:
    """Where nobody has looked yet, and all articles are new with all their versions: the first page, and one behind."""

    def page() -> None:
        at = micros(SIZE.until - dice.random() * APART)
        changes.inbox(archive.ask, InboxFilter(), after=(at, 0), limit=25)

    yield (
        "a first look at the inbox, API",
        p95(lambda: changes.inbox(archive.ask, InboxFilter(), after=None, limit=25), 50),
    )
    yield "a page behind it, API", p95(page, 50)


def words(archive: Archive, dice: random.Random) -> Iterator[tuple[str, float]]:
    def search(number: int, **more: datetime | bool) -> None:
        archive.search(" ".join(dice.sample(WORDS[SOUGHT], number)), **more)

    def beginning(letters: int) -> None:
        archive.search(f"{dice.choice(WORDS[SOUGHT])[:letters]}*")

    yield "a word in all versions, API (median)", median(lambda: search(1), 50)
    yield "a word in all versions, API", p95(lambda: search(1), 50)
    yield "two words in all versions, API", p95(lambda: search(2), 50)
    yield "a beginning of three letters in all versions, API", p95(lambda: beginning(3), 20)
    yield "a beginning of four letters in all versions, API", p95(lambda: beginning(4), 20)
    yield "a word at an instant, API", p95(lambda: search(1, at=moment(dice)), 20)
    yield "a word that is gone, API", p95(lambda: search(1, gone=True), 20)


def copies(archive: Archive, dice: random.Random) -> Iterator[tuple[str, float]]:
    """Of an article that has one: what it costs must not grow with the links of all others."""
    yield "the links of one article, API", p95(lambda: archive.copies(url_of(dice.randrange(1, SOURCES, 100))), 200)


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
    return SINCE + dice.random() * (SIZE.until - SINCE)


if __name__ == "__main__":
    for _name, _value in figures():
        print(f"{_name:<50} {_value:10.3f}", flush=True)
