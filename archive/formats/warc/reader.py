"""The records of a WARC file, one after the other, however it was packed and whatever was done to it.

Packed files come with one record a gzip member (as the standard advises), with all records in one member, or cut into
members anywhere. All three read alike here. Damage costs the record it lies in: reading goes on at the next one, which
in a packed file begins a member, and in a plain one a line.
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
"""A record as warcio's loader gives it, its block not yet read; warcio names no types."""

_PIECE: Final = 64 * 1024  # bytes read at once
_LONGEST_LINE: Final = 64 * 1024  # bytes; headers of records are far shorter
_MAGIC: Final = b"\x1f\x8b\x08"
_BEGINS: Final = b"WARC/"
_VERSION: Final = re.compile(rb"WARC/\d\.\d{1,2}\r?\n")
_LONGEST_VERSION: Final = len(b"WARC/1.10\r\n")
_BLANK: Final = frozenset({b"", b"\r", b"\n"})
_PEEKED: Final = 4096  # compressed bytes that are sure to give the first five of a record


class Damaged(Exception):
    """The file does not go on as it should; the message says how."""


class Stream:
    """The bytes of a file as they were before packing, as warcio's loader wants them: ``read`` and ``readline``.

    A gzip member that begins with a record is a wall: nothing is read across it before ``go_on``, so that a record
    which claims to be longer than it is cannot swallow the next one.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._packed = raw.read(len(_MAGIC)) == _MAGIC
        raw.seek(0)
        self._buffer = b""
        self._at = 0  # how much of the buffer is read
        self._member: zlib._Decompress | None = None
        self._member_at = 0  # where in the file it begins
        self._input = b""
        self._behind = b""  # what was unpacked behind a wall
        self._later: Damaged | None = None
        self._record_at = 0  # plain files: where the record begins that is being read

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; none at the end and at a wall. Raises `Damaged`."""
        if self._at == len(self._buffer) and not self._fill():
            return b""
        taken = self._buffer[self._at : self._at + size]
        self._at += len(taken)
        return taken

    def readline(self, size: int = _LONGEST_LINE) -> bytes:
        """One line, or its first ``size`` bytes. Raises `Damaged`."""
        size = min(size, _LONGEST_LINE)
        while (end := self._buffer.find(b"\n", self._at, self._at + size) + 1) == 0:
            if len(self._buffer) - self._at >= size or not self._fill():
                break
        return self.read(end - self._at if end else size)

    def go_on(self) -> bool:
        """Step over blank lines and a wall to the next record; False at the end. Raises `Damaged`."""
        while self._peek(1) in _BLANK:
            if self._at < len(self._buffer):
                self._at += 1
            elif self._behind:
                self._buffer, self._at, self._behind = self._behind, 0, b""
            else:
                return False
        found = self._peek(len(_BEGINS))
        if found != _BEGINS:
            raise Damaged(f"expected a record, found {self._peek(20)!r}")
        self._record_at = self._raw.tell() - len(self._buffer) + self._at
        return True

    def ends_well(self) -> bool:
        """True if what follows here can follow a whole record: blank lines, the next one, or the end."""
        mine = self._member_at
        try:
            after = self._peek(4 + len(_BEGINS))
        except Damaged as error:
            if self._member_at == mine:
                raise
            self._later = error  # the next member's trouble, not this record's
            after = self._buffer[self._at :]
        return after.startswith((b"\r\n\r\n", b"\n\n")) or after.lstrip(b"\r\n")[: len(_BEGINS)] in {b"", _BEGINS}

    def swallowed(self) -> bool:
        """At the end of a plain file, in a record too short: True if another one begins inside it."""
        if self._packed:
            return False
        end, at = self._raw.tell(), self._record_at
        inside = self.find_next()
        self._raw.seek(end)
        self._buffer, self._at, self._record_at = b"", 0, at
        return inside

    def find_next(self) -> bool:
        """After damage: go to where the next record begins; False if there is none."""
        if not self._packed:
            self._raw.seek(self._record_at + 1)
            self._buffer, self._at = b"", 0
            return self._find_text()
        self._later = None
        try:
            return self._find_text() or bool(self._behind) or self._find_member()
        except Damaged:
            return self._find_member()

    def _find_text(self) -> bool:
        """Read on to what looks like the beginning of a record, this side of a wall."""
        while (found := _VERSION.search(self._buffer, self._at)) is None:
            self._at = max(self._at, len(self._buffer) - _LONGEST_VERSION)
            if not self._fill():
                self._at = len(self._buffer)
                return False
        self._at = found.start()
        return True

    def _peek(self, size: int) -> bytes:
        """The next ``size`` bytes without reading them; fewer before a wall and the end."""
        while len(self._buffer) - self._at < size and self._fill():
            pass
        return self._buffer[self._at : self._at + size]

    def _find_member(self) -> bool:
        """Look for the next gzip member that begins with a record, from behind the start of the present one."""
        at, overlap = self._member_at + 1, b""
        while True:
            self._raw.seek(at)
            piece = self._raw.read(_PIECE)
            if not piece:
                return False
            data, base = overlap + piece, at - len(overlap)
            for found in re.finditer(re.escape(_MAGIC), data):
                if self._begins_record(base + found.start()):
                    self._start_at(base + found.start())
                    return True
            at, overlap = at + len(piece), data[-len(_MAGIC) + 1 :]

    def _begins_record(self, at: int) -> bool:
        self._raw.seek(at)
        try:
            return zlib.decompressobj(31).decompress(self._raw.read(_PEEKED), len(_BEGINS)) == _BEGINS
        except zlib.error:
            return False

    def _start_at(self, at: int) -> None:
        self._raw.seek(at)
        self._member, self._member_at = None, at
        self._buffer, self._at = b"", 0
        self._input = self._behind = b""

    def _fill(self) -> bool:
        """More bytes into the buffer; False at the end and at a wall."""
        if self._later is not None:
            raise self._later
        if self._behind:
            return False
        if not self._packed:
            piece = self._raw.read(_PIECE)
            return self._add(piece)
        piece, first = self._unpack()
        if first and piece.startswith(_BEGINS):
            self._behind = piece
            return False
        return self._add(piece)

    def _add(self, piece: bytes) -> bool:
        self._buffer = self._buffer[self._at :] + piece
        self._at = 0
        return bool(piece)

    def _unpack(self) -> tuple[bytes, bool]:
        """The next piece of a packed file, and whether it begins a member; nothing at the end."""
        piece, first = b"", False
        while not piece or (first and len(piece) < len(_BEGINS)):
            if self._member is None or self._member.eof:
                if piece or not self._next_member():
                    break
                first = True
            if not self._input:
                self._input = self._raw.read(_PIECE)
                if not self._input:
                    raise Damaged("it ends in the middle of a gzip member")
            piece += self._inflate()
        return piece, first

    def _inflate(self) -> bytes:
        assert self._member is not None  # noqa: S101 (``_unpack`` has just made it)
        try:
            piece = self._member.decompress(self._input, _PIECE)
        except zlib.error as error:
            raise Damaged(f"a gzip member does not unpack ({error})") from error
        self._input = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        return piece

    def _next_member(self) -> bool:
        while not (rest := self._input.lstrip(b"\0")):  # zeros fill up the blocks of tapes and disks
            self._input = self._raw.read(_PIECE)
            if not self._input:
                return False
        if len(rest) < len(_MAGIC):
            rest += self._raw.read(_PIECE)
        self._member_at = self._raw.tell() - len(rest)
        if not rest.startswith(_MAGIC):
            raise Damaged(f"expected a gzip member, found {rest[:20]!r}")
        self._member, self._input = zlib.decompressobj(31), rest
        return True


