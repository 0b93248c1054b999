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


def files_beside(db: Path) -> list[Path]:
    """Return every other SQLite file beside the archive and among its backups: all that may contain what it contains.

    Backups, files that ``restore`` or an upgrade set aside, copies under any other name, and the logs of all of these.
    """
    own = {db.name + ending for ending in ("", *_LOGS)}
    files = [path for folder in (db.parent, db.parent / "backups") if folder.is_dir() for path in folder.iterdir()]
    others = [path for path in files if not (path.parent == db.parent and path.name in own) and _is_sqlite(path)]
    logs = [log for path in others for ending in _LOGS if (log := path.with_name(path.name + ending)).exists()]
    return sorted([*others, *logs])


_LOGS = "-wal", "-shm", "-journal"
_MAGIC = b"SQLite format 3\0"


def _is_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(len(_MAGIC)) == _MAGIC
    except OSError:  # a folder, or a file that only its owner may read
        return path.suffix == ".db" and path.is_file()


def prune_backups(db: Path) -> int:
    """Delete all but the newest ``BACKUPS_KEPT`` backups of this archive and return how many were deleted."""
    surplus = list_backups(db)[:-BACKUPS_KEPT]
    for path in surplus:
        path.unlink()
    return len(surplus)
