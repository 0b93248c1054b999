"""Indexes of the few checks that found no article, by source and by verdict."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    failed = sa.text("reason IS NOT NULL AND reason <> 'not_modified'")
    op.create_index(
        "ix_capture_source_id_captured_at_reason",
        "capture",
        ["source_id", "captured_at", "reason"],
        unique=False,
        sqlite_where=failed,
        postgresql_where=failed,
    )
    other = sa.text("verdict <> 'ok'")
    op.create_index(
        "ix_derivation_capture_id_verdict",
        "derivation",
        ["capture_id", "verdict"],
        unique=False,
        sqlite_where=other,
        postgresql_where=other,
    )
