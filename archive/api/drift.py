"""Detection of extraction drift: after a redesign the extractor may lose a site's text, and every page seems cut.

One article that shrinks is an edit or an error. If many pages of one host shrink within the same days and hardly any
stays the same, the host has a new design that is not extracted well. ``status`` reports that, and nothing else depends
on it: histories continue unchanged (decision 0022). The alarm ends once a better recipe has extracted the pages again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from statistics import median
from typing import TYPE_CHECKING

from db.queries import drift as drift_queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from db.reader import Ask
    from db.records import ReadLength

LOOK_BACK = timedelta(days=28)
"""Age of the oldest readings compared: a news page is visited some dozen times, and rarely after a month."""

SAME_DAYS = timedelta(days=3)
"""A new design reaches all pages within hours; the rest is for pages that are visited every other day."""

FEWEST = 3
"""Fewest pages that must shrink: two may be two corrections of one story."""

SHARE = 0.5
"""Share of the pages read again since then that must have shrunk: on the day of a redesign nearly all have."""

SHRUNK = 0.5
"""A page has shrunk if it has less than this share of its former characters, or of at least four paragraphs."""

NEW_PAGE = 0.25
"""A page seen for the first time counts as shrunk below this share of its host's median; news vary more."""

REMOVED = 0.3
"""A page has also shrunk if the share removed as boilerplate rose by more than this."""

_AHEAD = timedelta(days=32)  # of the hosts that are looked for at once: several windows of events need them
_PARAGRAPHS = 4
_USUAL = 5  # fewest earlier pages for a median of the host


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """``pages`` of the ``of`` pages of ``host`` (as in a url_key) read since ``since`` were extracted only in part.

    ``raised_at``: when the last of the `FEWEST` pages that an alarm needs had shrunk.
    """

    host: str
    since: datetime
    raised_at: datetime
    pages: int
    of: int

    @property
    def because(self) -> str:
        """The alarm in a few words, as a reason to doubt a text of this host."""
        return f"{self.pages} of {self.of} pages of {self.name} shrank since {self.since:%Y-%m-%d}"

    @property
    def name(self) -> str:
        """The host as people write it, not in url_key order."""
        return ".".join(reversed(self.host.strip(",").split(",")))


class Drift:
    """The drift at several instants, each earlier than the one before.

    Most hosts have no page that shrank. They are found by one query for many instants, and only the readings of the
    other hosts are looked at.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._hosts: list[str] = []
        self._start: datetime | None = None

    def before(self, end: datetime) -> tuple[Alarm, ...]:
        """Return the alarms as the readings of `LOOK_BACK` before ``end`` give them."""
        start = end - LOOK_BACK
        if self._start is None or start < self._start:
            self._start = start - _AHEAD
            self._hosts = drift_queries.hosts_perhaps_cut(
                self._ask, self._start, end, shrunk=SHRUNK, new_page=NEW_PAGE, removed=REMOVED, least=FEWEST
            )
        readings = (drift_queries.read_lengths(self._ask, start, until=end, host=host) for host in self._hosts)
        return alarms(reading for host_readings in readings for reading in host_readings)


def alarms(readings: Iterable[ReadLength]) -> tuple[Alarm, ...]:
    """Return the hosts whose pages seem to be extracted only in part, by name. Any order of the readings will do."""
    by_host: defaultdict[str, list[ReadLength]] = defaultdict(list)
    for reading in sorted(readings, key=attrgetter("at", "page", "length", "paragraphs", "removed")):
        by_host[reading.host].append(reading)
    alarms_by_host = (_alarm(host, host_readings) for host, host_readings in sorted(by_host.items()))
    return tuple(alarm for alarm in alarms_by_host if alarm is not None)


def _alarm(host: str, readings: Sequence[ReadLength]) -> Alarm | None:
    pages: defaultdict[str, list[ReadLength]] = defaultdict(list)
    for reading in readings:
        pages[reading.page].append(reading)
    firsts = [page_readings[0] for page_readings in pages.values()]
    shrunk = sorted(since for page_readings in pages.values() for since in _shrunk_since(page_readings, firsts))
    best: tuple[int, datetime] | None = None
    for since in shrunk:
        together = sum(since <= shrunk_at <= since + SAME_DAYS for shrunk_at in shrunk)
        best = (together, since) if best is None or together > best[0] else best
    if best is None or best[0] < FEWEST:
        return None
    count, since = best
    read_again = sum(visits[-1].at >= since and (len(visits) > 1 or visits[0].at > since) for visits in pages.values())
    if count < SHARE * read_again:
        return None
    raised_at = [shrunk_at for shrunk_at in shrunk if shrunk_at >= since][FEWEST - 1]
    return Alarm(host=host, since=since, raised_at=raised_at, pages=count, of=max(count, read_again))


def _shrunk_since(readings: Sequence[ReadLength], firsts: Sequence[ReadLength]) -> Iterator[datetime]:
    """Yield when a page shrank, if it stayed small until its last reading."""
    since = None
    whole: list[ReadLength] = []
    for reading in readings:
        small = _is_cut(reading, whole) if whole else _is_small(reading, firsts)
        if not small:
            whole.append(reading)
        since = (since or reading.at) if small else None
    if since is not None:
        yield since


def _is_cut(reading: ReadLength, whole: Sequence[ReadLength]) -> bool:
    paragraphs = median(earlier.paragraphs for earlier in whole)
    return (
        reading.length < SHRUNK * median(earlier.length for earlier in whole)
        or (paragraphs >= _PARAGRAPHS and reading.paragraphs < SHRUNK * paragraphs)
        or _share(reading) > REMOVED + median(map(_share, whole))
    )


def _is_small(reading: ReadLength, firsts: Sequence[ReadLength]) -> bool:
    """True for a page's first reading that is small for its host, by the pages first seen before it."""
    before = [first.length for first in firsts if first.at < reading.at]
    return len(before) >= _USUAL and reading.length < NEW_PAGE * median(before)


def _share(reading: ReadLength) -> float:
    return reading.removed / max(reading.removed + reading.length, 1)
