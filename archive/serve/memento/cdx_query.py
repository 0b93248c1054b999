"""What a client asks of an index: the parameters of CDX servers, in both their vocabularies, read into values.

Parameters that nobody here knows are passed over, as all servers do; a known one with a value that makes no sense is an
error with a reason, because a client that is answered something else does not notice.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import MAXYEAR
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from archive.serve.memento.datetime14 import SECOND, first_of, last_of, middle_of
from archive.serve.memento.rewrite import page_url
from archive.serve.memento.safe_regex import Pattern
from db.errors import BadInput
from db.microseconds import instant, micros
from db.queries.cdx import Position

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

FIELDS: Final = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
"""The columns of a line, in the order all readers share."""

OTHER_NAMES: Final = {"url": "original", "status": "statuscode", "mime": "mimetype", "ts": "timestamp"}
"""What pywb and the servers that follow it call four of them."""

BLOCK: Final = 3000
"""Captures in one block of a page: what clients take a block to hold when they estimate."""

_MORE_FIELDS: Final = frozenset({*FIELDS, "redirect", "dupecount", "filename", "offset", "robotflags"})
_MATCHES: Final = ("exact", "prefix", "host", "domain")
_OUTPUTS: Final = ("text", "json", "cdxj", "jsonl")
_SORTS: Final = {"": "forward", "default": "forward", "reverse": "reverse", "closest": "closest"}
_MOST_FILTERS: Final = 5  # each may cost as much as a pattern may
_MOST_BLOCKS: Final = 3  # so that a page is never more than one answer may look at
_FILTER: Final = re.compile(r"(?P<not>!?)(?P<how>[=~]?)(?P<field>[A-Za-z]+):(?P<value>.*)", re.DOTALL)
_COLLAPSE: Final = re.compile(r"([A-Za-z]+)(?::(\d{1,4}))?")
_NUMBER: Final = re.compile(r"-?\d{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Keeps the rows whose ``field`` passes ``test``, or those where it does not."""

    field: str
    test: Callable[[str], bool]
    negated: bool = False

    def keeps(self, row: dict[str, str]) -> bool:
        """True if the row stays."""
        return self.test(row.get(self.field, "-")) is not self.negated


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Everything one request asks. ``until`` is left out of the window; ``limit`` None: as many as there are.

    ``order`` is forward, reverse or closest (to ``closest``); ``last`` turns a limit into the last ones.
    """

    url: str
    match: str = "exact"
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None
    last: bool = False
    offset: int = 0
    filters: tuple[Filter, ...] = ()
    collapse: tuple[tuple[str, int | None], ...] = ()
    fields: tuple[str, ...] = FIELDS
    output: str = "text"
    order: str = "forward"
    closest: datetime | None = None
    behind: Position | None = None
    tells_resume: bool = False
    resolves: bool = False
    counts_pages: bool = False
    page: int | None = None
    page_size: int = BLOCK


def read_question(query: str, *, lines: bool = False) -> Question:
    """The question in a query string. ``lines``: JSON is asked for as pywb gives it, one object a line.

    Raises BadInput, saying which parameter and why.
    """
    pairs = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=60) if value]
    given = dict(pairs)
    if "url" not in given:
        raise BadInput("url is missing: ask for an address, like url=https://news.example/page")
    url, match = _scope(given["url"], given.get("matchType", given.get("matchtype", "")))
    limit = _number(given, "limit", least=None)
    output = _one_of(given, "output", _OUTPUTS, "text")
    order = _SORTS.get(given.get("sort", "closest" if "closest" in given else ""))  # as pywb: closest alone says it
    if order is None:
        raise BadInput(f"sort={given['sort'][:40]!r}: write reverse or closest")
    closest = _closest(given, order, match)
    fields = _fields(given)
    behind = read_resume(given["resumeKey"]) if "resumeKey" in given else None
    size = _number(given, "pageSize", least=1) or 1
    return Question(
        url=url,
        match=match,
        since=first_of(given["from"]) if "from" in given else None,
        until=_end(given["to"]) if "to" in given else None,
        limit=None if limit is None else abs(limit),
        last=limit is not None and limit < 0,
        offset=_number(given, "offset", least=0) or 0,
        filters=_filters([value for name, value in pairs if name == "filter"]),
        collapse=_collapses([value for name, value in pairs if name == "collapse"]),
        fields=(*fields, "dupecount") if _says_yes(given, "showDupeCount") else fields,
        output="jsonl" if lines and output == "json" else output,
        order=order,
        closest=closest,
        behind=behind,
        tells_resume=_says_yes(given, "showResumeKey"),
        resolves=_says_yes(given, "resolveRevisits"),
        counts_pages=_says_yes(given, "showNumPages"),
        page=_number(given, "page", least=0),
        page_size=BLOCK * min(size, _MOST_BLOCKS),
    )


# --- where to go on --------------------------------------------------------------------------------------------------


def write_resume(position: Position) -> str:
    """A position as a word that a client hands back."""
    told = json.dumps([position.url_key, micros(position.at), position.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def read_resume(word: str) -> Position:
    """The position a client hands back. Raises BadInput."""
    try:
        padded = word.encode("ascii") + b"=" * (-len(word) % 4)
        url_key, at, capture_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if isinstance(url_key, str) and isinstance(at, int) and isinstance(capture_id, int):
            return Position(url_key, instant(at), capture_id)
    except (ValueError, TypeError, OverflowError, binascii.Error):
        pass
    raise BadInput(f"resumeKey={word[:40]!r} is none of ours; begin without one")


# --- single parameters -----------------------------------------------------------------------------------------------


def _scope(url: str, match: str) -> tuple[str, str]:
    """The address and how wide it is meant: by ``matchType``, or by a star before or behind it."""
    if match and match not in _MATCHES:
        raise BadInput(f"matchType={match[:40]!r}: write one of {', '.join(_MATCHES)}")
    if url.startswith("*."):
        return page_url(url.removeprefix("*.").removesuffix("/*")), match or "domain"
    return page_url(url.removesuffix("*")), match or ("prefix" if url.endswith("*") else "exact")


def _end(digits: str) -> datetime | None:
    last = last_of(digits)
    return last + SECOND if last.year < MAXYEAR else None  # behind it there is no instant to write


def _number(given: dict[str, str], name: str, *, least: int | None) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if _NUMBER.fullmatch(text) is None or (least is not None and int(text) < least):
        raise BadInput(f"{name}={text[:40]!r} is not a number{'' if least is None else f' from {least} on'}")
    return int(text)


def _one_of(given: dict[str, str], name: str, known: tuple[str, ...], usual: str) -> str:
    found = given.get(name, usual)
    if found not in known:
        raise BadInput(f"{name}={found[:40]!r}: write one of {', '.join(known)}")
    return found


def _says_yes(given: dict[str, str], name: str) -> bool:
    return given.get(name, "").lower() in {"true", "1", "yes", "on"}


def _closest(given: dict[str, str], order: str, match: str) -> datetime | None:
    if order != "closest":
        return None
    if match != "exact" or "closest" not in given:
        raise BadInput("sort=closest is for one address and a time: write closest=YYYYMMDDhhmmss and no matchType")
    return middle_of(given["closest"])


def _field(name: str) -> str:
    found = OTHER_NAMES.get(name, name)
    if found not in _MORE_FIELDS:
        raise BadInput(f"{name[:40]!r} is no field; there are {', '.join(sorted(_MORE_FIELDS))}")
    return found


def _fields(given: dict[str, str]) -> tuple[str, ...]:
    named = given.get("fl", given.get("fields", ""))
    return tuple(_field(name.strip()) for name in named.split(",") if name.strip()) or FIELDS


def _filters(texts: list[str]) -> tuple[Filter, ...]:
    if len(texts) > _MOST_FILTERS:
        raise BadInput(f"{len(texts)} filters; at most {_MOST_FILTERS} are applied at once")
    return tuple(_filter(text) for text in texts)


def _filter(text: str) -> Filter:
    found = _FILTER.fullmatch(text)
    if found is None:
        raise BadInput(f"filter={text[:40]!r}: write field:regex, !field:regex, =field:value or ~field:regex")
    value = found["value"]
    if found["how"] == "=":
        return Filter(field=_field(found["field"]), test=value.__eq__, negated=bool(found["not"]))
    pattern = Pattern(value, open_end=found["how"] == "~")
    return Filter(field=_field(found["field"]), test=pattern.matches, negated=bool(found["not"]))


def _collapses(texts: list[str]) -> tuple[tuple[str, int | None], ...]:
    found = []
    for text in texts:
        parts = _COLLAPSE.fullmatch(text)
        if parts is None:
            raise BadInput(f"collapse={text[:40]!r}: write field, or field:N for its first N characters")
        found.append((_field(parts[1]), int(parts[2]) if parts[2] else None))
    return tuple(found)
