"""Parameters that several pages read from a path: the source and the number of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from db.errors import BadInput, NotArchived
from db.queries import sources

if TYPE_CHECKING:
    from archive.serve.request_context import RequestContext
    from db.records import Source

    Json = dict[str, Any]

_LEAST_ID, _MOST_ID = 1, 1 << 62


def source_of(at: RequestContext) -> Source:
    """The source the path names. Raises NotArchived."""
    wanted = at.path["id"]
    found = sources.history_root(at.ask, wanted) if _LEAST_ID <= wanted < _MOST_ID else None
    if found is None:
        raise NotArchived(f"there is no article {wanted} in this archive")
    return found


def number_of(text: str) -> int | None:
    """A version's number in a parameter; None: not given. Raises BadInput."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise BadInput(f"{text[:20]} is not the number of a version")
    return int(text[:9])
