"""One capture as WARC/1.1 records: how it was asked for, what came, every redirect on the way, what else is known.

What is kept is the entity, decoded, and no longer the bytes of the wire. So a reply is written as its head and that
entity; the headers that would belie it (``Content-Encoding``, ``Transfer-Encoding``, and a ``Content-Length`` of the
coded body) are renamed to ``X-Archive-Orig-...``, as web archives do in replay, and every other byte of the head stays.
A body that did not decode whole is written as it came, under its own headers.

The ids of records follow from what they are about: the same capture always gives the same records.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from archive.formats.digests import is_digest
from archive.formats.warc.capture_metadata import SAME_AS, UNRESOLVED, write_facts
from archive.timestamps import iso
from db.records import Reason, SeedKind

if TYPE_CHECKING:
    from datetime import datetime

    from db.records import Capture, Exchange, Hop, Text

    Pairs = tuple[tuple[str, str], ...]

PROFILES: Final = "http://netpreserve.org/warc/1.1/revisit/"
"""What the names of the two ways to repeat a record begin with."""

_RENAMED: Final = "X-Archive-Orig-"
_AS_IT_CAME: Final = frozenset({Reason.TRUNCATED, Reason.DECODE, Reason.TOO_LARGE, Reason.PROTOCOL})
_CUT: Final = {Reason.TRUNCATED: "disconnect", Reason.TOO_LARGE: "length"}
_NAMES: Final = uuid.UUID("6f0a5d3e-3c1c-5b1d-9d3a-7a3f0c0f5a11")  # ours alone, so that ids meet nobody else's
_REPLY: Final = "application/http; msgtype=response"
_REQUEST: Final = "application/http; msgtype=request"
_FIELDS: Final = "application/warc-fields"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One WARC record: the pairs of its own head but for Content-Length and the block's digest, and its block."""

    headers: tuple[tuple[str, str], ...]
    block: bytes

    def value(self, name: str) -> str:
        """The first value of the field ``name``; empty if there is none."""
        return next((value for key, value in self.headers if key == name), "")


def warc_records(
    capture: Capture,
    payload: bytes | None,
    *,
    original: Capture | None = None,
    kind: SeedKind = SeedKind.ARTICLE,
    first_page_url: str | None = None,
) -> tuple[Record, ...]:
    """The records of ``capture``, whose ``payload`` has the digest it names (None: it has none).

    ``kind`` is that of its source; ``of`` the address of the page whose further part it is, which goes right before it.
    Redirects and the request come first, then a ``metadata`` record with what WARC has no field for, and last the
    reply: a ``response`` (``resource`` for what came without HTTP), or a ``revisit`` of ``original``, the capture whose
    payload it repeats or which it says is not modified. A visit that brought no reply is its metadata alone. All are
    tied to the last by WARC-Concurrent-To.
    """
    main = _main(capture, payload, original)
    told = None if main is None else main.value("WARC-Record-ID")
    records = [_hop(capture, number, hop, told) for number, hop in enumerate(capture.hops)]
    if capture.exchange is not None and capture.exchange.request:
        records.append(_request(capture, capture.exchange, told))
    records.append(_facts(capture, told, kind, first_page_url))
    return (*records, *(() if main is None else (main,)))


# --- the reply -------------------------------------------------------------------------------------------------------


def _main(capture: Capture, payload: bytes | None, original: Capture | None) -> Record | None:
    if capture.status is None and not capture.headers and UNRESOLVED not in capture.flags:
        if payload is None:
            return None
        return _record(
            capture, "resource", capture.content_type or "application/octet-stream", payload, _digest(capture)
        )
    if UNRESOLVED in capture.flags:
        return _unresolved(capture)
    if capture.reason is Reason.NOT_MODIFIED:
        return _revisit(capture, original, "server-not-modified")
    if original is not None:
        return _revisit(capture, original, "identical-payload-digest")
    cut = _CUT.get(capture.reason) if capture.reason is not None else None
    more = (*_digest(capture), *((("WARC-Truncated", cut),) if cut else ()), *_connection(capture))
    return _record(capture, "response", _REPLY, _head_of(capture, payload) + (payload or b""), more)


