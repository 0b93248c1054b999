"""Named tokens, the audit of changes, and read marks of each reader."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "credential",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("roles", sa.Text(), server_default="[]", nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential")),
    )
    op.create_index("uq_credential_sha256", "credential", ["sha256"], unique=True)
    op.create_table(
        "audit",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("via", sa.Text(), server_default="", nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.add_column("caught_up", sa.Column("reader", sa.Text(), server_default="", nullable=False))
    _add_reader_to_seen()


def _add_reader_to_seen() -> None:
    """Make the table again with its new primary key. The marks so far are those of the reader without a name."""
    op.execute("CREATE TABLE seen_before AS SELECT source_id, until_at, marked_at FROM seen")
    op.drop_table("seen")
    op.create_table(
        "seen",
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("reader", sa.Text(), server_default="", nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("marked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_seen_source_id")),
        sa.PrimaryKeyConstraint("source_id", "reader", name=op.f("pk_seen")),
    )
    op.execute("INSERT INTO seen SELECT source_id, '', until_at, marked_at FROM seen_before")
    op.drop_table("seen_before")
