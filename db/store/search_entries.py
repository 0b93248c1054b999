"""Write the full-text index: the table ``text_fts`` of a file, or the word vectors of an archive on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text as sql

from db.dialect.word_vectors import ADD, vector_row
from db.script_folding import INDEX_ENTRY, index_entry
from db.writer import execute_on

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    IndexRow = Mapping[str, object]  # the parameters of the statement that adds it

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
