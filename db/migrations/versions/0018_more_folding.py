"""The full-text index with more forms of letters: of Urdu, of Indic scripts, of kana, and invisible marks."""

from __future__ import annotations

from alembic import op
from sqlalchemy import text as sql

from db.dialect.word_vectors import ADD, vector_row
from db.script_folding import INDEX_ENTRY, index_entry, search_parts
from db.writer import execute_on

revision = "0018"
down_revision = "0017"

_BATCH = 500
_TEXTS = "SELECT id, title, body FROM text WHERE id > :last ORDER BY id LIMIT :n"


def upgrade() -> None:
    """Index every text again in a file, where FTS5 deletes no single entry without its old tokens.

    On a server, index those again that have folded tokens now. None had any that it has no more.
    """
    connection, last = op.get_bind(), 0
    is_server = connection.dialect.name == "postgresql"
    if not is_server:
        op.execute("INSERT INTO text_fts (text_fts) VALUES ('delete-all')")
    while rows := connection.execute(sql(_TEXTS), {"last": last, "n": _BATCH}).all():
        last = rows[-1][0]
        if not is_server:
            execute_on(connection, INDEX_ENTRY, [index_entry(*row) for row in rows])
            continue
        folded = [row for row in rows if search_parts(row[1]) or search_parts(row[2])]
        for row in folded:
            connection.execute(sql("DELETE FROM text_words WHERE text_id = :id"), {"id": row[0]})
        if folded:
            execute_on(connection, ADD, [vector_row(*row) for row in folded])
