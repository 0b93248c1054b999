"""Everything that can go wrong on the way, as one exception that never leaves the package, and how it is told apart.

A cause is told by the type of the error and by what the connection saw, never by reading a message.
"""

from __future__ import annotations

import email.utils
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpcore
import httpx

from archive.urls import RefusedUrl
from db.records import Reason

if TYPE_CHECKING:
    from archive.fetch.connection import Connection

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses that name another address in Location."""

_PAUSING = frozenset({429, 503})
_SHORTEST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(hours=24)  # a site asking for ten years is asked again tomorrow
_LONGEST_SECONDS = 12  # digits; more would overflow a date and mean nothing

_BY_TYPE: tuple[tuple[type[Exception], Reason], ...] = (
    (TimeoutError, Reason.TIMEOUT),
    (httpcore.ConnectTimeout, Reason.CONNECT),
    (httpcore.TimeoutException, Reason.TIMEOUT),
    (ssl.SSLError, Reason.TLS),
    (httpcore.ConnectError, Reason.CONNECT),
    (httpcore.NetworkError, Reason.RESET),
    (httpcore.UnsupportedProtocol, Reason.REFUSED_SCHEME),
    (httpx.InvalidURL, Reason.BAD_URL),
    (UnicodeError, Reason.BAD_URL),  # host names the idna codec refuses
    (OverflowError, Reason.BAD_URL),  # port numbers beyond 65535
    (ConnectionError, Reason.RESET),
    (OSError, Reason.CONNECT),
)


class Weather(Exception):
    """A visit failed in an expected way: ``reason`` of the closed list, ``detail`` for people, ``retry_at`` if told."""

    def __init__(self, reason: Reason, detail: str = "", retry_at: datetime | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.retry_at = retry_at


def weather_of(error: Exception, connection: Connection | None = None) -> Weather:
    """Name what ``error`` means. ``connection`` is the one it happened on and tells a cut from a lie.

    Anything unknown becomes ``protocol`` with the type's name in its detail: one strange page must not end a run.
    """
    if isinstance(error, Weather):
        return error
    if isinstance(error, RefusedUrl):
        return Weather(error.reason, str(error))
    if isinstance(error, httpcore.ProtocolError) and connection is not None:
        return _broken_off(connection, error)
    for kind, reason in _BY_TYPE:
        if isinstance(error, kind):
            return Weather(reason, _told(error))
    return Weather(Reason.PROTOCOL, _told(error))


def _broken_off(connection: Connection, error: httpcore.ProtocolError) -> Weather:
    if connection.switched:
        return Weather(Reason.UNEXPECTED_STATUS, "HTTP 101: the server changes to a protocol nobody asked for")
    if not connection.ended:
        return Weather(Reason.PROTOCOL, _told(error))
    if connection.received == 0:
        return Weather(Reason.RESET, "the server closed the connection without a reply")
    if not connection.speaks_http:
        return Weather(Reason.PROTOCOL, "the reply is not HTTP")
    return Weather(Reason.TRUNCATED, f"the connection ended after {connection.received} bytes, before the reply did")


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def retry_at(status: int, retry_after: str | None, now: datetime) -> datetime | None:
    """Give the moment a 429 or 503 asks us to wait for, at least a second and at most a day from ``now``.

    ``retry_after`` is seconds or an HTTP date (RFC 9110, section 10.2.3); None when it is absent or nonsense.
    """
    if status not in _PAUSING or not retry_after:
        return None
    asked = _read_moment(retry_after.strip(), now)
    return None if asked is None else min(max(asked, now + _SHORTEST_PAUSE), now + _LONGEST_PAUSE)


def _read_moment(value: str, now: datetime) -> datetime | None:
    digits = value.removeprefix("-")
    if digits.isascii() and digits.isdecimal():
        seconds = int(value) if len(digits) <= _LONGEST_SECONDS else _LONGEST_PAUSE.total_seconds()
        return now + min(max(timedelta(seconds=seconds), timedelta()), _LONGEST_PAUSE)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
