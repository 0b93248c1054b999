"""Shared by all importers: checks of address, date and status, and the `Outcome` they produce."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from archive.timestamps import iso, parse_stamp
from archive.urls import canonical_url, fetchable_url
from db.errors import BadInput
from db.records import TEXT_MEDIA_TYPE, Outcome, SeedKind, reason_of_status
from db.wall import cause_of, is_own_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

MAX_BYTES: Final = 64 * 2**20
"""The largest line or page accepted: three times the limit of a live visit, so that no file can exhaust memory."""

FLAG: Final = "import"
"""The flag of every imported outcome."""

TEXT_FIELDS: Final = ("text", "title", "byline", "published_at", "language")
"""The keys of a finished text."""

_CLOCK_ERROR: Final = timedelta(days=1)  # clocks and time zones of other machines may be wrong, but not by more


@dataclass(frozen=True, slots=True)
class BadLine:
    """A part of a file that cannot be used. ``line`` counts lines from 1, or records in a WARC file.

    ``problem`` says what is wrong and what was expected.
    """

    file: str
    line: int
    problem: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem}"


def read_or_reject(read: Callable[[], Outcome], *, file: str, line: int) -> Outcome | BadLine:
    """Return what ``read`` returns, or the reason why this part of a file cannot be used.

    Errors of the place are raised (``db.wall``).
    """
    try:
        return read()
    except BadInput as error:
        return BadLine(file, line, str(error))
    except Exception as error:
        if not is_own_fault(error):
            raise
        return BadLine(file, line, f"could not be read: {cause_of(error)}")


@dataclass(frozen=True, slots=True)
class SkippedRecords:
    """The number of records in a file without a page: pictures, redirects, requests without a response, DNS answers."""

    count: int


@dataclass(frozen=True, slots=True)
class RevisitRecord:
    """A page recorded as identical to another record: an outcome without payload, which must be found elsewhere.

    Its flags name the original: the payload digest as its recorder wrote it, and a flag that starts with `SAME_AS`.
    """

    file: str
    line: int
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedCapture:
    """A capture exported by an archive of this kind, with the kind of its source and its part number.

    For a further part, ``first_page_url`` is the address of its article's first page, which precedes it in the file.
    """

    content: Outcome | RevisitRecord
    kind: SeedKind = SeedKind.ARTICLE
    part: int = 1
    first_page_url: str | None = None

    @property
    def outcome(self) -> Outcome:
        """The visit's outcome, with or without its payload."""
        return self.content.outcome if isinstance(self.content, RevisitRecord) else self.content


ImportItem: TypeAlias = Outcome | RevisitRecord | ImportedCapture | BadLine | SkippedRecords
"""An entry of a file: a capture, a revisit, a problem, or the number of skipped records."""


def read_file(path: Path) -> bytes:
    """Return the bytes of a file with one page. Raises `BadInput` if it is too large or cannot be read."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"the file is larger than {MAX_BYTES // 2**20} MiB; expected one page")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})") from error


def modified_at(path: Path) -> str:
    """Return the time at which a file was changed last, to the second."""
    return iso(datetime.fromtimestamp(int(path.stat().st_mtime), UTC))


def page_outcome(
    *,
    url: str,
    captured_at: datetime,
    payload: bytes | None,
    content_type: str,
    charset: str | None,
    status: int | None,
) -> Outcome:
    """Return the outcome for a page that another tool fetched. Raises `BadInput` if ``url`` is no valid address."""
    address = canonical_url(url)
    return Outcome(
        requested_url=address,
        final_url=fetchable_url(address),  # as of a visit: without the fragment of a script's page
        started_at=captured_at,
        finished_at=captured_at,
        reason=None if status is None else reason_of_status(status),
        status=status,
        payload=payload,
        content_type=content_type,
        charset=charset,
        flags=(FLAG,),
    )


def text_outcome(*, url: str, captured_at: datetime, fields: Mapping[str, str | None], status: int | None) -> Outcome:
    """Return the outcome for a finished text. ``fields`` are `TEXT_FIELDS`. Raises `BadInput` if one cannot be used."""
    payload = text_payload(fields)
    return page_outcome(
        url=url, captured_at=captured_at, payload=payload, content_type=TEXT_MEDIA_TYPE, charset="utf-8", status=status
    )


def text_payload(fields: Mapping[str, str | None]) -> bytes:
    """Return the payload of a finished text: JSON with all `TEXT_FIELDS` (null if absent), sorted, in UTF-8.

    The same fields always give the same bytes. Raises `BadInput` for an empty text or an invalid ``published_at``.
    """
    content = {name: fields.get(name) or None for name in TEXT_FIELDS}
    if not (content["text"] or "").strip():
        raise BadInput("the text is empty; expected the text of an article")
    if content["published_at"]:
        content["published_at"] = iso(_parse_stamp("published_at", content["published_at"]))
    return utf8(json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def utf8(text: str) -> bytes:
    """Encode ``text`` as UTF-8. Raises `BadInput` for a lone surrogate, which is no character."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadInput(f"an incomplete character at position {error.start}; expected valid Unicode") from error


def parse_capture_time(text: str, *, now: datetime, name: str = "fetched_at") -> datetime:
    """Return the instant of a capture, read as UTC if it has no time zone. Raises `BadInput` if it is in the future."""
    instant = _parse_stamp(name, text)
    if instant > now + _CLOCK_ERROR:
        raise BadInput(f"{name} {text!r} lies in the future; expected the time at which the page was captured")
    return instant


def _parse_stamp(name: str, text: str) -> datetime:
    try:
        return parse_stamp(text)
    except BadInput as error:
        raise BadInput(f"{name} {text!r} is not a date; expected for example 2021-10-08T12:00:00Z") from error
