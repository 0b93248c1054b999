"""Questions about the archive as a whole: how much there is, how big it is, what ran."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from db.times import instant_or_none, micros

if TYPE_CHECKING:
    from datetime import datetime

    from db.connect import Ask

_COUNTS = """
    SELECT (SELECT count(*) FROM source) AS sources, (SELECT count(*) FROM capture) AS captures,
           (SELECT count(*) FROM payload) AS payloads,
           (SELECT count(*) FROM version WHERE superseded_at IS NULL) AS versions,
           (SELECT count(*) FROM v_links) AS links, (SELECT count(*) FROM underived) AS underived"""


def counts(ask: Ask) -> dict[str, int]:
    """How many sources, captures, payloads, versions, links, and captures still to derive."""
    return dict(ask(_COUNTS)[0])


def sizes(ask: Ask) -> dict[str, int]:
    """Bytes by database page.

    ``payloads``: every table and index that holds payload bytes or digests; ``text``; ``index``: full text and
    near-copy look-up; ``total``.
    """
    found = {row["name"]: row["size"] for row in ask("SELECT name, sum(pgsize) AS size FROM dbstat GROUP BY name")}
    index = sum(size for name, size in found.items() if name.startswith(("text_fts", "near_key", "ix_near_key")))
    return {
        "payloads": sum(size for name, size in found.items() if _holds_payload(name)),
        "text": sum(size for name, size in found.items() if name in {"text", *_autoindexes(found, "text")}),
        "index": index,
        "total": sum(found.values()),
    }


def _holds_payload(name: str) -> bool:
    return name == "payload" or name.startswith("sqlite_autoindex_payload_")


def _autoindexes(names: dict[str, int], table: str) -> set[str]:
    return {name for name in names if name.startswith(f"sqlite_autoindex_{table}_")}


def runs(ask: Ask, *, limit: int) -> list[dict[str, Any]]:
    """The last runs, newest first: id, kind, owner, started_at, finished_at (None: unfinished), counts."""
    sql = "SELECT id, kind, owner, started_at, finished_at, counts FROM run ORDER BY id DESC LIMIT :n"
    return [
        {
            **row,
            "started_at": instant_or_none(row["started_at"]),
            "finished_at": instant_or_none(row["finished_at"]),
            "counts": json.loads(row["counts"]),
        }
        for row in ask(sql, n=limit)
    ]


def states(ask: Ask) -> dict[str, int]:
    """How many watched sources are in which state."""
    found = ask(
        "SELECT state, count(*) AS n FROM v_sources WHERE seed IS NOT NULL GROUP BY state ORDER BY n DESC, state"
    )
    return {row["state"]: row["n"] for row in found}


def leases(ask: Ask, now: datetime) -> list[dict[str, Any]]:
    """Who holds what at ``now``: name, owner, until_at."""
    found = ask("SELECT name, owner, until_at FROM lease WHERE until_at > :now ORDER BY name", now=micros(now))
    return [{**row, "until_at": instant_or_none(row["until_at"])} for row in found]
