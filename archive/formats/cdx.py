"""CDX servers: parsing answers and building queries. An answer is the index of a web archive, one row per capture.

There is no standard but a family of forms, which can be told apart by their text:

- lines of 7 to 11 fields in a common order, with or without a first line `` CDX N b a m s k``,
- CDXJ lines (key, time, JSON),
- with ``output=json`` either a JSON array whose first row names the columns, or one JSON object per line.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Window = tuple[datetime | None, datetime | None]

ROWS: Final = 3000
"""Rows requested at once: about 400 kB, which every server gives."""

_COLUMNS: Final = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest")
_LETTERS: Final = {"N": "urlkey", "b": "timestamp", "a": "original", "m": "mimetype", "s": "statuscode", "k": "digest"}
_SYNONYMS: Final = {"url": "original", "status": "statuscode", "mime": "mimetype", "ts": "timestamp"}
_MIN_FIELDS: Final = 7  # fields of a line; with six, prose that contains dates could pass as well
_CDXJ: Final = re.compile(r"(\S+) (\d{14,}) (\{.*\})\s*")
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One capture in an index. ``status`` is None and ``digest`` empty if the index lacks them, as for a revisit."""

    captured_at: datetime
    original: str
    status: int | None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The rows of one answer. ``resume`` is the key for the next request if the server gave one."""

    rows: tuple[Row, ...] = ()
    resume: str | None = None


# --- parsing ---------------------------------------------------------------------------------------------------------


def parse_cdx(text: str) -> Page | None:
    """Return the rows of an answer in any of the forms, in its order, or None if the text is no index.

    Rows that cannot be parsed are skipped. An empty answer is an index without rows.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return Page()
    table = _parse_table(text) if text.lstrip().startswith("[") else None
    records, resume = table if table is not None else _parse_lines(text)
    rows = tuple(row for fields in records if (row := _make_row(fields)) is not None)
    return Page(rows=rows, resume=resume) if rows or records else None


