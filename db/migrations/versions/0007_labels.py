"""What people say of two texts: a copy, or not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "label",
        sa.Column("a_source_id", _ID, nullable=False),
        sa.Column("a_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("b_source_id", _ID, nullable=False),
        sa.Column("b_sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("a_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("b_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("copy", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("labelled_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["a_source_id"], ["source.id"], name=op.f("fk_label_a_source_id")),
        sa.ForeignKeyConstraint(["b_source_id"], ["source.id"], name=op.f("fk_label_b_source_id")),
        sa.PrimaryKeyConstraint("a_source_id", "a_sha256", "b_source_id", "b_sha256", name=op.f("pk_label")),
    )
    op.create_index(op.f("ix_label_b_source_id"), "label", ["b_source_id"], unique=False)
