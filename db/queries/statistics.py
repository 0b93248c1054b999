"""Statistics of the whole archive: counts, sizes, growth, runs and leases."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from db.dialect import word_index
from db.microseconds import instant_or_none, micros

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from db.reader import Ask, Row

_COUNTS = """
    SELECT (SELECT count(*) FROM source WHERE kind NOT IN ('robots', 'probe')) AS sources,
           (SELECT count(*) FROM capture) AS captures, (SELECT count(*) FROM payload) AS payloads,
           (SELECT count(*) FROM version WHERE superseded_at IS NULL) AS versions,
           (SELECT count(*) FROM v_links) AS links, (SELECT count(*) FROM underived) AS underived"""


def counts(ask: Ask) -> dict[str, int]:
    """Return the numbers of sources, captures, payloads, versions, links, and captures still to derive.

    Robots.txt files and probes count as captures, but not as sources.
    """
    return dict(ask(_COUNTS)[0])


def table_sizes(ask: Ask) -> dict[str, int]:
    """Return the bytes of each table with its indexes, largest first.

    They are counted page by page, which reads the whole file. For a large file, or where SQLite was built without
    ``dbstat``, they are estimated from the first rows of each table.
    """
    if word_index(ask) is not None:
        return {row["name"]: row["size"] for row in ask(_SERVER_SIZES)}
    large = file_size(ask) > _COUNTABLE
    sizes_by_table = _counted(ask) if not large and _has_dbstat(ask) else _estimated(ask)
    return dict(sorted(sizes_by_table.items(), key=lambda item: (-item[1], item[0])))


_SERVER_SIZES = """
    SELECT CASE relname WHEN 'text_words' THEN 'text_fts' ELSE relname END AS name, pg_total_relation_size(oid) AS size
    FROM pg_class WHERE relnamespace = CAST(current_schema() AS regnamespace) AND relkind = 'r' ORDER BY 2 DESC, 1"""
_COUNTABLE = 2**26  # bytes: counting reads the whole file, 830 MB in 4.4 s of CPU, where an estimate takes 0.1 s


def _has_dbstat(ask: Ask) -> bool:
    return bool(ask("SELECT 1 FROM pragma_module_list WHERE name = 'dbstat'"))


_PAGES = """
    SELECT coalesce(m.tbl_name, s.name) AS name, sum(s.pgsize) AS size
    FROM dbstat s LEFT JOIN sqlite_master m ON m.name = s.name GROUP BY 1"""


def _counted(ask: Ask) -> dict[str, int]:
    return _with_parts(ask(_PAGES))


def _estimated(ask: Ask) -> dict[str, int]:
    """Return the number of rows of each table times the average size of the first ones."""
    names = ask("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name")
    return _with_parts([{"name": row["name"], "size": _estimate(ask, row["name"])} for row in names])


def _estimate(ask: Ask, table: str) -> int:
    columns = [row["name"] for row in ask("SELECT name FROM pragma_table_info(:table)", table=table)]
    lengths = " + ".join(f'coalesce(length(CAST("{name}" AS BLOB)), 0) + 1' for name in columns)
    sample = f'(SELECT {lengths} AS size FROM "{table}" LIMIT 500)'
    (row,) = ask(f'SELECT (SELECT count(*) FROM "{table}") AS n, (SELECT avg(size) FROM {sample}) AS size')
    return int(row["n"] * (row["size"] or 0) * _FILLING)


_FILLING = 1.2  # indexes and half-filled pages, in archives of real pages


def _with_parts(rows: Iterable[Row]) -> dict[str, int]:
    """Return sizes by table, with the tables of the full-text index under its name."""
    sizes_by_table: dict[str, int] = {}
    for row in rows:
        name = "text_fts" if row["name"].startswith("text_fts") else row["name"]
        sizes_by_table[name] = sizes_by_table.get(name, 0) + row["size"]
    return sizes_by_table


_USED = """
    SELECT (page_count - freelist_count) * page_size AS n
    FROM pragma_page_count, pragma_freelist_count, pragma_page_size"""


def file_size(ask: Ask) -> int:
    """Return the bytes of the file that are in use, without free pages and the log; of a server, of all tables."""
    if word_index(ask) is not None:
        return sum(table_sizes(ask).values())
    return int(ask(_USED)[0]["n"])


def sizes(ask: Ask, by_table: Mapping[str, int]) -> dict[str, int]:
    """Return bytes by purpose, from the result of ``table_sizes``.

    ``payloads``: every table and index that holds payload bytes or digests. ``text``: the texts. ``index``: full text
    and LSH keys. ``total``: the whole file. ``outside``: packs in an object store, which are no part of the file.
    """
    return {
        "payloads": by_table.get("payload", 0),
        "text": by_table.get("text", 0),
        "index": by_table.get("text_fts", 0) + by_table.get("near_key", 0),
        "total": file_size(ask),
        "outside": _bytes_outside(ask),
    }


def _bytes_outside(ask: Ask) -> int:
    return int(ask("SELECT coalesce(sum(length), 0) AS n FROM pack WHERE stored_at IS NOT NULL")[0]["n"])


_FIRST_OF_WEEK = """
    SELECT min(c.id) AS first, min(r.started_at) AS since FROM run r JOIN capture c ON c.run_id = r.id
    WHERE r.started_at >= :since"""
_ADDITIONS = """
    SELECT count(*) AS captures,
           coalesce(sum(CASE WHEN c.revisit THEN 0 ELSE coalesce(e.length, length(p.data)) END), 0) AS bytes
    FROM capture c LEFT JOIN payload p ON p.id = c.payload_id LEFT JOIN pack_entry e ON e.payload_id = p.id
    WHERE c.id >= :first"""


def growth(ask: Ask, by_table: Mapping[str, int], now: datetime) -> dict[str, float]:
    """Return the growth by the last week's runs and imports: ``days``, ``captures_per_day``, ``bytes_per_day``.

    Bytes count packed payloads, and texts and indexes in proportion to payloads so far.
    """
    (row,) = ask(_FIRST_OF_WEEK, since=micros(now - timedelta(days=7)))
    if row["first"] is None:
        return {"days": 0, "captures_per_day": 0, "bytes_per_day": 0}
    days = max((micros(now) - row["since"]) / 86_400_000_000, 1.0)
    (additions,) = ask(_ADDITIONS, first=row["first"])
    outside = _bytes_outside(ask)
    bytes_per_payload_byte = (sum(by_table.values()) + outside) / max(by_table.get("payload", 0) + outside, 1)
    return {
        "days": round(days, 1),
        "captures_per_day": round(additions["captures"] / days, 1),
        "bytes_per_day": round(additions["bytes"] * bytes_per_payload_byte / days),
    }


def runs(ask: Ask, *, limit: int) -> list[dict[str, Any]]:
    """Return the last runs, newest first: id, kind, owner, started_at, finished_at (None: unfinished), counts."""
    return runs_before(ask, before=None, limit=limit)


def runs_before(ask: Ask, *, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Return ``runs`` older than the run with the id ``before``."""
    sql = """SELECT id, kind, owner, started_at, finished_at, counts FROM run WHERE id < :before
             ORDER BY id DESC LIMIT :n"""
    return [
        {
            **row,
            "started_at": instant_or_none(row["started_at"]),
            "finished_at": instant_or_none(row["finished_at"]),
            "counts": json.loads(row["counts"]),
        }
        for row in ask(sql, n=limit, before=1 << 62 if before is None else before)
    ]


def states(ask: Ask) -> dict[str, int]:
    """Return the number of watched sources by state."""
    rows = ask(
        "SELECT state, count(*) AS n FROM v_sources WHERE seed IS NOT NULL GROUP BY state ORDER BY n DESC, state"
    )
    return {row["state"]: row["n"] for row in rows}


def leases(ask: Ask, now: datetime) -> list[dict[str, Any]]:
    """Return the leases of runs in force at ``now``: name, owner, until_at. The name of a lease of work has a blank."""
    sql = "SELECT name, owner, until_at FROM lease WHERE until_at > :now AND instr(name, ' ') = 0 ORDER BY name"
    rows = ask(sql, now=micros(now))
    return [{**row, "until_at": instant_or_none(row["until_at"])} for row in rows]
