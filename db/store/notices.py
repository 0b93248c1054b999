"""Write the delivery ledger: what was selected for whom, what was sent, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, or_, update
from sqlalchemy.dialects.sqlite import insert

from db.microseconds import micros
from db.schema import notice, notice_event, receiver

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from db.records import Event


def add_receivers(connection: Connection, schemes: Mapping[str, str], since: datetime) -> None:
    """Remember receivers, given by key with the scheme of their address. A known one keeps its instant."""
    for key, scheme in schemes.items():
        row = insert(receiver).values(key=key, scheme=scheme, since_at=micros(since))
        connection.execute(row.on_conflict_do_nothing())


def queue_events(connection: Connection, receiver_key: str, events: Sequence[tuple[Event, str]], now: datetime) -> int:
    """Queue events for a receiver, each with its body, and return how many are new to it.

    An empty body says that the receiver does not get the event, so it is not considered again.
    """
    added = 0
    for event, body in events:
        row = insert(notice_event).values(
            receiver_key=receiver_key,
            event_id=event.id,
            source_id=event.source_id,
            other_id=event.other_id,
            queued_at=micros(now),
            body=body,
        )
        added += connection.execute(row.on_conflict_do_nothing()).rowcount
    return added


def make_notice(
    connection: Connection, notice_key: str, receiver_key: str, event_rows: Sequence[int], now: datetime
) -> None:
    """Put waiting events, given by row, into a new notice."""
    connection.execute(insert(notice).values(key=notice_key, receiver_key=receiver_key, made_at=micros(now)))
    for row in event_rows:
        connection.execute(update(notice_event).where(notice_event.c.id == row).values(notice_key=notice_key))


def record_try(connection: Connection, notice_key: str, result: str, *, outcome: str, now: datetime) -> None:
    """Record a try to send a notice. A non-empty ``outcome`` closes it and deletes the words of its events."""
    values: dict[str, object] = {"tries": notice.c.tries + 1, "result": result}
    if outcome:
        values |= {"closed_at": micros(now), "outcome": outcome}
        connection.execute(update(notice_event).where(notice_event.c.notice_key == notice_key).values(body=""))
    connection.execute(update(notice).where(notice.c.key == notice_key).values(values))


def prune_notices(connection: Connection, now: datetime, age: timedelta) -> None:
    """Delete what was closed or left out longer ago than ``age``."""
    before = micros(now - age)
    closed = notice.c.closed_at < before
    keys = [row.key for row in connection.execute(notice.select().where(closed))]
    for key in keys:
        connection.execute(delete(notice_event).where(notice_event.c.notice_key == key))
        connection.execute(delete(notice).where(notice.c.key == key))
    left_out = notice_event.c.notice_key.is_(None) & (notice_event.c.body == "")
    connection.execute(delete(notice_event).where(left_out & (notice_event.c.queued_at < before)))


def forget_events(connection: Connection, source_ids: Sequence[int]) -> None:
    """Delete the events about these sources, sent or not."""
    for source_id in source_ids:
        about = or_(notice_event.c.source_id == source_id, notice_event.c.other_id == source_id)
        connection.execute(delete(notice_event).where(about))
