"""What crawlers record: WARC files (ISO 28500) and WACZ, which is WARC files in a zip.

Taken are ``response`` and ``resource`` records that hold HTML, and ``revisit`` records of such: one that says "the same
as that other record" gets the other's payload, if it stands before it in the same file. Everything else (pictures,
requests, redirects) is passed over. Reading is warcio's, an optional extra.
"""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from email.message import Message
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

from archive.errors import BadInput
from archive.importing.outcomes import MOST_BYTES, BadLine, captured_at, page_outcome
from db.records import Outcome, Reason

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_Open: TypeAlias = Callable[[], IO[bytes]]
_Record: TypeAlias = Any  # warcio names no types

_HTML: Final = ("text/html", "application/xhtml+xml")
_KNOWN_CODINGS: Final = frozenset({"", "identity", "none", "gzip", "deflate", "br"})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_NOT_MODIFIED: Final = 304


def read_warc(path: Path, now: datetime) -> Iterator[Outcome | BadLine]:
    """The outcome of each HTML record of a ``.warc`` or ``.warc.gz`` file. Raises `BadInput` without warcio."""
    return _Reader(str(path), now, _archive_iterator()).read(lambda: path.open("rb"))


def read_wacz(path: Path, now: datetime) -> Iterator[Outcome | BadLine]:
    """The outcome of each HTML record in the WARC files of a ``.wacz``. Raises `BadInput` if it is none."""
    iterator = _archive_iterator()
    try:
        with zipfile.ZipFile(path) as packed:
            names = [name for name in sorted(packed.namelist()) if name.startswith("archive/") and ".warc" in name]
    except (zipfile.BadZipFile, OSError) as error:
        raise BadInput(f"{path}: not a WACZ, which is a zip file ({error})") from error
    if not names:
        raise BadInput(f"{path}: holds no WARC file; expected archive/*.warc.gz inside")
    return _read_members(path, names, now, iterator)


def _read_members(path: Path, names: list[str], now: datetime, iterator: Any) -> Iterator[Outcome | BadLine]:
    held: dict[str, _Place] = {}
    with zipfile.ZipFile(path) as packed:
        for name in names:
            reader = _Reader(f"{path}/{name}", now, iterator, held)
            yield from reader.read(lambda name=name: packed.open(name))  # type: ignore[misc]


