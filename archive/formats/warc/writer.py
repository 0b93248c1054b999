"""Writing WARC files with warcio: one gzip member a record, as every reader of the format expects."""

from __future__ import annotations

import hashlib
import importlib
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any

from db.errors import BadInput

if TYPE_CHECKING:
    from io import RawIOBase

    from archive.formats.warc.records import Record

_VERSION = "WARC/1.1"


class WarcFile:
    """A WARC/1.1 file being written to ``stream``; ``packed`` as ``.warc.gz``. Raises `BadInput` without warcio."""

    def __init__(self, stream: IO[bytes] | RawIOBase, *, packed: bool = True) -> None:
        self._warcio = {name: _module(name) for name in ("recordloader", "statusandheaders", "warcwriter")}
        self._writer: Any = self._warcio["warcwriter"].WARCWriter(stream, gzip=packed, warc_version=_VERSION)
        self._stream = stream

    def write(self, record: Record) -> tuple[int, int]:
        """Add one record; where it begins in the file, and where the next one will.

        Its block goes out byte for byte: warcio is not shown that there is HTTP in it.
        """
        start = self._stream.tell()
        digest = ("WARC-Block-Digest", f"sha256:{hashlib.sha256(record.block).hexdigest()}")
        head = self._warcio["statusandheaders"].StatusAndHeaders("", [*record.headers, digest], protocol=_VERSION)
        length = len(record.block)
        made = self._warcio["recordloader"].ArcWarcRecord(
            "warc", "warcinfo", head, BytesIO(record.block), None, None, length, payload_length=length
        )  # of the kinds warcio knows, the one whose block it leaves alone; the file's own type is in the head
        self._writer.write_record(made)
        return start, self._stream.tell()


def _module(name: str) -> Any:
    try:
        return importlib.import_module(f"warcio.{name}")
    except ImportError as error:
        raise BadInput("WARC files need warcio: pip install 'wirecopy[warc]'") from error
