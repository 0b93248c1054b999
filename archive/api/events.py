"""Events: everything worth telling, derived from what is recorded, in order of time.

The inbox, the feeds, the JSON, the notices and the command line all read ``EventQuestions.events``. Nothing here is
stored (decision 0029): an event is a function of captures, versions, links and runs, and its id is the same whenever it
is derived again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from archive.api import article_events, drift, list_events
from archive.api.copies import CopyQuestions
from archive.api.event_words import with_words
from archive.api.questions import Listing
from archive.versions.absences import ABSENT_STATES, current_absence
from db.microseconds import instant, micros
from db.queries import captures as capture_queries
from db.queries import events as event_queries
from db.records import WEIGHTS, Event, EventFilter, EventKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from archive.versions.absences import Absence
    from db.queries.events import Window
    from db.reader import Ask
    from db.records import Report

    Place = tuple[int, str]  # a position in the order of time: an instant in microseconds, and the id of an event

FIRST_WINDOW = timedelta(days=1)
"""Length of the newest window read for a page. Each further one is twice as long, up to ``LONGEST_WINDOW``."""

LONGEST_WINDOW = timedelta(days=32)

MOST_WINDOWS = 40
"""Most windows read for a page: 3 years where nothing matches the filters. The next page goes on from there."""

CAPTURES_READ, VERSIONS_SPARE, COPIED_READ, CORRECTED_READ = 10_000, 10, 30, 15
"""A window ends where it would have more captures, that many versions more than the page has events, more versions with
copies (1.5 ms of CPU each), or more corrected originals (4 ms). The second and third such window have twice as many."""

MOST_DENSE = 5
"""A page ends after one window that was cut off so and two of twice the size."""

MOST_DENSE_EMPTY = 9
"""The same while the page has no event yet."""

STALE_FOR = timedelta(days=30)
"""Age of a correction up to which copies are checked for the old words."""

_EDITS = (EventKind.EDITED, EventKind.CORRECTION)
_ARTICLE = frozenset({*_EDITS, EventKind.NEW})
_ABSENCE = frozenset({EventKind.GONE, EventKind.BACK, EventKind.PAYWALLED, EventKind.BLOCKED})
_LIST = frozenset({EventKind.LIST_BROKEN, EventKind.LIST_SHRUNK, EventKind.SILENT})
_OF_CAPTURES = _ABSENCE | {EventKind.STALE_COPY}
_TICK = timedelta(microseconds=1)
_NO_LIMIT = 1 << 31


class _Corrected:
    """The changed articles that have copies. Windows go back in time, and what two of them need is read once."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._ids: set[int] = set()
        self._start: datetime | None = None

    def since(self, start: datetime, end: datetime) -> Collection[int]:
        """Return those that changed after ``start``, which is never later than in the call before, and before ``end``.

        Some may have changed after ``end``.
        """
        if self._start is None or start < self._start:
            window = start, self._start or end
            self._ids.update(
                event_queries.sources_with_copies(self._ask, window, changed=True, source_id=None, limit=_NO_LIMIT)
            )
            self._start = start
        return self._ids


