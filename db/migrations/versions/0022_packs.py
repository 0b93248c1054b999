"""Packs: objects outside the database with the bytes of payloads, and the place of each payload in one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "pack",
        sa.Column("id", _ROW_ID, primary_key=True, autoincrement=True),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("length", sa.BigInteger, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("stored_at", sa.BigInteger),
        sa.Column("retired_at", sa.BigInteger),
        sa.Column("has_deleted", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("location", name="uq_pack_location"),
        sa.PrimaryKeyConstraint("id", name="pk_pack"),
    )
    op.create_table(
        "pack_entry",
        sa.Column("payload_id", _ROW_ID, primary_key=True, autoincrement=False),
        sa.Column("pack_id", _ROW_ID, nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("length", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["payload_id"], ["payload.id"], name="fk_pack_entry_payload_id"),
        sa.ForeignKeyConstraint(["pack_id"], ["pack.id"], name="fk_pack_entry_pack_id"),
        sa.PrimaryKeyConstraint("payload_id", name="pk_pack_entry"),
    )
    op.create_index("ix_pack_entry_pack_id", "pack_entry", ["pack_id"])