def _parse_table(text: str) -> tuple[list[Mapping[str, Any]], str | None] | None:
    """Parse a JSON array of arrays below a header row, or of objects. A final ``[], [key]`` is the resume key."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        return None
    resume = None
    if len(rows) > 1 and rows[-2] == [] and isinstance(rows[-1], list) and len(rows[-1]) == 1:
        resume = str(rows[-1][0])
        rows = rows[:-2]
    if not rows or isinstance(rows[0], dict):
        return [row for row in rows if isinstance(row, dict)] or [{}], resume
    has_header = isinstance(rows[0], list) and "timestamp" in rows[0]
    names = [str(name) for name in rows[0]] if has_header else _COLUMNS
    records: list[Mapping[str, Any]] = [
        dict(zip(names, row, strict=False)) for row in rows[has_header:] if isinstance(row, list)
    ]
    return records or [{}], resume


def _parse_lines(text: str) -> tuple[list[Mapping[str, Any]], str | None]:
    """Parse plain lines, CDXJ, or JSON objects. A blank line and one word at the end are the resume key."""
    columns: Sequence[str] = _COLUMNS
    records: list[Mapping[str, Any]] = []
    lines = text.splitlines()
    for line in lines:
        words = line.split()
        if words[:1] == ["CDX"]:
            columns = [_LETTERS.get(letter, letter) for letter in words[1:]]
            records.append({})
        else:
            records += _fields_of_line(line, words, columns)
    return records, _resume(lines)


def _fields_of_line(line: str, words: Sequence[str], columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    cdxj = _CDXJ.fullmatch(line)
    if cdxj or line.startswith("{"):
        try:
            fields = json.loads(cdxj[3] if cdxj else line)
        except (ValueError, RecursionError):
            return
        if isinstance(fields, dict):
            yield fields | ({"timestamp": cdxj[2]} if cdxj else {})
    elif len(words) >= _MIN_FIELDS:
        fields = dict(zip(columns, words, strict=False))
        if fields.get("timestamp", "")[:14].isdigit():
            yield fields


def _resume(lines: Sequence[str]) -> str | None:
    """Return the resume key at the end of an incomplete answer."""
    last = [line.strip() for line in lines[-2:]]
    return last[1] if len(last) == len(("blank", "key")) and not last[0] and len(last[1].split()) == 1 else None


def _make_row(fields: Mapping[str, Any]) -> Row | None:
    values = {_SYNONYMS.get(name, name): str(value) for name, value in fields.items()}
    original = values.get("original", "")
    try:
        captured_at = datetime.strptime(values.get("timestamp", "")[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    if not original.lower().startswith(("http://", "https://")):
        return None
    status, digest = values.get("statuscode", ""), values.get("digest", "")
    return Row(
        captured_at=captured_at,
        original=original,
        status=int(status) if status.isdecimal() else None,
        digest=digest.removeprefix("-"),
    )


# --- queries ---------------------------------------------------------------------------------------------------------


def is_query(address: str) -> bool:
    """True if an address, or the beginning of one, is a CDX query about a page: ``...?url=``."""
    query = urlsplit(address).query
    return query.startswith("url=") or "&url=" in query


def query_url(prefix: str, url: str) -> str:
    """Return the query about one page: ``prefix``, which ends in a parameter name and ``=``, and the quoted ``url``."""
    return prefix + quote(url, safe="")


def first_query(address: str, window: Window) -> str:
    """Return the first query for the rows of a window (from, until), where the end is exclusive.

    Parameters already in ``address`` are kept. For a server that numbers its pages, the address has ``page=0``.
    """
    since, until = window
    parameters = {
        "output": "json",
        "from": None if since is None else _timestamp(since),
        "to": None if until is None else _timestamp(until - _SECOND),
    }
    if _page_number(address) is None:
        parameters |= {"limit": str(ROWS), "showResumeKey": "true"}
    known = {name for name, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True)}
    return address + "".join(f"&{name}={value}" for name, value in parameters.items() if value and name not in known)


def next_query(query: str, page: Page, new: Iterable[Row]) -> str | None:
    """Return the query that continues after ``page``, or None at the end. ``new`` are its rows not seen before.

    Continues by the server's resume key, by its page number, or, if it gave as many rows as requested and no key, from
    the time of the last row.
    """
    if page.resume is not None:
        return _with_parameter(query, "resumeKey", quote(page.resume, safe="%+"))
    number = _page_number(query)
    if number is not None:
        return _with_parameter(query, "page", str(number + 1)) if page.rows else None
    limit = dict(parse_qsl(urlsplit(query).query)).get("limit", "")
    if limit.isdecimal() and len(page.rows) >= int(limit) and (new_rows := list(new)):
        return _with_parameter(query, "from", _timestamp(max(row.captured_at for row in new_rows)))
    return None


def is_later_page(query: str) -> bool:
    """True for a page after the first of a server that numbers its pages. Past the last one, some answer 400."""
    return bool(_page_number(query))


def _page_number(address: str) -> int | None:
    number = dict(parse_qsl(urlsplit(address).query)).get("page", "")
    return int(number) if number.isdecimal() else None


def _with_parameter(query: str, name: str, value: str) -> str:
    pattern = re.compile(rf"([?&]{name}=)[^&]*")
    if pattern.search(query):
        return pattern.sub(lambda match: f"{match[1]}{value}", query)
    return f"{query}&{name}={value}"


def _timestamp(instant: datetime) -> str:
    return f"{instant:%Y%m%d%H%M%S}"


# --- replay addresses ------------------------------------------------------------------------------------------------

_ROOTS: Final = (
    (re.compile(r"(.*?/)timemap/.*"), r"\1"),  # /web/timemap/json/... of the Wayback Machine, /coll/timemap/... of pywb
    (re.compile(r"/cdx(?:/search(?:/cdx)?)?/?"), "/web/"),
    (re.compile(r"(.+)/cdx/search(?:/cdx)?/?"), r"\1/web/"),
    (re.compile(r"(.+)[/-]cdx/?"), r"\1/"),  # pywb: /coll/cdx
)


def replay_root(address: str) -> str | None:
    """Return the beginning of memento addresses of this index, up to the timestamp. None if it is unknown."""
    parts = urlsplit(address)
    for pattern, root in _ROOTS:
        match = pattern.fullmatch(parts.path)
        if match is not None:
            return f"{parts.scheme}://{parts.netloc}{match.expand(root)}"
    return None
