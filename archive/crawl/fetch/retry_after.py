"""The Retry-After header (RFC 9110, section 10.2.3): the time a server asks us to wait."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime, timedelta

_PAUSING = frozenset({429, 503})
_SHORTEST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(hours=24)  # a site that asks for ten years is visited again tomorrow
_LONGEST_SECONDS = 12  # digits; more would overflow a date and mean nothing


def retry_at(status: int, retry_after: str | None, now: datetime) -> datetime | None:
    """Return the time until which a 429 or 503 asks us to wait, at least a second and at most a day from ``now``.

    ``retry_after`` is seconds or an HTTP date (RFC 9110, section 10.2.3). None if it is missing or not valid.
    """
    if status not in _PAUSING or not retry_after:
        return None
    requested = _parse_moment(retry_after.strip(), now)
    return None if requested is None else min(max(requested, now + _SHORTEST_PAUSE), now + _LONGEST_PAUSE)


def _parse_moment(value: str, now: datetime) -> datetime | None:
    digits = value.removeprefix("-")
    if digits.isascii() and digits.isdecimal():
        seconds = int(value) if len(digits) <= _LONGEST_SECONDS else _LONGEST_PAUSE.total_seconds()
        return now + min(max(timedelta(seconds=seconds), timedelta()), _LONGEST_PAUSE)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
