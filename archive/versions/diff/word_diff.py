"""Word edits between two passages: minimal opcodes on whole tokens, then cleaned up for a reader.

The fewest edits lack two things that a reader wants. Words replaced around a small common word should be one edit
(islands, after Fraser's semantic clean-up). An added sentence should begin at the beginning of a sentence (sliding).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import Indel

from archive.versions.diff.tokens import Piece, Token
from db.records import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SHORT_WORD = 3
"""A single word of so many letters between two edits does not separate them: "ready for" becomes "close to"."""

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
    """Return the edits from passage ``a`` to passage ``b``. They tile both, in the coordinates of the whole texts."""
    a, b = _with_end_token(a), _with_end_token(b)
    steps = _slide_to_sentences(_merge_islands(_steps(a.tokens, b.tokens), a.tokens, b.tokens), a.tokens, b.tokens)
    edits: list[Edit] = []
    for step in steps:
        edits += _equal_edits(a, b, step) if step.equal else _changed_edits(a, b, step)
    return merge_edits(edits)


def merge_edits(edits: Iterable[Edit]) -> list[Edit]:
    """Drop empty edits, join neighbours of one kind, and make a cut beside an addition one replacement."""
    merged: list[Edit] = []
    for edit in edits:
        if edit.a[0] == edit.a[1] and edit.b[0] == edit.b[1]:
            continue
        joined = _join(merged[-1], edit) if merged else None
        if joined is None:
            merged.append(edit)
        else:
            merged[-1] = joined
    return merged


def _join(left: Edit, right: Edit) -> Edit | None:
    adjacent = left.a[1] == right.a[0] and left.b[1] == right.b[0]
    same = left.op == right.op
    changes = left.op in _CHANGES and right.op in _CHANGES
    if not adjacent or not (same or changes):
        return None
    a, b = (left.a[0], right.a[1]), (left.b[0], right.b[1])
    return Edit(op=left.op if same else "replace", a=a, b=b)


def _with_end_token(side: Side) -> Side:
    """Return the passage with one empty token at its end, which carries the blanks behind the last one."""
    end = side.span[1]
    return side._replace(tokens=[*side.tokens, Token(Piece.MARK, end, end, "")])


# --- which tokens changed --------------------------------------------------------------------------------------------


def _steps(a: Sequence[Token], b: Sequence[Token]) -> list[_Step]:
    known: dict[str, int] = {}
    ids_a, ids_b = ([known.setdefault(token.text, len(known)) for token in side] for side in (a, b))
    opcodes = Indel.opcodes(ids_a, ids_b)
    return _merge_changes(
        _Step(op.tag == "equal", (op.src_start, op.src_end), (op.dest_start, op.dest_end)) for op in opcodes
    )


def _merge_changes(steps: Iterable[_Step]) -> list[_Step]:
    """Join neighbouring changes."""
    joined: list[_Step] = []
    for step in steps:
        if joined and not step.equal and not joined[-1].equal:
            left = joined.pop()
            joined.append(_Step(False, (left.a[0], step.a[1]), (left.b[0], step.b[1])))
        else:
            joined.append(step)
    return joined


def _merge_islands(steps: Sequence[_Step], a: Sequence[Token], b: Sequence[Token]) -> list[_Step]:
    """Merge small islands between two changes into them."""
    joined: list[_Step] = []
    for index, step in enumerate(steps):
        island = step.equal and 0 < index < len(steps) - 1 and _is_island(joined[-1], step, steps[index + 1], a, b)
        joined.append(step._replace(equal=False) if island else step)
        joined[-2:] = _merge_changes(joined[-2:])
    return joined


def _is_island(left: _Step, between: _Step, right: _Step, a: Sequence[Token], b: Sequence[Token]) -> bool:
    """True for a few plain words between two longer changes that replace words.

    Figures, names and quotations are no islands.
    """
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


def _slide_to_sentences(steps: Sequence[_Step], a: Sequence[Token], b: Sequence[Token]) -> list[_Step]:
    """Move additions and cuts along equal words to the beginning of a sentence, if the edit stays the same."""
    slid = list(steps)
    for index in range(1, len(slid) - 1):
        before, step, after = slid[index - 1 : index + 2]
        one_sided = (step.a[0] == step.a[1]) != (step.b[0] == step.b[1])
        if one_sided and not step.equal and before.equal and after.equal:
            units, span = (a, step.a) if step.a[0] < step.a[1] else (b, step.b)
            by = _slide_distance(units, span, before.a[1] - before.a[0])
            slid[index - 1] = before._replace(a=(before.a[0], before.a[1] - by), b=(before.b[0], before.b[1] - by))
            slid[index] = step._replace(a=_shift_back(step.a, by), b=_shift_back(step.b, by))
            slid[index + 1] = after._replace(a=(after.a[0] - by, after.a[1]), b=(after.b[0] - by, after.b[1]))
    return [step for step in slid if step.a[0] < step.a[1] or step.b[0] < step.b[1]]


def _slide_distance(units: Sequence[Token], span: tuple[int, int], most: int) -> int:
    """Return how many tokens the span can move back to begin with a sentence. 0 if it does already, or never can."""
    by = 0
    while not _begins_sentence(units, span[0] - by):
        if by >= most or units[span[0] - by - 1].text != units[span[1] - by - 1].text:
            return 0
        by += 1
    return by


def _begins_sentence(units: Sequence[Token], index: int) -> bool:
    return index == 0 or units[index - 1].text in _SENTENCE_ENDS


def _shift_back(span: tuple[int, int], by: int) -> tuple[int, int]:
    return span[0] - by, span[1] - by


# --- from tokens to characters ---------------------------------------------------------------------------------------


def _equal_edits(a: Side, b: Side, step: _Step) -> Iterator[Edit]:
    """Yield the edits of equal tokens. The blanks in front of each are compared separately."""
    for i, j in zip(range(*step.a), range(*step.b), strict=True):
        yield _edit(a, b, (_start_with_blanks(a, i), a.tokens[i].start), (_start_with_blanks(b, j), b.tokens[j].start))
        yield Edit(op="equal", a=(a.tokens[i].start, a.tokens[i].end), b=(b.tokens[j].start, b.tokens[j].end))


def _changed_edits(a: Side, b: Side, step: _Step) -> Iterator[Edit]:
    """Yield one change over whole tokens, without the blanks in front if both sides have the same."""
    (from_a, to_a), (from_b, to_b) = _character_span(a, step.a), _character_span(b, step.b)
    lead = 0
    while lead < min(to_a - from_a, to_b - from_b) and a.text[from_a + lead] == b.text[from_b + lead] in _BLANKS:
        lead += 1
    yield Edit(op="equal", a=(from_a, from_a + lead), b=(from_b, from_b + lead))
    yield _edit(a, b, (from_a + lead, to_a), (from_b + lead, to_b))


_BLANKS = " \n\t\u00a0"


def _character_span(side: Side, part: tuple[int, int]) -> tuple[int, int]:
    start = _start_with_blanks(side, part[0])
    return start, side.tokens[part[1] - 1].end if part[1] > part[0] else start


def _start_with_blanks(side: Side, index: int) -> int:
    """Return where a token begins, including the blanks in front of it."""
    return side.tokens[index - 1].end if index else side.span[0]


def _edit(a: Side, b: Side, span_a: tuple[int, int], span_b: tuple[int, int]) -> Edit:
    if a.text[slice(*span_a)] == b.text[slice(*span_b)]:
        return Edit(op="equal", a=span_a, b=span_b)
    if span_a[0] == span_a[1]:
        return Edit(op="insert", a=span_a, b=span_b)
    return Edit(op="delete" if span_b[0] == span_b[1] else "replace", a=span_a, b=span_b)
