"""Keyset pagination: a page begins after the last row of the page before, even if rows were added since."""

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
"""Most rows of a page."""

_WRONG = "after= is not a key from this archive; use the link next of a page"
_MOST_INTEGER = 1 << 62  # SQLite's integers have 64 bits
_MOST_INSTANT = 250_000_000_000_000_000  # microseconds of the year 9892, within those of a datetime
_LONGEST = 600  # characters of a key: enough for addresses of 400 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """The requested page: ``limit`` rows after the key ``after`` of the last row seen (None: from the start)."""

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
    def behind_event(self) -> tuple[int, str] | None:
        """The key of a list that is ordered by an instant and the id of an event. Raises BadInput."""
        match self.after:
            case None:
                return None
            case [int(instant), str(last)] if abs(instant) < _MOST_INSTANT and last.isascii():
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
    """Parse ``after`` and ``limit`` of a request. Raises BadInput."""
    limit = query.get("limit", "")
    if limit and not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MOST):
        raise BadInput(f"limit={limit[:20]} is not a number from 1 to {MOST}")
    return Paging(after=_read(query["after"]) if query.get("after") else None, limit=int(limit or usual))


def key_of(value: Any) -> str:
    """Return a key encoded for an address."""
    return urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


def _read(key: str) -> Any:
    try:
        return json.loads(urlsafe_b64decode(key[:_LONGEST] + "=" * (-len(key) % 4)))
    except ValueError as error:
        raise BadInput(_WRONG) from error


def link_to(path: str, query: Mapping[str, str], key: Any) -> str | None:
    """Return the address of the page after a key with the same parameters, None for no key."""
    rest = [(name, value) for name, value in query.items() if name != "after"]
    return None if key is None else f"{path}?{urlencode([*rest, ('after', key_of(key))])}"
