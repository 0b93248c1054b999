"""An index of the archive: the captures a question asks for, as rows of plain words.

Rows are read in their order in small lots, filtered, collapsed and counted one by one; nothing is held but the answer.
What one request may read is counted in captures, not in seconds, so that the same question has the same answer however
busy the machine is. An answer that would have been cut short says so instead, unless it can say where to go on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from archive.serve.memento.datetime14 import stamp
from archive.serve.memento.lookup import keys_of, place_of, surt
from archive.serve.memento.rewrite import safe
from db.errors import BadInput
from db.queries import cdx as cdx_queries
from db.queries.cdx import OtherSources, Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from archive.serve.memento.cdx_query import Question
    from db.queries.cdx import CdxEntry, Scope
    from db.reader import Ask

    Rows = list[dict[str, str]]
    Shown = Callable[[CdxEntry], dict[str, str]]

MOST_READ: Final = 60_000
"""Captures looked at for one answer without filters: a second, at 17 microseconds each (``bench/bench_mementos.py``).

Each filter counts as much as all the rest of a row.
"""

REVISIT: Final = "warc/revisit"
"""The type of a 304 in an index: nothing new came, what it stands for was captured before."""

_LOT: Final = 500
_FARTHEST: Final = 10**9  # pages; behind that there is nothing, and the product must stay a 64-bit number


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Rows with the fields that were asked for, and the position to go on from where there may be more.

    ``past_the_end``: a page behind the last one was asked for, which is not the same as a page whose rows all failed
    the filters: cdx-toolkit stops at an empty body, and goes on after an empty list.
    """

    rows: Rows
    more: Position | None = None
    past_the_end: bool = False


def look_up(ask: Ask, question: Question) -> Answer:
    """The answer to a question. Raises BadInput where it is too wide for one answer."""
    place = _place(ask, question)
    if question.page is not None:
        span = _page(ask, place, question)
        if span is None:
            return Answer(rows=[], past_the_end=True)
        captures: Iterable[CdxEntry] = _until(walk(ask, place, behind=span[0]), span[1])
    elif question.closest is not None:
        captures = _around(ask, place, question.closest)
    else:
        captures = walk(ask, place, behind=question.behind, back=question.order == "reverse" or question.last)
    chosen = _Choice(
        question, shower(ask, resolves=question.resolves, order="reverse" if question.last else question.order)
    )
    answer = chosen.of(captures)
    return replace(answer, rows=answer.rows[::-1]) if question.last and question.order != "reverse" else answer


