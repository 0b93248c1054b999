"""Instants as the tables keep them: whole microseconds since 1970 in UTC, so that every database sorts them alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Microseconds since the epoch of an aware instant."""
    return (at - _EPOCH) // _MICROSECOND


def micros_or_none(at: datetime | None) -> int | None:
    """As ``micros``, passing None through."""
    return None if at is None else micros(at)


def instant(value: int) -> datetime:
    """The aware UTC instant of ``value`` microseconds."""
    return _EPOCH + value * _MICROSECOND


def instant_or_none(value: int | None) -> datetime | None:
    """As ``instant``, passing None through."""
    return None if value is None else instant(value)
