"""Deeper fetching: manners by origin, the whole exchange, parted articles, claims, hints, learned rhythm, budgets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("seed", sa.Column("budget", sa.Integer(), nullable=True))
    op.add_column("source", sa.Column("hinted_at", sa.BigInteger(), nullable=True))
    captures()
    op.create_table(
        "origin",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("delay", sa.Float(), nullable=False),
        sa.Column("latency", sa.Float(), nullable=False),
        sa.Column("clean", sa.Integer(), nullable=False),
        sa.Column("paused_until_at", sa.BigInteger(), nullable=True),
        sa.Column("robots_failing_since_at", sa.BigInteger(), nullable=True),
        sa.Column("probed_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_origin")),
    )
    op.create_table(
        "rhythm",
        sa.Column("seed_id", _ID, nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.Column("hazard", sa.Text(), server_default="[]", nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["seed_id"], ["seed.id"], name=op.f("fk_rhythm_seed_id")),
        sa.PrimaryKeyConstraint("seed_id", name=op.f("pk_rhythm")),
    )
    claims()
    listings()
    derivations()


def captures() -> None:
    """New columns of captures, added one by one: rebuilding the table in a batch would lose its partial index."""
    op.add_column("capture", sa.Column("exchange", sa.Text(), server_default="{}", nullable=False))
    op.add_column("capture", sa.Column("part", sa.Integer(), server_default="1", nullable=False))
    # SQLite takes a column with a foreign key, but not a named constraint added by itself.
    op.execute("ALTER TABLE capture ADD COLUMN part_of INTEGER CONSTRAINT fk_capture_part_of REFERENCES capture (id)")
    op.create_index(op.f("ix_capture_part_of"), "capture", ["part_of"], unique=False)


def claims() -> None:
    """Which address a page says is its own."""
    op.create_table(
        "claim",
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("url_key", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_claim_source_id")),
        sa.PrimaryKeyConstraint("source_id", "kind", "url_key", name=op.f("pk_claim")),
    )
    op.create_index(op.f("ix_claim_url_key"), "claim", ["url_key"], unique=False)


def listings() -> None:
    """Which lists named a source; of what was found so far, one list each is known."""
    op.create_table(
        "listing",
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("list_id", _ID, nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_listing_source_id")),
        sa.ForeignKeyConstraint(["list_id"], ["source.id"], name=op.f("fk_listing_list_id")),
        sa.PrimaryKeyConstraint("source_id", "list_id", name=op.f("pk_listing")),
    )
    op.create_index(op.f("ix_listing_list_id"), "listing", ["list_id"], unique=False)
    op.execute(
        "INSERT INTO listing (source_id, list_id, found_at) "
        "SELECT id, found_in, found_at FROM source WHERE found_in IS NOT NULL"
    )


def derivations() -> None:
    """What a page claims of its own address, and the text of an article in parts."""
    op.add_column("extraction", sa.Column("claims", sa.Text(), server_default="[]", nullable=False))
    op.execute(
        "ALTER TABLE derivation ADD COLUMN text_id INTEGER CONSTRAINT fk_derivation_text_id REFERENCES text (id)"
    )
    op.create_index(op.f("ix_derivation_text_id"), "derivation", ["text_id"], unique=False)
