"""Changes of the seed index with their entries in the audit: a file and a database, which no transaction joins.

Before the file is replaced, what will be changed is written beside it (``.INDEX.md.change``). Once the audit has its
entries, that note is deleted. A process that dies in between leaves the note, and the next change or run settles it:
the text of the file says whether it was replaced, and the audit whether it has the entries.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive.api import curation
from archive.seeds.index_file import change_index_file, read_index_file
from archive.timestamps import iso, parse_stamp
from db.errors import SeedError
from db.queries import access as access_queries
from db.reader import Reader
from db.records import Actor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from db.records import AuditEntry

_UNKNOWN = "perhaps: the process died meanwhile, and the index was changed again"
_ENTRIES_READ = 1_000  # newest entries of the audit among which those of a note are looked for


@dataclass(frozen=True, slots=True)
class IndexEdit:
    """The person who changes the index, and the audit's name of the change.

    ``subjects`` names what changed from one text to another.
    """

    actor: Actor
    action: str
    detail: str
    at: datetime
    subjects: Callable[[str, str], Sequence[str]]


def change_index(
    db: Path | None, path: Path, change: Callable[[str], str], edit: IndexEdit, *, digest: str | None = None
) -> None:
    """Change the index as `change_index_file` does, and note it in the audit. Raises as it does, and StoreError.

    A StoreError means that the file is changed and the audit has no entry yet; the next change or run adds it. ``db``
    None: there is no archive yet, and so no audit.
    """
    read_index_file(path)  # a file that cannot be read has its sentence
    with _locked(path):
        if db is None:
            change_index_file(path, change, digest=digest)
            return
        _settle(db, path)
        try:
            change_index_file(
                path, change, digest=digest, intend=lambda old, new: _write_note(db, path, edit, old, new)
            )
        except SeedError:  # nothing was written
            _note_of(path).unlink(missing_ok=True)
            raise
        _settle(db, path)


def settle_index_change(db: Path, path: Path) -> None:
    """Settle a change of the index that was cut off, if there is one. Raises SeedError, StoreError."""
    if _note_of(path).exists():
        with _locked(path):
            _settle(db, path)


def cut_off_change(path: Path) -> str | None:
    """Return the change of the index that the audit does not have yet, in words; None if there is none."""
    note = _read_note(path)
    return None if note is None else f"{note['action']}: {', '.join(note['subjects'])}"


def _note_of(path: Path) -> Path:
    target = path.resolve()
    return target.with_name(f".{target.name}.change")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time change the index. The lock is on its folder, so that no file is left behind."""
    folder = os.open(path.resolve().parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _write_note(db: Path, path: Path, edit: IndexEdit, old: str, new: str) -> None:
    newest = _entries(db, 1)
    note = {
        "after": newest[0].id if newest else 0,
        "name": edit.actor.name,
        "via": edit.actor.via,
        "action": edit.action,
        "detail": edit.detail,
        "at": iso(edit.at),
        "subjects": list(edit.subjects(old, new)),
        "old": old,
        "new": new,
    }
    target = _note_of(path)
    part = target.with_name(f"{target.name}.part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(note, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)


def _read_note(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(_note_of(path).read_text("utf-8")))
    except FileNotFoundError:
        return None


def _settle(db: Path, path: Path) -> None:
    """Add the entries of a note if the file was replaced and the audit lacks them, and delete the note."""
    note = _read_note(path)
    if note is None:
        return
    text = read_index_file(path).text
    subjects = [] if text == note["old"] else list(note["subjects"])
    actor, at = Actor(note["name"], note["via"]), parse_stamp(note["at"])
    entries = (entry for entry in _entries(db, _ENTRIES_READ) if entry.id > note["after"])
    written = {entry.subject for entry in entries if (entry.actor, entry.action) == (actor, note["action"])}
    missing = [subject for subject in subjects if subject not in written]
    detail = note["detail"] if text == note["new"] else "; ".join(filter(None, [note["detail"], _UNKNOWN]))
    if missing:
        curation.record_changes(db, actor, note["action"], missing, now=at, detail=detail)
    _note_of(path).unlink(missing_ok=True)


def _entries(db: Path, limit: int) -> list[AuditEntry]:
    with Reader(db) as reader:
        return access_queries.audit_entries(reader.ask, before=None, limit=limit)
