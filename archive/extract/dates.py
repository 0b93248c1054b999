"""Dates as pages declare them. A format that could mean two days is refused: a wrong date is worse than none."""

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
_LONGEST = 80
_SLACK = timedelta(days=1)


def parse_date(raw: str) -> datetime | None:
    """The instant a declared date names, aware UTC, or None.

    A date without a zone is read as UTC, a day as its midnight.
    """
    text = " ".join(raw.split())
    if not text or len(text) > _LONGEST:
        return None
    for read in _READERS:
        try:
            if (found := read(text)) is not None:
                return _utc(found)
        except (ValueError, OverflowError, IndexError, TypeError):
            continue
    return None


def declared_date(candidates: Iterable[str], captured_at: datetime) -> datetime | None:
    """The first candidate that is a date, is not the epoch, and is at most a day after the page was captured."""
    found = first_date(((raw, "") for raw in candidates), captured_at)
    return found[0] if found else None


def first_date(said: Iterable[tuple[str, str]], captured_at: datetime) -> tuple[datetime, str, str] | None:
    """The same for (date as written, where it is said) pairs: the instant and the pair it came from."""
    dates = ((parse_date(raw), raw, source) for raw, source in said)
    return next(
        ((at, raw, source) for at, raw, source in dates if at and at <= captured_at + _SLACK and not _is_nothing(at)),
        None,
    )


def precise(at: datetime, raw: str) -> str:
    """``at`` as precise as ``raw`` was: a day (``2024-02-28``) when no time of the day is written there."""
    return at.isoformat() if _CLOCK.search(raw) or _EPOCH.match(raw) else at.date().isoformat()


def _is_nothing(at: datetime) -> bool:
    """Zero dressed up as a date: the year 1, 1900-01-01 and the Unix epoch."""
    return at.year < _FIRST_YEAR or at.date().isoformat() in {"1970-01-01", "1969-12-31", "1900-01-01"}


_FIRST_YEAR = 1600  # the first newspapers; archives do declare the day of the printed page


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _iso(text: str) -> datetime | None:
    if not re.match(r"\d{4}-\d\d|\d{8}(?:T|$)", text):
        return None
    return datetime.fromisoformat(_ISO_ZONE.sub("", _ISO_TAIL.sub("+00:00", text)))


def _year_first(text: str) -> datetime | None:
    found = _YMD.match(text)
    return _iso("{}-{:0>2}-{:0>2}".format(*found.groups()) + text[found.end() :]) if found else None


def _mail(text: str) -> datetime | None:
    """RFC 5322, as in feeds and HTTP: ``Wed, 28 Feb 2024 10:00:00 GMT``."""
    return parsedate_to_datetime(text) if _MAIL.match(text) else None


def _epoch(text: str) -> datetime | None:
    found = _EPOCH.match(text)
    return datetime.fromtimestamp(int(found[1]), UTC) if found else None


def _in_words(text: str) -> datetime | None:
    """``February 28, 2024`` or ``28 February 2024``, in English."""
    found = _WORDS.match(text)
    if found is None:
        return None
    month = _MONTHS.index((found["m1"] or found["m2"])[:3].lower()) + 1
    return datetime(int(found["y"]), month, int(found["d1"] or found["d2"]), tzinfo=UTC)


_READERS: tuple[Callable[[str], datetime | None], ...] = (_iso, _year_first, _epoch, _in_words, _mail)
