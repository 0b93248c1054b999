"""The transparency log: roots of full tiles, and entries that are no captures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import text as sql

from db.merkle_tree import TILE, fold, leaf_hash

revision = "0014"
down_revision = "0013"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LINKS = "SELECT capture_id, link FROM chain WHERE capture_id > :last ORDER BY capture_id LIMIT :n"
_ADD = "INSERT INTO tile (level, number, root) VALUES (:level, :number, :root)"


def upgrade() -> None:
    op.create_table(
        "tile",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("number", _ID, nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_tile")),
    )
    op.create_table(
        "entry",
        sa.Column("number", _ID, nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text(), nullable=False, server_default=""),
        sa.Column("facts", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_entry")),
    )
    _fill()


def _fill() -> None:
    """Add the roots of the full tiles over the links that are there: 2 s for a million."""
    connection, last, roots = op.get_bind(), 0, []
    while len(rows := connection.execute(sql(_LINKS), {"last": last, "n": TILE}).all()) == TILE:
        roots.append(fold(leaf_hash(link) for _, link in rows))
        last = rows[-1][0]
    level = 1
    while roots:
        tiles = [{"level": level, "number": number, "root": root} for number, root in enumerate(roots)]
        connection.execute(sql(_ADD), tiles)
        level += 1
        roots = [fold(roots[at : at + TILE]) for at in range(0, len(roots) - TILE + 1, TILE)]
