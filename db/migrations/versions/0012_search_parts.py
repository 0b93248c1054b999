"""Columns of the full-text index for scripts without spaces, marks and forms of letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text as sql

from db.script_folding import search_parts

revision = "0012"
down_revision = "0011"

_BATCH = 500
_TEXTS = "SELECT id, title, body FROM text WHERE id > :last ORDER BY id LIMIT :n"
_ENTRY = """
    INSERT INTO text_fts (rowid, title, body, title_parts, body_parts)
    VALUES (:id, :title, :body, :title_parts, :body_parts)"""


def upgrade() -> None:
    """Index every text again: FTS5 cannot add a column to a table."""
    # FTS5 wants its columns in the table of the content. They are always empty there and take no space: the tokens are
    # computed when a text is added, and stored in the index alone. Snippets read the other columns as before.
    for name in ("title_parts", "body_parts"):
        op.add_column("text", sa.Column(name, sa.Text(), sa.Computed("''"), nullable=True))
    if op.get_bind().dialect.name != "sqlite":
        return
    op.execute("DROP TABLE text_fts")
    op.execute(
        'CREATE VIRTUAL TABLE text_fts USING fts5(title, body, title_parts, body_parts, content="text", '
        'content_rowid="id", tokenize="unicode61 remove_diacritics 2", prefix="3")'
    )
    connection, last = op.get_bind(), 0
    while rows := connection.execute(sql(_TEXTS), {"last": last, "n": _BATCH}).mappings().all():
        entries = [
            {**row, "title_parts": search_parts(row["title"]), "body_parts": search_parts(row["body"])} for row in rows
        ]
        connection.execute(sql(_ENTRY), entries)
        last = rows[-1]["id"]
