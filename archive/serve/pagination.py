"""Keyset pagination: a page begins behind the last row of the one before, whatever was added in between."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from db.errors import BadInput
from db.queries.search import Cursor, Rank

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
        """``after`` of a list that is ordered by one text; empty: from the start. Raises BadInput."""
        if self.after is None or isinstance(self.after, str):
            return (self.after or "").encode("utf-8", "replace").decode()
        raise BadInput(_WRONG)

    @property
    def behind_place(self) -> tuple[int, int] | None:
        """``after`` of a list that is ordered by an instant and an id. Raises BadInput."""
        match self.after:
            case None:
                return None
            case [int(at), int(last)] if max(abs(at), abs(last)) < _MOST_INTEGER:
                return at, last
        raise BadInput(_WRONG)

    @property
    def behind_rank(self) -> Cursor | None:
        """``after`` of what a search found. Raises BadInput."""
        match self.after:
            case None:
                return None
            case [int(top), None] if abs(top) < _MOST_INTEGER + 1:
                return Cursor(top, None)
            case [int(top), [int() | float() as score, int(at), int(last)]] if abs(top) < _MOST_INTEGER + 1:
                return Cursor(top, Rank(score, at, last))
        raise BadInput(_WRONG)


def paging(query: Mapping[str, str], *, usual: int = 50) -> Paging:
    """Read ``after`` and ``limit`` of a request. Raises BadInput."""
    limit = query.get("limit", "")
    if limit and not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MOST):
        raise BadInput(f"limit={limit[:20]} is not a number from 1 to {MOST}")
    return Paging(after=_read(query["after"]) if query.get("after") else None, limit=int(limit or usual))


def key_of(value: Any) -> str:
    """A key as it stands in an address."""
    return urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


def _read(key: str) -> Any:
    try:
        return json.loads(urlsafe_b64decode(key[:_LONGEST] + "=" * (-len(key) % 4)))
    except ValueError as error:
        raise BadInput(_WRONG) from error


def link_to(path: str, query: Mapping[str, str], after: Any) -> str | None:
    """The address of the page of the same question behind the key ``after``; None where that is None: there is none."""
    kept = [(name, value) for name, value in query.items() if name != "after"]
    return None if after is None else f"{path}?{urlencode([*kept, ('after', key_of(after))])}"
