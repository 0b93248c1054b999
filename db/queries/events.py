"""Queries for events: what was first seen, missing, copied, listed or run in a window of time.

Every window includes its start and excludes its end.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from db.microseconds import instant, instant_or_none, micros
from db.records import Relation, SeedKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from db.reader import Ask, Row

    Window = tuple[datetime, datetime]

_COPIES = tuple(str(relation) for relation in Relation if relation.is_copy)
_PLACE = """h.id AS source_id, h.url, coalesce(d."group", '') AS seed_group, coalesce(d.key, '') AS seed_key"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An article or list: its source, address, group and seed, and the headline of its newest version."""

    source_id: int
    url: str
    group: str
    seed_key: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """A version as an event needs it."""

    place: Place
    number: int
    at: datetime
    kinds: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCheck:
    """A check of a list: the reason of a failure, the flags of its page, and the length of its payload."""

    at: datetime
    reason: str | None
    detail: str
    flags: tuple[str, ...]
    length: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run, and the start of the next one of any kind."""

    id: int
    kind: str
    started_at: datetime
    finished_at: datetime | None
    counts: dict[str, int]
    next_at: datetime | None


_VERSIONS = f"""
    SELECT {_PLACE}, v.number, v.first_seen_at, v.kinds, v.score, v.title
    FROM version v INDEXED BY ix_version_first_seen_at_number
    JOIN source h ON h.id = v.source_id LEFT JOIN seed d ON d.id = h.seed_id
    WHERE v.superseded_at IS NULL AND v.cause <> 'recipe' AND v.first_seen_at >= :since AND v.first_seen_at < :until
      AND v.number >= :least AND v.number <= :most AND (CAST(:source AS BIGINT) IS NULL OR v.source_id = :source)
    ORDER BY v.first_seen_at DESC, v.id DESC LIMIT :limit"""


def versions_between(
    ask: Ask, window: Window, *, firsts: bool, changes: bool, source_id: int | None, limit: int
) -> list[VersionRow]:
    """Return the versions first seen in a window, newest first: first versions, changes, or both."""
    least, most = (1 if firsts else 2), (1 << 40 if changes else 1)
    rows = ask(_VERSIONS, **_bounds(window), least=least, most=most, source=source_id, limit=limit)
    return [
        VersionRow(
            place=_place(row, row["title"]),
            number=row["number"],
            at=instant(row["first_seen_at"]),
            kinds=tuple(json.loads(row["kinds"])),
            score=row["score"],
        )
        for row in rows
    ]


# The checks that met an absence, or a page that is no article. Each condition begins with that of an index of few rows.
_FAILED = """capture {name} INDEXED BY ix_capture_source_id_captured_at_reason
    WHERE {name}.reason IS NOT NULL AND {name}.reason <> 'not_modified' AND {name}.reason IN {{states}}
    AND {name}.part = 1"""
_NO_ARTICLE = """derivation x INDEXED BY ix_derivation_capture_id_verdict
    ON x.capture_id = {name}.id AND x.verdict <> 'ok' AND x.verdict IN {{states}}"""

# Of some articles those of which a check in the window met an absence, or a text soon after an absence. A few earlier
# checks are read, because a passing failure or a 304 may come between.
_ABSENT = f"""
    WITH checked AS MATERIALIZED (
        SELECT c.source_id, min(c.captured_at) AS first_at FROM (
            SELECT f.value AS id FROM json_each(:ids) f
            UNION SELECT s.id FROM json_each(:ids) f CROSS JOIN source s ON s.same_as = f.value) a
        CROSS JOIN capture c ON c.source_id = a.id
            AND c.captured_at >= :since AND c.captured_at < :until AND c.part = 1
        GROUP BY c.source_id),
    absent AS MATERIALIZED (
        SELECT k.source_id, k.first_at, f.captured_at
        FROM checked k CROSS JOIN {_FAILED.format(name="f")} AND f.source_id = k.source_id AND f.captured_at < :until
        UNION ALL
        SELECT k.source_id, k.first_at, c.captured_at
        FROM checked k CROSS JOIN capture c ON c.source_id = k.source_id
        CROSS JOIN {_NO_ARTICLE.format(name="c")}
        WHERE c.payload_id IS NOT NULL AND c.captured_at < :until AND c.part = 1 AND c.reason IS NULL)
    SELECT DISTINCT coalesce(s.same_as, s.id) AS id
    FROM absent m CROSS JOIN source s ON s.id = m.source_id AND s.kind = 'article'
    WHERE m.captured_at >= :since OR m.captured_at >= (
        SELECT min(e.captured_at) FROM (
            SELECT p.captured_at FROM capture p WHERE p.source_id = m.source_id AND p.part = 1
              AND p.captured_at < m.first_at ORDER BY p.captured_at DESC LIMIT 4) e)
    ORDER BY 1"""


def sources_absent(ask: Ask, window: Window, states: Sequence[str], source_ids: Collection[int]) -> list[int]:
    """Return the articles of which a check in the window met one of these states, or followed one that did.

    ``source_ids``: the articles asked about. Others than ``sources_ever_absent`` up to the window's end cannot be.
    """
    if not source_ids:
        return []
    sql = _ABSENT.format(states=tuple(states))
    return [row["id"] for row in ask(sql, **_bounds(window), ids=json.dumps(sorted(source_ids)))]


_EVER_ABSENT = f"""
    SELECT coalesce(s.same_as, s.id) AS id
    FROM (SELECT DISTINCT f.source_id FROM {_FAILED.format(name="f")} AND f.captured_at <= :until) m
    CROSS JOIN source s ON s.id = m.source_id AND s.kind = 'article'
    UNION SELECT coalesce(s.same_as, s.id) AS id
    FROM {_NO_ARTICLE.format(name="x").partition("ON")[0]}
    CROSS JOIN capture c ON c.id = x.capture_id AND c.part = 1 AND c.captured_at <= :until AND c.reason IS NULL
    CROSS JOIN source s ON s.id = c.source_id AND s.kind = 'article'
    WHERE x.verdict <> 'ok' AND x.verdict IN {{states}}
    ORDER BY 1"""


def sources_ever_absent(ask: Ask, until: datetime, states: Sequence[str]) -> list[int]:
    """Return the articles of which any check up to an instant met one of these states."""
    return [row["id"] for row in ask(_EVER_ABSENT.format(states=tuple(states)), until=micros(until))]


_HAS_COPIES = f"""
    (EXISTS (SELECT 1 FROM link l WHERE l.a_text_id = {{text}} AND l.relation IN {_COPIES})
     OR EXISTS (SELECT 1 FROM link l WHERE l.b_text_id = {{text}} AND l.relation IN {_COPIES})
     OR EXISTS (SELECT 1 FROM version w WHERE w.text_id = {{text}} AND w.superseded_at IS NULL
                AND w.source_id <> {{source}}))"""
_COPYING = f"""
    SELECT DISTINCT v.source_id AS id FROM version v INDEXED BY ix_version_first_seen_at_number
    CROSS JOIN version o ON o.source_id = v.source_id AND o.superseded_at IS NULL AND {{which}}
    WHERE v.superseded_at IS NULL AND v.first_seen_at >= :since AND v.first_seen_at < :until AND v.number >= :least
      AND (CAST(:source AS BIGINT) IS NULL OR v.source_id = :source) AND {_HAS_COPIES}
    ORDER BY 1 LIMIT :limit"""


def sources_with_copies(ask: Ask, window: Window, *, changed: bool, source_id: int | None, limit: int) -> list[int]:
    """Return articles with a version first seen in the window whose text has copies.

    ``changed``: articles that changed in the window, and of which any text has copies.
    """
    least = 2 if changed else 1
    which = "o.number > 0" if changed else "o.id = v.id"
    sql = _COPYING.format(which=which, text="o.text_id", source="o.source_id")
    rows = ask(sql, **_bounds(window), least=least, source=source_id, limit=limit)
    return [row["id"] for row in rows]


# Of every change its copies, and of every copy the first page that certainly has its text since the change.
_CORRECTED = f"""
    WITH changed AS MATERIALIZED (
        SELECT DISTINCT v.source_id, v.first_seen_at AS at FROM json_each(:ids) f
        CROSS JOIN version v ON v.source_id = f.value AND v.superseded_at IS NULL
        WHERE v.number > 1 AND v.first_seen_at >= :wide AND v.first_seen_at < :until),
    texts AS MATERIALIZED (
        SELECT c.source_id, c.at, o.text_id FROM changed c
        CROSS JOIN version o ON o.source_id = c.source_id AND o.superseded_at IS NULL),
    holders AS (
        SELECT t.source_id, t.at, w.source_id AS copy_id FROM texts t
            CROSS JOIN version w ON w.text_id = t.text_id AND w.source_id <> t.source_id AND w.superseded_at IS NULL
        UNION ALL SELECT t.source_id, t.at, w.source_id FROM texts t
            CROSS JOIN link l ON l.a_text_id = t.text_id AND l.relation IN {_COPIES}
            CROSS JOIN version w ON w.text_id = l.b_text_id AND w.source_id <> t.source_id AND w.superseded_at IS NULL
        UNION ALL SELECT t.source_id, t.at, w.source_id FROM texts t
            CROSS JOIN link l ON l.b_text_id = t.text_id AND l.relation IN {_COPIES}
            CROSS JOIN version w ON w.text_id = l.a_text_id AND w.source_id <> t.source_id AND w.superseded_at IS NULL),
    copies AS MATERIALIZED (
        SELECT DISTINCT h.source_id, h.at, coalesce(s.same_as, s.id) AS copy_id
        FROM holders h CROSS JOIN source s ON s.id = h.copy_id),
    checks AS MATERIALIZED (
        SELECT c.source_id, c.at, c.copy_id, (
            SELECT min(k.captured_at) FROM source s CROSS JOIN capture k ON k.source_id = s.id AND k.part = 1
            WHERE (s.id = c.copy_id OR s.same_as = c.copy_id)
              AND k.captured_at >= max(c.at, :since) AND k.captured_at < :until) AS checked_at
        FROM copies c)
    SELECT c.source_id AS id, max(c.checked_at) AS at FROM checks c
    WHERE c.checked_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM source s CROSS JOIN capture k ON k.source_id = s.id AND k.part = 1
        LEFT JOIN derivation x ON x.capture_id = k.id
        WHERE (s.id = c.copy_id OR s.same_as = c.copy_id) AND k.captured_at >= c.at AND k.captured_at < :since
          AND ((k.reason IS NULL AND x.verdict IN {{verdicts}} AND x.text_id IS NOT NULL)
               OR (k.reason = 'not_modified' AND (
                   SELECT y.verdict IN {{verdicts}} AND y.text_id IS NOT NULL
                   FROM capture p CROSS JOIN derivation y ON y.capture_id = p.id
                   WHERE p.source_id = k.source_id AND p.part = 1 AND p.reason IS NULL
                     AND p.provenance = k.provenance AND p.captured_at <= k.captured_at
                   ORDER BY p.captured_at DESC LIMIT 1))))
    GROUP BY c.source_id ORDER BY 2 DESC, 1 LIMIT :limit"""


def corrected_before(
    ask: Ask, window: Window, earliest: datetime, source_ids: Collection[int], *, limit: int
) -> dict[int, datetime]:
    """Return articles changed since ``earliest`` of which a copy was perhaps seen first since then in the window.

    So each of them is looked at in one window or few, not in all that follow its change. The value is a check of the
    copy; the newest come first. ``source_ids``: the articles asked about.
    """
    if not source_ids:
        return {}
    verdicts = tuple(str(verdict) for verdict in Verdict if verdict.opens_version)
    sql = _CORRECTED.format(verdicts=verdicts)
    rows = ask(sql, **_bounds(window), wide=micros(earliest), ids=json.dumps(sorted(source_ids)), limit=limit)
    return {row["id"]: instant(row["at"]) for row in rows}


_NTH_VERSION = """
    SELECT first_seen_at AS at FROM version INDEXED BY ix_version_first_seen_at_number
    WHERE superseded_at IS NULL AND first_seen_at >= :since AND first_seen_at < :until
    ORDER BY first_seen_at DESC LIMIT 1 OFFSET :n"""
_NTH_CAPTURE = """
    SELECT captured_at AS at FROM capture INDEXED BY ix_capture_captured_at
    WHERE captured_at >= :since AND captured_at < :until ORDER BY captured_at DESC LIMIT 1 OFFSET :n"""


_NTH_COPIED = f"""
    SELECT v.first_seen_at AS at FROM version v INDEXED BY ix_version_first_seen_at_number
    WHERE v.superseded_at IS NULL AND v.first_seen_at >= :since AND v.first_seen_at < :until AND {_HAS_COPIES}
    ORDER BY v.first_seen_at DESC LIMIT 1 OFFSET :n"""


def instant_of_copied(ask: Ask, window: Window, number: int) -> datetime | None:
    """Return the same of versions whose text has copies."""
    rows = ask(_NTH_COPIED.format(text="v.text_id", source="v.source_id"), **_bounds(window), n=number)
    return instant(rows[0]["at"]) if rows else None


def instant_of_version(ask: Ask, window: Window, number: int) -> datetime | None:
    """Return when the version was first seen that so many of the window are newer than, None if it has fewer."""
    rows = ask(_NTH_VERSION, **_bounds(window), n=number)
    return instant(rows[0]["at"]) if rows else None


def instant_of_capture(ask: Ask, window: Window, number: int) -> datetime | None:
    """Return the instant of the capture that so many of the window are newer than, None if it has fewer."""
    rows = ask(_NTH_CAPTURE, **_bounds(window), n=number)
    return instant(rows[0]["at"]) if rows else None


_PLACES = f"""
    SELECT {_PLACE}, (SELECT v.title FROM version v WHERE v.source_id = h.id AND v.superseded_at IS NULL
                      ORDER BY v.first_seen_at DESC, v.number DESC LIMIT 1) AS title
    FROM json_each(:ids) f CROSS JOIN source h ON h.id = f.value LEFT JOIN seed d ON d.id = h.seed_id"""


def places(ask: Ask, source_ids: Collection[int]) -> dict[int, Place]:
    """Return the places of sources, by id."""
    return {row["source_id"]: _place(row, row["title"] or "") for row in ask(_PLACES, ids=json.dumps(list(source_ids)))}


_LIST_KINDS = tuple(str(kind) for kind in SeedKind if kind.is_list and kind.is_listable and kind is not SeedKind.FILE)
_LISTS = f"""
    SELECT {_PLACE}, '' AS title FROM source h JOIN seed d ON d.id = h.seed_id
    WHERE h.kind IN {_LIST_KINDS} AND (CAST(:source AS BIGINT) IS NULL OR h.id = :source) ORDER BY h.id"""


def lists(ask: Ask, *, source_id: int | None) -> list[Place]:
    """Return the lists of the seed index: feeds, sitemaps, section pages, TimeMaps."""
    return [_place(row, "") for row in ask(_LISTS, source=source_id)]


_LIST_CHECKS = """
    SELECT c.captured_at, c.reason, c.detail, c.flags, p.length FROM capture c
    LEFT JOIN payload p ON p.id = c.payload_id
    WHERE c.source_id = :id AND c.part = 1 AND c.captured_at >= :since AND c.captured_at < :until
    ORDER BY c.captured_at, c.id"""


# Every list with a check in the window that found no usable list, or with a page far smaller than its largest.
_IN_TROUBLE = f"""
    SELECT h.id FROM source h JOIN seed d ON d.id = h.seed_id
    WHERE h.kind IN {_LIST_KINDS} AND (CAST(:source AS BIGINT) IS NULL OR h.id = :source) AND (
        EXISTS (SELECT 1 FROM capture c WHERE c.source_id = h.id AND c.part = 1
                AND c.captured_at >= :since AND c.captured_at < :until
                AND (c.reason <> 'not_modified' OR c.flags LIKE '%"list-%'))
        OR (SELECT min(p.length) FROM capture c JOIN payload p ON p.id = c.payload_id
            WHERE c.source_id = h.id AND c.part = 1 AND c.captured_at >= :since AND c.captured_at < :until)
           < :shrunk * (SELECT max(p.length) FROM capture c JOIN payload p ON p.id = c.payload_id
                        WHERE c.source_id = h.id AND c.part = 1
                          AND c.captured_at >= :earliest AND c.captured_at < :until))"""


def lists_in_trouble(ask: Ask, window: Window, earliest: datetime, *, shrunk: float, source_id: int | None) -> set[int]:
    """Return the lists that a check in the window perhaps found broken or shrunk. The others surely were neither.

    ``shrunk``: the share of the length of a page since ``earliest`` below which a page may be too small.
    """
    rows = ask(_IN_TROUBLE, **_bounds(window), earliest=micros(earliest), shrunk=shrunk, source=source_id)
    return {row["id"] for row in rows}


def list_checks(ask: Ask, source_id: int, window: Window) -> list[ListCheck]:
    """Return the checks of a list in a window, by time."""
    return [
        ListCheck(
            at=instant(row["captured_at"]),
            reason=row["reason"],
            detail=row["detail"] or "",
            flags=tuple(json.loads(row["flags"])),
            length=row["length"],
        )
        for row in ask(_LIST_CHECKS, id=source_id, **_bounds(window))
    ]


_FINDS = """
    SELECT max(found_at) AS found_at FROM listing WHERE list_id = :id AND found_at >= :since AND found_at < :until
    GROUP BY found_at / 3600000000 ORDER BY 1"""


def finds(ask: Ask, source_id: int, window: Window) -> list[datetime]:
    """Return when a list named an article for the first time, one instant an hour at most, by time."""
    return [instant(row["found_at"]) for row in ask(_FINDS, id=source_id, **_bounds(window))]


_RUNS = """
    SELECT r.id, r.kind, r.started_at, r.finished_at, r.counts,
           (SELECT min(n.started_at) FROM run n WHERE n.id > r.id) AS next_at
    FROM run r WHERE r.started_at >= :since AND r.started_at < :until ORDER BY r.id"""


def runs_between(ask: Ask, window: Window) -> list[RunRow]:
    """Return the runs that started in a window."""
    return [
        RunRow(
            id=row["id"],
            kind=row["kind"],
            started_at=instant(row["started_at"]),
            finished_at=instant_or_none(row["finished_at"]),
            counts=json.loads(row["counts"]),
            next_at=instant_or_none(row["next_at"]),
        )
        for row in ask(_RUNS, **_bounds(window))
    ]


def bounds_of_records(ask: Ask) -> Window | None:
    """Return the instants of the first and the last capture or run, None if there is neither."""
    rows = [
        ask(f"SELECT {end}({column}) AS at FROM {table}")[0]["at"]
        for table, column in (("capture", "captured_at"), ("run", "started_at"), ("run", "finished_at"))
        for end in ("min", "max")
    ]
    instants = [instant(at) for at in rows if at is not None]
    return (min(instants), max(instants)) if instants else None


def _place(row: Row, title: str) -> Place:
    return Place(
        source_id=row["source_id"],
        url=row["url"],
        group=row["seed_group"],
        seed_key=row["seed_key"],
        title=title,
    )


def _bounds(window: Window) -> dict[str, int]:
    return {"since": micros(window[0]), "until": micros(window[1])}
