"""Timestamps and durations: parse what people type, and format what they read. Pure: the time is an argument.

::

    2021   2021-10   2021-10-08   today   yesterday     a period: its first instant, or with end=True its last
    2021-10-08T12:00   2021-10-08 12:00:30Z   2021-10-08T12:00+02:00   20211008120000   now    an instant
    3d   3d ago   90 minutes ago                                                               a duration before now

A time without a zone is in that of ``now``, which is UTC unless the setting ``time_zone`` says otherwise; the digits of
web archives are UTC. A bare date has two meanings: "--since 2021-10-08" starts with that day, while "the text
as of 2021-10-08" includes all of it. So verbs with an "as of" pass ``end=True``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from db.errors import BadInput

EXAMPLES: Final = "2021-10-08, 2021-10-08T12:00Z, 20211008120000, now, yesterday, 3d ago"
"""Examples of instants, for help texts."""

DURATION_EXAMPLES: Final = "30m, 4h, 2d, 1w"
"""Examples of durations, for help texts."""

_TICK: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1)

_PERIOD: Final = re.compile(r"(\d{4})(?:-?(\d\d)(?:-?(\d\d))?)?", re.ASCII)
_INSTANT: Final = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[T ](?P<time>(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?)"
    r" ?(?P<zone>Z|UTC|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_DIGITS: Final = re.compile(r"\d{12}(?:\d\d)?", re.ASCII)
_DURATION: Final = re.compile(r"(\d{1,9}) ?([a-z]+)", re.ASCII)

_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": _DAY,
    "w": timedelta(weeks=1),
}
_UNIT_NAMES: Final = {
    **{unit: unit for unit in _UNITS},
    **dict.fromkeys(("sec", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "minute", "minutes"), "m"),
    **dict.fromkeys(("hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("week", "weeks"), "w"),
}


def parse_instant(text: str, *, now: datetime, end: bool = False) -> datetime:
    """Parse an instant that a person typed. Returns aware UTC. Relative words count from ``now``, in its time zone.

    A period (a year, month or day) means its first instant, with ``end`` its last microsecond. Raises `BadInput` with
    examples for anything else.
    """
    words = " ".join(text.lower().split())
    if words == "now":
        return now.astimezone(UTC)
    if words in {"today", "yesterday"}:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        start = midnight if words == "today" else midnight - _DAY
        return (start + _DAY).astimezone(UTC) - _TICK if end else start.astimezone(UTC)
    span = _parse_duration(words.removesuffix(" ago"))
    if span is not None:
        return _before(now.astimezone(UTC), span, text)
    return parse_stamp(text, end=end, zone=now.tzinfo or UTC)


def parse_past(text: str, *, now: datetime) -> datetime:
    """Parse an instant that is not still to come; a period means its end, one that has begun means ``now``.

    Raises `BadInput`.
    """
    moment = parse_instant(text, now=now, end=True)
    if moment <= now:
        return moment
    if parse_instant(text, now=now) <= now:
        return now.astimezone(UTC)
    raise BadInput(f"{text} is still to come, and the archive only knows what was; for today write: now")


def parse_stamp(text: str, *, end: bool = False, zone: tzinfo = UTC) -> datetime:
    """Parse an absolute date or time. Returns aware UTC. Accepts the forms of `parse_instant` that need no ``now``.

    ``zone`` is that of dates and times that name none. Use it for dates from files. Raises `BadInput`.
    """
    words = text.strip()
    try:
        instant = _parse_period(words, end=end, zone=zone) or _parse_iso(words, zone) or _parse_digits(words)
    except (ValueError, OverflowError) as error:
        raise BadInput(f"{text!r} is not a date that exists ({error}); write for example {EXAMPLES}") from error
    if instant is None:
        raise BadInput(f"{text!r} is not a date or time; write for example {EXAMPLES}")
    return instant


def iso(instant: datetime) -> str:
    """Format ``instant`` as ISO 8601 in UTC: ``2026-01-05T08:00:00Z``, with microseconds only if they are not zero.

    Raises ValueError for a naive datetime, because its time zone is unknown.
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no zone")
    moment = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return moment.isoformat()[:-6] + "Z"  # without +00:00


