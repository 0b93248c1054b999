"""The step from the network to the ledger: make a capture, or a page to be read, of an outcome."""

from __future__ import annotations

import hashlib

from db.records import Capture, Outcome, Page


def make_capture(source_id: int, outcome: Outcome, *, provenance: str = "live", part: int = 1) -> Capture:
    """Return the capture of one outcome. Its time is the start of the request, when the page was on the web.

    ``part`` is 2 and more for the further pages of an article.
    """
    return Capture(
        source_id=source_id,
        url=outcome.requested_url,
        final_url=outcome.final_url,
        captured_at=outcome.started_at,
        finished_at=outcome.finished_at,
        reason=outcome.reason,
        detail=outcome.detail,
        status=outcome.status,
        reason_phrase=outcome.reason_phrase,
        headers=outcome.headers,
        hops=outcome.hops,
        wire_sha256=outcome.wire_sha256,
        wire_length=outcome.wire_length,
        content_type=outcome.content_type,
        charset=outcome.charset,
        etag=outcome.etag,
        last_modified=outcome.last_modified,
        retry_at=outcome.retry_at,
        ip=outcome.ip,
        flags=outcome.flags,
        exchange=outcome.exchange,
        provenance=provenance,
        part=part,
    )


def page_of(outcome: Outcome) -> Page:
    """Return what extraction and discovery read of an outcome that has a payload."""
    return Page(
        payload=outcome.payload or b"",
        url=outcome.final_url,
        requested_url=outcome.requested_url,
        content_type=outcome.content_type,
        charset=outcome.charset,
        status=outcome.status,
        captured_at=outcome.started_at,
    )


def validator_is_wrong(previous: Capture | None, outcome: Outcome) -> bool:
    """True if an unconditional fetch returned other bytes than ``previous`` although the validator is unchanged.

    The validator is the ETag if both have one, else Last-Modified (RFC 9110, section 13.1.3).
    """
    if previous is None or outcome.reason is not None or outcome.payload is None:
        return False
    if previous.final_url != outcome.final_url:
        return False
    if previous.etag and outcome.etag:
        same = previous.etag == outcome.etag
    else:
        same = bool(previous.last_modified) and previous.last_modified == outcome.last_modified
    return same and hashlib.sha256(outcome.payload).hexdigest() != previous.payload_sha256
