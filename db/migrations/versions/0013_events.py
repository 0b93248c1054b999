"""Events by time, and the ledger of their delivery."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_index(op.f("ix_capture_captured_at"), "capture", ["captured_at"], unique=False)
    op.create_table(
        "receiver",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("scheme", sa.Text(), server_default="", nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_receiver")),
    )
    op.create_table(
        "notice",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("receiver_key", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["receiver_key"], ["receiver.key"], name=op.f("fk_notice_receiver_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notice")),
    )
    op.create_table(
        "notice_event",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("receiver_key", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("source_id", _ID, nullable=True),
        sa.Column("other_id", _ID, nullable=True),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("notice_key", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["notice_key"], ["notice.key"], name=op.f("fk_notice_event_notice_key")),
        sa.ForeignKeyConstraint(["receiver_key"], ["receiver.key"], name=op.f("fk_notice_event_receiver_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_event")),
    )
    op.create_index(op.f("ix_notice_event_notice_key"), "notice_event", ["notice_key"], unique=False)
    op.create_index("uq_notice_event_receiver_key_event_id", "notice_event", ["receiver_key", "event_id"], unique=True)
