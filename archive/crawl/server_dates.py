"""The time by the servers of one run, to notice a wrong clock of this machine before anything is recorded by it.

A server states its time in ``Date`` (RFC 9110, section 6.6.1). A cache passes on the date of the original answer, and
its age in ``Age`` (RFC 9111, section 5.1), if it states that at all. So a date may be too old, and is hardly ever too
new. One server alone may be wrong itself.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from archive.formats.http_date import parse_http_date
from archive.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Iterable

TOLERANCE: Final = timedelta(hours=1)
"""A clock is wrong if it differs by more from the servers' time. A wrong time zone is half an hour at the least."""

ENOUGH: Final = 3
"""Servers after which a contradiction counts as seen or not seen."""

_FEWEST: Final = 2
_AGE: Final = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(slots=True)
class ServerDates:
    """The lead of each server's time over this machine's. Add answers until `is_enough`, then read `offset`.

    ``silent`` are the servers whose first answer told no time.
    """

    ahead: dict[str, timedelta] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)

    def add(self, url: str, headers: Iterable[tuple[str, str]], at: datetime) -> None:
        """Add an answer to a request for ``url`` that arrived at ``at`` by the clock of this machine."""
        server_time, host = stated_time(headers), _host(url)
        if server_time is None:
            self.silent.add(host)
        else:
            ahead = server_time - at
            self.ahead[host] = max(ahead, self.ahead.get(host, ahead))

    def is_enough(self, urls: Iterable[str]) -> bool:
        """True once so many of the servers of ``urls`` have told the time that no more are needed."""
        others = {_host(url) for url in urls} - self.silent | self.ahead.keys()
        return len(self.ahead) >= min(ENOUGH, len(others))

    def doubt(self) -> timedelta | None:
        """Return how far the only server that told the time is ahead of this clock, None if that is little.

        It may be wrong itself, so this is a reason to warn and not to stop.
        """
        (offset, *others) = self.ahead.values() or (timedelta(),)
        return offset if not others and abs(offset) > TOLERANCE else None

    def offset(self) -> timedelta | None:
        """Return how far the servers' time is ahead of this clock if that contradicts it, else None.

        The clock is behind if two servers are ahead of it, as caches make no date newer. It is ahead if all servers,
        two at least, are behind it.
        """
        offsets = sorted(self.ahead.values(), reverse=True)
        if len(offsets) < _FEWEST:
            return None
        if offsets[1] > TOLERANCE:
            return offsets[1]
        return offsets[0] if offsets[0] < -TOLERANCE else None


def stated_time(headers: Iterable[tuple[str, str]]) -> datetime | None:
    """Return the time by the server that sent these headers, None if they do not state it."""
    values: dict[str, str] = {}
    for name, value in headers:
        values.setdefault(name.lower(), value.strip())
    sent_at = parse_http_date(values.get("date", ""))
    age = values.get("age", "")
    if sent_at is None or not _AGE.fullmatch(age):
        return sent_at
    try:
        return sent_at + timedelta(seconds=int(age))
    except OverflowError:
        return sent_at


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def confirms(instants: Iterable[tuple[datetime, str]]) -> bool:
    """True if the headers of most checks (JSON) agree with the instants at which they were recorded.

    Checks dated after now whose servers agree show that the clock is behind now. Otherwise it was ahead then.
    """
    offsets = [
        at - server_time for at, headers in instants if (server_time := stated_time(json.loads(headers))) is not None
    ]
    return 2 * sum(abs(offset) <= TOLERANCE for offset in offsets) > len(offsets)


def describe(offset: timedelta, now: datetime) -> str:
    """Return a sentence about a clock that the servers' time contradicts, with what to do."""
    return (
        f"the clock of this machine says {iso(now)}, and the servers of this run say about {iso(now + offset)}. "
        "Nothing was recorded, because its dates would be wrong. Set the clock (timedatectl status), then run again"
    )
