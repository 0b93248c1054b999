"""Questions of web-archive clients: which captures an address, a host or a domain has, in the order of an index.

A capture is listed where it can be shown: it has a payload, or a status that says why it has none. Attempts that
brought no answer (a timeout, a refused address) are no mementos. Order and paging are by key of the source, instant and
id, which two indices give without sorting: the unique one of ``source.url_key``, and for each source that of
``capture (source_id, captured_at, ...)``. A place in that order stays right whatever is recorded meanwhile.
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

_NEVER: Final = 2**63 - 1  # microseconds: later than any instant, and its negative earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxEntry:
    """One capture as an index lists it. ``url_key`` is that of the address it is listed under.

    ``sha256`` and ``length`` are those of the payload; None where it has none, as for a 304 before ``page_behind_304``
    is asked.
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
        """True for a 304: it stands for the page before it."""
        return self.reason == Reason.NOT_MODIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRange:
    """Captures of the sources whose key lies from ``low`` to before ``high``, those of one address or of a whole site.

    ``since`` and ``until`` bound the instant, the end left out. ``probes``: pages that were only asked for to learn how
    a site says "not found" are listed too. Further parts of an article are not: they have addresses of their own.
    """

    low: str
    high: str
    since: datetime | None = None
    until: datetime | None = None
    probes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSources:
    """Captures that show the address of ``url_key`` while another source keeps them.

    Either further parts of an article (``parts``), which were asked for under one of ``urls``, or pages whose redirects
    ended at one of ``urls``.
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
    """A place in the order of an index: behind (or before, going back) the capture with this key, instant and id."""

    url_key: str
    at: datetime
    id: int


# --- lists -----------------------------------------------------------------------------------------------------------

_SHOWN = "(c.payload_id IS NOT NULL OR (c.status IS NOT NULL AND c.reason IS NOT NULL))"
_LIST = f"""
    SELECT c.id, c.source_id, s.url_key, c.captured_at, c.url, c.final_url, c.status, c.reason, c.content_type,
           p.sha256, p.length
    FROM source s CROSS JOIN capture c ON c.source_id = s.id LEFT JOIN payload p ON p.id = c.payload_id
    WHERE {_SHOWN} AND c.captured_at >= :since AND c.captured_at < :until AND {{where}}
    ORDER BY {{order}} LIMIT :limit"""  # CROSS JOIN: SQLite keeps to this order of the tables, which needs no sorting


def list_captures(
    ask: Ask, place: Scope, *, behind: Position | None = None, back: bool = False, limit: int
) -> list[CdxEntry]:
    """At most ``limit`` captures of a place in order of key, instant and id, ``back`` in the opposite one.

    Those ``behind`` a position in that direction. A row costs some microseconds, wherever in the list it stands.
    """
    if isinstance(place, OtherSources):
        return _listed_elsewhere(ask, place, behind, limit, back=back)
    sign, order = ("<", "DESC") if back else (">", "ASC")
    kinds = "TRUE" if place.probes else "s.kind <> 'probe'"
    order = f"s.url_key {order}, c.captured_at {order}, c.id {order}"
    asked = {"low": place.low, "high": place.high, **_window(place)}
    span = f"s.url_key >= :low AND s.url_key < :high AND c.part = 1 AND {kinds}"
    if behind is None:
        found = ask(_LIST.format(where=span, order=order), **asked, limit=limit)
        return [_listed(row) for row in found]
    # Two questions, so that the first source too is entered at the instant and not read from its beginning.
    asked |= {"key": behind.url_key, "at": micros(behind.at), "id": behind.id}
    same = f"{span} AND s.url_key = :key AND (c.captured_at, c.id) {sign} (:at, :id)"
    found = ask(_LIST.format(where=same, order=order), **asked, limit=limit)
    if len(found) < limit:
        others = f"{span} AND s.url_key {sign} :key"
        found += ask(_LIST.format(where=others, order=order), **asked, limit=limit - len(found))
    return [_listed(row) for row in found]


def _listed_elsewhere(
    ask: Ask, place: OtherSources, behind: Position | None, limit: int, *, back: bool
) -> list[CdxEntry]:
    sign, order = ("<", "DESC") if back else (">", "ASC")
    which = "c.part > 1 AND c.url" if place.parts else "c.part = 1 AND c.final_url"
    where = f"""s.id IN (SELECT value FROM json_each(:ids)) AND {which} IN (SELECT value FROM json_each(:urls))
                AND (c.captured_at, c.id) {sign} (:at, :id)"""
    start = -_NEVER if not back else _NEVER
    at, capture_id = (start, start) if behind is None else (micros(behind.at), behind.id)
    asked = {"ids": json.dumps(place.source_ids), "urls": json.dumps(place.urls), "at": at, "id": capture_id}
    sql = _LIST.format(where=where, order=f"c.captured_at {order}, c.id {order}")
    return [_listed(row, place.url_key) for row in ask(sql, **asked, **_window(place), limit=limit)]


def nearest_capture(ask: Ask, place: Scope, at: datetime, url_key: str) -> CdxEntry | None:
    """The capture of one address nearest in time to ``at``, the earlier of two that are equally near."""
    before = list_captures(ask, place, behind=Position(url_key, at, 0), back=True, limit=1)
    after = list_captures(ask, place, behind=Position(url_key, at, -1), limit=1)
    return min((*before, *after), key=lambda one: abs(one.at - at), default=None)


def _window(place: Scope) -> dict[str, int]:
    return {
        "since": -_NEVER if place.since is None else micros(place.since),
        "until": _NEVER if place.until is None else micros(place.until),
    }


def _listed(row: Row, url_key: str | None = None) -> CdxEntry:
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

_SLOTS = """FROM source s CROSS JOIN capture c ON c.source_id = s.id WHERE s.url_key >= :low AND s.url_key < :high"""


def count_captures(ask: Ask, place: KeyRange) -> int:
    """How many captures stand under these keys at all, shown or not: read off the indices alone."""
    return int(ask(f"SELECT count(*) AS n {_SLOTS}", low=place.low, high=place.high)[0]["n"])


def page_bounds(ask: Ask, place: KeyRange, start: int, size: int) -> tuple[Position, Position | None] | None:
    """Where the captures ``start`` (from 0) to ``start + size`` of all under these keys begin, and what comes after.

    None behind the last one. Positions lie before every capture of their source and instant, so that pages cut there
    share none. Costs as much as what is skipped: a million captures take a third of a second.
    """
    sql = f"SELECT s.url_key, c.captured_at {_SLOTS} ORDER BY s.url_key, c.captured_at LIMIT :size OFFSET :start"
    found = ask(sql, low=place.low, high=place.high, start=start, size=size + 1)
    if not found:
        return None
    begins, *_ = here = [Position(row["url_key"], instant(row["captured_at"]), -1) for row in (found[0], found[-1])]
    return begins, here[-1] if len(found) > size else None


# --- what stands behind a capture ------------------------------------------------------------------------------------

_PAGE_BEFORE = _LIST.format(
    where="s.id = :id AND c.reason IS NULL AND c.payload_id IS NOT NULL AND c.part = 1",
    order="c.captured_at DESC, c.id",
)


def page_behind_304(ask: Ask, source_id: int, at: datetime) -> CdxEntry | None:
    """The page that a 304 of ``at`` says is unchanged: the last whole one of its source before it."""
    found = ask(_PAGE_BEFORE, id=source_id, since=-_NEVER, until=micros(at), limit=1)
    return _listed(found[0]) if found else None


# --- addresses that are no source of their own -----------------------------------------------------------------------

_MOST_SOURCES = 50
"""Sources looked through for an address that is none itself; beyond that it is somebody's menu, not an article's."""


def redirected_to(ask: Ask, url_key: str) -> list[tuple[int, str]]:
    """Sources that are said to have moved to the address of this key, with each address their redirects ended at."""
    sql = """SELECT DISTINCT c.source_id, c.final_url FROM capture c
             WHERE c.source_id IN (SELECT k.source_id FROM claim k WHERE k.url_key = :key AND k.kind = 'moved'
                                   ORDER BY k.source_id LIMIT :most) AND c.part = 1"""
    return [(row["source_id"], row["final_url"]) for row in ask(sql, key=url_key, most=_MOST_SOURCES)]


def parts_under(ask: Ask, stems: Sequence[str]) -> list[tuple[int, str]]:
    """Further parts of the articles whose key is one of ``stems``, or that with a query: source and part's address."""
    found = []
    for stem in stems:
        sql = """SELECT DISTINCT c.source_id, c.url FROM capture c
                 WHERE c.source_id IN (SELECT id FROM source WHERE url_key = :stem OR (url_key >= :low
                                       AND url_key < :high) ORDER BY url_key LIMIT :most) AND c.part > 1"""
        told = ask(sql, stem=stem, low=f"{stem}?", high=f"{stem}@", most=_MOST_SOURCES)
        found += [(row["source_id"], row["url"]) for row in told]
    return found
