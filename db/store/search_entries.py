"""Write the full-text index: the table ``text_fts`` of a file, or the word vectors of an archive on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text as sql

from db.dialect.word_vectors import ADD, vector_row
from db.script_folding import INDEX_ENTRY, index_entry, search_parts
from db.writer import execute_on

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    IndexRow = Mapping[str, object]  # the parameters of the statement that adds it

_BATCH = 500
_TEXTS = sql("SELECT id, title, body FROM text WHERE id > :last ORDER BY id LIMIT :n")
_DELETE = sql(
    "INSERT INTO text_fts (text_fts, rowid, title, body, title_parts, body_parts) "
    "VALUES ('delete', :id, :title, :body, :title_parts, :body_parts)"
)


def add_entry(connection: Connection, text_id: int, title: str, body: str) -> None:
    """Add a text to the index."""
    add_entries(connection, [(text_id, title, body)])


def add_entries(connection: Connection, texts: Sequence[tuple[int, str, str]]) -> None:
    """Add texts to the index: the id, the title and the body of each."""
    add_rows(connection, [make_row(*entry, on_server=_is_server(connection)) for entry in texts])


def make_row(text_id: int, title: str, body: str, *, on_server: bool) -> IndexRow:
    """Return the row of a text in the index. It takes a millisecond of CPU, so make many outside a transaction."""
    return vector_row(text_id, title, body) if on_server else index_entry(text_id, title, body)


def add_rows(connection: Connection, rows: Sequence[IndexRow]) -> None:
    """Add rows that were made for this engine."""
    if rows:
        execute_on(connection, ADD if _is_server(connection) else INDEX_ENTRY, rows)


def delete_entry(connection: Connection, text_id: int, title: str, body: str) -> None:
    """Delete a text from the index. FTS5 needs its words again. A server deletes its vector with the text."""
    if not _is_server(connection):
        connection.execute(_DELETE, index_entry(text_id, title, body))


def index_again(connection: Connection) -> None:
    """Index the texts of an archive again after a change of their folded forms, which may only have added some.

    A file needs it for every text, because FTS5 deletes no single entry without its old tokens.
    """
    last, is_server = 0, _is_server(connection)
    if not is_server:
        empty_index(connection)
    while rows := connection.execute(_TEXTS, {"last": last, "n": _BATCH}).all():
        last = rows[-1][0]
        texts = [(row[0], row[1], row[2]) for row in rows]
        if is_server:
            texts = [text for text in texts if search_parts(text[1]) or search_parts(text[2])]
            for text_id, _, _ in texts:
                connection.execute(sql("DELETE FROM text_words WHERE text_id = :id"), {"id": text_id})
        add_entries(connection, texts)


def rewrite_index(connection: Connection) -> None:
    """Rewrite the parts of the index that still contain deleted texts."""
    if not _is_server(connection):
        connection.execute(sql("INSERT INTO text_fts (text_fts) VALUES ('optimize')"))


def empty_index(connection: Connection) -> None:
    """Delete every entry."""
    is_server = _is_server(connection)
    connection.execute(
        sql("DELETE FROM text_words" if is_server else "INSERT INTO text_fts (text_fts) VALUES ('delete-all')")
    )


def _is_server(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
