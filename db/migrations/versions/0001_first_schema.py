"""The first schema: seeds, sources, captures, derivations, versions, near-copy links, and the full-text index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    watched()
    work()
    payloads()
    captures()
    texts()
    derivations()
    versions()
    copies()
    full_text()


def watched() -> None:
    """What is watched."""
    op.create_table(
        "seed",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("every", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("allow_private", sa.Boolean(), nullable=False),
        sa.Column("first_read_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seed")),
        sa.UniqueConstraint("key", name=op.f("uq_seed_key")),
    )
    op.create_table(
        "source",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("url_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("seed_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("found_in", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.Column("same_as", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["found_in"], ["source.id"], name=op.f("fk_source_found_in")),
        sa.ForeignKeyConstraint(["same_as"], ["source.id"], name=op.f("fk_source_same_as")),
        sa.ForeignKeyConstraint(["seed_id"], ["seed.id"], name=op.f("fk_source_seed_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("url_key", name=op.f("uq_source_url_key")),
    )
    op.create_index(op.f("ix_source_same_as"), "source", ["same_as"], unique=False)
    op.create_index(op.f("ix_source_seed_id"), "source", ["seed_id"], unique=False)


def work() -> None:
    """Who is at work."""
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("parameters", sa.Text(), server_default="{}", nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )


def payloads() -> None:
    """What was fetched, as bytes."""
    op.create_table(
        "payload",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("codec", sa.Text(), server_default="", nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payload")),
        sa.UniqueConstraint("sha256", name=op.f("uq_payload_sha256")),
    )


def captures() -> None:
    """What was fetched, as facts that never change."""
    op.create_table(
        "capture",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("captured_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("final_url", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("reason_phrase", sa.Text(), server_default="", nullable=False),
        sa.Column("payload_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("wire_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("wire_length", sa.BigInteger(), nullable=True),
        sa.Column("content_type", sa.Text(), server_default="", nullable=False),
        sa.Column("charset", sa.Text(), nullable=True),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("headers", sa.Text(), server_default="[]", nullable=False),
        sa.Column("hops", sa.Text(), server_default="[]", nullable=False),
        sa.Column("flags", sa.Text(), server_default="[]", nullable=False),
        sa.Column("revisit", sa.Boolean(), nullable=False),
        sa.Column("provenance", sa.Text(), server_default="live", nullable=False),
        sa.ForeignKeyConstraint(["payload_id"], ["payload.id"], name=op.f("fk_capture_payload_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_capture_run_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_capture_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture")),
    )
    op.create_index(op.f("ix_capture_payload_id"), "capture", ["payload_id"], unique=False)
    op.create_index("uq_capture_payload", "capture", ["source_id", "captured_at", "payload_id"], unique=True)
    op.create_index(
        "uq_capture_no_payload",
        "capture",
        ["source_id", "captured_at"],
        unique=True,
        sqlite_where=sa.text("payload_id IS NULL"),
        postgresql_where=sa.text("payload_id IS NULL"),
    )
    op.create_table(
        "underived",
        sa.Column("capture_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["capture_id"], ["capture.id"], name=op.f("fk_underived_capture_id")),
        sa.PrimaryKeyConstraint("capture_id", name=op.f("pk_underived")),
    )


def texts() -> None:
    """Recipes, and every distinct text."""
    op.create_table(
        "recipe",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), server_default="[]", nullable=False),
        sa.Column("first_used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipe")),
    )
    op.create_table(
        "text",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("linked_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text")),
        sa.UniqueConstraint("sha256", name=op.f("uq_text_sha256")),
    )


def derivations() -> None:
    """What the facts say."""
    op.create_table(
        "extraction",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("payload_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("charset", sa.Text(), server_default="", nullable=False),
        sa.Column("recipe_id", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("text_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("byline", sa.Text(), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("modified_at", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("canonical_url", sa.Text(), nullable=True),
        sa.Column("removed", sa.Text(), server_default="[]", nullable=False),
        sa.Column("origin", sa.Text(), server_default="[]", nullable=False),
        sa.ForeignKeyConstraint(["payload_id"], ["payload.id"], name=op.f("fk_extraction_payload_id")),
        sa.ForeignKeyConstraint(["recipe_id"], ["recipe.id"], name=op.f("fk_extraction_recipe_id")),
        sa.ForeignKeyConstraint(["text_id"], ["text.id"], name=op.f("fk_extraction_text_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extraction")),
        sa.UniqueConstraint(
            "payload_id", "charset", "recipe_id", name=op.f("uq_extraction_payload_id_charset_recipe_id")
        ),
    )
    op.create_index(op.f("ix_extraction_text_id"), "extraction", ["text_id"], unique=False)
    op.create_table(
        "derivation",
        sa.Column("capture_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("extraction_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("verdict", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("derived_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["capture_id"], ["capture.id"], name=op.f("fk_derivation_capture_id")),
        sa.ForeignKeyConstraint(["extraction_id"], ["extraction.id"], name=op.f("fk_derivation_extraction_id")),
        sa.PrimaryKeyConstraint("capture_id", name=op.f("pk_derivation")),
    )
    op.create_index(op.f("ix_derivation_extraction_id"), "derivation", ["extraction_id"], unique=False)


def versions() -> None:
    """Histories."""
    op.create_table(
        "version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("byline", sa.Text(), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), server_default="", nullable=False),
        sa.Column("kinds", sa.Text(), server_default="[]", nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("dated_at", sa.BigInteger(), nullable=False),
        sa.Column("captures", sa.Integer(), nullable=False),
        sa.Column("first_capture_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_capture_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recipe_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["first_capture_id"], ["capture.id"], name=op.f("fk_version_first_capture_id")),
        sa.ForeignKeyConstraint(["last_capture_id"], ["capture.id"], name=op.f("fk_version_last_capture_id")),
        sa.ForeignKeyConstraint(["recipe_id"], ["recipe.id"], name=op.f("fk_version_recipe_id")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_version_source_id")),
        sa.ForeignKeyConstraint(["text_id"], ["text.id"], name=op.f("fk_version_text_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version")),
    )
    op.create_index("ix_version_source_id_first_seen_at", "version", ["source_id", "first_seen_at"], unique=False)
    op.create_index(op.f("ix_version_text_id"), "version", ["text_id"], unique=False)


def copies() -> None:
    """Near-copies."""
    op.create_table(
        "near_key",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("text_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["text_id"], ["text.id"], name=op.f("fk_near_key_text_id")),
        sa.PrimaryKeyConstraint("key", "text_id", name=op.f("pk_near_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_near_key_text_id"), "near_key", ["text_id"], unique=False)
    op.create_table(
        "unlinked",
        sa.Column("text_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["text_id"], ["text.id"], name=op.f("fk_unlinked_text_id")),
        sa.PrimaryKeyConstraint("text_id", name=op.f("pk_unlinked")),
    )
    op.create_table(
        "link",
        sa.Column("a_text_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("b_text_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("relation", sa.Text(), server_default="", nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("coverage_a", sa.Float(), nullable=False),
        sa.Column("coverage_b", sa.Float(), nullable=False),
        sa.Column("longest_run", sa.Integer(), nullable=False),
        sa.Column("passages", sa.Text(), server_default="[]", nullable=False),
        sa.Column("residue", sa.Text(), server_default="[]", nullable=False),
        sa.Column("because", sa.Text(), server_default="", nullable=False),
        sa.Column("method", sa.Text(), server_default="", nullable=False),
        sa.Column("judged_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["a_text_id"], ["text.id"], name=op.f("fk_link_a_text_id")),
        sa.ForeignKeyConstraint(["b_text_id"], ["text.id"], name=op.f("fk_link_b_text_id")),
        sa.PrimaryKeyConstraint("a_text_id", "b_text_id", name=op.f("pk_link")),
    )
    op.create_index(op.f("ix_link_b_text_id"), "link", ["b_text_id"], unique=False)


def full_text() -> None:
    """The index of all texts; other databases have their own kind."""
    if op.get_bind().dialect.name == "sqlite":
        # Double quotes: with single ones Datasette does not see the index and returns every row of any search.
        op.execute(
            'CREATE VIRTUAL TABLE text_fts USING fts5(title, body, content="text", content_rowid="id", '
            'tokenize="unicode61 remove_diacritics 2")'
        )
