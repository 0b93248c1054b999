"""Does the archive hold what it says? Every check reads only, and reports problems as values.

The store keeps these promises by itself; a disk, a copy tool or another program may break them. A problem says what is
wrong, where, and what to do. All checks run, whatever the ones before found.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from db.errors import Corrupt, StoreError
from db.questions import captures
from db.records import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from db.connect import Reader, Row

    Check = Callable[[Reader], Iterator[Problem]]

_RESTORE = "bring back a backup: wirecopy restore BACKUP"
_DERIVE = "derive it again: wirecopy backfill --from payloads"
_AT_ONCE = 500
"""Rows in memory at once: some megabytes of text."""


def verify(reader: Reader, *, deep: bool) -> Iterator[Problem]:
    """Every problem of the archive, as it is found. A sound one gives none.

    ``deep`` also unpacks every payload, tokenizes every text again and lets SQLite check every page and index: minutes
    for a large archive, where the rest takes seconds.
    """
    for check in (*_QUICK, *(_DEEP if deep else (_file_quickly,))):
        try:
            yield from check(reader)
        except StoreError as error:  # a page that cannot be read ends one check, not all of them
            yield Problem(what=str(error), where=str(reader.path), todo=_RESTORE)


# --- the file --------------------------------------------------------------------------------------------------------


def _file_quickly(reader: Reader) -> Iterator[Problem]:
    yield from _said(reader, "quick_check")


def _file_wholly(reader: Reader) -> Iterator[Problem]:
    yield from _said(reader, "integrity_check")


def _said(reader: Reader, pragma: str) -> Iterator[Problem]:
    said = [str(row[pragma]) for row in reader.ask(f"PRAGMA {pragma}")]
    for complaint in said if said != ["ok"] else []:
        yield Problem(what=complaint, where=str(reader.path), todo=_RESTORE)


def _references(reader: Reader) -> Iterator[Problem]:
    """Every row that names another names one that is there."""
    for row in reader.ask("PRAGMA foreign_key_check"):
        what = f"it names a {row['parent']} that is not there"
        yield Problem(what=what, where=f"row {row['rowid']} of table {row['table']}", todo=_RESTORE)


# --- texts and their index -------------------------------------------------------------------------------------------


def _texts(reader: Reader) -> Iterator[Problem]:
    """A text is known by the digest of headline, blank line, body."""
    for row in _texts_in_order(reader):
        digest = hashlib.sha256(f"{row['title']}\n\n{row['body']}".encode()).digest()
        if digest != row["sha256"]:
            what = f"its words have the digest {digest.hex()}, not {row['sha256'].hex()}"
            yield Problem(what=what, where=f"text {row['id']}, {row['title']!r}", todo=_RESTORE)


def _texts_in_order(reader: Reader) -> Iterator[Row]:
    last = 0
    sql = "SELECT id, sha256, title, body FROM text WHERE id > :last ORDER BY id LIMIT :n"
    while found := reader.ask(sql, last=last, n=_AT_ONCE):
        yield from found
        last = found[-1]["id"]


_UNINDEXED = """
    SELECT t.id, t.title FROM text t WHERE t.id NOT IN (SELECT id FROM text_fts_docsize) ORDER BY t.id"""
_INDEXED_ONLY = "SELECT d.id FROM text_fts_docsize d WHERE d.id NOT IN (SELECT id FROM text) ORDER BY d.id"


def _index(reader: Reader) -> Iterator[Problem]:
    """The full-text index has an entry for each text, and no other."""
    for row in reader.ask(_UNINDEXED):
        yield Problem(what="search cannot find it", where=f"text {row['id']}, {row['title']!r}", todo=_RESTORE)
    for row in reader.ask(_INDEXED_ONLY):
        yield Problem(what="search finds a text that is not there", where=f"index entry {row['id']}", todo=_RESTORE)


_TERMS = "SELECT term, doc, cnt FROM temp.terms WHERE term > :last ORDER BY term LIMIT :n"


def _index_terms(reader: Reader) -> Iterator[Problem]:
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
            values = {"last": last, "n": 10 * _AT_ONCE}
            stored = [(row["term"], row["doc"], row["cnt"]) for row in reader.ask(_TERMS, **values)]
            wanted = anew.execute(_TERMS, values).fetchall()
            if stored != wanted:
                term = min(set(stored) ^ set(wanted))[0]
                what = f"search counts the word {term!r} otherwise than the texts"
                yield Problem(what=what, where="full-text index", todo=_RESTORE)
                return
            if not wanted:
                return
            last = wanted[-1][0]


# --- captures and the ledger -----------------------------------------------------------------------------------------

_FORGOTTEN = """
    SELECT c.id, c.url FROM capture c
    JOIN source s ON s.id = c.source_id AND s.kind = 'article'
    LEFT JOIN derivation d ON d.capture_id = c.id
    LEFT JOIN underived u ON u.capture_id = c.id
    WHERE c.payload_id IS NOT NULL AND c.reason IS NULL
      AND d.capture_id IS NULL AND u.capture_id IS NULL
    ORDER BY c.id"""


def _ledger(reader: Reader) -> Iterator[Problem]:
    """Every whole page of an article is derived, or waits on the ledger."""
    for row in reader.ask(_FORGOTTEN):
        what = "it was never derived, and is not on the ledger"
        yield Problem(what=what, where=f"capture {row['id']} of {row['url']}", todo=_DERIVE)


def _payloads(reader: Reader) -> Iterator[Problem]:
    """Every payload unpacks, and its bytes have its digest."""
    last = 0
    sql = "SELECT id, sha256 FROM payload WHERE id > :last ORDER BY id LIMIT :n"
    while found := reader.ask(sql, last=last, n=_AT_ONCE):
        for row in found:
            try:
                captures.payload(reader.ask, row["sha256"].hex())
            except Corrupt as error:
                yield Problem(what=str(error), where=_shown_by(reader, row), todo=_RESTORE)
        last = found[-1]["id"]


def _shown_by(reader: Reader, payload: Row) -> str:
    found = reader.ask("SELECT url FROM capture WHERE payload_id = :id ORDER BY captured_at LIMIT 1", id=payload["id"])
    return f"payload {payload['id']} of {found[0]['url'] if found else 'no capture'}"


# --- histories -------------------------------------------------------------------------------------------------------

_MISNUMBERED = """
    SELECT s.url, group_concat(v.number, ', ') AS numbers FROM version v JOIN source s ON s.id = v.source_id
    WHERE v.superseded_at IS NULL GROUP BY s.id
    HAVING count(*) <> max(v.number) OR min(v.number) <> 1 OR count(DISTINCT v.number) <> count(*) ORDER BY s.url_key"""
_TEXTLESS = """
    SELECT s.url, v.number FROM version v JOIN source s ON s.id = v.source_id
    WHERE v.superseded_at IS NULL AND v.text_id NOT IN (SELECT id FROM text) ORDER BY s.url_key, v.number"""
_ASTRAY = """
    SELECT s.url, CASE WHEN r.same_as IS NULL THEN 'it has versions of its own' ELSE 'that one has given its away' END
           AS what
    FROM source s JOIN source r ON r.id = s.same_as
    WHERE r.same_as IS NOT NULL
       OR EXISTS (SELECT 1 FROM version v WHERE v.source_id = s.id AND v.superseded_at IS NULL)
    ORDER BY s.url_key"""


def _histories(reader: Reader) -> Iterator[Problem]:
    """Versions count from 1 without gaps and have a text; a joined address has no history of its own."""
    for row in reader.ask(_MISNUMBERED):
        yield Problem(what=f"its versions are numbered {row['numbers']}", where=row["url"], todo=_DERIVE)
    for row in reader.ask(_TEXTLESS):
        what = f"version {row['number']} has no text"
        yield Problem(what=what, where=row["url"], todo=_RESTORE)
    for row in reader.ask(_ASTRAY):
        what = f"its history belongs to another address, but {row['what']}"
        yield Problem(what=what, where=row["url"], todo=_DERIVE)


_QUICK: tuple[Check, ...] = (_references, _texts, _index, _ledger, _histories)
_DEEP: tuple[Check, ...] = (_file_wholly, _index_terms, _payloads)
