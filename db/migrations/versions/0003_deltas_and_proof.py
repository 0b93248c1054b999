"""Payloads as differences from others, the chain over captures, and what was forgotten on request."""

from __future__ import annotations

from itertools import islice

import sqlalchemy as sa
from alembic import op

from db import chain

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TOGETHER = 1000


def upgrade() -> None:
    payloads()
    op.create_table(
        "tombstone",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("url_key", sa.Text(), nullable=False),
        sa.Column("forgotten_at", sa.BigInteger(), nullable=False),
        sa.Column("captures", sa.Integer(), nullable=False),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstone")),
    )
    op.create_index(op.f("ix_tombstone_url_key"), "tombstone", ["url_key"], unique=False)
    op.create_table(
        "chain",
        sa.Column("capture_id", _ID, nullable=False),
        sa.Column("link", sa.LargeBinary(length=32), nullable=False),
        sa.Column("facts", sa.LargeBinary(length=32), nullable=True),
        sa.Column("tombstone_id", _ID, nullable=True),
        sa.ForeignKeyConstraint(["tombstone_id"], ["tombstone.id"], name=op.f("fk_chain_tombstone_id")),
        sa.PrimaryKeyConstraint("capture_id", name=op.f("pk_chain")),
    )
    sparse_index("chain", "tombstone_id")
    link_all()


def payloads() -> None:
    """The new columns stand before the bytes: read behind them, each would cost a walk over the whole payload."""
    with op.batch_alter_table("payload", recreate="always") as batch:
        base = sa.Column("base_id", _ID, sa.ForeignKey("payload.id", name=op.f("fk_payload_base_id")), nullable=True)
        batch.add_column(base, insert_before="data")
        batch.add_column(sa.Column("depth", sa.Integer(), server_default="0", nullable=False), insert_before="data")
        batch.add_column(sa.Column("packing", sa.Integer(), server_default="0", nullable=False), insert_before="data")
        batch.add_column(sa.Column("anchor", sa.Text(), nullable=True), insert_before="data")
    sparse_index("payload", "base_id")
    sparse_index("payload", "anchor")


def sparse_index(table: str, column: str) -> None:
    """An index of the few rows that have a value there."""
    where = sa.text(f"{column} IS NOT NULL")
    name = op.f(f"ix_{table}_{column}")
    op.create_index(name, table, [column], unique=False, sqlite_where=where, postgresql_where=where)


_CAPTURES = """
    SELECT c.*, s.url AS source, p.sha256 AS payload_sha256, p.length AS payload_length
    FROM capture c JOIN source s ON s.id = c.source_id LEFT JOIN payload p ON p.id = c.payload_id ORDER BY c.id"""


def link_all() -> None:
    """The captures kept so far enter the chain in the order in which they came."""
    before = chain.START
    found = iter(op.get_bind().execute(sa.text(_CAPTURES)).mappings())
    table = sa.table("chain", sa.column("capture_id"), sa.column("link"))
    while batch := list(islice(found, _TOGETHER)):
        links = []
        for row in batch:
            before = chain.link(before, chain.digest(chain.facts(dict(row))))
            links.append({"capture_id": row["id"], "link": before})
        op.bulk_insert(table, links)
