"""Who has it from whom: look-up keys, links between texts, and what people said of them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Integer, LargeBinary, Table, false

from db.schema.columns import ROW_ID, instant, metadata, words

near_key = Table(
    "near_key",
    metadata,
    Column("key", BigInteger, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("text_id", ROW_ID, ForeignKey("text.id"), primary_key=True),
    sqlite_with_rowid=False,
)
"""Look-up keys of a text: two texts that share some are worth comparing.

``day``, counted from 1970, is the day on which the text was first seen, so that the texts of one fortnight that have a
key lie together. Small integers and no other index make 17 bytes a key, at the price that forgetting a text
reads it all.
"""

unlinked = Table("unlinked", metadata, Column("text_id", ROW_ID, ForeignKey("text.id"), primary_key=True))
"""Texts that stand in a history and were not yet compared with the others."""

link = Table(
    "link",
    metadata,
    Column("a_text_id", ROW_ID, ForeignKey("text.id"), primary_key=True),
    Column("b_text_id", ROW_ID, ForeignKey("text.id"), primary_key=True, index=True),
    words("relation"),
    Column("score", Float, nullable=False),
    Column("coverage_a", Float, nullable=False),
    Column("coverage_b", Float, nullable=False),
    Column("longest_run", Integer, nullable=False),
    words("passages", default="[]"),
    words("residue", default="[]"),
    words("because"),
    words("method"),
    instant("judged_at"),
    Column("translated", Boolean, nullable=False, server_default=false()),
    words("languages"),
    words("broken", default="[]"),
)
"""What comparing two texts gave. ``a`` is the one with the smaller digest, so that arrival order does not show.

``languages``: of a and of b, with a comma between; empty where not told. ``broken``: names of a and how b spells them.
"""

label = Table(
    "label",
    metadata,
    Column("a_source_id", ROW_ID, ForeignKey("source.id"), primary_key=True),
    Column("a_sha256", LargeBinary(32), primary_key=True),
    Column("b_source_id", ROW_ID, ForeignKey("source.id"), primary_key=True, index=True),
    Column("b_sha256", LargeBinary(32), primary_key=True),
    instant("a_seen_at"),
    instant("b_seen_at"),
    Column("copy", Boolean, nullable=False),
    words("note"),
    instant("labelled_at"),
)
"""What people said of two texts that stood at two addresses.

A fact, which outlasts what is derived: so it names digests and instants, not rows of ``text`` and ``version``. ``a`` is
the source with the smaller url_key.
"""
