"""The tables, as SQLAlchemy Core. Captures are facts and never change. The tables of ``derive`` can be derived again.

Instants are microseconds since the epoch (``db.microseconds``), digests 32 raw bytes, lists and maps JSON text. So a
row means the same in SQLite and PostgreSQL. Constraints have names, because a migration can alter only what has one.
There are no triggers (a batch migration drops them silently): ``db.store`` writes the full-text index.
"""

from db.schema.access import audit, credential
from db.schema.columns import metadata
from db.schema.copies import label, link, near_key, unlinked
from db.schema.derive import (
    claim,
    cleaning,
    derivation,
    extraction,
    furniture,
    page_error,
    recipe,
    text,
    text_error,
    version,
)
from db.schema.gather import (
    capture,
    chain,
    entry,
    hold,
    lease,
    listing,
    origin,
    payload,
    rhythm,
    run,
    seed,
    source,
    tile,
    tombstone,
    underived,
)
from db.schema.notices import notice, notice_event, receiver
from db.schema.packs import pack, pack_entry
from db.schema.read_marks import caught_up, seen

__all__ = [
    "audit",
    "capture",
    "caught_up",
    "chain",
    "claim",
    "cleaning",
    "credential",
    "derivation",
    "entry",
    "extraction",
    "furniture",
    "hold",
    "label",
    "lease",
    "link",
    "listing",
    "metadata",
    "near_key",
    "notice",
    "notice_event",
    "origin",
    "pack",
    "pack_entry",
    "page_error",
    "payload",
    "receiver",
    "recipe",
    "rhythm",
    "run",
    "seed",
    "seen",
    "source",
    "text",
    "text_error",
    "tile",
    "tombstone",
    "underived",
    "unlinked",
    "version",
]
