"""The uncompressed bytes of a WARC or ARC file, for any kind of compression and across damage.

Compressed files have one record per gzip member (as the standard advises), all records in one member, or members cut
anywhere. After damage reading continues at the next record, which begins at a member in a compressed file and at a line
in a plain one. Every search is linear in the size of the file.
"""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass
from typing import IO, Final

_PIECE_SIZE: Final = 64 * 1024  # bytes read at once
_MAX_LINE: Final = 64 * 1024  # bytes; record headers are far shorter
_MAGIC: Final = b"\x1f\x8b\x08"
_MEMBER_HEAD: Final = 11  # bytes: the shortest head of a member, and the first byte of its data
_MEMBER: Final = re.compile(  # flags, modification time, extra flags, system; no data begins with a block of type 3
    rb"\x1f\x8b\x08(?=[\x00\x04\x08\x0c\x10\x14\x18\x1c].{4}[\x00\x02\x04][\x00-\x0d\xff])"
    rb"(?!\x00.{6}[\x06\x07\x0e\x0f\x16\x17\x1e\x1f])",
    re.DOTALL,
)
_ADDRESS_LINE: Final = re.compile(rb"WARC-(?:Refers-To-)?Target-URI[ \t]*:", re.IGNORECASE)
_NOT_ASCII: Final = re.compile(rb"[\x80-\xff]")
_BLANK_LINES: Final = (b"\r\n\r\n", b"\n\n")
_BLANK: Final = frozenset({b"", b"\r", b"\n"})
_PEEK_SIZE: Final = 4096  # compressed bytes that always decompress to the first bytes of a record


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFormat:
    """How the records of a format begin: a pattern of the first ``size`` bytes, and one of the whole first line.

    ``longest`` is the largest number of bytes in which the line is recognized.
    """

    name: str
    start: re.Pattern[bytes]
    size: int
    line: re.Pattern[bytes]
    longest: int


WARC: Final = RecordFormat(
    name="warc",
    start=re.compile(rb"WARC/"),
    size=len(b"WARC/"),
    line=re.compile(rb"WARC/\d\.\d{1,2}\r?\n"),
    longest=len(b"WARC/1.10\r\n"),
)
"""The format of ISO 28500."""

ARC: Final = RecordFormat(
    name="arc",
    start=re.compile(rb"https?://|dns:|ftps?://|filedesc:|whois:|warcinfo:", re.IGNORECASE),
    size=len(b"filedesc:"),
    line=re.compile(
        rb"^(?:https?://|dns:|ftps?://|filedesc:|whois:|warcinfo:)[^\r\n]{1,2000} [\d.:a-fA-F-]{1,45} \d{12,17} "
        rb"(?=[^\r\n]{0,2000}\d[ \t]*\r?\n)",
        re.IGNORECASE | re.MULTILINE,
    ),
    longest=4500,
)
"""The format that came before it (``arc_records``)."""


class DamagedRecord(Exception):
    """The file does not continue as it should. The message says how."""


