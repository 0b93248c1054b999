"""The tables of packs: where the bytes of payloads are that are not in the database."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, LargeBinary, Table, Text, false

from db.schema.columns import ROW_ID, identity, instant, metadata, reference

pack = Table(
    "pack",
    metadata,
    identity(),
    Column("location", Text, nullable=False, unique=True),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("length", BigInteger, nullable=False),
    instant("made_at"),
    instant("stored_at", null=True),
    instant("retired_at", null=True),
    Column("has_deleted", Boolean, nullable=False, server_default=false()),
)
"""An object outside the database with the packed bytes of many payloads (``db.pack_format``, ``db.store.packs``).

The row is written before the object, and gets its ``stored_at`` when the object was read back and its payloads left the
database. A row without one was cut off in between. A retired pack has no entries any more: its object stays for a while
because backups may name it. ``has_deleted``: it has bytes of deleted payloads and must be written again without them.
"""

pack_entry = Table(
    "pack_entry",
    metadata,
    Column("payload_id", ROW_ID, ForeignKey("payload.id"), primary_key=True, autoincrement=False),
    reference("pack", index=True),
    Column("start", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
)
"""The place of a payload's packed bytes in a pack. The payload's own ``data`` is empty then."""
