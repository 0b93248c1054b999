"""Captures that could not be derived, and texts that could not be compared, with the cause."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for table, owner, columns in (
        ("page_error", "capture", ("step", "cause", "build")),
        ("text_error", "text", ("cause", "build")),
    ):
        op.create_table(
            table,
            sa.Column(f"{owner}_id", _ID, nullable=False),
            *(sa.Column(name, sa.Text(), nullable=False, server_default="") for name in columns),
            sa.Column("failed_at", sa.BigInteger(), nullable=False),
            sa.ForeignKeyConstraint([f"{owner}_id"], [f"{owner}.id"], name=op.f(f"fk_{table}_{owner}_id")),
            sa.PrimaryKeyConstraint(f"{owner}_id", name=op.f(f"pk_{table}")),
        )
