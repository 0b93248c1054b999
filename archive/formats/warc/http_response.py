"""From a recorded reply to an outcome: the entity as the archive keeps it, and what was noted beside it."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from archive.formats.content_coding import decode_body, unchunk
from archive.formats.digests import matches_digest
from archive.formats.imported import FLAG, MOST_BYTES
from archive.formats.warc.reader import field_of
from archive.urls import canonical_url, fetchable_url
from db.records import Exchange, Outcome, Reason

if TYPE_CHECKING:
    from archive.formats.warc.capture_metadata import Facts
    from archive.formats.warc.http_head import Head
    from archive.formats.warc.reader import WarcRecord

_RENAMED: Final = "x-archive-orig-"
_FRAMING: Final = frozenset({"content-encoding", "transfer-encoding", "content-length"})


def with_payload(outcome: Outcome, record: WarcRecord, head: Head | None, raw: bytes) -> Outcome:
    """Add the entity, and if it is not whole why. A body that does not decode is kept as it came."""
    if len(raw) > MOST_BYTES:
        return replace(outcome, reason=outcome.reason or Reason.TOO_LARGE, detail=f"over {MOST_BYTES} bytes")
    cut = field_of(record, "WARC-Truncated") or ("length" if record.raw_stream.limit else "")
    if cut:
        detail = f"cut when it was recorded ({cut})"
        return replace(_measured(outcome, raw), payload=raw, reason=outcome.reason or Reason.TRUNCATED, detail=detail)
    chunked = "chunked" in ("" if head is None else head.value("transfer-encoding").lower())
    whole = unchunk(raw) if chunked else None
    if whole is not None and whole.reason is not None:
        return replace(_measured(outcome, raw), payload=raw, reason=outcome.reason or whole.reason, detail=whole.detail)
    entity = raw if whole is None else whole.payload
    return _decoded(_measured(outcome, entity), record, head, raw, entity)


def _measured(outcome: Outcome, entity: bytes) -> Outcome:
    return replace(outcome, wire_sha256=sha256(entity).hexdigest(), wire_length=len(entity))


def _decoded(outcome: Outcome, record: WarcRecord, head: Head | None, raw: bytes, entity: bytes) -> Outcome:
    digest = field_of(record, "WARC-Payload-Digest")
    decoded = decode_body(entity, () if head is None else head.values("content-encoding"), max_payload=MOST_BYTES)
    flags = (*outcome.flags, *decoded.flags, *_digest_flags(digest, raw, entity, decoded.payload))
    payload = None if decoded.reason is Reason.TOO_LARGE else decoded.payload
    reason = outcome.reason or decoded.reason
    return replace(outcome, payload=payload, reason=reason, detail=decoded.detail, flags=flags)


def _digest_flags(digest: str, raw: bytes, entity: bytes, payload: bytes) -> list[str]:
    """The digest as it was recorded, by which repeats of this page are found, and whether it does not hold.

    Recorders differ in what they take it of: the body as it came, without its chunks, or decoded.
    """
    flags = [digest] if digest and digest.lower() != f"sha256:{sha256(payload).hexdigest()}" else []
    return flags if matches_digest(digest, raw, entity, payload) is not False else [*flags, "digest-mismatch"]


def with_facts(outcome: Outcome, facts: Facts, record: WarcRecord, body: bytes) -> Outcome:
    """A page that we wrote: the body is the payload itself, and its digest must hold."""
    told = merged(outcome, facts)
    if len(body) > MOST_BYTES:
        return replace(told, reason=told.reason or Reason.TOO_LARGE, detail=f"over {MOST_BYTES} bytes")
    if record.raw_stream.limit:
        return replace(told, payload=body, reason=told.reason or Reason.TRUNCATED, detail="cut after it was recorded")
    if facts.payload is None:
        return told
    holds = sha256(body).hexdigest() == facts.payload
    return replace(told, payload=body, flags=told.flags if holds else (*told.flags, "digest-mismatch"))


def by_facts(facts: Facts) -> Outcome:
    """The outcome of facts alone, under addresses that are some. Raises `BadInput`."""
    told = facts.outcome
    flags = told.flags if FLAG in told.flags else (*told.flags, FLAG)
    return replace(told, requested_url=canonical_url(told.requested_url), flags=flags)


def merged(outcome: Outcome, facts: Facts) -> Outcome:
    """What facts say, with the reply's own head, whose renamed headers get their names back."""
    pairs = tuple((_restored(name), value) for name, value in outcome.headers)
    told = replace(by_facts(facts), headers=pairs, reason_phrase=outcome.reason_phrase)
    return replace(told, final_url=fetchable_url(told.final_url))


def _restored(name: str) -> str:
    rest = name[len(_RENAMED) :]
    return rest if name.lower().startswith(_RENAMED) and rest.lower() in _FRAMING else name


def asked(outcome: Outcome, request: tuple[tuple[str, str], ...] | None, head: Head | None) -> Outcome:
    """Add how the page was asked for, where that is known."""
    if request is None:
        return outcome
    version = head.status[0] if head else "HTTP/1.1"
    known = outcome.exchange or Exchange(http_version=version)
    return replace(outcome, exchange=replace(known, request=request))
