"""What a reader has looked at: the inbox tells what changed since. Readers share one archive and one set of marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.connect import Reader
from db.questions import changes
from db.store import Store

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def mark_seen(db: Path, source_id: int, until: datetime, *, now: datetime) -> None:
    """Of one article everything first seen up to ``until`` was looked at; an earlier instant takes that back."""
    with Store(db) as store:
        store.mark_seen(source_id, until, now)


def catch_up(db: Path, *, now: datetime, until: datetime | None = None) -> datetime | None:
    """Everything first seen up to ``until`` was looked at (None: all there is). What was marked; None: no change."""
    if until is None:
        with Reader(db) as reader:
            until = changes.newest_at(reader.ask)
    if until is not None:
        with Store(db) as store:
            store.mark_seen(None, until, now)
    return until
