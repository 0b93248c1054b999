"""Retry-After (RFC 9110, section 10.2.3): how long a server asks us to wait."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime, timedelta

_PAUSING = frozenset({429, 503})
_SHORTEST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(hours=24)  # a site asking for ten years is asked again tomorrow
_LONGEST_SECONDS = 12  # digits; more would overflow a date and mean nothing


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
