"""Answers to CDX queries: captures selected, filtered and collapsed into rows of text.

Rows are read in index order in small batches and processed one by one. Only the answer is held in memory. One request
may scan a number of captures, not a time: the same query then has the same answer however busy the machine is. An
answer that would be cut short is refused, unless it can say where to resume.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from archive.api.mementos import OtherSources, Position
from archive.serve.memento.datetime14 import format_datetime14
from archive.serve.memento.lookup import find_scope, key_range, surt
from archive.serve.memento.rewrite import escape_url
from db.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from archive.api.mementos import CdxEntry, MementoIndex, Scope
    from archive.serve.memento.cdx_query import CdxQuery

    Row = dict[str, str]
    RowBuilder = Callable[[CdxEntry], Row]

MAX_SCANNED: Final = 60_000
"""Captures scanned for one answer without filters: a second, at 17 microseconds each (``bench/bench_mementos.py``).

Each filter costs as much as the rest of a row.
"""

REVISIT: Final = "warc/revisit"
"""The media type of a 304 in an index: it has no payload of its own, and refers to an earlier capture."""

_FIRST_BATCH: Final = 20  # most queries are about one URL, which has few captures
_BATCH: Final = 500
_MAX_PAGE: Final = 10**9  # later pages are empty, and the product with the page size must stay a 64-bit number


@dataclass(frozen=True, slots=True, kw_only=True)
class CdxResult:
    """The rows of an answer, and the position to resume after if there may be more.

    ``past_the_end``: the page asked for lies after the last one. That differs from a page whose rows all failed the
    filters: cdx-toolkit stops at an empty body, and continues after an empty list.
    """

    rows: list[Row]
    resume_after: Position | None = None
    past_the_end: bool = False


def run_query(index: MementoIndex, query: CdxQuery) -> CdxResult:
    """Return the answer to a query. Raises BadInput if it is too wide for one answer."""
    scope = _scope_of(index, query)
    if query.page is not None:
        bounds = _page_bounds(index, scope, query)
        if bounds is None:
            return CdxResult(rows=[], past_the_end=True)
        captures: Iterable[CdxEntry] = _take_until(walk(index, scope, after=bounds[0]), bounds[1])
    elif query.closest is not None:
        captures = _by_distance(index, scope, query.closest)
    else:
        captures = walk(index, scope, after=query.after, reverse=query.order == "reverse" or query.from_end)
    order = "reverse" if query.from_end else query.order
    selection = _RowSelection(query, row_builder(index, resolve_revisits=query.resolve_revisits, order=order))
    result = selection.run(captures)
    return replace(result, rows=result.rows[::-1]) if query.from_end and query.order != "reverse" else result


def count_pages(index: MementoIndex, query: CdxQuery) -> int:
    """Return how many pages a client should ask for: at least 1, and as many as the whole domain has.

    The match type of the query does not count, because waybackpy counts without one and then reads with it. Pages after
    the last are empty, so a number too high costs little.
    """
    total = index.count(key_range(query.url, "domain"))
    return max(1, -(-total // query.page_size))


# --- captures --------------------------------------------------------------------------------------------------------


def walk(
    index: MementoIndex, scope: Scope, *, after: Position | None = None, reverse: bool = False
) -> Iterator[CdxEntry]:
    """Yield the captures of a scope in index order, or in reverse. They are read in batches."""
    limit = _FIRST_BATCH
    while batch := index.captures(scope, after=after, reverse=reverse, limit=limit):
        yield from batch
        if len(batch) < limit:
            return
        after = _position_of(batch[-1])
        limit = _BATCH


def _position_of(capture: CdxEntry) -> Position:
    return Position(capture.url_key, capture.at, capture.id)


def _scope_of(index: MementoIndex, query: CdxQuery) -> Scope:
    if query.match == "exact":
        return find_scope(index, query.url, since=query.since, until=query.until)
    return key_range(query.url, query.match, since=query.since, until=query.until)


def _page_bounds(index: MementoIndex, scope: Scope, query: CdxQuery) -> tuple[Position | None, Position | None] | None:
    """Return where a page begins and where the next one does, or None past the last page.

    Pages are cut by captures, before anything is filtered out.
    """
    page = min(query.page or 0, _MAX_PAGE)
    if isinstance(scope, OtherSources):
        return None if page else (None, None)
    return index.page_bounds(scope, page * query.page_size, query.page_size)


def _take_until(captures: Iterator[CdxEntry], end: Position | None) -> Iterator[CdxEntry]:
    for capture in captures:
        if end is not None and (capture.url_key, capture.at) >= (end.url_key, end.at):
            return
        yield capture


def _by_distance(index: MementoIndex, scope: Scope, instant: datetime) -> Iterator[CdxEntry]:
    """Yield the captures of one URL by their distance in time, the earlier first if two are equally far."""
    first = next(iter(walk(index, scope)), None)
    if first is None:
        return
    earlier = walk(index, scope, after=Position(first.url_key, instant, 0), reverse=True)
    later = walk(index, scope, after=Position(first.url_key, instant, -1))
    left, right = next(earlier, None), next(later, None)
    while left is not None or right is not None:
        if right is None or (left is not None and instant - left.at <= right.at - instant):
            if left is not None:
                yield left
            left = next(earlier, None)
        else:
            yield right
            right = next(later, None)


# --- rows ------------------------------------------------------------------------------------------------------------


class _RowSelection:
    """Filters, collapses and counts rows. Remembers the last value of each collapsed column, and payload counts."""

    def __init__(self, query: CdxQuery, build_row: RowBuilder) -> None:
        self._query = query
        self._build_row = build_row
        self._last: list[str | None] = [None] * len(query.collapse)
        self._payload_counts: Counter[tuple[str, str]] = Counter()

    def run(self, captures: Iterable[CdxEntry]) -> CdxResult:
        """Return the answer these captures make. Raises BadInput if it would be cut and the client could not resume."""
        query = self._query
        rows: list[Row] = []
        skip = query.offset
        last: CdxEntry | None = None
        budget = MAX_SCANNED // (1 + len(query.filters))
        for number, capture in enumerate(captures):
            if query.limit is not None and len(rows) >= query.limit:
                return CdxResult(rows=rows, resume_after=query.after if last is None else _position_of(last))
            if number >= budget:
                return self._cut(rows, None if last is None else _position_of(last))
            last = capture
            row = self._select(capture)
            if row is None:
                continue
            if skip:
                skip -= 1
                continue
            rows.append(row)
        return CdxResult(rows=rows)

    def _cut(self, rows: list[Row], position: Position | None) -> CdxResult:
        if self._query.show_resume_key:
            return CdxResult(rows=rows, resume_after=position)
        raise BadInput(
            f"this asks to look at more captures than one answer may ({MAX_SCANNED}, fewer with filters). Ask for less "
            "(from, to, limit), or continue where an answer ends: showResumeKey=true, or page=0, 1, 2 ..."
        )

    def _select(self, capture: CdxEntry) -> Row | None:
        """Return the row of a capture, or None if a filter or a collapse drops it."""
        row = self._build_row(capture)
        if not all(test.accepts(row) for test in self._query.filters):
            return None
        for number, (field, length) in enumerate(self._query.collapse):
            value = row.get(field, "-")[:length]
            if value == self._last[number]:
                return None
            self._last[number] = value
        if "dupecount" in self._query.fields:
            payload = row["urlkey"], row["digest"]
            row["dupecount"] = str(self._payload_counts[payload])
            self._payload_counts[payload] += 1
        return row


def row_builder(index: MementoIndex, *, resolve_revisits: bool, order: str) -> RowBuilder:
    """Return a function that makes a row of each capture. A 304 gets the digest and length of the page it refers to.

    With ``resolve_revisits`` it gets that page's type and status too. Captures have to come in the ``order`` of the
    query. In forward order the page of a 304 is the one that just came. In reverse order a run of 304s looks its page
    up once. By closeness every 304 looks it up.
    """
    pages: dict[int, CdxEntry | None] = {}

    def build(capture: CdxEntry) -> Row:
        if capture.reason is None:
            pages.clear()
            if order == "forward":
                pages[capture.source_id] = capture
        if not capture.unmodified:
            return cdx_row(capture)
        if capture.source_id not in pages:
            pages[capture.source_id] = index.unmodified_page(capture)
        page = pages.pop(capture.source_id) if order == "closest" else pages[capture.source_id]
        return cdx_row(capture, page, resolve_revisits=resolve_revisits)

    return build


def cdx_row(capture: CdxEntry, page: CdxEntry | None = None, *, resolve_revisits: bool = False) -> Row:
    """Return the fields of one capture, ``-`` for what is not known. ``page`` is the page a 304 refers to."""
    is_revisit = capture.unmodified and not resolve_revisits
    source = page or capture
    return {
        "urlkey": surt(capture.url_key),
        "timestamp": format_datetime14(capture.at),
        "original": escape_url(capture.url),
        "mimetype": REVISIT if is_revisit else bare_media_type(source.content_type),
        "statuscode": "-" if is_revisit or source.status is None else str(source.status),
        "digest": f"sha256:{source.sha256}" if source.sha256 else "-",
        "length": str(source.length or 0),
        "redirect": escape_url(capture.final_url) if capture.final_url != capture.url else "-",
    }


@lru_cache(maxsize=256)
def bare_media_type(content_type: str) -> str:
    """Return a media type without its parameters, as one word; ``unk`` if there is none."""
    words = content_type.partition(";")[0].lower().split()
    return escape_url(words[0]) if words else "unk"


def split_at(captures: Iterable[CdxEntry], limit: int) -> tuple[list[CdxEntry], CdxEntry | None]:
    """Return the first ``limit`` captures, and the one after them if there is one."""
    batch = list(islice(captures, limit + 1))
    return batch[:limit], batch[limit] if len(batch) > limit else None
