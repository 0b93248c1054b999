"""Checks of the texts and of their full-text index."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from db.records import Problem
from db.script_folding import INDEX_ENTRY, index_entry
from db.verify.common import BATCH, DERIVE, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from db.reader import Reader, Row


_BYTES = """
    SELECT id, sha256, CAST(title AS BLOB) AS title, CAST(body AS BLOB) AS body FROM text
    WHERE id > :last ORDER BY id LIMIT :n"""


def texts(reader: Reader) -> Iterator[Problem]:
    """Check that the digest of each text is that of headline, blank line, body. They are read as bytes."""
    for row in in_order(reader, _BYTES):
        digest = hashlib.sha256(row["title"] + b"\n\n" + row["body"]).digest()
        if digest != row["sha256"]:
            stored = row["sha256"].hex() if isinstance(row["sha256"], bytes) else repr(row["sha256"])
            where = f"text {row['id']}, {row['title'].decode(errors='replace')!r}"
            yield Problem(what=f"its text has the digest {digest.hex()}, not {stored}", where=where, todo=DERIVE)


def _texts_in_order(reader: Reader) -> Iterator[Row]:
    return in_order(reader, "SELECT id, sha256, title, body FROM text WHERE id > :last ORDER BY id LIMIT :n")


_UNINDEXED = """
    SELECT t.id, t.title FROM text t WHERE t.id NOT IN (SELECT id FROM text_fts_docsize) ORDER BY t.id"""
_INDEXED_ONLY = "SELECT d.id FROM text_fts_docsize d WHERE d.id NOT IN (SELECT id FROM text) ORDER BY d.id"


def index(reader: Reader) -> Iterator[Problem]:
    """Check that the full-text index has an entry for each text, and no others."""
    for row in reader.ask(_UNINDEXED):
        yield Problem(what="search cannot find it", where=f"text {row['id']}, {row['title']!r}", todo=DERIVE)
    for row in reader.ask(_INDEXED_ONLY):
        yield Problem(what="search finds a text that does not exist", where=f"index entry {row['id']}", todo=DERIVE)


_TERMS = "SELECT term, doc, cnt FROM temp.terms WHERE term > :last ORDER BY term LIMIT :n"


def index_terms(reader: Reader) -> Iterator[Problem]:
    """Check the words and counts of the full-text index against an index built again in a temporary file.

    FTS5's own integrity check is a write, which a reader cannot do.
    """
    with closing(sqlite3.connect("")) as rebuilt:
        (definition,) = reader.ask("SELECT sql FROM sqlite_master WHERE name = 'text_fts'")
        rebuilt.execute("CREATE TABLE text (id INTEGER PRIMARY KEY, title, body, title_parts, body_parts)")
        rebuilt.execute(definition["sql"])
        for row in _texts_in_order(reader):
            rebuilt.execute(INDEX_ENTRY, index_entry(row["id"], row["title"], row["body"]))
        rebuilt.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'text_fts', 'row')")
        reader.ask("CREATE VIRTUAL TABLE IF NOT EXISTS temp.terms USING fts5vocab('main', 'text_fts', 'row')")
        last = ""
        while True:
            values = {"last": last, "n": 10 * BATCH}
            stored = [(row["term"], row["doc"], row["cnt"]) for row in reader.ask(_TERMS, **values)]
            expected = rebuilt.execute(_TERMS, values).fetchall()
            if stored != expected:
                term = min(set(stored) ^ set(expected))[0]
                what = f"search counts the word {term!r} differently from the texts"
                yield Problem(what=what, where="full-text index", todo=DERIVE)
                return
            if not expected:
                return
            last = expected[-1][0]
