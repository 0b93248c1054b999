"""Writing facts: captures and their payloads. Rows of these tables are added and never changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from db import blobs
from db.questions.rows import exchange_column, hops_column
from db.records import Reason, SeedKind
from db.schema import capture, payload, source, underived
from db.times import micros, micros_or_none

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from db.records import Capture


_SHOWN = (capture.c.reason.is_(None) & capture.c.payload_id.is_not(None)) | (
    capture.c.reason == str(Reason.NOT_MODIFIED)
)


def record(connection: Connection, found: Sequence[tuple[Capture, bytes | None]], run_id: int | None) -> list[int]:
    """Add captures; one whose natural key is there already changes nothing. Returns the ids of the new ones.

    Whole pages of articles go on the ledger, and 304s, which have nothing to extract but a history to settle; a feed
    or sitemap has no text to derive. A 304 is kept without a payload: which page it speaks of is read from its place
    in time (``db.questions.captures``), or its natural key would depend on what had arrived before it.
    """
    articles = _articles(connection, {each.source_id for each, _ in found})
    new = []
    for each, data in found:
        payload_id, held = _keep_payload(connection, data)
        same = held or each.reason is Reason.NOT_MODIFIED
        row = _row(each) | {"payload_id": payload_id, "revisit": same, "run_id": run_id}
        added = insert(capture).values(**row).on_conflict_do_nothing().returning(capture.c.id)
        capture_id = connection.execute(added).scalar_one_or_none()
        if capture_id is None:
            continue
        new.append(capture_id)
        shows = capture_id if _shows(each, payload_id) else _next_shown(connection, each)
        if shows is not None and each.source_id in articles:
            connection.execute(insert(underived).values(capture_id=shows).on_conflict_do_nothing())
    return new


def _shows(each: Capture, payload_id: int | None) -> bool:
    return each.reason is Reason.NOT_MODIFIED or (each.reason is None and payload_id is not None)


def _next_shown(connection: Connection, each: Capture) -> int | None:
    """The first whole page or 304 after a failure that arrived late: deriving it again settles their history."""
    after = select(capture.c.id).where(
        capture.c.source_id == each.source_id,
        _SHOWN,
        capture.c.captured_at > micros(each.captured_at),
    )
    return connection.execute(after.order_by(capture.c.captured_at).limit(1)).scalar_one_or_none()


def _articles(connection: Connection, source_ids: set[int]) -> set[int]:
    """Those of the sources that are articles themselves."""
    mine = select(source.c.id).where(source.c.id.in_(source_ids), source.c.kind == SeedKind.ARTICLE)
    return set(connection.execute(mine).scalars())


def _keep_payload(connection: Connection, data: bytes | None) -> tuple[int | None, bool]:
    """The payload row of a capture, and whether it was held before."""
    if data is None:
        return None, False
    digest = blobs.digest(data)
    held = connection.execute(select(payload.c.id).where(payload.c.sha256 == digest)).scalar_one_or_none()
    if held is not None:
        return held, True
    codec, packed = blobs.pack(data)
    row = insert(payload).values(sha256=digest, codec=codec, length=len(data), data=packed).returning(payload.c.id)
    return connection.execute(row).scalar_one(), False


def _row(each: Capture) -> dict[str, Any]:
    plain = ("source_id", "url", "final_url", "detail", "status", "reason_phrase", "wire_length", "content_type")
    more = ("charset", "etag", "last_modified", "ip", "provenance", "part", "part_of")
    return {name: getattr(each, name) for name in plain + more} | {
        "captured_at": micros(each.captured_at),
        "finished_at": micros_or_none(each.finished_at),
        "reason": None if each.reason is None else str(each.reason),
        "wire_sha256": None if each.wire_sha256 is None else bytes.fromhex(each.wire_sha256),
        "retry_at": micros_or_none(each.retry_at),
        "headers": json.dumps(each.headers, ensure_ascii=False),
        "hops": hops_column(each.hops),
        "exchange": exchange_column(each.exchange),
        "flags": json.dumps(each.flags),
    }
