"""Dates written for people, in the languages of `month_names`, found in a short text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from archive.extract.month_names import DAY_FIRST, IRANIAN_MONTHS, MONTHS, MONTHS_OF, SLASH_DAY_FIRST
from db.time_zones import zone_of

_MONTH = r"(?P<month>[^\s\d,:;/()|<>·•–—\-]{2,16}(?: (?:الثاني|الأول))?)"
_YEAR = r"(?P<year>(?<!\d)(?:\d{4}(?![\d:])|(?:19|20)\d\d(?=\d?\d:\d\d)))"
_DAY = r"(?<![\d:.,])(?P<day>\d{1,2})"
_LINK = r"(?:\s?[-/]\s?|\s{0,3})"
_NUMBER = r"(?P<number>\d{1,2})"
_LATER_DAY = r"(?P<day>\d{1,2})"
_FORMS = tuple(
    re.compile("".join(parts), re.IGNORECASE)
    for parts in (
        (_YEAR, r"\s?(?P<mark>[-/.年년])\s?", _NUMBER, r"\s?[-/.月월]\s?", _LATER_DAY, r"(?!\d)(?:\s?[日일])?"),
        (_DAY, r"\s?(?P<mark>[-/.])\s?", _NUMBER, r"\s?(?P=mark)\s?", _YEAR),
        (_DAY, " tháng ", _NUMBER, ",?(?: năm)? ", _YEAR),
        (
            *(
                _DAY,
                r"(?:st|nd|rd|th|er|º|°|ª|\.|-?го)?",
                _LINK,
                r"(?:(?:de|of|d[ei]l) |d[’'] ?)?",
                _MONTH,
                r"\.?,?",
                _LINK,
            ),
            *(r"(?:(?:de[l]?|พ\.ศ\.|ค\.ศ\.) ?)?(?:", _YEAR, r"|(?P<short>\d\d)(?= \d\d?:\d\d))"),
        ),
        (r"(?<![^\W\d_])", _MONTH, r"\.?", _LINK, _LATER_DAY, rf"(?:st|nd|rd|th)?(?:,\s?|{_LINK})", _YEAR),
        (_YEAR, r"\.?\s?(?:(?:m|g)\.|gada|оны)?\s?", _MONTH, r"\s", _LATER_DAY, r"(?!\d)"),
        (_YEAR, r"\.? gada ", _LATER_DAY, r"\. ?", _MONTH),
        (_MONTH, " ", _LATER_DAY, r",? (?P<clock>\d\d:\d\d(?::\d\d)?)(?P<zone> [A-Z0-9+:]{1,9})? ", _YEAR),
    )
)
_CLOCK = re.compile(
    r"(?<![\d:.])(?P<hour>\d{1,2})(?P<mark>[:.h時시点])\s?(?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,]\d{1,9})?|\s?[分분])?(?![\d:])"
    r"\s{0,2}(?P<half>[ap]\.?\s?m\b\.?)?(?:\s?(?:Uhr|hrs?|h|Hs|часов|klo)\b)?\s{0,2}[(\[]?"
    r"(?P<zone>(?:UTC|GMT)?\s?[+\-\u2212]\s?\d{1,2}(?::?\d\d)?(?!\d)|[A-Z]{1,5}\b(?![a-z/]))?",
    re.IGNORECASE,
)
_BARE_HOUR = re.compile(r"(?<![\d:.])(?P<hour>\d{1,2})\s?(?P<half>[ap]\.?m\b\.?)", re.IGNORECASE)
_NEAR = 40  # characters between a day and its time of day
_BUDDHIST = range(2400, 2700)  # years of the Thai calendar, 543 ahead
_BUDDHIST_LEAD = 543
_IRANIAN = range(1300, 1500)  # years of the solar calendar of Iran and Afghanistan
_IRANIAN_EPOCH = 356_033
_LONG_MONTHS = 7  # of 31 days, up to the sixth
_CENTURY = 2000
_MIDDAY = 12
_LETTER_OF_THAI = re.compile(r"[\u0e00-\u0e7f]")


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date in a text: its instant in UTC, whether only its day is certain, and its span of characters."""

    instant: datetime
    is_day: bool
    start: int = 0
    end: int = 0


