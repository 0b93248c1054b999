"""The tables, as SQLAlchemy Core. Captures are facts and never change; everything under "derive" can be made again.

Instants are microseconds since the epoch (``db.microseconds``), digests 32 raw bytes, lists and maps JSON text: three
choices
that make a row mean the same in SQLite and PostgreSQL. Constraints are named, because a migration can only alter what
has a name. There are no triggers (a batch migration drops them silently); the full-text index is kept by ``db.store``.
"""

from db.schema.columns import metadata
from db.schema.copies import label, link, near_key, unlinked
from db.schema.derive import claim, cleaning, derivation, extraction, furniture, recipe, text, version
from db.schema.gather import (
    capture,
    chain,
    lease,
    listing,
    origin,
    payload,
    rhythm,
    run,
    seed,
    source,
    tombstone,
    underived,
)
from db.schema.read_marks import caught_up, seen

__all__ = [
    "capture",
    "caught_up",
    "chain",
    "claim",
    "cleaning",
    "derivation",
    "extraction",
    "furniture",
    "label",
    "lease",
    "link",
    "listing",
    "metadata",
    "near_key",
    "origin",
    "payload",
    "recipe",
    "rhythm",
    "run",
    "seed",
    "seen",
    "source",
    "text",
    "tombstone",
    "underived",
    "unlinked",
    "version",
]
