"""What it costs to link a document with its copies, end to end, in an archive of 10,000 and of 100,000 documents.

The documents are generated with the vocabulary of English (the shipped background: Zipf), names that recur as names do,
a thousand a day; every tenth is a copy, half of those reworded. The older documents of an archive are laid down in
bulk: their term keys are those of an outline (the names, rare words and figures from which terms are chosen; two
outlines share 0.27 of them, two documents 0.31), some keys of runs are drawn, so that they have as many as a document,
and their bodies are those of other documents. The same new documents are linked in both archives in turns, so that both
figures have the same work beside them. ``WIRECOPY_BENCH_DOCUMENTS=20000`` sets the size of the larger archive. Wanted:
10 ms a document, at ten times as many documents at most 1.5 times that, and 1,200 bytes a document for the index.

It also says what MinHash-LSH finds of the labelled pairs, and, with the ``bench`` extra, datasketch's and simhash.
"""

from __future__ import annotations

import json
import lzma
import os
import random
import sqlite3
import tempfile
from bisect import bisect
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from archive import copies
from archive.copies import background
from archive.pipeline.link import link
from db.microseconds import micros
from db.queries.links import RUNS_FROM
from db.records import Text
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

UNIT = "ms"

DOCUMENTS = int(os.environ.get("WIRECOPY_BENCH_DOCUMENTS", "100000"))
A_DAY = 1000
AT_ONCE = 5_000
"""Older documents that are laid down in one transaction."""

DRAWN = 17
"""Keys of runs that an outline lacks."""

LATEST = 2000
"""Documents before the measured ones that are written and stored in full."""

MEASURED, ROUNDS = 600, 6
BEGAN = datetime(2031, 1, 1, tzinfo=UTC)
PAIRS = Path(__file__).resolve().parents[1] / "tests" / "pairs"


# --- the documents ---------------------------------------------------------------------------------------------------


class Newsroom:
    """Writes documents: each about something, with its own names and rare words."""

    def __init__(self, seed: int = 1) -> None:
        self.dice = random.Random(seed)
        lines = lzma.decompress((background.HERE / "stems.en.xz").read_bytes()).decode().splitlines()
        levels = [line.split(" ") for line in lines]
        self.words = [word for _, *words in levels for word in words]
        self.shares = list(accumulate(10 ** (int(level) * background.LEVEL) for level, *words in levels for _ in words))
        self.rare = [word for level, *words in levels if int(level) * background.LEVEL < 4 for word in words]
        self.before: list[str] = []

    def document(self) -> str:
        """The body of the next document."""
        if self.before and self.dice.random() < 0.1:
            body = self.dice.choice(self.before[-5000:])
            return body if self.dice.random() < 0.5 else self.reworded(body)
        subject = [*(self.name() for _ in range(8)), *self.dice.sample(self.rare, 20)]
        length = max(60, round(self.dice.lognormvariate(5.8, 0.5)))
        sentences = []
        while length > 0:
            words = self.sentence(subject)
            length -= len(words)
            sentences.append(" ".join([words[0].capitalize(), *words[1:]]) + ".")
        paragraphs = [" ".join(sentences[start : start + 2]) for start in range(0, len(sentences), 2)]
        self.before.append("\n\n".join(paragraphs))
        return self.before[-1]

    def outline(self) -> str:
        """The names, rare words and figures of a document alone: 8 names, 20 words and 11 figures in four sentences."""
        names = [self.name() for _ in range(8)]
        words = self.dice.sample(self.rare, 20)
        figures = [str(round(self.dice.lognormvariate(4, 3))) for _ in range(11)]
        terms = [term for group in zip(names, words[:8], words[8:16], figures, strict=False) for term in group]
        terms += [*words[16:], *figures[8:]]
        return " ".join(f"{' '.join(terms[start : start + 10])}." for start in range(0, len(terms), 10))

    def sentence(self, subject: Sequence[str]) -> list[str]:
        """Running words, and here and there a name, a rare word of the subject, a number."""
        return [
            self.dice.choice(subject)
            if (drawn := self.dice.random()) < 0.15
            else str(round(self.dice.lognormvariate(4, 3)))
            if drawn < 0.18
            else self.word()
            for _ in range(self.dice.randint(8, 28))
        ]

    def word(self) -> str:
        """A word, as often as in the language."""
        return self.words[bisect(self.shares, self.dice.random() * self.shares[-1])]

    def name(self) -> str:
        """One of 100,000 names; the thousandth is a thousandth as frequent as the first."""
        number = int(100_000 ** self.dice.random())
        letters = random.Random(number)
        return "".join(letters.choice("bdfgklmnprst") + letters.choice("aeiou") for _ in range(4)).capitalize()

    def reworded(self, body: str) -> str:
        """Every fourth word that is no name and no number swapped."""
        swap = self.dice.random
        return " ".join(
            self.word() if word[:1].islower() and word.isalpha() and swap() < 0.25 else word for word in body.split(" ")
        )


