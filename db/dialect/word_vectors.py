"""Words of texts as PostgreSQL stores them for search: a ``tsvector`` of the tokens that SQLite's FTS5 cuts.

One tokenizer serves both engines: FTS5 in memory cuts a text, 1.2 ms each. A copy of it in Python differed in 9 of 357
real texts. A vector holds the four columns of the index one behind the other, each with a weight of its own.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from db.script_folding import INDEX_ENTRY, index_entry

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS: Final = ("title", "body", "title_parts", "body_parts")
"""The columns of the full-text index."""

WEIGHTS: Final = dict(zip(COLUMNS, "ABCD", strict=True))
"""The weight that stands for each column in a vector."""

INDEX: Final = (
    "CREATE VIRTUAL TABLE text_fts USING fts5(title, body, title_parts, body_parts, "
    'tokenize="unicode61 remove_diacritics 2")'
)
"""The full-text index of a file, without its content table."""

TABLES: Final = (
    """CREATE TABLE text_words (
           text_id BIGINT CONSTRAINT pk_text_words PRIMARY KEY
               CONSTRAINT fk_text_words_text_id REFERENCES text (id) ON DELETE CASCADE,
           length INTEGER NOT NULL, is_complete BOOLEAN NOT NULL, words TSVECTOR NOT NULL)""",
    "CREATE INDEX ix_text_words_words ON text_words USING gin (words)",
    "CREATE INDEX ix_text_words_length ON text_words (text_id) INCLUDE (length)",
)
"""The table of vectors. ``length`` is the number of tokens. A vector that is not complete has no places of words."""

# Between two columns, so that no phrase and no NEAR reaches from one to the next: 100 words apart and 64 of a phrase.
_GAP: Final = 256
# Limits of tsvector: a place, the places of one word, the bytes of one word, and of all.
_LAST_PLACE, _MOST_PLACES, _LONGEST_WORD, _MOST_BYTES = 16_383, 255, 2_046, 900_000

Token = tuple[str, str, int]
"""A word, its column and its number in that column."""


class _Memory(threading.local):
    """One index in memory for each thread."""

    def __init__(self) -> None:
        self.connection = open_memory()
        self.connection.execute("CREATE VIRTUAL TABLE instances USING fts5vocab('text_fts', 'instance')")


def open_memory() -> sqlite3.Connection:
    """Return a database in memory with an empty full-text index."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(INDEX)
    return connection


@lru_cache(maxsize=1)
def _memory() -> _Memory:
    return _Memory()


def tokens(title: str, body: str) -> list[Token]:
    """Return the tokens of a text in the index, by column and number."""
    connection = _memory().connection
    connection.execute(INDEX_ENTRY, index_entry(1, title, body))
    try:
        rows = connection.execute("SELECT term, col, offset FROM instances").fetchall()
    finally:
        connection.execute("DELETE FROM text_fts")
    return sorted(rows, key=lambda row: (COLUMNS.index(row[1]), row[2]))


@lru_cache(maxsize=1_024)
def words_of(phrase: str) -> tuple[str, ...]:
    """Return the tokens of a phrase of a query."""
    connection = _memory().connection
    connection.execute("INSERT INTO text_fts (rowid, title) VALUES (1, ?)", [phrase])
    try:
        rows = connection.execute("SELECT term, offset FROM instances").fetchall()
    finally:
        connection.execute("DELETE FROM text_fts")
    return tuple(term for term, _ in sorted(rows, key=lambda row: row[1]))


def vector_row(text_id: int, title: str, body: str) -> dict[str, object]:
    """Return the row of a text in the table of vectors."""
    cut = tokens(title, body)
    vector = _with_places(cut)
    is_complete = vector is not None
    words = vector if vector is not None else _without_places(term for term, _, _ in cut)
    return {"id": text_id, "length": len(cut), "is_complete": is_complete, "words": words}


ADD: Final = """
    INSERT INTO text_words (text_id, length, is_complete, words)
    VALUES (:id, :length, :is_complete, CAST(:words AS tsvector))"""
"""The statement that adds a text to the table; the parameters are those of ``vector_row``."""


def _with_places(cut: Iterable[Token]) -> str | None:
    """Return a vector with all places, None if a limit forbids it."""
    places: dict[str, list[str]] = defaultdict(list)
    start, column, place = 0, "", 0
    for term, col, offset in cut:
        if col != column:
            start, column = place + _GAP, col
        place = start + offset
        places[term].append(f"{place}{WEIGHTS[col]}")
    size = sum(len(term.encode()) + 6 * len(where) for term, where in places.items())
    if place > _LAST_PLACE or size > _MOST_BYTES:
        return None
    if any(len(where) > _MOST_PLACES or len(term.encode()) > _LONGEST_WORD for term, where in places.items()):
        return None
    return " ".join(f"{quoted(term)}:{','.join(where)}" for term, where in places.items())


def _without_places(terms: Iterable[str]) -> str:
    """Return a vector of words alone, of as many as fit: words longer than 2,046 bytes are not found."""
    size, words = 0, []
    for term in dict.fromkeys(terms):
        size += len(term.encode()) + 8
        if size > _MOST_BYTES:
            break
        if len(term.encode()) <= _LONGEST_WORD:
            words.append(quoted(term))
    return " ".join(words)


def quoted(word: str) -> str:
    """Return a word as it is written in a vector and in a query of vectors."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
