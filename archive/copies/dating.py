"""Moments of the members of a cluster: declared dates, as far as nothing contradicts them, and first sights.

A date counts for nothing if we had seen the page before it, if the day in the page's address is another one, or if the
text names a later one. Reposts carry the day on which a template was filled in, or that of another article.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from db.records import Lag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from db.records import DeclaredProvenance, VersionRef

ADDRESS_DAYS = 14
"""Days by which a declared date and the one in the address may differ: a magazine is dated ten days ahead. Of 64 real
pages with a day in the address and a date, 62 agree within two days."""

TEXT_DAYS = 60
"""A text that names a day so much later than its date, and not after we saw it, was not written on that date. A preview
names the day of a fixture weeks ahead."""

LATER_YEARS = 2
"""The same for a year alone, so many years later, named twice where the year of the date and the next are not named.
One mention is often a plan: it would contradict 11 of 145 right dates of real pages that were seen years later."""

FAR_AHEAD = timedelta(days=30)
"""A date so long before those of all others, which are close together, is that of another story."""

OF_THE_VISIT = timedelta(seconds=30)
"""A date so near the first sight is likely written by the server into every page that it sends."""

EARLIEST_ZONE, LATEST_ZONE = timedelta(hours=14), timedelta(hours=12)
"""How much earlier and later than UTC a clock of unknown zone may be read."""

TOGETHER = timedelta(days=7)
"""First sights within this time after a page was published: the pages appeared together."""

FEWEST_DATED = 3
"""Dated members from which on one of them may be far ahead of the others."""

READ = 20_000
"""Characters of a text whose dates are read."""

FEWEST_ENTRIES = 4
"""Lines that begin with a time of day, from which on a text is a live blog."""

BEFORE_ADDRESS = timedelta(days=2)
"""A date so long before the day in the page's address is not certain to be that of the page."""

_ENTRY = re.compile(r"^\W{0,3}(?:[01]?\d|2[0-3])[:.h][0-5]\d(?!\d|[.:]\d)", re.MULTILINE)
_ADDRESS_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)[/_-]?(0[1-9]|1[0-2])[/_-]?(0[1-9]|[12]\d|3[01])(?!\d)")
_ADDRESS_MONTH = re.compile(r"/((?:19|20)\d\d)/(0?[1-9]|1[0-2])(?=/)")
_TEXT_DAY = re.compile(
    r"(?<!\d)((?:19|20)\d\d)(?:-|\s?\u5e74\s?|\s?\ub144\s?)(\d{1,2})(?:-|\s?\u6708\s?|\s?\uc6d4\s?)(\d{1,2})(?!\d)"
)
_WRITTEN_DAY = re.compile(  # 4 January 2026, 4. Januar 2026, 4 de enero de 2026, January 4, 2026
    r"(?<!\d)\d{1,2}(?:\.|st|nd|rd|th|er|\u00ba)?\s+(?:de\s+)?[^\W\d_]{3,12}\.?,?\s+(?:de\s+)?((?:19|20)\d\d)(?!\d)|"
    r"[^\W\d_]{3,12}\.?\s+\d{1,2}(?:st|nd|rd|th)?,\s+((?:19|20)\d\d)(?!\d)"
)
_YEAR = re.compile(r"(?<![\d.,$\u20ac\u00a3])(?:19|20)\d\d(?![\d%]|[.,]\d)")


def named_days(text: str) -> tuple[str, ...]:
    """Return the latest full date that a text names, as ISO writes it, and its years, one named again twice.

    Of a date with the month in words the year is read, whatever the language: it is the first of January at least.
    """
    text = text[:READ]
    if "19" not in text and "20" not in text:  # no year: the patterns cost 0.6 ms a text of 1,800 characters
        return ()
    days = [f"{int(year):04}-{int(month):02}-{int(day):02}" for year, month, day in _TEXT_DAY.findall(text)]
    days += [f"{first or second}-01-01" for first, second in _WRITTEN_DAY.findall(text)]
    years = Counter(_YEAR.findall(text))
    return *([max(days)] if days else []), *sorted((years & Counter(dict.fromkeys(years, 2))).elements())