# --- the archive -----------------------------------------------------------------------------------------------------


def insert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    """A row; columns that must have a value and were given none get 0 or an empty text."""
    insert_rows(connection, table, [values])


def insert_rows(connection: sqlite3.Connection, table: str, rows: Iterable[dict[str, object]]) -> None:
    """Rows with the columns of the first; columns that must have a value and were given none get 0 or an empty text."""
    rows = list(rows)
    usual: dict[str, object] = {}
    for _, name, kind, needed, default, _ in connection.execute(f"PRAGMA table_info({table})"):
        if needed and default is None and name != "id" and name not in rows[0]:
            usual[name] = "" if kind == "TEXT" else 0
    columns = [*rows[0], *usual]
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
    sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - names of our own schema
    connection.executemany(sql, ([*row.values(), *usual.values()] for row in rows))


def fill(path: Path, texts: Sequence[tuple[str, Sequence[int]]], first: int, *, waiting: bool = False) -> None:
    """Texts with their keys as extracted and settled, numbered from ``first``, a thousand a day.

    ``waiting``: to be linked, their keys not stored.
    """
    numbers = range(first, first + len(texts))
    stamps = [micros(BEGAN + timedelta(days=number / A_DAY)) for number in numbers]
    dated = list(zip(numbers, stamps, strict=True))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        insert_rows(connection, "text", (text_row(number, texts[number - first][0]) for number in numbers))
        insert_rows(connection, "source", (source_row(number) for number in numbers))
        insert_rows(connection, "extraction", (extraction_row(number, stamp) for number, stamp in dated))
        insert_rows(connection, "version", (version_row(number, stamp) for number, stamp in dated))
        if waiting:
            insert_rows(connection, "unlinked", ({"text_id": number} for number in numbers))
            return
        rows = sorted((key, first + place) for place, (_, keys) in enumerate(texts) for key in keys)
        day = (BEGAN - datetime(1970, 1, 1, tzinfo=UTC)).days
        keyed = ((key, day + number // A_DAY, number) for key, number in rows)
        connection.executemany("INSERT INTO near_key (key, day, text_id) VALUES (?, ?, ?)", keyed)


def text_row(number: int, body: str) -> dict[str, object]:
    return {"id": number, "sha256": sha256(f"{number}\n\n{body}".encode()).digest(), "title": str(number), "body": body}


def source_row(number: int) -> dict[str, object]:
    url_key = f"com,example)/{number}"
    return {"id": number, "url": f"https://example.com/{number}", "url_key": url_key, "kind": "article"}


def extraction_row(number: int, stamp: int) -> dict[str, object]:
    row: dict[str, object] = {"id": number, "payload_id": number, "recipe_id": "r", "text_id": number}
    return row | {"published_at": stamp, "language": "en"}


def version_row(number: int, stamp: int) -> dict[str, object]:
    row: dict[str, object] = {"id": number, "source_id": number, "number": 1, "text_id": number}
    return row | {"first_seen_at": stamp, "last_seen_at": stamp, "dated_at": stamp}


def keyed_text(body: str) -> tuple[str, tuple[int, ...]]:
    """A body with its look-up keys."""
    return body, copies.fingerprint(Text(sha256="", title="", body=body, language="en"))


def linking(path: Path) -> float:
    """CPU seconds for fingerprint, candidates and confirmation of all that wait."""
    with Store(path) as store:
        began = process_time()
        link(store, now=BEGAN)
        return process_time() - began


def index_bytes(path: Path) -> float:
    """Bytes of the look-up keys, by dbstat."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT sum(pgsize) FROM dbstat WHERE name = 'near_key'").fetchone()[0]


def figures() -> Iterator[tuple[str, float]]:
    """Cost a document at a tenth of the documents and at all of them."""
    room = Newsroom()
    latest = [keyed_text(room.document()) for _ in range(LATEST)]
    measured = [(room.document(), ()) for _ in range(MEASURED)]
    with tempfile.TemporaryDirectory() as folder:
        sizes = {Path(folder) / "small.db": DOCUMENTS // 10, Path(folder) / "large.db": DOCUMENTS}
        for path, documents in sizes.items():
            Store(path).close()
            for first in range(1, documents - LATEST, AT_ONCE):
                number = min(AT_ONCE, documents - LATEST - first)
                fill(path, [(room.dice.choice(latest)[0], outline_keys(room)) for _ in range(number)], first)
            fill(path, latest, documents - LATEST)
        spent = dict.fromkeys(sizes, 0.0)
        at_once = MEASURED // ROUNDS
        for start in range(0, MEASURED, at_once):
            for path, documents in sizes.items():
                fill(path, measured[start : start + at_once], documents + start, waiting=True)
                spent[path] += linking(path)
        for path, documents in sizes.items():
            yield f"a document, among {documents:,}", 1000 * spent[path] / MEASURED
        yield "bytes of index a document (not ms)", index_bytes(path) / (DOCUMENTS + MEASURED)


def outline_keys(room: Newsroom) -> tuple[int, ...]:
    """The keys of an outline, and drawn ones for the runs of words that a whole document has besides."""
    drawn = (RUNS_FROM + room.dice.randrange(1 << 29) for _ in range(DRAWN))
    return (*keyed_text(room.outline())[1], *drawn)


def findings(figures: dict[str, float]) -> Iterator[str]:
    """The figures beside what is wanted, and what other methods find of the labelled pairs."""
    small, large, size = figures.values()
    yield f"{large:.1f} ms a document (wanted: 10), {large / small:.2f} times as with a tenth (1.5)"
    yield f"{size:.0f} bytes of index a document (wanted: at most 1,200)"
    yield from others()


# --- what others find ------------------------------------------------------------------------------------------------

Meets = Callable[[str, str], bool]
Shingles = dict[str, list[str]]


def others() -> Iterator[str]:
    """What MinHash and simhash at their usual thresholds call copies of the tests' labelled pairs, by relation."""
    texts = {row["id"]: row for row in rows("texts.jsonl")}
    yield f"this archive: {calls(judged(texts))}"
    said = {name: row["body"].casefold().split() for name, row in texts.items()}
    shingles = {
        name: sorted({" ".join(run) for run in zip(*(words[skip:] for skip in range(3)), strict=False)})
        for name, words in said.items()
    }
    yield f"rensa MinHash-LSH, 0.7: {calls(buckets(shingles, by_rensa, 14, 9))}"
    yield f"rensa MinHash-LSH, 0.42: {calls(buckets(shingles, by_rensa, 32, 4))}"
    try:
        import simhash
    except ImportError:
        yield "for datasketch and simhash beside it: pip install datasketch simhash"
        return
    yield f"datasketch MinHash-LSH, 0.7: {calls(buckets(shingles, by_datasketch, 14, 9))}"
    prints = {name: simhash.Simhash(runs) for name, runs in shingles.items()}
    yield f"simhash, 3 of 64 bits: {calls(lambda a, b: prints[a].distance(prints[b]) <= 3)}"


def rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (PAIRS / name).read_text("utf-8").splitlines()]


def judged(texts: dict[str, dict[str, str]]) -> Meets:
    def known(name: str) -> Text:
        row = texts[name]
        at = datetime.fromisoformat(row["published_at"]) if row.get("published_at") else None
        return Text(sha256=name, title="", body=row["body"], language=row["language"], published_at=at)

    def meets(a: str, b: str) -> bool:
        relation = copies.judge(known(a), known(b)).relation
        return relation is not None and relation.is_copy

    return meets


def by_datasketch(runs: list[str]) -> list[int]:
    from datasketch import MinHash

    sketch = MinHash(num_perm=128)
    sketch.update_batch([run.encode() for run in runs])
    return list(sketch.hashvalues)


def by_rensa(runs: list[str]) -> list[int]:
    from rensa import RMinHash

    sketch = RMinHash(num_perm=128, seed=42)
    sketch.update(runs)
    return list(sketch.digest())


def buckets(shingles: Shingles, sketch: Callable[[list[str]], list[int]], bands: int, width: int) -> Meets:
    held = {}
    for name, runs in shingles.items():
        digest = sketch(runs)
        held[name] = {(band, *digest[band * width : band * width + width]) for band in range(bands)}
    return lambda a, b: bool(held[a] & held[b])


def calls(meets: Meets) -> str:
    of_kind: dict[str, list[bool]] = {}
    for pair in rows("pairs.jsonl"):
        of_kind.setdefault(pair["relation"], []).append(meets(pair["a"], pair["b"]))
    order = ("exact", "near", "partial", "reworded", "same_event", "none")
    return ", ".join(f"{kind} {sum(of_kind[kind])} of {len(of_kind[kind])}" for kind in order)
