"""What clients of web archives are answered, and how fast, in an archive of many captures.

Made: ``WIRECOPY_BENCH_CAPTURES`` captures (default 1,000,000) of a tenth as many pages on 100 hosts, every fifth a 304,
written straight into the tables (60 s, 400 MB for a million). A page of the index and the look-up of one memento are
wanted within a few milliseconds whatever the size; the dearest question anybody can ask within two seconds.
"""

from __future__ import annotations

import os
import random
import sqlite3
import tempfile
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from archive.serve.memento.cdx_index import look_up, pages
from archive.serve.memento.cdx_query import read_question, write_resume
from archive.serve.memento.lookup import place_of
from db import delta_codec
from db.microseconds import instant
from db.queries import cdx
from db.reader import Reader
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

UNIT = "ms"
DEAREST = "url=*.example&showResumeKey=true"
CAPTURES = int(os.environ.get("WIRECOPY_BENCH_CAPTURES", "1000000"))
EACH, HOSTS, ASKED = 10, 100, 100
BEGAN, HOUR = 1_900_000_000_000_000, 3_600_000_000  # microseconds

_SOURCE = "INSERT INTO source (id, url, url_key, kind, found_at) VALUES (?, ?, ?, 'article', 0)"
_CAPTURE = """INSERT INTO capture (source_id, captured_at, url, final_url, detail, reason_phrase, reason, status,
              payload_id, content_type, revisit) VALUES (?, ?, ?, ?, '', '', ?, ?, ?, 'text/html', 0)"""


def figures() -> Iterator[tuple[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "archive.db"
        _fill(db)
        with Reader(db) as reader:
            ask, dice, number = reader.ask, random.Random(1), count()

            def some() -> str:
                return _url(dice.randrange(CAPTURES // EACH))

            def index(query: str) -> Callable[[], object]:
                host = f"host{dice.randrange(HOSTS)}"
                return lambda: look_up(ask, read_question(query.format(url=some(), host=host)))

            def memento() -> object:
                url = some()
                at = instant(BEGAN + next(number) * HOUR)
                return cdx.nearest_capture(ask, place_of(ask, url), at, place_of(ask, url).low[:-1])

            middle = cdx.page_bounds(ask, cdx.KeyRange(low="example,", high="example-"), CAPTURES // 2, 1)
            resume = "" if middle is None else write_resume(middle[0])
            yield "one memento, median", _median(memento)
            yield "all captures of one address", _median(index("url={url}"))
            yield "an address that is not there", _median(index("url={url}/none/2"))
            yield "1,000 captures of a host", _median(index("url={host}.example&matchType=host&limit=1000"), 20)
            yield (
                "1,000 of the domain, from its middle",
                _median(index(f"url=*.example&limit=1000&showResumeKey=true&resumeKey={resume}"), 20),
            )
            yield "the last 1,000 of the domain", _median(index("url=*.example&limit=-1000"), 20)
            yield "the first page of 3,000", _median(index("url=*.example&page=0"), 5)
            last = CAPTURES // 3000 - 1
            yield "the last page of 3,000", _median(index(f"url=*.example&page={last}"), 5)
            yield "how many pages", _median(partial(pages, ask, read_question("url=*.example")), 5)
            nothing = "&".join(f"filter=original:.*(a|b{number})*zz.*" for number in range(5))
            yield (
                "the dearest: filters that keep nothing",
                _median(index(f"url=*.example&showResumeKey=true&{nothing}"), 3),
            )


def findings(found: Mapping[str, float]) -> Iterator[str]:
    yield f"one memento {found['one memento, median']:.1f} ms, wanted a few; {CAPTURES:,} captures"
    dearest = found["the dearest: filters that keep nothing"]
    yield f"the dearest question {dearest:.0f} ms, wanted within 2,000"


def _median(call: Callable[[], object], times: int = ASKED) -> float:
    taken = []
    for _ in range(times):
        began = perf_counter()
        call()
        taken.append(1000 * (perf_counter() - began))
    return sorted(taken)[times // 2]


def _url(page: int) -> str:
    return f"https://host{page % HOSTS}.example/news/{page // HOSTS}-the-strait-reopens"


def _fill(db: Path) -> None:
    Store(db).close()
    codec, data = delta_codec.pack(b"a page")
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("PRAGMA synchronous = off")
        connection.execute(
            "INSERT INTO payload (id, sha256, codec, length, data) VALUES (1, ?, ?, 6, ?)",
            (delta_codec.digest(b"a page"), codec, data),
        )
        connection.executemany(_SOURCE, (_source(page) for page in range(CAPTURES // EACH)))
        connection.executemany(_CAPTURE, (_capture(number) for number in range(CAPTURES)))


def _source(page: int) -> tuple[int, str, str]:
    key = f"example,host{page % HOSTS},)/news/{page // HOSTS}-the-strait-reopens"
    return page + 1, _url(page), key


def _capture(number: int) -> tuple[object, ...]:
    page, turn = number // EACH, number % EACH
    unmodified = turn % 5 == 4
    url, at = _url(page), BEGAN + (page % 1000 + turn * 24) * HOUR
    told = ("not_modified", 304, None) if unmodified else (None, 200, 1)
    return page + 1, at, url, url, *told
