"""Queries of change rates: how articles were observed, and the rates learned from that."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from db.microseconds import instant, instant_or_none, micros
from db.queries import future_captures
from db.records import ChangeRate, ObservedHistory

if TYPE_CHECKING:
    from datetime import datetime

    from db.reader import Ask, Row

_HISTORIES = """
    SELECT v.source_id, d.key AS seed_key, s.found_at, v.published_at, v.first_seen_at, v.last_seen_at
    FROM version v
    JOIN source s ON s.id = v.source_id
    JOIN seed d ON d.id = s.seed_id
    WHERE v.superseded_at IS NULL
    ORDER BY d.key, v.source_id, v.first_seen_at"""


def observed_histories(ask: Ask) -> dict[str, list[ObservedHistory]]:
    """Return the articles that were seen more than once, by the key of their seed."""
    histories: dict[str, list[ObservedHistory]] = {}
    for _, rows in groupby(ask(_HISTORIES), key=lambda row: row["source_id"]):
        versions = list(rows)
        if versions[0]["first_seen_at"] < versions[-1]["last_seen_at"]:
            histories.setdefault(versions[0]["seed_key"], []).append(_observed(versions))
    return histories


def _observed(versions: list[Row]) -> ObservedHistory:
    first = versions[0]
    return ObservedHistory(
        found_at=instant(first["found_at"]),
        published_at=instant_or_none(first["published_at"]),
        seen=tuple((instant(row["first_seen_at"]), instant(row["last_seen_at"])) for row in versions),
    )


_SPENT = """
    SELECT d."group" AS name, count(*) AS visits
    FROM seed d
    JOIN source s ON s.seed_id = d.id
    JOIN capture c ON c.source_id = s.id
    WHERE d.budget IS NOT NULL AND c.provenance = 'live' AND c.part = 1 AND c.captured_at > :since
      AND c.captured_at <= :until
    GROUP BY 1"""


def visits_spent(ask: Ask, now: datetime) -> dict[str, int]:
    """Return the number of visits of each group with a budget in the day before ``now``."""
    return {
        row["name"]: row["visits"]
        for row in ask(_SPENT, since=micros(now - timedelta(days=1)), until=future_captures.latest(now))
    }


def change_rates(ask: Ask) -> list[ChangeRate]:
    """Return the change rate of each seed, by key."""
    sql = (
        "SELECT d.key, r.articles, r.hazard, r.learned_at FROM rhythm r JOIN seed d ON d.id = r.seed_id ORDER BY d.key"
    )
    return [
        ChangeRate(
            seed_key=row["key"],
            articles=row["articles"],
            hazard=tuple(json.loads(row["hazard"])),
            learned_at=instant(row["learned_at"]),
        )
        for row in ask(sql)
    ]
