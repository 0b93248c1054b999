"""What every table is made of: the naming of constraints and the kinds of column used again and again."""

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

# SQLite grows its own integer key only for the type INTEGER; PostgreSQL wants 64 bits.
ROW_ID = BigInteger().with_variant(Integer, "sqlite")


def identity() -> Column[int]:
    """The integer key of a table."""
    return Column("id", ROW_ID, primary_key=True, autoincrement=True)


def instant(name: str, *, null: bool = False) -> Column[int]:
    """An instant: microseconds since the epoch, UTC."""
    return Column(name, BigInteger, nullable=null)


def reference(table: str, name: str | None = None, *, null: bool = False, **more: Any) -> Column[int]:
    """The key of a row of another table; the column is named after it unless ``name`` says otherwise."""
    return Column(name or f"{table}_id", ROW_ID, ForeignKey(f"{table}.id"), nullable=null, **more)


def words(name: str, *, null: bool = False, default: str | None = "") -> Column[str]:
    """Text; the empty string where nothing is given, unless it may be null."""
    return Column(name, Text, nullable=null, server_default=None if null or default is None else default)
