"""Indexes for what stood at an instant and for digests without texts, and prefixes in the full-text index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    believed = sa.text("superseded_at IS NULL")
    op.create_index(
        op.f("ix_version_source_id_first_seen_at_number"),
        "version",
        ["source_id", "first_seen_at", "number"],
        unique=False,
        sqlite_where=believed,
        postgresql_where=believed,
    )
    op.create_index(op.f("ix_text_id_sha256"), "text", ["id", "sha256"], unique=False)
    full_text()


def full_text() -> None:
    """Index the beginnings of words too: FTS5 cannot be told so later, so the index is made anew from the texts."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE text_fts")
        # Double quotes for Datasette, as in 0001. Three letters: without them a prefix of three letters, which are in
        # nearly every text, is looked for four times a page in all its words, 1.1 s of CPU among 150,000 texts; with
        # them 0.03 s. It makes the index 1.6 times as large (3.4 and 5.4 kB a text of 5.1 kB), "2 3" twice, "3 4" 2.2
        # times; a prefix of four letters takes 0.09 s without one of its own.
        op.execute(
            'CREATE VIRTUAL TABLE text_fts USING fts5(title, body, content="text", content_rowid="id", '
            'tokenize="unicode61 remove_diacritics 2", prefix="3")'
        )
        # Not of no texts: that would leave a mark in the index of a new archive.
        op.execute("INSERT INTO text_fts (text_fts) SELECT 'rebuild' WHERE EXISTS (SELECT 1 FROM text)")
