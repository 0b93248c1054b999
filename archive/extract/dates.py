"""Dates as pages declare them. A format that could mean two days is rejected: a wrong date is worse than none."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from archive.extract.written_dates import WrittenDate, clock_of, find_dates

if TYPE_CHECKING:
    from collections.abc import Iterable

_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_EPOCH = re.compile(r"(1\d{9})(\d{3})?$")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?![\d-])|(\d{4})(\d\d)(\d\d)(?=T|$|\d{6}$)")
_ISO_CLOCK = re.compile(r"(?:T|\s+|(?=\d{6}$))(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?\s*", re.IGNORECASE)
_ISO_ZONE = re.compile(r"([+\-\u2212]\d\d:?\d\d|[+\-\u2212]\d\d(?!\d)|Z)(?=$|\s|\[|\()", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2}")
_HALF = re.compile(r"[ap]\.?m\b\.?", re.IGNORECASE)
_MAX_LENGTH = 80
_TOLERANCE = timedelta(days=1)
_FIRST_YEAR = 1600  # the first newspapers; archives do declare the day of the printed page
_PLACEHOLDERS = frozenset({"1970-01-01", "1969-12-31", "1900-01-01", "1899-12-30", "1899-12-31", "1980-01-01"})


class DatedStatement(NamedTuple):
    """An acceptable declared date: its instant in UTC, whether only the day is certain, as written, and its source."""

    instant: datetime
    is_day: bool
    raw: str
    source: str


def parse_date(raw: str) -> datetime | None:
    """Return the instant of a declared date in UTC, or None if it cannot be parsed.

    A date in ISO form without a time zone is read as UTC, a day as its midnight. If the time zone of a time of day is
    ambiguous or not named, the date is its day.
    """
    written = read_date(raw)
    return written.instant if written else None


def read_date(raw: str, language: str | None = None) -> WrittenDate | None:
    """Return the date that a text consists of, or None. ``language`` decides the order of 3/4/2024."""
    text = " ".join(raw.split())
    if not text.isascii():
        text = _OTHER_DIGIT.sub(lambda match: str(unicodedata.decimal(match.group())), text)
    if not text or len(text) > _MAX_LENGTH:
        return None
    try:
        return _epoch(text) or _iso(text) or _in_words(text, language)
    except (ValueError, OverflowError):
        return None


def declared_date(
    statements: Iterable[tuple[str, str]], captured_at: datetime, language: str | None = None
) -> datetime | None:
    """Return the first date that is no placeholder and is at most a day after the capture.

    ``statements`` are pairs (date as written, source).
    """
    first = first_date(statements, captured_at, language)
    return first.instant if first else None


def first_date(
    statements: Iterable[tuple[str, str]], captured_at: datetime, language: str | None = None
) -> DatedStatement | None:
    """Return the first acceptable one of pairs (date as written, source).

    A date is acceptable under the conditions of `declared_date`.
    """
    for raw, source in statements:
        written = read_date(raw, language)
        if written is not None and is_possible(written.instant, captured_at):
            return DatedStatement(written.instant, written.is_day, raw, source)
    return None


def is_possible(instant: datetime, captured_at: datetime) -> bool:
    """Return whether a page captured at that time can be of this date: it is no placeholder and not in the future."""
    return instant <= captured_at + _TOLERANCE and not _is_placeholder(instant)


def format_date(dated: DatedStatement) -> str:
    """Return a date in ISO format, or only its day (``2024-02-28``) if no time of day is certain."""
    return dated.instant.date().isoformat() if dated.is_day else dated.instant.isoformat()


def _is_placeholder(instant: datetime) -> bool:
    """True for a zero written as a date: the year 1, 1900-01-01 and the epochs of Unix, FAT and spreadsheets."""
    return instant.year < _FIRST_YEAR or instant.date().isoformat() in _PLACEHOLDERS


def _epoch(text: str) -> WrittenDate | None:
    match = _EPOCH.match(text)
    return WrittenDate(datetime.fromtimestamp(int(match[1]), UTC), is_day=False) if match else None


def _iso(text: str) -> WrittenDate | None:
    """Parse ISO 8601, and what programs write that comes near: zone names, blanks, no separators."""
    match = _ISO.match(text)
    if match is None:
        return None
    day = date(*(int(number) for number in match.groups() if number))
    tail = text[match.end() :]
    clock = _ISO_CLOCK.match(tail)
    if clock is None:
        return WrittenDate(datetime.combine(day, time(), UTC), is_day=True) if not tail.strip() else _spoken(day, tail)
    rest = tail[clock.end() :]
    if rest and not _ISO_ZONE.match(rest):
        return _spoken(day, tail)
    second, fraction = clock[3] or "00", (clock[4] or "0").ljust(6, "0")[:6]
    zone = rest[: match.end()] if (match := _ISO_ZONE.match(rest)) else "+00:00"
    zone = "+00:00" if zone in "zZ" else zone.replace("\u2212", "-")
    instant = datetime.fromisoformat(f"{day}T{clock[1]}:{clock[2]}:{second}.{fraction}{zone}")
    return WrittenDate(instant.astimezone(UTC), is_day=False)


def _spoken(day: date, tail: str) -> WrittenDate:
    """Read the time of day behind an ISO date. A word that is no known zone (Europe/Berlin) is an unknown one."""
    names_zone = _WORD.search(_HALF.sub("", tail.lstrip("Tt ,")))
    return WrittenDate(*clock_of(tail.lstrip("Tt ,"), day, naive_is_utc=not names_zone))


def _in_words(text: str, language: str | None) -> WrittenDate | None:
    """Parse a date in words or numbers, with at most a weekday, a label or a name around it."""
    dates = find_dates(text, language)
    return dates[0] if len(dates) == 1 else None
