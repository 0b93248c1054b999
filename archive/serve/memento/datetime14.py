"""Instants as web archives write them: timestamps of up to fourteen digits, and HTTP dates."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

from db.errors import BadInput

SECOND: Final = timedelta(seconds=1)
"""The precision of a fourteen-digit timestamp."""

_DIGITS: Final = re.compile(r"\d{1,14}", re.ASCII)
_LENGTH: Final = 14
_FIELDS: Final = ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))
_LEAST: Final = (1, 1, 1, 0, 0, 0)


def format_datetime14(instant: datetime) -> str:
    """Return an instant as fourteen digits, cut to the second."""
    utc = instant.astimezone(UTC)  # field by field: strftime takes four times as long, and an index has many
    return f"{utc.year:04}{utc.month:02}{utc.day:02}{utc.hour:02}{utc.minute:02}{utc.second:02}"


def earliest(digits: str) -> datetime:
    """Return the first second that 1 to 14 digits can mean: for ``2021`` the first of January. Raises BadInput."""
    return _parse(digits, "0")


def latest(digits: str) -> datetime:
    """Return the last second that 1 to 14 digits can mean: for ``2021`` 31 December, 23:59:59. Raises BadInput."""
    return _parse(digits, "9")


def midpoint(digits: str) -> datetime:
    """Return the middle of the time that 1 to 14 digits can mean: the instant a memento's URL asks for.

    Raises BadInput.
    """
    start = earliest(digits)
    return start + (latest(digits) - start) / 2


def format_http_date(instant: datetime) -> str:
    """Return an instant as HTTP writes it: ``Mon, 05 Jan 2026 08:00:00 GMT``."""
    return format_datetime(instant.astimezone(UTC).replace(microsecond=0), usegmt=True)


def _parse(digits: str, filler: str) -> datetime:
    if _DIGITS.fullmatch(digits) is None:
        raise BadInput(f"{digits[:40]!r} is not a time; write 1 to 14 digits of YYYYMMDDhhmmss")
    padded = digits + filler * (_LENGTH - len(digits))
    fields: list[int] = []
    for index, (start, end) in enumerate(_FIELDS):
        value, least, most = int(padded[start:end]), _LEAST[index], _most(index, fields)
        is_complete = len(digits) >= end
        if is_complete and not least <= value <= most:
            raise BadInput(f"{digits!r} is not a time that exists; write 1 to 14 digits of YYYYMMDDhhmmss")
        if not is_complete and int(digits[start:end].ljust(end - start, "0") or 0) > most:
            raise BadInput(f"{digits!r} is not the beginning of any time; write 1 to 14 digits of YYYYMMDDhhmmss")
        fields.append(min(max(value, least), most))
    year, month, day, hour, minute, second = fields
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def _most(index: int, fields: list[int]) -> int:
    """Return the highest value of a field. That of the day depends on year and month, which are parsed before it."""
    if index == len(("year", "month")):
        return monthrange(fields[0], fields[1])[1]
    return (9999, 12, 0, 23, 59, 59)[index]
