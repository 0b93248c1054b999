"""One capture as WARC/1.1 records: the request, the response, every redirect, and further metadata.

The archive stores the decoded body and no longer the bytes of the wire. So a response is written as its head and that
body. The headers that no longer hold (``Content-Encoding``, ``Transfer-Encoding``, and a ``Content-Length`` of the
coded body) are renamed to ``X-Archive-Orig-...``, as web archives do in replay. Every other byte of the head is
unchanged. A body that could not be decoded is written as received, under its own headers.

The ids of records are derived from their contents: the same capture always gives the same records.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from archive.formats.digests import is_digest
from archive.formats.http_status import REDIRECTS
from archive.formats.warc.capture_metadata import SAME_AS, UNRESOLVED, write_capture_metadata
from archive.timestamps import iso
from db.records import Reason, SeedKind

if TYPE_CHECKING:
    from datetime import datetime

    from db.records import Capture, Exchange, Hop, Text

    Pairs = tuple[tuple[str, str], ...]

PROFILES: Final = "http://netpreserve.org/warc/1.1/revisit/"
"""The common beginning of the two revisit profiles."""

_ORIGINAL_PREFIX: Final = "X-Archive-Orig-"
_UNDECODED: Final = frozenset({Reason.TRUNCATED, Reason.DECODE, Reason.TOO_LARGE, Reason.PROTOCOL})
_TRUNCATION: Final = {Reason.TRUNCATED: "disconnect", Reason.TOO_LARGE: "length"}
_NAMESPACE: Final = uuid.UUID(
    "6f0a5d3e-3c1c-5b1d-9d3a-7a3f0c0f5a11"
)  # our own namespace, so that ids never collide with those of others
_RESPONSE_TYPE: Final = "application/http; msgtype=response"
_REQUEST_TYPE: Final = "application/http; msgtype=request"
_FIELDS_TYPE: Final = "application/warc-fields"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One WARC record: its header fields without Content-Length and the block's digest, and its block."""

    headers: tuple[tuple[str, str], ...]
    block: bytes

    def value(self, name: str) -> str:
        """Return the first value of the field ``name``, or an empty string."""
        return next((value for key, value in self.headers if key == name), "")


def warc_records(
    capture: Capture,
    payload: bytes | None,
    *,
    original: Capture | None = None,
    kind: SeedKind = SeedKind.ARTICLE,
    first_page_url: str | None = None,
) -> tuple[Record, ...]:
    """Return the records of ``capture``. ``payload`` has the digest it names, or is None if it has none.

    ``kind`` is that of its source. ``first_page_url`` is set for a further part: the address of its article's first
    page, which directly precedes it. The order is: redirects, the request, a ``metadata`` record with what WARC has no
    field for, and the response. The last is a ``response`` (``resource`` for a capture without HTTP), or a ``revisit``
    of ``original``, the capture with the same payload or the one that a 304 refers to. A visit without a response has
    only its metadata record. WARC-Concurrent-To connects all records to the last one.
    """
    response = _response_record(capture, payload, original)
    response_id = None if response is None else response.value("WARC-Record-ID")
    # A page that sent its reader on (a meta refresh) is a hop too. Its body was not kept, so it makes no record.
    redirects = [(number, hop) for number, hop in enumerate(capture.hops) if hop.status in REDIRECTS]
    records = [_redirect_record(capture, number, hop, response_id) for number, hop in redirects]
    if capture.exchange is not None and capture.exchange.request:
        records.append(_request_record(capture, capture.exchange, response_id))
    records.append(_metadata_record(capture, response_id, kind, first_page_url))
    return (*records, *(() if response is None else (response,)))


# --- the response ----------------------------------------------------------------------------------------------------


def _response_record(capture: Capture, payload: bytes | None, original: Capture | None) -> Record | None:
    if UNRESOLVED in capture.flags:
        return _unresolved_record(capture)
    if capture.reason is Reason.NOT_MODIFIED and _has_http(capture):
        return _revisit_record(capture, original, "server-not-modified")
    if original is not None and capture.payload_sha256 is not None:
        return _revisit_record(capture, original, "identical-payload-digest")
    if not _has_http(capture):
        if payload is None:
            return None
        content_type = capture.content_type or "application/octet-stream"
        return _record(capture, "resource", content_type, payload, _digest_field(capture))
    truncation = _TRUNCATION.get(capture.reason) if capture.reason is not None else None
    more = (
        *_digest_field(capture),
        *((("WARC-Truncated", truncation),) if truncation else ()),
        *_connection_fields(capture),
    )
    return _record(capture, "response", _RESPONSE_TYPE, _http_head(capture, payload) + (payload or b""), more)


def _has_http(capture: Capture) -> bool:
    """True if anything of an HTTP response is known. A saved page has none."""
    return capture.status is not None or bool(capture.headers)


