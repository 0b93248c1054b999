"""The building blocks of tables: names of constraints, and kinds of columns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite generates integer keys only for the type INTEGER; PostgreSQL needs 64 bits.
ROW_ID = BigInteger().with_variant(Integer, "sqlite")


def identity() -> Column[int]:
    """Return the integer key of a table."""
    return Column("id", ROW_ID, primary_key=True, autoincrement=True)


def instant(name: str, *, null: bool = False) -> Column[int]:
    """Return a column for an instant: microseconds since the epoch, UTC."""
    return Column(name, BigInteger, nullable=null)


def reference(table: str, name: str | None = None, *, null: bool = False, **more: Any) -> Column[int]:
    """Return a foreign key to another table, named ``TABLE_id`` unless ``name`` is given."""
    return Column(name or f"{table}_id", ROW_ID, ForeignKey(f"{table}.id"), nullable=null, **more)


def words(name: str, *, null: bool = False, default: str | None = "") -> Column[str]:
    """Return a text column. Its default is the empty string, unless it may be null."""
    return Column(name, Text, nullable=null, server_default=None if null or default is None else default)
