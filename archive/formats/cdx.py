"""CDX servers: the index of a web archive, one line a capture, and how it is asked.

There is no standard, but a family of forms, which tell themselves apart: lines of 7 to 11 fields in an order all share,
below a line `` CDX N b a m s k`` or without it; cdxj lines (key, time, JSON); with ``output=json`` a table as a JSON
array whose first row names the columns, or one JSON object a line.
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
"""Rows asked for at once: about 400 kB, which every server gives."""

_COLUMNS: Final = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest")
_LETTERS: Final = {"N": "urlkey", "b": "timestamp", "a": "original", "m": "mimetype", "s": "statuscode", "k": "digest"}
_OTHER_NAMES: Final = {"url": "original", "status": "statuscode", "mime": "mimetype", "ts": "timestamp"}
_FEWEST: Final = 7  # fields of a line; six would do, but then any prose with dates in it could pass
_CDXJ: Final = re.compile(r"(\S+) (\d{14,}) (\{.*\})\s*")
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One capture in an index. ``status`` None: it does not say (a revisit, for one); so ``digest`` empty."""

    captured_at: datetime
    original: str
    status: int | None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one answer holds; ``resume`` is the key under which the server goes on, if it gave one."""

    rows: tuple[Row, ...] = ()
    resume: str | None = None


# --- reading ---------------------------------------------------------------------------------------------------------


def parse_cdx(text: str) -> Page | None:
    """The rows of an answer in any of the forms, in its order; None if it is no index at all.

    Rows that cannot be read are passed over. An empty answer is an index without rows.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return Page()
    table = _table(text) if text.lstrip().startswith("[") else None
    found, resume = table if table is not None else _lines(text)
    rows = tuple(row for fields in found if (row := _row(fields)) is not None)
    return Page(rows=rows, resume=resume) if rows or found else None


def _table(text: str) -> tuple[list[Mapping[str, Any]], str | None] | None:
    """A JSON array, of arrays below a row of names, or of objects. ``[], [key]`` at its end is where to go on."""
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
    named = isinstance(rows[0], list) and "timestamp" in rows[0]
    names = [str(name) for name in rows[0]] if named else _COLUMNS
    listed: list[Mapping[str, Any]] = [
        dict(zip(names, row, strict=False)) for row in rows[named:] if isinstance(row, list)
    ]
    return listed or [{}], resume


def _lines(text: str) -> tuple[list[Mapping[str, Any]], str | None]:
    """Plain lines, cdxj, or JSON objects. A blank line and one word after it are where to go on."""
    columns: Sequence[str] = _COLUMNS
    found: list[Mapping[str, Any]] = []
    lines = text.splitlines()
    for line in lines:
        words = line.split()
        if words[:1] == ["CDX"]:
            columns = [_LETTERS.get(letter, letter) for letter in words[1:]]
            found.append({})
        else:
            found += _line(line, words, columns)
    return found, _resume(lines)


def _line(line: str, words: Sequence[str], columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    cdxj = _CDXJ.fullmatch(line)
    if cdxj or line.startswith("{"):
        try:
            fields = json.loads(cdxj[3] if cdxj else line)
        except (ValueError, RecursionError):
            return
        if isinstance(fields, dict):
            yield fields | ({"timestamp": cdxj[2]} if cdxj else {})
    elif len(words) >= _FEWEST:
        fields = dict(zip(columns, words, strict=False))
        if fields.get("timestamp", "")[:14].isdigit():
            yield fields


def _resume(lines: Sequence[str]) -> str | None:
    """The key a server ends its answer with, if it did not give all."""
    last = [line.strip() for line in lines[-2:]]
    return last[1] if len(last) == len(("blank", "key")) and not last[0] and len(last[1].split()) == 1 else None


def _row(fields: Mapping[str, Any]) -> Row | None:
    told = {_OTHER_NAMES.get(name, name): str(value) for name, value in fields.items()}
    original = told.get("original", "")
    try:
        at = datetime.strptime(told.get("timestamp", "")[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    if not original.lower().startswith(("http://", "https://")):
        return None
    status, digest = told.get("statuscode", ""), told.get("digest", "")
    return Row(
        captured_at=at,
        original=original,
        status=int(status) if status.isdecimal() else None,
        digest=digest.removeprefix("-"),
    )


# --- asking ----------------------------------------------------------------------------------------------------------


def is_query(address: str) -> bool:
    """True if an address, or the beginning of one, asks an index about a page: ``...?url=``."""
    query = urlsplit(address).query
    return query.startswith("url=") or "&url=" in query


def query_url(prefix: str, url: str) -> str:
    """The question about one page: ``url`` whole, as the value of the parameter that ``prefix`` ends with."""
    return prefix + quote(url, safe="")


def first_query(address: str, window: Window) -> str:
    """The first question for the rows of a window (from, until; the end left out), with what ``address`` does not say.

    A server that counts pages is named with ``page=0`` in its address.
    """
    since, until = window
    asked = {
        "output": "json",
        "from": None if since is None else _stamp(since),
        "to": None if until is None else _stamp(until - _SECOND),
    }
    if _page_of(address) is None:
        asked |= {"limit": str(ROWS), "showResumeKey": "true"}
    known = {name for name, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True)}
    return address + "".join(f"&{name}={value}" for name, value in asked.items() if value and name not in known)


def next_query(question: str, page: Page, new: Iterable[Row]) -> str | None:
    """How to go on after ``page``, of which the rows ``new`` were not seen before; None: that was all.

    By the server's own key, by its count of pages, or, where it gave as many rows as were asked for and no key, from
    the time of the last row on.
    """
    if page.resume is not None:
        return _with(question, "resumeKey", quote(page.resume, safe="%+"))
    number = _page_of(question)
    if number is not None:
        return _with(question, "page", str(number + 1)) if page.rows else None
    limit = dict(parse_qsl(urlsplit(question).query)).get("limit", "")
    if limit.isdecimal() and len(page.rows) >= int(limit) and (fresh := list(new)):
        return _with(question, "from", _stamp(max(row.captured_at for row in fresh)))
    return None


def is_later_page(question: str) -> bool:
    """True for a page behind the first of a server that counts them: past the last, some answer 400."""
    return bool(_page_of(question))


def _page_of(address: str) -> int | None:
    number = dict(parse_qsl(urlsplit(address).query)).get("page", "")
    return int(number) if number.isdecimal() else None


def _with(question: str, name: str, value: str) -> str:
    pattern = re.compile(rf"([?&]{name}=)[^&]*")
    if pattern.search(question):
        return pattern.sub(lambda found: f"{found[1]}{value}", question)
    return f"{question}&{name}={value}"


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S}"


# --- where an index replays ------------------------------------------------------------------------------------------

_ROOTS: Final = (
    (re.compile(r"(.*?/)timemap/.*"), r"\1"),  # /web/timemap/json/... of the Wayback Machine, /coll/timemap/... of pywb
    (re.compile(r"/cdx(?:/search(?:/cdx)?)?/?"), "/web/"),
    (re.compile(r"(.+)/cdx/search(?:/cdx)?/?"), r"\1/web/"),
    (re.compile(r"(.+)[/-]cdx/?"), r"\1/"),  # pywb: /coll/cdx
)


def replay_root(address: str) -> str | None:
    """What the address of a memento of this index begins with, up to its stamp; None if that cannot be told."""
    parts = urlsplit(address)
    for pattern, root in _ROOTS:
        found = pattern.fullmatch(parts.path)
        if found is not None:
            return f"{parts.scheme}://{parts.netloc}{found.expand(root)}"
    return None
