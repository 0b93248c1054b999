"""Furniture of sites in numbered tables, and texts that depend on it or on several payloads, with what was removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "furniture",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("site", sa.Text(), server_default="", nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("edge", sa.Text(), server_default="[]", nullable=False),
        sa.Column("anywhere", sa.Text(), server_default="[]", nullable=False),
        sa.Column("adopted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_furniture")),
        sa.UniqueConstraint("site", "revision", name=op.f("uq_furniture_site_revision")),
    )
    op.create_table(
        "cleaning",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("extraction_id", _ID, nullable=False),
        sa.Column("recipe_id", sa.Text(), nullable=False),
        sa.Column("parts", sa.Text(), server_default="", nullable=False),
        sa.Column("furniture_id", _ID, nullable=True),
        sa.Column("text_id", _ID, nullable=False),
        sa.Column("removed", sa.Text(), server_default="[]", nullable=False),
        sa.ForeignKeyConstraint(["extraction_id"], ["extraction.id"], name=op.f("fk_cleaning_extraction_id")),
        sa.ForeignKeyConstraint(["furniture_id"], ["furniture.id"], name=op.f("fk_cleaning_furniture_id")),
        sa.ForeignKeyConstraint(["recipe_id"], ["recipe.id"], name=op.f("fk_cleaning_recipe_id")),
        sa.ForeignKeyConstraint(["text_id"], ["text.id"], name=op.f("fk_cleaning_text_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cleaning")),
        sa.UniqueConstraint(
            "extraction_id", "recipe_id", "parts", name=op.f("uq_cleaning_extraction_id_recipe_id_parts")
        ),
    )
    op.create_index(op.f("ix_cleaning_text_id"), "cleaning", ["text_id"], unique=False)
    # SQLite takes a column with a foreign key, but not a named constraint added by itself.
    op.execute(
        "ALTER TABLE derivation ADD COLUMN cleaning_id INTEGER "
        "CONSTRAINT fk_derivation_cleaning_id REFERENCES cleaning (id)"
    )
    op.create_index(op.f("ix_derivation_cleaning_id"), "derivation", ["cleaning_id"], unique=False)
    for name in ("length", "paragraphs", "taken"):
        op.add_column("derivation", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.add_column("extraction", sa.Column("core", sa.LargeBinary(length=32), nullable=True))
    op.create_index(op.f("ix_extraction_core"), "extraction", ["core"], unique=False)
