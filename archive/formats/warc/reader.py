"""Reads the records of a WARC or ARC file one by one. Damage costs the record it is in (see ``record_stream``)."""

from __future__ import annotations

import importlib
import logging
from typing import IO, TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from archive.formats.warc.arc_records import read_arc_record
from archive.formats.warc.record_stream import ARC, DamagedRecord, RecordStream
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.formats.imported import ImportItem

_PIECE_SIZE: Final = 64 * 1024  # bytes read at once

WarcRecord: TypeAlias = Any
"""A record as warcio's loader returns it, with its block not yet read. warcio has no type annotations."""


def warcio_loader() -> Any:
    """Return warcio's reader of single records. Raises `BadInput` if warcio is not installed."""
    return import_warcio("recordloader").ArcWarcRecordLoader()


def import_warcio(module: str) -> Any:
    """Import a module of warcio, which is an optional extra. Raises `BadInput` if warcio is not installed."""
    # Its only messages quote addresses of the file, and would reach the terminal with their control characters.
    logging.getLogger("warcio").addHandler(logging.NullHandler())
    try:
        return importlib.import_module(f"warcio.{module}")
    except ImportError as error:
        raise BadInput("WARC, ARC and WACZ files need warcio: pip install 'wirecopy[warc]'") from error


class RecordHandler(Protocol):
    """Consumer of records. ``pop_finished`` returns its results."""

    def handle(self, number: int, record: WarcRecord) -> None:
        """Handle a record. Numbers count from 1."""

    def reject(self, number: int, problem: str) -> None:
        """Discard the result for this record, because it is damaged."""

    def report(self, number: int, problem: str) -> None:
        """Report a problem of this record and keep its result."""

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
                break
            if _handle_next(stream, loader, number, handler):
                yield from handler.pop_finished()
                return
        except Exception as error:  # noqa: BLE001  (warcio and zipfile raise whatever they stumble over)
            handler.reject(number, f"a damaged record ({summarize_error(error)}); the others were read")
            if not stream.find_next():
                break
        yield from handler.pop_finished()
    if stream.is_cut:
        handler.report(number, f"the file is cut off here, in the middle of a record; {_read_before(number)}")
    yield from handler.pop_finished()


def _handle_next(stream: RecordStream, loader: Any, number: int, handler: RecordHandler) -> bool:
    """Pass the next record to the handler. True if the file is cut off in it."""
    try:
        record = _parse_record(stream, loader)
        length = record.length
    except Exception:
        if not stream.is_at_end():
            raise
        length = None
    if stream.is_at_end():
        handler.report(number, f"the file is cut off in the head of this record; {_read_before(number)}")
        return True
    if length is None:
        raise DamagedRecord("it has no Content-Length")
    if problem := stream.length_problem(length):
        raise DamagedRecord(problem)
    handler.handle(number, record)
    while record.raw_stream.read(_PIECE_SIZE):
        pass
    missing = record.raw_stream.limit
    if missing and stream.is_at_end():
        amount = f"{length - missing:,} of its {length:,} bytes"
        subject = f"this {record.rec_type} record of {target_url(record)}" if target_url(record) else "this record"
        handler.report(number, f"the file is cut off inside {subject}: {amount} are there; {_read_before(number)}")
        return True
    if missing:
        raise DamagedRecord("its gzip member ends before its Content-Length says")
    if not stream.ends_at_boundary():
        raise DamagedRecord("it does not end where its Content-Length says")
    return False


def _parse_record(stream: RecordStream, loader: Any) -> WarcRecord:
    if stream.format is ARC:
        return read_arc_record(stream, loader)
    return loader.parse_record_stream(stream, known_format="warc", no_record_parse=True)


def _read_before(number: int) -> str:
    match number - 1:
        case 0:
            return "no record is before it"
        case 1:
            return "the record before it was read"
        case before:
            return f"the {before:,} records before it were read"


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


def id_value(record: WarcRecord, name: str) -> str:
    """Return the id of a record in a field, without brackets and in lower case: writers name one record differently."""
    return _plain_id(field_value(record, name))


def _plain_id(value: str) -> str:
    return value.strip().strip("<>").lower()


def concurrent_to(record: WarcRecord) -> list[str]:
    """Return the ids of records made in the same capture event."""
    pairs = record.rec_headers.headers
    named = (_plain_id(value) for name, value in pairs if name.lower() == "warc-concurrent-to")
    return [record_id for record_id in named if record_id]


def event_ids(record: WarcRecord) -> frozenset[str]:
    """Return the ids that connect the records of one capture event."""
    return frozenset({id_value(record, "WARC-Record-ID"), *concurrent_to(record)}) - {""}


def refers_to(record: WarcRecord) -> tuple[str, str]:
    """Return the address and date of a revisit's original record, each empty if not given."""
    return field_value(record, "WARC-Refers-To-Target-URI").strip("<>"), field_value(record, "WARC-Refers-To-Date")


def date_and_url(url: str, date: str) -> str:
    """Return date and address as one text, or an empty string if one is missing."""
    return f"{date} {url}" if url and date else ""


def is_http_record(record: WarcRecord, block: bytes = b"") -> bool:
    """True for responses of web servers. DNS answers and the like are recorded too, under schemes of their own.

    A response without the type of its block, or with that of its page, is one if ``block`` begins like one.
    """
    if not target_url(record).lower().startswith(("http:", "https:")):
        return False
    if record.rec_type != "response" or field_value(record, "Content-Type").lower().startswith("application/http"):
        return True
    return block.startswith(b"HTTP/")
