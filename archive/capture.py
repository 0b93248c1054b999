"""The step between the network and the ledger: an outcome becomes the record that is kept."""

from __future__ import annotations

from db.records import Capture, Outcome


def make_capture(source_id: int, outcome: Outcome, *, provenance: str = "live") -> Capture:
    """The capture of one outcome. Its instant is when the request began, which is when the page stood there."""
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
    )
