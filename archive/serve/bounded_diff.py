"""Comparison of texts in bounded time: word by word for texts of usual size, by paragraphs for larger ones."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from archive.api.remembered_changes import compare_remembered
from archive.versions.diff import compare
from db.errors import BadInput
from db.records import Change, Edit, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from db.records import Text

    ParagraphSpan = tuple[int, int]  # start and end of a paragraph, including the line breaks after it

WORDED = 240_000
"""Most characters of both texts together for a comparison word by word: 0.2 s CPU, 1 s in the worst case (short lines
of few words, all edited). The longest articles have 100,000."""

JUDGED = 240_000
"""Most characters of both texts together for judging whether one is a copy of the other: 0.5 s."""

LISTED = 400_000
"""Most characters compared for one list of changes: 0.3 s, enough for 25 articles of 8,000 characters."""

SHOWN = 200_000
"""Characters of changes between large texts that are shown at most."""

SAID = "too large, showing paragraphs only"

_TITLE = 2_000  # characters of a headline that are compared


def compare_in_time(a: Text, b: Text) -> Change:
    """Compare ``a`` with ``b``. For larger texts compare only paragraphs, and set ``coarse``."""
    return compare_remembered(a, b) if size(a, b) <= WORDED else _by_paragraphs(a, b)


def check_judged_in_time(a: Text, b: Text) -> None:
    """Check that two texts are small enough to be judged within a request. Raises BadInput."""
    if size(a, b) > JUDGED:
        raise BadInput(
            f"these texts are too large to compare here: {size(a, b):,} characters together, at most {JUDGED:,}. "
            "The command line has no such limit: wirecopy explain A B"
        )


def size(a: Text, b: Text) -> int:
    """Return the number of characters of both bodies together."""
    return len(a.body) + len(b.body)


@dataclass
class Allowance:
    """Budget of characters to compare for one response."""

    left: int = LISTED

    def compare(self, a: Text, b: Text, kinds: Sequence[Kind], score: float) -> tuple[Change, Text, Text]:
        """Return the change and both texts. Beyond the budget return the stored kinds and score, without bodies."""
        self.left -= size(a, b)
        if self.left >= 0:
            return compare_in_time(a, b), a, b
        a, b = replace(a, body=""), replace(b, body="")
        return replace(_headlines(a, b), kinds=tuple(kinds), score=score, coarse=True), a, b


def clip(change: Change) -> Change:
    """Return the first ``SHOWN`` characters of a coarse change. Its spans no longer tile the texts."""
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
    """Yield edits of whole paragraphs that tile both texts."""
    in_a, in_b = list(_paragraph_spans(a)), list(_paragraph_spans(b))
    stripped_a, stripped_b = ([text[slice(*span)].rstrip() for span in spans] for text, spans in ((a, in_a), (b, in_b)))
    pairs = _unchanged_paragraphs(stripped_a, stripped_b)
    done_a = done_b = 0
    for index_a, index_b in [*pairs, (len(in_a), len(in_b))]:
        start_a = in_a[index_a][0] if index_a < len(in_a) else len(a)
        start_b = in_b[index_b][0] if index_b < len(in_b) else len(b)
        if start_a > done_a or start_b > done_b:
            yield _edit((done_a, start_a), (done_b, start_b))
        if index_a < len(in_a):
            done_a, done_b = (start + len(a[slice(*in_a[index_a])].rstrip()) for start in (start_a, start_b))
            yield Edit(op="equal", a=(start_a, done_a), b=(start_b, done_b))


def _edit(a: ParagraphSpan, b: ParagraphSpan) -> Edit:
    """Return the edit that replaces the span ``a`` by ``b``; either may be empty."""
    if a[0] == a[1]:
        return Edit(op="insert", a=a, b=b, kinds=(Kind.WORDING,))
    return Edit(op="delete" if b[0] == b[1] else "replace", a=a, b=b, kinds=(Kind.WORDING,))


def _paragraph_spans(text: str) -> Iterator[ParagraphSpan]:
    """Yield the span of each paragraph, including the line breaks after it."""
    return (match.span() for match in re.finditer(r"[^\n]+\n*|\n+", text))


def _unchanged_paragraphs(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Return index pairs of unchanged paragraphs: the longest increasing chain of those unique in both texts.

    These are the anchors of patience diff (Cohen), found by patience sorting in n log n steps for any text.
    """
    often_a, often_b = Counter(a), Counter(b)
    places = {paragraph: place for place, paragraph in enumerate(a) if often_a[paragraph] == 1}
    once = [
        (places[paragraph], place)
        for place, paragraph in enumerate(b)
        if often_b[paragraph] == 1 and paragraph in places
    ]
    tops: list[int] = []  # the lowest place in a at the end of a chain of this length
    ends: list[int] = []  # the index of that place in ``once``
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
