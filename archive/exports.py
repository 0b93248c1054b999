"""Files for others: the captures of the archive as WARC."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from archive.errors import BadInput
from archive.export import WarcFile, warc_records
from db.connect import Reader
from db.questions import captures as ask_captures
from db.records import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from db.connect import Ask
    from db.records import Capture

    Window = tuple[datetime, datetime]

_AT_ONCE = 200
_ALWAYS = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


def export_warc(db: Path, path: Path, *, since: datetime | None = None, until: datetime | None = None) -> int:
    """Write every capture dated in the window to a ``.warc`` or ``.warc.gz`` file; how many there were.

    Of captures with one payload the first in the file holds it, the others are revisits of that one, so that the same
    captures give the same file in whatever order they were gathered. The file appears when it is whole, and an older
    one of that name is replaced. Raises BadInput for another ending and without warcio; StoreError.
    """
    if not path.name.lower().endswith((".warc", ".warc.gz")):
        raise BadInput(f"{path}: expected a name that ends in .warc or .warc.gz")
    window = since or _ALWAYS[0], until or _ALWAYS[1]
    part = path.with_name(f"{path.name}.part")
    written = 0
    try:
        with Reader(db) as reader, part.open("wb") as stream:
            out = WarcFile(stream, packed=path.name.lower().endswith(".gz"))
            for capture in _captures(reader.ask, window):
                _write(reader.ask, out, capture, window)
                written += 1
        part.replace(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return written


def _captures(ask: Ask, window: Window) -> Iterator[Capture]:
    after = None
    while some := ask_captures.dated(ask, *window, after=after, limit=_AT_ONCE):
        yield from some
        after = some[-1].captured_at, some[-1].id or 0


def _write(ask: Ask, out: WarcFile, capture: Capture, window: Window) -> None:
    original = _original(ask, capture, window)
    digest = capture.payload_sha256
    payload = None if digest is None or original is not None else ask_captures.payload(ask, digest)
    for record in warc_records(capture, payload, original=original):
        out.write(record)


def _original(ask: Ask, capture: Capture, window: Window) -> Capture | None:
    """The capture in this file that holds the payload of ``capture``, or the page that its 304 speaks of."""
    if capture.reason is Reason.NOT_MODIFIED:
        return ask_captures.page_before(ask, capture.source_id, capture.captured_at)
    if capture.payload_sha256 is None:
        return None
    first = ask_captures.first_holding(ask, capture.payload_sha256, *window)
    return None if first.id == capture.id else first
