"""The texts, and what search knows of them."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from db.records import Problem
from db.verify.common import AT_ONCE, RESTORE, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.reader import Reader, Row


def texts(reader: Reader) -> Iterator[Problem]:
    """A text is known by the digest of headline, blank line, body."""
    for row in _texts_in_order(reader):
        digest = hashlib.sha256(f"{row['title']}\n\n{row['body']}".encode()).digest()
        if digest != row["sha256"]:
            what = f"its words have the digest {digest.hex()}, not {row['sha256'].hex()}"
            yield Problem(what=what, where=f"text {row['id']}, {row['title']!r}", todo=RESTORE)


def _texts_in_order(reader: Reader) -> Iterator[Row]:
    return in_order(reader, "SELECT id, sha256, title, body FROM text WHERE id > :last ORDER BY id LIMIT :n")


_UNINDEXED = """
    SELECT t.id, t.title FROM text t WHERE t.id NOT IN (SELECT id FROM text_fts_docsize) ORDER BY t.id"""
_INDEXED_ONLY = "SELECT d.id FROM text_fts_docsize d WHERE d.id NOT IN (SELECT id FROM text) ORDER BY d.id"


def index(reader: Reader) -> Iterator[Problem]:
    """The full-text index has an entry for each text, and no other."""
    for row in reader.ask(_UNINDEXED):
        yield Problem(what="search cannot find it", where=f"text {row['id']}, {row['title']!r}", todo=RESTORE)
    for row in reader.ask(_INDEXED_ONLY):
        yield Problem(what="search finds a text that is not there", where=f"index entry {row['id']}", todo=RESTORE)


_TERMS = "SELECT term, doc, cnt FROM temp.terms WHERE term > :last ORDER BY term LIMIT :n"


def index_terms(reader: Reader) -> Iterator[Problem]:
    """The index has the words of the texts, each as often: compared with an index made anew in a temporary file.

    FTS5's own integrity check is a write, and a reader has none.
    """
    with closing(sqlite3.connect("")) as anew:
        (made,) = reader.ask("SELECT sql FROM sqlite_master WHERE name = 'text_fts'")
        anew.execute("CREATE TABLE text (id INTEGER PRIMARY KEY, title TEXT, body TEXT)")
        anew.execute(made["sql"])
        for row in _texts_in_order(reader):
            anew.execute("INSERT INTO text_fts (rowid, title, body) VALUES (:id, :title, :body)", row)
        anew.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'text_fts', 'row')")
        reader.ask("CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab('main', 'text_fts', 'row')")
        last = ""
        while True:
            values = {"last": last, "n": 10 * AT_ONCE}
            stored = [(row["term"], row["doc"], row["cnt"]) for row in reader.ask(_TERMS, **values)]
            wanted = anew.execute(_TERMS, values).fetchall()
            if stored != wanted:
                term = min(set(stored) ^ set(wanted))[0]
                what = f"search counts the word {term!r} otherwise than the texts"
                yield Problem(what=what, where="full-text index", todo=RESTORE)
                return
            if not wanted:
                return
            last = wanted[-1][0]
