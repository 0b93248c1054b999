"""The places outside that get checkpoints of the log, and the witnesses that cosign them: what each has, and gaps.

Beside the archive, in the folder of time stamps, are ``deliveries.json`` (what each place got last) and the cosigned
checkpoints (``SIZE.cosigned``). Both can be lost: then places get the checkpoint again.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from archive.api import signed_log
from archive.formats import signed_note
from archive.formats.durable_text import replace_text
from archive.timestamps import iso, parse_stamp
from db.errors import BadInput
from db.queries import log_tiles
from db.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.api.signed_log import SignedCheckpoint
    from archive.settings import Settings

HOURLY: Final = timedelta(hours=1)
"""The shortest time between two checkpoints to one place."""

DAILY: Final = timedelta(days=1)
"""The same for mail, which people read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The last checkpoint that a place got: the name of its log, its size, and when."""

    origin: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place or witness of the settings. ``shown`` names it without passwords."""

    address: str
    is_witness: bool = False

    @property
    def key(self) -> str:
        """A digest of the address, because the address may hold a password."""
        return hashlib.sha256(self.address.encode("utf-8", "replace")).hexdigest()[:32]

    @property
    def shown(self) -> str:
        """The address without what may be secret."""
        parts = urlsplit(self.address)
        if parts.scheme in {"smtp", "smtps"}:
            return f"mail to {', '.join(parse_qs(parts.query).get('to', [])) or parts.hostname}"
        if self.is_witness:
            return f"witness {parts.fragment.partition('+')[0]}"
        return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"

    @property
    def every(self) -> timedelta:
        """The shortest time between two checkpoints to this place."""
        return DAILY if self.address.startswith("smtp") else HOURLY


def places_of(settings: Settings) -> list[Place]:
    """Return the witnesses and the places of the settings, each once."""
    witnesses = [Place(address=address, is_witness=True) for address in settings.witnesses]
    return list(dict.fromkeys([*witnesses, *(Place(address=address) for address in settings.checkpoints_to)]))


def read_deliveries(db: Path) -> dict[str, Delivery]:
    """Return what places got last, by their keys. A file that is missing or damaged counts as empty."""
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        rows = json.loads(_state_path(db).read_text(encoding="utf-8"))
        return {
            key: Delivery(origin=str(row["origin"]), size=int(row["size"]), at=parse_stamp(row["at"]))
            for key, row in rows.items()
        }
    return {}


def record_deliveries(db: Path, deliveries: dict[str, Delivery]) -> None:
    """Add what places got now. Raises OSError."""
    if not deliveries:
        return
    rows = {
        key: {"origin": delivery.origin, "size": delivery.size, "at": iso(delivery.at)}
        for key, delivery in sorted((read_deliveries(db) | deliveries).items())
    }
    signed_log.anchors_path(db).mkdir(exist_ok=True)
    replace_text(_state_path(db), json.dumps(rows, indent=2) + "\n")


def due_places(settings: Settings, size: int) -> list[Place]:
    """Return the places that lack the newest of ``size`` entries and whose interval is over."""
    deliveries = read_deliveries(settings.db)
    due = []
    for place in places_of(settings):
        last = deliveries.get(place.key)
        is_recent = last is not None and timedelta(0) <= settings.wall() - last.at < place.every
        if not is_recent and (last is None or last.size < size):
            due.append(place)
    return due


def gaps(settings: Settings) -> list[str]:
    """Return a sentence for each outside proof that is set and lacks the newest entries for longer than it should."""
    stamps = signed_log.anchor_gap(settings)
    sentences = [stamps] if stamps is not None else []
    places = places_of(settings)
    if not places:
        return sentences
    if not signed_log.key_path(settings.db).exists():
        what = "places for checkpoints are set, but the archive has no log key. Make one: wirecopy log key"
        return [*sentences, f"{what} --create NAME"]
    with Reader(settings.db) as reader:
        size = log_tiles.log_size(reader.ask)
    deliveries = read_deliveries(settings.db)
    for place in places:
        last = deliveries.get(place.key)
        if last is None:
            sentences.append(f"{place.shown} has no checkpoint of the log yet. Try: wirecopy log anchor")
        elif last.size < size and not settings.wall() - last.at < place.every + signed_log.LATE:
            missing = f"the newest {size - last.size} entries of the log since {iso(last.at)}"
            sentences.append(f"{place.shown} lacks {missing}. Try: wirecopy log anchor")
    return sentences


def _state_path(db: Path) -> Path:
    return signed_log.anchors_path(db) / "deliveries.json"


# --- cosigned checkpoints --------------------------------------------------------------------------------------------


def add_cosignatures(db: Path, signed: SignedCheckpoint, lines: list[str]) -> SignedCheckpoint:
    """Store a checkpoint with cosignature lines and return it. Each replaces an earlier line of the same witness."""
    present = cosigned(db, signed).note
    names = {line.split(" ")[1] for line in lines}
    other_lines = [line for line in _lines(present) if line.split(" ")[1] not in names]
    note = present.rpartition("\n\n")[0] + "\n\n" + "".join([*other_lines, *lines])
    signed_log.anchors_path(db).mkdir(exist_ok=True)
    replace_text(_cosigned_path(db, signed.checkpoint.size), note)
    return signed_log.SignedCheckpoint(note=note, checkpoint=signed.checkpoint)


def cosigned(db: Path, signed: SignedCheckpoint) -> SignedCheckpoint:
    """Return a checkpoint with the cosignatures that it has by now."""
    with suppress(OSError, UnicodeDecodeError, BadInput):
        note = _cosigned_path(db, signed.checkpoint.size).read_text(encoding="utf-8")
        if signed_note.split_note(note)[0] == signed_note.split_note(signed.note)[0]:
            return signed_log.SignedCheckpoint(note=note, checkpoint=signed.checkpoint)
    return signed


def cosigned_notes(db: Path, origin: str, most_entries: int) -> Iterator[SignedCheckpoint]:
    """Yield the cosigned checkpoints of a log with at most so many entries, newest first."""
    sizes = [path.stem for path in signed_log.anchors_path(db).glob("*.cosigned")]
    for size in sorted((int(stem) for stem in sizes if stem.isascii() and stem.isdecimal()), reverse=True):
        with suppress(OSError, UnicodeDecodeError, BadInput):
            note = _cosigned_path(db, size).read_text(encoding="utf-8")
            checkpoint = signed_note.parse_checkpoint(signed_note.split_note(note)[0])
            if (checkpoint.origin, checkpoint.size) == (origin, size) and size <= most_entries:
                yield signed_log.SignedCheckpoint(note=note, checkpoint=checkpoint)


def cosigners(signed: SignedCheckpoint) -> set[str]:
    """Return the names on the signature lines of a checkpoint but that of its log."""
    return {line.split(" ")[1] for line in _lines(signed.note)} - {signed.checkpoint.origin}


def _lines(note: str) -> list[str]:
    return note.rpartition("\n\n")[2].splitlines(keepends=True)


def _cosigned_path(db: Path, size: int) -> Path:
    return signed_log.anchors_path(db) / f"{size}.cosigned"
