"""Drift: when a site is rebuilt, the extractor may lose its articles, and every page seems to have been cut.

One article that shrinks is an edit or an error. Many pages of one host that shrink within the same days, while hardly
any stays as it was, are a new design that is not read well. That is told (``status``) and decides nothing: histories go
on as they do (decision 0022). Once a better recipe has read the pages again, nothing has shrunk any more, and the alarm
is over by itself.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from db.records import ReadLength

LOOK_BACK = timedelta(days=28)
"""How far back readings are compared: a page of news is visited some dozen times, and rarely after a month."""

SAME_DAYS = timedelta(days=3)
"""A new design reaches all pages within hours; the rest is for pages that are visited every other day."""

FEWEST = 3
"""Pages that must shrink: two may be two corrections of one story."""

SHARE = 0.5
"""Of the pages read again since then so many must have shrunk: on the day of a redesign it is nearly all."""

SHRUNK = 0.5
"""A page has shrunk when under this share of its former characters, or of at least four paragraphs, is left."""

NEW_PAGE = 0.25
"""A page seen for the first time has when it has under this share of what is usual at its host; news vary more."""

REMOVED = 0.3
"""Or when so much more of it was taken out as residue than before."""

_PARAGRAPHS = 4
_USUAL = 5  # pages that say what is usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Many pages of ``host`` (as in a url_key) are read in part only ``since``: ``pages`` of the ``of`` read since."""

    host: str
    since: datetime
    pages: int
    of: int

    @property
    def because(self) -> str:
        """What speaks against a text of this host, in a few words."""
        return f"{self.pages} of {self.of} pages of {self.name} shrank since {self.since:%Y-%m-%d}"

    @property
    def name(self) -> str:
        """The host as people write it."""
        return ".".join(reversed(self.host.strip(",").split(",")))


def alarms(readings: Iterable[ReadLength]) -> tuple[Alarm, ...]:
    """The hosts whose pages seem to be read in part only, by name. Pure, and free of the readings' order."""
    by_host: defaultdict[str, list[ReadLength]] = defaultdict(list)
    for each in sorted(readings, key=lambda one: (one.at, one.page, one.length, one.paragraphs, one.removed)):
        by_host[each.host].append(each)
    found = (_alarm(host, some) for host, some in sorted(by_host.items()))
    return tuple(alarm for alarm in found if alarm is not None)


def _alarm(host: str, readings: Sequence[ReadLength]) -> Alarm | None:
    pages: defaultdict[str, list[ReadLength]] = defaultdict(list)
    for each in readings:
        pages[each.page].append(each)
    firsts = [some[0] for some in pages.values()]
    shrunk = sorted(since for some in pages.values() for since in _shrunk_since(some, firsts))
    best: tuple[int, datetime] | None = None
    for since in shrunk:
        together = sum(since <= each <= since + SAME_DAYS for each in shrunk)
        best = (together, since) if best is None or together > best[0] else best
    if best is None or best[0] < FEWEST:
        return None
    count, since = best
    seen = sum(some[-1].at >= since and (len(some) > 1 or some[0].at > since) for some in pages.values())
    return Alarm(host=host, since=since, pages=count, of=max(count, seen)) if count >= SHARE * seen else None


def _shrunk_since(readings: Sequence[ReadLength], firsts: Sequence[ReadLength]) -> Iterator[datetime]:
    """When a page shrank, if it has stayed so until its last reading."""
    since = None
    whole: list[ReadLength] = []
    for each in readings:
        small = _is_cut(each, whole) if whole else _is_small(each, firsts)
        if not small:
            whole.append(each)
        since = (since or each.at) if small else None
    if since is not None:
        yield since


def _is_cut(one: ReadLength, whole: Sequence[ReadLength]) -> bool:
    paragraphs = median(each.paragraphs for each in whole)
    return (
        one.length < SHRUNK * median(each.length for each in whole)
        or (paragraphs >= _PARAGRAPHS and one.paragraphs < SHRUNK * paragraphs)
        or _share(one) > REMOVED + median(map(_share, whole))
    )


def _is_small(one: ReadLength, firsts: Sequence[ReadLength]) -> bool:
    """True for a page's first reading that is small for its host, by the pages first seen before it."""
    before = [each.length for each in firsts if each.at < one.at]
    return len(before) >= _USUAL and one.length < NEW_PAGE * median(before)


def _share(one: ReadLength) -> float:
    return one.removed / max(one.removed + one.length, 1)
