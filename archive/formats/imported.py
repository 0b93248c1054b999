"""What every import has in common: checks of address, date and status, and the `Outcome` they make."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from archive.timestamps import iso, parse_stamp
from archive.urls import canonical_url
from db.errors import BadInput
from db.records import TEXT_MEDIA_TYPE, Outcome, SeedKind, reason_of_status

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES: Final = 64 * 2**20
"""The largest line or page taken: three times what a live visit takes, so that a file never decides over our memory."""

FLAG: Final = "import"
"""The flag of every imported outcome."""

TEXT_FIELDS: Final = ("text", "title", "byline", "published_at", "language")
"""The keys of a finished text."""

_CLOCK_ERROR: Final = timedelta(days=1)  # clocks and zones of other machines may be off, but not by more


@dataclass(frozen=True, slots=True)
class BadLine:
    """Something in a file that cannot be used. ``line`` counts lines from 1, in a WARC file its records.

    ``problem`` says what is wrong and what was expected.
    """

    file: str
    line: int
    problem: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem}"


@dataclass(frozen=True, slots=True)
class SkippedRecords:
    """How many records of a file hold no page: pictures, redirects, requests without their reply, DNS answers."""

    count: int


@dataclass(frozen=True, slots=True)
class RevisitRecord:
    """A page recorded as "the same as that other record": an outcome without payload, to be found elsewhere.

    What it repeats stands in its flags: the payload digest as its recorder wrote it, and what begins with `SAME_AS`.
    """

    file: str
    line: int
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedCapture:
    """A capture that an archive of this kind had kept, with its place there: the kind of its source, and its part.

    ``of`` is the address of the page whose further part it is, which stands right before it in the file.
    """

    content: Outcome | RevisitRecord
    kind: SeedKind = SeedKind.ARTICLE
    part: int = 1
    first_page_url: str | None = None

    @property
    def outcome(self) -> Outcome:
        """What came of the visit, with or without its payload."""
        return self.content.outcome if isinstance(self.content, RevisitRecord) else self.content


ImportItem: TypeAlias = Outcome | RevisitRecord | ImportedCapture | BadLine | SkippedRecords
"""What a file holds: captures, repeats of captures, what cannot be used, and how much is passed over."""


def page_outcome(
    *, url: str, at: datetime, payload: bytes | None, content_type: str, charset: str | None, status: int | None
) -> Outcome:
    """A page as some other tool got it at ``at``. Raises `BadInput` if ``url`` is no address."""
    address = canonical_url(url)
    return Outcome(
        requested_url=address,
        final_url=address,
        started_at=at,
        finished_at=at,
        reason=None if status is None else reason_of_status(status),
        status=status,
        payload=payload,
        content_type=content_type,
        charset=charset,
        flags=(FLAG,),
    )


def text_outcome(*, url: str, at: datetime, fields: Mapping[str, str | None], status: int | None) -> Outcome:
    """An article that came as finished text. ``fields`` are `TEXT_FIELDS`; raises `BadInput` if one cannot be used."""
    payload = text_payload(fields)
    return page_outcome(url=url, at=at, payload=payload, content_type=TEXT_MEDIA_TYPE, charset="utf-8", status=status)


def text_payload(fields: Mapping[str, str | None]) -> bytes:
    """The payload of a finished text: JSON with every one of `TEXT_FIELDS` (null if absent), sorted, in UTF-8.

    The same fields always give the same bytes. Raises `BadInput` for an empty text, or a wrong ``published_at``.
    """
    content = {name: fields.get(name) or None for name in TEXT_FIELDS}
    if not (content["text"] or "").strip():
        raise BadInput("the text is empty; expected the words of an article")
    if content["published_at"]:
        content["published_at"] = iso(_stamp("published_at", content["published_at"]))
    return utf8(json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def utf8(text: str) -> bytes:
    """``text`` in UTF-8. Raises `BadInput` for half a surrogate pair, which is no character."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadInput(f"half a character at position {error.start}; expected valid Unicode") from error


def captured_at(text: str, *, now: datetime, name: str = "fetched_at") -> datetime:
    """The moment of a capture: absolute, UTC unless it says otherwise. Raises `BadInput` if it lies in the future."""
    at = _stamp(name, text)
    if at > now + _CLOCK_ERROR:
        raise BadInput(f"{name} {text!r} lies in the future; expected when the page was captured")
    return at


def _stamp(name: str, text: str) -> datetime:
    try:
        return parse_stamp(text)
    except BadInput as error:
        raise BadInput(f"{name} {text!r} is not a date; expected for example 2021-10-08T12:00:00Z") from error