def _revisit_record(capture: Capture, original: Capture | None, profile: str) -> Record:
    """Return the revisit of ``original``. Its block is empty if the capture had no HTTP."""
    more = [("WARC-Profile", PROFILES + profile), *_connection_fields(capture)]
    if original is not None:
        more += [
            ("WARC-Refers-To", record_id(original, "reply")),
            ("WARC-Refers-To-Target-URI", original.final_url),
            ("WARC-Refers-To-Date", iso(original.captured_at)),
            *_digest_field(original),
        ]
    block = _http_head(capture, None) if _has_http(capture) else b""
    return _record(capture, "revisit", _RESPONSE_TYPE, block, tuple(more))


def _unresolved_record(capture: Capture) -> Record:
    """Return a revisit whose original is not known yet. It only names it as its recorder did."""
    more = [("WARC-Profile", f"{PROFILES}identical-payload-digest"), *_connection_fields(capture)]
    more += [("WARC-Payload-Digest", flag) for flag in capture.flags if is_digest(flag)][:1]
    for flag in capture.flags:
        if flag.startswith(SAME_AS):
            date, _, url = flag.removeprefix(SAME_AS).partition(" ")
            more += [("WARC-Refers-To-Target-URI", url), ("WARC-Refers-To-Date", date)]
    block = _http_head(capture, None) if _has_http(capture) else b""
    return _record(capture, "revisit", _RESPONSE_TYPE, block, tuple(more))


def _http_head(capture: Capture, payload: bytes | None) -> bytes:
    """Return status line and headers as received, except for renamed headers that do not hold for the body below."""
    version = capture.exchange.http_version if capture.exchange else "HTTP/1.1"
    is_decoded = capture.reason not in _UNDECODED and not any(flag.startswith("body-") for flag in capture.flags)
    pairs = capture.headers
    if payload is not None:
        wrong_names = {"transfer-encoding"} | ({"content-encoding"} if is_decoded else set())
        pairs = tuple((_header_name(name, value, wrong_names, len(payload)), value) for name, value in pairs)
    return _http_block(f"{version} {capture.status or 200} {capture.reason_phrase}", pairs)


def _header_name(name: str, value: str, wrong_names: set[str], length: int) -> str:
    lower = name.lower()
    is_wrong = lower in wrong_names or (lower == "content-length" and value.strip() != str(length))
    return f"{_ORIGINAL_PREFIX}{name}" if is_wrong else name


def _connection_fields(capture: Capture) -> Pairs:
    """Return the address and protocol of the connection, as far as known."""
    pairs = [] if capture.ip is None else [("WARC-IP-Address", capture.ip)]
    if capture.exchange is not None:
        pairs.append(("WARC-Protocol", capture.exchange.http_version.lower()))
        tls = dict(capture.exchange.tls)
        version = tls.get("version", "").lower().replace("tlsv", "tls/").replace(" ", "/")
        pairs += [("WARC-Protocol", version)] if version else []
        pairs += [("WARC-Cipher-Suite", tls["cipher"])] if tls.get("cipher") else []
    return tuple(pairs)


# --- records beside the response -------------------------------------------------------------------------------------


_LONGEST_VISIT = timedelta(hours=12)  # far more than the deadline of a visit, far less than a clock that matters


def _hop_time(capture: Capture, hop: Hop) -> datetime:
    """Return when a redirect came. If the dates of its capture were corrected, its own is by the wrong clock."""
    is_other_clock = capture.provenance == "live" and hop.at and abs(hop.at - capture.captured_at) > _LONGEST_VISIT
    return capture.captured_at if hop.at is None or is_other_clock else hop.at


def _redirect_record(capture: Capture, number: int, hop: Hop, response_id: str | None) -> Record:
    """Return the response head of a redirect that was followed. Its body was never read."""
    pairs = hop.headers or (("Location", hop.location),)
    lengths = {"content-length", "transfer-encoding", "content-encoding"}
    headers = tuple((f"{_ORIGINAL_PREFIX}{name}" if name.lower() in lengths else name, value) for name, value in pairs)
    fields = _naming_fields(capture, f"hop {number}", "response", hop.url, iso(_hop_time(capture, hop)))
    address = (("WARC-IP-Address", hop.ip),) if hop.ip else ()
    block = _http_block(f"HTTP/1.1 {hop.status} {hop.reason_phrase}", headers)
    empty = ("WARC-Payload-Digest", f"sha256:{hashlib.sha256().hexdigest()}")
    return Record(
        headers=(*fields, ("Content-Type", _RESPONSE_TYPE), empty, *address, *_concurrent_field(response_id)),
        block=block,
    )


