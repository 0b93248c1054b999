"""What is made from the facts, and can be made again: texts, extractions, versions."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from db.schema.columns import ROW_ID, identity, instant, metadata, reference, words

recipe = Table(
    "recipe", metadata, Column("id", Text, primary_key=True), words("facts", default="[]"), instant("first_used_at")
)

text = Table(
    "text",
    metadata,
    identity(),
    Column("sha256", LargeBinary(32), nullable=False, unique=True),
    words("title"),
    words("body"),
    words("linked_by", null=True),
)
"""Every distinct normalised text, once and plain: the content table of the full-text index ``text_fts``."""
Index("ix_text_id_sha256", text.c.id, text.c.sha256)  # digests of many texts are told without reading any

extraction = Table(
    "extraction",
    metadata,
    identity(),
    reference("payload"),
    words("charset"),
    Column("recipe_id", Text, ForeignKey("recipe.id"), nullable=False),
    words("verdict"),
    words("detail"),
    reference("text", null=True, index=True),
    words("byline", null=True),
    instant("published_at", null=True),
    instant("modified_at", null=True),
    words("language", null=True),
    words("site", null=True),
    words("canonical_url", null=True),
    words("removed", default="[]"),
    words("origin", default="[]"),
    words("claims", default="[]"),
    words("facts", default="[]"),
    words("headline_from", default="[]"),
    Column("core", LargeBinary(32), index=True),
    UniqueConstraint("payload_id", "charset", "recipe_id"),
)
"""What a payload says. ``core`` is a digest of all that is read of it: two payloads with the same say the same."""

furniture = Table(
    "furniture",
    metadata,
    identity(),
    words("site"),
    Column("revision", Integer, nullable=False),
    words("edge", default="[]"),
    words("anywhere", default="[]"),
    instant("adopted_at"),
    UniqueConstraint("site", "revision"),
)
"""Lines learned as a site's own (``Blocks``). A row never changes; the newest revision counts."""

cleaning = Table(
    "cleaning",
    metadata,
    identity(),
    reference("extraction"),
    Column("recipe_id", Text, ForeignKey("recipe.id"), nullable=False),
    words("parts"),
    reference("furniture", null=True),
    reference("text", index=True),
    words("removed", default="[]"),
    UniqueConstraint("extraction_id", "recipe_id", "parts"),
)
"""What an extraction says without its site's furniture, which ``recipe_id`` covers, or with its article's parts."""

derivation = Table(
    "derivation",
    metadata,
    Column("capture_id", ROW_ID, ForeignKey("capture.id"), primary_key=True),
    reference("extraction", index=True),
    reference("text", null=True, index=True),
    words("verdict"),
    words("detail"),
    instant("derived_at"),
    reference("cleaning", null=True, index=True),
    *(Column(name, Integer, nullable=False, server_default="0") for name in ("length", "paragraphs", "taken")),
)
"""What a capture shows: the text of its extraction, unless ``cleaning_id`` and ``text_id`` say that it is another.

``length`` and ``paragraphs`` are those of its body, ``taken`` the characters removed from it.
"""

version = Table(
    "version",
    metadata,
    identity(),
    reference("source"),
    Column("number", Integer, nullable=False),
    reference("text", index=True),
    words("title"),
    words("byline", null=True),
    instant("published_at", null=True),
    words("language", null=True),
    words("cause"),
    words("kinds", default="[]"),
    Column("score", Float, nullable=False),
    instant("first_seen_at"),
    instant("last_seen_at"),
    instant("dated_at"),
    Column("captures", Integer, nullable=False),
    reference("capture", "first_capture_id"),
    reference("capture", "last_capture_id"),
    Column("recipe_id", Text, ForeignKey("recipe.id"), nullable=False),
    instant("recorded_at"),
    instant("superseded_at", null=True),
)
Index("ix_version_source_id_first_seen_at", version.c.source_id, version.c.first_seen_at)
# What stood there at an instant is the last entry up to it: the index alone says which version that is.
_believed = version.c.superseded_at.is_(None)
Index(
    "ix_version_source_id_first_seen_at_number",
    version.c.source_id,
    version.c.first_seen_at,
    version.c.number,
    sqlite_where=_believed,
    postgresql_where=_believed,
)

claim = Table(
    "claim",
    metadata,
    reference("source", primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("url_key", Text, primary_key=True, index=True),
    words("url"),
    instant("first_seen_at"),
    instant("last_seen_at"),
)
"""Which other address a page says is its own (canonical, amp, og), or a server that it has moved to (moved)."""
