"""Queries of web-archive clients: the captures of an address, a host or a domain, in the order of a CDX index.

A capture is listed if it can be shown: it has a payload, or a status that says why it has none. Attempts without an
answer (a timeout, a refused address) are no mementos. Order and paging are by url_key of the source, instant and id.
Two indexes give that order without sorting: the unique one of ``source.url_key``, and for each source that of
``capture (source_id, captured_at, ...)``. A position in that order stays valid whatever is recorded meanwhile.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db.microseconds import instant, micros
from db.queries import row_mapping
from db.records import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from db.reader import Ask, Row

_MAX_INSTANT: Final = 2**63 - 1  # microseconds: later than any instant, and its negative is earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxEntry:
    """One capture in an index. ``url_key`` is that of the address it is listed under.

    ``sha256`` and ``length`` are those of the payload, or None if there is none. For a 304
    ``page_behind_304`` finds the page.
    """

    id: int
    source_id: int
    url_key: str
    at: datetime
    url: str
    final_url: str
    status: int | None
    reason: str | None
    content_type: str
    sha256: str | None
    length: int | None

    @property
    def unmodified(self) -> bool:
        """True for a 304, which confirms the page before it."""
        return self.reason == Reason.NOT_MODIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRange:
    """Captures of the sources with a url_key from ``low`` to before ``high``: of one address, or of a whole site.

    ``since`` and ``until`` bound the instant, without the end. ``probes``: list soft-404 probes too. Further parts of
    an article are not listed: they have addresses of their own.
    """

    low: str
    high: str
    since: datetime | None = None
    until: datetime | None = None
    probes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSources:
    """Captures of the address with ``url_key`` that belong to other sources.

    Either further parts of an article (``parts``), requested under one of ``urls``, or pages whose redirects ended at
    one of ``urls``.
    """

    url_key: str
    source_ids: tuple[int, ...]
    urls: tuple[str, ...]
    parts: bool
    since: datetime | None = None
    until: datetime | None = None


Scope = KeyRange | OtherSources


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A position in the order of an index: after (or before, going back) the capture with this key, instant and id."""

    url_key: str
    at: datetime
    id: int


# --- lists -----------------------------------------------------------------------------------------------------------

_SHOWABLE = "(c.payload_id IS NOT NULL OR (c.status IS NOT NULL AND c.reason IS NOT NULL))"
_LIST = f"""
    SELECT c.id, c.source_id, s.url_key, c.captured_at, c.url, c.final_url, c.status, c.reason, c.content_type,
           p.sha256, p.length
    FROM source s CROSS JOIN capture c ON c.source_id = s.id LEFT JOIN payload p ON p.id = c.payload_id
    WHERE {_SHOWABLE} AND c.captured_at >= :since AND c.captured_at < :until AND {{where}}
    ORDER BY {{order}} LIMIT :limit"""  # CROSS JOIN keeps the order of tables, which needs no sorting


def list_captures(
    ask: Ask, place: Scope, *, behind: Position | None = None, back: bool = False, limit: int
) -> list[CdxEntry]:
    """Return at most ``limit`` captures of a scope in order of key, instant and id, or in reverse order if ``back``.

    They follow the position ``behind`` in that direction. A row costs some microseconds, wherever it is in the list.
    """
    if isinstance(place, OtherSources):
        return _list_of_others(ask, place, behind, limit, back=back)
    sign, direction = ("<", "DESC") if back else (">", "ASC")
    kinds = "TRUE" if place.probes else "s.kind <> 'probe'"
    order = f"s.url_key {direction}, c.captured_at {direction}, c.id {direction}"
    values = {"low": place.low, "high": place.high, **_window(place)}
    scope = f"s.url_key >= :low AND s.url_key < :high AND c.part = 1 AND {kinds}"
    if behind is None:
        rows = ask(_LIST.format(where=scope, order=order), **values, limit=limit)
        return [_entry(row) for row in rows]
    # Two queries, so that the first source too is entered at the instant and not read from its beginning.
    values |= {"key": behind.url_key, "at": micros(behind.at), "id": behind.id}
    same_key = f"{scope} AND s.url_key = :key AND (c.captured_at, c.id) {sign} (:at, :id)"
    rows = ask(_LIST.format(where=same_key, order=order), **values, limit=limit)
    if len(rows) < limit:
        other_keys = f"{scope} AND s.url_key {sign} :key"
        rows += ask(_LIST.format(where=other_keys, order=order), **values, limit=limit - len(rows))
    return [_entry(row) for row in rows]


def _list_of_others(ask: Ask, scope: OtherSources, after: Position | None, limit: int, *, back: bool) -> list[CdxEntry]:
    sign, direction = ("<", "DESC") if back else (">", "ASC")
    column = "c.part > 1 AND c.url" if scope.parts else "c.part = 1 AND c.final_url"
    where = f"""s.id IN (SELECT value FROM json_each(:ids)) AND {column} IN (SELECT value FROM json_each(:urls))
                AND (c.captured_at, c.id) {sign} (:at, :id)"""
    start = _MAX_INSTANT if back else -_MAX_INSTANT
    moment, capture_id = (start, start) if after is None else (micros(after.at), after.id)
    values = {"ids": json.dumps(scope.source_ids), "urls": json.dumps(scope.urls), "at": moment, "id": capture_id}
    sql = _LIST.format(where=where, order=f"c.captured_at {direction}, c.id {direction}")
    return [_entry(row, scope.url_key) for row in ask(sql, **values, **_window(scope), limit=limit)]


