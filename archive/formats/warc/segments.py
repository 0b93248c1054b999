"""Joins the segments of records that were split, within a file or across files (ISO 28500, section 7).

The first segment has the type of the record and the number 1, the others are ``continuation`` records that name it. The
last one has the total length. Segments may come in any order.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from archive.formats.imported import MAX_BYTES, BadLine
from archive.formats.warc.http_head import MAX_HEAD_BYTES
from archive.formats.warc.reader import field_value, id_value, read_block, target_url
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.formats.warc.reader import WarcRecord

_MAX_OPEN: Final = 8  # records with missing segments; writers split one record at a time
_MAX_HELD: Final = MAX_BYTES + MAX_HEAD_BYTES  # bytes of one record; a larger page is not taken anyway
_MAX_DIGITS: Final = 15


class _Block(BytesIO):
    """The joined block of a record. ``limit`` is the number of missing bytes, as in warcio's streams."""

    limit = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedRecord:
    """A record made of its segments, with the attributes of a record that warcio has read."""

    rec_type: str
    rec_headers: Any
    raw_stream: _Block


@dataclass(slots=True)
class _Segments:
    """The segments of one record: blocks by number, the number of the last, the total length, and the first's head."""

    file: str
    line: int
    blocks: dict[int, bytes] = field(default_factory=dict)
    first: WarcRecord = None
    last: int = 0
    length: int = 0

    @property
    def is_complete(self) -> bool:
        return self.first is not None and 0 < self.last == len(self.blocks)


@dataclass(slots=True)
class SegmentStore:
    """The segmented records of one import that wait for their other segments."""

    waiting: OrderedDict[str, _Segments] = field(default_factory=OrderedDict)

    def add(self, file: str, line: int, record: WarcRecord) -> JoinedRecord | None:
        """Take a segment and return the joined record if it was the last one missing, else None.

        Raises `BadInput` for a segment without a valid number or origin, and for more open records than fit.
        """
        number = _number(record, "WARC-Segment-Number")
        key = id_value(record, "WARC-Segment-Origin-ID" if record.rec_type == "continuation" else "WARC-Record-ID")
        if not number or not key:
            raise BadInput("a segment without its number or its origin; expected WARC-Segment-Number and -Origin-ID")
        segments = self.waiting.setdefault(key, _Segments(file, line))
        room = _MAX_HELD - sum(map(len, segments.blocks.values()))
        segments.blocks[number] = read_block(record, room)
        if record.rec_type != "continuation":
            segments.first = record
        if total := _number(record, "WARC-Segment-Total-Length"):
            segments.last, segments.length = number, total
        if segments.is_complete:
            return _join(self.waiting.pop(key))
        if len(self.waiting) > _MAX_OPEN:
            _, oldest = self.waiting.popitem(last=False)
            raise BadInput(f"more than {_MAX_OPEN} records wait for segments; gave up the one at {_place(oldest)}")
        return None

    def unfinished(self) -> Iterator[BadLine]:
        """Yield and forget the records of which segments are missing."""
        while self.waiting:
            _, segments = self.waiting.popitem(last=False)
            there = ", ".join(map(str, sorted(segments.blocks)))
            subject = f"the record of {target_url(segments.first)}" if segments.first else "a record"
            problem = f"{subject} is split, and these files hold only its segments {there}; it was not imported"
            yield BadLine(segments.file, segments.line, f"{problem}. Import all files of the crawl together")


def _number(record: WarcRecord, name: str) -> int:
    text = field_value(record, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < _MAX_DIGITS else 0


def _join(segments: _Segments) -> JoinedRecord:
    block = _Block(b"".join(segments.blocks[number] for number in sorted(segments.blocks)))
    held = len(block.getbuffer())
    block.limit = max(0, segments.length - held) if held < _MAX_HELD else 0
    return JoinedRecord(rec_type=segments.first.rec_type, rec_headers=segments.first.rec_headers, raw_stream=block)


def _place(segments: _Segments) -> str:
    return f"{segments.file}:{segments.line}"
