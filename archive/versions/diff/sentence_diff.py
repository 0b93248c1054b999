"""Edits inside paragraphs by their sentences, matched as paragraphs are: an added or moved one is told as such."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from archive.versions.diff.paragraph_alignment import match_blocks
from archive.versions.diff.paragraphs import Block, sentence_spans
from archive.versions.diff.tokens import Piece
from archive.versions.diff.word_diff import Side, edit_words
from db.records import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from archive.versions.diff.paragraph_alignment import Match
    from archive.versions.diff.tokens import Token

FEWEST_MOVED = 5
"""Words a sentence needs to be told as moved when it is cut here and stands again there."""

_PASSAGE = 6  # words from which a cut and an added sentence are two passages and not a change of wording
_ENDS = frozenset(".!?\u2026")
_CLOSERS = frozenset(")]*\u2019'")


def arrange_edits(
    a: Sequence[Block], b: Sequence[Block], matches: Sequence[Match], edit: Callable[[Match], Sequence[Edit]]
) -> Iterator[Edit]:
    """The edits of blocks of ``b`` in order; what was cut from ``a`` comes before what was added in its place.

    ``edit`` says how the blocks of a match became each other.
    """
    matched = {i for match in matches for i in range(*match.a)}
    cut = deque(i for i in range(len(a)) if i not in matched)
    at_b = {match.b[0]: match for match in matches}
    staying = [match for match in matches if not match.moved]
    ends = [0, *(match.b[1] for match in staying)]
    limits = [*(match.a[0] for match in staying), len(a)]
    place, here = 0, b[0].start if b else 0
    for end, limit in zip(ends, limits, strict=True):
        yield from _arriving(b, place, end, at_b, edit)
        place, here = end, b[end - 1].end if end else here
        while cut and cut[0] < limit:
            block = a[cut.popleft()]
            yield Edit(op="delete", a=(block.start, block.end), b=(here, here))
    yield from _arriving(b, place, len(b), at_b, edit)


def _arriving(
    b: Sequence[Block], place: int, end: int, at_b: Mapping[int, Match], edit: Callable[[Match], Sequence[Edit]]
) -> Iterator[Edit]:
    """Blocks of ``b`` from one place to another: matched ones as edits, the others added."""
    while place < end:
        if match := at_b.get(place):
            for each in edit(match):
                yield replace(each, op="move") if match.moved and each.op == "equal" else each
            place = match.b[1]
        else:
            yield Edit(op="insert", a=(0, 0), b=(b[place].start, b[place].end))
            place += 1


# --- inside a paragraph ----------------------------------------------------------------------------------------------


def edit_sentences(a: Side, b: Side) -> Sequence[Edit]:
    """The edits that make paragraph ``b`` of paragraph ``a``: words inside sentences that match, others whole."""
    in_a, in_b = _sentences(a), _sentences(b)
    if len(in_a) == len(in_b) == 1:
        return edit_words(a, b)
    blocks_a, blocks_b = ([_as_block(side) for side in sides] for sides in (in_a, in_b))
    matches, _ = match_blocks(blocks_a, blocks_b)
    edits = arrange_edits(blocks_a, blocks_b, matches, partial(_edit_match, in_a, in_b))
    return list(_swapped(edits, a.text, b.text))


def _sentences(side: Side) -> list[Side]:
    """The sentences of a passage, which tile it. Marks inside a date or a quotation end none."""
    found: list[Side] = []
    tokens = side.tokens
    first, start = 0, side.span[0]
    for place, token in enumerate(tokens[:-1]):
        following = tokens[place + 1]
        if following.start > token.end and _ends(tokens[max(first, place - 1) : place + 1], following):
            found.append(Side(side.text, (start, token.end), tokens[first : place + 1]))
            first, start = place + 1, token.end
    found.append(Side(side.text, (start, side.span[1]), tokens[first:]))
    return found


def _ends(tokens: Sequence[Token], following: Token) -> bool:
    """Whether a sentence ends with these: a full stop, one behind a bracket, or a whole quotation before a capital."""
    last = tokens[-1]
    if last.piece is Piece.QUOTATION:
        return last.text[-2] in _ENDS and following.text[0].isupper()
    closes = last.text in _CLOSERS and len(tokens) > 1 and tokens[-2].text in _ENDS
    return (last.text in _ENDS or closes) and not following.text[0].islower()


def _as_block(side: Side) -> Block:
    return Block(*side.span, side.text[slice(*side.span)].strip())


def _edit_match(a: Sequence[Side], b: Sequence[Side], match: Match) -> Sequence[Edit]:
    return edit_words(_joined(a[slice(*match.a)]), _joined(b[slice(*match.b)]))


def _joined(sides: Sequence[Side]) -> Side:
    tokens = [token for side in sides for token in side.tokens]
    return Side(sides[0].text, (sides[0].span[0], sides[-1].span[1]), tokens)


def _swapped(edits: Iterable[Edit], a: str, b: str) -> Iterator[Edit]:
    """A short sentence cut where a short one was added is one replaced."""
    held: Edit | None = None
    for edit in edits:
        swaps = held is not None and held.op == "delete" and edit.op == "insert"
        if held is not None and swaps and _is_short(a, held.a) and _is_short(b, edit.b):
            held = Edit(op="replace", a=held.a, b=edit.b)
            continue
        if held is not None:
            yield held
        held = edit
    if held is not None:
        yield held


def _is_short(text: str, span: tuple[int, int]) -> bool:
    return len(text[slice(*span)].split()) < _PASSAGE


# --- sentences that moved --------------------------------------------------------------------------------------------


def merge_moved_sentences(edits: Sequence[Edit], a: str, b: str) -> list[Edit]:
    """The edits with each sentence that was cut in one place and added word for word in another as one move."""
    cut: dict[str, deque[tuple[int, int]]] = defaultdict(deque)
    for edit in edits:
        if edit.op == "delete":
            for span in _moveable(a, edit.a):
                cut[a[slice(*span)]].append(span)
    came: dict[tuple[int, int], tuple[int, int]] = {}
    for edit in edits if cut else ():
        if edit.op == "insert":
            for span in _moveable(b, edit.b):
                if cut[b[slice(*span)]]:
                    came[span] = cut[b[slice(*span)]].popleft()
    return list(_with_moves(edits, came)) if came else list(edits)


def _moveable(text: str, span: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The sentences in a span, without the blanks around them, that are long enough to be known again."""
    for start, end in sentence_spans(text, span):
        said = text[start:end]
        if len(said.split()) >= FEWEST_MOVED:
            yield end - len(said.lstrip()), start + len(said.rstrip())


def _with_moves(edits: Iterable[Edit], came: dict[tuple[int, int], tuple[int, int]]) -> Iterator[Edit]:
    left, arrived = sorted(came.values()), sorted(came)
    for edit in edits:
        if edit.op == "delete":
            for span in _outside(edit.a, _inside(edit.a, left)):
                yield Edit(op="delete", a=span, b=edit.b)
        elif edit.op == "insert":
            inside = _inside(edit.b, arrived)
            pieces = [Edit(op="move", a=came[span], b=span) for span in inside]
            pieces += [Edit(op="insert", a=edit.a, b=span) for span in _outside(edit.b, inside)]
            yield from sorted(pieces, key=lambda piece: piece.b)
        else:
            yield edit


def _inside(span: tuple[int, int], spans: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    return spans[bisect_left(spans, span) : bisect_left(spans, (span[1], span[1]))]


def _outside(span: tuple[int, int], holes: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What is left of a span around the holes in it."""
    start = span[0]
    for hole in (*holes, (span[1], span[1])):
        if start < hole[0]:
            yield start, hole[0]
        start = hole[1]