class _PageReads:
    """Values that several windows of one page need. Each window ends where the one before started."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._absent: Collection[int] | None = None
        self.corrected = _Corrected(ask)
        self.drift = drift.Drift(ask)

    def ever_absent(self, end: datetime) -> Collection[int]:
        """Return the articles that were ever absent by the end of the first window, which is the latest."""
        if self._absent is None:
            self._absent = event_queries.sources_ever_absent(self._ask, end, ABSENT_STATES)
        return self._absent


class EventQuestions(CopyQuestions):
    """Queries about events."""

    def events(self, filters: EventFilter, *, after: Place | None = None, limit: int = 50) -> Listing[Event, Place]:
        """Return the events that match, the newest first, with their words. A page may have fewer than ``limit``."""
        bounds = event_queries.bounds_of_records(self._ask)
        if bounds is None:
            return Listing(())
        start = max(bounds[0], filters.since or bounds[0])
        last = [bounds[1], *([filters.until] if filters.until else []), *([instant(after[0])] if after else [])]
        end = min(last) + _TICK
        events: list[Event] = []
        length, scale, dense = FIRST_WINDOW, 1, 0
        reads = _PageReads(self._ask)
        for _ in range(MOST_WINDOWS):
            nominal = max(start, end - length), end
            window = self._affordable(nominal, scale, limit, filters, reads)
            page = self._between(window, filters, reads)
            events += (event for event in page if after is None or _place_of(event) < after)
            dense += scale if window != nominal else 0
            end, length, scale = window[0], min(2 * length, LONGEST_WINDOW), 2
            if len(events) > limit or end <= start or dense >= (MOST_DENSE if events else MOST_DENSE_EMPTY):
                break
        rows = tuple(with_words(self._ask, event) for event in events[:limit])
        if len(events) > limit:
            return Listing(rows, _place_of(events[limit - 1]))
        return Listing(rows, None if end <= start else (micros(end), ""))

    def events_between(self, window: Window, filters: EventFilter) -> list[Event]:
        """Return all events in a window of time that match, the newest first, without the words of edits.

        The window includes its start and excludes its end.
        """
        return self._between(window, filters, _PageReads(self._ask))

    def _between(self, window: Window, filters: EventFilter, reads: _PageReads) -> list[Event]:
        kinds = frozenset(filters.kinds or EventKind)
        matching = {
            event.id: event
            for event in self._derived(window, kinds, filters.source_id, reads)
            if event.kind in kinds and window[0] <= event.at < window[1] and event.weight >= filters.least
        }
        return sorted(matching.values(), key=_place_of, reverse=True)

    def events_of_run(self, report: Report, *, most: int) -> list[Event]:
        """Return the ``most`` events of a run with the highest weights, with their words.

        They are the events of its time, and edits that it brought from earlier times, as a backfill does.
        """
        window = report.started_at, report.finished_at + _TICK
        events = {event.id: event for event in self.events_between(window, EventFilter())}
        for version in report.changes[:most]:
            seen_at = version.first_seen_at
            if not window[0] <= seen_at < window[1]:
                edits = EventFilter(kinds=_EDITS, source_id=self.source(version.url).id)
                events |= {event.id: event for event in self.events_between((seen_at, seen_at + _TICK), edits)}
        heaviest = sorted(events.values(), key=lambda event: (-event.weight, event.at, event.id))
        return [with_words(self._ask, event) for event in heaviest[:most]]

    def newest_record_at(self) -> datetime | None:
        """Return the instant of the last capture or run, None if there is neither."""
        bounds = event_queries.bounds_of_records(self._ask)
        return None if bounds is None else bounds[1]

    def absences_at(self, moment: datetime, source_ids: Collection[int] | None = None) -> dict[int, Absence]:
        """Return the absences that lasted at an instant, by source, as they were known then: gone, paywalled, blocked.

        ``source_ids``: only of these articles. None: of all.
        """
        if source_ids is None:
            source_ids = event_queries.sources_ever_absent(self._ask, moment, ABSENT_STATES)
        absences: dict[int, Absence] = {}
        for source_id in source_ids:
            sightings = capture_queries.sightings(self._ask, source_id)
            absence = current_absence([sighting for sighting in sightings if sighting.at <= moment])
            if absence is not None:
                absences[source_id] = absence
        return absences

    def words_of(self, event: Event) -> Event:
        """Return an event with the words that changed, if it is an edit."""
        return with_words(self._ask, event)

    def _affordable(self, window: Window, scale: int, limit: int, filters: EventFilter, reads: _PageReads) -> Window:
        """Return the window, or its end if it has too much: then work is a function of what a page shows."""
        if filters.source_id is not None:
            return window
        kinds, (start, end) = frozenset(filters.kinds or EventKind), window
        if kinds.intersection(_ARTICLE):
            number = scale * (limit + VERSIONS_SPARE)
            start = event_queries.instant_of_version(self._ask, (start, end), number) or start
        if kinds.intersection(_OF_CAPTURES):
            start = event_queries.instant_of_capture(self._ask, (start, end), scale * CAPTURES_READ) or start
        if EventKind.COPIED in kinds:
            start = event_queries.instant_of_copied(self._ask, (start, end), scale * COPIED_READ) or start
        if EventKind.STALE_COPY in kinds:
            number = scale * CORRECTED_READ + 1
            corrected = self._corrected((start, end), None, reads, number)
            start = min(corrected.values()) if len(corrected) == number else start
        return start, end

    def _derived(
        self, window: Window, kinds: Collection[EventKind], source_id: int | None, reads: _PageReads
    ) -> Iterator[Event]:
        if _ARTICLE.intersection(kinds):
            yield from article_events.version_events(self._ask, window, kinds, source_id)
        if _ABSENCE.intersection(kinds):
            among = reads.ever_absent(window[1]) if source_id is None else [source_id]
            yield from article_events.absence_events(self._ask, window, among)
        if EventKind.COPIED in kinds:
            yield from article_events.copy_events(self._ask, window, source_id)
        if EventKind.STALE_COPY in kinds:
            yield from self._stale(window, source_id, reads)
        if _LIST.intersection(kinds):
            yield from self._of_lists(window, source_id)
        if EventKind.RUN_FAILED in kinds and source_id is None:
            before = window[0] - list_events.LOOK_BACK
            yield from list_events.failed_runs(event_queries.runs_between(self._ask, (before, window[1])))
        if EventKind.DRIFT in kinds and source_id is None:
            yield from _drift(reads.drift.before(window[1]))

    def _stale(self, window: Window, source_id: int | None, reads: _PageReads) -> Iterator[Event]:
        corrected = self._corrected(window, source_id, reads, article_events.MOST_COPIED)
        for original in event_queries.places(self._ask, corrected).values():
            passages = self.stale(original.url)
            if passages:
                yield from article_events.stale_events(self._ask, original.url, passages, original.source_id)

    def _corrected(self, window: Window, source_id: int | None, reads: _PageReads, limit: int) -> dict[int, datetime]:
        """Return the articles that changed of late and of which a copy was perhaps seen first since in the window."""
        earliest = window[0] - STALE_FOR
        among = reads.corrected.since(earliest, window[1]) if source_id is None else [source_id]
        return event_queries.corrected_before(self._ask, window, earliest, among, limit=limit)

    def _of_lists(self, window: Window, source_id: int | None) -> Iterator[Event]:
        wide = window[0] - list_events.LOOK_BACK, window[1]
        troubled = event_queries.lists_in_trouble(
            self._ask, window, wide[0], shrunk=list_events.SHRUNK, source_id=source_id
        )
        for place in event_queries.lists(self._ask, source_id=source_id):
            finds = event_queries.finds(self._ask, place.source_id, wide)
            if place.source_id in troubled or list_events.may_be_silent(finds, window):  # few: others have no event
                checks = event_queries.list_checks(self._ask, place.source_id, wide)
                yield from list_events.broken_lists(place, checks)
                yield from list_events.shrunk_lists(place, checks)
                yield from list_events.silences(place, finds, checks)


def _drift(alarms: Iterable[drift.Alarm]) -> Iterator[Event]:
    for alarm in alarms:
        yield Event(
            kind=EventKind.DRIFT,
            at=alarm.raised_at,
            since=alarm.since,
            url="",
            title=f"{alarm.name}: texts seem to be read only in part",
            subject=f"{alarm.host} {alarm.since:%Y-%m}",
            weight=WEIGHTS[EventKind.DRIFT],
            detail=alarm.because,
        )


def _place_of(event: Event) -> Place:
    return micros(event.at), event.id
