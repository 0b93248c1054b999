"""What crawlers record: WARC files (ISO 28500), and how their records become outcomes.

Taken are ``response`` and ``resource`` records that hold HTML, and ``revisit`` records of such. A ``request`` says how
the page was asked for, a ``metadata`` record of ours what else is known of the visit. All else (pictures, redirects,
DNS) is passed over and counted. Reading is warcio's, an optional extra.

A revisit that says "the same as that other record" becomes a `RevisitRecord`: whoever imports the file looks for the
other one in the archive, where it may have come from this file, from another, or later.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, Any, Final

from archive.formats.http_status import REDIRECTS
from archive.formats.imported import (
    MOST_BYTES,
    BadLine,
    ImportedCapture,
    RevisitRecord,
    SkippedRecords,
    captured_at,
    page_outcome,
)
from archive.formats.warc.capture_metadata import SAME_AS, UNRESOLVED, Facts, read_facts
from archive.formats.warc.http_head import LONGEST, Head, charset_of, split_head
from archive.formats.warc.http_response import asked, by_facts, merged, with_facts, with_payload
from archive.formats.warc.reader import (
    concurrent_to,
    field_of,
    ids_of,
    is_http,
    loader,
    read_block,
    read_records,
    refers_to,
    stamped,
    target_of,
)
from archive.timestamps import iso, parse_stamp
from archive.urls import canonical_url
from db.errors import BadInput
from db.records import Outcome, Reason, SeedKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from archive.formats.imported import ImportItem
    from archive.formats.warc.reader import WarcRecord

_HTML: Final = ("text/html", "application/xhtml+xml")
_NOT_MODIFIED: Final = 304
_MOST_WAITING: Final = 1000  # requests and metadata that wait for their reply; writers put them side by side


def read_warc(path: Path, now: datetime) -> Iterator[ImportItem]:
    """What each record of a ``.warc`` or ``.warc.gz`` file holds. Raises `BadInput` without warcio."""
    return WarcReader(now, loader()).read(str(path), lambda: path.open("rb"))


@dataclass(frozen=True, slots=True)
class _Beside:
    """What stands beside a reply in records of its own."""

    request: tuple[tuple[str, str], ...] | None = None
    facts: Facts | None = None


@dataclass(slots=True)
class WarcReader:
    """Reads WARC files that belong together; what it remembers is small: no payload is kept.

    ``places`` knows of every page its address and date by record id. ``others`` knows (as hashes) what was passed over,
    so that a repeat of a picture is passed over too.
    """

    now: datetime
    load: Any
    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    others: set[int] = field(default_factory=set)
    beside: OrderedDict[str, _Beside] = field(default_factory=OrderedDict)
    done: list[ImportItem] = field(default_factory=list)
    held: tuple[int, frozenset[str], Outcome | RevisitRecord | ImportedCapture] | None = None
    by_id: list[tuple[RevisitRecord, str]] = field(default_factory=list)
    passed: int = 0
    file: str = ""

    def read(self, name: str, opened: Callable[[], IO[bytes]]) -> Iterator[ImportItem]:
        """Everything in one file, in order; ``name`` is what complaints call it. Raises OSError if it cannot be opened.

        A reply waits for the record behind it, which may be its request.
        """
        self.file = name
        with opened() as raw:
            yield from read_records(raw, self.load, self)
        self._let_go()
        yield from (*self.ready(), *self._named_by_id())
        self.beside.clear()
        if self.passed:
            yield SkippedRecords(self.passed)
        self.passed = 0

    def take(self, number: int, record: WarcRecord) -> None:
        """Make of a record what it holds, or a complaint."""
        try:
            if record.rec_type in {"request", "metadata"}:
                self._note(record)
            elif record.rec_type in {"response", "resource", "revisit"}:
                self._let_go()
                self._take_reply(number, record)
        except BadInput as error:
            self.damaged(number, str(error))

    def damaged(self, number: int, problem: str) -> None:
        """Forget what was made of a record, and complain of it instead."""
        if self.held is not None and self.held[0] == number:
            self.held = None
        self.done.append(BadLine(self.file, number, problem))

    def ready(self) -> list[ImportItem]:
        """What is finished since the last call."""
        ready, self.done = self.done, []
        return ready

    def _take_reply(self, number: int, record: WarcRecord) -> None:
        found = self._revisit(number, record) if record.rec_type == "revisit" else self._page(record)
        if found is None:
            self.passed += 1
        else:
            self.held = number, ids_of(record), found

    def _let_go(self) -> None:
        if self.held is not None:
            self.done.append(self.held[2])
            self.held = None

    # --- what stands beside a reply ---

    def _note(self, record: WarcRecord) -> None:
        block = read_block(record, LONGEST)
        if record.rec_type == "request":
            noted = _Beside(request=split_head(block)[0].pairs)
        else:
            facts = read_facts(block)
            if facts is None:
                return
            if not concurrent_to(record):  # a visit that brought no reply
                self._let_go()
                self.done.append(_placed(self._dated(by_facts(facts)), facts))
                return
            noted = _Beside(facts=facts)
        if self.held is not None and self.held[1] & ids_of(record):
            number, ids, found = self.held
            self.held = number, ids, _with_request(found, noted.request)
        else:
            self._remember(record, noted)

    def _remember(self, record: WarcRecord, noted: _Beside) -> None:
        for each in ids_of(record):
            known = self.beside.get(each, _Beside())
            self.beside[each] = _Beside(request=noted.request or known.request, facts=noted.facts or known.facts)
        while len(self.beside) > _MOST_WAITING:
            self.beside.popitem(last=False)

    def _beside(self, record: WarcRecord) -> _Beside:
        all_of_it = [self.beside.pop(each, _Beside()) for each in ids_of(record)]
        request = next((one.request for one in all_of_it if one.request is not None), None)
        return _Beside(request=request, facts=next((one.facts for one in all_of_it if one.facts is not None), None))

    # --- pages ---

    def _page(self, record: WarcRecord) -> Outcome | RevisitRecord | ImportedCapture | None:
        beside = self._beside(record)
        plain = record.rec_type == "resource"
        block = b"" if plain else read_block(record, LONGEST)
        head, start = (None, b"") if plain else split_head(block)
        content_type = field_of(record, "Content-Type") if head is None else head.value("content-type")
        if not is_http(record) or (beside.facts is None and not _holds_page(head, content_type)):
            self._pass_over(record)
            return None
        body = start + read_block(record, MOST_BYTES + 1 - len(start))
        outcome = self._told(record, head, content_type)
        if beside.facts is None:
            outcome = with_payload(outcome, record, head, body)
        else:
            outcome = with_facts(outcome, beside.facts, record, body)
        self._place(record)
        return _placed(asked(self._dated(outcome), beside.request, head), beside.facts)

    def _told(self, record: WarcRecord, head: Head | None, content_type: str) -> Outcome:
        """An outcome without a payload, with what the headers of the record and of the reply in it say."""
        _, status, phrase = ("", None, "") if head is None else head.status
        outcome = page_outcome(
            url=target_of(record),
            at=captured_at(field_of(record, "WARC-Date"), now=self.now, name="WARC-Date"),
            payload=None,
            content_type=content_type,
            charset=charset_of(content_type),
            status=status,
        )
        return replace(
            outcome,
            reason_phrase=phrase,
            headers=() if head is None else head.pairs,
            etag=head.value("etag") or None if head else None,
            last_modified=head.value("last-modified") or None if head else None,
            ip=field_of(record, "WARC-IP-Address") or None,
        )

    def _dated(self, outcome: Outcome) -> Outcome:
        """Refuse what lies in the future. Raises `BadInput`."""
        captured_at(iso(outcome.started_at), now=self.now, name="the capture's time")
        return outcome

    def _place(self, record: WarcRecord) -> None:
        self.places[field_of(record, "WARC-Record-ID")] = target_of(record), field_of(record, "WARC-Date")

    def _pass_over(self, record: WarcRecord) -> None:
        for name in ("WARC-Record-ID", "WARC-Payload-Digest"):
            if field_of(record, name):
                self.others.add(hash(field_of(record, name)))
        self.others.add(hash(stamped(target_of(record), field_of(record, "WARC-Date"))))

    # --- revisits ---

    def _revisit(self, number: int, record: WarcRecord) -> Outcome | RevisitRecord | ImportedCapture | None:
        beside = self._beside(record)
        block = read_block(record, LONGEST)
        head = split_head(block)[0] if block.strip() else None
        content_type = "" if head is None else head.value("content-type")
        if not is_http(record):
            return None
        if "server-not-modified" in field_of(record, "WARC-Profile"):
            outcome = replace(self._told(record, head, content_type), status=_NOT_MODIFIED, reason=Reason.NOT_MODIFIED)
            outcome = asked(self._by_facts_of(outcome, beside.facts), beside.request, head)
            return _placed(outcome, beside.facts)
        if beside.facts is None and (self._repeats_another(record) or (head and not _holds_page(head, content_type))):
            return None
        self._place(record)
        outcome = self._by_facts_of(self._told(record, head, content_type), beside.facts)
        outcome = asked(outcome, beside.request, head)
        repeat = self._repeat(number, record, outcome)
        return None if repeat is None else _placed(repeat, beside.facts)

    def _by_facts_of(self, outcome: Outcome, facts: Facts | None) -> Outcome:
        return self._dated(outcome if facts is None else merged(outcome, facts))

    def _repeats_another(self, record: WarcRecord) -> bool:
        """True if what it repeats was passed over: surely no page."""
        named = (
            field_of(record, "WARC-Refers-To"),
            field_of(record, "WARC-Payload-Digest"),
            stamped(*refers_to(record)),
        )
        return any(name and hash(name) in self.others for name in named)

    def _repeat(self, number: int, record: WarcRecord, outcome: Outcome) -> RevisitRecord | None:
        original = field_of(record, "WARC-Refers-To")
        url, date = refers_to(record)
        if not url and original in self.places:
            url, date = self.places[original]
        digest = field_of(record, "WARC-Payload-Digest")
        marks = (UNRESOLVED, *((digest,) if digest else ()), *_same_as(url, date))
        repeat = RevisitRecord(self.file, number, _marked(outcome, marks))
        if original and not url:  # its original may stand further on
            self.by_id.append((repeat, original))
            return None
        return repeat

    def _named_by_id(self) -> list[ImportItem]:
        """The repeats that named their original by its record's id alone, now that all of the file is known."""
        done: list[ImportItem] = []
        for repeat, original in self.by_id:
            marks = _same_as(*self.places.get(original, ("", "")))
            done.append(replace(repeat, outcome=_marked(repeat.outcome, marks)))
        self.passed -= len(done)
        self.by_id.clear()
        return done


