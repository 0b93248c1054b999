"""Cosignatures of witnesses on checkpoints of a log, after C2SP tlog-cosignature (``cosignature/v1``, Ed25519).

A witness signs a checkpoint only if it continues the last one of the same log that it signed. So its cosignature says:
at this time I know of no other history of this log. ``evidence/cosigned.jsonl`` has such checkpoints.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from .canonical_zip import Refused, parse_json
from .note_signature import decode_base64, is_signed
from .tree_proof import is_consistent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .canonical_zip import Package

COSIGNED: Final = "evidence/cosigned.jsonl"
"""The member with one line for each checkpoint that witnesses cosigned."""

KEY_TYPE: Final = b"\4"
"""The type of a witness's key and its cosignatures in C2SP's registry."""

SIZE: Final = 4 + 8 + 64
"""Bytes of a cosignature: key id, seconds since 1970, Ed25519 signature."""

MOST_CHECKPOINTS: Final = 16
"""Most cosigned checkpoints of a file."""

_MOST_SIGNATURES: Final = 16
_PUBLIC: Final = 32


@dataclass(frozen=True)
class Witness:
    """The public key of a witness: its name, the four bytes that name the key in a signature, and 32 bytes."""

    name: str
    identifier: bytes
    public: bytes


def witness_id(name: str, public: bytes) -> bytes:
    """Return the four bytes that name a witness's key in a cosignature."""
    return hashlib.sha256(name.encode() + b"\n" + KEY_TYPE + public).digest()[:4]


def parse_witness(key: str) -> Witness:
    """Parse the public key of a witness (``name+id+key``). Raises Refused if it is none."""
    name, _, rest = key.strip().partition("+")
    identifier, _, encoded = rest.partition("+")
    raw = decode_base64(encoded)
    is_key = name and raw[:1] == KEY_TYPE and len(raw) == 1 + _PUBLIC
    if not is_key or witness_id(name, raw[1:]).hex() != identifier:
        raise Refused(f"{key[:200]!r} is no public key of a witness: expected name+id+key")
    return Witness(name, witness_id(name, raw[1:]), raw[1:])


def cosigned_message(text: str, seconds: int) -> str:
    """Return what a witness signs about the text of a checkpoint, at a time in seconds since 1970."""
    return f"cosignature/v1\ntime {seconds}\n{text}"


def cosigned_at(note: str, witness: Witness) -> tuple[datetime | None, str]:
    """Return the time at which a witness cosigned a note, or None and the reason why it did not."""
    text, separator, lines = note.rpartition("\n\n")
    for line in lines.splitlines()[:_MOST_SIGNATURES] if separator else ():
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        raw = decode_base64(encoded)
        if dash == "—" and name == witness.name and raw[:4] == witness.identifier and len(raw) == SIZE:
            seconds = int.from_bytes(raw[4:12], "big")
            fits, why = is_signed(cosigned_message(f"{text}\n", seconds), raw[12:], witness.public)
            return (_moment(seconds), "") if fits else (None, why)
    return None, f"it is not cosigned by {witness.name}"


def _moment(seconds: int) -> datetime:
    """Return a time, the last one that can be written if it is later."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC)


def check_cosignatures(
    package: Package, origin: str, size: int, root: bytes, witnesses: Sequence[Witness]
) -> Iterator[tuple[bool | None, str]]:
    """Yield sentences about the witnesses of a file whose log has this name, size and root.

    The first value is True if the sentence is proven, False if it is false, and None if it is not proven.
    """
    notes = []
    for note, proof in _checkpoints(package):
        name, count, encoded, *_ = [*note.split("\n"), "", "", ""]
        cosigned = int(count) if count.isascii() and count.isdecimal() and len(count) < 19 else 0  # noqa: PLR2004
        if name != origin or not is_consistent(cosigned, size, proof, decode_base64(encoded), root):
            yield False, f"the cosigned checkpoint of {cosigned} entries is the beginning of this log"
        else:
            notes.append((cosigned, note))
    for witness in witnesses:
        found = [(cosigned, *cosigned_at(note, witness)) for cosigned, note in notes]
        times = [(cosigned, moment) for cosigned, moment, _ in found if moment is not None]
        if not times:
            why = next((why for _, _, why in found), "no witness cosigned a checkpoint in this file")
            yield None, f"that the witness {witness.name} knows of no other history of this log: {why}"
            continue
        cosigned, moment = max(times)
        when = f"as of {moment:%Y-%m-%d %H:%M:%S} UTC by its own clock"
        yield True, f"the witness {witness.name} knows of no other history of the first {cosigned} entries, {when}"


def _checkpoints(package: Package) -> Iterator[tuple[str, Any]]:
    lines = package.read(COSIGNED).splitlines()
    if len(lines) > MOST_CHECKPOINTS:
        raise Refused(f"{COSIGNED} has more than {MOST_CHECKPOINTS} checkpoints")
    for line in lines:
        row = parse_json(line, COSIGNED)
        yield str(row["checkpoint"]), row["consistency"]
