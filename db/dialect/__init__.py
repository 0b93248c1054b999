"""The two engines of the store: SQLite, which needs nothing, and PostgreSQL, for an archive on a server.

Queries are SQL text for SQLite, which gets it unchanged. ``sql_rules`` says the same in PostgreSQL's words. Nothing
else here is imported before an address of a server is used, except ``server_address``, which is small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.dialect.full_text import WordIndex
    from db.reader import Ask


def word_index(ask: Ask) -> WordIndex | None:
    """Return the full-text index of an archive on a server, None for a file, which has SQLite's own."""
    return getattr(ask, "word_index", None)
