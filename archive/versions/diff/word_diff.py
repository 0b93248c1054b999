"""Word edits between two passages: minimal opcodes on whole tokens, then tidied for a reader.

Two things a reader wants that the fewest edits do not give: words swapped around a small common word are one edit
(islands, after Fraser's semantic clean-up), and an added sentence begins where a sentence begins (sliding).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import Indel

from archive.versions.diff.tokens import Piece, Token
from db.records import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SHORT_WORD = 3
"""A single word of so many letters between two edits is no reason to show two: "ready for" becomes "close to"."""

_CHANGES = frozenset({"insert", "delete", "replace"})
_SENTENCE_ENDS = frozenset(".!?\u2026")


class Side(NamedTuple):
    """One of two passages: the whole text, the span in it, and the tokens in the span."""

    text: str
    span: tuple[int, int]
    tokens: Sequence[Token]


class _Step(NamedTuple):
    """An opcode over tokens: equal or not, and the spans of token numbers."""

    equal: bool
    a: tuple[int, int]
    b: tuple[int, int]


def edit_words(a: Side, b: Side) -> list[Edit]:
    """The edits that make passage ``b`` of passage ``a``; they tile both, in the coordinates of the whole texts."""
    a, b = _ended(a), _ended(b)
    steps = _slid(_joined(_steps(a.tokens, b.tokens), a.tokens, b.tokens), a.tokens, b.tokens)
    edits: list[Edit] = []
    for step in steps:
        edits += _equal_edits(a, b, step) if step.equal else _changed(a, b, step)
    return merge_edits(edits)


def merge_edits(edits: Iterable[Edit]) -> list[Edit]:
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


def _ended(side: Side) -> Side:
    """The passage with one more token at its very end, which carries the blanks behind the last."""
    end = side.span[1]
    return side._replace(tokens=[*side.tokens, Token(Piece.MARK, end, end, "")])


# --- which tokens changed --------------------------------------------------------------------------------------------


def _steps(a: Sequence[Token], b: Sequence[Token]) -> list[_Step]:
    known: dict[str, int] = {}
    told_a, told_b = ([known.setdefault(token.text, len(known)) for token in side] for side in (a, b))
    opcodes = Indel.opcodes(told_a, told_b)
    return _together(
        _Step(op.tag == "equal", (op.src_start, op.src_end), (op.dest_start, op.dest_end)) for op in opcodes
    )


def _together(steps: Iterable[_Step]) -> list[_Step]:
    """Neighbouring changes made one."""
    joined: list[_Step] = []
    for step in steps:
        if joined and not step.equal and not joined[-1].equal:
            left = joined.pop()
            joined.append(_Step(False, (left.a[0], step.a[1]), (left.b[0], step.b[1])))
        else:
            joined.append(step)
    return joined


def _joined(steps: Sequence[_Step], a: Sequence[Token], b: Sequence[Token]) -> list[_Step]:
    """Small islands between two changes swallowed by them."""
    joined: list[_Step] = []
    for place, step in enumerate(steps):
        island = step.equal and 0 < place < len(steps) - 1 and _is_island(joined[-1], step, steps[place + 1], a, b)
        joined.append(step._replace(equal=False) if island else step)
        joined[-2:] = _together(joined[-2:])
    return joined


def _is_island(left: _Step, between: _Step, right: _Step, a: Sequence[Token], b: Sequence[Token]) -> bool:
    """A few plain words between two longer changes that swap words; figures, names and quotations stand firm."""
    island = a[slice(*between.a)]
    swaps = (left.a[0] < left.a[1] or right.a[0] < right.a[1]) and (left.b[0] < left.b[1] or right.b[0] < right.b[1])
    if left.equal or not swaps or not all(_is_plain(unit) for unit in island):
        return False
    length = _length(island)
    lone = len(island) == 1 and length <= SHORT_WORD
    return lone or length < min(max(_length(a[slice(*s.a)]), _length(b[slice(*s.b)])) for s in (left, right))


def _is_plain(unit: Token) -> bool:
    return unit.piece is Piece.WORD or (unit.piece is Piece.MARK and unit.text not in {*_SENTENCE_ENDS, ""})


def _length(units: Sequence[Token]) -> int:
    return sum(len(unit.text) for unit in units)


def _slid(steps: Sequence[_Step], a: Sequence[Token], b: Sequence[Token]) -> list[_Step]:
    """Additions and cuts moved along equal words to where a sentence begins, if that is the same edit."""
    slid = list(steps)
    for place in range(1, len(slid) - 1):
        before, step, after = slid[place - 1 : place + 2]
        one_sided = (step.a[0] == step.a[1]) != (step.b[0] == step.b[1])
        if one_sided and not step.equal and before.equal and after.equal:
            units, span = (a, step.a) if step.a[0] < step.a[1] else (b, step.b)
            by = _slide(units, span, before.a[1] - before.a[0])
            slid[place - 1] = before._replace(a=(before.a[0], before.a[1] - by), b=(before.b[0], before.b[1] - by))
            slid[place] = step._replace(a=_back(step.a, by), b=_back(step.b, by))
            slid[place + 1] = after._replace(a=(after.a[0] - by, after.a[1]), b=(after.b[0] - by, after.b[1]))
    return [step for step in slid if step.a[0] < step.a[1] or step.b[0] < step.b[1]]


def _slide(units: Sequence[Token], span: tuple[int, int], most: int) -> int:
    """How many tokens the span can go back to begin where a sentence does; 0 if it does so now, or never would."""
    by = 0
    while not _begins_sentence(units, span[0] - by):
        if by >= most or units[span[0] - by - 1].text != units[span[1] - by - 1].text:
            return 0
        by += 1
    return by


def _begins_sentence(units: Sequence[Token], place: int) -> bool:
    return place == 0 or units[place - 1].text in _SENTENCE_ENDS


def _back(span: tuple[int, int], by: int) -> tuple[int, int]:
    return span[0] - by, span[1] - by


# --- from tokens to characters ---------------------------------------------------------------------------------------


def _equal_edits(a: Side, b: Side, step: _Step) -> Iterator[Edit]:
    """Equal tokens; the blanks in front of each are compared on their own."""
    for i, j in zip(range(*step.a), range(*step.b), strict=True):
        yield _edit(a, b, (_before(a, i), a.tokens[i].start), (_before(b, j), b.tokens[j].start))
        yield Edit(op="equal", a=(a.tokens[i].start, a.tokens[i].end), b=(b.tokens[j].start, b.tokens[j].end))


def _changed(a: Side, b: Side, step: _Step) -> Iterator[Edit]:
    """One change over whole tokens, the blanks in front of it left out where both sides have the same."""
    (from_a, to_a), (from_b, to_b) = _chars(a, step.a), _chars(b, step.b)
    lead = 0
    while lead < min(to_a - from_a, to_b - from_b) and a.text[from_a + lead] == b.text[from_b + lead] in _BLANKS:
        lead += 1
    yield Edit(op="equal", a=(from_a, from_a + lead), b=(from_b, from_b + lead))
    yield _edit(a, b, (from_a + lead, to_a), (from_b + lead, to_b))


_BLANKS = " \n\t\u00a0"


def _chars(side: Side, part: tuple[int, int]) -> tuple[int, int]:
    start = _before(side, part[0])
    return start, side.tokens[part[1] - 1].end if part[1] > part[0] else start


def _before(side: Side, place: int) -> int:
    """Where a token begins with the blanks in front of it."""
    return side.tokens[place - 1].end if place else side.span[0]


def _edit(a: Side, b: Side, span_a: tuple[int, int], span_b: tuple[int, int]) -> Edit:
    if a.text[slice(*span_a)] == b.text[slice(*span_b)]:
        return Edit(op="equal", a=span_a, b=span_b)
    if span_a[0] == span_a[1]:
        return Edit(op="insert", a=span_a, b=span_b)
    return Edit(op="delete" if span_b[0] == span_b[1] else "replace", a=span_a, b=span_b)
