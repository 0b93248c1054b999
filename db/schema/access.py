"""The tables of access: named tokens, and the audit of changes that people made."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table

from db.schema.columns import identity, instant, metadata, words

credential = Table(
    "credential",
    metadata,
    identity(),
    words("name", default=None),
    Column("sha256", LargeBinary(32), nullable=False),
    words("roles", default="[]"),
    instant("made_at"),
    instant("revoked_at", null=True),
)
"""Named tokens: the digest of each, never the token. The newest row of a name counts; older ones are revoked."""
Index("uq_credential_sha256", credential.c.sha256, unique=True)

audit = Table(
    "audit",
    metadata,
    identity(),
    instant("changed_at"),
    words("name"),
    words("via"),
    words("action", default=None),
    words("subject"),
    words("detail"),
)
"""Changes that people made: labels, forgotten articles, holds, rows of the seed index, tokens. Only ever added to."""
