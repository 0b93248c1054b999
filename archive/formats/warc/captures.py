"""WARC files of crawlers (ISO 28500), and ARC files before them: turns their records into outcomes.

Used are ``response`` and ``resource`` records with HTML, and ``revisit`` records of such. A ``request`` adds the
request headers and the method: the response to a POST is no page. A ``metadata`` record of ours adds further facts
about the visit. All other records (pictures, redirects, DNS) are skipped and counted. Reading uses warcio, an optional
extra.

A revisit of another record becomes a `RevisitRecord`. The importer looks for the original in the archive: it may come
from this file, from another, or later.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, Any, Final

from archive.formats.imported import (
    MAX_BYTES,
    BadLine,
    ImportedCapture,
    RevisitRecord,
    SkippedRecords,
    page_outcome,
    parse_capture_time,
)
from archive.formats.media_type import declared_type
from archive.formats.page_type import is_page, may_be_page
from archive.formats.warc.capture_metadata import COMPLETE, SAME_AS, UNRESOLVED, CaptureMetadata, parse_capture_metadata
from archive.formats.warc.http_head import MAX_HEAD_BYTES, HttpHead, split_final_head, split_head
from archive.formats.warc.http_response import (
    add_archived_payload,
    add_payload,
    add_request,
    merge_metadata,
    outcome_from_metadata,
)
from archive.formats.warc.reader import (
    concurrent_to,
    date_and_url,
    event_ids,
    field_value,
    id_value,
    is_http_record,
    read_block,
    read_records,
    refers_to,
    target_url,
    warcio_loader,
)
from archive.formats.warc.request_methods import RequestMethods, read_methods
from archive.formats.warc.segments import SegmentStore
from archive.timestamps import iso, parse_stamp
from archive.urls import canonical_url
from db.errors import BadInput
from db.records import Outcome, Reason, SeedKind
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.formats.imported import ImportItem
    from archive.formats.warc.reader import WarcRecord

_HTML: Final = ("text/html", "application/xhtml+xml")
_NOT_MODIFIED: Final = 304
_MAX_SIDECARS: Final = 1000  # requests and metadata that await their response; writers put them next to each other


def read_warc(path: Path, now: datetime, segments: SegmentStore) -> Iterator[ImportItem]:
    """Yield the contents of each record of a WARC or ARC file, packed or not. Raises `BadInput` without warcio.

    ``segments`` are shared with the other files of an import.
    """
    return WarcReader(now, warcio_loader(), segments).read(str(path), lambda: path.open("rb"))


@dataclass(frozen=True, slots=True)
class _Sidecar:
    """Request headers and metadata of a response, from records of their own."""

    request: tuple[tuple[str, str], ...] | None = None
    metadata: CaptureMetadata | None = None


@dataclass(slots=True)
class WarcReader:
    """Reads WARC files that belong together. No payload stays in memory.

    ``places`` has the address and date of every page by record id. ``skipped_hashes`` has hashes of skipped records, so
    that a revisit of a picture is skipped too.
    """

    now: datetime
    loader: Any
    segments: SegmentStore = field(default_factory=SegmentStore)
    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    skipped_hashes: set[int] = field(default_factory=set)
    sidecars: OrderedDict[str, _Sidecar] = field(default_factory=OrderedDict)
    finished: list[ImportItem] = field(default_factory=list)
    pending: tuple[int, frozenset[str], Outcome | RevisitRecord | ImportedCapture] | None = None
    unresolved: list[tuple[RevisitRecord, str]] = field(default_factory=list)
    methods: RequestMethods = field(default_factory=RequestMethods)
    skipped: int = 0
    file: str = ""

    def read(self, name: str, open_file: Callable[[], IO[bytes]]) -> Iterator[ImportItem]:
        """Yield everything in one file, in order. Raises OSError if it cannot be opened.

        ``name`` is the file's name in messages. A response is held back until the next record, which may be its
        request.
        """
        self.file = name
        self.methods = read_methods(open_file, self.loader)
        with open_file() as raw:
            yield from read_records(raw, self.loader, self)
        self._release_pending()
        yield from (*self.pop_finished(), *self._resolve_by_id())
        self.sidecars.clear()
        if self.skipped:
            yield SkippedRecords(self.skipped)
        self.skipped = 0

    def handle(self, number: int, record: WarcRecord) -> None:
        """Turn a record into its contents, or into a problem."""
        try:
            if field_value(record, "WARC-Segment-Number"):
                record = self.segments.add(self.file, number, record)
            if record is None:
                return
            if record.rec_type in {"request", "metadata"}:
                self._handle_sidecar(record)
            elif record.rec_type in {"response", "resource", "revisit"}:
                self._release_pending()
                if self.methods.answers_page(record):
                    self._handle_response(number, record)
                else:
                    self.skipped += 1
        except BadInput as error:
            self.reject(number, str(error))
        except Exception as error:
            if not is_own_fault(error):
                raise
            self.reject(number, f"could not be read: {cause_of(error)}")

    def reject(self, number: int, problem: str) -> None:
        """Discard the result for a record and report a problem instead."""
        if self.pending is not None and self.pending[0] == number:
            self.pending = None
        self.report(number, problem)

    def report(self, number: int, problem: str) -> None:
        """Report a problem with a record, and keep its result."""
        self.finished.append(BadLine(self.file, number, problem))

    def pop_finished(self) -> list[ImportItem]:
        """Return the results finished since the last call."""
        finished, self.finished = self.finished, []
        return finished

    def _handle_response(self, number: int, record: WarcRecord) -> None:
        item = self._revisit(number, record) if record.rec_type == "revisit" else self._page(record)
        if item is None:
            self.skipped += 1
        else:
            self.pending = number, event_ids(record), item

    def _release_pending(self) -> None:
        if self.pending is not None:
            self.finished.append(self.pending[2])
            self.pending = None

    # --- records beside a response ---

    def _handle_sidecar(self, record: WarcRecord) -> None:
        block = read_block(record, MAX_HEAD_BYTES)
        if record.rec_type == "request":
            sidecar = _Sidecar(request=split_head(block)[0].pairs)
        else:
            metadata = parse_capture_metadata(block)
            if metadata is None:
                return
            if not concurrent_to(record):  # a visit without a response
                self._release_pending()
                self.finished.append(_with_place(self._check_date(outcome_from_metadata(metadata)), metadata))
                return
            sidecar = _Sidecar(metadata=metadata)
        if self.pending is not None and self.pending[1] & event_ids(record):
            number, ids, item = self.pending
            self.pending = number, ids, _add_request_to(item, sidecar.request)
        else:
            self._store_sidecar(record, sidecar)

    def _store_sidecar(self, record: WarcRecord, sidecar: _Sidecar) -> None:
        for record_id in event_ids(record):
            known = self.sidecars.get(record_id, _Sidecar())
            request, metadata = sidecar.request or known.request, sidecar.metadata or known.metadata
            self.sidecars[record_id] = _Sidecar(request=request, metadata=metadata)
        while len(self.sidecars) > _MAX_SIDECARS:
            self.sidecars.popitem(last=False)

    def _pop_sidecar(self, record: WarcRecord) -> _Sidecar:
        sidecars = [self.sidecars.pop(record_id, _Sidecar()) for record_id in event_ids(record)]
        requests = (sidecar.request for sidecar in sidecars if sidecar.request is not None)
        metadata = (sidecar.metadata for sidecar in sidecars if sidecar.metadata is not None)
        return _Sidecar(request=next(requests, None), metadata=next(metadata, None))

    # --- pages ---

    def _page(self, record: WarcRecord) -> Outcome | RevisitRecord | ImportedCapture | None:
        sidecar = self._pop_sidecar(record)
        is_resource = record.rec_type == "resource"
        block = b"" if is_resource else read_block(record, MAX_HEAD_BYTES)
        is_http = is_http_record(record, block)
        head, start = (None, b"") if is_resource or not is_http else split_final_head(block)
        content_type = _content_type(record, head)
        if not is_http or (sidecar.metadata is None and not _may_be_page(head, content_type)):
            self._skip(record)
            return None
        body = start + read_block(record, MAX_BYTES + 1 - len(start))
        outcome = self._base_outcome(record, head, content_type)
        if sidecar.metadata is None:
            outcome = add_payload(outcome, record, head, body)
            if not is_page(outcome):
                self._skip(record)
                return None
        else:
            outcome = add_archived_payload(outcome, sidecar.metadata, record, body)
        self._remember_place(record)
        return _with_place(add_request(self._check_date(outcome), sidecar.request, head), sidecar.metadata)

    def _base_outcome(self, record: WarcRecord, head: HttpHead | None, content_type: str) -> Outcome:
        """Return an outcome without payload, from the headers of the record and of its response."""
        _, status, phrase = ("", None, "") if head is None else head.status
        outcome = page_outcome(
            url=target_url(record),
            captured_at=parse_capture_time(field_value(record, "WARC-Date"), now=self.now, name="WARC-Date"),
            payload=None,
            content_type=content_type,
            charset=None,
            status=status,
        )
        return replace(
            outcome,
            reason_phrase=phrase,
            headers=() if head is None else head.pairs,
            etag=head.value("etag") or None if head else None,
            last_modified=head.value("last-modified") or None if head else None,
            ip=field_value(record, "WARC-IP-Address") or None,
        )

    def _check_date(self, outcome: Outcome) -> Outcome:
        """Return the outcome. Raises `BadInput` if it is in the future."""
        parse_capture_time(iso(outcome.started_at), now=self.now, name="the capture's time")
        return outcome

    def _remember_place(self, record: WarcRecord) -> None:
        self.places[id_value(record, "WARC-Record-ID")] = target_url(record), field_value(record, "WARC-Date")

    def _skip(self, record: WarcRecord) -> None:
        for name in (id_value(record, "WARC-Record-ID"), field_value(record, "WARC-Payload-Digest")):
            if name:
                self.skipped_hashes.add(hash(name))
        self.skipped_hashes.add(hash(date_and_url(target_url(record), field_value(record, "WARC-Date"))))

    # --- revisits ---

    def _revisit(self, number: int, record: WarcRecord) -> Outcome | RevisitRecord | ImportedCapture | None:
        sidecar = self._pop_sidecar(record)
        block = read_block(record, MAX_HEAD_BYTES)
        head = split_final_head(block)[0] if block.strip() else None
        content_type = "" if head is None else declared_type(head.values("content-type"))
        if not is_http_record(record):
            return None
        if "server-not-modified" in field_value(record, "WARC-Profile"):
            outcome = replace(
                self._base_outcome(record, head, content_type), status=_NOT_MODIFIED, reason=Reason.NOT_MODIFIED
            )
            outcome = add_request(self._with_metadata(outcome, sidecar.metadata), sidecar.request, head)
            return _with_place(outcome, sidecar.metadata)
        if sidecar.metadata is None and (
            self._original_was_skipped(record) or (head and not _may_be_page(head, content_type))
        ):
            return None
        self._remember_place(record)
        outcome = self._with_metadata(self._base_outcome(record, head, content_type), sidecar.metadata)
        outcome = add_request(outcome, sidecar.request, head)
        if sidecar.metadata is not None and UNRESOLVED not in outcome.flags:
            outcome = _with_flags(outcome, (COMPLETE,))
        revisit = self._make_revisit(number, record, outcome)
        return None if revisit is None else _with_place(revisit, sidecar.metadata)

    def _with_metadata(self, outcome: Outcome, metadata: CaptureMetadata | None) -> Outcome:
        return self._check_date(outcome if metadata is None else merge_metadata(outcome, metadata))

    def _original_was_skipped(self, record: WarcRecord) -> bool:
        """True if the original of a revisit was skipped, because then it is no page."""
        originals = (
            id_value(record, "WARC-Refers-To"),
            field_value(record, "WARC-Payload-Digest"),
            date_and_url(*refers_to(record)),
        )
        return any(name and hash(name) in self.skipped_hashes for name in originals)

    def _make_revisit(self, number: int, record: WarcRecord, outcome: Outcome) -> RevisitRecord | None:
        original = id_value(record, "WARC-Refers-To")
        url, date = refers_to(record)
        if not url and original and original in self.places:
            url, date = self.places[original]
        digest = field_value(record, "WARC-Payload-Digest")
        flags = (UNRESOLVED, *((digest,) if digest else ()), *_original_flag(url, date))
        revisit = RevisitRecord(self.file, number, _with_flags(outcome, flags))
        if original and not url:  # the original may follow later in the file
            self.unresolved.append((revisit, original))
            return None
        return revisit

    def _resolve_by_id(self) -> list[ImportItem]:
        """Return the revisits that name their original only by record id, now that the complete file is known."""
        finished: list[ImportItem] = []
        for revisit, original in self.unresolved:
            flags = _original_flag(*self.places.get(original, ("", "")))
            finished.append(replace(revisit, outcome=_with_flags(revisit.outcome, flags)))
        self.skipped -= len(finished)
        self.unresolved.clear()
        return finished


def _with_place(
    item: Outcome | RevisitRecord, metadata: CaptureMetadata | None
) -> Outcome | RevisitRecord | ImportedCapture:
    """Return the item with its place in the archive that wrote it. A first page of an article needs none."""
    if metadata is None or (metadata.kind is SeedKind.ARTICLE and metadata.part == 1):
        return item
    return ImportedCapture(content=item, kind=metadata.kind, part=metadata.part, first_page_url=metadata.first_page_url)


def _add_request_to(
    item: Outcome | RevisitRecord | ImportedCapture, request: tuple[tuple[str, str], ...] | None
) -> Outcome | RevisitRecord | ImportedCapture:
    if isinstance(item, ImportedCapture):
        return replace(item, content=_add_request_to_outcome(item.content, request))
    return _add_request_to_outcome(item, request)


def _add_request_to_outcome(
    item: Outcome | RevisitRecord, request: tuple[tuple[str, str], ...] | None
) -> Outcome | RevisitRecord:
    if isinstance(item, Outcome):
        return add_request(item, request, None)
    return replace(item, outcome=add_request(item.outcome, request, None))


def _with_flags(outcome: Outcome, flags: tuple[str, ...]) -> Outcome:
    return replace(outcome, flags=tuple(dict.fromkeys((*outcome.flags, *flags))))


def _original_flag(url: str, date: str) -> tuple[str, ...]:
    try:
        return (f"{SAME_AS}{iso(parse_stamp(date))} {canonical_url(url)}",) if url and date else ()
    except BadInput:
        return ()


def _content_type(record: WarcRecord, head: HttpHead | None) -> str:
    return field_value(record, "Content-Type") if head is None else declared_type(head.values("content-type"))


def _may_be_page(head: HttpHead | None, content_type: str) -> bool:
    """False for what ``may_be_page`` refuses, and for an interim response."""
    status = None if head is None else head.status[1]
    return not (head is not None and head.is_interim) and may_be_page(status, content_type)
