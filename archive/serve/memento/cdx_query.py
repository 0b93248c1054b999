"""The parameters of CDX servers, in the vocabularies of the Wayback Machine and of pywb, parsed into values.

Unknown parameters are ignored, as all servers do. A known parameter with a value that makes no sense is an error with a
reason: a client that gets another answer than it asked for does not notice.
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

from archive.api.mementos import Position
from archive.serve.memento.datetime14 import SECOND, earliest, latest, midpoint
from archive.serve.memento.rewrite import page_url
from archive.serve.memento.safe_regex import Pattern
from db.errors import BadInput
from db.microseconds import instant as from_micros
from db.microseconds import micros

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

FIELDS: Final = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
"""The columns of a line, in the order all readers share."""

OTHER_NAMES: Final = {"url": "original", "status": "statuscode", "mime": "mimetype", "ts": "timestamp"}
"""Names of four columns in pywb and the servers that follow it, with ours."""

BLOCK: Final = 3000
"""Captures in one block of a page: the number clients assume when they estimate."""

_ALL_FIELDS: Final = frozenset({*FIELDS, "redirect", "dupecount", "filename", "offset", "robotflags"})
_MATCHES: Final = ("exact", "prefix", "host", "domain")
_OUTPUTS: Final = ("text", "json", "cdxj", "jsonl")
_SORTS: Final = {"": "forward", "default": "forward", "reverse": "reverse", "closest": "closest"}
_MAX_FILTERS: Final = 5  # each may cost as much as a pattern may
_MAX_BLOCKS: Final = 3  # a page stays within the captures one answer may scan
_FILTER: Final = re.compile(r"(?P<not>!?)(?P<operator>[=~]?)(?P<field>[A-Za-z]+):(?P<value>.*)", re.DOTALL)
_COLLAPSE: Final = re.compile(r"([A-Za-z]+)(?::(\d{1,4}))?")
_NUMBER: Final = re.compile(r"-?\d{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A test of one field of a row. ``negated``: the rows that fail the test are accepted."""

    field: str
    test: Callable[[str], bool]
    negated: bool = False

    def accepts(self, row: dict[str, str]) -> bool:
        """Return True if the row stays in the answer."""
        return self.test(row.get(self.field, "-")) is not self.negated


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxQuery:
    """The parameters of one request. ``until`` is exclusive. ``limit`` None means all rows.

    ``order`` is forward, reverse, or closest (to ``closest``). ``from_end`` counts the limit from the end. ``after`` is
    the decoded resume key.
    """

    url: str
    match: str = "exact"
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None
    from_end: bool = False
    offset: int = 0
    filters: tuple[Filter, ...] = ()
    collapse: tuple[tuple[str, int | None], ...] = ()
    fields: tuple[str, ...] = FIELDS
    output: str = "text"
    order: str = "forward"
    closest: datetime | None = None
    after: Position | None = None
    show_resume_key: bool = False
    resolve_revisits: bool = False
    show_num_pages: bool = False
    page: int | None = None
    page_size: int = BLOCK


def parse_cdx_query(query: str, *, json_lines: bool = False) -> CdxQuery:
    """Parse a query string. ``json_lines``: output=json means one object a line, as in pywb.

    Raises BadInput, which names the parameter and the reason.
    """
    pairs = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=60) if value]
    values = dict(pairs)
    if "url" not in values:
        raise BadInput("url is missing: ask for an address, like url=https://news.example/page")
    url, match = _url_and_match(values["url"], values.get("matchType", values.get("matchtype", "")))
    limit = _parse_number(values, "limit", least=None)
    output = _parse_choice(values, "output", _OUTPUTS, "text")
    order = _SORTS.get(values.get("sort", "closest" if "closest" in values else ""))  # in pywb, closest implies sort
    if order is None:
        raise BadInput(f"sort={values['sort'][:40]!r}: write reverse or closest")
    closest = _parse_closest(values, order, match)
    fields = _parse_fields(values)
    after = decode_resume_key(values["resumeKey"]) if "resumeKey" in values else None
    blocks = _parse_number(values, "pageSize", least=1) or 1
    return CdxQuery(
        url=url,
        match=match,
        since=earliest(values["from"]) if "from" in values else None,
        until=_exclusive_end(values["to"]) if "to" in values else None,
        limit=None if limit is None else abs(limit),
        from_end=limit is not None and limit < 0,
        offset=_parse_number(values, "offset", least=0) or 0,
        filters=_parse_filters([value for name, value in pairs if name == "filter"]),
        collapse=_parse_collapses([value for name, value in pairs if name == "collapse"]),
        fields=(*fields, "dupecount") if _is_true(values, "showDupeCount") else fields,
        output="jsonl" if json_lines and output == "json" else output,
        order=order,
        closest=closest,
        after=after,
        show_resume_key=_is_true(values, "showResumeKey"),
        resolve_revisits=_is_true(values, "resolveRevisits"),
        show_num_pages=_is_true(values, "showNumPages"),
        page=_parse_number(values, "page", least=0),
        page_size=BLOCK * min(blocks, _MAX_BLOCKS),
    )