def parse_duration(text: str) -> timedelta:
    """Parse ``30m``, ``4h``, ``2d``, ``1w`` (also ``90s``, ``2 days``) to a positive timedelta. Raises `BadInput`."""
    span = _parse_duration(" ".join(text.lower().split()))
    if span is None:
        raise BadInput(f"{text!r} is not a duration; write a number and a unit, for example {DURATION_EXAMPLES}")
    return span


def format_duration(span: timedelta) -> str:
    """Format ``span`` in its largest unit without remainder (``36h``, ``1w``). `parse_duration` returns it again.

    A span below a second is rounded up to one, so the result is never zero.
    """
    span = max(timedelta(seconds=round(span.total_seconds())), _UNITS["s"])
    unit = next(name for name in reversed(_UNITS) if not span % _UNITS[name])
    return f"{span // _UNITS[unit]}{unit}"


def parse_offset(text: str) -> timedelta:
    """Parse a difference of clocks: a duration with a sign, ``+2d`` or ``-365d``. Raises `BadInput`."""
    sign, digits = text.strip()[:1], text.strip()[1:]
    if sign not in {"+", "-"}:
        raise BadInput(f"{text!r} has no sign; write + if the clock was behind, - if it was ahead, for example -2d")
    return -parse_duration(digits) if sign == "-" else parse_duration(digits)


def format_offset(offset: timedelta) -> str:
    """Format a difference of clocks (``+2d``). `parse_offset` returns it again, rounded to seconds."""
    return f"{'-' if offset < timedelta() else '+'}{format_duration(abs(offset))}"


def in_words(span: timedelta) -> str:
    """Format ``span`` rounded, for reading: ``20 s``, ``20 min``, ``3 h``, ``2 days``. The sign is dropped."""
    seconds = abs(span).total_seconds()
    for unit, size, limit in (("s", 1, 90), ("min", 60, 90), ("h", 3600, 36)):
        if round(seconds / size) < limit:
            return f"{round(seconds / size)} {unit}"
    return f"{round(seconds / 86_400)} days"


def _parse_duration(words: str) -> timedelta | None:
    """Parse a duration (lower case, single spaces). None if it is not a duration, or zero."""
    match = _DURATION.fullmatch(words)
    unit = _UNIT_NAMES.get(match[2]) if match else None
    if match is None or unit is None:
        return None
    try:
        return int(match[1]) * _UNITS[unit] or None
    except OverflowError:
        return None


def _before(now: datetime, span: timedelta, text: str) -> datetime:
    try:
        return now - span
    except OverflowError as error:
        raise BadInput(f"{text!r} is before the year 1; write for example {EXAMPLES}") from error


def _parse_period(words: str, *, end: bool, zone: tzinfo) -> datetime | None:
    """Return the first or last instant of ``2021``, ``2021-10``, ``2021-10-08`` or their forms without dashes."""
    match = _PERIOD.fullmatch(words)
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    start = datetime(year, month, day, tzinfo=zone)
    if not end:
        return start.astimezone(UTC)
    if match[3]:
        next_start = start + _DAY
    elif match[2]:
        next_start = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    else:
        next_start = datetime(year + 1, 1, 1, tzinfo=zone)
    return next_start.astimezone(UTC) - _TICK


def _parse_iso(words: str, zone: tzinfo) -> datetime | None:
    match = _INSTANT.fullmatch(words)
    if match is None:
        return None
    # ISO 8601 allows seven to nine decimals, datetime has six.
    time = re.sub(r"[.,](\d{1,6})\d*", r".\1", match["time"])
    offset = _parse_offset(match["zone"]) if match["zone"] else zone
    local = datetime.fromisoformat(f"{match['date']}T{time}").replace(tzinfo=offset)
    return local.astimezone(UTC)


def _parse_offset(name: str) -> timezone:
    if name.upper() in {"Z", "UTC"}:
        return UTC
    hours, minutes = int(name[1:3]), int(name[3:].removeprefix(":") or 0)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if name[0] == "-" else offset)