def _revisit(capture: Capture, original: Capture | None, profile: str) -> Record:
    more = [("WARC-Profile", PROFILES + profile), *_connection(capture)]
    if original is not None:
        more += [
            ("WARC-Refers-To", record_id(original, "reply")),
            ("WARC-Refers-To-Target-URI", original.final_url),
            ("WARC-Refers-To-Date", iso(original.captured_at)),
            *_digest(original),
        ]
    return _record(capture, "revisit", _REPLY, _head_of(capture, None), tuple(more))


def _unresolved(capture: Capture) -> Record:
    """A repeat that still waits for its original: all that is known is how its recorder named that one."""
    more = [("WARC-Profile", f"{PROFILES}identical-payload-digest"), *_connection(capture)]
    more += [("WARC-Payload-Digest", flag) for flag in capture.flags if is_digest(flag)][:1]
    for flag in capture.flags:
        if flag.startswith(SAME_AS):
            at, _, url = flag.removeprefix(SAME_AS).partition(" ")
            more += [("WARC-Refers-To-Target-URI", url), ("WARC-Refers-To-Date", at)]
    block = b"" if capture.status is None else _head_of(capture, None)
    return _record(capture, "revisit", _REPLY, block, tuple(more))


def _head_of(capture: Capture, payload: bytes | None) -> bytes:
    """Status line and headers as they came, save for the names of those that no longer hold for the body below."""
    version = capture.exchange.http_version if capture.exchange else "HTTP/1.1"
    whole = capture.reason not in _AS_IT_CAME and not any(flag.startswith("body-") for flag in capture.flags)
    pairs = capture.headers
    if payload is not None:
        belied = {"transfer-encoding"} | ({"content-encoding"} if whole else set())
        pairs = tuple((_renamed(name, value, belied, len(payload)), value) for name, value in pairs)
    return _block(f"{version} {capture.status or 200} {capture.reason_phrase}", pairs)


def _renamed(name: str, value: str, belied: set[str], length: int) -> str:
    low = name.lower()
    wrong = low in belied or (low == "content-length" and value.strip() != str(length))
    return f"{_RENAMED}{name}" if wrong else name


def _connection(capture: Capture) -> Pairs:
    """Where the reply came from and under which protocol, as far as that is known."""
    pairs = [] if capture.ip is None else [("WARC-IP-Address", capture.ip)]
    if capture.exchange is not None:
        pairs.append(("WARC-Protocol", capture.exchange.http_version.lower()))
        tls = dict(capture.exchange.tls)
        version = tls.get("version", "").lower().replace("tlsv", "tls/").replace(" ", "/")
        pairs += [("WARC-Protocol", version)] if version else []
        pairs += [("WARC-Cipher-Suite", tls["cipher"])] if tls.get("cipher") else []
    return tuple(pairs)


# --- what stands beside it -------------------------------------------------------------------------------------------


def _hop(capture: Capture, number: int, hop: Hop, told: str | None) -> Record:
    """A redirect followed on the way: its reply's head. Its body was never read."""
    pairs = hop.headers or (("Location", hop.location),)
    lengths = {"content-length", "transfer-encoding", "content-encoding"}
    kept = tuple((f"{_RENAMED}{name}" if name.lower() in lengths else name, value) for name, value in pairs)
    named = _named(capture, f"hop {number}", "response", hop.url, iso(hop.at or capture.captured_at))
    address = (("WARC-IP-Address", hop.ip),) if hop.ip else ()
    block = _block(f"HTTP/1.1 {hop.status} {hop.reason_phrase}", kept)
    empty = ("WARC-Payload-Digest", f"sha256:{hashlib.sha256().hexdigest()}")
    return Record(headers=(*named, ("Content-Type", _REPLY), empty, *address, *_tied(told)), block=block)


def _request(capture: Capture, exchange: Exchange, told: str | None) -> Record:
    url = urlsplit(capture.final_url)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    named = _named(capture, "request", "request", capture.final_url, iso(capture.captured_at))
    block = _block(f"GET {target} {exchange.http_version}", exchange.request)
    return Record(headers=(*named, ("Content-Type", _REQUEST), *_tied(told)), block=block)


