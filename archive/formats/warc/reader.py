"""Reads the records of a WARC file one by one, for any kind of compression and even if the file is damaged.

Compressed files have one record per gzip member (as the standard advises), all records in one member, or members cut
anywhere. All three are read alike. Damage costs the record it is in: reading continues at the next one, which begins at
a member in a compressed file and at a line in a plain one.
"""

from __future__ import annotations

import importlib
import re
import zlib
from typing import IO, TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.formats.imported import ImportItem

WarcRecord: TypeAlias = Any
"""A record as warcio's loader returns it, with its block not yet read. warcio has no type annotations."""

_PIECE_SIZE: Final = 64 * 1024  # bytes read at once
_MAX_LINE: Final = 64 * 1024  # bytes; record headers are far shorter
_MAGIC: Final = b"\x1f\x8b\x08"
_RECORD_START: Final = b"WARC/"
_VERSION: Final = re.compile(rb"WARC/\d\.\d{1,2}\r?\n")
_MAX_VERSION: Final = len(b"WARC/1.10\r\n")
_BLANK: Final = frozenset({b"", b"\r", b"\n"})
_PEEK_SIZE: Final = 4096  # compressed bytes that always decompress to the first five bytes of a record


class DamagedRecord(Exception):
    """The file does not continue as it should. The message says how."""


