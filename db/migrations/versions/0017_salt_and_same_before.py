"""Two facts of new captures: a salt, and the capture of the same source before. Older links do not change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("capture", sa.Column("salt", sa.LargeBinary(16), nullable=True))
    op.add_column("capture", sa.Column("same_before", _ID, nullable=True))
    op.create_index(op.f("ix_entry_kind"), "entry", ["kind"], unique=False)
