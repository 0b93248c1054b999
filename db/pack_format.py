r"""The format of a pack: the packed bytes of many payloads, and an index at its end that says what they are.

::

    b"wirecopy pack 1\n"
    the packed bytes of the payloads, one behind the other
    the index: a JSON list of [sha256 in hex, codec, length, sha256 of the base or null, start, size]
    the length of the index in 8 bytes, big-endian, and b"wirecopy pack\n"

An archive finds its payloads by its own rows. The index is for an archive that has lost them, as a backup has that is
older than the pack.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from db.object_store import ObjectPlace

_HEAD = b"wirecopy pack 1\n"
_TAIL = b"wirecopy pack\n"
_FOOTER = 8 + len(_TAIL)
_LONGEST_INDEX = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedEntry:
    """A payload in a pack: its digest, how it is packed, its length in bytes, and its place in the pack."""

    sha256: bytes
    codec: str
    length: int
    base: bytes | None
    start: int
    size: int


def build_pack(payloads: Iterable[tuple[bytes, str, int, bytes | None, bytes]]) -> tuple[bytes, list[PackedEntry]]:
    """Return the bytes of a pack and its entries, for payloads as (sha256, codec, length, base, packed bytes)."""
    data, entries = bytearray(_HEAD), []
    for sha256, codec, length, base, packed in payloads:
        place = PackedEntry(sha256=sha256, codec=codec, length=length, base=base, start=len(data), size=len(packed))
        entries.append(place)
        data += packed
    index = json.dumps([_line(entry) for entry in entries], separators=(",", ":")).encode()
    data += index + len(index).to_bytes(8, "big") + _TAIL
    return bytes(data), entries


def _line(entry: PackedEntry) -> list[object]:
    base = None if entry.base is None else entry.base.hex()
    return [entry.sha256.hex(), entry.codec, entry.length, base, entry.start, entry.size]


def read_index(place: ObjectPlace, name: str) -> list[PackedEntry]:
    """Return the entries of a pack by its own index. Raises StoreError, Corrupt if it is no whole pack."""
    size = place.size(name)
    if size is None or size < len(_HEAD) + _FOOTER:
        raise Corrupt(f"{name} is no pack of an archive")
    (footer,) = place.ranges(name, [(size - _FOOTER, size)])
    length = int.from_bytes(footer[:8], "big")
    start = size - _FOOTER - length
    if footer[8:] != _TAIL or not len(_HEAD) <= start or length > _LONGEST_INDEX:
        raise Corrupt(f"{name} is no pack of an archive, or was cut off")
    (index,) = place.ranges(name, [(start, size - _FOOTER)])
    try:
        return [_entry(*line) for line in json.loads(index)]
    except (TypeError, ValueError) as error:
        raise Corrupt(f"the index of the pack {name} is damaged") from error


def _entry(sha256: str, codec: str, length: int, base: str | None, start: int, size: int) -> PackedEntry:
    base_digest = None if base is None else bytes.fromhex(base)
    return PackedEntry(
        sha256=bytes.fromhex(sha256), codec=codec, length=length, base=base_digest, start=start, size=size
    )
