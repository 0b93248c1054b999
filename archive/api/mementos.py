"""Captures as web-archive clients list and replay them: CDX rows, the capture nearest to an instant, its payload.

``archive.serve.memento`` speaks the protocols (Memento, CDX, availability) and takes every answer from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from archive.timestamps import iso
from db.errors import NotArchived
from db.queries import captures as capture_queries
from db.queries import cdx as cdx_queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from db.reader import Ask
    from db.records import Capture

CdxEntry: TypeAlias = cdx_queries.CdxEntry
"""One capture as a CDX index lists it."""

KeyRange: TypeAlias = cdx_queries.KeyRange
"""The captures of all sources whose key lies in a range: one URL, a prefix, a host or a domain."""

OtherSources: TypeAlias = cdx_queries.OtherSources
"""The captures that show a URL although another source keeps them: a redirect target, or a further part."""

Scope: TypeAlias = KeyRange | OtherSources
"""The captures one request is about."""

Position: TypeAlias = cdx_queries.Position
"""A place in the order of the index: key, instant and id of a capture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResponse:
    """The response that a memento replays: the capture that has the payload, and the payload's bytes.

    ``payload`` is empty if the capture has none, as for a redirect that was captured alone.
    """

    capture: Capture
    payload: bytes


@dataclass(frozen=True, slots=True)
class MementoIndex:
    """All captures that can be replayed, in the order of an index: by key, instant and id.

    ``ask`` is ``Archive.ask`` of an open archive.
    """

    ask: Ask

    def captures(
        self, scope: Scope, *, after: Position | None = None, reverse: bool = False, limit: int
    ) -> list[CdxEntry]:
        """Return at most ``limit`` captures of a scope, in index order or ``reverse``.

        ``after`` is the position to continue from, in the direction of travel.
        """
        return cdx_queries.list_captures(self.ask, scope, behind=after, back=reverse, limit=limit)

    def nearest(self, scope: Scope, instant: datetime, url_key: str) -> CdxEntry | None:
        """Return the capture of one URL nearest in time, the earlier one if two are equally near."""
        return cdx_queries.nearest_capture(self.ask, scope, instant, url_key)

    def newest(self, scope: Scope) -> CdxEntry | None:
        """Return the last capture of a scope, None if it has none."""
        return next(iter(self.captures(scope, reverse=True, limit=1)), None)

    def count(self, keys: KeyRange) -> int:
        """Return the number of captures under these keys, replayable or not. Reads the indices alone."""
        return cdx_queries.count_captures(self.ask, keys)

    def page_bounds(self, keys: KeyRange, start: int, size: int) -> tuple[Position, Position | None] | None:
        """Return the bounds of the page from capture ``start`` (from 0): its first position, and that of the next page.

        The second is None for the last page; the whole is None past the end. The cost grows with ``start``: a million
        skipped captures take a third of a second.
        """
        return cdx_queries.page_bounds(self.ask, keys, start, size)

    def unmodified_page(self, revisit: CdxEntry) -> CdxEntry | None:
        """Return the page that a 304 says is unchanged: the last whole page of its source before it."""
        return cdx_queries.page_behind_304(self.ask, revisit.source_id, revisit.at)

    def redirected_sources(self, url_key: str) -> list[tuple[int, str]]:
        """Return the sources that moved to the URL of a key, each with a URL at which its redirects ended."""
        return cdx_queries.redirected_to(self.ask, url_key)

    def article_parts(self, article_keys: Sequence[str]) -> list[tuple[int, str]]:
        """Return the further parts of the articles with these keys, also with a query: source id and part URL."""
        return cdx_queries.parts_under(self.ask, article_keys)

    def response(self, memento: CdxEntry) -> StoredResponse:
        """Return the response that a memento replays, for a 304 that of the page it refers to. Raises NotArchived."""
        capture_id = memento.id
        if memento.unmodified:
            page = self.unmodified_page(memento)
            if page is None:
                raise NotArchived(
                    f"{memento.url} was unmodified (304) at {iso(memento.at)}, but the page that this refers to is not "
                    "in this archive"
                )
            capture_id = page.id
        capture = capture_queries.by_id(self.ask, capture_id)
        digest = capture.payload_sha256
        payload = b"" if digest is None else capture_queries.payload(self.ask, digest)
        return StoredResponse(capture=capture, payload=payload)
