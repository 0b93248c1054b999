"""The tables, as SQLAlchemy Core. Captures are facts and never change; everything under "derive" can be made again.

Instants are microseconds since the epoch (``db.times``), digests 32 raw bytes, lists and maps JSON text: three choices
that make a row mean the same in SQLite and PostgreSQL. Constraints are named, because a migration can only alter what
has a name. There are no triggers (a batch migration drops them silently); the full-text index is kept by ``db.store``.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite grows its own integer key only for the type INTEGER; PostgreSQL wants 64 bits.
_Id = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


def _at(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=null)


def _to(table: str, name: str | None = None, *, null: bool = False, **more: Any) -> Column[int]:
    return Column(name or f"{table}_id", _Id, ForeignKey(f"{table}.id"), nullable=null, **more)


def _text(name: str, *, null: bool = False, default: str | None = "") -> Column[str]:
    return Column(name, Text, nullable=null, server_default=None if null or default is None else default)


# --- what is watched -------------------------------------------------------------------------------------------------

seed = Table(
    "seed",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    _text("group"),
    _text("name"),
    _text("url"),
    _text("kind"),
    _text("every"),
    _text("note"),
    _text("language", null=True),
    Column("allow_private", Boolean, nullable=False),
    Column("budget", Integer),
    _at("first_read_at"),
    _at("retired_at", null=True),
)

source = Table(
    "source",
    metadata,
    _id(),
    _text("url"),
    Column("url_key", Text, nullable=False, unique=True),
    _text("kind"),
    _to("seed", null=True, index=True),
    _at("found_at"),
    _to("source", "found_in", null=True),
    _at("retired_at", null=True),
    _to("source", "same_as", null=True, index=True),
    _at("hinted_at", null=True),
)

# --- gather: facts ---------------------------------------------------------------------------------------------------

run = Table(
    "run",
    metadata,
    _id(),
    _text("kind"),
    _text("parameters", default="{}"),
    _text("owner"),
    _at("started_at"),
    _at("finished_at", null=True),
    _text("counts", default="{}"),
)

origin = Table(
    "origin",
    metadata,
    Column("name", Text, primary_key=True),
    Column("delay", Float, nullable=False),
    Column("latency", Float, nullable=False),
    Column("clean", Integer, nullable=False),
    _at("paused_until_at", null=True),
    _at("robots_failing_since_at", null=True),
    _at("probed_at", null=True),
    _at("updated_at"),
)
"""What is remembered of each origin between runs: how fast it may be asked, and until when not at all."""

rhythm = Table(
    "rhythm",
    metadata,
    Column("seed_id", _Id, ForeignKey("seed.id"), primary_key=True),
    Column("articles", Integer, nullable=False),
    _text("hazard", default="[]"),
    _at("learned_at"),
)
"""How often the articles of a seed are edited at which age: learned from their histories, used to plan visits."""

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    _text("owner"),
    _at("taken_at"),
    _at("until_at"),
)

payload = Table(
    "payload",
    metadata,
    _id(),
    Column("sha256", LargeBinary(32), nullable=False, unique=True),
    _text("codec"),
    Column("length", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

capture = Table(
    "capture",
    metadata,
    _id(),
    _to("source"),
    _to("run", null=True),
    _at("captured_at"),
    _at("finished_at", null=True),
    _text("url"),
    _text("final_url"),
    _text("reason", null=True),
    _text("detail"),
    Column("status", Integer),
    _text("reason_phrase"),
    _to("payload", null=True, index=True),
    Column("wire_sha256", LargeBinary(32)),
    Column("wire_length", BigInteger),
    _text("content_type"),
    _text("charset", null=True),
    _text("etag", null=True),
    _text("last_modified", null=True),
    _at("retry_at", null=True),
    _text("ip", null=True),
    _text("headers", default="[]"),
    _text("hops", default="[]"),
    _text("flags", default="[]"),
    Column("revisit", Boolean, nullable=False),
    _text("provenance", default="live"),
    _text("exchange", default="{}"),
    Column("part", Integer, nullable=False, server_default="1"),
    _to("capture", "part_of", null=True, index=True),
)
# The natural key: recording the same capture twice changes nothing. Two plain indexes, because a missing payload equals
# nothing, not even another, and because a batch migration silently loses an index on an expression like coalesce.
Index("uq_capture_payload", capture.c.source_id, capture.c.captured_at, capture.c.payload_id, unique=True)
_no_payload = capture.c.payload_id.is_(None)
Index(
    "uq_capture_no_payload",
    capture.c.source_id,
    capture.c.captured_at,
    unique=True,
    sqlite_where=_no_payload,
    postgresql_where=_no_payload,
)

underived = Table("underived", metadata, Column("capture_id", _Id, ForeignKey("capture.id"), primary_key=True))
"""The ledger between the halves: captures that the current recipe has not seen."""

# --- derive: made from the facts -------------------------------------------------------------------------------------

recipe = Table(
    "recipe", metadata, Column("id", Text, primary_key=True), _text("facts", default="[]"), _at("first_used_at")
)

text = Table(
    "text",
    metadata,
    _id(),
    Column("sha256", LargeBinary(32), nullable=False, unique=True),
    _text("title"),
    _text("body"),
    _text("linked_by", null=True),
)
"""Every distinct normalised text, once and plain: the content table of the full-text index ``text_fts``."""

extraction = Table(
    "extraction",
    metadata,
    _id(),
    _to("payload"),
    _text("charset"),
    Column("recipe_id", Text, ForeignKey("recipe.id"), nullable=False),
    _text("verdict"),
    _text("detail"),
    _to("text", null=True, index=True),
    _text("byline", null=True),
    _at("published_at", null=True),
    _at("modified_at", null=True),
    _text("language", null=True),
    _text("site", null=True),
    _text("canonical_url", null=True),
    _text("removed", default="[]"),
    _text("origin", default="[]"),
    UniqueConstraint("payload_id", "charset", "recipe_id"),
)

derivation = Table(
    "derivation",
    metadata,
    Column("capture_id", _Id, ForeignKey("capture.id"), primary_key=True),
    _to("extraction", index=True),
    _text("verdict"),
    _text("detail"),
    _at("derived_at"),
)

version = Table(
    "version",
    metadata,
    _id(),
    _to("source"),
    Column("number", Integer, nullable=False),
    _to("text", index=True),
    _text("title"),
    _text("byline", null=True),
    _at("published_at", null=True),
    _text("language", null=True),
    _text("cause"),
    _text("kinds", default="[]"),
    Column("score", Float, nullable=False),
    _at("first_seen_at"),
    _at("last_seen_at"),
    _at("dated_at"),
    Column("captures", Integer, nullable=False),
    _to("capture", "first_capture_id"),
    _to("capture", "last_capture_id"),
    Column("recipe_id", Text, ForeignKey("recipe.id"), nullable=False),
    _at("recorded_at"),
    _at("superseded_at", null=True),
)
Index("ix_version_source_id_first_seen_at", version.c.source_id, version.c.first_seen_at)

claim = Table(
    "claim",
    metadata,
    _to("source", primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("url_key", Text, primary_key=True, index=True),
    _text("url"),
    _at("first_seen_at"),
    _at("last_seen_at"),
)
"""Which address a page says is its own (canonical, amp, og): a claim, believed only when the texts agree."""

near_key = Table(
    "near_key",
    metadata,
    Column("key", BigInteger, primary_key=True),
    Column("text_id", _Id, ForeignKey("text.id"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)
"""Look-up keys of a text: two texts that share some are worth comparing."""

unlinked = Table("unlinked", metadata, Column("text_id", _Id, ForeignKey("text.id"), primary_key=True))
"""Texts that stand in a history and were not yet compared with the others."""

link = Table(
    "link",
    metadata,
    Column("a_text_id", _Id, ForeignKey("text.id"), primary_key=True),
    Column("b_text_id", _Id, ForeignKey("text.id"), primary_key=True, index=True),
    _text("relation"),
    Column("score", Float, nullable=False),
    Column("coverage_a", Float, nullable=False),
    Column("coverage_b", Float, nullable=False),
    Column("longest_run", Integer, nullable=False),
    _text("passages", default="[]"),
    _text("residue", default="[]"),
    _text("because"),
    _text("method"),
    _at("judged_at"),
)
"""What comparing two texts gave. ``a`` is the one with the smaller digest, so that arrival order does not show."""
