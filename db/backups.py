"""Backups beside the archive: their names, and how many upkeep keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

BACKUPS_KEPT = 7
"""Backups that stay: a week of nightly upkeep."""


def backup_path(db: Path, taken_at: datetime) -> Path:
    """Return the path of a backup: a folder beside the archive, and a name that sorts by time."""
    return db.parent / "backups" / f"{db.stem}-{taken_at:%Y%m%dT%H%M%SZ}{db.suffix}"


def list_backups(db: Path) -> list[Path]:
    """Return the backups of this archive, oldest first. Other files in the folder are left out."""
    stamp = "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z"
    return sorted((db.parent / "backups").glob(f"{db.stem}-{stamp}{db.suffix}"))


def prune_backups(db: Path) -> int:
    """Delete all but the newest ``BACKUPS_KEPT`` backups of this archive and return how many were deleted."""
    surplus = list_backups(db)[:-BACKUPS_KEPT]
    for path in surplus:
        path.unlink()
    return len(surplus)
