"""Queries of origins: the stored state of each, its robots.txt and its probes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from db.microseconds import instant, instant_or_none
from db.queries import captures, row_mapping
from db.records import HostState, Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from db.reader import Ask, Row
    from db.records import Capture

_PORTS = {"http": 80, "https": 443}


def host_state(ask: Ask, origin: str) -> HostState | None:
    """Return the stored state of ``origin`` (``scheme://host:port``), or None if there is none yet."""
    rows = ask("SELECT * FROM origin WHERE name = :name", name=origin)
    return _host_state(rows[0]) if rows else None


def _host_state(row: Row) -> HostState:
    return HostState(
        origin=row["name"],
        delay=row["delay"],
        latency=row["latency"],
        clean=row["clean"],
        paused_until_at=instant_or_none(row["paused_until_at"]),
        robots_failing_since_at=instant_or_none(row["robots_failing_since_at"]),
        probed_at=instant_or_none(row["probed_at"]),
        answered_at=instant(row["updated_at"]),
    )


def pauses(ask: Ask) -> dict[str, datetime]:
    """Return the end of the last pause of every origin that ever asked for one. Many are over."""
    rows = ask("SELECT name, paused_until_at FROM origin WHERE paused_until_at IS NOT NULL")
    return {row["name"]: instant(row["paused_until_at"]) for row in rows}


def origin_name(url: str) -> str:
    """Return the origin of a canonical ``url`` as it is stored: scheme, host and port, the port always written."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or _PORTS.get(parts.scheme)}"


_FROM = "FROM capture c JOIN source s ON s.id = c.source_id LEFT JOIN payload p ON p.id = c.payload_id"

_ROBOTS = f"SELECT {row_mapping.CAPTURE} {_FROM} WHERE s.url_key = :key AND c.url = :url AND c.provenance = 'live'"
_NEWEST = "ORDER BY c.captured_at DESC, c.id DESC LIMIT 1"


def robots_txt(ask: Ask, url: str, url_key: str) -> tuple[Capture, bytes, datetime] | None:
    """Return the capture of the robots.txt in force, its bytes, and when it was last confirmed. None: never fetched.

    In force is the newest capture or, if that is a 304, the newest whole one, which the 304 confirms.
    """
    rows = ask(f"{_ROBOTS} {_NEWEST}", key=url_key, url=url)
    if not rows:
        return None
    newest = row_mapping.capture(rows[0])
    in_force = newest
    if newest.reason is Reason.NOT_MODIFIED:
        whole = ask(f"{_ROBOTS} AND c.reason IS NULL {_NEWEST}", key=url_key, url=url)
        if not whole:
            return None
        in_force = row_mapping.capture(whole[0])
    body = b"" if in_force.payload_sha256 is None else captures.payload(ask, in_force.payload_sha256)
    return in_force, body, newest.finished_at or newest.captured_at


_PROBES = """
    SELECT h.value AS host, c.captured_at, c.url, t.body
    FROM json_each(:hosts) h
    CROSS JOIN source s ON s.url_key >= h.value AND s.url_key < substr(h.value, 1, length(h.value) - 1) || '0'
    JOIN capture c ON c.source_id = s.id AND c.reason IS NULL
    JOIN derivation d ON d.capture_id = c.id
    JOIN extraction e ON e.id = d.extraction_id
    JOIN text t ON t.id = e.text_id
    WHERE s.kind = 'probe'
    ORDER BY c.captured_at, c.url"""


def soft404_probes(ask: Ask, hosts: Collection[str]) -> dict[str, list[tuple[datetime, str, str]]]:
    """Return the pages these hosts gave for addresses that cannot exist, as (instant, address, text), by time.

    ``hosts`` are the beginnings of url_keys up to the slash, ``example,daily,)/``. Each is in the result. Only whole
    pages with a text count: a host that answers 404 has none.
    """
    probes: dict[str, list[tuple[datetime, str, str]]] = {host: [] for host in hosts}
    for row in ask(_PROBES, hosts=json.dumps(list(probes))) if probes else ():
        probes[row["host"]].append((instant(row["captured_at"]), row["url"], row["body"]))
    return probes


_UNDERIVED = """
    SELECT c.final_url AS url, max(CASE WHEN seed.allow_private THEN 1 ELSE 0 END) AS allow_private
    FROM underived u JOIN capture c ON c.id = u.capture_id JOIN source s ON s.id = c.source_id
    JOIN seed ON seed.id = s.seed_id
    WHERE c.provenance = 'live' AND c.reason IS NULL AND s.kind = 'article'
    GROUP BY c.final_url"""


def underived_urls(ask: Ask) -> list[tuple[str, bool]]:
    """Return the final addresses of fetched articles on the ledger, and whether each may be private."""
    return [(row["url"], bool(row["allow_private"])) for row in ask(_UNDERIVED)]


_LAST_PAGES = f"""
    SELECT {row_mapping.CAPTURE} FROM json_each(:ids) wanted
    JOIN capture c ON c.id = (SELECT w.id FROM capture w WHERE w.source_id = wanted.value AND w.provenance = 'live'
                                AND w.reason IS NULL AND w.part = 1
                              ORDER BY w.captured_at DESC, w.id DESC LIMIT 1)
    LEFT JOIN payload p ON p.id = c.payload_id"""


def last_pages(ask: Ask, source_ids: Iterable[int]) -> dict[int, Capture]:
    """Map each of these sources to the newest whole page that we fetched from it. Sources without one are left out."""
    rows = ask(_LAST_PAGES, ids=json.dumps(sorted(source_ids)))
    return {row["source_id"]: row_mapping.capture(row) for row in rows}
