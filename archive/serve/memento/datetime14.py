"""Instants as web archives write them in addresses and lists: up to fourteen digits, and HTTP dates."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

from db.errors import BadInput

SECOND: Final = timedelta(seconds=1)
"""What a stamp is cut to."""

_DIGITS: Final = re.compile(r"\d{1,14}", re.ASCII)
_WHOLE: Final = 14
_CUTS: Final = ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))
_LEAST: Final = (1, 1, 1, 0, 0, 0)


def stamp(at: datetime) -> str:
    """An instant as fourteen digits, cut to the second."""
    utc = at.astimezone(UTC)  # field by field: strftime takes four times as long, and an index has many
    return f"{utc.year:04}{utc.month:02}{utc.day:02}{utc.hour:02}{utc.minute:02}{utc.second:02}"


def first_of(digits: str) -> datetime:
    """The first second that 1 to 14 digits can mean: ``2021`` is its first of January. Raises BadInput."""
    return _read(digits, "0")


def last_of(digits: str) -> datetime:
    """The last second that 1 to 14 digits can mean: ``2021`` is its New Year's Eve, to 23:59:59. Raises BadInput."""
    return _read(digits, "9")


def middle_of(digits: str) -> datetime:
    """The instant that digits in an address ask for: what they leave open is its middle. Raises BadInput."""
    first = first_of(digits)
    return first + (last_of(digits) - first) / 2


def http_date(at: datetime) -> str:
    """An instant as HTTP writes it: ``Mon, 05 Jan 2026 08:00:00 GMT``."""
    return format_datetime(at.astimezone(UTC).replace(microsecond=0), usegmt=True)


def _read(digits: str, filler: str) -> datetime:
    if _DIGITS.fullmatch(digits) is None:
        raise BadInput(f"{digits[:40]!r} is not a time; write 1 to 14 digits of YYYYMMDDhhmmss")
    filled = digits + filler * (_WHOLE - len(digits))
    fields: list[int] = []
    for place, (start, end) in enumerate(_CUTS):
        value, least, most = int(filled[start:end]), _LEAST[place], _most(place, fields)
        given = len(digits) >= end
        if given and not least <= value <= most:
            raise BadInput(f"{digits!r} is not a time that exists; write 1 to 14 digits of YYYYMMDDhhmmss")
        if not given and int(digits[start:end].ljust(end - start, "0") or 0) > most:
            raise BadInput(f"{digits!r} is not the beginning of any time")
        fields.append(min(max(value, least), most))
    year, month, day, hour, minute, second = fields
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def _most(place: int, fields: list[int]) -> int:
    """The highest value of a field, of which a day's depends on the month."""
    if place == len(("year", "month")):
        return monthrange(fields[0], fields[1])[1]
    return (9999, 12, 0, 23, 59, 59)[place]
