"""Captures as the files of web archives: WARC, the CDXJ index of one, and WACZ, which packs both."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version as installed
from io import RawIOBase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

from archive.export.atomic_file import check_ending, whole
from archive.export.selection import EVERYTHING, Chosen
from archive.formats.cdxj import IndexFile
from archive.formats.wacz.writer import PAGES_HEAD, pack_wacz, page_line
from archive.formats.warc.records import info_record, text_records, warc_records
from archive.formats.warc.writer import WarcFile
from db.queries import captures as capture_queries
from db.queries import tables
from db.queries import versions as version_queries
from db.reader import Reader
from db.records import Reason, SeedKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.formats.warc.records import Record
    from db.reader import Ask
    from db.records import Capture

_AT_ONCE = 200
SOFTWARE = f"wirecopy/{installed('wirecopy')}"
"""How a file says what wrote it."""


def export_warc(db: Path, path: Path, chosen: Chosen = EVERYTHING) -> int:
    """Write the captures chosen to a ``.warc`` or ``.warc.gz`` file; how many there were.

    Of captures with one payload the first in the file holds it, the others are revisits of that one, so that the same
    captures give the same file in whatever order they were gathered. Raises BadInput for another ending and without
    warcio; StoreError.
    """
    check_ending(path, ".warc", ".warc.gz")
    with whole(path) as part, Reader(db) as reader, part.open("wb") as stream:
        run = _Run(reader.ask, chosen, WarcFile(stream, packed=path.name.lower().endswith(".gz")))
        return run.all()


def export_cdxj(db: Path, path: Path, chosen: Chosen = EVERYTHING) -> int:
    """Write the index of the ``.warc.gz`` that ``export_warc`` would write of the same, under the same stem.

    ``news.cdxj`` tells where in ``news.warc.gz`` each reply stands. Returns and raises as ``export_warc``.
    """
    check_ending(path, ".cdxj")
    with whole(path) as part, Reader(db) as reader, TemporaryDirectory(dir=path.parent) as folder:
        index = IndexFile(Path(folder), f"{path.name[: -len('.cdxj')]}.warc.gz")
        written = _Run(reader.ask, chosen, WarcFile(_Nowhere()), index).all()
        index.write(part)
        return written


def export_wacz(db: Path, path: Path, chosen: Chosen = EVERYTHING) -> int:
    """Write a WACZ 1.1.1 package: the WARC, its index, and a list of pages with their texts.

    Returns and raises as ``export_warc``.
    """
    check_ending(path, ".wacz")
    with whole(path) as part, Reader(db) as reader, TemporaryDirectory(dir=path.parent) as folder:
        room = Path(folder)
        index = IndexFile(room, "data.warc.gz")
        with (room / "data.warc.gz").open("wb") as stream, (room / "pages.jsonl").open("wb") as pages:
            pages.write(PAGES_HEAD)
            run = _Run(reader.ask, chosen, WarcFile(stream), index, pages)
            written = run.all()
        index.write(room / "index.cdxj")
        pack_wacz(part, room, software=SOFTWARE, created=run.dated)
        return written


@dataclass(slots=True)
class _Run:
    """One file being written: what of it is written already, by payload and by text."""

    ask: Ask
    chosen: Chosen
    out: WarcFile
    index: IndexFile | None = None
    pages: IO[bytes] | None = None
    held: dict[str, int] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    kinds: dict[int, str] = field(default_factory=dict)

    @property
    def dated(self) -> datetime:
        """The instant the file is dated by: that of the newest capture in the archive."""
        return tables.newest_capture_at(self.ask) or datetime(1970, 1, 1, tzinfo=UTC)

    def all(self) -> int:
        """Write every capture chosen; how many there were."""
        self.kinds = tables.kinds_of_lists(self.ask)
        self._put((info_record(SOFTWARE, self.dated),))
        written = 0
        for capture in self._captures():
            parts = capture_queries.parts(self.ask, capture.id or 0)
            self._write(capture, whole=bool(parts))
            for part in parts:
                self._write(part, whole=True, of=capture.url)
            written += 1 + len(parts)
        return written

    def _captures(self) -> Iterator[Capture]:
        """The pages chosen, in time order; their further parts go with them."""
        after = None
        since, until = self.chosen.since, self.chosen.until
        while some := capture_queries.in_window(self.ask, since, until, after=after, limit=_AT_ONCE):
            for each in some:
                if self.chosen.takes_capture(each.id or 0, each.source_id, each.captured_at):
                    yield each
            after = some[-1].captured_at, some[-1].id or 0

    def _write(self, capture: Capture, *, whole: bool, of: str | None = None) -> None:
        """``whole``: a page in several parts is never a revisit, so that reading it needs nothing else to be there."""
        original = self._original(capture, whole=whole)
        digest = capture.payload_sha256
        payload = None
        if digest is not None and original is None:
            payload = capture_queries.payload(self.ask, digest)
            self.held.setdefault(digest, capture.id or 0)
        kind = SeedKind(self.kinds.get(capture.source_id, SeedKind.ARTICLE))
        self._put(warc_records(capture, payload, original=original, kind=kind, of=of))
        if digest is not None and capture.part == 1:
            self._write_text(capture)

    def _original(self, capture: Capture, *, whole: bool) -> Capture | None:
        """The capture in this file that holds the payload of ``capture``, or the page that its 304 speaks of."""
        if capture.reason is Reason.NOT_MODIFIED:
            return capture_queries.last_page_before(self.ask, capture.source_id, capture.captured_at)
        first = None if whole else self.held.get(capture.payload_sha256 or "")
        return None if first is None else capture_queries.by_id(self.ask, first)

    def _write_text(self, capture: Capture) -> None:
        """What was read on the page, unless the file has that text already."""
        found = version_queries.text_of_capture(self.ask, capture.id or 0)
        if found is None or found[0].sha256 in self.texts:
            return
        text, recipe = found
        self.texts.add(text.sha256)
        self._put(text_records(capture, text, recipe=recipe))
        if self.pages is not None:
            self.pages.write(page_line(capture, text))

    def _put(self, records: tuple[Record, ...]) -> None:
        for record in records:
            start, end = self.out.write(record)
            if self.index is not None:
                self.index.add(record, start, end - start)


class _Nowhere(RawIOBase):
    """A stream that forgets what is written to it, and knows how much that was."""

    def __init__(self) -> None:
        super().__init__()
        self._written = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # of all that is bytes, this is what comes
        """Count."""
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        """Bytes written so far."""
        return self._written
