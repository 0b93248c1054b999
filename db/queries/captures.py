"""Questions about the facts: captures and their bytes, and what still has to be derived."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from db import delta_codec
from db.microseconds import instant, instant_or_none, micros
from db.queries import payloads, row_mapping
from db.records import TEXT_MEDIA_TYPE, Page, Reason, Sighting, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from db.reader import Ask, Row
    from db.records import Capture

_FROM = "FROM capture c LEFT JOIN payload p ON p.id = c.payload_id"


def of_source(ask: Ask, source_id: int) -> list[Capture]:
    """Every capture of a history, in time order; further parts of a page come with it."""
    sql = f"""SELECT {row_mapping.CAPTURE} {_FROM} JOIN source s ON s.id = c.source_id
              WHERE coalesce(s.same_as, s.id) = :id ORDER BY c.captured_at, c.id"""
    return [row_mapping.capture(row) for row in ask(sql, id=source_id)]


def by_id(ask: Ask, capture_id: int) -> Capture:
    """One capture, which must exist."""
    return row_mapping.capture(ask(f"SELECT {row_mapping.CAPTURE} {_FROM} WHERE c.id = :id", id=capture_id)[0])


def parts(ask: Ask, capture_id: int) -> list[Capture]:
    """The further pages of an article that was split into several, as the visit that made this capture got them."""
    # Where no article is in parts the statistics call this index worthless, and every question became a scan: 3 ms at
    # 10,000 captures instead of 0.02.
    sql = f"""SELECT {row_mapping.CAPTURE} FROM capture c INDEXED BY ix_capture_part_of
              LEFT JOIN payload p ON p.id = c.payload_id WHERE c.part_of = :id ORDER BY c.part"""
    return [row_mapping.capture(row) for row in ask(sql, id=capture_id)]


def instants(ask: Ask, source_id: int) -> set[datetime]:
    """When this source was captured, whatever came of it."""
    return {
        instant(row["at"]) for row in ask("SELECT captured_at AS at FROM capture WHERE source_id = :id", id=source_id)
    }


def without_payload(ask: Ask, flag: str, *, after: int, limit: int) -> list[Capture]:
    """Captures without payload that carry this flag, by id from behind ``after`` on; error pages are repeated too."""
    sql = f"""SELECT {row_mapping.CAPTURE} {_FROM} WHERE c.payload_id IS NULL AND c.id > :after
              AND instr(c.flags, :flag) > 0 ORDER BY c.id LIMIT :limit"""
    return [row_mapping.capture(row) for row in ask(sql, flag=json.dumps(flag), after=after, limit=limit)]


def pages_between(ask: Ask, url_key: str, since: datetime, until: datetime) -> list[Capture]:
    """Captures of the source with this key that have a payload, dated from ``since`` to before ``until``."""
    sql = f"""SELECT {row_mapping.CAPTURE} {_FROM} JOIN source s ON s.id = c.source_id WHERE s.url_key = :key
              AND c.payload_id IS NOT NULL AND c.captured_at >= :since AND c.captured_at < :until
              ORDER BY c.captured_at, c.id"""
    return [row_mapping.capture(row) for row in ask(sql, key=url_key, since=micros(since), until=micros(until))]


def oldest_with_flags(ask: Ask, flags: Sequence[str]) -> dict[str, int]:
    """For each of these flags the id of the oldest capture with a payload that carries it; one pass over all."""
    sql = """SELECT f.value AS flag, c.id, min(c.captured_at) FROM capture c, json_each(c.flags) f
             WHERE c.payload_id IS NOT NULL AND instr(c.flags, ':') > 0
               AND f.value IN (SELECT value FROM json_each(:flags)) GROUP BY f.value"""
    return {row["flag"]: row["id"] for row in ask(sql, flags=json.dumps(list(flags)))}


def in_window(
    ask: Ask, since: datetime, until: datetime, *, after: tuple[datetime, int] | None = None, limit: int
) -> list[Capture]:
    """Captures dated from ``since`` to before ``until``, in time order; those behind time and id in ``after``.

    Without the further parts of pages, which belong to theirs (``parts``), whatever their own second.
    """
    at, capture_id = after or (since, 0)
    sql = f"""SELECT {row_mapping.CAPTURE} {_FROM} WHERE c.captured_at >= :since AND c.captured_at < :until AND c.part
    = 1
              AND (c.captured_at, c.id) > (:at, :id) ORDER BY c.captured_at, c.id LIMIT :limit"""
    found = ask(sql, since=micros(since), until=micros(until), at=micros(at), id=capture_id, limit=limit)
    return [row_mapping.capture(row) for row in found]


def of_source_in_window(
    ask: Ask, source_id: int, window: tuple[datetime, datetime], *, after: tuple[int, int] | None, limit: int
) -> list[Capture]:
    """Captures of one source dated in the window, ends included, in time order; ``after``: an instant and an id."""
    at, last = after or (micros(window[0]) - 1, 0)
    sql = f"""SELECT {row_mapping.CAPTURE} {_FROM} WHERE c.source_id = :source AND c.captured_at >= :since
              AND c.captured_at <= :until AND (c.captured_at, c.id) > (:at, :id)
              ORDER BY c.captured_at, c.id LIMIT :limit"""
    since, until = max(micros(window[0]), at), micros(window[1])
    found = ask(sql, source=source_id, since=since, until=until, at=at, id=last, limit=limit)
    return [row_mapping.capture(row) for row in found]


def last_page_before(ask: Ask, source_id: int, at: datetime) -> Capture | None:
    """The last whole page of a source before ``at``: what a 304 of then speaks of."""
    sql = f"""SELECT {row_mapping.CAPTURE} {_FROM} WHERE c.source_id = :id AND c.captured_at < :at AND c.reason IS NULL
              AND c.payload_id IS NOT NULL ORDER BY c.captured_at DESC, c.id LIMIT 1"""
    found = ask(sql, id=source_id, at=micros(at))
    return row_mapping.capture(found[0]) if found else None


def oldest_with_payload(ask: Ask, sha256: bytes) -> Capture | None:
    """The oldest capture that has the payload with this digest, if any has."""
    sql = f"SELECT {row_mapping.CAPTURE} {_FROM} WHERE p.sha256 = :digest ORDER BY c.captured_at, c.id LIMIT 1"
    found = ask(sql, digest=sha256)
    return row_mapping.capture(found[0]) if found else None


def payload(ask: Ask, sha256: str) -> bytes:
    """The bytes known by this digest; checked against it. Raises Corrupt if they do not hold or are not there."""
    return payloads.payload_bytes(ask, bytes.fromhex(sha256))


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
    SELECT c.id, c.source_id, c.provenance, c.captured_at, c.reason, c.url, c.final_url, c.hops, c.payload_id,
           c.content_type, d.verdict, t.id AS text_id, t.sha256, t.title, e.byline, e.published_at, e.modified_at,
           e.language, e.headline_from, coalesce(k.recipe_id, e.recipe_id) AS recipe_id
    FROM source s
    JOIN capture c ON c.source_id = s.id AND c.part = 1
    LEFT JOIN derivation d ON d.capture_id = c.id
    LEFT JOIN extraction e ON e.id = d.extraction_id
    LEFT JOIN cleaning k ON k.id = d.cleaning_id
    LEFT JOIN text t ON t.id = coalesce(d.text_id, e.text_id)
    WHERE s.id = :id OR s.same_as = :id"""


