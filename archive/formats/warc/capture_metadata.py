"""Capture metadata for which WARC has no field, as one line of a ``metadata`` record.

A file written by us and read again gives the same captures: why a visit failed, when its answer was complete, which
redirects led to the page. Other programs ignore the line, like any metadata they do not know.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from archive.timestamps import iso, parse_stamp
from db.errors import BadInput
from db.records import Exchange, Hop, Outcome, Reason, SeedKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from db.records import Capture

FIELD: Final = "wirecopy-capture"
"""The name of the field, in a block of the type ``application/warc-fields``."""

UNRESOLVED: Final = "revisit-unresolved"
"""The flag of a revisit whose original payload is not in the archive."""

COMPLETE: Final = "revisit-complete"
"""The flag of an unresolved revisit of which only the payload is missing: its file has all other facts."""

SAME_AS: Final = "same-as "
"""The prefix of a flag that names the original of a revisit: its time, a space, and its address."""

_TEXTS: Final = ("url", "final_url", "detail", "content_type")
_OPTIONAL_TEXTS: Final = ("charset", "etag", "last_modified", "wire_sha256", "ip")
_OPTIONAL_NUMBERS: Final = ("wire_length", "status")
_OPTIONAL_TIMES: Final = ("finished_at", "retry_at")
_MAX_HOPS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureMetadata:
    """An outcome without the contents of the HTTP records beside it: its headers, its request, its payload.

    ``payload`` is the sha256 that the payload must have, or None if there was none. ``kind`` is that of the capture's
    source. ``part`` is as in a capture. ``first_page_url`` is set for a further part: the address of its article's
    first page.
    """

    outcome: Outcome
    payload: str | None
    kind: SeedKind = SeedKind.ARTICLE
    part: int = 1
    first_page_url: str | None = None


def write_capture_metadata(
    capture: Capture, *, kind: SeedKind = SeedKind.ARTICLE, first_page_url: str | None = None
) -> bytes:
    """Return the block of a metadata record about ``capture``. The other arguments are as in `CaptureMetadata`."""
    fields: dict[str, Any] = {name: getattr(capture, name) for name in (*_TEXTS, *_OPTIONAL_TEXTS, *_OPTIONAL_NUMBERS)}
    fields |= {name: _format_time(getattr(capture, name)) for name in (*_OPTIONAL_TIMES, "captured_at")}
    fields |= {
        "reason": capture.reason,
        "flags": capture.flags,
        "payload": capture.payload_sha256,
        "part": capture.part,
    }
    fields |= {"kind": kind} | ({"of": first_page_url} if first_page_url is not None else {})
    fields["hops"] = [
        [hop.url, hop.status, hop.location, hop.reason_phrase, hop.headers, _format_time(hop.at), hop.ip]
        for hop in capture.hops
    ]
    if capture.exchange is not None:
        exchange = capture.exchange
        fields["exchange"] = {
            "http": exchange.http_version,
            "port": exchange.port,
            "tls": exchange.tls,
            "seconds": exchange.seconds,
        }
    return f"{FIELD}: {json.dumps(fields, sort_keys=True, separators=(',', ':'))}\r\n".encode("ascii")


def parse_capture_metadata(block: bytes) -> CaptureMetadata | None:
    """Parse a block written by `write_capture_metadata`, or return None if the block has no such field.

    Raises `BadInput` if the field cannot be used.
    """
    lines = (line.partition(b":") for line in block.splitlines())
    field = next((value for name, _, value in lines if name.strip().lower() == FIELD.encode()), None)
    if field is None:
        return None
    try:
        return _from_fields(json.loads(field))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise BadInput(f"{FIELD} cannot be used ({type(error).__name__}: {error})") from error


def _from_fields(fields: Mapping[str, Any]) -> CaptureMetadata:
    values: dict[str, Any] = {name: _typed(fields[name], str) for name in ("detail", "content_type")}
    values |= {name: _typed_or_none(fields[name], str) for name in _OPTIONAL_TEXTS}
    values |= {name: _typed_or_none(fields[name], int) for name in _OPTIONAL_NUMBERS}
    started_at = parse_stamp(_typed(fields["captured_at"], str))
    outcome = Outcome(
        requested_url=_typed(fields["url"], str),
        final_url=_typed(fields["final_url"], str),
        started_at=started_at,
        finished_at=_parse_time(fields["finished_at"]) or started_at,
        retry_at=_parse_time(fields["retry_at"]),
        reason=None if fields["reason"] is None else Reason(fields["reason"]),
        flags=tuple(_typed(flag, str) for flag in fields["flags"]),
        hops=tuple(_parse_hop(*hop) for hop in fields["hops"][:_MAX_HOPS]),
        exchange=_parse_exchange(fields.get("exchange")),
        **values,
    )
    return CaptureMetadata(
        outcome=outcome,
        payload=_typed_or_none(fields["payload"], str),
        kind=SeedKind(fields.get("kind", SeedKind.ARTICLE)),  # missing in files of older versions
        part=_typed(fields["part"], int),
        first_page_url=_typed_or_none(fields.get("of"), str),
    )


def _parse_hop(
    url: str,
    status: int,
    location: str,
    phrase: str,
    headers: Sequence[Sequence[str]],
    answered_at: str | None,
    ip: str | None,
) -> Hop:
    return Hop(
        url=_typed(url, str),
        status=_typed(status, int),
        location=_typed(location, str),
        reason_phrase=_typed(phrase, str),
        headers=_pairs(headers),
        at=_parse_time(answered_at),
        ip=_typed_or_none(ip, str),
    )


def _parse_exchange(fields: Mapping[str, Any] | None) -> Exchange | None:
    if fields is None:
        return None
    return Exchange(
        http_version=_typed(fields["http"], str),
        port=_typed_or_none(fields["port"], int),
        tls=_pairs(fields["tls"]),
        seconds=tuple((_typed(name, str), float(value)) for name, value in fields["seconds"]),
    )


def _pairs(pairs: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((_typed(name, str), _typed(value, str)) for name, value in pairs)


def _format_time(instant: datetime | None) -> str | None:
    return None if instant is None else iso(instant)


def _parse_time(text: Any) -> datetime | None:
    return None if text is None else parse_stamp(_typed(text, str))


def _typed_or_none(value: Any, kind: type) -> Any:
    return None if value is None else _typed(value, kind)


def _typed(value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
