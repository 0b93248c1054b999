"""Parameters that several pages read from a path: the source and the number of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from db.errors import BadInput

if TYPE_CHECKING:
    from archive.serve.request_context import RequestContext
    from db.records import Source


def source_of(context: RequestContext) -> Source:
    """Return the source of the id in the path. Raises NotArchived."""
    return context.archive.source_by_id(context.path["id"])


def number_of(text: str) -> int | None:
    """Return the number in a parameter, None for an empty one. Raises BadInput."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise BadInput(f"{text[:20]} is not a version number")
    return int(text[:9])
