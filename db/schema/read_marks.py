"""The read marks: up to which instant of first sight a reader has read one article, or everything.

An instant outlasts a new recipe, which may split a history differently. The number of a version does not. ``reader`` is
the name of a token or of a user of a proxy, and empty for the reader without a name.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from db.schema.columns import ROW_ID, identity, instant, metadata, words
from db.schema.derive import version

seen = Table(
    "seen",
    metadata,
    Column("source_id", ROW_ID, ForeignKey("source.id"), primary_key=True),
    Column("reader", Text, primary_key=True, server_default=""),
    instant("until_at"),
    instant("marked_at"),
)
"""A reader read one article up to ``until_at``. This mark takes precedence over ``caught_up``."""

caught_up = Table("caught_up", metadata, identity(), instant("until_at"), instant("marked_at"), words("reader"))
"""A reader read every article up to ``until_at``. The newest row of a reader counts."""

# The index has the number, so first versions, which are no changes, are skipped within it.
_believed = version.c.superseded_at.is_(None)
Index(
    "ix_version_first_seen_at_number",
    version.c.first_seen_at,
    version.c.number,
    sqlite_where=_believed,
    postgresql_where=_believed,
)
