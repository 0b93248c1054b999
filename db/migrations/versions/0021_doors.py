"""The full-text index with more forms of words: simplified Chinese, the Arabic article, umlauts spelled out."""

from __future__ import annotations

from alembic import op

from db.store.search_entries import index_again

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Index every text again that has, or had, folded tokens."""
    index_again(op.get_bind())
