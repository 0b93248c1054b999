"""Writes WARC files with warcio: one gzip member per record, as every reader of the format expects."""

from __future__ import annotations

import hashlib
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any

from archive.formats.warc.reader import import_warcio

if TYPE_CHECKING:
    from io import RawIOBase

    from archive.formats.warc.records import Record

_VERSION = "WARC/1.1"


class WarcWriter:
    """Writes a WARC/1.1 file to ``stream``, gzipped if ``compressed``. Raises `BadInput` if warcio is not installed."""

    def __init__(self, stream: IO[bytes] | RawIOBase, *, compressed: bool = True) -> None:
        self._warcio = {name: import_warcio(name) for name in ("recordloader", "statusandheaders", "warcwriter")}
        self._writer: Any = self._warcio["warcwriter"].WARCWriter(stream, gzip=compressed, warc_version=_VERSION)
        self._stream = stream

    def write(self, record: Record) -> tuple[int, int]:
        """Add one record. Return its offset in the file, and the offset of the next one.

        Its block is written byte for byte, because warcio does not see that it contains HTTP.
        """
        start = self._stream.tell()
        digest = ("WARC-Block-Digest", f"sha256:{hashlib.sha256(record.block).hexdigest()}")
        head = self._warcio["statusandheaders"].StatusAndHeaders("", [*record.headers, digest], protocol=_VERSION)
        length = len(record.block)
        warcio_record = self._warcio["recordloader"].ArcWarcRecord(
            "warc", "warcinfo", head, BytesIO(record.block), None, None, length, payload_length=length
        )  # "warcinfo" is a record type whose block warcio does not change; the record's own type is in the head
        self._writer.write_record(warcio_record)
        return start, self._stream.tell()
