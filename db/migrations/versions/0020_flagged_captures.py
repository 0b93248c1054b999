"""An index of the captures with flags, which are few: the plan and the status asked every capture of a source."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_FLAGGED = sa.text("flags <> '[]'")


def upgrade() -> None:
    op.create_index("ix_capture_flagged", "capture", ["source_id"], sqlite_where=_FLAGGED, postgresql_where=_FLAGGED)
