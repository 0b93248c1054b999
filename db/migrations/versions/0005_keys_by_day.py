"""Look-up keys of near-copies by day; links that say whether a copy is a translation, and which names it broke."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_DAY = 86_400_000_000  # microseconds


def upgrade() -> None:
    op.add_column("link", sa.Column("translated", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("link", sa.Column("languages", sa.Text(), server_default="", nullable=False))
    op.add_column("link", sa.Column("broken", sa.Text(), server_default="[]", nullable=False))
    op.rename_table("near_key", "near_key_before")
    op.drop_index("ix_near_key_text_id", "near_key_before")
    op.create_table(
        "near_key",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("text_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["text_id"], ["text.id"], name=op.f("fk_near_key_text_id")),
        sa.PrimaryKeyConstraint("key", "day", "text_id", name=op.f("pk_near_key")),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"""INSERT INTO near_key (key, day, text_id)
            SELECT key, coalesce((SELECT min(first_seen_at) FROM version v WHERE v.text_id = k.text_id), 0) / {_DAY},
                   text_id
            FROM near_key_before k"""  # noqa: S608 - a number of our own
    )
    op.drop_table("near_key_before")