def pages(ask: Ask, question: Question) -> int:
    """How many pages a client should ask for: at least 1, and as many as the whole domain has.

    Whatever the question's own match is, because waybackpy counts without naming it and then reads with it. Pages
    behind the last are empty, so that counting too many costs little.
    """
    taken = cdx_queries.count_captures(ask, keys_of(question.url, "domain"))
    return max(1, -(-taken // question.page_size))


# --- which captures --------------------------------------------------------------------------------------------------


def walk(ask: Ask, place: Scope, *, behind: Position | None = None, back: bool = False) -> Iterator[CdxEntry]:
    """The captures of a place in the order of the index, or against it, read in lots."""
    lot = 20  # most questions are about one address, which has few; later ones are larger
    while found := cdx_queries.list_captures(ask, place, behind=behind, back=back, limit=lot):
        yield from found
        if len(found) < lot:
            return
        behind = Position(found[-1].url_key, found[-1].at, found[-1].id)
        lot = _LOT


def _place(ask: Ask, question: Question) -> Scope:
    if question.match == "exact":
        return place_of(ask, question.url, since=question.since, until=question.until)
    return keys_of(question.url, question.match, since=question.since, until=question.until)


def _page(ask: Ask, place: Scope, question: Question) -> tuple[Position | None, Position | None] | None:
    """From where to where a page goes; None behind the last one. Cut by captures, whatever the question leaves out."""
    number = min(question.page or 0, _FARTHEST)
    if isinstance(place, OtherSources):
        return None if number else (None, None)
    return cdx_queries.page_bounds(ask, place, number * question.page_size, question.page_size)


def _until(captures: Iterator[CdxEntry], end: Position | None) -> Iterator[CdxEntry]:
    for one in captures:
        if end is not None and (one.url_key, one.at) >= (end.url_key, end.at):
            return
        yield one


def _around(ask: Ask, place: Scope, at: datetime) -> Iterator[CdxEntry]:
    """The captures of one address by their distance in time, the earlier first where two are equally far."""
    first = next(iter(walk(ask, place)), None)
    if first is None:
        return
    before = walk(ask, place, behind=Position(first.url_key, at, 0), back=True)
    after = walk(ask, place, behind=Position(first.url_key, at, -1))
    left, right = next(before, None), next(after, None)
    while left is not None or right is not None:
        if right is None or (left is not None and at - left.at <= right.at - at):
            if left is not None:
                yield left
            left = next(before, None)
        else:
            yield right
            right = next(after, None)


# --- which rows ------------------------------------------------------------------------------------------------------


class _Choice:
    """Chooses rows one by one: holds what was seen of columns that collapse, and how often each payload came."""

    def __init__(self, question: Question, shown: Shown) -> None:
        self._question = question
        self._shown = shown
        self._last: list[str | None] = [None] * len(question.collapse)
        self._seen: Counter[tuple[str, str]] = Counter()

    def of(self, captures: Iterable[CdxEntry]) -> Answer:
        """The answer these captures make. Raises BadInput if it would have to be cut where nobody could go on."""
        question = self._question
        rows: Rows = []
        skip = question.offset
        last: CdxEntry | None = None
        most = MOST_READ // (1 + len(question.filters))
        for number, one in enumerate(captures):
            if question.limit is not None and len(rows) >= question.limit:
                return Answer(rows=rows, more=_behind(last) or question.behind)
            if number >= most:
                return self._cut(rows, _behind(last))
            last = one
            row = self._row(one)
            if row is None:
                continue
            if skip:
                skip -= 1
                continue
            rows.append(row)
        return Answer(rows=rows)

    def _cut(self, rows: Rows, here: Position | None) -> Answer:
        if self._question.tells_resume:
            return Answer(rows=rows, more=here)
        raise BadInput(
            f"this asks to look at more captures than one answer may ({MOST_READ}, fewer with filters). Ask for less "
            "(from, to, limit), or go on where an answer ends: showResumeKey=true, or page=0, 1, 2 ..."
        )

    def _row(self, one: CdxEntry) -> dict[str, str] | None:
        row = self._shown(one)
        if not all(test.keeps(row) for test in self._question.filters):
            return None
        for number, (field, length) in enumerate(self._question.collapse):
            value = row.get(field, "-")[:length]
            if value == self._last[number]:
                return None
            self._last[number] = value
        if "dupecount" in self._question.fields:
            same = row["urlkey"], row["digest"]
            row["dupecount"] = str(self._seen[same])
            self._seen[same] += 1
        return row


def _behind(one: CdxEntry | None) -> Position | None:
    return None if one is None else Position(one.url_key, one.at, one.id)


def shower(ask: Ask, *, resolves: bool, order: str) -> Shown:
    """Makes a row of each capture; of a 304 with the payload it stands for, ``resolves`` with its type and status too.

    They come in the ``order`` of a question. Forward, a 304 stands for the page that just came; backward, a run of them
    asks once; only by closeness does each.
    """
    known: dict[int, CdxEntry | None] = {}

    def show(one: CdxEntry) -> dict[str, str]:
        if one.reason is None:
            known.clear()
            if order == "forward":
                known[one.source_id] = one
        if not one.unmodified:
            return as_row(one)
        if one.source_id not in known:
            known[one.source_id] = cdx_queries.page_behind_304(ask, one.source_id, one.at)
        page = known.pop(one.source_id) if order == "closest" else known[one.source_id]
        return as_row(one, page, resolves=resolves)

    return show


def as_row(one: CdxEntry, page: CdxEntry | None = None, *, resolves: bool = False) -> dict[str, str]:
    """The fields of one capture; ``page`` is what a 304 stands for. ``-`` where there is nothing to say."""
    plain = one.unmodified and not resolves
    shown = page or one
    return {
        "urlkey": surt(one.url_key),
        "timestamp": stamp(one.at),
        "original": safe(one.url),
        "mimetype": REVISIT if plain else bare_type(shown.content_type),
        "statuscode": "-" if plain or shown.status is None else str(shown.status),
        "digest": f"sha256:{shown.sha256}" if shown.sha256 else "-",
        "length": str(shown.length or 0),
        "redirect": safe(one.final_url) if one.final_url != one.url else "-",
    }


@lru_cache(maxsize=256)
def bare_type(content_type: str) -> str:
    """A media type without parameters, as one word; ``unk`` where none was given."""
    words = content_type.partition(";")[0].lower().split()
    return safe(words[0]) if words else "unk"


def few(captures: Iterable[CdxEntry], most: int) -> tuple[list[CdxEntry], CdxEntry | None]:
    """The first ``most`` captures, and the one after them if there is one."""
    found = list(islice(captures, most + 1))
    return found[:most], found[most] if len(found) > most else None