def _archive_iterator() -> Any:
    try:
        return importlib.import_module("warcio.archiveiterator").ArchiveIterator
    except ImportError as error:
        raise BadInput("WARC and WACZ files need warcio: pip install 'wirecopy[warc]'") from error


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a record stands, so that a revisit can read it again instead of all payloads being held in memory."""

    open: _Open
    offset: int


@dataclass(slots=True)
class _Reader:
    """Reads one WARC file. ``held`` knows where each HTML record stands: by id, by address and date, by digest."""

    file: str
    now: datetime
    iterator: Any
    held: dict[str, _Place] = field(default_factory=dict)

    def read(self, opened: _Open) -> Iterator[Outcome | BadLine]:
        """Everything in the file, in order; after damage that cannot be stepped over, one `BadLine` and the end."""
        number = 0
        try:
            with opened() as stream:
                records = self.iterator(stream)
                for number, record in enumerate(records, start=1):
                    read = self._outcome_or_bad(number, record)
                    if read is not None:
                        yield read
                    if isinstance(read, Outcome) and record.rec_type != "revisit":
                        self._remember(record, _Place(opened, records.get_record_offset()))
        except Exception as error:  # noqa: BLE001  (warcio raises whatever it stumbles over in a damaged file)
            problem = f"the file is damaged from here on ({_first_line(error)}); the records before were read"
            yield BadLine(self.file, number + 1, problem)

    def _outcome_or_bad(self, number: int, record: _Record) -> Outcome | BadLine | None:
        try:
            if record.rec_type == "revisit":
                return self._revisit(record)
            if record.rec_type in {"response", "resource"} and _holds_html(record) and not _redirects(record):
                return _outcome(record, record, self.now)
        except BadInput as error:
            return BadLine(self.file, number, str(error))
        return None

    def _revisit(self, record: _Record) -> Outcome | None:
        """A page that was the same as before: not modified, or with the payload of the record it refers to."""
        if "server-not-modified" in _header(record, "WARC-Profile"):
            return _dated(record, self.now, status=_NOT_MODIFIED)
        place = next((self.held[name] for name in _refers_to(record) if name in self.held), None)
        if place is not None:
            with place.open() as stream:
                stream.seek(place.offset)
                return _outcome(next(iter(self.iterator(stream))), record, self.now)
        if _holds_html(record):
            raise BadInput("a revisit of a page that is not in this file; expected the record it refers to before it")
        return None

    def _remember(self, record: _Record, place: _Place) -> None:
        moment, digest = _header(record, "WARC-Date"), _header(record, "WARC-Payload-Digest")
        for name in (_header(record, "WARC-Record-ID"), f"{_target(record)} {moment}", digest):
            if name:
                self.held.setdefault(name, place)


def _refers_to(record: _Record) -> tuple[str, str, str]:
    """The three ways in which a revisit may name the record it repeats, the surest first."""
    target = _header(record, "WARC-Refers-To-Target-URI").strip("<>")
    moment = _header(record, "WARC-Refers-To-Date")
    return _header(record, "WARC-Refers-To"), f"{target} {moment}", _header(record, "WARC-Payload-Digest")


# --- one record ------------------------------------------------------------------------------------------------------


def _outcome(record: _Record, dated_by: _Record, now: datetime) -> Outcome:
    """The page in ``record``, under the address and date of ``dated_by`` (itself, or a revisit of it)."""
    outcome = _dated(dated_by, now, status=_status(record), content_type=_content_type(record))
    payload, reason, detail = _payload(record)
    return replace(
        outcome,
        payload=payload,
        reason=outcome.reason or reason,
        detail=detail,
        reason_phrase=_status_line(record).partition(" ")[2],
        headers=tuple(record.http_headers.headers) if record.http_headers else (),
        etag=_http(record, "ETag") or None,
        last_modified=_http(record, "Last-Modified") or None,
    )


def _dated(record: _Record, now: datetime, *, status: int | None, content_type: str = "") -> Outcome:
    """An outcome without a payload, with what the headers of a WARC record say."""
    outcome = page_outcome(
        url=_target(record),
        at=captured_at(_header(record, "WARC-Date"), now=now, name="WARC-Date"),
        payload=None,
        content_type=content_type,
        charset=_charset(content_type),
        status=status,
    )
    return replace(outcome, ip=_header(record, "WARC-IP-Address") or None)


def _payload(record: _Record) -> tuple[bytes | None, Reason | None, str]:
    """The entity, and if it is not whole why. A body that does not decode is kept as it came."""
    raw = record.raw_stream.read(MOST_BYTES + 1)
    announced = record.payload_length if record.http_headers else record.length
    if len(raw) > MOST_BYTES:
        return None, Reason.TOO_LARGE, f"over {MOST_BYTES} bytes"
    if _header(record, "WARC-Truncated") or (announced is not None and len(raw) < announced):
        return raw, Reason.TRUNCATED, f"cut when it was recorded ({_header(record, 'WARC-Truncated') or 'length'})"
    coding = _http(record, "Content-Encoding").lower()
    if coding not in _KNOWN_CODINGS:
        return raw, Reason.DECODE, f"content coding {coding}"
    return _decoded(record, raw)


def _decoded(record: _Record, raw: bytes) -> tuple[bytes | None, Reason | None, str]:
    """Undo chunks and coding with warcio, which does not tell a whole body from one that ends too early."""
    again = type(record)(
        record.format,
        record.rec_type,
        record.rec_headers,
        BytesIO(raw),
        record.http_headers,
        record.content_type,
        len(raw),
    )
    stream = again.content_stream()
    try:
        payload = stream.read(MOST_BYTES + 1)
    except Exception as error:  # noqa: BLE001  (each decompressor has errors of its own, warcio adds bare ones)
        return raw, Reason.DECODE, _first_line(error)
    if len(payload) > MOST_BYTES:
        return None, Reason.TOO_LARGE, f"over {MOST_BYTES} bytes decoded"
    if not getattr(getattr(stream, "decompressor", None), "eof", True):
        return raw, Reason.TRUNCATED, "the compressed body ends before its end mark"
    return payload, None, ""


# --- headers ---------------------------------------------------------------------------------------------------------


def _header(record: _Record, name: str) -> str:
    return str(record.rec_headers.get_header(name) or "").strip()


def _http(record: _Record, name: str) -> str:
    return str(record.http_headers.get_header(name) or "").strip() if record.http_headers else ""


def _target(record: _Record) -> str:
    return _header(record, "WARC-Target-URI").strip("<>")


def _content_type(record: _Record) -> str:
    """Of the page: what HTTP said, or, in a record without HTTP, what the record says."""
    return _http(record, "Content-Type") if record.http_headers else _header(record, "Content-Type")


def _holds_html(record: _Record) -> bool:
    return _content_type(record).lower().startswith(_HTML)


def _redirects(record: _Record) -> bool:
    return _status(record) in _REDIRECTS


def _status_line(record: _Record) -> str:
    return str(record.http_headers.statusline).strip() if record.http_headers else ""


def _status(record: _Record) -> int | None:
    digits = _status_line(record).partition(" ")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else None


def _charset(content_type: str) -> str | None:
    parsed = Message()
    parsed["Content-Type"] = content_type
    return parsed.get_content_charset()


def _first_line(error: Exception) -> str:
    """What a foreign error says, in one line; warcio draws boxes."""
    lines = [line.strip(" -") for line in str(error).splitlines() if line.strip(" -")]
    return lines[0] if lines else type(error).__name__
