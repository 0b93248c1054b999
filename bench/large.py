"""A large archive in seconds instead of hours: the real schema, its rows put in as they are, in one transaction.

::

    make(path, Size(sources=100_000, versions=150_000, captures=1_000_000, words=250))

Texts are of words as frequent as words are (Zipf); an article's next version differs from the one before in six of
them. Versions come round after round, as an archive gets them, some weeks apart; captures fall on the days after each,
the first with a page, the others as 304s, and say the same as the versions. Every hundredth article's first text is
linked with that of the next one, unless ``Size`` says otherwise. Sources are spread over 200 papers with a seed each,
in 20 groups. What is generated is a function of size and seed. Of the chain over captures there is only an end to go on
from, and there are no look-up keys of copies: ``verify`` would complain.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, chain, islice
from typing import TYPE_CHECKING

from archive.urls import url_key
from db import delta_codec
from db.microseconds import micros
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SINCE = datetime(2020, 1, 1, tzinfo=UTC)
APART = timedelta(days=20)
SYLLABLES = [first + vowel + last for first in "bdfgklmnprst" for vowel in "aeiou" for last in "lnr"]
WORDS = [one + two for one in SYLLABLES for two in SYLLABLES][:20_000]
PAPERS, GROUPS = 200, 20
EDITED = 6
AT_ONCE = 5_000
DAY = timedelta(days=1)
PAGE = b"<!doctype html><h1>One page stands for all of them</h1>"

Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything; versions and captures are spread evenly, at least one each.

    ``linked``: every so many-th article's first text is linked with that of the next one.
    """

    sources: int
    versions: int
    captures: int = 0
    words: int = 60
    linked: int = 100

    @property
    def rounds(self) -> int:
        """Versions of an article, at most."""
        return -(-self.versions // self.sources)

    @property
    def until(self) -> datetime:
        """After the last of them."""
        return SINCE + self.rounds * APART


def url_of(source: int) -> str:
    """The address of an article, numbered from 1."""
    return f"https://paper{source % PAPERS}.example/report/{source}"


def make(path: Path, size: Size, seed: int = 4) -> None:
    """A new archive at ``path``."""
    dice = random.Random(seed)
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA foreign_keys = OFF")
        with connection:
            insert(connection, "recipe", [{"id": "bench"}])
            insert(connection, "seed", map(seed_of, range(1, PAPERS + 1)))
            insert(connection, "source", map(source_of, range(1, size.sources + 1)))
            insert(connection, "payload", [payload_of(PAGE)])
            insert(connection, "extraction", [{"id": 1, "payload_id": 1, "recipe_id": "bench", "verdict": "ok"}])
            told = written(size, dice)
            while some := list(islice(told, AT_ONCE)):
                for table, position in (("text", 0), ("version", 1)):
                    insert(connection, table, (each[position] for each in some))
                insert(connection, "capture", chain.from_iterable(each[2] for each in some))
                insert(connection, "derivation", (derivation_of(*each) for each in some))
            insert(connection, "link", links(size))
            connection.execute("INSERT INTO chain (capture_id, link) SELECT max(id), zeroblob(32) FROM capture")
            connection.execute("INSERT INTO text_fts (text_fts) VALUES ('rebuild')")  # of words without parts
        connection.execute("PRAGMA optimize")


def insert(connection: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
    """Put rows in; a column that must have a value and is given none gets 0 or an empty text."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    given = [f'"{name}"' for name in first]
    usual: Row = {}
    for _, name, kind, needed, default, key in connection.execute(f"PRAGMA table_info({table})"):
        if needed and default is None and not key and name not in first:
            usual[name] = "" if kind == "TEXT" else 0
    names = ", ".join([*given, *(f'"{name}"' for name in usual)])
    marks = ", ".join(["?"] * (len(given) + len(usual)))
    filled = ([*row.values(), *usual.values()] for row in chain([first], rows))
    connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", filled)  # noqa: S608 - our own names


# --- rows ------------------------------------------------------------------------------------------------------------


def seed_of(number: int) -> Row:
    group = f"group{number % GROUPS:02}"
    url = f"https://paper{number % PAPERS}.example/"
    told = {"key": f"{group}/paper{number}", "group": group, "name": f"paper{number}", "url": url, "kind": "feed"}
    return {"id": number} | told | {"every": "3600", "first_read_at": micros(SINCE)}


def source_of(number: int) -> Row:
    url = url_of(number)
    found = {"seed_id": number % PAPERS or PAPERS, "found_at": micros(SINCE)}
    return {"id": number, "url": url, "url_key": url_key(url), "kind": "article"} | found


def payload_of(data: bytes) -> Row:
    codec, packed = delta_codec.pack(data)
    return {"id": 1, "sha256": hashlib.sha256(data).digest(), "codec": codec, "length": len(data), "data": packed}


def written(size: Size, dice: random.Random) -> Iterator[tuple[Row, Row, list[Row]]]:
    """Each version's text, itself and its captures, in the order in which an archive gets them."""
    frequent = list(accumulate(1 / rank for rank in range(1, len(WORDS) + 1)))

    def some(number: int) -> list[str]:
        return dice.choices(WORDS, cum_weights=frequent, k=number)

    texts = [some(size.words) for _ in range(size.sources)]
    sightings = max(1, size.captures // size.versions)
    for number in range(size.versions):
        source = number % size.sources
        text = texts[source]
        if number >= size.sources:
            for place, word in zip(dice.sample(range(size.words), EDITED), some(EDITED), strict=True):
                text[place] = word
        first = SINCE + (number // size.sources + dice.random() / 2) * APART
        yield rows_of(number + 1, source + 1, prose(text), first, number // size.sources + 1, sightings)


def prose(words: list[str]) -> str:
    """Words as sentences of 15, four of them a paragraph: a text that is one sentence takes ten times the comparing."""
    sentences = [" ".join(words[start : start + 15]).capitalize() + "." for start in range(0, len(words), 15)]
    return "\n\n".join(" ".join(sentences[start : start + 4]) for start in range(0, len(sentences), 4))


def rows_of(
    text_id: int, source: int, body: str, first: datetime, number: int, sightings: int
) -> tuple[Row, Row, list[Row]]:
    title = f"Report {source}: {body.partition(' ')[0]}"
    digest = hashlib.sha256(f"{title}\n\n{body}\n{text_id}".encode()).digest()
    gap = APART / 2 / max(sightings, 2)
    ids = [(text_id - 1) * sightings + each + 1 for each in range(sightings)]
    captures = [capture_of(capture, source, first + place * gap, page=not place) for place, capture in enumerate(ids)]
    version: Row = {
        "source_id": source,
        "number": number,
        "text_id": text_id,
        "title": title,
        "language": "en",
        "cause": "first" if number == 1 else "changed",
        "kinds": "[]" if number == 1 else '["wording"]',
        "score": 0.0 if number == 1 else 0.5,
        "first_seen_at": micros(first),
        "last_seen_at": micros(first + (sightings - 1) * gap),
        "dated_at": micros(first),
        "captures": sightings,
        "first_capture_id": ids[0],
        "last_capture_id": ids[-1],
        "recipe_id": "bench",
        "recorded_at": micros(first),
    }
    return {"id": text_id, "sha256": digest, "title": title, "body": body, "linked_by": "bench"}, version, captures


def capture_of(number: int, source: int, at: datetime, *, page: bool) -> Row:
    url = url_of(source)
    when: Row = {"id": number, "source_id": source, "captured_at": micros(at), "url": url, "final_url": url}
    if page:
        return when | {"payload_id": 1, "reason": None, "status": 200, "content_type": "text/html"}
    return when | {"payload_id": None, "reason": "not_modified", "status": 304, "content_type": ""}


def derivation_of(text: Row, version: Row, captures: list[Row]) -> Row:
    body = str(text["body"])
    told = {"capture_id": captures[0]["id"], "extraction_id": 1, "text_id": text["id"], "verdict": "ok"}
    return told | {"derived_at": version["recorded_at"], "length": len(body), "paragraphs": 1}


def links(size: Size) -> Iterator[Row]:
    for number in range(1, size.sources, size.linked):
        covers = {"score": 0.9, "coverage_a": 0.8, "coverage_b": 0.7, "longest_run": 30}
        told = {"relation": "near", "because": "near: generated", "method": "bench", "judged_at": micros(SINCE)}
        yield {"a_text_id": number, "b_text_id": number + 1} | covers | told
