"""Dates as pages declare them. A format that could mean two days is rejected: a wrong date is worse than none."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH = re.compile(r"(1\d{9})(\d{3})?$")
_ISO_TAIL = re.compile(r"\s*(?:UTC|GMT|Z)$", re.IGNORECASE)
_ISO_ZONE = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")
_YMD = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?=$|\s)")
_WORDS = re.compile(
    r"(?:\w+,?\s+)?(?:(?P<d1>\d{1,2})(?:st|nd|rd|th)?\s+(?P<m1>[A-Za-z]{3,9})\.?,?|(?P<m2>[A-Za-z]{3,9})\.?\s+(?P<d2>\d{1,2})"
    r"(?:st|nd|rd|th)?,?)\s+(?P<y>\d{4})$"
)
_MAIL = re.compile(r"(?:[A-Za-z]{3},\s*)?\d{1,2}\s+[A-Za-z]{3}\s+\d{4}\s+\d\d?:\d\d")
_CLOCK = re.compile(r"\d:\d\d|T\d\d")
_MAX_LENGTH = 80
_TOLERANCE = timedelta(days=1)


def parse_date(raw: str) -> datetime | None:
    """Return the instant of a declared date in UTC, or None if it cannot be parsed.

    A date without a time zone is read as UTC, a day as its midnight.
    """
    text = " ".join(raw.split())
    if not text or len(text) > _MAX_LENGTH:
        return None
    for parser in _PARSERS:
        try:
            if (parsed := parser(text)) is not None:
                return _utc(parsed)
        except (ValueError, OverflowError, IndexError, TypeError):
            continue
    return None


def declared_date(candidates: Iterable[str], captured_at: datetime) -> datetime | None:
    """Return the first candidate that is a date, is no placeholder, and is at most a day after the capture."""
    first = first_date(((raw, "") for raw in candidates), captured_at)
    return first[0] if first else None


def first_date(statements: Iterable[tuple[str, str]], captured_at: datetime) -> tuple[datetime, str, str] | None:
    """Return (instant, date as written, source) of the first acceptable pair (date as written, source).

    A date is acceptable under the conditions of `declared_date`.
    """
    latest = captured_at + _TOLERANCE
    for raw, source in statements:
        instant = parse_date(raw)
        if instant is not None and instant <= latest and not _is_placeholder(instant):
            return instant, raw, source
    return None


def format_date(instant: datetime, raw: str) -> str:
    """Return ``instant`` in ISO format, or only its day (``2024-02-28``) if ``raw`` has no time of day."""
    return instant.isoformat() if _CLOCK.search(raw) or _EPOCH.match(raw) else instant.date().isoformat()


def _is_placeholder(instant: datetime) -> bool:
    """True for a zero written as a date: the year 1, 1900-01-01 and the Unix epoch."""
    return instant.year < _FIRST_YEAR or instant.date().isoformat() in {"1970-01-01", "1969-12-31", "1900-01-01"}


_FIRST_YEAR = 1600  # the first newspapers; archives do declare the day of the printed page


def _utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _iso(text: str) -> datetime | None:
    if not re.match(r"\d{4}-\d\d|\d{8}(?:T|$)", text):
        return None
    return datetime.fromisoformat(_ISO_ZONE.sub("", _ISO_TAIL.sub("+00:00", text)))


def _year_first(text: str) -> datetime | None:
    match = _YMD.match(text)
    return _iso("{}-{:0>2}-{:0>2}".format(*match.groups()) + text[match.end() :]) if match else None


def _mail(text: str) -> datetime | None:
    """Parse RFC 5322 dates, as in feeds and HTTP: ``Wed, 28 Feb 2024 10:00:00 GMT``."""
    return parsedate_to_datetime(text) if _MAIL.match(text) else None


def _epoch(text: str) -> datetime | None:
    match = _EPOCH.match(text)
    return datetime.fromtimestamp(int(match[1]), UTC) if match else None


def _in_words(text: str) -> datetime | None:
    """Parse ``February 28, 2024`` or ``28 February 2024``, in English."""
    match = _WORDS.match(text)
    if match is None:
        return None
    month = _MONTHS.index((match["m1"] or match["m2"])[:3].lower()) + 1
    return datetime(int(match["y"]), month, int(match["d1"] or match["d2"]), tzinfo=UTC)


_PARSERS: tuple[Callable[[str], datetime | None], ...] = (_iso, _year_first, _epoch, _in_words, _mail)