# --- resume keys -----------------------------------------------------------------------------------------------------


def encode_resume_key(position: Position) -> str:
    """Return a position as an opaque word that a client hands back."""
    text = json.dumps([position.url_key, micros(position.at), position.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_resume_key(word: str) -> Position:
    """Return the position in a resume key. Raises BadInput."""
    try:
        padded = word.encode("ascii") + b"=" * (-len(word) % 4)
        url_key, captured_at, capture_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if isinstance(url_key, str) and isinstance(captured_at, int) and isinstance(capture_id, int):
            return Position(url_key, from_micros(captured_at), capture_id)
    except (ValueError, TypeError, OverflowError, binascii.Error):
        pass
    raise BadInput(f"resumeKey={word[:40]!r} is not a key of this server; begin without one")


# --- single parameters -----------------------------------------------------------------------------------------------


def _url_and_match(url: str, match: str) -> tuple[str, str]:
    """Return the URL and its match type: ``matchType``, or what a star before or behind the URL means."""
    if match and match not in _MATCHES:
        raise BadInput(f"matchType={match[:40]!r}: write one of {', '.join(_MATCHES)}")
    if url.startswith("*."):
        return page_url(url.removeprefix("*.").removesuffix("/*")), match or "domain"
    return page_url(url.removesuffix("*")), match or ("prefix" if url.endswith("*") else "exact")


def _exclusive_end(digits: str) -> datetime | None:
    last = latest(digits)
    return last + SECOND if last.year < MAXYEAR else None  # datetime has no instant after the year 9999


def _parse_number(values: dict[str, str], name: str, *, least: int | None) -> int | None:
    text = values.get(name)
    if text is None:
        return None
    if _NUMBER.fullmatch(text) is None or (least is not None and int(text) < least):
        raise BadInput(f"{name}={text[:40]!r} is not a number{'' if least is None else f' from {least} on'}")
    return int(text)


def _parse_choice(values: dict[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    value = values.get(name, default)
    if value not in choices:
        raise BadInput(f"{name}={value[:40]!r}: write one of {', '.join(choices)}")
    return value


def _is_true(values: dict[str, str], name: str) -> bool:
    return values.get(name, "").lower() in {"true", "1", "yes", "on"}


def _parse_closest(values: dict[str, str], order: str, match: str) -> datetime | None:
    if order != "closest":
        return None
    if match != "exact" or "closest" not in values:
        raise BadInput("sort=closest is for one address and a time: write closest=YYYYMMDDhhmmss and no matchType")
    return midpoint(values["closest"])


def _field_name(name: str) -> str:
    field = OTHER_NAMES.get(name, name)
    if field not in _ALL_FIELDS:
        raise BadInput(f"{name[:40]!r} is no field; there are {', '.join(sorted(_ALL_FIELDS))}")
    return field


def _parse_fields(values: dict[str, str]) -> tuple[str, ...]:
    names = values.get("fl", values.get("fields", ""))
    return tuple(_field_name(name.strip()) for name in names.split(",") if name.strip()) or FIELDS


def _parse_filters(texts: list[str]) -> tuple[Filter, ...]:
    if len(texts) > _MAX_FILTERS:
        raise BadInput(f"{len(texts)} filters; at most {_MAX_FILTERS} are applied at once")
    return tuple(_parse_filter(text) for text in texts)


def _parse_filter(text: str) -> Filter:
    parts = _FILTER.fullmatch(text)
    if parts is None:
        raise BadInput(f"filter={text[:40]!r}: write field:regex, !field:regex, =field:value or ~field:regex")
    field, value, negated = _field_name(parts["field"]), parts["value"], bool(parts["not"])
    if parts["operator"] == "=":
        return Filter(field=field, test=value.__eq__, negated=negated)
    pattern = Pattern(value, open_end=parts["operator"] == "~")
    return Filter(field=field, test=pattern.matches, negated=negated)


def _parse_collapses(texts: list[str]) -> tuple[tuple[str, int | None], ...]:
    collapses = []
    for text in texts:
        parts = _COLLAPSE.fullmatch(text)
        if parts is None:
            raise BadInput(f"collapse={text[:40]!r}: write field, or field:N for its first N characters")
        collapses.append((_field_name(parts[1]), int(parts[2]) if parts[2] else None))
    return tuple(collapses)
