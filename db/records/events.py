"""Records of events: everything worth telling a reader, and the notices that tell of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class EventKind(StrEnum):
    """Kinds of event. A closed list."""

    EDITED = "edited"
    CORRECTION = "correction"
    NEW = "new"
    GONE = "gone"
    BACK = "back"
    PAYWALLED = "paywalled"
    BLOCKED = "blocked"
    COPIED = "copied"
    STALE_COPY = "stale_copy"
    LIST_BROKEN = "list_broken"
    LIST_SHRUNK = "list_shrunk"
    SILENT = "silent"
    DRIFT = "drift"
    RUN_FAILED = "run_failed"

    @property
    def is_edit(self) -> bool:
        """True for kinds that are a new version of a text."""
        return self in {EventKind.EDITED, EventKind.CORRECTION}


WEIGHTS: dict[EventKind, float] = {
    EventKind.NEW: 0.1,
    EventKind.GONE: 0.9,
    EventKind.BACK: 0.6,
    EventKind.PAYWALLED: 0.4,
    EventKind.BLOCKED: 0.4,
    EventKind.LIST_BROKEN: 0.5,
    EventKind.LIST_SHRUNK: 0.3,
    EventKind.SILENT: 0.3,
    EventKind.DRIFT: 0.7,
    EventKind.RUN_FAILED: 0.8,
}
"""Weights from 0 to 1 of kinds that have no score of their own. An edit weighs its score, a copy the share copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event.

    ``at``: when the archive learnt of it, that is, the check that confirmed it. ``since``: from when on it holds, the
    first sight. ``before`` and ``after`` are the words (of an edit) or the states. ``edits`` are the kinds of edit.
    ``version`` is that of an edit. The ``other`` article of a copy is its original. ``lag`` is the delay of a copy in
    seconds. ``detail`` is a sentence. ``source_id`` is None for events of a run or a host.
    """

    kind: EventKind
    at: datetime
    since: datetime
    url: str
    source_id: int | None = None
    group: str = ""
    seed_key: str = ""
    title: str = ""
    before: str = ""
    after: str = ""
    edits: tuple[str, ...] = ()
    weight: float = 0.0
    version: int | None = None
    other_url: str = ""
    other_id: int | None = None
    other_title: str = ""
    other_seed_key: str = ""
    lag: int | None = None
    detail: str = ""
    subject: str = ""

    @property
    def id(self) -> str:
        """The identifier, the same whenever the event is derived again: 24 hexadecimal digits.

        It depends on the kind, the address and the instant of first sight, never on a text, because a new recipe may
        extract another text. ``subject`` replaces the instant where that may shift.
        """
        identity = "\n".join((self.kind, self.url, self.subject or self.since.isoformat()))
        return hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:24]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """The filters of events: any of these kinds, one article, a least weight, the bounds of ``Event.at``.

    ``kinds`` empty: all kinds. ``until`` None: no bound.
    """

    kinds: tuple[EventKind, ...] = ()
    source_id: int | None = None
    least: float = 0.0
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedEvent:
    """An event that waits for a receiver: its row, and its ``body`` in JSON as it will be sent."""

    row: int
    id: str
    queued_at: datetime
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenNotice:
    """A notice that its receiver has not accepted yet. ``result`` is that of the last try, ``bodies`` its events."""

    id: str
    receiver: str
    scheme: str
    made_at: datetime
    tries: int
    result: str
    bodies: tuple[str, ...]
