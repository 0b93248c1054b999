"""Queries of the delivery ledger: receivers, events that wait, and notices that were not accepted yet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from db.microseconds import instant
from db.records import OpenNotice, QueuedEvent

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from db.reader import Ask


def receivers(ask: Ask) -> dict[str, datetime]:
    """Return the keys of the receivers that any run knew, each with the instant from which events are sent to it."""
    return {row["key"]: instant(row["since_at"]) for row in ask("SELECT key, since_at FROM receiver")}


_KNOWN = """SELECT event_id FROM notice_event WHERE receiver_key = :key
    AND event_id IN (SELECT value FROM json_each(:event_ids))"""


def known_events(ask: Ask, receiver: str, event_ids: Collection[str]) -> set[str]:
    """Return those of these events that were selected or left out for a receiver already."""
    return {row["event_id"] for row in ask(_KNOWN, key=receiver, event_ids=json.dumps(sorted(event_ids)))}


_WAITING = """SELECT id, event_id, queued_at, body FROM notice_event
    WHERE receiver_key = :key AND notice_key IS NULL AND body <> '' ORDER BY id"""


def waiting_events(ask: Ask, receiver: str) -> list[QueuedEvent]:
    """Return the events of a receiver that are in no notice yet, in the order in which they were selected."""
    return [
        QueuedEvent(row=row["id"], id=row["event_id"], queued_at=instant(row["queued_at"]), body=row["body"])
        for row in ask(_WAITING, key=receiver)
    ]


_OPEN = """SELECT n.key, n.receiver_key, r.scheme, n.made_at, n.tries, n.result
    FROM notice n JOIN receiver r ON r.key = n.receiver_key WHERE n.closed_at IS NULL ORDER BY n.made_at, n.key"""
_BODIES = "SELECT body FROM notice_event WHERE notice_key = :key AND body <> '' ORDER BY id"


def open_notices(ask: Ask) -> list[OpenNotice]:
    """Return the notices that are not closed, the oldest first, each with the events it has today."""
    return [
        OpenNotice(
            id=row["key"],
            receiver=row["receiver_key"],
            scheme=row["scheme"],
            made_at=instant(row["made_at"]),
            tries=row["tries"],
            result=row["result"],
            bodies=tuple(event["body"] for event in ask(_BODIES, key=row["key"])),
        )
        for row in ask(_OPEN)
    ]


def outcomes(ask: Ask) -> Sequence[tuple[str, int, str]]:
    """Return the outcome of each closed notice, its number of tries, and the last result, in order of closing."""
    rows = ask("SELECT outcome, tries, result FROM notice WHERE closed_at IS NOT NULL ORDER BY closed_at, key")
    return [(row["outcome"], row["tries"], row["result"]) for row in rows]
