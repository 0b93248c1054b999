"""The date and the authors that a page shows to its readers next to the headline, in the languages of the press."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from archive.extract.dates import read_date
from archive.extract.person_names import BY, read_people
from archive.extract.written_dates import find_dates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from archive.extract.surroundings import Line

_DATE_MARK = re.compile(
    r"date|datum|fecha|publi[sc]|posted|time|meta|byline|dateline|submitted|created|stamp", re.IGNORECASE
)
_CHANGE_MARK = re.compile(r"(?:^|[\s_-])(?:updated?|modified|lastmod)(?:$|[\s_-])", re.IGNORECASE)
_DATE_OF_POST = re.compile(r"publish|entry-date|posted|created", re.IGNORECASE)
_AUTHOR_MARK = re.compile(
    r"(?:^|[\s_-])(?:author\w*|by-?line\w*|autor\w*|auteur\w*|writer|verfasser|redakteur\w*|journalist\w*|reporter|fn"
    r"|p-author|creator|submitted|username|signature)(?:$|[\s_-])",
    re.IGNORECASE,
)
_MODIFIED = re.compile(
    r"update[ds]?|aktualis|actuali[sz]|mis[e]? à jour|modifi|aggiornat|bijgewerkt|gewijzigd|обновлен|изменен|оновлен"
    r"|zaktualiz|aktualiz|atualiz|güncelle|更新|최종수정|수정|uppdater|oppdater|opdater|päivitet"
    r"|last (?:modified|edited|changed)|edited"
    r"|geändert|bearbeitet|\bstand\b|frissít|actualitz|ενημέρ|آخر تحديث|تحديث|עודכן|अपडेट|अद्यतन"
    r"|cập nhật|อัปเดต|diperbarui|revised",
    re.IGNORECASE,
)
_OTHER_DATE = re.compile(
    r"\bevent|when\b|deadline|founded|born|\bwann|termin\b|beginn|\bbis\b|\buntil|\bfrom\b|\bsince|\bseit\b|register|joined"
    r"|copyright|©"
    r"|expires|valid|closing|due\b|\(c\)|geboren|geb\.|mitglied|archive[dr]?\b|captured|wayback|heute|today is|dob|died"
    r"|†|\bab\b"
    r"|read(?:ing)? time|ausgabe|issue|edition|print|version|released?\b|nächste|next|letzte|season"
    r"|\(@|shared by|tweet|retrieved|abgerufen",
    re.IGNORECASE,
)
_BY_LINE = re.compile(rf"^[\s\-–—·•|(]*{BY}(?:\s*[:：/／]\s*|\s+)(?P<names>.+)$", re.IGNORECASE)
_IN_DATE_LINE = re.compile(
    rf"(?:^|[\s|,·•–—-]){BY}\s*:?\s+(?P<names>[^|·•\d]{{3,60}}?)\s*"
    r"(?:$|[|·•]|\b(?:on|am|le|el|il|op|den|dne|um|at)\b|,?\s*\d)",
    re.IGNORECASE,
)
_GLUED = re.compile(r"^(?:By|Von|Por|Par)(?=[A-ZÀ-Þ])(?P<names>.+)$")
_BEHIND_DASH = re.compile(r"^\s*[–—-]\s*(?P<names>[^,|/·•]+)$")
_ONLY_BY = re.compile(rf"^{BY}\s*:?$", re.IGNORECASE)
_OF_PICTURE = re.compile(
    r"photo|foto|bild|image|picture|©|getty|pexels|unsplash|pixabay|\bcc\b|credit|illustr|video|licen[cs]e",
    re.IGNORECASE,
)
_RANGE = re.compile(r"(?:\d\s*[–—-]|\bto|\bbis|\bau|\bal)\s*$")
_LETTERS = re.compile(r"[^\W\d_]")
_LONGEST = 160  # characters of a line with a date
_MOST_OTHER = 60  # letters besides the date in a line that nothing marks
_MOST_MARKED = 110
_LONGEST_BYLINE = 120
_ABOVE = 3  # lines above the headline that may hold its date
_APART = 2  # lines between the date of the article and another date
_NEAREST = 4  # lines below the headline in which a name beside the date is the author's


def shown_dates(lines: Iterable[Line], language: str | None) -> tuple[str, str]:
    """Return the dates of publication and of the last change as shown near the headline, each as written or empty.

    A date below the headline is preferred to one above it, which may be that of today. Several days without a label are
    no date, unless one stands right below the headline and the others far from it.
    """
    published: list[tuple[int, str, str]] = []  # distance, day and text
    modified: list[str] = []
    for line in lines:
        if line.distance == 0 or line.distance < -_ABOVE or len(line.text) > _LONGEST:
            continue
        for day, raw, label in _dates_of(line, language):
            if label == "modified":
                modified.append(raw)
            else:
                published.append((line.distance, day, raw))
    below = [entry for entry in published if entry[0] > 0] or published
    near = [entry for entry in below if 0 < below[0][0] <= _NEAREST and entry[0] <= below[0][0] + _APART]
    for entries in (below, near):
        if len({day for _, day, _ in entries}) == 1:
            return entries[0][2], modified[0] if modified else ""
    return "", modified[0] if modified else ""


def _dates_of(line: Line, language: str | None) -> list[tuple[str, str, str]]:
    """Return (day, text, label) of the dates in a line that is a date line."""
    dates = find_dates(line.text, language)
    if len(dates) <= len(line.datetimes) and (stated := _dates_of_times(line)):
        return stated
    if not dates or _OTHER_DATE.search(line.text):
        return []
    is_marked = _DATE_MARK.search(line.marks) is not None
    covered = sum(written.end - written.start for written in dates)
    others = len(_LETTERS.findall(line.text)) - covered
    if others > (_MOST_MARKED if is_marked else _MOST_OTHER) or len(dates) > 2:  # noqa: PLR2004  # published, updated
        return []
    result, position = [], 0
    for written in dates:
        label = line.text[position : written.start]
        if _RANGE.search(label):
            return []
        is_change = _MODIFIED.search(label) is not None
        raw = line.text[position:] if len(dates) == 1 else line.text[position : written.end]
        result.append((written.instant.date().isoformat(), raw.strip()[-80:], "modified" if is_change else "published"))
        position = written.end
    return result


def _dates_of_times(line: Line) -> list[tuple[str, str, str]]:
    """Return (day, value, label) of the ``time`` elements of a short line. The text of a second one is its label."""
    if len(line.text) > _LONGEST or _OTHER_DATE.search(line.text):
        return []
    readings = [(raw, written) for raw in line.datetimes[:2] if (written := read_date(raw))]
    is_change = _MODIFIED.search(line.text) is not None or (
        _CHANGE_MARK.search(line.marks) is not None and _DATE_OF_POST.search(line.marks) is None
    )
    labels = ["modified" if is_change else "published"] if len(readings) == 1 else ["published", "modified"]
    return [
        (written.instant.date().isoformat(), raw, label)
        for (raw, written), label in zip(readings, labels, strict=False)
    ]


def shown_people(lines: Iterable[Line], sites: frozenset[str]) -> tuple[str, ...]:
    """Return the people named in a byline near the headline.

    That is a line marked as such, one that begins with "by", one behind a line "by", or a name beside the date.
    """
    is_next = False
    for line in lines:
        is_of_picture = _OF_PICTURE.search(f"{line.text} {line.marks}")
        if line.heading or not line.text or len(line.text) > _LONGEST_BYLINE or is_of_picture:
            is_next = False
            continue
        for names in _names_in(line, is_next=is_next):
            if people := read_people(names, sites):
                return people
        is_next = _ONLY_BY.match(line.text) is not None
    return ()


def _names_in(line: Line, *, is_next: bool) -> Iterator[str]:
    """Yield the parts of a line that may name its authors, the likeliest first."""
    dates = find_dates(line.text)
    before, behind = (line.text[: dates[0].start], line.text[dates[-1].end :]) if dates else (line.text, "")
    if match := _BY_LINE.match(before) or _GLUED.match(before):
        yield match["names"]
    if dates and (match := _IN_DATE_LINE.search(line.text)):
        yield match["names"]
    if is_next or _AUTHOR_MARK.search(line.marks):
        yield before.rstrip(" ,|·•–—-")
    if 0 < line.distance <= _NEAREST and (match := _BEHIND_DASH.match(behind)):
        yield match["names"]