class RecordStream:
    """The uncompressed bytes of a file, with the methods that warcio's loader needs: ``read`` and ``readline``.

    A gzip member that begins with a record is a wall: nothing is read across it before ``next_record``. So a record
    that claims to be longer than it is cannot swallow the next one.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._compressed = raw.read(len(_MAGIC)) == _MAGIC
        raw.seek(0)
        self._buffer = b""
        self._position = 0  # the number of bytes of the buffer already read
        self._member: zlib._Decompress | None = None
        self._member_at = 0  # its offset in the file
        self._input = b""
        self._behind_wall = b""  # decompressed bytes behind a wall
        self._deferred_error: DamagedRecord | None = None
        self._record_at = 0  # plain files: the offset of the current record

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes, and none at the end and at a wall. Raises `DamagedRecord`."""
        if self._position == len(self._buffer) and not self._fill():
            return b""
        piece = self._buffer[self._position : self._position + size]
        self._position += len(piece)
        return piece

    def readline(self, size: int = _MAX_LINE) -> bytes:
        """Return one line, or its first ``size`` bytes. Raises `DamagedRecord`."""
        size = min(size, _MAX_LINE)
        while (end := self._buffer.find(b"\n", self._position, self._position + size) + 1) == 0:
            if len(self._buffer) - self._position >= size or not self._fill():
                break
        return self.read(end - self._position if end else size)

    def next_record(self) -> bool:
        """Skip blank lines and a wall to the next record. False at the end of the file. Raises `DamagedRecord`."""
        while self._peek(1) in _BLANK:
            if self._position < len(self._buffer):
                self._position += 1
            elif self._behind_wall:
                self._buffer, self._position, self._behind_wall = self._behind_wall, 0, b""
            else:
                return False
        start = self._peek(len(_RECORD_START))
        if start != _RECORD_START:
            raise DamagedRecord(f"expected a record, found {self._peek(20)!r}")
        self._record_at = self._raw.tell() - len(self._buffer) + self._position
        return True

    def ends_at_boundary(self) -> bool:
        """True if the next bytes may follow a complete record: blank lines, the next record, or the end."""
        member_at = self._member_at
        try:
            after = self._peek(4 + len(_RECORD_START))
        except DamagedRecord as error:
            if self._member_at == member_at:
                raise
            self._deferred_error = error  # an error of the next member, not of this record
            after = self._buffer[self._position :]
        return after.startswith((b"\r\n\r\n", b"\n\n")) or after.lstrip(b"\r\n")[: len(_RECORD_START)] in {
            b"",
            _RECORD_START,
        }

    def contains_record(self) -> bool:
        """True if another record begins inside the current one, which is cut off at the end of a plain file."""
        if self._compressed:
            return False
        end, record_at = self._raw.tell(), self._record_at
        contains = self.find_next()
        self._raw.seek(end)
        self._buffer, self._position, self._record_at = b"", 0, record_at
        return contains

    def find_next(self) -> bool:
        """After damage, move to the beginning of the next record. False if there is none."""
        if not self._compressed:
            self._raw.seek(self._record_at + 1)
            self._buffer, self._position = b"", 0
            return self._find_text()
        self._deferred_error = None
        try:
            return self._find_text() or bool(self._behind_wall) or self._find_member()
        except DamagedRecord:
            return self._find_member()

    def _find_text(self) -> bool:
        """Read on to what looks like the beginning of a record, without crossing a wall."""
        while (match := _VERSION.search(self._buffer, self._position)) is None:
            self._position = max(self._position, len(self._buffer) - _MAX_VERSION)
            if not self._fill():
                self._position = len(self._buffer)
                return False
        self._position = match.start()
        return True

    def _peek(self, size: int) -> bytes:
        """Return the next ``size`` bytes without consuming them. Fewer before a wall and at the end."""
        while len(self._buffer) - self._position < size and self._fill():
            pass
        return self._buffer[self._position : self._position + size]

    def _find_member(self) -> bool:
        """Find the next gzip member that begins with a record, after the start of the current one."""
        offset, overlap = self._member_at + 1, b""
        while True:
            self._raw.seek(offset)
            piece = self._raw.read(_PIECE_SIZE)
            if not piece:
                return False
            data, base = overlap + piece, offset - len(overlap)
            for match in re.finditer(re.escape(_MAGIC), data):
                if self._begins_record(base + match.start()):
                    self._start_at(base + match.start())
                    return True
            offset, overlap = offset + len(piece), data[-len(_MAGIC) + 1 :]

    def _begins_record(self, offset: int) -> bool:
        self._raw.seek(offset)
        try:
            return zlib.decompressobj(31).decompress(self._raw.read(_PEEK_SIZE), len(_RECORD_START)) == _RECORD_START
        except zlib.error:
            return False

    def _start_at(self, offset: int) -> None:
        self._raw.seek(offset)
        self._member, self._member_at = None, offset
        self._buffer, self._position = b"", 0
        self._input = self._behind_wall = b""

    def _fill(self) -> bool:
        """Add bytes to the buffer. False at the end and at a wall."""
        if self._deferred_error is not None:
            raise self._deferred_error
        if self._behind_wall:
            return False
        if not self._compressed:
            piece = self._raw.read(_PIECE_SIZE)
            return self._add(piece)
        piece, is_member_start = self._decompress()
        if is_member_start and piece.startswith(_RECORD_START):
            self._behind_wall = piece
            return False
        return self._add(piece)

    def _add(self, piece: bytes) -> bool:
        self._buffer = self._buffer[self._position :] + piece
        self._position = 0
        return bool(piece)

    def _decompress(self) -> tuple[bytes, bool]:
        """Return the next piece of a compressed file, and whether it begins a member. Empty at the end."""
        piece, is_member_start = b"", False
        while not piece or (is_member_start and len(piece) < len(_RECORD_START)):
            if self._member is None or self._member.eof:
                if piece or not self._next_member():
                    break
                is_member_start = True
            if not self._input:
                self._input = self._raw.read(_PIECE_SIZE)
                if not self._input:
                    raise DamagedRecord("it ends in the middle of a gzip member")
            piece += self._inflate()
        return piece, is_member_start

    def _inflate(self) -> bytes:
        assert self._member is not None  # noqa: S101 (``_decompress`` has just set it)
        try:
            piece = self._member.decompress(self._input, _PIECE_SIZE)
        except zlib.error as error:
            raise DamagedRecord(f"a gzip member does not unpack ({error})") from error
        self._input = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        return piece

    def _next_member(self) -> bool:
        while not (rest := self._input.lstrip(b"\0")):  # zeros pad the blocks of tapes and disks
            self._input = self._raw.read(_PIECE_SIZE)
            if not self._input:
                return False
        if len(rest) < len(_MAGIC):
            rest += self._raw.read(_PIECE_SIZE)
        self._member_at = self._raw.tell() - len(rest)
        if not rest.startswith(_MAGIC):
            raise DamagedRecord(f"expected a gzip member, found {rest[:20]!r}")
        self._member, self._input = zlib.decompressobj(31), rest
        return True


def warcio_loader() -> Any:
    """Return warcio's reader of single records. Raises `BadInput` if warcio is not installed."""
    return import_warcio("recordloader").ArcWarcRecordLoader()