def _facts(capture: Capture, told: str | None, kind: SeedKind, first_page_url: str | None) -> Record:
    named = _named(capture, "facts", "metadata", capture.final_url, iso(capture.captured_at))
    block = write_facts(capture, kind=kind, first_page_url=first_page_url)
    return Record(headers=(*named, ("Content-Type", _FIELDS), *_tied(told)), block=block)


# --- what was made of it, and of which hands the file is -------------------------------------------------------------


def info_record(software: str, at: datetime) -> Record:
    """The ``warcinfo`` at the head of a file, dated ``at``: what wrote it, and that it keeps to ISO 28500:2017."""
    stamp = iso(at)
    block = _block_of(
        ("software", software),
        ("format", "WARC File Format 1.1"),
        ("conformsTo", "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"),
        ("description", "captures of an archive of articles; entities are decoded, see X-Archive-Orig- headers"),
    )
    key = uuid.uuid5(_NAMES, f"warcinfo {stamp} {hashlib.sha256(block).hexdigest()}")
    headers = ("WARC-Type", "warcinfo"), ("WARC-Record-ID", f"<urn:uuid:{key}>"), ("WARC-Date", stamp)
    return Record(headers=(*headers, ("Content-Type", _FIELDS)), block=block)


def text_records(capture: Capture, text: Text, *, recipe: str) -> tuple[Record, Record]:
    """What was read on the page of ``capture``: its text as a ``conversion``, and a ``metadata`` record about that.

    The conversion is plain UTF-8: the headline, an empty line, the body, a paragraph a line.
    """
    reply = record_id(capture, "reply")
    block = f"{text.title}\n\n{text.body}\n".encode()
    digest = ("WARC-Payload-Digest", f"sha256:{hashlib.sha256(block).hexdigest()}")
    named = _named(capture, "text", "conversion", capture.final_url, iso(capture.captured_at))
    more = ("WARC-Refers-To", reply), ("Content-Type", "text/plain; charset=utf-8"), digest
    about = _named(capture, "text facts", "metadata", capture.final_url, iso(capture.captured_at))
    published = None if text.published_at is None else iso(text.published_at)
    known = {"title": text.title, "byline": text.byline, "published": published, "language": text.language}
    known |= {"text-sha256": text.sha256, "recipe": recipe}
    fields = _block_of(*((name, " ".join(value.split())) for name, value in known.items() if value))
    tied = ("WARC-Refers-To", record_id(capture, "text")), ("Content-Type", _FIELDS)
    return Record(headers=(*named, *more), block=block), Record(headers=(*about, *tied), block=fields)


def _block_of(*pairs: tuple[str, str]) -> bytes:
    """A block of the type ``application/warc-fields``, which is UTF-8."""
    return "".join(f"{name}: {value}\r\n" for name, value in pairs).encode("utf-8", "replace")


# --- the form of records ---------------------------------------------------------------------------------------------


def record_id(capture: Capture, role: str) -> str:
    """The id of one of the records of a capture, from its natural key and the record's ``role`` in it."""
    key = f"{capture.url} {iso(capture.captured_at)} {capture.payload_sha256} {capture.part} {role}"
    return f"<urn:uuid:{uuid.uuid5(_NAMES, key)}>"


def _record(capture: Capture, kind: str, content_type: str, block: bytes, more: Pairs) -> Record:
    named = _named(capture, "reply", kind, capture.final_url, iso(capture.captured_at))
    return Record(headers=(*named, ("Content-Type", content_type), *more), block=block)


def _named(capture: Capture, role: str, kind: str, url: str, at: str) -> Pairs:
    return (
        ("WARC-Type", kind),
        ("WARC-Record-ID", record_id(capture, role)),
        ("WARC-Target-URI", url),
        ("WARC-Date", at),
    )


def _tied(told: str | None) -> Pairs:
    return () if told is None else (("WARC-Concurrent-To", told),)


def _digest(capture: Capture) -> Pairs:
    known = capture.payload_sha256
    return () if known is None else (("WARC-Payload-Digest", f"sha256:{known}"),)


def _block(first: str, pairs: Pairs) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in pairs)]
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1", "replace")
