"""The named time zones of dates. A name that different countries give to different hours has no offset here.

The abbreviations are those of the IANA time zone database, and RFC 5322 for the American ones.
"""

from __future__ import annotations

import re
from datetime import date, timedelta, timezone

_OFFSETS = """
UTC 0 GMT 0 UT 0 Z 0 ZULU 0
WET 0s WEST 1d CET 1s CEST 2d MEZ 1s MESZ 2d HNEC 1s HEEC 2d EET 2s EEST 3d OEZ 2s OESZ 3d MSK 3 TRT 3 MSD 4d
EST -5s EDT -4d CDT -5d MST -7s MDT -6d PST -8s PDT -7d AKST -9s AKDT -8d HST -10 NST -3.5s NDT -2.5d
BRT -3 ART -3 PET -5 COT -5 VET -4 BOT -4
WAT 1 CAT 2 SAST 2 EAT 3 PKT 5 NPT 5.75 WIB 7 ICT 7 WITA 8 WIT 9 HKT 8 SGT 8 PHT 8 MYT 8 AWST 8 JST 9 KST 9
ACST 9.5 AEST 10 AEDT 11S ACDT 10.5S NZST 12N NZDT 13S
"""
"""Name, hours east of Greenwich, and the season. ``s`` is standard time and ``d`` summer time of the northern half,
``N`` and ``S`` of the southern. Australia's standard times are used all year in Queensland, so they have none."""

_NAMED = re.compile(r"([A-Z]{1,4}|ZULU) (-?[\d.]+)([sdSN]?)")
_ZONES = {name: (float(hours), season) for name, hours, season in _NAMED.findall(_OFFSETS)}
_MONTHS = {  # in which the season cannot be mistaken; the changes are in March or April, and October or November
    "s": frozenset({11, 12, 1, 2, 3}),
    "d": frozenset({3, 4, 5, 6, 7, 8, 9, 10, 11}),
    "N": frozenset({4, 5, 6, 7, 8, 9}),
    "S": frozenset({9, 10, 11, 12, 1, 2, 3, 4}),
    "": frozenset(range(1, 13)),
}
_AMERICAN = {"ET": -5, "CT": -6, "MT": -7, "PT": -8}
_SUMMER, _WINTER = ((3, 15), (10, 31)), ((3, 7), (11, 8))  # month and day between which American clocks are certain
_NUMERIC = re.compile(r"(?:UTC|GMT|UT)?\s*([+\-\u2212])\s*(\d{1,2})(?::?(\d\d))?$", re.IGNORECASE)
_MOST_HOURS = 14


def zone_of(name: str, day: date) -> timezone | None:
    """Return the zone that ``name`` means on a ``day``, or None if that is not certain.

    ``name`` is an abbreviation or an offset: CET, +0100, GMT+2. A standard time named in summer is mostly the summer
    time by a habitual name, so it is not certain.
    """
    if match := _NUMERIC.match(name):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        if offset > timedelta(hours=_MOST_HOURS):
            return None
        return timezone(offset if match[1] == "+" else -offset)
    called = name.upper().replace(".", "")
    if called in _AMERICAN:
        return _american(_AMERICAN[called], (day.month, day.day))
    hours, season = _ZONES.get(called, (None, ""))
    return timezone(timedelta(hours=hours)) if hours is not None and day.month in _MONTHS[season] else None


def _american(hours: int, day: tuple[int, int]) -> timezone | None:
    """Return the zone of an American time that is named without its season. Between the seasons it is not certain."""
    if _SUMMER[0] <= day <= _SUMMER[1]:
        return timezone(timedelta(hours=hours + 1))
    return timezone(timedelta(hours=hours)) if day <= _WINTER[0] or day >= _WINTER[1] else None