def nearest_capture(ask: Ask, scope: Scope, moment: datetime, url_key: str) -> CdxEntry | None:
    """Return the capture of one address nearest in time to ``moment``, the earlier of two at equal distance."""
    before = list_captures(ask, scope, behind=Position(url_key, moment, 0), back=True, limit=1)
    after = list_captures(ask, scope, behind=Position(url_key, moment, -1), limit=1)
    return min((*before, *after), key=lambda entry: abs(entry.at - moment), default=None)


def _window(scope: Scope) -> dict[str, int]:
    return {
        "since": -_MAX_INSTANT if scope.since is None else micros(scope.since),
        "until": _MAX_INSTANT if scope.until is None else micros(scope.until),
    }


def _entry(row: Row, url_key: str | None = None) -> CdxEntry:
    return CdxEntry(
        id=row["id"],
        source_id=row["source_id"],
        url_key=url_key or row["url_key"],
        at=instant(row["captured_at"]),
        url=row["url"],
        final_url=row["final_url"],
        status=row["status"],
        reason=row["reason"],
        content_type=row["content_type"],
        sha256=row_mapping.hex_or_none(row["sha256"]),
        length=row["length"],
    )


# --- pages -----------------------------------------------------------------------------------------------------------

_IN_RANGE = """FROM source s CROSS JOIN capture c ON c.source_id = s.id WHERE s.url_key >= :low AND s.url_key < :high"""


def count_captures(ask: Ask, scope: KeyRange) -> int:
    """Return the number of captures under these keys, showable or not. Reads indexes alone."""
    return int(ask(f"SELECT count(*) AS n {_IN_RANGE}", low=scope.low, high=scope.high)[0]["n"])


def page_bounds(ask: Ask, scope: KeyRange, start: int, size: int) -> tuple[Position, Position | None] | None:
    """Return the bounds of a page of ``size`` captures under these keys that begins with number ``start`` (from 0).

    None after the last capture. The end is None on the last page. A position is before every capture of its source and
    instant, so pages do not overlap. The cost is that of skipping: a million captures take a third of a second.
    """
    sql = f"SELECT s.url_key, c.captured_at {_IN_RANGE} ORDER BY s.url_key, c.captured_at LIMIT :size OFFSET :start"
    rows = ask(sql, low=scope.low, high=scope.high, start=start, size=size + 1)
    if not rows:
        return None
    first, last = (Position(row["url_key"], instant(row["captured_at"]), -1) for row in (rows[0], rows[-1]))
    return first, last if len(rows) > size else None


# --- the page of a 304 -----------------------------------------------------------------------------------------------

_PAGE_BEFORE = _LIST.format(
    where="s.id = :id AND c.reason IS NULL AND c.payload_id IS NOT NULL AND c.part = 1",
    order="c.captured_at DESC, c.id",
)


def page_behind_304(ask: Ask, source_id: int, moment: datetime) -> CdxEntry | None:
    """Return the page that a 304 at ``moment`` confirms: the last whole one of its source before it."""
    rows = ask(_PAGE_BEFORE, id=source_id, since=-_MAX_INSTANT, until=micros(moment), limit=1)
    return _entry(rows[0]) if rows else None


# --- addresses that are no source of their own -----------------------------------------------------------------------

_MOST_SOURCES = 50
"""Sources searched for an address that is no source itself. With more it is a navigation link, not an article's."""


def redirected_to(ask: Ask, url_key: str) -> list[tuple[int, str]]:
    """Return the sources that moved to the address with this key, with each address their redirects ended at."""
    sql = """SELECT DISTINCT c.source_id, c.final_url FROM capture c
             WHERE c.source_id IN (SELECT k.source_id FROM claim k WHERE k.url_key = :key AND k.kind = 'moved'
                                   ORDER BY k.source_id LIMIT :most) AND c.part = 1"""
    return [(row["source_id"], row["final_url"]) for row in ask(sql, key=url_key, most=_MOST_SOURCES)]


def parts_under(ask: Ask, stems: Sequence[str]) -> list[tuple[int, str]]:
    """Return further parts of articles with a url_key in ``stems``, or such a key and a query: source and address."""
    parts = []
    for stem in stems:
        sql = """SELECT DISTINCT c.source_id, c.url FROM capture c
                 WHERE c.source_id IN (SELECT id FROM source WHERE url_key = :stem OR (url_key >= :low
                                       AND url_key < :high) ORDER BY url_key LIMIT :most) AND c.part > 1"""
        rows = ask(sql, stem=stem, low=f"{stem}?", high=f"{stem}@", most=_MOST_SOURCES)
        parts += [(row["source_id"], row["url"]) for row in rows]
    return parts
