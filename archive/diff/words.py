"""Word edits between two passages: minimal opcodes on whole tokens, then the islands cleaned up for a reader."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import Levenshtein

from archive.diff.tokens import Piece, Token, tokenize
from db.records import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SHORT_WORD = 3
"""A single word of so many letters between two edits is no reason to show two: "ready for" becomes "close to"."""


class _Step(NamedTuple):
    """An opcode over units: equal or not, and the unit spans."""

    equal: bool
    a: tuple[int, int]
    b: tuple[int, int]


def edit_words(a: str, b: str, at: tuple[int, int] = (0, 0)) -> list[Edit]:
    """The edits that make ``b`` of ``a``, both tiled; ``at`` shifts the spans to where the passages stand."""
    units_a, units_b = _units(a), _units(b)
    steps = _joined(_steps(units_a, units_b), units_a)
    edits: list[Edit] = []
    for step in steps:
        edits += _equal_edits(a, b, units_a, units_b, step) if step.equal else _changed(a, b, units_a, units_b, step)
    return [replace(e, a=_shift(e.a, at[0]), b=_shift(e.b, at[1])) for e in tidy(edits)]


def tidy(edits: Iterable[Edit]) -> list[Edit]:
    """Empty edits dropped, neighbours of one kind joined, a cut beside an addition made one replacement."""
    kept: list[Edit] = []
    for edit in edits:
        if edit.a[0] == edit.a[1] and edit.b[0] == edit.b[1]:
            continue
        joined = _join(kept[-1], edit) if kept else None
        if joined is None:
            kept.append(edit)
        else:
            kept[-1] = joined
    return kept


def _join(left: Edit, right: Edit) -> Edit | None:
    adjacent = left.a[1] == right.a[0] and left.b[1] == right.b[0]
    same = left.op == right.op
    changes = left.op in _CHANGES and right.op in _CHANGES
    if not adjacent or not (same or changes):
        return None
    a, b = (left.a[0], right.a[1]), (left.b[0], right.b[1])
    return Edit(op=left.op if same else "replace", a=a, b=b)


_CHANGES = frozenset({"insert", "delete", "replace"})


def _units(text: str) -> list[Token]:
    """The tokens, and one more at the very end that carries the blanks behind the last."""
    return [*tokenize(text), Token(Piece.MARK, len(text), len(text), "")]


def _steps(a: Sequence[Token], b: Sequence[Token]) -> list[_Step]:
    # The end is compared as a line break, which no token is: an empty string would equal a NUL character in rapidfuzz.
    opcodes = Levenshtein.opcodes([token.text or "\n" for token in a], [token.text or "\n" for token in b])
    return [_Step(op.tag == "equal", (op.src_start, op.src_end), (op.dest_start, op.dest_end)) for op in opcodes]


def _joined(steps: Sequence[_Step], units: Sequence[Token]) -> list[_Step]:
    """Neighbouring changes made one, and islands of one short word between two changes swallowed."""
    joined: list[_Step] = []
    for place, step in enumerate(steps):
        inside = step.equal and 0 < place < len(steps) - 1
        between = inside and _both_sided(steps[place - 1], steps[place + 1])
        island = between and _is_island(units[slice(*step.a)])
        change = step._replace(equal=False) if island else step
        if joined and not change.equal and not joined[-1].equal:
            change = _Step(False, (joined[-1].a[0], change.a[1]), (joined.pop().b[0], change.b[1]))
        joined.append(change)
    return joined


def _is_island(units: Sequence[Token]) -> bool:
    return len(units) == 1 and units[0].piece in {Piece.WORD, Piece.MARK} and 0 < len(units[0].text) <= SHORT_WORD


def _both_sided(left: _Step, right: _Step) -> bool:
    """Only where words are swapped on either side; two additions around a word stay two."""
    cuts = (left.a[1] > left.a[0]) and (right.a[1] > right.a[0])
    return cuts and (left.b[1] > left.b[0]) and (right.b[1] > right.b[0])


def _before(units: Sequence[Token], place: int) -> int:
    """Where a unit begins with the blanks in front of it."""
    return units[place - 1].end if place else 0


def _equal_edits(a: str, b: str, in_a: Sequence[Token], in_b: Sequence[Token], step: _Step) -> Iterator[Edit]:
    """Equal tokens; the blanks in front of each are compared on their own."""
    for i, j in zip(range(*step.a), range(*step.b), strict=True):
        blank_a, blank_b = (_before(in_a, i), in_a[i].start), (_before(in_b, j), in_b[j].start)
        yield _edit(a, b, blank_a, blank_b)
        yield Edit(op="equal", a=(in_a[i].start, in_a[i].end), b=(in_b[j].start, in_b[j].end))


def _changed(a: str, b: str, in_a: Sequence[Token], in_b: Sequence[Token], step: _Step) -> Iterator[Edit]:
    """One change over whole tokens, the blanks in front of it left out where both sides have the same."""
    span_a, span_b = (_span(units, part) for units, part in ((in_a, step.a), (in_b, step.b)))
    lead = _same_lead(a[slice(*span_a)], b[slice(*span_b)])
    yield Edit(op="equal", a=(span_a[0], span_a[0] + lead), b=(span_b[0], span_b[0] + lead))
    yield _edit(a, b, (span_a[0] + lead, span_a[1]), (span_b[0] + lead, span_b[1]))


def _span(units: Sequence[Token], part: tuple[int, int]) -> tuple[int, int]:
    start = _before(units, part[0])
    return start, units[part[1] - 1].end if part[1] > part[0] else start


def _same_lead(a: str, b: str) -> int:
    lead = 0
    while lead < min(len(a), len(b)) and a[lead] == b[lead] and a[lead].isspace():
        lead += 1
    return lead


def _edit(a: str, b: str, span_a: tuple[int, int], span_b: tuple[int, int]) -> Edit:
    if a[slice(*span_a)] == b[slice(*span_b)]:
        return Edit(op="equal", a=span_a, b=span_b)
    if span_a[0] == span_a[1]:
        return Edit(op="insert", a=span_a, b=span_b)
    return Edit(op="delete" if span_b[0] == span_b[1] else "replace", a=span_a, b=span_b)


def _shift(span: tuple[int, int], by: int) -> tuple[int, int]:
    return span[0] + by, span[1] + by
