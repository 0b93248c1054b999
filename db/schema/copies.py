"""The tables of copies: LSH keys, links between texts, and labels."""

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
"""LSH keys of a text: two texts that share some are worth comparing.

``day``, counted from 1970, is the day on which the text was first seen, so the texts of one fortnight with a key are
stored together. Small integers and no other index make 17 bytes a key. The price: forgetting a text reads the table.
"""

unlinked = Table("unlinked", metadata, Column("text_id", ROW_ID, ForeignKey("text.id"), primary_key=True))
"""The queue of texts of current histories that still have to be compared with the others."""

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
"""The result of comparing two texts. ``a`` is the one with the smaller digest, whatever the order of arrival.

``languages``: those of a and b, separated by a comma, or empty if unknown. ``broken``: names of a with their spelling
in b.
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
"""Labels that people gave to two texts at two addresses.

A label is a fact and outlasts derived rows, so it has digests and instants, not ids of ``text`` and ``version``. ``a``
is the source with the smaller url_key.
"""
