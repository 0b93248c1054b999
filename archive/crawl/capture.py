"""The step between the network and the ledger: an outcome becomes the record that is kept."""

from __future__ import annotations

import hashlib

from db.records import Capture, Outcome


def make_capture(source_id: int, outcome: Outcome, *, provenance: str = "live", part: int = 1) -> Capture:
    """The capture of one outcome. Its instant is when the request began, which is when the page stood there.

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


def validator_is_wrong(held: Capture | None, outcome: Outcome) -> bool:
    """True when a page that was asked for whole is not what is ``held`` although its validator says that it is.

    The ETag decides where both have one, else Last-Modified (RFC 9110, section 13.1.3).
    """
    if held is None or outcome.reason is not None or outcome.payload is None or held.final_url != outcome.final_url:
        return False
    if held.etag and outcome.etag:
        same = held.etag == outcome.etag
    else:
        same = bool(held.last_modified) and held.last_modified == outcome.last_modified
    return same and hashlib.sha256(outcome.payload).hexdigest() != held.payload_sha256