def _request_record(capture: Capture, exchange: Exchange, response_id: str | None) -> Record:
    url = urlsplit(capture.final_url)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    fields = _naming_fields(capture, "request", "request", capture.final_url, iso(capture.captured_at))
    block = _http_block(f"GET {target} {exchange.http_version}", exchange.request)
    return Record(headers=(*fields, ("Content-Type", _REQUEST_TYPE), *_concurrent_field(response_id)), block=block)


def _metadata_record(capture: Capture, response_id: str | None, kind: SeedKind, first_page_url: str | None) -> Record:
    fields = _naming_fields(capture, "facts", "metadata", capture.final_url, iso(capture.captured_at))
    block = write_capture_metadata(capture, kind=kind, first_page_url=first_page_url)
    return Record(headers=(*fields, ("Content-Type", _FIELDS_TYPE), *_concurrent_field(response_id)), block=block)


# --- extracted text and warcinfo -------------------------------------------------------------------------------------


def info_record(software: str, created_at: datetime) -> Record:
    """Return the ``warcinfo`` record at the head of a file: the software, and the standard it follows."""
    stamp = iso(created_at)
    block = _fields_block(
        ("software", software),
        ("format", "WARC File Format 1.1"),
        ("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
        ("description", "captures of an archive of articles; entities are decoded, see X-Archive-Orig- headers"),
    )
    key = uuid.uuid5(_NAMESPACE, f"warcinfo {stamp} {hashlib.sha256(block).hexdigest()}")
    headers = ("WARC-Type", "warcinfo"), ("WARC-Record-ID", f"<urn:uuid:{key}>"), ("WARC-Date", stamp)
    return Record(headers=(*headers, ("Content-Type", _FIELDS_TYPE)), block=block)


def text_records(capture: Capture, text: Text, *, recipe: str) -> tuple[Record, Record]:
    """Return the extracted text of a page as a ``conversion`` record, and a ``metadata`` record about it.

    The conversion is plain UTF-8: the headline, an empty line, and the body with one paragraph per line.
    """
    response_id = record_id(capture, "reply")
    block = f"{text.title}\n\n{text.body}\n".encode()
    digest = ("WARC-Payload-Digest", f"sha256:{hashlib.sha256(block).hexdigest()}")
    naming = _naming_fields(capture, "text", "conversion", capture.final_url, iso(capture.captured_at))
    more = ("WARC-Refers-To", response_id), ("Content-Type", "text/plain; charset=utf-8"), digest
    metadata_naming = _naming_fields(capture, "text facts", "metadata", capture.final_url, iso(capture.captured_at))
    published = None if text.published_at is None else iso(text.published_at)
    known = {"title": text.title, "byline": text.byline, "published": published, "language": text.language}
    known |= {"text-sha256": text.sha256, "recipe": recipe}
    fields = _fields_block(*((name, " ".join(value.split())) for name, value in known.items() if value))
    metadata_more = ("WARC-Refers-To", record_id(capture, "text")), ("Content-Type", _FIELDS_TYPE)
    conversion = Record(headers=(*naming, *more), block=block)
    return conversion, Record(headers=(*metadata_naming, *metadata_more), block=fields)


def _fields_block(*pairs: tuple[str, str]) -> bytes:
    """Return a block of the type ``application/warc-fields``, in UTF-8."""
    return "".join(f"{name}: {value}\r\n" for name, value in pairs).encode("utf-8", "replace")


# --- parts of records ------------------------------------------------------------------------------------------------


def record_id(capture: Capture, role: str) -> str:
    """Return the id of a record of a capture, from the capture's natural key and the record's ``role`` in it."""
    key = f"{capture.url} {iso(capture.captured_at)} {capture.payload_sha256} {capture.part} {role}"
    return f"<urn:uuid:{uuid.uuid5(_NAMESPACE, key)}>"


def _record(capture: Capture, kind: str, content_type: str, block: bytes, more: Pairs) -> Record:
    fields = _naming_fields(capture, "reply", kind, capture.final_url, iso(capture.captured_at))
    return Record(headers=(*fields, ("Content-Type", content_type), *more), block=block)


def _naming_fields(capture: Capture, role: str, kind: str, url: str, date: str) -> Pairs:
    return (
        ("WARC-Type", kind),
        ("WARC-Record-ID", record_id(capture, role)),
        ("WARC-Target-URI", url),
        ("WARC-Date", date),
    )


def _concurrent_field(response_id: str | None) -> Pairs:
    return () if response_id is None else (("WARC-Concurrent-To", response_id),)


def _digest_field(capture: Capture) -> Pairs:
    sha256 = capture.payload_sha256
    return () if sha256 is None else (("WARC-Payload-Digest", f"sha256:{sha256}"),)


def _http_block(first: str, pairs: Pairs) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in pairs)]
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1", "replace")
