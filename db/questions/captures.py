"""Questions about the facts: captures and their bytes, and what still has to be derived."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from db import blobs
from db.errors import Corrupt
from db.questions import rows
from db.records import Page, Reason, Sighting, Verdict
from db.times import instant, instant_or_none

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from db.connect import Ask, Row
    from db.records import Capture

_FROM = "FROM capture c LEFT JOIN payload p ON p.id = c.payload_id"


def of_source(ask: Ask, source_id: int) -> list[Capture]:
    """Every capture of a history, in time order."""
    sql = f"""SELECT {rows.CAPTURE} {_FROM} JOIN source s ON s.id = c.source_id
              WHERE coalesce(s.same_as, s.id) = :id ORDER BY c.captured_at, c.id"""
    return [rows.capture(row) for row in ask(sql, id=source_id)]


def by_id(ask: Ask, capture_id: int) -> Capture:
    """One capture, which must exist."""
    return rows.capture(ask(f"SELECT {rows.CAPTURE} {_FROM} WHERE c.id = :id", id=capture_id)[0])


def instants(ask: Ask, source_id: int) -> set[datetime]:
    """When this source was captured, whatever came of it."""
    return {
        instant(row["at"]) for row in ask("SELECT captured_at AS at FROM capture WHERE source_id = :id", id=source_id)
    }


def payload(ask: Ask, sha256: str) -> bytes:
    """The bytes known by this digest; checked against it. Raises Corrupt if they do not hold or are not there."""
    found = ask("SELECT codec, data FROM payload WHERE sha256 = :digest", digest=bytes.fromhex(sha256))
    if not found:
        raise Corrupt(f"payload {sha256} is not in the archive")
    data = blobs.unpack(found[0]["codec"], found[0]["data"])
    if blobs.digest(data).hex() != sha256:
        raise Corrupt(f"payload {sha256} does not hold: its bytes have another digest; run: wirecopy verify")
    return data


def page(ask: Ask, capture: Capture) -> Page:
    """What extraction is given for a capture that has a payload."""
    return Page(
        payload=payload(ask, capture.payload_sha256 or ""),
        url=capture.final_url,
        requested_url=capture.url,
        content_type=capture.content_type,
        charset=capture.charset,
        status=capture.status,
        captured_at=capture.captured_at,
    )


def underived(ask: Ask, limit: int, *, ids: Sequence[int] = ()) -> list[int]:
    """Ids of captures that the current recipe has not seen, oldest first; only those in ``ids`` if any are given."""
    if ids:
        asked = [row["capture_id"] for row in ask("SELECT capture_id FROM underived")]
        return sorted(set(asked).intersection(ids))[:limit]
    return [row["capture_id"] for row in ask("SELECT capture_id FROM underived ORDER BY capture_id LIMIT :n", n=limit)]


_SIGHTINGS = """
    SELECT c.id, c.source_id, c.provenance, c.captured_at, c.reason, c.url, c.final_url, c.hops, d.verdict, t.sha256,
           t.title, e.recipe_id, e.byline, e.published_at, e.language
    FROM source s
    JOIN capture c ON c.source_id = s.id
    LEFT JOIN derivation d ON d.capture_id = c.id
    LEFT JOIN extraction e ON e.id = d.extraction_id
    LEFT JOIN text t ON t.id = e.text_id
    WHERE s.id = :id OR s.same_as = :id"""


def sightings(ask: Ask, source_id: int) -> list[Sighting]:
    """Every capture of a history as derive sees it, in an order that does not depend on arrival.

    A 304 says that the page stands as it was when its validators were given out: it counts as a sighting of what the
    last whole page before it, of the same source and from the same hands, showed. Without such a page it shows nothing.
    """
    found = ask(_SIGHTINGS, id=source_id)
    found.sort(key=lambda row: (row["captured_at"], row["reason"] == Reason.NOT_MODIFIED, _other_facts(row)))
    shown: dict[tuple[int, str], Sighting] = {}
    told = []
    for row in found:
        asked = row["source_id"], row["provenance"].partition(":")[0]
        one = _sighting(row)
        if row["reason"] == Reason.NOT_MODIFIED:
            one = _as_before(one, shown.get(asked))
        elif one.reason is None and one.verdict is not None:
            shown[asked] = one
        told.append(one)
    return told


def _other_facts(row: Row) -> tuple[str, str, bytes, str]:
    return row["reason"] or "", row["verdict"] or "", row["sha256"] or b"", row["url"]


def _as_before(one: Sighting, page: Sighting | None) -> Sighting:
    """A 304 as a sighting of ``page``: what it showed, when the 304 came. The page's capture stays the evidence."""
    if page is None:
        return one
    return replace(page, at=one.at, url=one.url, moved_to=one.moved_to)


def _sighting(row: Row) -> Sighting:
    moved = any(hop.permanent for hop in rows.hops(row["hops"])) and row["final_url"] != row["url"]
    unmodified = row["reason"] == Reason.NOT_MODIFIED
    return Sighting(
        capture_id=row["id"],
        at=instant(row["captured_at"]),
        reason=None if row["reason"] is None or unmodified else Reason(row["reason"]),
        verdict=None if row["verdict"] is None else Verdict(row["verdict"]),
        text_sha256=rows.hex_or_none(row["sha256"]),
        title=row["title"] or "",
        byline=row["byline"],
        published_at=instant_or_none(row["published_at"]),
        language=row["language"],
        url=row["url"],
        moved_to=row["final_url"] if moved else None,
        recipe_id=row["recipe_id"] or "",
    )
