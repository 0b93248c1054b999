"""The records of second archives' answers: files beside the archive, named by their digest, which the log has.

They name addresses, so they are no part of the log, and ``forget`` deletes them. Their digests have a salt.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from archive.api.durable_text import replace_text
from archive.formats.evidence.second_answers import KIND
from db.queries import log_tiles

if TYPE_CHECKING:
    from pathlib import Path

    from db.reader import Ask


def records_path(db: Path) -> Path:
    """Return the folder of the records."""
    return db.with_name(f"{db.name}.mementos")


def keep_record(db: Path, text: str) -> str:
    """Store a record so that it survives a crash, before the log names it. Return its sha256 in hexadecimal."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    records_path(db).mkdir(exist_ok=True)
    replace_text(records_path(db) / f"{digest}.json", text)
    return digest


def records_of(ask: Ask, db: Path, numbers: set[int]) -> list[tuple[int, str, str]]:
    """Return number, facts and record of the entries about captures with these numbers. A lost record is left out."""
    rows = []
    for row in log_tiles.entries_of_kind(ask, KIND):
        values = json.loads(row["facts"])
        path = records_path(db) / f"{values['record_sha256']}.json"
        if values["capture"] in numbers and path.is_file():
            rows.append((row["number"], row["facts"], path.read_text(encoding="utf-8")))
    return rows


def drop_records(ask: Ask, db: Path) -> int:
    """Delete every record that no capture of the archive needs: its capture was forgotten. Return their number."""
    present = {row["id"] for row in ask("SELECT id FROM capture")} if records_path(db).is_dir() else set()
    entries = [json.loads(row["facts"]) for row in log_tiles.entries_of_kind(ask, KIND)]
    needed = {f"{values['record_sha256']}.json" for values in entries if values["capture"] in present}
    surplus = [path for path in records_path(db).glob("*.json") if path.name not in needed]
    for path in surplus:
        path.unlink()
    return len(surplus)
