"""What a page says of its article with where it says it, and which of its headlines agree."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("extraction", sa.Column("facts", sa.Text(), server_default="[]", nullable=False))
    op.add_column("extraction", sa.Column("headline_from", sa.Text(), server_default="[]", nullable=False))
