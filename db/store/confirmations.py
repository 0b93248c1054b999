"""Extend the newest version of a history by captures that only confirm it, without computing the history again.

In a run most captures are 304s, or bring the bytes that are stored already. Settling reads all sightings of a history:
3 ms at 10 captures, 321 ms at 10,000. What such a capture changes is known from the end of the history alone: the
newest version was seen once more. So it is enough to look at the last sighting, provided that nothing came between. In
every other case ``db.store.versions.settle`` decides.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text as sql

from db.queries.alias_claims import MOVED, SPELLING
from db.records import Reason
from db.writer import ask_on

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import Connection

    from db.reader import Ask, Row

_HISTORIES = """
    SELECT m.id AS source_id, h.value AS head, v.id, v.text_id, v.last_seen_at, v.captures, v.last_capture_id,
           p.payload_id, p.charset, p.final_url
    FROM json_each(:heads) h
    CROSS JOIN source s ON s.id = h.value AND s.kind = 'article' AND s.same_as IS NULL
    CROSS JOIN version v ON v.id = (
        SELECT w.id FROM version w INDEXED BY ix_version_source_id_first_seen_at_number
        WHERE w.source_id = s.id AND w.superseded_at IS NULL ORDER BY w.first_seen_at DESC, w.number DESC LIMIT 1)
    CROSS JOIN capture p ON p.id = v.last_capture_id
    CROSS JOIN source m ON m.id = s.id OR m.same_as = s.id"""
_HEADS = """
    SELECT c.id, coalesce(s.same_as, s.id) AS head FROM json_each(:ids) i
    CROSS JOIN capture c ON c.id = i.value CROSS JOIN source s ON s.id = c.source_id"""
_SINCE = """
    SELECT c.id, c.source_id, c.captured_at, c.reason, c.hops, c.payload_id, c.charset, c.final_url, c.provenance,
           d.verdict IN ('ok', 'live_blog') AS is_article, coalesce(d.text_id, e.text_id) AS text_id
    FROM json_each(:ends) k
    CROSS JOIN capture c ON c.source_id = CAST(json_extract(k.value, '$[0]') AS BIGINT) AND c.part = 1
                        AND c.captured_at >= CAST(json_extract(k.value, '$[1]') AS BIGINT)
    LEFT JOIN derivation d ON d.capture_id = c.id
    LEFT JOIN extraction e ON e.id = d.extraction_id
    ORDER BY c.captured_at"""
_FAILED = "SELECT DISTINCT c.source_id FROM page_error e CROSS JOIN capture c ON c.id = e.capture_id"

_EXTEND = sql("UPDATE version SET last_seen_at = :at, captures = :captures, last_capture_id = :page WHERE id = :id")
# What a page declares, it declares at each sighting. A move and a spelling are no words of the page.
_REPEAT_CLAIMS = sql(f"""
    UPDATE claim SET last_seen_at = :at
    WHERE source_id = :source AND last_seen_at = :before AND kind NOT IN ('{MOVED}', '{SPELLING}')""")  # noqa: S608
_DEQUEUE = sql("DELETE FROM underived WHERE capture_id IN (SELECT value FROM json_each(:ids))")


@dataclass(slots=True)
class _History:
    """The end of a stored history: its newest version, and the sightings at its last instant and after."""

    head: Row
    members: list[int]
    since: list[Row]

    def confirming(self, fresh: Collection[int]) -> list[Row]:
        """Return the captures after the last sighting, in order of time. Empty if one of them does not just confirm."""
        if not self.since or self.since[0]["captured_at"] != self.head["last_seen_at"]:
            return []  # an address left this history, and it will be settled
        before, *after = self.since
        for capture in after:
            if capture["captured_at"] == before["captured_at"] or not self._confirms(capture, before, fresh):
                return []
            before = capture
        return after

    def extended(self, captures: Sequence[Row]) -> Row:
        """Return what the version becomes by these sightings. A 304 shows the page of the sighting before it."""
        pages = [capture["id"] for capture in captures if capture["reason"] is None]
        return {
            "id": self.head["id"],
            "at": captures[-1]["captured_at"],
            "captures": self.head["captures"] + len(captures),
            "page": pages[-1] if pages else self.head["last_capture_id"],
        }

    def _confirms(self, capture: Row, before: Row, fresh: Collection[int]) -> bool:
        if capture["source_id"] != before["source_id"] or capture["hops"] != "[]":
            return False
        if capture["reason"] == Reason.NOT_MODIFIED:  # of the page that its own origin brought last
            return _hands(capture) == _hands(before)
        same = all(capture[name] == self.head[name] for name in ("text_id", "payload_id", "charset", "final_url"))
        return capture["reason"] is None and capture["id"] in fresh and bool(capture["is_article"]) and same


def confirm_versions(connection: Connection, capture_ids: Sequence[int], fresh: Collection[int] = ()) -> list[int]:
    """Extend the newest versions that captures of the ledger only confirm. Return those captures, which leave it.

    ``capture_ids`` has all captures on the ledger of each history that it has one of. A 304 without redirects confirms
    the page before it. So does a page with the same payload and text, if it is among ``fresh``: never settled before. A
    history is left as it is unless all of these captures, and nothing else, came after its version was last seen.
    """
    ask = ask_on(connection)
    waiting: dict[int, set[int]] = defaultdict(set)
    for row in ask(_HEADS, ids=json.dumps(list(capture_ids))):
        waiting[row["head"]].add(row["id"])
    failed = {row["source_id"] for row in ask(_FAILED)}  # their histories may lack what could not be settled
    confirmed: list[int] = []
    updates: list[Row] = []
    claims: list[Row] = []
    for history in _histories(ask, waiting):
        captures = history.confirming(fresh) if failed.isdisjoint(history.members) else []
        if not captures or {capture["id"] for capture in captures} != waiting[history.head["head"]]:
            continue
        confirmed += [capture["id"] for capture in captures]
        updates.append(history.extended(captures))
        claims.append({"source": captures[-1]["source_id"], "at": captures[-1]["captured_at"]})
        claims[-1]["before"] = history.head["last_seen_at"]
    if confirmed:
        connection.execute(_EXTEND, updates)
        connection.execute(_REPEAT_CLAIMS, claims)
        connection.execute(_DEQUEUE, {"ids": json.dumps(confirmed)})
    return confirmed


def _histories(ask: Ask, heads: Iterable[int]) -> list[_History]:
    """Return the ends of the histories of these heads. One without a version is left out."""
    histories: dict[int, _History] = {}
    head_of: dict[int, int] = {}
    for row in ask(_HISTORIES, heads=json.dumps(list(heads))):
        histories.setdefault(row["head"], _History(row, [], [])).members.append(row["source_id"])
        head_of[row["source_id"]] = row["head"]
    ends = [[source_id, histories[head].head["last_seen_at"]] for source_id, head in head_of.items()]
    for capture in ask(_SINCE, ends=json.dumps(ends)):
        histories[head_of[capture["source_id"]]].since.append(capture)
    return list(histories.values())


def _hands(capture: Row) -> str:
    """Return who brought a capture: a 304 repeats a page of the same hands (``db.queries.captures.sightings``)."""
    return str(capture["provenance"]).partition(":")[0]