def find_dates(text: str, language: str | None = None) -> list[WrittenDate]:
    """Return the dates in a short text, in order. A day and month in numbers that could be swapped are no date.

    ``language`` is the two-letter code of the text. It decides the order of 3/4/2024, and months of equal names.
    """
    dates: list[WrittenDate] = []
    taken: list[tuple[int, int]] = []
    for form in _FORMS:
        for match in form.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            if (day := _day_of(match, text, language)) is not None:
                taken.append(match.span())
                dates.append(_with_clock(day, match, text))
    return sorted(dates, key=lambda written: written.start)


def clock_of(text: str, day: date, *, naive_is_utc: bool) -> tuple[datetime, bool]:
    """Return the instant of ``day`` at the first time of day in ``text``, and whether only its day is certain.

    A time of day in a zone that is unknown, or not named unless ``naive_is_utc``, leaves the day alone.
    """
    midnight = datetime.combine(day, time(), UTC)
    match = _CLOCK.search(text)
    if match is None:
        return midnight, True
    zone = (match["zone"] or "").strip()
    tzinfo = zone_of(zone, day) if zone else UTC if naive_is_utc else None
    hour = _hour(int(match["hour"]), match["half"] or "")
    if tzinfo is None or hour is None:
        return midnight, True
    try:
        clock = time(hour, int(match["minute"]), int(match["second"] or 0), tzinfo=tzinfo)
        return datetime.combine(day, clock).astimezone(UTC), False
    except (ValueError, OverflowError):
        return midnight, True


def _hour(hour: int, half: str) -> int | None:
    """Return the hour of a 24-hour clock. ``half`` is am, pm or empty."""
    if not half:
        return hour
    if not 1 <= hour <= _MIDDAY:
        return None
    return hour % _MIDDAY + (_MIDDAY if half[0] in "pP" else 0)


def _with_clock(day: date, match: re.Match[str], text: str) -> WrittenDate:
    start, end = match.span()
    groups = match.groupdict()
    if groups.get("clock"):
        near = f"{groups['clock']}{groups['zone'] or ''}"
    else:
        after = text[end : end + _NEAR]
        near = after if _CLOCK.search(after) else text[max(0, start - _NEAR) : start]
    instant, is_day = clock_of(near, day, naive_is_utc=False)
    return WrittenDate(instant, is_day, start, end)


def _day_of(match: re.Match[str], text: str, language: str | None) -> date | None:
    groups = match.groupdict()
    day = int(groups["day"])
    year = int(groups["year"]) if groups["year"] else _CENTURY + int(groups["short"])
    if year in _BUDDHIST and (language == "th" or _LETTER_OF_THAI.search(text)):
        year -= _BUDDHIST_LEAD
    if groups.get("number") is not None:
        month = int(groups["number"])
        if match.start("day") < match.start("number") and groups.get("mark"):
            ordered = _ordered(day, month, groups["mark"], language)
            if ordered is None:
                return None
            day, month = ordered
        if year in _IRANIAN and language == "fa":
            return _iranian_day(year, month, day)
    elif year in _IRANIAN and (month := IRANIAN_MONTHS.get(groups["month"], 0)):
        return _iranian_day(year, month, day)
    else:
        name = groups["month"].rstrip(".").casefold()
        month = MONTHS_OF.get(language or "", {}).get(name) or MONTHS.get(name) or 0
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _iranian_day(year: int, month: int, day: int) -> date | None:
    """Return a day of the solar Hijri calendar, by its cycle of 33 years with 8 leap years, right from 1799 to 2256."""
    if not (1 <= month <= _MIDDAY and 1 <= day <= (31 if month < _LONG_MONTHS else 30)):
        return None
    before = (month - 1) * 31 if month < _LONG_MONTHS else (month - 7) * 30 + 186
    leap_days = (year + 1595) // 33 * 8 + ((year + 1595) % 33 + 3) // 4
    return date.fromordinal(365 * (year + 1595) + leap_days + before + day - _IRANIAN_EPOCH)


def _ordered(first: int, second: int, mark: str, language: str | None) -> tuple[int, int] | None:
    """Return day and month of two numbers before a year, or None if either could be the month."""
    if first > _MIDDAY or first == second:
        return first, second
    if second > _MIDDAY:
        return second, first
    languages = SLASH_DAY_FIRST if mark == "/" else DAY_FIRST
    day_comes_first = mark == "." if language is None else language in languages
    return (first, second) if day_comes_first else None
