"""What a capture records and WARC has no field for, as one line of a ``metadata`` record.

A file written by us and read again gives the same captures: why a visit failed, when its answer was complete, which
redirects led to the page. Other programs pass over the line, as they do over any metadata they do not know.
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
"""The flag of a capture that repeats another's payload which nobody has brought yet."""

SAME_AS: Final = "same-as "
"""The beginning of a flag that names the capture repeated: when it was made, a space, and its address."""

_TEXTS: Final = ("url", "final_url", "detail", "content_type")
_MAYBE_TEXTS: Final = ("charset", "etag", "last_modified", "wire_sha256", "ip")
_MAYBE_NUMBERS: Final = ("wire_length", "status")
_MAYBE_TIMES: Final = ("finished_at", "retry_at")
_MOST_HOPS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """An outcome without what stands in the HTTP records beside it: its headers, its request, its payload.

    ``payload`` is the sha256 that payload has to have, None if there was none. ``kind`` is that of the capture's
    source; ``part`` as in a capture, and ``of`` the address of the page whose further part it is.
    """

    outcome: Outcome
    payload: str | None
    kind: SeedKind = SeedKind.ARTICLE
    part: int = 1
    first_page_url: str | None = None


def write_facts(capture: Capture, *, kind: SeedKind = SeedKind.ARTICLE, first_page_url: str | None = None) -> bytes:
    """The block of a metadata record about ``capture``, of a source of that ``kind``; ``of`` as in `Facts`."""
    told: dict[str, Any] = {name: getattr(capture, name) for name in (*_TEXTS, *_MAYBE_TEXTS, *_MAYBE_NUMBERS)}
    told |= {name: _time(getattr(capture, name)) for name in (*_MAYBE_TIMES, "captured_at")}
    told |= {"reason": capture.reason, "flags": capture.flags, "payload": capture.payload_sha256, "part": capture.part}
    told |= {"kind": kind} | ({"of": first_page_url} if first_page_url is not None else {})
    told["hops"] = [
        [hop.url, hop.status, hop.location, hop.reason_phrase, hop.headers, _time(hop.at), hop.ip]
        for hop in capture.hops
    ]
    if capture.exchange is not None:
        one = capture.exchange
        told["exchange"] = {"http": one.http_version, "port": one.port, "tls": one.tls, "seconds": one.seconds}
    return f"{FIELD}: {json.dumps(told, sort_keys=True, separators=(',', ':'))}\r\n".encode("ascii")


def read_facts(block: bytes) -> Facts | None:
    """What `write_facts` wrote; None if the block holds no such field. Raises `BadInput` if it cannot be used."""
    lines = (line.partition(b":") for line in block.splitlines())
    found = next((value for name, _, value in lines if name.strip().lower() == FIELD.encode()), None)
    if found is None:
        return None
    try:
        return _facts(json.loads(found))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise BadInput(f"{FIELD} cannot be used ({type(error).__name__}: {error})") from error


def _facts(told: Mapping[str, Any]) -> Facts:
    values: dict[str, Any] = {name: _typed(told[name], str) for name in ("detail", "content_type")}
    values |= {name: _maybe(told[name], str) for name in _MAYBE_TEXTS}
    values |= {name: _maybe(told[name], int) for name in _MAYBE_NUMBERS}
    started_at = parse_stamp(_typed(told["captured_at"], str))
    outcome = Outcome(
        requested_url=_typed(told["url"], str),
        final_url=_typed(told["final_url"], str),
        started_at=started_at,
        finished_at=_maybe_time(told["finished_at"]) or started_at,
        retry_at=_maybe_time(told["retry_at"]),
        reason=None if told["reason"] is None else Reason(told["reason"]),
        flags=tuple(_typed(flag, str) for flag in told["flags"]),
        hops=tuple(_hop(*hop) for hop in told["hops"][:_MOST_HOPS]),
        exchange=_exchange(told.get("exchange")),
        **values,
    )
    return Facts(
        outcome=outcome,
        payload=_maybe(told["payload"], str),
        kind=SeedKind(told.get("kind", SeedKind.ARTICLE)),  # files of older versions do not say
        part=_typed(told["part"], int),
        first_page_url=_maybe(told.get("of"), str),
    )


def _hop(
    url: str, status: int, location: str, phrase: str, headers: Sequence[Sequence[str]], at: str | None, ip: str | None
) -> Hop:
    return Hop(
        url=_typed(url, str),
        status=_typed(status, int),
        location=_typed(location, str),
        reason_phrase=_typed(phrase, str),
        headers=_pairs(headers),
        at=_maybe_time(at),
        ip=_maybe(ip, str),
    )


def _exchange(told: Mapping[str, Any] | None) -> Exchange | None:
    if told is None:
        return None
    return Exchange(
        http_version=_typed(told["http"], str),
        port=_maybe(told["port"], int),
        tls=_pairs(told["tls"]),
        seconds=tuple((_typed(name, str), float(value)) for name, value in told["seconds"]),
    )


def _pairs(found: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((_typed(name, str), _typed(value, str)) for name, value in found)


def _time(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def _maybe_time(text: Any) -> datetime | None:
    return None if text is None else parse_stamp(_typed(text, str))


def _maybe(value: Any, kind: type) -> Any:
    return None if value is None else _typed(value, kind)


def _typed(value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
