"""Queries of the facts: captures and their payloads, and what still has to be derived."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from db import delta_codec
from db.errors import Corrupt
from db.microseconds import instant, instant_or_none, micros
from db.queries import payloads, row_mapping
from db.records import TEXT_MEDIA_TYPE, Page, Reason, Sighting, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from db.reader import Ask, Row
    from db.records import Capture

_FROM = "FROM capture c LEFT JOIN payload p ON p.id = c.payload_id"


def of_source(ask: Ask, source_id: int) -> list[Capture]:
    """Return every capture of a history in time order, including further parts of pages."""
    sql = f"""SELECT {row_mapping.CAPTURE} {_FROM} JOIN source s ON s.id = c.source_id
              WHERE coalesce(s.same_as, s.id) = :id ORDER BY c.captured_at, c.id"""
    return [row_mapping.capture(row) for row in ask(sql, id=source_id)]


def by_id(ask: Ask, capture_id: int) -> Capture:
    """Return the capture with this id, which must exist."""
    return row_mapping.capture(ask(f"SELECT {row_mapping.CAPTURE} {_FROM} WHERE c.id = :id", id=capture_id)[0])


def by_ids(ask: Ask, capture_ids: Sequence[int]) -> list[Capture]:
    """Return the captures with these ids, in the order of ids."""
    sql = f"""SELECT {row_mapping.CAPTURE} {_FROM} WHERE c.id IN (SELECT value FROM json_each(:ids)) ORDER BY c.id"""
    return [row_mapping.capture(row) for row in ask(sql, ids=json.dumps(list(capture_ids)))]


def parts(ask: Ask, capture_id: int) -> list[Capture]:
    """Return the further pages of a multi-page article that were fetched with this capture."""
    return parts_of(ask, [capture_id]).get(capture_id, [])


def parts_of(ask: Ask, capture_ids: Sequence[int]) -> dict[int, list[Capture]]:
    """Map captures to the further pages of their articles. A capture without such pages is left out."""
    # In archives without such articles the statistics rule this index out, and each query was a scan: 3 ms at 10,000
    # captures instead of 0.02.
    sql = f"""SELECT {row_mapping.CAPTURE} FROM json_each(:ids) i
              CROSS JOIN capture c INDEXED BY ix_capture_part_of ON c.part_of = i.value
              LEFT JOIN payload p ON p.id = c.payload_id ORDER BY c.part_of, c.part"""
    by_page: dict[int, list[Capture]] = {}
    for row in ask(sql, ids=json.dumps(list(capture_ids))):
        by_page.setdefault(row["part_of"], []).append(row_mapping.capture(row))
    return by_page


def instants(ask: Ask, source_id: int) -> set[datetime]:
    """Return the instants of all captures of this source, failures included."""
    rows = ask("SELECT captured_at FROM capture WHERE source_id = :id", id=source_id)
    return {instant(row["captured_at"]) for row in rows}


def without_payload(ask: Ask, flag: str, *, after: int, limit: int) -> list[Capture]:
    """Return captures without payload that have this flag, by id after ``after``. Error pages are included."""
    sql = f"""SELECT {row_mapping.CAPTURE} {_FROM} WHERE c.payload_id IS NULL AND c.id > :after
              AND instr(c.flags, :flag) > 0 ORDER BY c.id LIMIT :limit"""
    return [row_mapping.capture(row) for row in ask(sql, flag=json.dumps(flag), after=after, limit=limit)]


def pages_between(ask: Ask, url_key: str, since: datetime, until: datetime) -> list[Capture]:
    """Return captures with a payload of the source with this key, from ``since`` to before ``until``."""
    sql = f"""SELECT {row_mapping.CAPTURE} {_FROM} JOIN source s ON s.id = c.source_id WHERE s.url_key = :key
              AND c.payload_id IS NOT NULL AND c.captured_at >= :since AND c.captured_at < :until
              ORDER BY c.captured_at, c.id"""
    return [row_mapping.capture(row) for row in ask(sql, key=url_key, since=micros(since), until=micros(until))]


def oldest_with_flags(ask: Ask, flags: Sequence[str]) -> dict[str, int]:
    """Map each of these flags to the oldest capture with a payload that has it. One pass over all captures."""
    sql = """SELECT o.flag, o.id FROM (
                 SELECT f.value AS flag, c.id,
                        row_number() OVER (PARTITION BY f.value ORDER BY c.captured_at, c.id) AS n
                 FROM capture c, json_each(c.flags) f WHERE c.payload_id IS NOT NULL AND instr(c.flags, ':') > 0
                   AND f.value IN (SELECT value FROM json_each(:flags))) o WHERE o.n = 1"""
    return {row["flag"]: row["id"] for row in ask(sql, flags=json.dumps(list(flags)))}


def in_window(
    ask: Ask, since: datetime, until: datetime, *, after: tuple[datetime, int] | None = None, limit: int
) -> list[Capture]:
    """Return captures from ``since`` to before ``until``, in time order, after the instant and id in ``after``.

    Further parts of pages are left out: they belong to their page (``parts``), whatever their own instant.
    """
    instant_after, id_after = after or (since, 0)
    sql = f"""SELECT {row_mapping.CAPTURE} {_FROM} WHERE c.captured_at >= :since AND c.captured_at < :until
              AND c.part = 1 AND (c.captured_at, c.id) > (:at, :id) ORDER BY c.captured_at, c.id LIMIT :limit"""
    bounds = {"since": micros(since), "until": micros(until), "at": micros(instant_after), "id": id_after}
    return [row_mapping.capture(row) for row in ask(sql, **bounds, limit=limit)]


def of_source_in_window(
    ask: Ask, source_id: int, window: tuple[datetime, datetime], *, after: tuple[int, int] | None, limit: int
) -> list[Capture]:
    """Return captures of one source in the window, both ends included, in time order, after an instant and an id."""
    instant_after, id_after = after or (micros(window[0]) - 1, 0)
    sql = f"""SELECT {row_mapping.CAPTURE} {_FROM} WHERE c.source_id = :source AND c.captured_at >= :since
              AND c.captured_at <= :until AND (c.captured_at, c.id) > (:at, :id)
              ORDER BY c.captured_at, c.id LIMIT :limit"""
    since, until = max(micros(window[0]), instant_after), micros(window[1])
    rows = ask(sql, source=source_id, since=since, until=until, at=instant_after, id=id_after, limit=limit)
    return [row_mapping.capture(row) for row in rows]


def last_page_before(ask: Ask, source_id: int, moment: datetime) -> Capture | None:
    """Return the last whole page of a source before ``moment``: the page that a 304 of that moment confirms."""
    sql = f"""SELECT {row_mapping.CAPTURE} {_FROM} WHERE c.source_id = :id AND c.captured_at < :at AND c.reason IS NULL
              AND c.part = 1 AND c.payload_id IS NOT NULL ORDER BY c.captured_at DESC, c.id LIMIT 1"""
    rows = ask(sql, id=source_id, at=micros(moment))
    return row_mapping.capture(rows[0]) if rows else None


def oldest_with_payload(ask: Ask, sha256: bytes) -> Capture | None:
    """Return the oldest capture that has the payload with this digest, if any."""
    sql = f"SELECT {row_mapping.CAPTURE} {_FROM} WHERE p.sha256 = :digest ORDER BY c.captured_at, c.id LIMIT 1"
    rows = ask(sql, digest=sha256)
    return row_mapping.capture(rows[0]) if rows else None


def payload(ask: Ask, sha256: str) -> bytes:
    """Return the payload with this digest, checked against it. Raises Corrupt if it is damaged or missing."""
    return payloads.payload_bytes(ask, bytes.fromhex(sha256))


_SHOWN = """
    SELECT f.id FROM derivation d JOIN extraction e ON e.id = d.extraction_id
    JOIN capture f ON (f.id = d.capture_id OR f.part_of = d.capture_id)
                  AND f.payload_id = e.payload_id AND coalesce(f.charset, '') = e.charset
    WHERE d.capture_id = :id ORDER BY f.part LIMIT 1"""


def shown(ask: Ask, capture_id: int) -> Capture:
    """Return the capture that shows the text of a visit: its page, or another form of it."""
    rows = ask(_SHOWN, id=capture_id)
    return by_id(ask, rows[0]["id"] if rows else capture_id)


def shown_payload(ask: Ask, capture_id: int) -> bytes:
    """Return the payload that shows the text of a visit. Empty if its bytes are damaged or were forgotten."""
    digest = shown(ask, capture_id).payload_sha256
    try:
        return payload(ask, digest) if digest is not None else b""
    except Corrupt:
        return b""


def page(ask: Ask, capture: Capture) -> Page:
    """Return the page to extract of a capture that has a payload."""
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
    """Return captures on the ledger, oldest first, and only those in ``ids`` if any are given."""
    if ids:
        ledger = {row["capture_id"] for row in ask("SELECT capture_id FROM underived")}
        return sorted(ledger.intersection(ids))[:limit]
    return [row["capture_id"] for row in ask("SELECT capture_id FROM underived ORDER BY capture_id LIMIT :n", n=limit)]


_UNREAD = """
    SELECT count(*) AS number FROM underived u
    JOIN capture c ON c.id = u.capture_id JOIN source s ON s.id = c.source_id
    WHERE s.id = :id OR s.same_as = :id"""


def count_underived(ask: Ask, source_id: int) -> int:
    """Return the number of captures in the history of a source that are still to be derived."""
    return int(ask(_UNREAD, id=source_id)[0]["number"])


_SIGHTINGS = """
    SELECT h.value AS head, c.id, c.source_id, c.provenance, c.captured_at, c.reason, c.url, c.final_url, c.hops,
           c.payload_id, c.content_type, d.verdict, t.id AS text_id, t.sha256, t.title, e.byline,
           e.published_at, e.modified_at, e.language, e.headline_from, coalesce(k.recipe_id, e.recipe_id) AS recipe_id
    FROM json_each(:heads) h
    CROSS JOIN source s ON s.id = h.value OR s.same_as = h.value
    CROSS JOIN capture c ON c.source_id = s.id AND c.part = 1
    LEFT JOIN derivation d ON d.capture_id = c.id
    LEFT JOIN extraction e ON e.id = d.extraction_id
    LEFT JOIN cleaning k ON k.id = d.cleaning_id
    LEFT JOIN text t ON t.id = coalesce(d.text_id, e.text_id)"""


def sightings(ask: Ask, source_id: int) -> list[Sighting]:
    """Return every visit of a history as derive sees it, in an order that does not depend on the order of arrival.

    A 304 says that the page is as it was when its validators were sent. It counts as a sighting of the text of the last
    whole page before it, of the same source and the same provenance; without such a page it shows nothing. Further
    parts of pages are not visits.
    """
    return sightings_of(ask, [source_id])[source_id]


def sightings_of(ask: Ask, heads: Sequence[int]) -> dict[int, list[Sighting]]:
    """Return the ``sightings`` of several histories, by the source that keeps each."""
    by_head: dict[int, list[Row]] = {head: [] for head in heads}
    for row in ask(_SIGHTINGS, heads=json.dumps(list(heads))):
        by_head[row["head"]].append(row)
    text_ids = [{row["text_id"] for row in rows} - {None} for rows in by_head.values()]
    compared = set().union(*(ids for ids in text_ids if len(ids) > 1))  # a single text is compared with no other
    bodies = _bodies(ask, compared)
    return {head: list(_visits(rows, bodies)) for head, rows in by_head.items()}


def _visits(rows: list[Row], bodies: Mapping[int, tuple[str, int]]) -> Iterator[Sighting]:
    """Yield the sightings of one history."""
    rows.sort(key=lambda row: (row["captured_at"], row["reason"] == Reason.NOT_MODIFIED, _tie_break(row)))
    last_page: dict[tuple[int, str], Sighting] = {}
    last_state: dict[int, tuple[int, str | None, str]] = {}
    for row in rows:
        origin = row["source_id"], row["provenance"].partition(":")[0]
        sighting = _sighting(row, *bodies.get(row["text_id"], ("", 0)))
        if row["reason"] == Reason.NOT_MODIFIED:
            sighting = _unmodified(sighting, last_page.get(origin))
        elif sighting.reason is None and sighting.verdict is not None:
            state = row["payload_id"], sighting.text_sha256, sighting.state
            sighting = replace(sighting, unchanged=last_state.get(row["source_id"]) == state)
            last_page[origin], last_state[row["source_id"]] = sighting, state
        yield sighting


def _tie_break(row: Row) -> tuple[str, str, bytes, str]:
    return row["reason"] or "", row["verdict"] or "", row["sha256"] or b"", row["url"]


def _unmodified(visit: Sighting, page: Sighting | None) -> Sighting:
    """Return a 304 as a sighting of ``page`` at the time of the 304. The page's capture stays the evidence."""
    if page is None:
        return replace(visit, unchanged=True)
    return replace(page, at=visit.at, url=visit.url, moved_to=visit.moved_to, unchanged=True)