def _placed(found: Outcome | RevisitRecord, facts: Facts | None) -> Outcome | RevisitRecord | ImportedCapture:
    """What was found, with its place in the archive that wrote it; a whole page of an article needs none."""
    if facts is None or (facts.kind is SeedKind.ARTICLE and facts.part == 1):
        return found
    return ImportedCapture(content=found, kind=facts.kind, part=facts.part, first_page_url=facts.first_page_url)


def _with_request(
    found: Outcome | RevisitRecord | ImportedCapture, request: tuple[tuple[str, str], ...] | None
) -> Outcome | RevisitRecord | ImportedCapture:
    if isinstance(found, ImportedCapture):
        return replace(found, content=_request_of(found.content, request))
    return _request_of(found, request)


def _request_of(found: Outcome | RevisitRecord, request: tuple[tuple[str, str], ...] | None) -> Outcome | RevisitRecord:
    if isinstance(found, Outcome):
        return asked(found, request, None)
    return replace(found, outcome=asked(found.outcome, request, None))


def _marked(outcome: Outcome, marks: tuple[str, ...]) -> Outcome:
    return replace(outcome, flags=tuple(dict.fromkeys((*outcome.flags, *marks))))


def _same_as(url: str, date: str) -> tuple[str, ...]:
    try:
        return (f"{SAME_AS}{iso(parse_stamp(date))} {canonical_url(url)}",) if url and date else ()
    except BadInput:
        return ()


def _holds_page(head: Head | None, content_type: str) -> bool:
    return content_type.lower().startswith(_HTML) and (head is None or head.status[1] not in REDIRECTS)