def is_running(text: str) -> bool:
    """True for a live blog: several lines begin with a time of day. What it says may be hours younger than its date."""
    return len(_ENTRY.findall(text[:READ])) >= FEWEST_ENTRIES


def contradiction(version: VersionRef, declared: DeclaredProvenance) -> str | None:
    """Return what on the page contradicts its declared date, in words, or None."""
    published, seen_at = version.published_at, version.first_seen_at
    if published is None:
        return None
    if seen_at is not None and published - (EARLIEST_ZONE if declared.local_time else timedelta()) > seen_at:
        return "seen before the date it declares"
    if seen_at is not None and abs(published - seen_at) <= OF_THE_VISIT:
        return "its date is the moment of our visit"
    day = _address_day(version.url)
    if day is not None and not day[0] <= published <= day[1]:
        return "its address has another date"
    if seen_at is not None and _is_earlier_than_text(published, declared.named_days, seen_at + timedelta(days=1)):
        return "its text names a later date"
    return None


def _address_day(url: str) -> tuple[datetime, datetime] | None:
    """Return the earliest and the latest moment that agree with the date in an address, None if it has none."""
    path = urlsplit(url).path
    margin = timedelta(days=ADDRESS_DAYS)
    try:
        if match := _ADDRESS_DAY.search(path):
            day = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
            return day - margin, day + margin + timedelta(days=1)
        if match := _ADDRESS_MONTH.search(path):
            first = datetime(int(match[1]), int(match[2]), 1, tzinfo=UTC)
            return first - margin, first + timedelta(days=31) + margin
    except (ValueError, OverflowError):
        return None
    return None


def _is_earlier_than_text(published: datetime, named: Sequence[str], latest: datetime) -> bool:
    """True if a text names a day or years far later than its date, and no later than ``latest``."""
    years = [int(name) for name in named if len(name) == len("2026")]
    if not {published.year, published.year + 1}.intersection(years) and any(
        published.year + LATER_YEARS <= year <= latest.year and years.count(year) > 1 for year in years
    ):
        return True
    try:
        days = [datetime.fromisoformat(name).replace(tzinfo=UTC) for name in named if len(name) > len("2026")]
    except ValueError:
        return False
    return any(published + timedelta(days=TEXT_DAYS) < day <= latest for day in days)


def far_ahead(dated: Sequence[VersionRef]) -> VersionRef | None:
    """Return the one whose date is weeks before those of all others, if these are close together.

    Not one that we saw before the others were dated: then it was there.
    """
    if len(dated) < FEWEST_DATED:
        return None
    ordered = sorted(dated, key=age)
    moments = [version.published_at for version in ordered if version.published_at is not None]
    gap = moments[1] - moments[0]
    is_alone = gap >= FAR_AHEAD and 3 * (moments[-1] - moments[1]) <= gap
    seen_at = ordered[0].first_seen_at
    return ordered[0] if is_alone and (seen_at is None or seen_at >= moments[1]) else None


def far_apart(dated: Sequence[VersionRef]) -> Sequence[VersionRef]:
    """Return the versions of which it is open whether their dates can be compared, none if all can be.

    Some are dated weeks before the others, but all were first seen in the week in which the others were published.
    Either the early ones are old and were printed again, or their template has an old date.
    """
    ordered = sorted((version for version in dated if version.first_seen_at is not None), key=age)
    moments = [version.published_at for version in ordered if version.published_at is not None]
    for place in range(1, len(moments)):
        if moments[place] - moments[place - 1] >= FAR_AHEAD:
            sights = (version.first_seen_at for version in ordered[:place] if version.first_seen_at is not None)
            together = all(moments[place] <= sight <= moments[place] + TOGETHER for sight in sights)
            return ordered if together else ()
    return ()


# --- moments ---------------------------------------------------------------------------------------------------------


def trusted(version: VersionRef) -> datetime | None:
    """Return the date the page declares, unless we had seen the page before it or its address has another date."""
    published, seen_at = version.published_at, version.first_seen_at
    if published is None or (seen_at is not None and published > seen_at):
        return None
    day = _address_day(version.url)
    return published if day is None or day[0] <= published <= day[1] else None


