"""Comparisons that end in time, whatever is compared: word by word while that is quick, else by paragraphs alone."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from archive.versions.diff import compare
from db.errors import BadInput
from db.records import Change, Edit, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from db.records import Text

    Piece = tuple[int, int]  # where a paragraph begins and ends, with the line break behind it

WORDED = 240_000
"""Characters, both sides together, that are compared word by word: 0.2 s CPU, and 1 s for the worst there are (short
lines of few words, all edited). The longest articles have 100,000."""

JUDGED = 240_000
"""The same for judging whether one text is a copy of the other: 0.5 s."""

LISTED = 400_000
"""Characters compared for one list of changes: 0.3 s, and what 25 articles of 8,000 characters have."""

REMEMBERED = 12_000
"""Characters of two texts, together, whose comparison is kept for the next who asks: most articles'."""

SHOWN = 200_000
"""Characters of changes between large texts that are shown."""

SAID = "too large, showing paragraphs only"

_TITLE = 2_000  # characters of a headline that are compared


def compare_in_time(a: Text, b: Text) -> Change:
    """Compare ``a`` with ``b``; for larger texts only say which paragraphs differ, and set ``coarse``."""
    if size(a, b) <= REMEMBERED:
        return _remembered(a, b)
    return compare(a, b) if size(a, b) <= WORDED else _by_paragraphs(a, b)


@lru_cache(maxsize=400)  # texts never change: looked at again, a page of the inbox costs a third; at most 20 MB
def _remembered(a: Text, b: Text) -> Change:
    return compare(a, b)


def check_judged_in_time(a: Text, b: Text) -> None:
    """Raises BadInput, saying so, for two texts that would take too long to be judged while somebody waits."""
    if size(a, b) > JUDGED:
        raise BadInput(
            f"these two texts are too large to be judged here: {size(a, b):,} characters together, at most {JUDGED:,}. "
            "On the command line there is no such limit: wirecopy explain A B"
        )


def size(a: Text, b: Text) -> int:
    """Characters of two bodies together."""
    return len(a.body) + len(b.body)


@dataclass
class Allowance:
    """How many characters may still be compared for one answer."""

    left: int = LISTED

    def compare(self, a: Text, b: Text, kinds: Sequence[Kind], score: float) -> tuple[Change, Text, Text]:
        """How ``a`` became ``b``, and the two; beyond what is allowed only what is known of it, and no bodies."""
        self.left -= size(a, b)
        if self.left >= 0:
            return compare_in_time(a, b), a, b
        a, b = replace(a, body=""), replace(b, body="")
        return replace(_headlines(a, b), kinds=tuple(kinds), score=score, coarse=True), a, b


def shown(change: Change) -> Change:
    """The first ``SHOWN`` characters of a coarse change: its spans no longer tile the texts, but can be laid out."""
    clipped: list[Edit] = []
    left = SHOWN
    for edit in change.edits:
        a, b = ((start, min(end, start + left)) for start, end in (edit.a, edit.b))
        clipped.append(replace(edit, a=a, b=b))
        left -= max(a[1] - a[0], b[1] - b[0]) // (4 if edit.op == "equal" else 1)
        if left <= 0:
            break
    return replace(change, edits=tuple(clipped))


def _headlines(a: Text, b: Text) -> Change:
    titles = (replace(text, title=text.title[:_TITLE], body="", residue=()) for text in (a, b))
    return compare(*titles)


def _by_paragraphs(a: Text, b: Text) -> Change:
    edits = tuple(_edits(a.body, b.body))
    headline = _headlines(a, b)
    new = sum(edit.b[1] - edit.b[0] for edit in edits if edit.op != "equal")
    cut = sum(edit.a[1] - edit.a[0] for edit in edits if edit.op != "equal")
    kinds = {*headline.kinds, *([Kind.WORDING] if cut or new else [])}
    ordered = tuple(kind for kind in Kind if kind in kinds)
    share = max(cut, new) / max(len(a.body), len(b.body), 1)
    score = round(max(headline.score, share), 4)
    return Change(edits=edits, headline=headline.headline, kinds=ordered, score=score, coarse=True)


def _edits(a: str, b: str) -> Iterator[Edit]:
    """Edits of whole paragraphs that tile both texts."""
    in_a, in_b = list(_pieces(a)), list(_pieces(b))
    pairs = _kept([a[slice(*span)].rstrip() for span in in_a], [b[slice(*span)].rstrip() for span in in_b])
    done_a = done_b = 0
    for index_a, index_b in [*pairs, (len(in_a), len(in_b))]:
        start_a = in_a[index_a][0] if index_a < len(in_a) else len(a)
        start_b = in_b[index_b][0] if index_b < len(in_b) else len(b)
        if start_a > done_a or start_b > done_b:
            yield _edit((done_a, start_a), (done_b, start_b))
        if index_a < len(in_a):
            done_a, done_b = (start + len(a[slice(*in_a[index_a])].rstrip()) for start in (start_a, start_b))
            yield Edit(op="equal", a=(start_a, done_a), b=(start_b, done_b))


def _edit(a: Piece, b: Piece) -> Edit:
    """What was cut at ``a``, what was added at ``b``, or both."""
    if a[0] == a[1]:
        return Edit(op="insert", a=a, b=b, kinds=(Kind.WORDING,))
    return Edit(op="delete" if b[0] == b[1] else "replace", a=a, b=b, kinds=(Kind.WORDING,))


def _pieces(text: str) -> Iterator[Piece]:
    """Each paragraph with the line breaks behind it."""
    return (match.span() for match in re.finditer(r"[^\n]+\n*|\n+", text))


def _kept(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Paragraphs that stayed: of those that stand once in both texts the longest chain in common order, by place.

    This is what patience diff (Cohen) anchors on, found by patience sorting: in n log n steps for any text.
    """
    often_a, often_b = Counter(a), Counter(b)
    places = {paragraph: place for place, paragraph in enumerate(a) if often_a[paragraph] == 1}
    once = [
        (places[paragraph], place)
        for place, paragraph in enumerate(b)
        if often_b[paragraph] == 1 and paragraph in places
    ]
    tops: list[int] = []  # the lowest place in a with which a chain of this length ends
    ends: list[int] = []  # and which of ``once`` that is
    before: list[int] = []
    for number, (place, _) in enumerate(once):
        pile = bisect_left(tops, place)
        before.append(ends[pile - 1] if pile else -1)
        tops[pile : pile + 1], ends[pile : pile + 1] = [place], [number]
    chain: list[tuple[int, int]] = []
    last = ends[-1] if ends else -1
    while last >= 0:
        chain.append(once[last])
        last = before[last]
    return chain[::-1]
