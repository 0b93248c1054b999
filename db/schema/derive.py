"""The tables of derived data, which can be derived again from the facts: texts, extractions, versions."""

from __future__ import annotations

from sqlalchemy import Column, Computed, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

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
    Column("title_parts", Text, Computed("''")),
    Column("body_parts", Text, Computed("''")),
)
"""Every distinct normalised text, stored once: the content table of the full-text index ``text_fts``.

The two columns of parts are always empty. The index has them (``db.script_folding``), so FTS5 wants them here.
"""
Index("ix_text_id_sha256", text.c.id, text.c.sha256)  # digests of many texts without reading the texts

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
"""The extraction of a payload. ``core`` is the digest of the page without scripts, styles and comments: payloads with
one core have one extraction."""

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
"""Site templates (``db.records.SiteTemplate``). A row never changes. The newest revision counts."""

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
"""The text of an extraction without its site's template lines, or with its article's parts. ``recipe_id`` covers the
template too."""

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
"""The text a capture shows: that of its extraction, unless ``cleaning_id`` and ``text_id`` give another.

``length`` and ``paragraphs`` are those of its body, ``taken`` is the number of characters removed from it.
"""
_other = derivation.c.verdict != "ok"
Index(
    "ix_derivation_capture_id_verdict",  # few pages are no article: paywalls, soft 404s
    derivation.c.capture_id,
    derivation.c.verdict,
    sqlite_where=_other,
    postgresql_where=_other,
)

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
# The version at an instant is the last entry up to it, which the index gives by itself.
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
"""Alias claims: other addresses that a page gives for itself (canonical, amp, og) or a server redirects to (moved)."""

page_error = Table(
    "page_error",
    metadata,
    Column("capture_id", ROW_ID, ForeignKey("capture.id"), primary_key=True),
    words("step"),
    words("cause"),
    words("build"),
    instant("failed_at"),
)
"""Captures whose derivation raised an exception: at which step, why, and in which build of the code. They are derived
again when the build changes."""

text_error = Table(
    "text_error",
    metadata,
    Column("text_id", ROW_ID, ForeignKey("text.id"), primary_key=True),
    words("cause"),
    words("build"),
    instant("failed_at"),
)
"""Texts whose comparison with others raised an exception. They are compared again when the build changes."""
