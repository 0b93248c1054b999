"""Instants as columns: whole microseconds since 1970 in UTC, which every database sorts alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return the microseconds since the epoch of an aware datetime."""
    return (moment - _EPOCH) // _MICROSECOND


def micros_or_none(moment: datetime | None) -> int | None:
    """Return ``micros`` of a datetime, or None for None."""
    return None if moment is None else micros(moment)


def instant(value: int) -> datetime:
    """Return the aware UTC datetime of ``value`` microseconds since the epoch."""
    return _EPOCH + value * _MICROSECOND


def instant_or_none(value: int | None) -> datetime | None:
    """Return ``instant`` of a number, or None for None."""
    return None if value is None else instant(value)


def micros_of(span: timedelta) -> int:
    """Return the microseconds of a span of time."""
    return span // _MICROSECOND