def sightings(ask: Ask, source_id: int) -> list[Sighting]:
    """Every visit of a history as derive sees it, in an order that does not depend on arrival; parts are no visits.

    A 304 says that the page stands as it was when its validators were given out: it counts as a sighting of what the
    last whole page before it, of the same source and from the same hands, showed. Without such a page it shows nothing.
    """
    found = ask(_SIGHTINGS, id=source_id)
    found.sort(key=lambda row: (row["captured_at"], row["reason"] == Reason.NOT_MODIFIED, _other_facts(row)))
    shown: dict[tuple[int, str], Sighting] = {}
    last: dict[int, tuple[int, str | None, str]] = {}
    bodies = _bodies(ask, {row["text_id"] for row in found} - {None})
    told = []
    for row in found:
        asked = row["source_id"], row["provenance"].partition(":")[0]
        one = _sighting(row, *bodies.get(row["text_id"], ("", 0)))
        if row["reason"] == Reason.NOT_MODIFIED:
            one = _as_before(one, shown.get(asked))
        elif one.reason is None and one.verdict is not None:
            same = row["payload_id"], one.text_sha256, one.state
            one = replace(one, unchanged=last.get(row["source_id"]) == same)
            shown[asked], last[row["source_id"]] = one, same
        told.append(one)
    return told


def _other_facts(row: Row) -> tuple[str, str, bytes, str]:
    return row["reason"] or "", row["verdict"] or "", row["sha256"] or b"", row["url"]


def _as_before(one: Sighting, page: Sighting | None) -> Sighting:
    """A 304 as a sighting of ``page``: what it showed, when the 304 came. The page's capture stays the evidence."""
    if page is None:
        return replace(one, unchanged=True)
    return replace(page, at=one.at, url=one.url, moved_to=one.moved_to, unchanged=True)


def _bodies(ask: Ask, text_ids: set[int]) -> dict[int, tuple[str, int]]:
    """Digest and length of each body; of a page that always said the same nobody asks."""
    if len(text_ids) < 2:  # noqa: PLR2004 (one text has no other to be compared with)
        return {}
    sql = "SELECT id, body FROM text WHERE id IN (SELECT value FROM json_each(:ids))"
    found = ask(sql, ids=json.dumps(sorted(text_ids)))
    return {row["id"]: (delta_codec.digest(row["body"].encode()).hex(), len(row["body"])) for row in found}


def _sighting(row: Row, body: str, length: int) -> Sighting:
    moved = any(hop.is_permanent for hop in row_mapping.hops(row["hops"])) and row["final_url"] != row["url"]
    unmodified = row["reason"] == Reason.NOT_MODIFIED
    return Sighting(
        capture_id=row["id"],
        at=instant(row["captured_at"]),
        reason=None if row["reason"] is None or unmodified else Reason(row["reason"]),
        verdict=None if row["verdict"] is None else Verdict(row["verdict"]),
        text_sha256=row_mapping.hex_or_none(row["sha256"]),
        title=row["title"] or "",
        byline=row["byline"],
        published_at=instant_or_none(row["published_at"]),
        language=row["language"],
        url=row["url"],
        moved_to=row["final_url"] if moved else None,
        recipe_id=row["recipe_id"] or "",
        source_id=row["source_id"],
        body=body,
        length=length,
        headline_sure=len(json.loads(row["headline_from"] or "[]")) != 1,
        given=row["content_type"] == TEXT_MEDIA_TYPE,
        modified_at=instant_or_none(row["modified_at"]),
    )


def visited_sources(ask: Ask, run_id: int) -> set[int]:
    """Return the ids of the sources a run has captures of. A resumed run skips them."""
    return {row["source_id"] for row in ask("SELECT source_id FROM capture WHERE run_id = :id", id=run_id)}
