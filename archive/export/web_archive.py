"""Captures as the files of web archives: WARC, its CDXJ index, and WACZ, which contains both."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version as installed
from io import RawIOBase
from typing import IO, TYPE_CHECKING

from archive.export.atomic_file import atomic_write, check_file_ending, scratch_folder
from archive.export.selection import EVERYTHING, Selection
from archive.export.sound_rows import check_capture, check_text
from archive.formats.cdxj import CdxjIndex
from archive.formats.wacz.writer import PAGES_HEAD, pack_wacz, page_line
from archive.formats.warc.records import info_record, text_records, warc_records
from archive.formats.warc.writer import WarcWriter
from db.queries import captures as capture_queries
from db.queries import tables
from db.queries import versions as version_queries
from db.reader import Reader
from db.records import Reason, SeedKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from archive.formats.warc.records import Record
    from db.reader import Ask
    from db.records import Capture

_BATCH_SIZE = 200
SOFTWARE = f"wirecopy/{installed('wirecopy')}"
"""The program's name in the files it writes."""


def export_warc(db: Path, path: Path, selection: Selection = EVERYTHING) -> int:
    """Write the selected captures to a ``.warc`` or ``.warc.gz`` file. Return the number of captures.

    Of captures with the same payload the first in the file contains it, and the others are revisits of that one. So the
    same captures give the same file in whatever order they were gathered. Raises BadInput for another ending or without
    warcio, and StoreError.
    """
    check_file_ending(path, ".warc", ".warc.gz")
    with atomic_write(path) as part, Reader(db) as reader, part.open("wb") as stream:
        compressed = path.name.lower().endswith(".gz")
        return _CaptureWriter(reader.ask, selection, WarcWriter(stream, compressed=compressed)).write_all()


def export_cdxj(db: Path, path: Path, selection: Selection = EVERYTHING) -> int:
    """Write the index of the ``.warc.gz`` that ``export_warc`` would write for the same selection and file stem.

    ``news.cdxj`` has the position of each response in ``news.warc.gz``. Returns and raises like ``export_warc``.
    """
    check_file_ending(path, ".cdxj")
    with atomic_write(path) as part, Reader(db) as reader, scratch_folder(path) as folder:
        index = CdxjIndex(folder, f"{path.name[: -len('.cdxj')]}.warc.gz")
        written = _CaptureWriter(reader.ask, selection, WarcWriter(_CountingStream()), index).write_all()
        index.write(part)
        return written


def export_wacz(db: Path, path: Path, selection: Selection = EVERYTHING) -> int:
    """Write a WACZ 1.1.1 package: the WARC, its index, and a list of pages with their texts.

    Returns and raises like ``export_warc``.
    """
    check_file_ending(path, ".wacz")
    with atomic_write(path) as part, Reader(db) as reader, scratch_folder(path) as folder:
        written, created_at = write_wacz_files(reader.ask, folder, selection)
        pack_wacz(part, folder, software=SOFTWARE, created=created_at)
        return written


def write_wacz_files(ask: Ask, folder: Path, selection: Selection) -> tuple[int, datetime]:
    """Write ``data.warc.gz``, ``index.cdxj`` and ``pages.jsonl`` into a folder.

    Return the number of captures, and the creation time that the files state.
    """
    index = CdxjIndex(folder, "data.warc.gz")
    with (folder / "data.warc.gz").open("wb") as stream, (folder / "pages.jsonl").open("wb") as pages:
        pages.write(PAGES_HEAD)
        writer = _CaptureWriter(ask, selection, WarcWriter(stream), index, pages)
        written = writer.write_all()
    index.write(folder / "index.cdxj")
    return written, writer.created_at


@dataclass(slots=True)
class _CaptureWriter:
    """Writes one file. Keeps the ids of written captures by payload, and the digests of written texts."""

    ask: Ask
    selection: Selection
    out: WarcWriter
    index: CdxjIndex | None = None
    pages: IO[bytes] | None = None
    payload_owners: dict[str, int] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    kinds: dict[int, str] = field(default_factory=dict)

    @property
    def created_at(self) -> datetime:
        """The creation time stated in the file: that of the newest capture in the archive."""
        return tables.newest_capture_at(self.ask) or datetime(1970, 1, 1, tzinfo=UTC)

    def write_all(self) -> int:
        """Write every selected capture. Return their number."""
        self.kinds = tables.kinds_of_lists(self.ask)
        self._write_records((info_record(SOFTWARE, self.created_at),))
        written = 0
        for capture in self._captures():
            parts = capture_queries.parts(self.ask, capture.id or 0)
            self._write(capture, is_multipage=bool(parts))
            for part in parts:
                self._write(part, is_multipage=True, first_page_url=capture.url)
            written += 1 + len(parts)
        return written

    def _captures(self) -> Iterator[Capture]:
        """Yield the selected pages in time order, without their further parts."""
        if self.selection.pages is not None:
            yield from (capture_queries.by_id(self.ask, capture_id) for capture_id in self.selection.pages)
            return
        after = None
        since, until = self.selection.since, self.selection.until
        while batch := capture_queries.in_window(self.ask, since, until, after=after, limit=_BATCH_SIZE):
            for capture in batch:
                if self.selection.includes_capture(capture.id or 0, capture.source_id, capture.captured_at):
                    yield capture
            after = batch[-1].captured_at, batch[-1].id or 0

    def _write(self, capture: Capture, *, is_multipage: bool, first_page_url: str | None = None) -> None:
        """Write one capture. A page in several parts is never a revisit, so that reading it needs no other record."""
        check_capture(self.ask, capture.id or 0, capture.url)
        original = self._original(capture, is_multipage=is_multipage)
        digest = capture.payload_sha256
        payload = None
        if digest is not None and original is None:
            payload = capture_queries.payload(self.ask, digest)
            self.payload_owners.setdefault(digest, capture.id or 0)
        kind = SeedKind(self.kinds.get(capture.source_id, SeedKind.ARTICLE))
        self._write_records(warc_records(capture, payload, original=original, kind=kind, first_page_url=first_page_url))
        if digest is not None and capture.part == 1:
            self._write_text(capture)

    def _original(self, capture: Capture, *, is_multipage: bool) -> Capture | None:
        """Return the capture in this file with the payload of ``capture``, or the page that its 304 refers to."""
        if capture.reason is Reason.NOT_MODIFIED:
            return capture_queries.last_page_before(self.ask, capture.source_id, capture.captured_at)
        first = None if is_multipage else self.payload_owners.get(capture.payload_sha256 or "")
        return None if first is None else capture_queries.by_id(self.ask, first)

    def _write_text(self, capture: Capture) -> None:
        """Write the extracted text of the page, unless the file already has that text."""
        extracted = version_queries.text_of_capture(self.ask, capture.id or 0)
        if extracted is None or extracted[0].sha256 in self.texts:
            return
        text, recipe = extracted
        check_text(text.title, text.body, text.sha256, capture.url)
        self.texts.add(text.sha256)
        self._write_records(text_records(capture, text, recipe=recipe))
        if self.pages is not None:
            self.pages.write(page_line(capture, text))

    def _write_records(self, records: tuple[Record, ...]) -> None:
        for record in records:
            start, end = self.out.write(record)
            if self.index is not None:
                self.index.add(record, start, end - start)


class _CountingStream(RawIOBase):
    """A stream that discards what is written to it and counts the bytes."""

    def __init__(self) -> None:
        super().__init__()
        self._written = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # warcio writes bytes only
        """Count the bytes of ``data``."""
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        """Return the number of bytes written so far."""
        return self._written
