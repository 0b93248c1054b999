"""Keyset pagination: a page begins behind the last row of the one before, whatever was added in between."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from db.errors import BadInput
from db.records import SearchCursor, SearchRank

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 500
"""Rows of a page at most."""

_WRONG = "after= is not a key that a page of this archive gave; follow its link next"
_MOST_INTEGER = 1 << 62  # SQLite's integers have 64 bits
_LONGEST = 600  # characters of a key: the longest address that fits is not the longest there is, but 400 do


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Which page was asked for: the rows behind ``after`` (the key of the last row seen; None: from the start)."""

    after: Any = None
    limit: int = 50

    @property
    def behind_text(self) -> str:
        """The key of a list that is ordered by one text; empty: from the start. Raises BadInput."""
        if self.after is None or isinstance(self.after, str):
            return (self.after or "").encode("utf-8", "replace").decode()
        raise BadInput(_WRONG)

    @property
    def behind_place(self) -> tuple[int, int] | None:
        """The key of a list that is ordered by an instant and an id. Raises BadInput."""
        match self.after:
            case None:
                return None
            case [int(instant), int(last)] if max(abs(instant), abs(last)) < _MOST_INTEGER:
                return instant, last
        raise BadInput(_WRONG)

    @property
    def behind_rank(self) -> SearchCursor | None:
        """The key of the results of a search. Raises BadInput."""
        match self.after:
            case None:
                return None
            case [int(top), None] if abs(top) < _MOST_INTEGER + 1:
                return SearchCursor(top, None)
            case [int(top), [int() | float() as score, int(text), int(version)]] if abs(top) < _MOST_INTEGER + 1:
                return SearchCursor(top, SearchRank(score, text, version))
        raise BadInput(_WRONG)


def paging(query: Mapping[str, str], *, usual: int = 50) -> Paging:
    """Return what ``after`` and ``limit`` of a request say. Raises BadInput."""
    limit = query.get("limit", "")
    if limit and not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MOST):
        raise BadInput(f"limit={limit[:20]} is not a number from 1 to {MOST}")
    return Paging(after=_read(query["after"]) if query.get("after") else None, limit=int(limit or usual))


def key_of(value: Any) -> str:
    """Return a key as addresses have it."""
    return urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


def _read(key: str) -> Any:
    try:
        return json.loads(urlsafe_b64decode(key[:_LONGEST] + "=" * (-len(key) % 4)))
    except ValueError as error:
        raise BadInput(_WRONG) from error


def link_to(path: str, query: Mapping[str, str], key: Any) -> str | None:
    """Return the address of the page of the same question behind a key; None for None: there is none."""
    rest = [(name, value) for name, value in query.items() if name != "after"]
    return None if key is None else f"{path}?{urlencode([*rest, ('after', key_of(key))])}"
