"""What a reader has seen: of one article, or of everything, up to an instant on the web's own clock.

An instant outlasts a new recipe, which may cut a history otherwise, where the number of a version would not.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table

from db.schema.columns import ROW_ID, identity, instant, metadata
from db.schema.derive import version

seen = Table(
    "seen",
    metadata,
    Column("source_id", ROW_ID, ForeignKey("source.id"), primary_key=True),
    instant("until_at"),
    instant("marked_at"),
)
"""Of one article everything first seen up to ``until_at`` was looked at; it goes before ``caught_up``."""

caught_up = Table("caught_up", metadata, identity(), instant("until_at"), instant("marked_at"))
"""Of every article everything first seen up to ``until_at`` was looked at; the newest row counts."""

# The number stands in the index so that the first versions, which are no changes, are passed over within it.
_believed = version.c.superseded_at.is_(None)
Index(
    "ix_version_first_seen_at_number",
    version.c.first_seen_at,
    version.c.number,
    sqlite_where=_believed,
    postgresql_where=_believed,
)