class RecordStream:
    """The uncompressed bytes of a file, with the methods that warcio's loader needs: ``read`` and ``readline``.

    A gzip member that begins with a record is a wall: nothing is read across it before ``next_record``. So a record
    that claims to be longer than it is cannot swallow the next one.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.format = WARC
        self._is_first = True  # the first record decides the format
        self._compressed = raw.read(len(_MAGIC)) == _MAGIC
        self._size = _plain_size(raw, compressed=self._compressed)
        raw.seek(0)
        self.is_cut = False  # the file ends inside a gzip member
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
        """Return one line, or its first ``size`` bytes. Raises `DamagedRecord`.

        The bytes of an address that is not UTF-8 are escaped: those were asked for, whatever letters they are.
        """
        size = min(size, _MAX_LINE)
        while (end := self._buffer.find(b"\n", self._position, self._position + size) + 1) == 0:
            if len(self._buffer) - self._position >= size or not self._fill():
                break
        line = self.read(end - self._position if end else size)
        has_address = self.format is ARC or _ADDRESS_LINE.match(line)
        return _with_escapes(line) if has_address else line

    def next_record(self) -> bool:
        """Skip blank lines and a wall to the next record. False at the end of the file. Raises `DamagedRecord`."""
        while self.peek(1) in _BLANK:
            if self._position < len(self._buffer):
                self._position += 1
            elif self._behind_wall:
                self._buffer, self._position, self._behind_wall = self._behind_wall, 0, b""
            else:
                return False
        start = self.peek(self.format.size)
        self._record_at = (
            self._raw.tell() - len(self._buffer) + self._position
        )  # before all else: damage moves on from it
        if not self._is_record(start):
            if self.is_cut_at_end():
                return False
            if not self._is_first or not ARC.start.match(self.peek(ARC.size)):
                raise DamagedRecord(f"expected a record, found {self.peek(20)!r}")
            self.format = ARC
        self._is_first = False
        return True

    def ends_at_boundary(self) -> bool:
        """True if the next bytes may follow a complete record: blank lines, the next record, or the end."""
        member_at = self._member_at
        try:
            after = self.peek(4 + self.format.size)
        except DamagedRecord as error:
            if self._member_at == member_at:
                raise
            self._deferred_error = error  # an error of the next member, not of this record
            after = self._buffer[self._position :]
        return self._may_follow_record(after)

    def is_at_end(self) -> bool:
        """True if nothing is left to read: no byte in this member, and no other member."""
        return not self.peek(1) and not self._behind_wall

    def is_cut_at_end(self) -> bool:
        """True if the file ends in the first bytes of a record or inside a gzip member."""
        rest = self.peek(self.format.size)
        is_short = len(rest) < self.format.size and (self.format is ARC or b"WARC/".startswith(rest))
        if rest and is_short and not self._is_record(rest) and not self._behind_wall:
            self.is_cut = True
            self._position = len(self._buffer)
        return self.is_cut and self.is_at_end()

    def length_problem(self, length: int) -> str | None:
        """Return why a record of this length, whose head was just read, is damaged. None if its end looks right.

        Answers for plain files, which can be read at any place, so that a wrong length costs no reading. A record that
        is cut off at the end of the file is not damaged unless it holds another one.
        """
        if self._size is None:
            return None
        here = self._raw.tell()
        end = here - len(self._buffer) + self._position + length
        try:
            if end > self._size:
                return "its Content-Length reaches into other records" if self._holds_record() else None
            self._raw.seek(end)
            is_end = self._may_follow_record(self._raw.read(4 + self.format.size))
            return None if is_end else "it does not end where its Content-Length says"
        finally:
            self._raw.seek(here)

    def _is_record(self, start: bytes) -> bool:
        return self.format.start.match(start) is not None

    def _may_follow_record(self, rest: bytes) -> bool:
        """True for blank lines, the next record, or the end of the file."""
        lines = rest.lstrip(b"\r\n")
        return rest.startswith(_BLANK_LINES) or not lines or self._is_record(lines)

    def _holds_record(self) -> bool:
        """True if another record begins behind the head that was just read."""
        line, longest = self.format.line, self.format.longest
        if line.search(self._buffer, self._position):
            return True
        overlap = self._buffer[max(self._position, len(self._buffer) - longest) :]
        while piece := self._raw.read(_PIECE_SIZE):
            if line.search(overlap + piece):
                return True
            overlap = piece[-longest:]
        return False

    def find_next(self) -> bool:
        """After damage, move to the beginning of the next record. False if there is none."""
        if not self._compressed:
            self._position = self._record_at + 1 - (self._raw.tell() - len(self._buffer))
            if self._position < 0:  # the buffer no longer holds the beginning of the record
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
        while (match := self.format.line.search(self._buffer, self._position)) is None:
            self._position = max(self._position, len(self._buffer) - self.format.longest)
            if not self._fill():
                self._position = len(self._buffer)
                return False
        self._position = match.start()
        return True

    def peek(self, size: int) -> bytes:
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
            for match in _MEMBER.finditer(data):
                start = match.start()
                if self._begins_record(base + start, data[start : start + _PEEK_SIZE]):
                    self._start_at(base + start)
                    return True
            offset, overlap = offset + len(piece), data[-_MEMBER_HEAD + 1 :]

    def _begins_record(self, offset: int, data: bytes) -> bool:
        if len(data) < _PEEK_SIZE:
            self._raw.seek(offset)
            data = self._raw.read(_PEEK_SIZE)
        try:
            return self._is_record(zlib.decompressobj(31).decompress(data, self.format.size))
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
        if is_member_start and self._is_record(piece):
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
        while not piece or (is_member_start and len(piece) < self.format.size):
            if self._member is None or self._member.eof:
                if piece or not self._next_member():
                    break
                is_member_start = True
            if not self._input:
                self._input = self._raw.read(_PIECE_SIZE)
                if not self._input:
                    self.is_cut = True
                    break
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


def _with_escapes(line: bytes) -> bytes:
    """Return the line of an address with its non-ASCII bytes escaped, if it is not UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return _NOT_ASCII.sub(lambda match: b"%%%02X" % match[0][0], line)
    return line


def _plain_size(raw: IO[bytes], *, compressed: bool) -> int | None:
    """Return the size of an uncompressed file on disk, or None: in a zip, going back means to unpack again."""
    try:
        raw.fileno()
    except (OSError, io.UnsupportedOperation):
        return None
    return None if compressed else raw.seek(0, io.SEEK_END)
