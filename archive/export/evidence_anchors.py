"""Parts of an evidence file from outside and about time: time stamps, cosignatures, and corrections of dates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from archive.api import checkpoint_places, second_records, signed_log
from archive.formats.evidence import corrections, cosigned_checkpoints, second_answers, windows
from db.chain import CORRECTION, START
from db.queries import log_tiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from db.reader import Ask, Row


def log_entry(ask: Ask, number: int, before: bytes, facts: str, size: int) -> dict[str, Any]:
    """Return an entry with its proof in the log of ``size`` entries. ``before``: the link before it."""
    path = [sibling.hex() for sibling in log_tiles.inclusion_proof(ask, number, size)]
    return {"number": number, "before": before.hex(), "facts": facts, "path": path}


def anchor_members(ask: Ask, db: Path, numbers: Sequence[int], size: int) -> dict[str, bytes]:
    """Return the members with the time stamps around these captures, none if there are none.

    For each capture these are the first after it and the last before it. A reply whose file is lost is left out.
    """
    folder = signed_log.anchors_path(db)
    rows = [row | {"values": json.loads(row["facts"])} for row in log_tiles.entries_of_kind(ask, "anchor")]
    rows = [row for row in rows if int(row["values"]["size"]) <= size and _reply(folder, row).is_file()]
    chosen: dict[int, Row] = {}
    for number in numbers:
        covering = [row for row in rows if int(row["values"]["size"]) >= number][:1]
        preceding = [row for row in rows if row["number"] < number][-1:]
        chosen |= {row["number"]: row for row in (*covering, *preceding)}
    members: dict[str, bytes] = {}
    lines = []
    for number, row in sorted(chosen.items()):
        note = folder / f"{row['values']['size']}.checkpoint"
        if note.is_file():
            digest = row["values"]["reply_sha256"]
            members[f"evidence/anchors/{digest}.tsr"] = _reply(folder, row).read_bytes()
            stamped = int(row["values"]["size"])
            proof = [sibling.hex() for sibling in log_tiles.consistency_proof(ask, stamped, size)]
            anchor = {"checkpoint": note.read_text(encoding="utf-8"), "consistency": proof, "reply": digest}
            lines.append(anchor | {"entry": _entry(ask, number, row["facts"], size) if number <= size else None})
    if lines:
        members[windows.ANCHORS] = "".join(json.dumps(line) + "\n" for line in lines).encode()
    return members


def cosigned_members(ask: Ask, db: Path, origin: str, size: int) -> dict[str, bytes]:
    """Return the member with the newest cosigned checkpoint of each witness of this log, none if there are none."""
    names: set[str] = set()
    lines = []
    for signed in checkpoint_places.cosigned_notes(db, origin, size):
        new_names = checkpoint_places.cosigners(signed) - names
        if new_names:
            names |= new_names
            proof = [sibling.hex() for sibling in log_tiles.consistency_proof(ask, signed.checkpoint.size, size)]
            lines.append(json.dumps({"checkpoint": signed.note, "consistency": proof}) + "\n")
        if len(lines) == cosigned_checkpoints.MOST_CHECKPOINTS:
            break
    return {cosigned_checkpoints.COSIGNED: "".join(lines).encode()} if lines else {}


def memento_members(ask: Ask, db: Path, numbers: Sequence[int], size: int) -> dict[str, bytes]:
    """Return the member with what second archives answered about these captures, none if none was asked."""
    answers = second_records.records_of(ask, db, set(numbers))
    lines = [
        json.dumps({"record": record, "entry": _entry(ask, number, facts, size)}) + "\n"
        for number, facts, record in answers
        if number <= size
    ]
    return {second_answers.MEMENTOS: "".join(lines[-second_answers.MOST_ANSWERS :]).encode()} if lines else {}


def corrections_of(ask: Ask, numbers: Sequence[int]) -> list[Row]:
    """Return the entries of the log that correct dates (``db.store.redating``) of some of these captures."""
    rows = [row | json.loads(row["facts"]) for row in log_tiles.entries_of_kind(ask, CORRECTION)]
    return [row for row in rows if any(row["first"] <= number <= row["last"] for number in numbers)]


def correction_members(ask: Ask, numbers: Sequence[int], size: int) -> dict[str, bytes]:
    """Return the member with the corrections of these captures' dates, none if there are none."""
    rows = corrections_of(ask, numbers)
    lines = [json.dumps(_entry(ask, row["number"], row["facts"], size)) + "\n" for row in rows]
    return {corrections.CORRECTIONS: "".join(lines).encode()} if lines else {}


def _reply(folder: Path, row: Row) -> Path:
    return folder / f"{row['values']['reply_sha256']}.tsr"


def _entry(ask: Ask, number: int, facts: str, size: int) -> dict[str, Any]:
    before = log_tiles.links(ask, number - 2, number - 1) if number > 1 else [START]
    return log_entry(ask, number, before[0], facts, size)
