"""robots.txt: what a site allows us to ask (RFC 9309), read by protego.

protego agrees with Google's own matcher on 99.80 % of 46,738 questions over 4,231 real files when a byte-order mark is
dropped first, and on 99.37 % when it is not; the standard library's parser agrees on 72.8 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from protego import Protego

from archive.fetch.policy import PRODUCT
from archive.fetch.weather import Weather
from db.records import Reason

if TYPE_CHECKING:
    from datetime import datetime

    from db.records import Outcome

_READ_BYTES = 512 * 1024  # RFC 9309 asks for 500 KiB at least
_LONGEST_DELAY = 120.0  # seconds; a Crawl-delay of years is a mistake or a wall, and 120 s is what news crawlers obey
_TOO_MANY_REQUESTS = 429
_KEPT = timedelta(hours=24)  # RFC 9309, section 2.4
_CLOSED_KEPT = timedelta(
    minutes=10
)  # an origin that is down is tried again sooner, but not by every one of its sources
_CLIENT_ERRORS = range(400, 500)

_UNREACHABLE = frozenset(
    {Reason.DNS, Reason.CONNECT, Reason.TLS, Reason.REFUSED_ADDRESS, Reason.REFUSED_URL, Reason.BAD_URL}
)
_LEADS_NOWHERE = frozenset(
    {Reason.REDIRECT_LOOP, Reason.BAD_URL, Reason.REFUSED_SCHEME, Reason.REFUSED_URL, Reason.REFUSED_ADDRESS}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """What one origin's robots.txt said at ``read_at``. ``closed`` set: nothing may be asked, and that is why.

    ``kept`` is how long the answer holds.
    """

    read_at: datetime
    rules: Protego | None = None
    closed: Weather | None = None
    kept: timedelta = _KEPT

    def refusal(self, url: str) -> Weather | None:
        """Give the reason ``url`` may not be asked; None when it may."""
        if self.closed is not None:
            return self.closed
        if self.rules is None or self.rules.can_fetch(url, PRODUCT):
            return None
        return Weather(Reason.ROBOTS_DENIED, f"robots.txt does not allow {PRODUCT} to fetch this address")

    @property
    def delay(self) -> float:
        """The seconds between two requests the site asks for, at most 120."""
        named = self.rules.crawl_delay(PRODUCT) if self.rules else None
        return min(max(float(named or 0), 0.0), _LONGEST_DELAY)


def read_robots(outcome: Outcome, wire: bytes) -> Robots:
    """Read the answer to a robots.txt request by the status rules of RFC 9309, section 2.3.1.

    2xx: these are the rules, the first 512 KiB of them; 4xx: there are none; 429, anything else and a body cut short:
    the site is closed until it answers. ``wire`` is the raw body, read when it was too large to be kept.
    """
    now = outcome.finished_at
    status = outcome.status or 0
    if outcome.reason is None or outcome.reason is Reason.TOO_LARGE:
        body = wire if outcome.payload is None else outcome.payload
        return Robots(read_at=now, rules=Protego.parse(body[:_READ_BYTES].decode("utf-8-sig", "replace")))
    if status in _CLIENT_ERRORS and status != _TOO_MANY_REQUESTS:
        return Robots(read_at=now)
    return _closed(f"robots.txt answered {outcome.reason}: {outcome.detail}", now)


def unread_robots(weather: Weather, now: datetime, *, redirected: bool) -> Robots:
    """Say what follows when there was no answer to a robots.txt request.

    A host that cannot be reached is closed for that reason, which every page of it would meet too; redirects that lead
    nowhere mean no rules (RFC 9309, section 2.3.1.2); a server that only fails at robots.txt has closed itself.
    """
    if redirected and weather.reason in _LEADS_NOWHERE:
        return Robots(read_at=now)
    if weather.reason in _UNREACHABLE:
        return Robots(read_at=now, closed=weather, kept=_CLOSED_KEPT)
    return _closed(f"robots.txt could not be read: {weather.reason} {weather.detail}".rstrip(), now)


def _closed(detail: str, now: datetime) -> Robots:
    return Robots(read_at=now, closed=Weather(Reason.ROBOTS_DENIED, detail, now + _CLOSED_KEPT), kept=_CLOSED_KEPT)
