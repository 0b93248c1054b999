"""Notices of events: select them, queue them, and deliver each to each receiver. Off unless configured.

A group of the seed index selects events (``notify: number, gone, copied``), and the settings ``notify`` and ``digest``
list the receivers. After a run the events of the last week are derived and compared with the delivery ledger, so a
process that was killed before it sent anything loses nothing, and no event is queued for one receiver twice. A notice
is sent until it is accepted, for a month. Nothing here fails a run or delays it by more than `HOLD_SECONDS`.

A receiver gets each notice at least once: if the process dies between the receiver's answer and the record of it, the
same notice with the same id comes again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from archive.api import Archive, serialize_events
from archive.pipeline.notice_channels import receivers_of, send
from archive.pipeline.notice_rules import Rules
from db.lease_owner import lease_owner, owner_is_alive
from db.queries import notices as notice_queries
from db.reader import Reader
from db.records import EventFilter
from db.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from archive.pipeline.notice_channels import Receiver
    from archive.settings import Settings
    from db.records import Event, OpenNotice, QueuedEvent, Seed

HOLD_SECONDS: Final = 10.0
"""The longest that the end of a run waits for receivers: three tries of three seconds, and the pauses between them."""

PAUSES: Final = (0.0, 0.3, 0.7)
"""Seconds before each of the tries after one run."""

NEWS: Final = timedelta(days=7)
"""Age up to which an event is news. An older one, for example of an imported capture, is not sent."""

MOST_EVENTS: Final = 100
"""Events of one notice. More come as further notices, but in one digest."""

_LEASE: Final = timedelta(minutes=2)
_GIVEN_UP_AFTER: Final = timedelta(days=30)
_LEDGER_AGE: Final = timedelta(days=90)  # far longer than an event is news
_TICK: Final = timedelta(microseconds=1)


async def send_notices(
    settings: Settings, seeds: Iterable[Seed], *, since: datetime, pauses: Sequence[float] = PAUSES
) -> dict[str, int]:
    """Queue what happened, and deliver what is due. Return the counts ``notified`` and ``not_notified`` of notices.

    ``since``: the start of the run. A receiver that the archive does not know yet gets no earlier events. ``pauses``
    are the seconds before each try. Returns an empty dict if there is no receiver or nothing to send. Never raises:
    the reason why a notice is not accepted is recorded with it.
    """
    receivers = receivers_of(settings)
    if not receivers:
        return {}
    try:
        with Store(settings.db) as store:
            owner = lease_owner("notify")
            store.take_lease("notify", owner, settings.wall(), settings.wall() + _LEASE, owner_is_alive)
            try:
                _queue(store, settings, Rules(seeds), receivers, since)
                _make_notices(store, settings, receivers)
                return await _deliver_all(store, settings, receivers, pauses)
            finally:
                store.release_leases(owner)
    except Exception:  # noqa: BLE001  (a full disk or a busy store must not turn a good run into a failed one)
        return {"not_notified": len(receivers)}


def unsent_notices(db: Path) -> list[tuple[str, str]]:
    """Return the kind of receiver (``https``) and the last result of each notice not accepted yet, the oldest first.

    ``db`` is the archive. The receivers' addresses are not stored. Empty if the archive cannot be read.
    """
    try:
        with Reader(db) as reader:
            return [(notice.scheme, notice.result) for notice in notice_queries.open_notices(reader.ask)]
    except Exception:  # noqa: BLE001  (an archive that cannot be read is reported by whoever reads it next)
        return []


# --- selection -------------------------------------------------------------------------------------------------------


def _queue(store: Store, settings: Settings, rules: Rules, receivers: Sequence[Receiver], since: datetime) -> None:
    """Queue the events that are new to each receiver."""
    now = settings.now()
    store.prune_notices(now, _LEDGER_AGE)
    store.add_receivers({receiver.key: receiver.scheme for receiver in receivers}, since)
    kinds = rules.kinds()
    if not kinds:
        return
    starts = notice_queries.receivers(store.ask)
    start = max(now - NEWS, min(starts[receiver.key] for receiver in receivers))
    with Archive(settings.db) as archive:
        events = archive.events_between((start, now + _TICK), EventFilter(kinds=kinds))
        events = [event for event in reversed(events) if rules.select(event)]
        written: dict[str, str] = {}
        for receiver in receivers:
            own = [event for event in events if event.at >= starts[receiver.key]]
            known = notice_queries.known_events(store.ask, receiver.key, [event.id for event in own])
            fresh = [event for event in own if event.id not in known]
            bodies = [(event, _body(archive, rules, event, written)) for event in fresh]
            store.queue_events(receiver.key, bodies, now)


def _body(archive: Archive, rules: Rules, event: Event, written: dict[str, str]) -> str:
    """Return an event in JSON with its words, or an empty string if no rule selects it by its words."""
    if event.id not in written:
        whole = archive.words_of(event)
        selected = rules.select_words(whole)
        written[event.id] = json.dumps(serialize_events.event(whole), ensure_ascii=True) if selected else ""
    return written[event.id]


def _make_notices(store: Store, settings: Settings, receivers: Sequence[Receiver]) -> None:
    """Put waiting events into notices: those of a digest when its time has come, the others outside quiet hours."""
    now = settings.now()
    for receiver in receivers:
        waiting = notice_queries.waiting_events(store.ask, receiver.key)
        if receiver.is_digest:
            slot = settings.digest_at.last_before(settings.local_now())
            due = [event for event in waiting if event.queued_at <= slot]
            _make(store, receiver, [due] if due else [], now)
        elif not _is_quiet(settings):
            batches = [waiting[start : start + MOST_EVENTS] for start in range(0, len(waiting), MOST_EVENTS)]
            _make(store, receiver, batches, now)


def _make(store: Store, receiver: Receiver, batches: Iterable[Sequence[QueuedEvent]], now: datetime) -> None:
    for batch in batches:
        identity = "\n".join((receiver.key, *(event.id for event in batch)))
        key = hashlib.sha256(identity.encode()).hexdigest()[:32]
        store.make_notice(key, receiver.key, [event.row for event in batch], now)


def _is_quiet(settings: Settings) -> bool:
    return settings.notify_quiet is not None and settings.notify_quiet.covers(settings.local_now())


# --- delivery --------------------------------------------------------------------------------------------------------


async def _deliver_all(
    store: Store, settings: Settings, receivers: Sequence[Receiver], pauses: Sequence[float]
) -> dict[str, int]:
    by_key = {receiver.key: receiver for receiver in receivers}
    queue = notice_queries.open_notices(store.ask)
    quiet = _is_quiet(settings)
    due = [
        (by_key[notice.receiver], notice)
        for notice in queue
        if notice.receiver in by_key and not (quiet and not by_key[notice.receiver].is_digest)
    ]
    for notice in queue:
        if notice.receiver not in by_key and settings.now() - notice.made_at > _GIVEN_UP_AFTER:
            store.record_try(notice.id, "its receiver is no longer set", outcome="given up", now=settings.now())
    with suppress(TimeoutError):
        async with asyncio.timeout(HOLD_SECONDS):
            await asyncio.gather(*(_deliver(store, settings, receiver, notice, pauses) for receiver, notice in due))
    unsent = {notice.id for notice in notice_queries.open_notices(store.ask)}
    accepted = sum(notice.id not in unsent for _, notice in due)
    counts = {"notified": accepted, "not_notified": len(due) - accepted}
    return {name: number for name, number in counts.items() if number}


async def _deliver(
    store: Store, settings: Settings, receiver: Receiver, notice: OpenNotice, pauses: Sequence[float]
) -> None:
    """Try a few times. The result of each try is recorded at once, because the next may be interrupted."""
    if not notice.bodies:
        store.record_try(notice.id, "its articles were forgotten", outcome="withdrawn", now=settings.now())
        return
    for pause in pauses:
        await asyncio.sleep(pause)
        accepted, result = await send(settings, receiver, notice)
        is_old = settings.now() - notice.made_at > _GIVEN_UP_AFTER
        outcome = "accepted" if accepted else "given up" if is_old else ""
        store.record_try(notice.id, result, outcome=outcome, now=settings.now())
        if outcome:
            return