def _bodies(ask: Ask, text_ids: set[int]) -> dict[int, tuple[str, int]]:
    """Return digest and length of each body."""
    if not text_ids:
        return {}
    sql = "SELECT id, body FROM text WHERE id IN (SELECT value FROM json_each(:ids))"
    rows = ask(sql, ids=json.dumps(sorted(text_ids)))
    return {row["id"]: (delta_codec.digest(row["body"].encode()).hex(), len(row["body"])) for row in rows}


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
        is_finished_text=row["content_type"] == TEXT_MEDIA_TYPE,
        modified_at=instant_or_none(row["modified_at"]),
    )


def visited_sources(ask: Ask, run_id: int) -> set[int]:
    """Return the ids of the sources a run has captures of. A resumed run skips them."""
    return {row["source_id"] for row in ask("SELECT source_id FROM capture WHERE run_id = :id", id=run_id)}


def newest_id(ask: Ask) -> int:
    """Return the id of the newest capture or entry of the chain, 0 if there is none."""
    return int(ask("SELECT coalesce(max(capture_id), 0) AS id FROM chain")[0]["id"])


def visited_after(ask: Ask, capture_id: int) -> set[int]:
    """Return the ids of the sources that runs visited since this capture was recorded."""
    sql = "SELECT DISTINCT source_id FROM capture WHERE id > :id AND run_id IS NOT NULL AND provenance = 'live'"
    return {row["source_id"] for row in ask(sql, id=capture_id)}


def of_run(ask: Ask, run_id: int) -> list[int]:
    """Return the ids of a run's captures."""
    return [row["id"] for row in ask("SELECT id FROM capture WHERE run_id = :id", id=run_id)]


def without_article(ask: Ask, capture_ids: Sequence[int]) -> dict[str, tuple[str, str]]:
    """Return the verdict and its reason by URL, for those of these captures of articles that show no article."""
    sql = """SELECT c.url, d.verdict, d.detail FROM capture c JOIN source s ON s.id = c.source_id
             JOIN derivation d ON d.capture_id = c.id
             WHERE c.id IN (SELECT value FROM json_each(:ids)) AND s.kind = 'article' AND c.part = 1
               AND c.reason IS NULL AND d.verdict NOT IN ('ok', 'live_blog') ORDER BY c.url, c.captured_at"""
    return {row["url"]: (row["verdict"], row["detail"]) for row in ask(sql, ids=json.dumps(list(capture_ids)))}
