"""The canonical form of an evidence file: a zip of stored members without gaps, so that every byte has a meaning.

The same members always give the same bytes. Everything here is hostile input: sizes, counts and depths have limits.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_MEMBERS: Final = 1_000
"""Most members of a file."""

MOST_SMALL: Final = 1 << 26
"""Most bytes of a member that is read whole."""

MOST_JSON: Final = 1 << 23
"""Most bytes of a member, or of a line of one, that is JSON. Parsed, they take at most some 30 times as much."""

_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")
_DATE, _VERSION, _SYSTEM, _MODE = 33, 20, 3 << 8, 0o644 << 16  # 1 January 1980; zip 2.0; Unix; rw-r--r--
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*(/[a-zA-Z0-9][a-zA-Z0-9_.-]*){0,3}", re.ASCII)
_PIECE = 1 << 16


class Refused(Exception):
    """The file is not evidence in canonical form, or larger than the limits. Nothing of it is believed."""


def local_header(name: str, crc: int, size: int) -> bytes:
    """Return the header before a member in canonical form."""
    return _LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, _DATE, crc, size, size, len(name), 0) + name.encode("ascii")


def central_header(name: str, crc: int, size: int, offset: int) -> bytes:
    """Return the header of a member in the central directory."""
    numbers = (_VERSION | _SYSTEM, _VERSION, 0, 0, 0, _DATE, crc, size, size, len(name), 0, 0, 0, 0, _MODE, offset)
    return _CENTRAL.pack(b"PK\1\2", *numbers) + name.encode("ascii")


def end_record(count: int, size: int, offset: int) -> bytes:
    """Return the end of a canonical zip."""
    return _END.pack(b"PK\5\6", 0, 0, count, count, size, offset, 0)


class Package:
    """The members of a canonical zip: name to offset and size. Raises Refused if it is in any other form."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.members: dict[str, tuple[int, int]] = {}
        length = stream.seek(0, 2)
        end = self._at(max(length - _END.size, 0), _END.size)
        if len(end) < _END.size or end[:4] != b"PK\5\6":
            raise Refused("it does not end as a zip in canonical form")
        _, _, _, count, _, size, offset, _ = _END.unpack(end)
        if count > MOST_MEMBERS or size > MOST_MEMBERS * 400 or end != end_record(count, size, offset):
            raise Refused("its end is not in canonical form, or it has too many members")
        if offset + size + _END.size != length:
            raise Refused("bytes stand before, behind or between its parts")
        self._read_directory(self._at(offset, size), count, offset)

    def _read_directory(self, directory: bytes, count: int, end: int) -> None:
        position = expected = 0
        files: set[str] = set()
        folders: set[str] = set()
        for _ in range(count):
            if len(directory) < position + _CENTRAL.size:
                raise Refused("its list of members is cut off")
            values = _CENTRAL.unpack_from(directory, position)
            crc, size, name_length, offset = values[7], values[9], values[10], values[16]
            name = directory[position + _CENTRAL.size : position + _CENTRAL.size + name_length].decode("latin-1")
            folded = name.lower()  # where case does not count, one of two files would replace the other
            parents = {folded[:at] for at, sign in enumerate(folded) if sign == "/"}
            if not _NAME.fullmatch(name) or folded in files | folders or parents & files:
                raise Refused(f"a member has a name that is not allowed, or a name comes twice: {name[:80]!r}")
            files.add(folded)
            folders |= parents
            header = central_header(name, crc, size, expected)
            body = expected + _LOCAL.size + name_length
            canonical = (
                directory[position : position + len(header)] == header and offset == expected and body + size <= end
            )
            if not canonical or self._at(expected, body - expected) != local_header(name, crc, size):
                raise Refused(f"the member {name} is not stored in canonical form")
            self.members[name] = (body, size)
            if self._crc(name) != crc:
                raise Refused(f"the member {name} does not have the checksum of the zip")
            position, expected = position + len(header), body + size
        if position != len(directory) or expected != end:
            raise Refused("bytes stand between its members and its list of members")

    def _at(self, offset: int, size: int) -> bytes:
        self._stream.seek(offset)
        return self._stream.read(size)

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a member."""
        offset, left = self.members.get(name, (0, 0))
        while left > 0 and (piece := self._at(offset, min(left, _PIECE))):
            offset, left = offset + len(piece), left - len(piece)
            yield piece

    def _crc(self, name: str) -> int:
        crc = 0
        for piece in self.pieces(name):
            crc = zlib.crc32(piece, crc)
        return crc

    def digest(self, name: str) -> str:
        """Return the sha256 of a member in hexadecimal."""
        digest = hashlib.sha256()
        for piece in self.pieces(name):
            digest.update(piece)
        return digest.hexdigest()

    def read(self, name: str) -> bytes:
        """Return a small member, empty if there is none. Raises Refused if it is large."""
        if self.members.get(name, (0, 0))[1] > MOST_SMALL:
            raise Refused(f"the member {name} is too large")
        return b"".join(self.pieces(name))

    def json(self, name: str) -> Any:
        """Return a member that is JSON. Raises Refused."""
        return parse_json(self.read(name), name)


def parse_json(data: bytes, name: str) -> Any:
    """Parse JSON without repeated names and without NaN or Infinity. Raises Refused."""
    if len(data) > MOST_JSON:
        raise Refused(f"{name} is too large")
    try:
        return json.loads(data, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{name} is no JSON of ours ({type(error).__name__})") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name comes twice")
    return dict(pairs)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")
