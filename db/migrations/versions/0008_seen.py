"""What a reader has seen, and versions in the order of time for who wants to know what is new."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "seen",
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("marked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_seen_source_id")),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_seen")),
    )
    op.create_table(
        "caught_up",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("marked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caught_up")),
    )
    believed = sa.text("superseded_at IS NULL")
    op.create_index(
        op.f("ix_version_first_seen_at_number"),
        "version",
        ["first_seen_at", "number"],
        unique=False,
        sqlite_where=believed,
        postgresql_where=believed,
    )
