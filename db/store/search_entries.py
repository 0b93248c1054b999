"""Write the full-text index: the table ``text_fts`` of a file, or the word vectors of an archive on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text as sql

from db.dialect.word_vectors import ADD, vector_row
from db.script_folding import INDEX_ENTRY, index_entry
from db.writer import execute_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

_DELETE = sql(
    "INSERT INTO text_fts (text_fts, rowid, title, body, title_parts, body_parts) "
    "VALUES ('delete', :id, :title, :body, :title_parts, :body_parts)"
)


def add_entry(connection: Connection, text_id: int, title: str, body: str) -> None:
    """Add a text to the index."""
    add_entries(connection, [(text_id, title, body)])


def add_entries(connection: Connection, texts: Sequence[tuple[int, str, str]]) -> None:
    """Add texts to the index: the id, the title and the body of each."""
    if not texts:
        return
    if _is_server(connection):
        execute_on(connection, ADD, [vector_row(*entry) for entry in texts])
    else:
        execute_on(connection, INDEX_ENTRY, [index_entry(*entry) for entry in texts])


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