def import_warcio(module: str) -> Any:
    """Import a module of warcio, which is an optional extra. Raises `BadInput` if warcio is not installed."""
    try:
        return importlib.import_module(f"warcio.{module}")
    except ImportError as error:
        raise BadInput("WARC and WACZ files need warcio: pip install 'wirecopy[warc]'") from error


class RecordHandler(Protocol):
    """Consumer of records. ``pop_finished`` returns its results."""

    def handle(self, number: int, record: WarcRecord) -> None:
        """Handle a record. Numbers count from 1."""

    def reject(self, number: int, problem: str) -> None:
        """Discard the result for this record, because it is damaged."""

    def pop_finished(self) -> list[ImportItem]:
        """Return the results finished since the last call."""


def read_records(raw: IO[bytes], loader: Any, handler: RecordHandler) -> Iterator[ImportItem]:
    """Yield all results of ``handler`` for the records of a seekable file. ``loader`` is a `warcio_loader`.

    A record that is not followed by another, or by the end, is damaged: its length is wrong.
    """
    stream = RecordStream(raw)
    number = 0
    while True:
        number += 1
        try:
            if not stream.next_record():
                return
            _handle_next(stream, loader, number, handler)
        except Exception as error:  # noqa: BLE001  (warcio and zipfile raise whatever they stumble over)
            handler.reject(number, f"a damaged record ({summarize_error(error)}); the others were read")
            if not stream.find_next():
                yield from handler.pop_finished()
                return
        yield from handler.pop_finished()


def _handle_next(stream: RecordStream, loader: Any, number: int, handler: RecordHandler) -> None:
    record = loader.parse_record_stream(stream, known_format="warc", no_record_parse=True)
    if record.length is None:
        raise DamagedRecord("it has no Content-Length")
    handler.handle(number, record)
    while record.raw_stream.read(_PIECE_SIZE):
        pass
    if record.raw_stream.limit and stream.contains_record():
        raise DamagedRecord("its Content-Length reaches into other records")
    if not record.raw_stream.limit and not stream.ends_at_boundary():
        raise DamagedRecord("it does not end where its Content-Length says")


def summarize_error(error: Exception) -> str:
    """Return the message of a foreign error in one line. warcio draws boxes around its messages."""
    lines = [line.strip(" -") for line in str(error).splitlines() if line.strip(" -")]
    return lines[0] if lines else type(error).__name__


# --- fields of a record ---------------------------------------------------------------------------------------------


def read_block(record: WarcRecord, limit: int) -> bytes:
    """Return at most ``limit`` bytes of the block, fewer only at its end."""
    pieces, missing = [], limit
    while missing > 0 and (piece := record.raw_stream.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def field_value(record: WarcRecord, name: str) -> str:
    """Return the value of a field of the record's own head, stripped, or an empty string."""
    return str(record.rec_headers.get_header(name) or "").strip()


def target_url(record: WarcRecord) -> str:
    """Return the address the record is about, without the brackets some writers put around it."""
    return field_value(record, "WARC-Target-URI").strip("<>")


def concurrent_to(record: WarcRecord) -> list[str]:
    """Return the ids of records made in the same capture event."""
    pairs = record.rec_headers.headers
    return [value.strip() for name, value in pairs if name.lower() == "warc-concurrent-to" and value.strip()]


def event_ids(record: WarcRecord) -> frozenset[str]:
    """Return the ids that connect the records of one capture event."""
    return frozenset({field_value(record, "WARC-Record-ID"), *concurrent_to(record)}) - {""}


def refers_to(record: WarcRecord) -> tuple[str, str]:
    """Return the address and date of a revisit's original record, each empty if not given."""
    return field_value(record, "WARC-Refers-To-Target-URI").strip("<>"), field_value(record, "WARC-Refers-To-Date")


def date_and_url(url: str, date: str) -> str:
    """Return date and address as one text, or an empty string if one is missing."""
    return f"{date} {url}" if url and date else ""


def is_http_record(record: WarcRecord) -> bool:
    """True for responses of web servers. DNS answers and the like are recorded too, under schemes of their own."""
    if not target_url(record).lower().startswith(("http:", "https:")):
        return False
    return record.rec_type != "response" or field_value(record, "Content-Type").lower().startswith("application/http")