def loader() -> Any:
    """The reader of single records, which is warcio's. Raises `BadInput` without warcio."""
    try:
        return importlib.import_module("warcio.recordloader").ArcWarcRecordLoader()
    except ImportError as error:
        raise BadInput("WARC and WACZ files need warcio: pip install 'wirecopy[warc]'") from error


class Taker(Protocol):
    """Who makes something of records. ``ready`` hands over what is finished."""

    def take(self, number: int, record: WarcRecord) -> None:
        """Take a record; numbers count from 1."""

    def damaged(self, number: int, problem: str) -> None:
        """What was taken of this record does not hold."""

    def ready(self) -> list[ImportItem]:
        """What is finished since the last call."""


def read_records(raw: IO[bytes], load: Any, taker: Taker) -> Iterator[ImportItem]:
    """Everything ``taker`` makes of the records of a seekable file. ``load`` is a `loader`.

    A record that is not followed by another, or by the end, is damaged: its length is wrong.
    """
    stream = Stream(raw)
    number = 0
    while True:
        number += 1
        try:
            if not stream.go_on():
                return
            _hand_over(stream, load, number, taker)
        except Exception as error:  # noqa: BLE001  (warcio and zipfile raise whatever they stumble over)
            taker.damaged(number, f"a damaged record ({first_line(error)}); the others were read")
            if not stream.find_next():
                yield from taker.ready()
                return
        yield from taker.ready()


