"""Reads the WARC of an evidence file: one gzip member a record, with limits against files that unpack to too much."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from .canonical_zip import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .canonical_zip import Package

MOST_RECORD: Final = 1 << 27
"""Most bytes of a record after unpacking."""

MOST_WARC: Final = 1 << 31
"""Most bytes of all records after unpacking."""


def records(package: Package, member: str) -> Iterator[tuple[dict[bytes, bytes], bytes]]:
    """Yield the fields (names in lower case) and the block of each record of a WARC. Raises Refused."""
    for record in _gzip_members(package, member):
        head, separator, rest = record.partition(b"\r\n\r\n")
        pairs = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
        fields = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = fields.get(b"content-length", b"")
        if not head.startswith(b"WARC/1.1\r\n") or not separator or len(fields) != len(pairs):
            raise Refused(f"{member} has a record that cannot be read")
        if length != str(len(rest) - 4).encode() or rest[-4:] != b"\r\n\r\n":
            raise Refused(f"{member} has a record of another length than it says")
        yield fields, rest[:-4]


def _gzip_members(package: Package, member: str) -> Iterator[bytes]:
    pieces: list[bytes] = []
    length = total = 0
    unpacker = zlib.decompressobj(31)
    for packed in package.pieces(member):
        pending = packed
        while pending:
            try:
                piece = unpacker.decompress(pending, 1 << 20)
            except zlib.error as error:
                raise Refused(f"{member} cannot be unpacked") from error
            pieces.append(piece)
            length, total = length + len(piece), total + len(piece)
            if length > MOST_RECORD or total > MOST_WARC:
                raise Refused(f"{member} is too large when unpacked")
            pending = unpacker.unconsumed_tail
            if unpacker.eof:
                yield b"".join(pieces)
                pending, pieces, length = unpacker.unused_data, [], 0
                unpacker = zlib.decompressobj(31)
    if pieces:
        raise Refused(f"the last record of {member} is cut off")
