"""The error tree, for callers of ``archive``; it is drawn in ``db.errors``."""

from __future__ import annotations

from db.errors import (
    ArchiveError,
    BadInput,
    ConfigError,
    Corrupt,
    NotArchived,
    RunFailed,
    SchemaMismatch,
    SeedError,
    StoreBusy,
    StoreError,
    TooSlow,
)

__all__ = [
    "ArchiveError",
    "BadInput",
    "ConfigError",
    "Corrupt",
    "NotArchived",
    "RunFailed",
    "SchemaMismatch",
    "SeedError",
    "StoreBusy",
    "StoreError",
    "TooSlow",
]
