"""From a recorded HTTP response to an outcome: the decoded body and the metadata recorded beside it."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from archive.formats.charset import charset_of
from archive.formats.content_coding import decode_entity, unchunk
from archive.formats.digests import matches_digest
from archive.formats.imported import FLAG, MAX_BYTES
from archive.formats.warc.reader import field_value
from archive.urls import canonical_url, fetchable_url
from db.records import Exchange, Outcome, Reason

if TYPE_CHECKING:
    from archive.formats.warc.capture_metadata import CaptureMetadata
    from archive.formats.warc.http_head import HttpHead
    from archive.formats.warc.reader import WarcRecord

_ORIGINAL_PREFIX: Final = "x-archive-orig-"
_MAX_DIGITS: Final = 16
_FRAMING: Final = frozenset({"content-encoding", "transfer-encoding", "content-length"})


def add_payload(outcome: Outcome, record: WarcRecord, head: HttpHead | None, raw: bytes) -> Outcome:
    """Add the payload, and if it is incomplete the reason. A body that cannot be decoded is stored as recorded."""
    if len(raw) > MAX_BYTES:
        return replace(outcome, reason=outcome.reason or Reason.TOO_LARGE, detail=f"over {MAX_BYTES} bytes")
    cut = field_value(record, "WARC-Truncated") or ("length" if record.raw_stream.limit else "")
    if cut:
        detail = f"cut when it was recorded ({cut})"
        return replace(
            _with_wire_facts(outcome, raw), payload=raw, reason=outcome.reason or Reason.TRUNCATED, detail=detail
        )
    if missing := _missing_bytes(head, raw):
        detail = f"cut when it was recorded: {missing} bytes less than its Content-Length"
        return replace(
            _with_wire_facts(outcome, raw), payload=raw, reason=outcome.reason or Reason.TRUNCATED, detail=detail
        )
    chunked = "chunked" in ("" if head is None else head.value("transfer-encoding").lower())
    unchunked = unchunk(raw) if chunked else None
    if unchunked is not None and unchunked.reason is not None:
        return replace(
            _with_wire_facts(outcome, raw),
            payload=raw,
            reason=outcome.reason or unchunked.reason,
            detail=unchunked.detail,
        )
    entity = raw if unchunked is None else unchunked.payload
    return _with_decoded_payload(_with_wire_facts(outcome, entity), record, head, raw, entity)


def _missing_bytes(head: HttpHead | None, raw: bytes) -> int:
    """Return how many bytes a body is shorter than its own length. 0 if a coding may have changed the length."""
    if head is None or head.values("content-encoding") or head.values("transfer-encoding"):
        return 0
    length = head.value("content-length")
    return max(0, int(length) - len(raw)) if length.isascii() and length.isdigit() and len(length) < _MAX_DIGITS else 0


def _with_wire_facts(outcome: Outcome, entity: bytes) -> Outcome:
    return replace(outcome, wire_sha256=sha256(entity).hexdigest(), wire_length=len(entity))


def _with_decoded_payload(
    outcome: Outcome, record: WarcRecord, head: HttpHead | None, raw: bytes, entity: bytes
) -> Outcome:
    digest = field_value(record, "WARC-Payload-Digest")
    codings = () if head is None else head.values("content-encoding")
    decoded = decode_entity(entity, codings, outcome.content_type, max_payload=MAX_BYTES)
    payload = None if decoded.reason is Reason.TOO_LARGE else decoded.payload
    charset, charset_flags = (None, ()) if decoded.reason else charset_of(outcome.content_type, payload)
    flags = (*outcome.flags, *decoded.flags, *charset_flags, *_digest_flags(digest, raw, entity, decoded.payload))
    reason = outcome.reason or decoded.reason
    return replace(outcome, payload=payload, reason=reason, detail=decoded.detail, charset=charset, flags=flags)


def _digest_flags(digest: str, raw: bytes, entity: bytes, payload: bytes) -> list[str]:
    """Return the recorded digest, by which revisits of this page are found, and a flag if it does not match.

    Recorders differ in which body they digest: as received, without its chunks, or decoded.
    """
    flags = [digest] if digest and digest.lower() != f"sha256:{sha256(payload).hexdigest()}" else []
    return flags if matches_digest(digest, raw, entity, payload) is not False else [*flags, "digest-mismatch"]


def add_archived_payload(outcome: Outcome, metadata: CaptureMetadata, record: WarcRecord, body: bytes) -> Outcome:
    """Add the payload of a page that this program wrote: the body is the payload itself, and its digest must match."""
    merged = merge_metadata(outcome, metadata)
    if len(body) > MAX_BYTES:
        return replace(merged, reason=merged.reason or Reason.TOO_LARGE, detail=f"over {MAX_BYTES} bytes")
    if record.raw_stream.limit:
        return replace(
            merged, payload=body, reason=merged.reason or Reason.TRUNCATED, detail="cut after it was recorded"
        )
    if metadata.payload is None:
        return merged
    holds = sha256(body).hexdigest() == metadata.payload
    return replace(merged, payload=body, flags=merged.flags if holds else (*merged.flags, "digest-mismatch"))


def outcome_from_metadata(metadata: CaptureMetadata) -> Outcome:
    """Return the outcome in the metadata, with its address checked. Raises `BadInput` if that is invalid."""
    outcome = metadata.outcome
    flags = outcome.flags if FLAG in outcome.flags else (*outcome.flags, FLAG)
    return replace(outcome, requested_url=canonical_url(outcome.requested_url), flags=flags)


def merge_metadata(outcome: Outcome, metadata: CaptureMetadata) -> Outcome:
    """Return the metadata's outcome with the response's own headers. Renamed headers get their original names back."""
    pairs = tuple((_restore_name(name), value) for name, value in outcome.headers)
    merged = replace(outcome_from_metadata(metadata), headers=pairs, reason_phrase=outcome.reason_phrase)
    return replace(merged, final_url=fetchable_url(merged.final_url))


def _restore_name(name: str) -> str:
    rest = name[len(_ORIGINAL_PREFIX) :]
    return rest if name.lower().startswith(_ORIGINAL_PREFIX) and rest.lower() in _FRAMING else name


def add_request(outcome: Outcome, request: tuple[tuple[str, str], ...] | None, head: HttpHead | None) -> Outcome:
    """Add the recorded request headers, if any."""
    if request is None:
        return outcome
    version = head.status[0] if head else "HTTP/1.1"
    exchange = outcome.exchange or Exchange(http_version=version)
    return replace(outcome, exchange=replace(exchange, request=request))