def _hand_over(stream: Stream, load: Any, number: int, taker: Taker) -> None:
    record = load.parse_record_stream(stream, known_format="warc", no_record_parse=True)
    if record.length is None:
        raise Damaged("it has no Content-Length")
    taker.take(number, record)
    while record.raw_stream.read(_PIECE):
        pass
    if record.raw_stream.limit and stream.swallowed():
        raise Damaged("its Content-Length reaches into other records")
    if not record.raw_stream.limit and not stream.ends_well():
        raise Damaged("it does not end where its Content-Length says")


def first_line(error: Exception) -> str:
    """What a foreign error says, in one line; warcio draws boxes."""
    lines = [line.strip(" -") for line in str(error).splitlines() if line.strip(" -")]
    return lines[0] if lines else type(error).__name__


# --- what a record says of itself ------------------------------------------------------------------------------------


def read_block(record: WarcRecord, most: int) -> bytes:
    """At most ``most`` bytes of the block; fewer only where it ends."""
    pieces, left = [], most
    while left > 0 and (piece := record.raw_stream.read(left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def field_of(record: WarcRecord, name: str) -> str:
    """The value of a field of the record's own head, stripped; empty if there is none."""
    return str(record.rec_headers.get_header(name) or "").strip()


def target_of(record: WarcRecord) -> str:
    """The address the record is about, without the brackets some writers put around it."""
    return field_of(record, "WARC-Target-URI").strip("<>")


def concurrent_to(record: WarcRecord) -> list[str]:
    """Ids of the records made in the same capture event."""
    pairs = record.rec_headers.headers
    return [value.strip() for name, value in pairs if name.lower() == "warc-concurrent-to" and value.strip()]


def ids_of(record: WarcRecord) -> frozenset[str]:
    """The names under which records of one capture event know each other."""
    return frozenset({field_of(record, "WARC-Record-ID"), *concurrent_to(record)}) - {""}


def refers_to(record: WarcRecord) -> tuple[str, str]:
    """Address and date of the record that a revisit repeats, as far as it says."""
    return field_of(record, "WARC-Refers-To-Target-URI").strip("<>"), field_of(record, "WARC-Refers-To-Date")


def stamped(url: str, date: str) -> str:
    """One text for address and date; empty where one is missing."""
    return f"{date} {url}" if url and date else ""


def is_http(record: WarcRecord) -> bool:
    """True for replies of web servers; DNS answers and the like are recorded too, under schemes of their own."""
    if not target_of(record).lower().startswith(("http:", "https:")):
        return False
    return record.rec_type != "response" or field_of(record, "Content-Type").lower().startswith("application/http")
