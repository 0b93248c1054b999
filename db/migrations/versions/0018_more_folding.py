"""The full-text index with more forms of letters: of Urdu, of Indic scripts, of kana, and invisible marks."""

from __future__ import annotations

from alembic import op

from db.store.search_entries import index_again

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Index every text again that has folded tokens now. None had any that it has no more."""
    index_again(op.get_bind())