def _parse_digits(words: str) -> datetime | None:
    """Parse ``20211008120000`` or, without seconds, ``202110081200``: the UTC timestamps of web archives."""
    if _DIGITS.fullmatch(words) is None:
        return None
    year, month, day, hour, minute = (
        int(words[start:stop]) for start, stop in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12))
    )
    return datetime(year, month, day, hour, minute, int(words[12:] or 0), tzinfo=UTC)


# --- times of day ----------------------------------------------------------------------------------------------------

_HOURS: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d) ?- ?([01]?\d|2[0-3]):([0-5]\d)(?: (\S{1,64}))?", re.ASCII)
_SCHEDULE: Final = re.compile(
    r"(daily|weekly (mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}) ([01]?\d|2[0-3]):([0-5]\d)(?: (\S{1,64}))?",
    re.ASCII | re.IGNORECASE,
)
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK: Final = timedelta(weeks=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """A period of each day, in minutes after midnight of a time zone. It may include midnight.

    ``zone`` None is that of the instants asked about.
    """

    start: int
    end: int
    zone: str | None = None

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)} {self.zone or ''}".rstrip()

    def covers(self, moment: datetime) -> bool:
        """True if an instant is within the period, its start included and its end not."""
        local = moment.astimezone(ZoneInfo(self.zone)) if self.zone else moment
        minute = 60 * local.hour + local.minute
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestTime:
    """A time of every day, or of one day of the week (0 is Monday), in minutes after midnight of a time zone.

    ``zone`` None is that of the instants asked about.
    """

    minute: int
    weekday: int | None = None
    zone: str | None = None

    def __str__(self) -> str:
        day = "daily" if self.weekday is None else f"weekly {_WEEKDAYS[self.weekday]}"
        return f"{day} {_clock(self.minute)} {self.zone or ''}".rstrip()

    def last_before(self, moment: datetime) -> datetime:
        """Return the last such instant that is not after ``moment``, in UTC."""
        local = moment.astimezone(ZoneInfo(self.zone)) if self.zone else moment
        slot = local.replace(hour=self.minute // 60, minute=self.minute % 60, second=0, microsecond=0, fold=0)
        if self.weekday is not None:
            slot -= _DAY * ((slot.weekday() - self.weekday) % 7)
        if slot.astimezone(UTC) > moment:
            slot -= _DAY if self.weekday is None else _WEEK
        return slot.astimezone(UTC)


def parse_quiet_hours(text: str) -> QuietHours:
    """Parse ``22:00-07:00`` or ``22:00-07:00 Europe/Berlin``. Raises `BadInput`."""
    match = _HOURS.fullmatch(" ".join(text.split()))
    if match is None:
        raise BadInput(f"{text!r} is no period of a day; write 22:00-07:00 or 22:00-07:00 Europe/Berlin")
    start, end = 60 * int(match[1]) + int(match[2]), 60 * int(match[3]) + int(match[4])
    return QuietHours(start=start, end=end, zone=_zone_name(match[5]))


def parse_digest_time(text: str) -> DigestTime:
    """Parse ``daily 07:30`` or ``weekly monday 07:30``, with or without a time zone. Raises `BadInput`."""
    match = _SCHEDULE.fullmatch(" ".join(text.split()))
    if match is None:
        raise BadInput(f"{text!r} is no time; write daily 07:30 or weekly monday 07:30 Europe/Berlin")
    weekday = _WEEKDAYS.index(match[2].lower()) if match[2] else None
    return DigestTime(minute=60 * int(match[3]) + int(match[4]), weekday=weekday, zone=_zone_name(match[5]))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _zone_name(text: str | None) -> str | None:
    return parse_zone(text).key if text else None


def parse_zone(name: str) -> ZoneInfo:
    """Return the time zone of a name of the IANA database, such as ``Europe/Berlin``. Raises `BadInput`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"{name!r} is no time zone; write one like Europe/Berlin") from None