def span(version: VersionRef, page: DeclaredProvenance, *, is_dated: bool) -> tuple[float, float]:
    """Return the seconds between which a version was published: a moment, a day, or any time before we saw it.

    ``is_dated``: its date counts. A page that was corrected may have been dated anew. The date of a live blog is that
    of its first entry. One that is days before the day in its address may be that of the address.
    """
    start, end = _declared_span(version, is_dated=is_dated, is_local=page.local_time)
    seen_at = seconds(version.first_seen_at)
    later = _later_address_day(version) if is_dated else None
    if later is not None:
        end = max(end, min(seen_at, later.timestamp()))
    if page.running:
        end = max(end, seen_at)
    return (float("-inf") if page.corrected else start), end


def uncertainty(version: VersionRef, page: DeclaredProvenance) -> str | None:
    """Return why a declared date that nothing contradicts may not be that of the text, in words, or None."""
    if version.published_at is None:
        return None
    if page.corrected:
        return "its page was corrected, and may have been dated anew"
    if page.running:
        return "it is that of a live blog's beginning"
    return "its address has a later day" if _later_address_day(version) is not None else None


def _later_address_day(version: VersionRef) -> datetime | None:
    """Return the end of the day in a version's address if its declared date is days before it, else None."""
    day = _address_day(version.url)
    if day is None or version.published_at is None or not _ADDRESS_DAY.search(urlsplit(version.url).path):
        return None
    first = day[0] + timedelta(days=ADDRESS_DAYS)
    return first + timedelta(days=1) if version.published_at + BEFORE_ADDRESS < first else None


def _declared_span(version: VersionRef, *, is_dated: bool, is_local: bool) -> tuple[float, float]:
    """Return the span by the declared date. At midnight it is that of a day; ``is_local``: its time has no zone."""
    seen_at = seconds(version.first_seen_at)
    published = version.published_at
    if published is None or not is_dated:
        return float("-inf"), seen_at
    start = published.timestamp()
    if is_local:
        end = max(start - EARLIEST_ZONE.total_seconds(), min(start + LATEST_ZONE.total_seconds(), seen_at))
        return start - EARLIEST_ZONE.total_seconds(), end
    is_day = not (published.hour or published.minute or published.second or published.microsecond)
    return start, min(start + 86_400, max(start, seen_at)) if is_day else start


def seconds(moment: datetime | None) -> float:
    """Return a moment in seconds, infinity for none."""
    return float("inf") if moment is None else moment.timestamp()


def _dated(version: VersionRef) -> datetime | None:
    return trusted(version) or version.first_seen_at


def age(version: VersionRef) -> tuple[float, float, int, str]:
    """Return the sort key by when a version was published or, failing that, first seen. No two keys are alike."""
    return seconds(_dated(version)), *seen(version)


def seen(version: VersionRef) -> tuple[float, int, str]:
    """Return the sort key by when we first saw a version. No two keys are alike."""
    return seconds(version.first_seen_at), version.version, version.url


def lag(original: VersionRef, member: VersionRef, doubtful: Collection[str] = ()) -> Lag | None:
    """Return how long after the original a member came: by the dates both declare, else by when we first saw them.

    A copy without a date of its own may have been there long before we saw it: that is ``mixed``, and the most it can
    have been. Below 0: we saw the copy first. None for the original itself, and where no times are known. The dates of
    ``doubtful`` addresses do not count.
    """
    if original is member:
        return None
    born, copied = (None if side.url in doubtful else trusted(side) for side in (original, member))
    if born is not None and copied is not None:
        return Lag(seconds=int((copied - born).total_seconds()), by="published")
    if original.first_seen_at is None or member.first_seen_at is None:
        return None
    if born is not None:
        return Lag(seconds=int((member.first_seen_at - born).total_seconds()), by="mixed")
    return Lag(seconds=int((member.first_seen_at - original.first_seen_at).total_seconds()), by="first_seen")


def lags_behind(spans: Sequence[tuple[float, float]]) -> Iterator[float]:
    """Yield for each span the seconds by which it certainly begins after the first of the others has ended."""
    ends = sorted(end for _, end in spans)[:2]
    for start, end in spans:
        first_end = ends[-1] if end == ends[0] else ends[0]
        yield max(0.0, start - first_end) if start > float("-inf") and first_end < float("inf") else 0.0
