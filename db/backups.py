"""Spare copies: where upkeep puts backups, and which of them stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

BACKUPS_KEPT = 7
"""Backups that stay: a week of nightly upkeep."""


def backup_path(db: Path, at: datetime) -> Path:
    """Where the backup taken at ``at`` goes: a folder beside the archive, named so that names sort by time."""
    return db.parent / "backups" / f"{db.stem}-{at:%Y%m%dT%H%M%SZ}{db.suffix}"


def list_backups(db: Path) -> list[Path]:
    """The backups of this archive that are there, oldest first. Other files in the folder are left alone."""
    stamp = "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z"
    return sorted((db.parent / "backups").glob(f"{db.stem}-{stamp}{db.suffix}"))


def prune_backups(db: Path) -> int:
    """Remove all but the newest backups of this archive; how many went."""
    spares = list_backups(db)
    for spare in spares[:-BACKUPS_KEPT]:
        spare.unlink()
    return len(spares[:-BACKUPS_KEPT])
